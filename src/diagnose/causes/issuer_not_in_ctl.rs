//! `issuer-not-in-ctl`: the trust list of the site does not name the client's issuer.

use super::chains::{clients, files, required, several, shown};
use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::evidence::x509::ChainEnd;
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "issuer-not-in-ctl",
    statuses: &["403.7"],
    title: "The trust list of the site does not name the client's issuer",
    meaning: "A site with a certificate trust list accepts and announces only the authorities that the list names. A client of another authority is left without a choice, whatever the store of roots holds.",
    open: "Likely where the list is known and names no authority of the client's chain: no signature was checked, and it is not known which list is installed. Open where the site has a list and the list or the client's certificates were not given.",
    evidence: "SslCtlIdentifier of the site or record, the trust list (.stl), the client's certificates",
    likelihood: Likelihood::Possible,
    references: &["KB186812", "MSDN: IIS 6.0, SslCtlIdentifier"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let needs = match required(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let has = case.ask(Setting::CtlIdentifier, |value| match value {
        Value::Text(_) => Some(true),
        Value::None => Some(false),
        _ => None,
    });
    if has.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, has.no);
    }
    let list = Need::command("the certificate trust list of the site as a file (.stl)", "certutil -store CA");
    let remedies = [Remedy::advice(
        Risk::Safe,
        "make a new list that names the authority as well, and assign it to the site; to remove the list would trust every root of the computer instead",
    )];
    let mut bad = Vec::new();
    let mut good = Vec::new();
    let ctls = &case.server.evidence.ctls;
    let clients = clients(case);
    for chain in &clients {
        let Some(leaf) = chain.links.first() else { continue };
        for ctl in ctls {
            if let Some(link) = chain.links.iter().find(|link| ctl.names(link)) {
                good.push(Fact::at(format!("the trust list names {}, which stands above {}", shown(link), shown(leaf)), Some(ctl.place)));
            } else if chain.links.len() > 1 && matches!(chain.end, ChainEnd::SelfIssued) && ctl.members_not_understood == 0 {
                let count = match ctl.members.len() {
                    1 => "1 certificate".to_owned(),
                    number => format!("{number} certificates"),
                };
                let name = ctl.identifier_text().map(|name| format!(" \"{name}\"")).unwrap_or_default();
                let text = format!("the trust list{name} names {}, none of which is in the chain of {}", count, shown(leaf));
                bad.push(Fact::at(text, Some(ctl.place)));
            }
        }
    }
    if has.may_be_yes() && !bad.is_empty() && good.is_empty() {
        return Judged::supported(Confidence::Likely, bad).aside(several(&clients)).and(has.yes).needs(needs).remedies(remedies);
    }
    if !good.is_empty() && bad.is_empty() {
        return Judged::excluded_by(Confidence::Likely, good);
    }
    Judged::open().and(has.facts()).and(bad).needs([list, files()]).needs(has.needs()).needs(needs).remedies(remedies)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{CLIENT, ISSUING, LIST, OneCase, ROOT, iis6};
    use super::*;
    use crate::diagnose::Verdict;

    fn listed() -> OneCase {
        iis6(0).with("SslCtlIdentifier", "Contoso clients").with("SslCtlStoreName", "CA")
    }

    #[test]
    fn a_list_without_the_authorities_of_the_client_supports_it() {
        let case = listed().file(CLIENT).file(ISSUING).file(ROOT).file(LIST);
        let judged = case.changed(|server| server.evidence.ctls[0].members = vec![[7; 20]]).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
    }

    #[test]
    fn a_list_that_names_them_and_a_site_without_a_list_exclude_it() {
        let named = listed().file(CLIENT).file(ISSUING).file(ROOT).file(LIST);
        for case in [named, iis6(0), OneCase::iis7("Ssl", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_the_list_it_is_open_and_asks_for_it() {
        let judged = listed().file(CLIENT).file(ISSUING).file(ROOT).judge(&CAUSE);
        assert_eq!(judged.verdict, Verdict::Open);
        assert!(judged.needs.iter().any(|need| need.what.contains(".stl")));
    }
}
