//! `nodes-disagree`: two servers that are declared to be nodes of one role differ in what is in effect.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::Setting;
use crate::compare::compare_servers;

pub(super) const RULE: Rule = Rule {
    name: "nodes-disagree",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "Nodes of one role differ",
    meaning: "Two servers are declared to do the same work, for example behind a load balancer, and a site of theirs has a setting in effect \
              that differs between them, or only one of them has the site. A client then succeeds or fails depending on the node that it meets.",
    sees: "403.13, 403.16 or 403.7 that comes and goes.",
    silent: "Silent unless `--nodes` declares the servers to be nodes of one role. Server certificates may differ between nodes, and so may \
             addresses; neither is reported.",
    evidence: "the files of both servers",
    fix: "Give all nodes the same configuration; `iisaudit diff` of the two servers lists every difference with its places.",
    remedies: Remedies::both(
        &[steps::advice(
            "bring the nodes together property by property with adsutil, as `iisaudit diff` of the two servers lists them; SSLCertHash may differ from node to node",
        )],
        &[
            steps::SHOW_RECORDS,
            steps::advice(
                "bring the nodes together setting by setting, as `iisaudit diff` of the two servers lists them; a shared configuration does not include the records of HTTP.sys",
            ),
        ],
    ),
    references: &["MicrosoftDocs/iis-docs: iis/web-hosting/configuring-servers-in-the-windows-web-platform/shared-configuration_211.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let Some(twin) = context.twin.filter(|twin| twin.name != context.server.name) else { return };
    let server = context.server;
    let diff = compare_servers(server, twin);
    for pair in &diff.pairs {
        let site = pair.left.get();
        // Each node has a certificate of its own, often on purpose.
        let differs =
            pair.diff.in_effect().filter(|one| !matches!(one.setting, Setting::ServerCertificate | Setting::ServerCertificateStore));
        for difference in differs {
            let show = |resolved: &crate::server::Resolved, generation| resolved.value.show(difference.setting, generation);
            let here = show(&difference.left.resolved, server.generation);
            let there = show(&difference.right.resolved, twin.generation);
            let or_nothing = |text: String| if text.is_empty() { "nothing".to_owned() } else { text };
            findings.push(
                Finding::new(
                    &RULE,
                    server,
                    format!(
                        "{} of {} at {} is {} on this node and {} on the node {}; both are declared to be nodes of one role",
                        difference.setting,
                        site.label(),
                        difference.path,
                        or_nothing(here),
                        or_nothing(there),
                        twin.name
                    ),
                )
                .site(site)
                .path(&difference.path)
                .setting(difference.setting)
                .at(difference.left.place().or(site.place))
                .related(difference.right.place().or(pair.right.get().place), format!("the other value, on {}", twin.name))
                .subject(twin.name.clone()),
            );
        }
    }
    for (only, has, lacks) in [(&diff.only.left, server, twin), (&diff.only.right, twin, server)] {
        for site in only {
            let site = site.get();
            findings.push(
                Finding::new(
                    &RULE,
                    server,
                    format!(
                        "{} is a site of {} and not of {}; both are declared to be nodes of one role",
                        site.label(),
                        has.name,
                        lacks.name
                    ),
                )
                .at(site.place)
                .subject(format!("{} {}", has.name, site.label())),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::apphost;
    use super::*;
    use crate::server::Server;

    fn node(name: &str, flags: &str) -> Server {
        let mut server = apphost(&format!(
            r#"<system.applicationHost><sites><site name="Shop" id="1"><application path="/"/><bindings><binding protocol="https" bindingInformation="*:443:shop.test" sslFlags="1"/></bindings></site></sites></system.applicationHost>
               <location path="Shop"><system.webServer><security><access sslFlags="{flags}"/></security></system.webServer></location>"#
        ));
        server.name = name.to_owned();
        server
    }

    fn found(server: &Server, twin: Option<&Server>) -> Vec<Finding> {
        let mut findings = Vec::new();
        (RULE.check)(&Context { twin, ..Context::new(server) }, &mut findings);
        findings
    }

    #[test]
    fn a_node_with_other_access_flags_than_its_twin_is_named_with_both_values() {
        let (a, b) = (node("web01", "Ssl,SslNegotiateCert,SslRequireCert"), node("web02", "Ssl"));
        let found = found(&b, Some(&a));
        assert_eq!(found.len(), 1);
        assert!(
            found[0].message.contains("is Ssl on this node and Ssl, SslNegotiateCert, SslRequireCert on the node web01"),
            "{}",
            found[0].message
        );
    }

    #[test]
    fn equal_nodes_and_servers_that_are_not_declared_are_silent() {
        let (a, b) = (node("web01", "Ssl"), node("web02", "Ssl"));
        assert!(found(&b, Some(&a)).is_empty());
        assert!(found(&node("web02", "None"), None).is_empty());
    }

    #[test]
    fn a_site_that_only_one_node_has_is_named() {
        let a = node("web01", "Ssl");
        let mut b = apphost("<system.applicationHost><sites/></system.applicationHost>");
        b.name = "web02".to_owned();
        assert!(found(&b, Some(&a))[0].message.contains("is a site of web01 and not of web02"));
    }
}
