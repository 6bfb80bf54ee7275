//! `certificate-wanted-without-tls`: client certificates are wanted at a URL that plain http reaches.

use super::scopes::{access_text, mended, risk_of, said_access, set_access};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};

pub(super) const RULE: Rule = Rule {
    name: "certificate-wanted-without-tls",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "A client certificate is wanted but https is not demanded",
    meaning: "The access flags of the URL ask for, require or map a client certificate, but do not demand https. A certificate can only come over \
              TLS. Where one is merely asked for, plain http goes around the question; where one is required, a visitor over http is refused \
              with a status that does not say that https would help.",
    sees: "Asked for: the page is served over http without any certificate. Required: 403.7 over http, with no hint that https is needed.",
    silent: "Says `low` when the site has no http binding, or its bindings are not known. Silent at paths that a product's setup writes, such as those of Exchange, and where \
             128-bit encryption is demanded.",
    evidence: "MetaBase.xml, or applicationHost.config and web.config",
    fix: "Demand https in the same access flags, or remove the http binding.",
    remedies: Remedies::both(&[steps::LOOK_ACCESS_6, steps::HTTPS_6], &[steps::LOOK_ACCESS_7, steps::HTTPS_7]),
    references: &["KB245331", "KB198968", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for (said, bits) in said_access(server) {
        let wants = bits & (access::NEGOTIATE | access::REQUIRE | access::MAP);
        if wants == 0 || bits & (access::SSL | access::SSL128) != 0 || said.scope.product.is_some() {
            continue;
        }
        let flags = access_text(server, bits);
        let (wish, severity, sees) = if wants & access::REQUIRE != 0 {
            ("require a client certificate", Severity::Medium, "403.7 over http, with no hint that https is needed.")
        } else if wants & access::NEGOTIATE != 0 {
            ("ask for a client certificate", Severity::High, "The page is served over http without any certificate.")
        } else {
            ("map a client certificate", Severity::Medium, "Over http no certificate is there to be mapped: the anonymous user, or 401.")
        };
        let mut message = format!("The access flags {flags} {wish} but do not demand https");
        let http = said.site.has_binding("http");
        message.push_str(match (http, said.site.declared) {
            (true, _) => ", and the site has an http binding",
            (false, true) => "; the site has no http binding now",
            (false, false) => "; the bindings of the site are not in this file",
        });
        let new = mended(bits | access::SSL);
        let mut finding = Finding::new(&RULE, server, message)
            .site(said.site)
            .path(&said.scope.path)
            .setting(Setting::AccessFlags)
            .at(said.resolved.origin.place())
            .severity(if http { severity } else { Severity::Low })
            .remedy(set_access(
                server,
                said.scope,
                risk_of(bits, new),
                if new & !bits == access::SSL { "demands https" } else { "demands https and asks for the certificate" },
                bits,
                new,
            ));
        finding = match http {
            true => finding.sees(sees),
            false if !said.site.declared => finding.sees(format!("Where the site has an http binding: {sees}")),
            false => finding.sees("Nothing as long as the site has no http binding."),
        };
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase, paths};
    use super::*;
    use crate::server::Server;

    fn iis6(flags: u32, bindings: &str) -> Server {
        metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:" {bindings}></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="{flags}"></IIsWebVirtualDir>"#
        ))
    }

    #[test]
    fn asking_over_http_is_worse_than_requiring_because_http_goes_around_it() {
        let severity = |flags| findings(&RULE, &iis6(flags, r#"ServerBindings=":80:""#))[0].severity;
        assert_eq!(
            (severity(32), severity(96), severity(64), severity(128)),
            (Severity::High, Severity::Medium, Severity::Medium, Severity::Medium)
        );
    }

    #[test]
    fn it_is_low_without_an_http_binding() {
        let found = findings(&RULE, &iis6(96, ""));
        assert_eq!(found[0].severity, Severity::Low);
        assert!(found[0].message.contains("no http binding"));
    }

    #[test]
    fn flags_that_demand_https_or_want_no_certificate_are_silent() {
        for flags in [0, 8, 40, 104, 256 + 96] {
            assert!(findings(&RULE, &iis6(flags, r#"ServerBindings=":80:""#)).is_empty(), "{flags}");
        }
    }

    #[test]
    fn the_paths_of_exchange_are_silent() {
        let body = |pool: &str| {
            format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/><application path="/EWS" applicationPool="{pool}"/>
                   <bindings><binding protocol="http" bindingInformation="*:80:"/></bindings></site></sites></system.applicationHost>
                   <location path="S/EWS"><system.webServer><security><access sslFlags="SslNegotiateCert"/></security></system.webServer></location>"#
            )
        };
        assert!(findings(&RULE, &apphost(&body("MSExchangeServicesAppPool"))).is_empty());
        assert_eq!(paths(&findings(&RULE, &apphost(&body("Own")))), ["/EWS"]);
    }

    #[test]
    fn the_samples_with_this_state_are_found() {
        let found = findings(&RULE, &fixture("metabase/08_contradictory_flags.xml"));
        assert_eq!(paths(&found), ["/reqnossl"]);
        assert_eq!(found[0].severity, Severity::Medium);
        let found = findings(&RULE, &fixture("apphost/F4_flag_and_path_mistakes.config"));
        assert_eq!(paths(&found), ["/"]);
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains(r#"config "Intranet" "#));
    }
}
