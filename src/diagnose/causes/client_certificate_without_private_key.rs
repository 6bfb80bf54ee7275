//! `client-certificate-without-private-key`: the client has the certificate without its private key.

use super::chains::{client_listing, required};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::evidence::PrivateKey;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "client-certificate-without-private-key",
    statuses: &["403.7"],
    title: "The client has the certificate without its private key",
    meaning: "A certificate without its private key cannot prove anything, so that a browser does not offer it. It was imported from a .cer file, or for another user.",
    open: "Likely where a listing of a user's store has it without a key. Open without such a listing, and where it shows a key, for the refused client may be another one.",
    evidence: "certutil -user -store My on a refused client",
    likelihood: Likelihood::Possible,
    references: &["KB186812", "KB190004"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match required(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let (mut bad, mut good) = (Vec::new(), Vec::new());
    // A listing with -user is of a person; the store My of the computer is that of the server itself.
    let users = case.server.evidence.stores.iter().filter(|store| {
        store.is_called("My") && store.part.as_deref().is_some_and(|part| part.trim_start_matches(['-', '/']).eq_ignore_ascii_case("user"))
    });
    for store in users {
        for one in &store.certificates {
            let name = one.subject.value().map(String::as_str).unwrap_or_default();
            let fact = |how: &str| Fact::at(format!("\"{name}\" is in the user's store My {how}"), one.place.or(Some(store.place)));
            match one.key {
                PrivateKey::None => bad.push(fact("without a private key")),
                PrivateKey::Missing => bad.push(fact("and its private key is missing")),
                PrivateKey::Present => good.push(fact("with its private key")),
                PrivateKey::NotSaid => {}
            }
        }
    }
    let remedies = [
        Remedy::command(
            Risk::Safe,
            "on the client, links the certificate with its key again, where the key is still there",
            "certutil -user -repairstore My SERIALNUMBER",
        ),
        Remedy::advice(Risk::Safe, "import the certificate for this user from a .pfx file, which has the key, or request a new one there"),
    ];
    if !bad.is_empty() && good.is_empty() {
        return Judged::supported(Confidence::Likely, bad).needs(needs).remedies(remedies);
    }
    if !bad.is_empty() {
        return Judged::supported(Confidence::Hint, bad).and(good).needs(needs).remedies(remedies);
    }
    if !good.is_empty() {
        return Judged::excluded_by(Confidence::Likely, good);
    }
    Judged::open().needs([client_listing()]).needs(needs).remedies(remedies)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    fn my(key: &str) -> String {
        format!(
            "C:\\>certutil -user -store My\r\nMy \"Personal\"\r\n================ Certificate 0 ================\r\nSerial Number: 01\r\nIssuer: CN=Sub\r\nSubject: CN=Client\r\nCert Hash(sha1): 00112233445566778899aabbccddeeff00112233\r\n{key}\r\nCertUtil: -store command completed successfully.\r\n"
        )
    }

    #[test]
    fn a_certificate_without_its_key_supports_it() {
        for key in ["  No key provider information", "Missing stored keyset"] {
            assert_eq!(iis7(0).listing(&my(key)).judge(&CAUSE).verdict, Verdict::Supported, "{key}");
        }
    }

    #[test]
    fn a_certificate_with_its_key_and_a_url_that_requires_none_exclude_it() {
        for case in [iis7(0).listing(&my("Encryption test passed")), OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_a_listing_of_the_user_it_is_open_and_asks_for_it() {
        let of_computer = my("Missing stored keyset").replace(" -user", "");
        for case in [iis7(0), iis7(0).listing(&of_computer)] {
            let judged = case.judge(&CAUSE);
            assert_eq!(judged.verdict, Verdict::Open);
            assert_eq!(judged.needs[0].command.as_deref(), Some("certutil -user -store My"));
        }
    }
}
