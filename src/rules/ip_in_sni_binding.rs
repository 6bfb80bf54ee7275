//! `ip-in-sni-binding`: an SNI binding names an IP address, which does not choose its record.

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::binding_flags;

pub(super) const RULE: Rule = Rule {
    name: "ip-in-sni-binding",
    severity: Severity::Info,
    confidence: Confidence::Firm,
    title: "The IP address of an SNI binding does not choose its certificate",
    meaning: "The record of an SNI binding is found by host name and port alone. An address in the binding limits where the site answers, but two SNI \
              bindings of one name on two addresses still share one record.",
    sees: "Nothing wrong by itself; the same certificate and options on every address.",
    silent: "For any address (`*`, `0.0.0.0`, `[::]`), and for bindings without the SNI bit.",
    evidence: "applicationHost.config",
    fix: "Use `*` as the address, or keep it to limit where the site answers.",
    remedies: Remedies::iis7(steps::NO_BINDING_FLAGS, &[steps::BINDING_TEXT]),
    references: &["http.h: HTTP_SERVICE_CONFIG_SSL_SNI_KEY", "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (index, binding) in endpoints::bindings(server) {
        let limited = binding.is_https()
            && binding.has_flag(binding_flags::SNI)
            && binding.fault.is_none()
            && !binding.host.is_empty()
            && !matches!(binding.ip.as_str(), "*" | "[::]");
        let (true, Some(key)) = (limited, &binding.endpoint) else { continue };
        let message = format!(
            "The address {} of the SNI binding \"{}\" limits where the site answers, but its record is {key}, whatever the address",
            binding.ip, binding.written
        );
        findings.push(
            Finding::new(&RULE, server, message)
                .site(&server.sites[index])
                .at(Some(binding.place))
                .subject(format!("{} {}", binding.protocol, binding.written))
                .remedy(Remedy::advice(
                    Risk::Safe,
                    "write * as the address of the binding, unless the site must answer on that address only",
                )),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture};
    use super::*;

    #[test]
    fn the_record_does_not_depend_on_the_address() {
        let found = findings(&RULE, &fixture("apphost/F3_specific_ip_shadows_sni.config"));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        assert!(found[0].message.contains("10.20.0.6") && found[0].message.contains("api.fabrikam.test:443"), "{}", found[0].message);
    }

    #[test]
    fn any_address_and_bindings_without_sni_are_silent() {
        for path in
            ["apphost/F1_consistent_sni.config", "apphost/F2_shared_ipport_hostheaders.config", "metabase/01_working_failing_pair.xml"]
        {
            assert!(findings(&RULE, &fixture(path)).is_empty(), "{path}");
        }
    }
}
