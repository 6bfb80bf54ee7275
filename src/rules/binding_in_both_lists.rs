//! `binding-in-both-lists`: one binding is in ServerBindings and in SecureBindings.

use std::collections::BTreeMap;

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "binding-in-both-lists",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "One binding is plain and secure at once",
    meaning: "The same address, port and host name stands in ServerBindings, for http, and in SecureBindings, for https. One port speaks either TLS \
              or plain http, so the two lists contradict each other.",
    sees: "The site likely does not start, or one of the two protocols does not work on that port.",
    silent: "When the port, the address or the host name differs. What IIS 6 does with it is not documented, so it is likely, not firm.",
    evidence: "MetaBase.xml",
    fix: "Remove the binding from one of the lists.",
    remedies: Remedies::iis6(
        &[
            steps::LOOK_BINDINGS,
            steps::adsutil!("shows the list of plain bindings", "get W3SVC/SITE-ID/ServerBindings"),
            steps::adsutil!(
                "writes the list of plain bindings without the one for https; it replaces the old list whole",
                "set W3SVC/SITE-ID/ServerBindings BINDINGS"
            ),
        ],
        "one list holds all bindings, each with its protocol",
    ),
    references: &["TechNet cc739755", "SDK ms524780"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation != Generation::Iis6 {
        return;
    }
    for site in &server.sites {
        let mut plain = BTreeMap::new();
        for binding in site.bindings.iter().filter(|binding| !binding.is_https()) {
            if let Some((_, ip, port, host)) = endpoints::identity(binding) {
                plain.entry((ip, port, host)).or_insert(binding);
            }
        }
        let mut told = std::collections::BTreeSet::new();
        for secure in site.bindings.iter().filter(|binding| binding.is_https()) {
            let Some((_, ip, port, host)) = endpoints::identity(secure) else { continue };
            let key = (ip, port, host);
            let Some(other) = plain.get(&key) else { continue };
            if !told.insert(key) {
                continue;
            }
            let kept: Vec<&str> = site
                .bindings
                .iter()
                .filter(|binding| binding.is_https() && endpoints::identity(binding) != endpoints::identity(secure))
                .map(|binding| binding.written.as_str())
                .collect();
            let finding = Finding::new(
                &RULE,
                server,
                format!(
                    "The binding \"{}\" is in SecureBindings and in ServerBindings: the port is claimed for https and for http",
                    secure.written
                ),
            )
            .site(site)
            .at(Some(secure.place))
            .related(Some(other.place), "the same binding in ServerBindings")
            .subject(secure.written.clone())
            .remedy(Remedy::advice(Risk::Safe, "if the port is for https, remove the binding from ServerBindings in IIS Manager"));
            findings.push(match endpoints::set_secure_bindings(server, site, &kept) {
                Some(command) => {
                    let what = "if the port is for http, writes the complete SecureBindings without it; https ends on that port";
                    finding.remedy(Remedy::command(Risk::WeakensSecurity, what, command))
                }
                None => finding,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, metabase};
    use super::*;

    fn site(plain: &str, secure: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" ServerBindings="{plain}" SecureBindings="{secure}"></IIsWebServer>"#
            )),
        )
    }

    #[test]
    fn one_text_in_both_lists_is_reported_once() {
        let found = site(":80:  :443:", ":443:  10.0.0.5:8443:");
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        assert_eq!(found[0].related.len(), 1);
        assert_eq!(site("0.0.0.0:443:", ":443:").len(), 1, "spelled differently");
    }

    #[test]
    fn different_ports_addresses_and_hosts_are_silent() {
        assert!(site(":80:", ":443:").is_empty());
        assert!(site("10.0.0.5:443:", ":443:").is_empty());
        assert!(site(":443:a.test", ":443:b.test").is_empty());
    }
}
