//! `shared-endpoint-mode`: another site on the same IP:port decides how certificates are checked.

use super::revocation::gate;
use crate::catalogue::{Setting, cert_check};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, needs};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::server::Resolved;

pub(super) const CAUSE: Cause = Cause {
    id: "shared-endpoint-mode",
    statuses: &["403.13"],
    title: "Another site on the same IP:port decides the check, whatever this site says",
    meaning: "There is one SSL record for an IP:port and one check in it, for all sites that share it. On IIS 6 sites can write different values of \
              CertCheckMode, and likely the value of the site that registered first counts. To change the value of this site then changes nothing.",
    open: "Likely at most: which of the sites decides is not documented. Open where the records are not known.",
    evidence: "MetaBase.xml, the output of httpcfg query ssl; on IIS 7 and later the SSL records of HTTP.sys",
    likelihood: Likelihood::Rare,
    references: &["KB2405568", "likely, by how HTTP.sys keeps its records"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let gate = match gate(case) {
        Ok(gate) => gate,
        Err(excluded) => return excluded,
    };
    let mine = case.site().root().settings.get(Setting::CertCheckMode).and_then(Resolved::known).and_then(|value| value.flags());
    let mut contested = Vec::new();
    let mut alone = Vec::new();
    for endpoint in &case.endpoints {
        let others: Vec<_> =
            endpoint.sites.iter().filter(|site| **site != case.site).filter_map(|site| case.server.sites.get(*site)).collect();
        if others.is_empty() {
            alone.push(Fact::at(format!("no other site is on {}", endpoint.key), case.site().place));
        }
        for other in others {
            let Some(resolved) = other.root().settings.get(Setting::CertCheckMode) else { continue };
            let theirs = resolved.known().and_then(|value| value.flags());
            if case.is_iis6() && theirs.is_some() && theirs != mine {
                let text = format!("{}, on {} as well", other.label(), endpoint.key);
                contested.push(Fact::setting(Setting::CertCheckMode, resolved, &text, case.generation()));
            }
        }
    }
    let separate = Remedy::advice(
        Risk::Safe,
        "give the site an IP address or a port of its own, so that it has a record of its own; a host name is enough only with SNI, from IIS 8 on",
    );
    if let (Some(mine), false) = (mine, contested.is_empty()) {
        // Where this site itself checks nothing, another one that does is the only explanation.
        let strength = if mine & cert_check::NO_REVOCATION != 0 { Confidence::Likely } else { Confidence::Hint };
        let own = case.site().root().settings.get(Setting::CertCheckMode);
        let own = own.map(|resolved| Fact::setting(Setting::CertCheckMode, resolved, &case.site().label(), case.generation()));
        return Judged::supported(strength, contested).and(own).needs([needs::records(case.server)]).remedies([separate]);
    }
    let facts = if !case.endpoints.is_empty() && alone.len() == case.endpoints.len() {
        alone
    } else if !case.endpoints.is_empty() && case.checks_revocation().unknown.is_empty() {
        let agreed =
            |fact: &Fact| Fact::at(format!("the value on the endpoint is known, and no site says otherwise: {}", fact.text), fact.place);
        gate.facts.iter().map(agreed).collect()
    } else {
        Vec::new()
    };
    let mut facts = facts.into_iter();
    if let Some(first) = facts.next() {
        return Judged::excluded(Confidence::Firm, first).and(facts);
    }
    Judged::open().and(gate.facts).needs([needs::records(case.server)]).needs(gate.needs).remedies([separate])
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_site_on_the_same_endpoint_that_says_otherwise_supports_it() {
        let judged = OneCase::iis6_shared(1, 0).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("\"Other\" (id 2), on 0.0.0.0:443 as well is 0"), "{:?}", judged.because);
        assert_eq!(OneCase::iis6_shared(0, 1).judge(&CAUSE).strength, Confidence::Hint);
    }

    #[test]
    fn a_site_alone_on_its_endpoint_excludes_it() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(OneCase::iis6_shared(0, 0).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn bindings_that_are_not_known_leave_it_open() {
        assert_eq!(OneCase::lone_web_config().judge(&CAUSE).verdict, Verdict::Open);
    }
}
