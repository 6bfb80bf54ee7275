//! `ssl128-without-ssl`: 128-bit encryption is demanded without demanding https.

use super::scopes::{access_text, lost, mended, parents, risk_of, said, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value, access};

pub(super) const RULE: Rule = Rule {
    name: "ssl128-without-ssl",
    severity: Severity::Low,
    confidence: Confidence::Hint,
    title: "128-bit encryption is demanded, https is not",
    meaning: "The access flags of the URL hold the bit for 128-bit encryption (256) without the bit for https (8). Whether the first one demands \
              https by itself is not documented. IIS Manager sets and clears them together, so one alone is rarely meant.",
    sees: "Unclear: probably 403.4 or 403.5 over http.",
    silent: "Silent where the path drops the demand for https that its parent makes (`child-weakens-parent` says it).",
    evidence: "MetaBase.xml, or applicationHost.config and web.config",
    fix: "Demand https as well. Which ciphers are strong enough is better decided in Schannel.",
    remedies: Remedies::both(&[steps::LOOK_ACCESS_6, steps::HTTPS_6], &[steps::LOOK_ACCESS_7, steps::HTTPS_7]),
    references: &["IIScnfg.h (public SDK header): MD_ACCESS_SSL128", "KB243196"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let mut above = (usize::MAX, Vec::new());
    for said in said(server, Setting::AccessFlags) {
        let Some(bits) = said.resolved.known().and_then(Value::flags) else { continue };
        if bits & (access::SSL | access::SSL128) != access::SSL128 {
            continue;
        }
        // What stands above the root is no path of the site.
        if said.index != 0 && above.0 != said.site_index {
            above = (said.site_index, parents(said.site));
        }
        let dropped =
            lost(server, &said, bits, above.1.get(said.index).copied().flatten()).is_some_and(|lost| lost.bits & access::SSL != 0);
        if dropped && said.scope.product.is_none() {
            continue;
        }
        let new = mended(bits | access::SSL);
        findings.push(
            Finding::new(&RULE, server, format!("The access flags {} demand 128-bit encryption but not https", access_text(server, bits)))
                .site(said.site)
                .path(&said.scope.path)
                .setting(Setting::AccessFlags)
                .at(said.resolved.origin.place())
                .remedy(set_access(server, said.scope, risk_of(bits, new), "demands https too", bits, new)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, metabase, paths};
    use super::*;
    use crate::server::Server;

    fn iis6(root: u32, app: u32) -> Server {
        metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:"></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{root}"></IIsWebVirtualDir>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/app" AccessSSLFlags="{app}"></IIsWebVirtualDir>"#
        ))
    }

    #[test]
    fn the_bit_for_128_bits_alone_is_a_hint() {
        let found = findings(&RULE, &iis6(256, 8));
        assert_eq!((paths(&found), found[0].severity, found[0].confidence), (vec!["/"], Severity::Low, Confidence::Hint));
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("AccessSSLFlags 264"));
    }

    #[test]
    fn both_bits_and_a_demand_dropped_from_the_parent_are_silent() {
        assert!(findings(&RULE, &iis6(264, 8)).is_empty());
        assert!(findings(&RULE, &iis6(264, 256)).is_empty());
    }
}
