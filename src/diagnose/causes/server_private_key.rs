//! `server-private-key`: the certificate of the server is not in its store, or its private key cannot be used.

use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::evidence::{Channel, PrivateKey};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::server::Resolved;

pub(super) const CAUSE: Cause = Cause {
    id: "server-private-key",
    statuses: &["handshake"],
    title: "The server's certificate is not in its store, or its private key cannot be used",
    meaning: "The record or SSLCertHash names a certificate by its thumbprint. When it was renewed, deleted or imported without its key, Schannel has nothing to \
              show, and every handshake fails before IIS logs anything.",
    open: "Likely with an event of Schannel alone, which may be about another port. Open without a listing of the store that holds the certificate; a key that is \
           listed rules the cause out no more than likely, since the service may lack the right to use it.",
    evidence: "the output of certutil -store My, Schannel events 36869 and 36870",
    likelihood: Likelihood::Possible,
    references: &["learn.microsoft.com: Schannel events", "KB2405568"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    if let Some(fact) = case.without_tls() {
        return Judged::excluded(Confidence::Firm, fact);
    }
    let mut bad = Vec::new();
    let mut good = Vec::new();
    for (endpoint, resolved) in case.on_endpoints(Setting::ServerCertificate) {
        let Some(Value::Bytes(hash)) = resolved.known() else { continue };
        let of = endpoint.map_or_else(|| case.site().label(), |endpoint| endpoint.key.to_string());
        let stores = endpoint.map_or(&case.site().root().settings, |endpoint| &endpoint.settings);
        let name = match stores.get(Setting::ServerCertificateStore).and_then(Resolved::known) {
            Some(Value::Text(name)) => name.as_str(),
            _ => "MY",
        };
        let Some(store) = case.server.evidence.store(name) else { continue };
        match store.certificates.iter().find(|certificate| certificate.hash.value() == Some(hash)) {
            Some(certificate) => {
                let key = |text: &str| {
                    Fact::at(format!("the certificate of {of} is in the store {name}, {text}"), certificate.place.or(Some(store.place)))
                };
                match certificate.key {
                    PrivateKey::None => bad.push(key("without a private key")),
                    PrivateKey::Missing => bad.push(key("and its private key is missing")),
                    PrivateKey::Present => good.push(key("with its private key")),
                    PrivateKey::NotSaid => {}
                }
            }
            None if store.is_whole() => {
                bad.push(Fact::at(format!("the certificate of {of} is not in the store {name}"), Some(store.place)));
                bad.extend(resolved.origin.place().map(|place| Fact::at("its thumbprint stands here", Some(place))));
            }
            None => {}
        }
    }
    let remedies = [
        Remedy::command(
            Risk::Safe,
            "links the certificate with its private key again, where the key is still there",
            "certutil -repairstore My THUMBPRINT",
        ),
        Remedy::advice(Risk::Safe, "import the certificate with its private key for the computer, and bind it again"),
    ];
    let listing = Need::command("the certificates of the computer with their private keys", "certutil -store My");
    if !bad.is_empty() {
        return Judged::supported(Confidence::Firm, bad).remedies(remedies);
    }
    let event = [36869, 36870].into_iter().find_map(|id| {
        let event = case.server.evidence.events_of(Channel::Schannel, id).next()?;
        Some(Fact::at(
            format!("Schannel logged event {id}: the private key of a certificate is not linked or cannot be used"),
            Some(event.place),
        ))
    });
    if let Some(event) = event {
        return Judged::supported(Confidence::Likely, [event]).and(good).needs([listing]).remedies(remedies);
    }
    if good.is_empty() {
        return Judged::open().needs([listing]).remedies(remedies);
    }
    Judged::excluded_by(Confidence::Likely, good)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::iis7;
    use super::*;
    use crate::diagnose::Verdict;

    const HASH: &str = "1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9";

    fn listing(hash: &str, key: &str) -> String {
        format!(
            "C:\\>certutil -store My\r\nMy \"Personal\"\r\n================ Certificate 0 ================\r\nSerial Number: 01\r\nIssuer: CN=A\r\nSubject: CN=B\r\nNon-root Certificate\r\nCert Hash(sha1): {hash}\r\n{key}\r\nCertUtil: -store command completed successfully.\r\n"
        )
    }

    #[test]
    fn a_missing_key_and_a_missing_certificate_support_it() {
        for text in [listing(HASH, "  Key Container = x\r\n  Provider = y\r\nMissing stored keyset"), listing(&"ab".repeat(20), "")] {
            let judged = iis7(0).listing(&text).judge(&CAUSE);
            assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm), "{text}");
        }
    }

    #[test]
    fn a_key_that_is_there_excludes_it() {
        let judged = iis7(0).listing(&listing(HASH, "  Key Container = x\r\n  Provider = y\r\nEncryption test passed")).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Excluded, Confidence::Likely));
    }

    #[test]
    fn without_a_listing_it_is_open() {
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Open);
    }
}
