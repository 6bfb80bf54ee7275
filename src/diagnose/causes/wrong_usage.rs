//! `wrong-usage`: the client's certificate is not meant for client authentication.

use super::chains::{WRONG_USAGE, asked, clients, files, of_one, several, shown, usual_needs, with_error};
use crate::catalogue::cert_check;
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, needs};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "wrong-usage",
    statuses: &["403.16", "403.7"],
    title: "The client's certificate is not meant for client authentication",
    meaning: "The certificate or an authority above it names purposes, and Client Authentication is not among them. Where the client sends it, the server refuses it \
              with 403.16, unless bit 0x10000 of CertCheckMode switches that check off. Many clients, browsers above all, do not even offer it, and the \
              answer is 403.7.",
    open: "Likely at most without the result in the log, because it is not documented which status a wrong usage gives, nor which clients leave such a certificate out. Open without the certificate or a verification.",
    evidence: "the client's certificate, the log (sc-win32-status 2148204816), certutil -verify",
    likelihood: Likelihood::Possible,
    references: &["KB943891", "MSDN: IIS 6.0, CertCheckMode"],
    check,
};

/// Why 403.7 can come of it.
const NOT_OFFERED: &str = "a client that looks at the purposes does not offer such a certificate, so that none arrives";

const RESULTS: &[u32] = &[0x800b_0110, 0x8009_0349];

fn check(case: &Case<'_>) -> Judged {
    let wanted = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    // What a client offers does not depend on what the server would check.
    let offered = case.status == "403.7";
    let unchecked = case.mode_has(cert_check::NO_USAGE);
    if unchecked.is_yes() && !offered {
        return Judged::excluded_by(Confidence::Likely, unchecked.yes);
    }
    let verified = with_error(case, WRONG_USAGE, |_| true, |_| "is not valid for this usage".to_owned());
    let (mut bad, mut strength) = (verified.bad, verified.strength.map(|strength| strength.min(Confidence::Likely)));
    if !bad.is_empty() && offered {
        bad.push(Fact::new(NOT_OFFERED));
    }
    let mut good = Vec::new();
    let clients = clients(case);
    let several = several(&clients);
    let mut reason = None;
    for chain in &clients {
        let Some(leaf) = chain.links.first() else { continue };
        match chain.not_for_clients() {
            Some(link) => {
                let text = format!("{}, names purposes, and Client Authentication is not among them", shown(link));
                bad.push(Fact::at(text, Some(link.place)));
                if offered && bad.iter().all(|fact| fact.text != NOT_OFFERED) {
                    bad.push(Fact::new(NOT_OFFERED));
                }
                strength = strength.max(Some(of_one(&several, Confidence::Likely, &mut reason)));
            }
            None => good.push(Fact::at(format!("{}, may be used by clients", shown(leaf)), Some(leaf.place))),
        }
    }
    let issue = Remedy::advice(Risk::Safe, "issue the client a certificate with the purpose Client Authentication (1.3.6.1.5.5.7.3.2)");
    if offered {
        return match strength {
            Some(strength) => Judged::supported(strength, bad).aside(reason).needs(wanted.clone()).remedies([issue]),
            None if !good.is_empty() => Judged::excluded_by(Confidence::Likely, good),
            None => {
                Judged::open().likelihood(Likelihood::Rare).needs([files(), needs::verification()]).needs(wanted.clone()).remedies([issue])
            }
        };
    }
    if let Some(fact) = case.logged_with("403.16", RESULTS) {
        bad.push(fact);
        strength = Some(Confidence::Firm);
    }
    match strength {
        Some(strength) => Judged::supported(strength, bad).aside(reason).needs(wanted.clone()).remedies([issue]),
        None if !good.is_empty() => Judged::excluded_by(Confidence::Likely, good),
        None => match case.logged_without("403.16", RESULTS) {
            Some(fact) => Judged::excluded(Confidence::Likely, fact),
            None => Judged::open().needs(usual_needs()).needs(wanted.clone()).remedies([issue]),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{CLIENT, OneCase, SERVER, WRONG_USAGE, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_certificate_for_servers_and_the_result_in_the_log_support_it() {
        assert_eq!(iis7(1).file(SERVER).judge(&CAUSE).strength, Confidence::Likely);
        assert_eq!(iis7(1).verified(WRONG_USAGE).judge(&CAUSE).strength, Confidence::Likely);
        assert_eq!(iis7(1).logging(&["403 16 2148204816"]).judge(&CAUSE).strength, Confidence::Firm);
    }

    #[test]
    fn a_certificate_for_clients_a_mode_that_does_not_look_and_another_result_exclude_it() {
        let mode = iis7(0x1_0001).file(SERVER);
        for case in [iis7(1).file(CLIENT), mode, iis7(1).logging(&["403 16 2148204809"]), OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn with_403_7_the_client_does_not_offer_it_whatever_the_server_would_check() {
        for mode in [1, 0x1_0001] {
            let judged = iis7(mode).file(SERVER).of_status("403.7").judge(&CAUSE);
            assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
            assert!(judged.because.iter().any(|fact| fact.text == NOT_OFFERED), "{:?}", judged.because);
        }
        assert_eq!(iis7(1).file(CLIENT).of_status("403.7").judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn without_the_certificate_it_is_open() {
        assert_eq!(iis7(1).of_status("403.7").judge(&CAUSE).verdict, Verdict::Open);
        assert_eq!(iis7(1).judge(&CAUSE).verdict, Verdict::Open);
    }
}
