//! `host-header-missing`: a benchmark asks that bindings name a host, or a host and an address, and some do not.

use super::profiles::{Profile, is_exchange};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::Binding;

/// A message lists no more bindings than this; the rest is counted.
const LISTED: usize = 5;

pub(super) const RULE: Rule = Rule {
    name: "host-header-missing",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Bindings lack the host name or address that the benchmark asks for",
    meaning: "CIS asks that every binding for http and https name a host, so that requests for any other name are not answered. The STIG asks \
              for a host name and a specific IP address both. The latter conflicts with the usual way to use SNI, bindings such as \
              `*:443:host` on all addresses: a specific address on the same port can shadow the SNI records (`specific-ip-shadows-sni`), so \
              change addresses for all sites of a port together, or record the deviation.",
    sees: "The site answers to names, or on addresses, for which it is not meant.",
    silent: "Runs under a profile only. Silent for IIS 6, for protocols other than http and https, for bindings that cannot be read, and \
             under the STIG where every site holds paths of Exchange, which its text exempts; there it is `likely`, because the text exempts \
             SharePoint and certificate handling at a proxy too.",
    evidence: "applicationHost.config",
    fix: "Give each binding a host name; for the STIG also a specific IP address.",
    remedies: Remedies::iis7(steps::NO_BENCHMARK, &[steps::BINDING_TEXT]),
    references: &[
        "STIG IIS 10.0 Site V2R15: V-218748",
        "CIS Microsoft IIS 10 Benchmark: 1.2",
        "MicrosoftDocs/iis-docs: iis/configuration/system.applicationHost/sites/site/bindings/binding.md",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let address = context.profile == Some(Profile::Stig);
    if address && is_exchange(server) {
        return;
    }
    // The STIG exempts SharePoint and certificate handling at a proxy, which no file names.
    let confidence = if address { Confidence::Likely } else { Confidence::Firm };
    for site in &server.sites {
        let web = |binding: &&Binding| binding.is_https() || binding.protocol.eq_ignore_ascii_case("http");
        let readable = site.bindings.iter().filter(web).filter(|binding| binding.fault.is_none());
        let lacking: Vec<(&Binding, &str)> = readable
            .filter_map(|binding| match (binding.host.is_empty(), address && unspecific(&binding.ip)) {
                (true, true) => Some((binding, "host name or IP address")),
                (true, false) => Some((binding, "host name")),
                (false, true) => Some((binding, "IP address")),
                (false, false) => None,
            })
            .collect();
        let Some((first, _)) = lacking.first() else { continue };
        let mut parts: Vec<String> = lacking
            .iter()
            .take(LISTED)
            .map(|(binding, lack)| format!("\"{}\" ({}) has no {lack}", binding.written, binding.protocol))
            .collect();
        if lacking.len() > LISTED {
            parts.push(format!("{} more bindings lack some too", lacking.len() - LISTED));
        }
        let mut message = format!("Binding {}", parts.join(", "));
        if lacking.iter().any(|(binding, _)| binding.is_https() && !binding.host.is_empty()) {
            message.push_str("; a binding for a host on all addresses is the usual form with SNI, and the benchmark is stricter");
        }
        let what = match address {
            true => "give each binding a host name and a specific IP address in IIS Manager, for all sites of a port together",
            false => "give each binding a host name in IIS Manager; an https binding for a host should use SNI, if it is not the only one",
        };
        findings.push(
            Finding::new(&RULE, server, message)
                .site(site)
                .at(Some(first.place))
                .confidence(confidence)
                .remedy(Remedy::advice(Risk::Safe, what)),
        );
    }
}

/// Whether an address stands for every address of the machine.
fn unspecific(ip: &str) -> bool {
    matches!(ip, "*" | "0.0.0.0" | "[::]")
}

#[cfg(test)]
mod tests {
    use super::super::testing::apphost;
    use super::*;

    fn found(bindings: &[(&str, &str)], pool: &str, profile: Profile) -> Vec<Finding> {
        let bindings: String =
            bindings.iter().map(|(protocol, text)| format!(r#"<binding protocol="{protocol}" bindingInformation="{text}"/>"#)).collect();
        let server = apphost(&format!(
            r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><application path="/owa" applicationPool="{pool}"/>
               <bindings>{bindings}</bindings></site></sites></system.applicationHost>"#
        ));
        let mut findings = Vec::new();
        (RULE.check)(&Context { profile: Some(profile), ..Context::new(&server) }, &mut findings);
        findings
    }

    #[test]
    fn the_stig_wants_host_and_address_where_cis_wants_the_host() {
        let sni = [("https", "*:443:a.test")];
        assert!(found(&sni, "Own", Profile::Cis).is_empty());
        let stig = found(&sni, "Own", Profile::Stig);
        assert!(stig[0].message.contains("has no IP address") && stig[0].message.contains("SNI"), "{}", stig[0].message);
        assert!(found(&[("https", "192.0.2.7:443:a.test")], "Own", Profile::Stig).is_empty());
        let bare = [("http", "192.0.2.7:80:")];
        assert!(found(&bare, "Own", Profile::Cis)[0].message.contains("has no host name"));
    }

    #[test]
    fn a_site_with_many_bindings_is_one_finding_that_stays_short() {
        let many: Vec<_> = std::iter::repeat_n(("http", "*:80:"), 40).collect();
        let found = found(&many, "Own", Profile::Cis);
        assert!(found.len() == 1 && found[0].message.contains("35 more") && found[0].message.len() < 400);
    }

    #[test]
    fn other_protocols_and_unreadable_bindings_are_silent() {
        assert!(found(&[("net.tcp", "808:*"), ("http", "80")], "Own", Profile::Stig).is_empty());
    }

    #[test]
    fn a_server_of_exchange_is_exempt_from_the_stig_item() {
        let bare = [("http", "*:80:")];
        assert!(found(&bare, "MSExchangeOWAAppPool", Profile::Stig).is_empty());
        assert_eq!(found(&bare, "MSExchangeOWAAppPool", Profile::Cis).len(), 1);
    }
}
