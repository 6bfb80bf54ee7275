//! `redirect-blocked-by-tls-requirement`: a redirect to https on a path that refuses plain http before it can redirect.

use super::scopes::{access_text, parents};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, access};
use crate::remedy::{Remedy, Risk};
use crate::server::{Hsts, Resolved, Scope, Site};

pub(super) const RULE: Rule = Rule {
    name: "redirect-blocked-by-tls-requirement",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A redirect to https never happens, because https is already demanded",
    meaning: "The path redirects to https with httpRedirect, and its access flags demand https. The demand is most likely checked first: a visitor \
              over plain http is refused, not redirected, and the redirect only reaches those who already use https.",
    sees: "403.4 over http instead of the redirect.",
    silent: "Silent when the site has no http binding, when HSTS already redirects http, when the redirect is switched off, and at paths that a \
             product's setup writes. It is likely and not firm: the order is observed, not documented.",
    evidence: "applicationHost.config and web.config",
    fix: "Put the redirect on a site of its own that has only the http binding, or use the redirect of HSTS (IIS 10, version 1709).",
    remedies: Remedies::iis7(
        "the redirect of a site is not judged there",
        &[
            steps::advice("make a site for the http binding alone and put the redirect there"),
            steps::site_element!(
                "or redirects with HSTS instead of httpRedirect; needs IIS 10, version 1709, or later",
                "hsts",
                "hsts",
                "redirectHttpToHttps",
                "true"
            ),
            steps::site_element!("which works with HSTS on only", "hsts", "hsts", "enabled", "true"),
        ],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/httpRedirect/index.md",
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md",
    ],
    check,
};

/// Whether the scope demands https, and which place redirects it there.
fn blocked(scope: &Scope) -> Option<(u32, crate::input::Place)> {
    let bits = scope.access().filter(|bits| bits & (access::SSL | access::SSL128) != 0)?;
    Some((bits, scope.routing.redirect.as_deref()?.to_https()?))
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let open = |site: &&Site| site.has_binding("http") && !site.elements.hsts.as_deref().is_some_and(Hsts::redirects);
    for site in server.sites.iter().filter(open) {
        if !site.scopes.iter().any(|scope| blocked(scope).is_some()) {
            continue;
        }
        for (scope, parent) in site.scopes.iter().zip(parents(site)) {
            let Some((bits, redirect)) = blocked(scope).filter(|_| scope.product.is_none()) else { continue };
            // What is only inherited is told above.
            if parent.and_then(|parent| blocked(&site.scopes[parent])).is_some_and(|(_, above)| above == redirect) {
                continue;
            }
            let message = format!(
                "The path redirects to https, but its access flags {} demand https, so plain http is most likely refused before it is redirected",
                access_text(server, bits)
            );
            let demand = scope.settings.get(Setting::AccessFlags).and_then(|resolved: &Resolved| resolved.origin.place());
            findings.push(
                Finding::new(&RULE, server, message)
                    .site(site)
                    .path(&scope.path)
                    .setting(Setting::AccessFlags)
                    .at(Some(redirect))
                    .related(demand, "demands https")
                    .remedy(Remedy::advice(
                        Risk::Safe,
                        "move the http binding to a site of its own that only redirects, or let hsts@redirectHttpToHttps redirect (IIS 10, version 1709, and https on port 443)",
                    )),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, paths};
    use super::*;

    fn site(protocols: &[&str], inside: &str, redirect: &str, access: &str, more: &str) -> Vec<Finding> {
        let bindings: String =
            protocols.iter().map(|protocol| format!(r#"<binding protocol="{protocol}" bindingInformation="*:80:"/>"#)).collect();
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="S" id="1"><application path="/"/><application path="/app"/><bindings>{bindings}</bindings>{inside}</site></sites></system.applicationHost>
                   <location path="S"><system.webServer><httpRedirect {redirect}/><security><access sslFlags="{access}"/></security></system.webServer></location>{more}"#
            )),
        )
    }

    const REDIRECT: &str = r#"enabled="true" destination="https://www.contoso.com""#;

    #[test]
    fn the_path_that_says_it_is_found_and_not_those_that_inherit_it() {
        let found = site(&["http", "https"], "", REDIRECT, "Ssl", "");
        assert_eq!((paths(&found), found[0].severity, found[0].confidence), (vec!["/"], Severity::Medium, Confidence::Likely));
        assert_eq!(found[0].related.len(), 1);
    }

    #[test]
    fn a_demand_further_down_is_found_there() {
        let below =
            r#"<location path="S/app"><system.webServer><security><access sslFlags="Ssl128"/></security></system.webServer></location>"#;
        assert_eq!(paths(&site(&["http"], "", REDIRECT, "None", below)), ["/app"]);
        let redirect = format!(r#"{REDIRECT} childOnly="true""#);
        assert!(site(&["http"], "", &redirect, "None", below).is_empty());
    }

    #[test]
    fn without_http_demand_redirect_or_https_in_it_nothing_is_blocked() {
        assert!(site(&["https"], "", REDIRECT, "Ssl", "").is_empty());
        assert!(site(&["http"], "", REDIRECT, "None", "").is_empty());
        assert!(site(&["http"], "", r#"enabled="false" destination="https://a""#, "Ssl", "").is_empty());
        assert!(site(&["http"], "", r#"enabled="true" destination="/owa""#, "Ssl", "").is_empty());
        assert!(site(&["http"], r#"<hsts enabled="true" redirectHttpToHttps="true"/>"#, REDIRECT, "Ssl", "").is_empty());
    }
}
