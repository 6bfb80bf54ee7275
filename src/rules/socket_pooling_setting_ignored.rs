//! `socket-pooling-setting-ignored`: DisableSocketPooling, which does nothing since IIS 6.

use super::noticed::{each, noticed, whereabouts};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "socket-pooling-setting-ignored",
    severity: Severity::Info,
    confidence: Confidence::Firm,
    title: "DisableSocketPooling has no effect",
    meaning: "IIS 5 used DisableSocketPooling to listen on chosen addresses only. IIS 6 accepts the property and ignores it: HTTP.sys listens on \
              all addresses unless its own list says otherwise. Another service that needs port 443 on one of the addresses cannot have it.",
    sees: "The server listens on every address.",
    silent: "Silent when the file does not hold the property.",
    evidence: "MetaBase.xml",
    fix: "List the addresses with httpcfg and restart the HTTP service.",
    remedies: Remedies::iis6(
        &[
            steps::run("shows the addresses that HTTP.sys listens on; none stands for all", "httpcfg query iplisten"),
            steps::advice(
                "add each address that is to be listened on with `httpcfg set iplisten -i ADDRESS`, then restart the HTTP service",
            ),
        ],
        "it has no such property; `netsh http show iplisten` shows the addresses there",
    ),
    references: &["KB813368", "TechNet cc776969"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        (anomaly.kind == AnomalyKind::SocketPoolingIgnored).then(|| {
            let message = format!("DisableSocketPooling of {} has no effect in IIS 6", whereabouts(server, anomaly));
            noticed(&RULE, server, anomaly, message)
                .remedy(Remedy::command(Risk::ReadOnly, "shows the addresses that HTTP.sys listens on", "httpcfg query iplisten"))
                .remedy(Remedy::advice(
                    Risk::Safe,
                    "to listen on certain addresses only, name each of them with httpcfg set iplisten -i, then restart the HTTP service",
                ))
        })
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase};
    use super::*;

    #[test]
    fn the_property_is_information_wherever_it_stands() {
        let server = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" ServerComment="Shop" DisableSocketPooling="TRUE"></IIsWebServer>"#
        ));
        let found = findings(&RULE, &server);
        assert_eq!((found.len(), found[0].severity), (1, Severity::Info));
        assert!(found[0].message.contains("\"Shop\" (id 1)"));
    }

    #[test]
    fn a_metabase_without_it_is_silent() {
        assert!(findings(&RULE, &fixture("metabase/01_working_failing_pair.xml")).is_empty());
    }
}
