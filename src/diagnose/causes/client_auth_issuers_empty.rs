//! `client-auth-issuers-empty`: only issuers of a store count, and the store is empty.

use super::chains::{asked, listing};
use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;
use crate::rules::issuers::ISSUERS;

pub(super) const CAUSE: Cause = Cause {
    id: "client-auth-issuers-empty",
    statuses: &["403.16"],
    title: "Only issuers of a store count, and the store is empty",
    meaning: "With ClientAuthTrustMode 1 or 2 a client certificate is trusted only where its issuers are in the store of the record, or in Client Authentication Issuers. Where that store is empty, nobody is.",
    open: "Likely where the mode is set and the store is known to be empty: seen in the field, and not documented as a status. Open without the SCHANNEL key or the listing.",
    evidence: "an export of the SCHANNEL key, certutil -store ClientAuthIssuer, the HTTP.sys record",
    likelihood: Likelihood::Rare,
    references: &["TLS - SSL (Schannel SSP) overview (learn.microsoft.com): ClientAuthTrustMode"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    if case.is_iis6() {
        return Judged::excluded(Confidence::Firm, Fact::new("IIS 6 has no ClientAuthTrustMode"));
    }
    let needs = match asked(case) {
        Ok(needs) => needs,
        Err(excluded) => return excluded,
    };
    let key = Need::command(
        "the SCHANNEL key of the registry",
        r"reg export HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL schannel.reg",
    );
    let mode = case.server.schannel.as_ref().map(|schannel| &schannel.client_auth_trust_mode);
    let said = mode.and_then(|mode| mode.value().zip(mode.place()));
    let Some((mode, place)) = said else { return Judged::open().needs([key, listing(ISSUERS)]).needs(needs) };
    let fact = Fact::at(format!("ClientAuthTrustMode is {mode}"), Some(place));
    if !matches!(mode, 1 | 2) {
        return Judged::excluded(Confidence::Firm, fact);
    }
    let names: Vec<&str> = case
        .on_endpoints(Setting::CtlStoreName)
        .into_iter()
        .map(|(_, resolved)| match resolved.known() {
            Some(Value::Text(name)) => name.as_str(),
            _ => ISSUERS,
        })
        .collect();
    let name = names.first().copied().unwrap_or(ISSUERS);
    let Some(store) = case.server.evidence.store(name) else { return Judged::open().and([fact]).needs([listing(name)]).needs(needs) };
    if store.is_empty() {
        let remedies = [
            Remedy::advice(Risk::Safe, format!("put each issuing authority into the store: certutil -addstore {ISSUERS} issuing-ca.cer")),
            Remedy::command(
                Risk::WeakensSecurity,
                "trusts every issuer that the computer trusts, as without the value; Schannel reads it when the computer starts",
                r"reg add HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /v ClientAuthTrustMode /t REG_DWORD /d 0 /f",
            ),
        ];
        let empty = Fact::at(format!("the store {} is empty", store.label()), Some(store.place));
        return Judged::supported(Confidence::Likely, [fact, empty]).needs(needs).remedies(remedies);
    }
    if store.certificates.is_empty() {
        return Judged::open().and([fact]).needs([listing(name)]).needs(needs);
    }
    Judged::excluded(Confidence::Firm, Fact::at(format!("the store {} holds certificates", store.label()), Some(store.place))).and([fact])
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::rules::testing::schannel;

    const EMPTY: &str = "ClientAuthIssuer \"Issuers\"\r\nCertUtil: -store command completed successfully.\r\n";

    #[test]
    fn the_mode_with_an_empty_store_supports_it() {
        let case = iis7(1).listing(EMPTY).changed(|server| server.schannel = Some(schannel("ClientAuthTrustMode", 2)));
        assert_eq!((case.judge(&CAUSE).verdict, case.judge(&CAUSE).strength), (Verdict::Supported, Confidence::Likely));
    }

    #[test]
    fn machine_trust_and_iis_6_exclude_it() {
        let machine = iis7(1).listing(EMPTY).changed(|server| server.schannel = Some(schannel("ClientAuthTrustMode", 0)));
        for case in [machine, iis6(0)] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_the_key_or_the_listing_it_is_open() {
        let mode = iis7(1).changed(|server| server.schannel = Some(schannel("ClientAuthTrustMode", 1)));
        for case in [iis7(1).listing(EMPTY), mode] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Open);
        }
    }
}
