//! `malformed-binding`: the text of a binding is not `ip:port:host`.

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Lines, Remedy, Risk, appcmd};
use crate::server::{Binding, BindingFault, Generation, Server, Site};

pub(super) const RULE: Rule = Rule {
    name: "malformed-binding",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A binding cannot be read",
    meaning: "A binding of http or https is an address (empty or `*` for any, an IPv4 address, or an IPv6 address in brackets), a port from 1 to \
              65535 and a host name that may be empty, joined by colons. Anything else opens no endpoint.",
    sees: "The site does not start, or does not answer on that binding.",
    silent: "An empty address, `*` and an empty host name are regular, and other protocols have texts of their own. Only likely for a missing second \
             colon (`:443`): the old documentation describes that form, but every observed binding has both colons.",
    evidence: "MetaBase.xml, or applicationHost.config",
    fix: "Write the binding as `ip:port:host`, with both colons.",
    remedies: Remedies::both(&[steps::LOOK_BINDINGS, steps::SET_BINDINGS], &[steps::BINDING_TEXT]),
    references: &["TechNet cc739755", "SDK ms524780", "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (index, binding) in endpoints::bindings(server) {
        let Some(fault) = binding.fault.filter(|_| endpoints::is_web(binding)) else { continue };
        let site = &server.sites[index];
        let why = match fault {
            BindingFault::SecondColon => "the second colon is missing, so the site likely does not listen there",
            BindingFault::Shape => "it is not ip:port:host",
            BindingFault::Port => "the port is not a number from 1 to 65535",
            BindingFault::Address => "the address is neither empty, *, an IPv4 address, nor an IPv6 address in brackets",
        };
        let message = format!("The {} binding \"{}\" cannot be read: {why}", binding.protocol, binding.written);
        let confidence = if fault == BindingFault::SecondColon { Confidence::Likely } else { Confidence::Firm };
        let mut finding = Finding::new(&RULE, server, message)
            .site(site)
            .at(Some(binding.place))
            .confidence(confidence)
            .subject(format!("{} {}", binding.protocol, binding.written));
        finding = match repair(server, site, binding) {
            Some((written, command)) => {
                finding.remedy(Remedy::command(Risk::Safe, format!("writes the binding as \"{written}\""), command))
            }
            None => finding
                .remedy(Remedy::advice(Risk::Safe, "write the binding as ip:port:host, with both colons even when the host is empty")),
        };
        findings.push(finding);
    }
}

/// The binding as it is likely meant, and the command that writes it; only for an address and port that lack the second colon.
fn repair(server: &Server, site: &Site, binding: &Binding) -> Option<(String, Lines)> {
    let written = binding.written.trim();
    let (ip, _) = written.rsplit_once(':')?;
    let address = matches!(ip, "" | "*") || ip.parse::<std::net::Ipv4Addr>().is_ok();
    if binding.fault != Some(BindingFault::SecondColon) || binding.port.is_none() || !address {
        return None;
    }
    let repaired = format!("{written}:");
    let command = match server.generation {
        Generation::Iis6 if binding.is_https() => {
            let others = site.bindings.iter().filter(|other| other.is_https());
            let all: Vec<&str> =
                others.map(|other| if other.written == binding.written { repaired.as_str() } else { other.written.as_str() }).collect();
            endpoints::set_secure_bindings(server, site, &all).map(Lines::from)
        }
        Generation::Iis6 => None,
        Generation::Iis7 | Generation::IisExpress => {
            appcmd::set_binding(&site.name, &binding.protocol, &binding.written, "bindingInformation", &repaired)
        }
    }?;
    Some((repaired, command))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase};
    use super::*;

    fn secure(bindings: &str) -> Vec<Finding> {
        findings(&RULE, &metabase(&format!(r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings="{bindings}"></IIsWebServer>"#)))
    }

    #[test]
    fn a_missing_second_colon_is_likely_and_the_whole_list_is_rewritten() {
        let found = findings(&RULE, &fixture("metabase/09_hand_edited.xml"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Likely));
        assert!(found[0].message.contains("\":443\""), "{}", found[0].message);
        let found = secure(":443  10.0.0.5:8443:");
        assert!(found[0].remedies[0].command.as_deref().unwrap().ends_with(r#"set W3SVC/1/SecureBindings ":443:" "10.0.0.5:8443:""#));
    }

    #[test]
    fn ports_addresses_and_shapes_are_firm() {
        for written in [":0:", ":70000:", "443", "2001:db8::1:443:", "10.0.0.300:443:"] {
            let found = secure(written);
            assert_eq!((found.len(), found[0].confidence), (1, Confidence::Firm), "{written}");
            assert!(found[0].message.contains(written), "{}", found[0].message);
        }
    }

    #[test]
    fn regular_bindings_are_silent() {
        for written in [":443:", "10.0.0.5:443:", ":443:www.contoso.com", "*:443:"] {
            assert!(secure(written).is_empty(), "{written}");
        }
    }

    #[test]
    fn other_protocols_have_texts_of_their_own() {
        let found = findings(
            &RULE,
            &apphost(
                r#"<system.applicationHost><sites><site name="A" id="1"><bindings>
                   <binding protocol="net.tcp" bindingInformation="808:*" /><binding protocol="net.pipe" bindingInformation="*" />
                   <binding protocol="https" bindingInformation="[2001:db8::1]:443:" />
                   <binding protocol="https" bindingInformation="2001:db8::1:443:" />
                   </bindings></site></sites></system.applicationHost>"#,
            ),
        );
        assert_eq!(found.len(), 1);
        assert!(found[0].message.contains("in brackets"));
    }
}
