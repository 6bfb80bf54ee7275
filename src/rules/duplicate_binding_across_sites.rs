//! `duplicate-binding-across-sites`: two sites that start by themselves have the same binding.

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Lines, Remedy, Risk};
use crate::server::Generation;

pub(super) const RULE: Rule = Rule {
    name: "duplicate-binding-across-sites",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "Two sites have the same binding",
    meaning: "Only one site can own an address, port and host name. Of several sites with the same binding the first one starts, the others do not. \
              The binding flags do not make the bindings different.",
    sees: "The second site does not start, and its clients reach the first one. On IIS 6 the System log holds W3SVC event 1007.",
    silent: "When the address, the port or the host name differs, and when only one of the sites starts by itself. Info on IIS Express, which \
             is told which site to start; Visual Studio itself writes copies of a site.",
    evidence: "MetaBase.xml, or applicationHost.config",
    fix: "Remove the binding from all sites but one, or give them different host names.",
    remedies: Remedies::both(&[steps::LOOK_BINDINGS, steps::SET_BINDINGS], &[steps::REMOVE_BINDING, steps::BINDING_TEXT]),
    references: &["TechNet cc786887", "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let express = server.generation == Generation::IisExpress;
    let candidates = endpoints::bindings(server).filter(|(site, binding)| server.sites[*site].auto_start && endpoints::is_web(binding));
    let owners = endpoints::shared(candidates.filter_map(|(site, binding)| Some((endpoints::identity(binding)?, (site, binding)))));
    for mut owners in owners.into_values() {
        owners.dedup_by_key(|(site, _)| *site);
        let [(first, first_binding), (second, binding), rest @ ..] = owners.as_slice() else { continue };
        let message = format!(
            "The {} binding \"{}\" belongs to {}: only one of them can {}",
            binding.protocol,
            binding.written,
            endpoints::names(server, owners.iter().map(|(site, _)| *site)),
            if express { "run at a time" } else { "start" }
        );
        let mut finding = Finding::new(&RULE, server, message)
            .severity(if express { Severity::Info } else { Severity::High })
            .site(&server.sites[*second])
            .at(Some(binding.place))
            .related(Some(first_binding.place), format!("the same binding of {}", server.sites[*first].label()))
            .subject(format!("{} {}", binding.protocol, binding.written));
        for (site, binding) in rest.iter().take(8) {
            finding = finding.related(Some(binding.place), format!("the same binding of {}", server.sites[*site].label()));
        }
        let site = &server.sites[*second];
        let others: Vec<&str> = site
            .bindings
            .iter()
            .filter(|other| other.is_https() && endpoints::identity(other) != endpoints::identity(binding))
            .map(|other| other.written.as_str())
            .collect();
        let command = match server.generation {
            Generation::Iis6 => {
                binding.is_https().then(|| endpoints::set_secure_bindings(server, site, &others)).flatten().map(Lines::from)
            }
            Generation::Iis7 | Generation::IisExpress => {
                crate::remedy::appcmd::remove_binding(&site.name, &binding.protocol, &binding.written)
            }
        };
        finding = match command {
            Some(command) => {
                let what = format!("takes the binding from {}, when {} is the one to keep it", site.label(), server.sites[*first].label());
                finding.remedy(Remedy::command(Risk::Safe, what, command))
            }
            None => {
                finding.remedy(Remedy::advice(Risk::Safe, "remove the binding from all sites but one, or give them different host names"))
            }
        };
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase};
    use super::*;

    #[test]
    fn on_iis_express_that_starts_one_site_it_is_information() {
        let site = |name: &str, id: u32| {
            format!(
                r#"<site name="{name}" id="{id}"><application path="/" applicationPool="Clr4IntegratedAppPool"/>
                   <bindings><binding protocol="http" bindingInformation="*:8080:localhost"/></bindings></site>"#
            )
        };
        let sites = site("Shop", 1) + &site("Shop(1)", 2);
        let found = findings(&RULE, &apphost(&format!("<system.applicationHost><sites>{sites}</sites></system.applicationHost>")));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        assert!(found[0].message.ends_with("only one of them can run at a time"), "{}", found[0].message);
    }

    fn two(first: &str, second: &str) -> Vec<Finding> {
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites>
                   <site name="A" id="1"><bindings><binding {first} /></bindings></site>
                   <site name="B" id="2"><bindings><binding {second} /></bindings></site>
                   </sites></system.applicationHost>"#
            )),
        )
    }

    #[test]
    fn the_second_site_is_told_with_the_first_one() {
        let found = two(
            r#"protocol="https" bindingInformation="*:443:a.test" sslFlags="1""#,
            r#"protocol="https" bindingInformation=":443:A.TEST" sslFlags="0""#,
        );
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert_eq!(found[0].site, Some((Some(2), "B".to_owned())));
        assert!(found[0].message.contains("\"A\" (id 1) and \"B\" (id 2)"), "{}", found[0].message);
        assert_eq!(found[0].related.len(), 1);
        assert!(found[0].remedies[0].command.as_deref().unwrap().contains("[name='B']"));
    }

    #[test]
    fn different_hosts_ports_addresses_and_protocols_are_silent() {
        let first = r#"protocol="https" bindingInformation="*:443:a.test""#;
        for second in [
            r#"protocol="https" bindingInformation="*:443:b.test""#,
            r#"protocol="https" bindingInformation="*:444:a.test""#,
            r#"protocol="https" bindingInformation="10.0.0.5:443:a.test""#,
            r#"protocol="http" bindingInformation="*:80:a.test""#,
        ] {
            assert!(two(first, second).is_empty(), "{second}");
        }
        assert!(findings(&RULE, &fixture("apphost/F2_shared_ipport_hostheaders.config")).is_empty());
        assert!(findings(&RULE, &fixture("apphost/F8_rejected_by_iis.config")).is_empty(), "twice in one site is another rule");
    }

    #[test]
    fn a_site_that_does_not_start_takes_nothing_away() {
        let keys = |state: &str| {
            format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" ServerBindings=":80:"></IIsWebServer>
                   <IIsWebServer Location="/LM/W3SVC/2" ServerBindings="0.0.0.0:80:" {state}></IIsWebServer>"#
            )
        };
        assert_eq!(findings(&RULE, &metabase(&keys(""))).len(), 1);
        assert!(findings(&RULE, &metabase(&keys(r#"ServerAutoStart="FALSE""#))).is_empty());
    }
}
