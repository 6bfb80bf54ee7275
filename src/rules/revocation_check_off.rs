//! `revocation-check-off`: bit 1 of CertCheckMode is set, revoked client certificates are accepted.

use std::collections::{BTreeMap, BTreeSet};

use super::disagreement::names;
use super::endpoint_map::{EndpointMap, Mode, modes, set_mode, test_revocation, writes_already};
use super::records::{Used, doubt};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, cert_check};
use crate::remedy::Risk;
use crate::server::Server;

/// How many sites get a place and a command of their own.
const SHOWN: usize = 5;

pub(super) const RULE: Rule = Rule {
    name: "revocation-check-off",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Client certificates are not checked for revocation",
    meaning: "Bit 1 of CertCheckMode is set, so the server never asks whether a client certificate was revoked. It is often set to get rid \
              of 403.13 and then forgotten: from then on a stolen or withdrawn certificate still opens the door. Only bit 1 does this; the \
              values 2 and 4 still check, and a missing value means that the check is on.",
    sees: "Nothing: revoked certificates are accepted.",
    silent: "Says only `info` when no site on the endpoint wants client certificates, or when its sites are not known. Silent where the \
             HTTP.sys record was not given, and for records of other products.",
    evidence: "MetaBase.xml; on IIS 7 and later the HTTP.sys record",
    fix: "Make the CRLs reachable from the server (`certutil -verify -urlfetch client.cer` shows each address), then set CertCheckMode to 0.",
    remedies: Remedies::both(
        &[steps::LOOK_MODE, steps::URLFETCH, steps::MODE_0],
        &[steps::SHOW_RECORD, steps::URLFETCH, steps::REVOCATION_ON],
    ),
    references: &["IIScnfg.h (public SDK header): MD_CERT_NO_REVOC_CHECK", "TechNet cc775782", "KB294305"],
    check,
};

/// The sites that switch the check off, by the endpoints that serve them: one record decides for all on it.
type Affected<'a> = BTreeMap<Vec<usize>, Vec<Mode<'a>>>;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for used in context.records() {
        findings.extend(report_record(used));
    }
    let map = context.endpoints();
    let mut affected = Affected::new();
    let mut groups = Vec::new();
    for mode in modes(server).filter(|mode| mode.bits & cert_check::NO_REVOCATION != 0) {
        match map.indexes_of(&mode) {
            none if none.is_empty() => groups.push(vec![mode]),
            endpoints => affected.entry(endpoints).or_default().push(mode),
        }
    }
    groups.extend(affected.into_values());
    groups.sort_by_key(|group| group.first().map(|mode| mode.index));
    findings.extend(groups.iter().filter_map(|group| report(server, map, group)));
}

/// The finding about a record of HTTP.sys that switches the check off.
fn report_record(used: &Used<'_>) -> Option<Finding> {
    let mode = used.mode();
    if mode.set & cert_check::NO_REVOCATION == 0 {
        return None;
    }
    let exclusive = cert_check::CACHE_ONLY | cert_check::FRESHNESS;
    let likely = if mode.set & exclusive == 0 { "" } else { "likely " };
    let message = format!("{}: revocation is {likely}not checked by {}{}", mode.words(), used.words(), doubt(used.server(), &used.sites));
    let finding = used
        .finding(&RULE, Setting::CertCheckMode, message, used.mode_place(cert_check::NO_REVOCATION))
        .severity(used.weigh(Severity::High, Severity::Info))
        .confidence(if mode.set & exclusive == 0 { Confidence::Firm } else { Confidence::Likely })
        .remedy(test_revocation());
    let what = "checks revocation again, once the CRLs are reachable";
    Some(finding.remedies_of(used.set_mode(Risk::Safe, what, mode.set & !(cert_check::NO_REVOCATION | exclusive))))
}

fn report(server: &Server, map: &EndpointMap<'_>, group: &[Mode<'_>]) -> Option<Finding> {
    let first = group.first()?;
    // A started site speaks for the endpoint: that another one is switched off does not make the hole smaller.
    let speaker = group.iter().find(|mode| mode.site.auto_start).unwrap_or(first);
    let keys = map.keys_of(first);
    let shared = map.contests(first);
    let on = if keys.is_empty() { "this site" } else { &keys };
    let likely = if speaker.bits & (cert_check::CACHE_ONLY | cert_check::FRESHNESS) == 0 { "" } else { "likely " };
    let mut message = format!("{}: revocation is {likely}not checked on {on}", speaker.words());
    if group.len() > 1 {
        let members: Vec<usize> = group.iter().map(|mode| mode.index).collect();
        message.push_str(&format!(", which serves {}", names(server, &members)));
    }
    if shared {
        message.push_str(
            "; the endpoint is shared with a site that says otherwise, so which value is in effect depends on the site that registered it",
        );
    }
    let mut sites: Vec<usize> = map
        .indexes_of(first)
        .iter()
        .filter_map(|endpoint| server.endpoints.get(*endpoint))
        .flat_map(|endpoint| endpoint.sites.clone())
        .collect();
    sites.sort_unstable();
    sites.dedup();
    message.push_str(&doubt(server, &sites));
    let others = cert_check::CACHE_ONLY | cert_check::FRESHNESS;
    let unsure = shared || keys.is_empty() || group.iter().any(|mode| mode.bits & others != 0);
    let mut finding = Finding::new(&RULE, server, message)
        .site(speaker.site)
        .path("/")
        .setting(Setting::CertCheckMode)
        .at(speaker.resolved.origin.place())
        .severity(if map.wanted(first.index) { Severity::High } else { Severity::Info })
        .confidence(if unsure { Confidence::Likely } else { Confidence::Firm })
        .subject(keys)
        .remedy(test_revocation());
    let mut shown = BTreeSet::from([finding.place]);
    for mode in group {
        let place = mode.resolved.origin.place();
        if shown.len() <= SHOWN && shown.insert(place) {
            finding = finding.related(place, format!("{}: CertCheckMode {}", mode.site.label(), mode.bits));
        }
    }
    let what = "checks revocation again, once the CRLs are reachable";
    let mended = |mode: &Mode<'_>| set_mode(server, mode, Risk::Safe, what, mode.bits & !(cert_check::NO_REVOCATION | others));
    // A restart alone mends nothing while one of the sites on the endpoint writes that there is no check.
    let done = |mode: &&Mode<'_>| writes_already(mode, mode.bits & !(cert_check::NO_REVOCATION | others));
    let (done, open): (Vec<&Mode<'_>>, Vec<&Mode<'_>>) = group.iter().partition(done);
    let mend = if open.is_empty() { done.into_iter().take(1).collect() } else { open };
    for remedy in mend.into_iter().filter_map(mended).take(SHOWN) {
        finding = finding.remedy(remedy);
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{
        SERVICE, findings, https_site, joined, listing, metabase, records_alone, registry, sni_site, with_records,
    };
    use super::*;
    use crate::server::Server;

    fn site(mode: &str, access: u32) -> Server {
        metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" {mode} SecureBindings=":443:" SSLCertHash="aa"></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{access}"></IIsWebVirtualDir>"#
        ))
    }

    /// Two sites of IIS 6 on one endpoint with the modes that they write, and the record that HTTP.sys has of it.
    fn running(modes: [&str; 2], record: u32) -> Vec<Finding> {
        let site = |id: usize, mode: &str| {
            format!(
                r#"<IIsWebServer Location="/LM/W3SVC/{id}" {mode} SecureBindings=":443:s{id}.test" SSLCertHash="aa"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/{id}/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>"#
            )
        };
        let mut server = metabase(&format!("{SERVICE}{}{}", site(1, modes[0]), site(2, modes[1])));
        let text = format!("    IP            : 0.0.0.0:443\n    CertCheckMode : {record}\n    Flags         : 0\n");
        crate::httpsys::run(&mut server, crate::httpsys::read_httpcfg(&text, crate::input::FileId(1)));
        findings(&RULE, &server)
    }

    #[test]
    fn access_flags_that_cannot_be_read_never_count_as_no_wish_for_certificates() {
        let of = |flags: &str| {
            findings(
                &RULE,
                &metabase(&format!(
                    r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" CertCheckMode="1" SecureBindings=":443:" SSLCertHash="aa"></IIsWebServer>
                       <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{flags}"></IIsWebVirtualDir>"#
                )),
            )
            .remove(0)
        };
        let known = of("AccessSSL | AccessSSLRequireCert | AccessNew");
        assert_eq!((known.severity, known.message.contains("cannot be read")), (Severity::High, false));
        let unknown = of("AccessSSL | AccessNew");
        assert_eq!(unknown.severity, Severity::High);
        assert!(unknown.message.contains("cannot be read, so that client certificates may be wanted"), "{}", unknown.message);
        assert_eq!(of("AccessSSL").severity, Severity::Info);
    }

    #[test]
    fn on_iis_6_the_record_that_http_sys_has_is_in_effect_and_not_what_the_metabase_says() {
        assert!(running([r#"CertCheckMode="1""#, r#"CertCheckMode="1""#], 0).is_empty());
        let found = running(["", ""], 1);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert!(found[0].message.starts_with("CertCheckMode is 1 in the record that HTTP.sys has"), "{}", found[0].message);
        assert_eq!(found[0].place.map(|place| (place.file.0, place.line)), Some((1, 2)));
        let told: Vec<&str> = found[0].remedies.iter().map(|remedy| remedy.what.as_str()).collect();
        assert!(told.iter().any(|what| what.contains("the metabase says 0 already")), "{told:?}");
    }

    #[test]
    fn on_a_shared_endpoint_the_record_decides_and_the_site_that_switches_the_check_off_is_mended() {
        let found = running(["", r#"CertCheckMode="1""#], 1);
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Firm));
        let commands: Vec<&str> = found[0].remedies.iter().filter_map(|remedy| remedy.command.as_deref()).collect();
        assert!(commands.iter().any(|command| command.ends_with("set W3SVC/2/CertCheckMode 0")), "{commands:?}");
        assert!(!found[0].remedies.iter().any(|remedy| remedy.what.contains("already")));
        assert!(running(["", r#"CertCheckMode="1""#], 0).is_empty());
    }

    #[test]
    fn a_site_that_requires_certificates_and_does_not_check_them_is_high() {
        let found = findings(&RULE, &site(r#"CertCheckMode="1""#, 104));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("0.0.0.0:443"));
    }

    #[test]
    fn a_record_of_one_address_lets_revoked_certificates_in_to_sites_with_host_names() {
        let off = ("Verify Client Certificate Revocation", "Disabled");
        let records = listing(&[("Hostname:port : a.test:443", &[]), ("IP:port : 10.1.1.1:443", &[off])]);
        let found = findings(&RULE, &joined(&sni_site(1, "a.test"), &records));
        assert_eq!((found.len(), found[0].severity), (1, Severity::High));
        assert!(found[0].message.contains("which serves those who come through that address to \"S1\""), "{}", found[0].message);
    }

    #[test]
    fn it_is_information_when_nobody_wants_certificates() {
        assert_eq!(findings(&RULE, &site(r#"CertCheckMode="65537""#, 8))[0].severity, Severity::Info);
    }

    #[test]
    fn values_that_still_check_and_an_absent_value_are_silent() {
        for mode in ["", r#"CertCheckMode="0""#, r#"CertCheckMode="2""#, r#"CertCheckMode="4""#, r#"CertCheckMode="65536""#] {
            assert!(findings(&RULE, &site(mode, 104)).is_empty(), "{mode}");
        }
    }

    #[test]
    fn sites_on_one_endpoint_are_one_finding_that_names_them_and_mends_each() {
        let server = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" ServerAutoStart="FALSE" CertCheckMode="1" SecureBindings=":443:a" SSLCertHash="aa"></IIsWebServer>
               <IIsWebServer Location="/LM/W3SVC/2" CertCheckMode="1" SecureBindings=":443:b" SSLCertHash="aa"></IIsWebServer>
               <IIsWebServer Location="/LM/W3SVC/3" CertCheckMode="1" SecureBindings=":8443:" SSLCertHash="aa"></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/2/ROOT" AccessSSLFlags="104"></IIsWebVirtualDir>"#
        ));
        let found = findings(&RULE, &server);
        let subjects: Vec<_> = found.iter().map(|finding| (finding.subject.as_str(), finding.severity)).collect();
        assert_eq!(subjects, [("0.0.0.0:443", Severity::High), ("0.0.0.0:8443", Severity::Info)]);
        assert!(found[0].message.contains("site 1") && found[0].message.contains("site 2"), "{}", found[0].message);
        assert_eq!(found[0].site.as_ref().and_then(|(id, _)| *id), Some(2));
        let commands: Vec<_> = found[0].remedies.iter().filter_map(|remedy| remedy.command.as_deref()).collect();
        assert!(commands.len() == 3 && commands[1].contains("W3SVC/1/") && commands[2].contains("W3SVC/2/"), "{commands:?}");
    }

    #[test]
    fn a_site_without_a_readable_number_gets_no_command_for_another_key() {
        let server = metabase(&format!(r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/99999999999" CertCheckMode="1"></IIsWebServer>"#));
        let found = findings(&RULE, &server);
        assert!(found[0].remedies.iter().all(|remedy| remedy.command.as_deref().is_none_or(|command| !command.contains("adsutil"))));
    }

    #[test]
    fn a_record_is_one_finding_for_all_its_sites_with_the_whole_command() {
        let server = with_records("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt");
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("\"Citizen\" (id 21) and \"Officer\" (id 22)"), "{}", found[0].message);
        assert_eq!(found[0].place.map(|place| place.line), Some(9));
        assert!(found[0].remedies[1].command.as_ref().unwrap().contains("ipport=0.0.0.0:443"));
        let server = with_records("apphost/F7_ccs_and_new_bits.config", "netsh/o02_2022_sni_drift_and_ccs.txt");
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity), (1, Severity::High), "a wildcard record and the endpoint it serves are one");
    }

    #[test]
    fn it_is_information_while_the_sites_of_a_record_are_not_known() {
        let found = findings(&RULE, &records_alone("netsh/o01_2012r2_conflict_revocation.txt"));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        assert!(found[0].message.contains("whose sites are not known") && found[0].site.is_none());
    }

    #[test]
    fn an_absent_value_of_the_registry_is_checked_and_a_contradictory_one_only_likely_not() {
        let site = https_site(1, "*:443:", "Ssl, SslNegotiateCert");
        assert!(findings(&RULE, &joined(&site, &registry(&[]))).is_empty());
        let found = findings(&RULE, &joined(&site, &registry(&[("DefaultSslCertCheckMode", 5)])));
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Likely));
    }
}
