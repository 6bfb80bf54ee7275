//! `non-self-signed-in-root`: the store of trusted roots holds a certificate that is no root.

use super::chains::{asked, listing};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "non-self-signed-in-root",
    statuses: &["403.16"],
    title: "The store of trusted roots holds a certificate that is no root",
    meaning: "Intermediate authorities in the store Root make Windows Server 2012 and later refuse client certificates that are in order. Group policies and manual imports put them there.",
    open: "Open without a listing of Root, and where a listing that may have been cut shows none.",
    evidence: "certutil -store Root",
    likelihood: Likelihood::Possible,
    references: &["KB2802568", "KB942061"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let steps = [
        Remedy::command(
            Risk::Safe,
            "first puts the certificate where intermediate authorities belong",
            "certutil -addstore CA intermediate.cer",
        ),
        Remedy::command(
            Risk::Safe,
            "then deletes it from the roots, by its hash; trust that only this entry gave ends with it",
            "certutil -delstore Root THUMBPRINT",
        ),
    ];
    let Some(store) = case.server.evidence.store("Root") else {
        return Judged::open().needs([listing("Root")]).needs(needs).remedies(steps);
    };
    let wrong: Vec<Fact> = store
        .certificates
        .iter()
        .filter(|one| one.is_self_signed() == Some(false) && one.issuer.value() != one.subject.value())
        .map(|one| {
            let text = |field: Option<&String>| field.cloned().unwrap_or_default();
            let text = format!("the store Root holds \"{}\", issued by \"{}\"", text(one.subject.value()), text(one.issuer.value()));
            Fact::at(text, one.place)
        })
        .collect();
    if !wrong.is_empty() {
        let strength = if case.is_iis6() { Confidence::Hint } else { Confidence::Likely };
        return Judged::supported(strength, wrong.into_iter().take(5)).needs(needs).remedies(steps);
    }
    if store.is_whole() && store.certificates.iter().all(|one| one.is_self_signed() == Some(true)) {
        return Judged::excluded(Confidence::Firm, Fact::at("every certificate in the store Root is its own issuer", Some(store.place)));
    }
    Judged::open().needs([listing("Root")]).needs(needs).remedies(steps)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::iis7;
    use super::*;
    use crate::diagnose::Verdict;

    fn root(issuer: &str, end: &str) -> String {
        format!(
            "Root \"Roots\"\r\n================ Certificate 0 ================\r\nSerial Number: 01\r\nIssuer: CN={issuer}\r\nSubject: CN=Sub\r\nCert Hash(sha1): 00112233445566778899aabbccddeeff00112233\r\n{end}"
        )
    }

    const END: &str = "CertUtil: -store command completed successfully.\r\n";

    #[test]
    fn an_intermediate_among_the_roots_supports_it() {
        let judged = iis7(1).listing(&root("Root", END)).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
    }

    #[test]
    fn roots_alone_exclude_it() {
        assert_eq!(iis7(1).listing(&root("Sub", END)).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn without_a_whole_listing_it_is_open() {
        assert_eq!(iis7(1).listing(&root("Sub", "")).judge(&CAUSE).verdict, Verdict::Open);
        assert_eq!(iis7(1).judge(&CAUSE).verdict, Verdict::Open);
    }
}
