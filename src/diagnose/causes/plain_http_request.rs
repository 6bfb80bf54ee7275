//! `plain-http-request`: the URL demands https and was called by http.

use crate::catalogue::access;
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, needs};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "plain-http-request",
    statuses: &["403.4"],
    title: "The URL demands https and was called by http",
    meaning: "The site listens to http as well, and a request over it comes to a URL that demands https. A redirect to https at the same path does not help: \
              403.4 is answered before it.",
    open: "Likely where the site has an http binding, firm where the URL was given with http. Open while the bindings are not known. A load balancer that ends \
           TLS and goes on by http is such a client, too.",
    evidence: "the access flags at the URL, the bindings of the site, the port in the log",
    likelihood: Likelihood::Common,
    references: &["KB224389", "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/access.md"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let demands = case.access_has(access::SSL | access::SSL128);
    if demands.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, demands.no);
    }
    if case.url.scheme.as_deref() == Some("https") {
        return Judged::excluded(Confidence::Firm, Fact::new("the URL is called by https"));
    }
    let site = case.site();
    let http = site.bindings.iter().find(|binding| binding.protocol.eq_ignore_ascii_case("http"));
    let remedies = [
        Remedy::advice(Risk::Safe, "call the URL by https, also behind a load balancer"),
        Remedy::advice(
            Risk::Safe,
            "put a redirect for visitors on a separate site that has only the http binding, or use the HSTS redirect of the site (IIS 10 version 1709 and later)",
        ),
    ];
    let flags = case.url_fact(crate::catalogue::Setting::AccessFlags);
    let redirect = case.scope.routing.redirect.as_deref().filter(|redirect| redirect.enabled.value);
    let redirect = redirect
        .map(|redirect| Fact::at("httpRedirect at the same path is answered after 403.4, so it is never seen", redirect.enabled.place));
    if demands.may_be_yes() && case.url.is_plain() {
        return Judged::supported(Confidence::Firm, [Fact::new("the URL is called by http")]).and(flags).and(redirect).remedies(remedies);
    }
    if let (true, Some(binding)) = (demands.may_be_yes(), http) {
        let fact = Fact::at(format!("{} has the http binding {}", site.label(), binding.written), Some(binding.place));
        return Judged::supported(Confidence::Likely, [fact]).and(flags).and(redirect).needs([needs::log()]).remedies(remedies);
    }
    if site.declared && !site.bindings.is_empty() && http.is_none() {
        return Judged::excluded(Confidence::Firm, Fact::at(format!("{} has no http binding", site.label()), site.place));
    }
    Judged::open().and(demands.facts()).needs([needs::configuration(case.server)]).needs(demands.needs()).remedies(remedies)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn an_http_binding_supports_it_and_a_url_by_http_makes_it_firm() {
        let bound = iis6(0).with("ServerBindings", ":80:");
        assert_eq!((bound.judge(&CAUSE).verdict, bound.judge(&CAUSE).strength), (Verdict::Supported, Confidence::Likely));
        assert_eq!(bound.at("http://orders.example.com/").judge(&CAUSE).strength, Confidence::Firm);
    }

    #[test]
    fn https_no_http_binding_and_no_demand_exclude_it() {
        for case in [iis6(0), iis7(0), iis6(0).with("ServerBindings", ":80:").at("https://a/"), OneCase::iis7("None", &[])] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn unknown_bindings_leave_it_open() {
        assert_eq!(OneCase::lone_web_config().judge(&CAUSE).verdict, Verdict::Open);
    }
}
