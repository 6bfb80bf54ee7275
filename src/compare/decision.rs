//! What a client meets when its certificate is wanted: the access flags of the URL, whether the SSL record asks in the first handshake, and
//! the protocol decide together. A pure table; how certain each row is stands beside it.
//!
//! From TechNet cc737382, the vendor's articles on client certificates and TLS 1.3, and RFC 8446, 8740 and 9113.

use crate::catalogue::access;

/// What the access flags of a URL demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Demand {
    /// No certificate.
    Nothing,
    /// A certificate is asked for (32).
    Accept,
    /// A certificate is asked for and required (32 and 64).
    Require,
    /// A certificate is required, but the URL does not ask for one (64 without 32).
    RequireUnasked,
}

impl Demand {
    /// Reads access flags.
    pub fn of(flags: u32) -> Demand {
        match (flags & access::NEGOTIATE != 0, flags & access::REQUIRE != 0) {
            (false, false) => Demand::Nothing,
            (true, false) => Demand::Accept,
            (true, true) => Demand::Require,
            (false, true) => Demand::RequireUnasked,
        }
    }
}

/// How the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TLS 1.2 or older with HTTP/1.1: everything that IIS 6 knows.
    Tls12Http1,
    /// HTTP/2, which forbids to ask again on a connection.
    Http2,
    /// TLS 1.3, which can ask later only by a way that browsers do not offer.
    Tls13,
}

/// What Windows does when it must ask late under TLS 1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LateTls13 {
    /// Windows Server 2022, and Windows 11 before 24H2: the connection is reset.
    Reset,
    /// Windows Server 2025 and Windows 11 24H2: 500.0 with 0x80070032.
    NotSupported,
    /// It is not known which of the two.
    Either,
}

/// How sure a row of the table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// The sources do not settle it.
    Open,
    /// It follows from how the parts work, but nobody documents it.
    Likely,
    /// Documented.
    Documented,
}

/// What a client meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Nobody asks for a certificate.
    NotAsked,
    /// Every visitor is asked, although nothing wants a certificate.
    Prompt,
    /// The certificate is there from the first handshake on.
    Works {
        /// Whether a client without one is refused.
        required: bool,
    },
    /// The certificate is asked for when the URL is known, which works for bodies that fit into the read-ahead buffer.
    Late {
        /// Whether a client without one is refused.
        required: bool,
    },
    /// HTTP/2 does not let the server ask late.
    LateHttp2 {
        /// Whether a client without one is refused.
        required: bool,
    },
    /// TLS 1.3 does not let the server ask late.
    LateTls13(LateTls13),
    /// A certificate is required that nobody asked for.
    NeverAsked,
    /// A certificate is required that the URL did not ask for, but the first handshake did.
    AlreadyThere,
    /// The certificate came and is not accepted.
    Refused,
}

impl Outcome {
    /// What a person sees, as a sentence.
    pub fn words(self) -> &'static str {
        match self {
            Outcome::NotAsked => "No certificate is asked for.",
            Outcome::Prompt => "Every visitor is asked for a certificate.",
            Outcome::Works { required: false } => "It works, with or without a certificate.",
            Outcome::Works { required: true } => "It works; 403.7 without a certificate.",
            Outcome::Late { required: false } => "It works; 413 where the request body is larger than the read-ahead size.",
            Outcome::Late { required: true } => {
                "It works; 413 where the request body is larger than the read-ahead size, and 403.7 without a certificate."
            }
            Outcome::LateHttp2 { required: false } => "The request fails, or the client falls back to HTTP/1.1.",
            Outcome::LateHttp2 { required: true } => "403.7, or the connection is reset.",
            Outcome::LateTls13(LateTls13::Reset) => "The connection is reset.",
            Outcome::LateTls13(LateTls13::NotSupported) => "500.0 with 0x80070032.",
            Outcome::LateTls13(LateTls13::Either) => {
                "The connection is reset (Windows Server 2022, Windows 11 before 24H2), or 500.0 with 0x80070032 (Windows Server 2025, \
                 Windows 11 24H2)."
            }
            Outcome::NeverAsked => "403.7 on every request, with any certificate.",
            Outcome::AlreadyThere => "It works only because the certificate was asked for in the first handshake.",
            Outcome::Refused => "403.16, 403.17 or 403.13, whether the certificate is required or only accepted.",
        }
    }
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// What a client meets.
    pub outcome: Outcome,
    /// How sure that is.
    pub certainty: Certainty,
}

/// What a client with an acceptable certificate meets, or none where the outcome says so. `early` is whether the record asks in the first
/// handshake; `late` what this Windows does when it must ask late under TLS 1.3. The row for TLS 1.3 holds only where it is offered.
pub fn decide(early: bool, demand: Demand, protocol: Protocol, late: LateTls13) -> Decision {
    use Certainty::{Documented, Likely, Open};
    let (outcome, certainty) = match (demand, early) {
        (Demand::Nothing, false) => (Outcome::NotAsked, Documented),
        (Demand::Nothing, true) => (Outcome::Prompt, Documented),
        (Demand::Accept | Demand::Require, true) => (Outcome::Works { required: demand == Demand::Require }, Documented),
        (Demand::Accept | Demand::Require, false) => {
            let required = demand == Demand::Require;
            match protocol {
                Protocol::Tls12Http1 => (Outcome::Late { required }, Documented),
                Protocol::Http2 => (Outcome::LateHttp2 { required }, Open),
                Protocol::Tls13 => (Outcome::LateTls13(late), Documented),
            }
        }
        (Demand::RequireUnasked, false) => (Outcome::NeverAsked, if protocol == Protocol::Tls13 { Likely } else { Documented }),
        (Demand::RequireUnasked, true) => (Outcome::AlreadyThere, Likely),
    };
    Decision { outcome, certainty }
}

/// What a client meets whose certificate came and is not trusted, out of date or revoked: the same whatever the demand and the protocol.
pub fn decide_bad_certificate() -> Decision {
    Decision { outcome: Outcome::Refused, certainty: Certainty::Documented }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROTOCOLS: [Protocol; 3] = [Protocol::Tls12Http1, Protocol::Http2, Protocol::Tls13];

    fn row(early: bool, flags: u32) -> [(Outcome, Certainty); 3] {
        PROTOCOLS.map(|protocol| {
            let decision = decide(early, Demand::of(flags), protocol, LateTls13::Either);
            (decision.outcome, decision.certainty)
        })
    }

    #[test]
    fn a_url_that_wants_nothing_asks_nobody_unless_the_record_asks_everybody() {
        assert_eq!(row(false, 8), [(Outcome::NotAsked, Certainty::Documented); 3]);
        assert_eq!(row(true, 8), [(Outcome::Prompt, Certainty::Documented); 3]);
    }

    #[test]
    fn asking_in_the_first_handshake_works_with_every_protocol() {
        assert_eq!(row(true, 40), [(Outcome::Works { required: false }, Certainty::Documented); 3]);
        assert_eq!(row(true, 104), [(Outcome::Works { required: true }, Certainty::Documented); 3]);
    }

    #[test]
    fn asking_late_works_with_the_old_protocols_alone() {
        for (flags, required) in [(40, false), (104, true)] {
            assert_eq!(
                row(false, flags),
                [
                    (Outcome::Late { required }, Certainty::Documented),
                    (Outcome::LateHttp2 { required }, Certainty::Open),
                    (Outcome::LateTls13(LateTls13::Either), Certainty::Documented)
                ]
            );
        }
    }

    #[test]
    fn requiring_without_asking_refuses_everybody_unless_the_record_asks() {
        assert_eq!(
            row(false, 72),
            [
                (Outcome::NeverAsked, Certainty::Documented),
                (Outcome::NeverAsked, Certainty::Documented),
                (Outcome::NeverAsked, Certainty::Likely)
            ]
        );
        assert_eq!(row(true, 72), [(Outcome::AlreadyThere, Certainty::Likely); 3]);
    }

    #[test]
    fn a_late_question_under_tls_13_is_told_as_this_windows_answers_it() {
        let words = |late| decide(false, Demand::Require, Protocol::Tls13, late).outcome.words();
        assert_eq!(words(LateTls13::Reset), "The connection is reset.");
        assert_eq!(words(LateTls13::NotSupported), "500.0 with 0x80070032.");
        assert!(words(LateTls13::Either).contains("reset") && words(LateTls13::Either).contains("0x80070032"));
    }

    #[test]
    fn a_certificate_that_came_and_is_bad_is_refused_with_one_of_three_statuses() {
        let decision = decide_bad_certificate();
        assert_eq!(decision.certainty, Certainty::Documented);
        for status in ["403.16", "403.17", "403.13"] {
            assert!(decision.outcome.words().contains(status));
        }
    }
}
