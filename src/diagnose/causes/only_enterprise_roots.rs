//! `only-enterprise-roots`: a policy lets only the roots of the directory count, and the root of the client's chain is none of them.

use super::chains::{UNTRUSTED_ROOT, asked, clients, listing, of_one, several, shown, usual_needs, with_error};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::evidence::StoreListing;
use crate::evidence::x509::{ChainEnd, in_store};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "only-enterprise-roots",
    statuses: &["403.16"],
    title: "A policy lets only enterprise roots count, and the root of the client's chain is none",
    meaning: "A group policy can tell computers to trust the roots of the directory alone (\"Enterprise Root CAs only\"). A root that somebody imported into the \
              store Root of the computer is then there for all to see and counts for nothing.",
    open: "Likely where the root is in the store Root of the computer and the server calls it untrusted all the same: nothing else that is known does that, and \
           the policy itself is in no file that is read here. Open without the certificates, the listing and a verification or log that says untrusted.",
    evidence: "certutil -store Root, certutil -enterprise -store Root, the certificates of the chain, certutil -verify on the server, gpresult",
    likelihood: Likelihood::Rare,
    references: &["KB252657"],
    check,
};

/// Results that say that the root is not trusted.
const RESULTS: &[u32] = &[0x800b_0109, 0x8009_0325];

fn check(case: &Case<'_>) -> Judged {
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let verified = with_error(case, UNTRUSTED_ROOT, |_| true, |_| "ends in or is a root that the computer does not trust".to_owned());
    if let Some(mut trusted) = verified.rules_out(case.verifications()).map(Vec::into_iter)
        && let Some(first) = trusted.next()
    {
        return Judged::excluded(Confidence::Likely, first).and(trusted);
    }
    if let Some(fact) = case.logged_without("403.16", RESULTS) {
        return Judged::excluded(Confidence::Likely, fact);
    }
    let gpresult = Need::command(
        "the policies of the computer: whether one says that only enterprise root authorities are trusted",
        "gpresult /scope computer /v",
    );
    let enterprise = Need::command("the roots that came from the directory, on this server", "certutil -enterprise -store Root");
    let remedies = [
        Remedy::command(
            Risk::ReadOnly,
            "shows the policies of the computer; look for the trust of root authorities",
            "gpresult /scope computer /v",
        ),
        Remedy::command(
            Risk::WeakensSecurity,
            "if the policy is meant: makes the root one of the directory, which every computer of the forest then trusts for everything",
            "certutil -dspublish -f root-ca.cer RootCA",
        ),
        Remedy::advice(
            Risk::WeakensSecurity,
            "if it is not: change the policy so that roots of the computer's own store count as well; every root in it is then trusted",
        ),
    ];
    let untrusted: Vec<Fact> = verified.bad.into_iter().chain(case.logged_with("403.16", RESULTS)).collect();
    let clients = clients(case);
    let several = several(&clients);
    let mut reason = None;
    let mut there = Vec::new();
    let of_directory = |store: &&StoreListing| {
        let part = store.part.as_deref().unwrap_or_default().to_ascii_lowercase();
        (part.contains("enterprise") || part.contains("grouppolicy")) && store.is_called("Root")
    };
    for chain in &clients {
        let (Some(root), ChainEnd::SelfIssued) = (chain.links.last(), &chain.end) else { continue };
        if let Some(store) = case.server.evidence.stores.iter().filter(of_directory).find(|store| in_store(root, store) == Some(true)) {
            let text = format!("the root {}, is one of the directory", shown(root));
            return Judged::excluded(Confidence::Likely, Fact::at(text, Some(store.place)));
        }
        if let Some(store) = case.server.evidence.store("Root").filter(|store| in_store(root, store) == Some(true)) {
            there.push(Fact::at(format!("the root {}, is in the store Root of the computer", shown(root)), Some(store.place)));
            of_one(&several, Confidence::Likely, &mut reason);
        }
    }
    if !untrusted.is_empty() && !there.is_empty() {
        return Judged::supported(Confidence::Likely, there)
            .and(untrusted)
            .and([Fact::new("likely and no more: the policy itself is in no file that is read here")])
            .and(reason)
            .needs([gpresult, enterprise])
            .needs(needs)
            .remedies(remedies);
    }
    Judged::open().and(there).and(untrusted).needs([gpresult]).needs(usual_needs()).needs([listing("Root")]).needs(needs).remedies(remedies)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, CLIENT, ISSUING, OneCase, ROOT, UNTRUSTED, iis7};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::evidence::x509;
    use crate::input::FileId;

    /// A listing of the store Root with the root of the files.
    fn listed(command: &str) -> String {
        let root = &x509::read(ROOT, FileId(0)).unwrap().certificates[0];
        let hash: String = root.thumbprint.iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "C:\\>certutil {command}-store Root\r\nRoot \"Roots\"\r\n================ Certificate 0 ================\r\nSerial Number: 01\r\nIssuer: CN=R\r\nSubject: CN=R\r\nCert Hash(sha1): {hash}\r\nCertUtil: -store command completed successfully.\r\n"
        )
    }

    fn with_root() -> OneCase {
        iis7(1).file(CLIENT).file(ISSUING).file(ROOT).listing(&listed(""))
    }

    #[test]
    fn a_root_that_is_there_and_is_not_trusted_supports_it() {
        for case in [with_root().verified(UNTRUSTED), with_root().logging(&["403 16 2148204809"])] {
            let judged = case.judge(&CAUSE);
            assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
            assert!(judged.because[0].text.ends_with("is in the store Root of the computer"), "{:?}", judged.because);
        }
    }

    #[test]
    fn a_chain_that_is_trusted_another_result_and_a_root_of_the_directory_exclude_it() {
        let directory = with_root().verified(UNTRUSTED).listing(&listed("-enterprise "));
        for case in [iis7(1).verified(ALL_REACHED), iis7(1).logging(&["403 16 2148204816"]), directory] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_the_listing_or_without_anything_that_says_untrusted_it_is_open() {
        for case in [iis7(1), with_root(), iis7(1).file(CLIENT).file(ISSUING).file(ROOT).verified(UNTRUSTED)] {
            let judged = case.judge(&CAUSE);
            assert_eq!(judged.verdict, Verdict::Open);
            assert_eq!(judged.needs[0].command.as_deref(), Some("gpresult /scope computer /v"));
        }
    }
}
