//! `delta-crl-double-escaping`: a delta list has a plus sign in its name, and the IIS that publishes it refuses such names.

use super::revocation::{Publisher, fetching, named, publishers, usual_needs};
use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::evidence::{Fetch, FetchOutcome, Source};
use crate::remedy::{Attribute, Remedy, Risk};
use crate::rules::Confidence;
use crate::server::{Generation, Scope};

pub(super) const CAUSE: Cause = Cause {
    id: "delta-crl-double-escaping",
    statuses: &["403.13"],
    title: "The IIS that publishes a delta list refuses the plus sign in its name",
    meaning: "The name of a delta list ends with a plus sign. Request filtering takes it for double escaping and answers 404.11 where allowDoubleEscaping is \
              false, as it is by default. Whoever wants to check a certificate with that list cannot, and refuses its holder.",
    open: "Open without a verification, and where the host of the address is none of the servers that were read. Excluded only by a verification that \
           tried the addresses and met no such name among those that failed.",
    evidence: "the output of certutil -verify -urlfetch, applicationHost.config of the server that publishes the list",
    likelihood: Likelihood::Possible,
    references: &[
        "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/requestFiltering/index.md",
        "field reports of delta lists that nobody could fetch",
    ],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let gate = match fetching(case) {
        Ok(gate) => gate,
        Err(excluded) => return excluded,
    };
    let mut facts = Vec::new();
    let mut remedies = Vec::new();
    let mut unknown = Vec::new();
    let mut tried = Vec::new();
    for verification in case.verifications().iter().filter(|verification| verification.tried_urls()) {
        // Nothing follows from what is not in an output that was cut.
        if verification.is_whole() {
            tried.push(verification);
        }
        for (index, chain) in verification.chains.iter().enumerate() {
            for element in &chain.elements {
                for (fetch, url) in element.fetches.iter().flat_map(failed_with_plus) {
                    let error = fetch.error.as_ref().map(|error| format!(" ({})", error.label())).unwrap_or_default();
                    let failed = Fact::at(
                        format!("{url} could not be fetched{error}, for {}", named(verification, index, element)),
                        Some(fetch.place),
                    );
                    let publishers = publishers(case.servers, url);
                    let open =
                        |publisher: &Publisher<'_>| publisher.server.generation != Generation::Iis6 && refuses(publisher.scope).is_none();
                    if publishers.is_empty() || publishers.iter().all(open) {
                        unknown.push(failed);
                        continue;
                    }
                    for publisher in publishers.iter().filter(|publisher| refuses(publisher.scope) == Some(true)) {
                        facts.push(failed.clone());
                        facts.extend(fact_of(publisher));
                        remedies.extend(allow(publisher));
                    }
                }
            }
        }
    }
    if !facts.is_empty() {
        return Judged::supported(gate.cap(Confidence::Firm), facts).and(gate.facts).needs(gate.needs).remedies(remedies);
    }
    let publisher = Need::plain("applicationHost.config, with its web.config files, of the server that publishes the lists");
    if !unknown.is_empty() {
        return Judged::open().likelihood(Likelihood::Common).and(unknown).needs([publisher]).needs(gate.needs);
    }
    if let (Some(first), true) = (tried.first(), tried.len() == case.verifications().len()) {
        let text = format!(
            "no address with a plus sign is among those that failed for the chain of \"{}\", or the server that has it lets it pass",
            first.label()
        );
        return Judged::excluded(Confidence::Likely, Fact::at(text, Some(first.place)));
    }
    Judged::open().and(gate.facts).needs(usual_needs()).needs([publisher]).needs(gate.needs)
}

/// The addresses of lists that failed and have a plus sign in their path.
fn failed_with_plus(fetch: &Fetch) -> impl Iterator<Item = (&Fetch, &str)> {
    let of_list = matches!(fetch.source, Source::Cdp | Source::ListCdp) && fetch.outcome == FetchOutcome::Failed;
    let urls = fetch.urls.iter().filter(move |_| of_list).filter_map(|url| {
        let url = url.rsplit(' ').next().unwrap_or(url);
        let path = url.split(['?', '#']).next().unwrap_or(url);
        let by_http = path.get(..4).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http"));
        (by_http && (path.contains('+') || path.to_ascii_lowercase().contains("%2b"))).then_some(url)
    });
    urls.map(move |url| (fetch, url))
}

fn refuses(scope: &Scope) -> Option<bool> {
    scope.value(Setting::AllowDoubleEscaping)?.bool().map(|allowed| !allowed)
}

fn fact_of(publisher: &Publisher<'_>) -> Option<Fact> {
    let resolved = publisher.scope.settings.get(Setting::AllowDoubleEscaping)?;
    let of = format!("{} of {} at {}", publisher.site.label(), publisher.server.name, publisher.scope.path);
    Some(Fact::setting(Setting::AllowDoubleEscaping, resolved, &of, publisher.server.generation))
}

fn allow(publisher: &Publisher<'_>) -> Vec<Remedy> {
    let what = "on the server that publishes the lists, at the path of the lists alone: lets names with a plus sign pass, and any other double escape";
    let set = Attribute::at(publisher.server, publisher.scope, Setting::AllowDoubleEscaping).set(
        Risk::WeakensSecurity,
        what,
        &Value::Bool(true).show(Setting::AllowDoubleEscaping, publisher.server.generation),
    );
    let mut remedies = vec![Remedy::advice(
        Risk::Safe,
        "let the authority publish no delta lists, or give them a name without a plus sign, and issue new base lists",
    )];
    remedies.extend(set);
    remedies
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{ALL_REACHED, DELTA_FAILED, iis6, iis7, publisher};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_delta_list_that_failed_on_a_site_that_refuses_its_name_supports_it() {
        let judged = iis7(0).verified(DELTA_FAILED).beside(publisher("")).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
        assert!(judged.because[0].text.starts_with("http://crl.contoso.test/crld/sub+.crl could not be fetched"), "{:?}", judged.because);
        assert!(judged.because[1].text.starts_with("Double escaping of \"CRL\" (id 5) of pki at /"), "{:?}", judged.because);
        let last = judged.remedies.last().unwrap();
        assert!(last.risk == Risk::WeakensSecurity && last.command.as_deref().unwrap().contains("allowDoubleEscaping:true"), "{last:?}");
    }

    #[test]
    fn a_server_that_lets_it_pass_and_lists_that_all_arrived_exclude_it() {
        let allowed = r#"<location path="CRL/crld"><system.webServer><security><requestFiltering allowDoubleEscaping="true"/></security></system.webServer></location>"#;
        assert_eq!(iis7(0).verified(DELTA_FAILED).beside(publisher(allowed)).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis6(0).verified(ALL_REACHED).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn without_a_verification_and_without_the_publisher_it_is_open_and_asks_for_them() {
        let nothing = iis7(0).beside(publisher("")).judge(&CAUSE);
        assert_eq!(nothing.verdict, Verdict::Open);
        let elsewhere = iis7(0).verified(DELTA_FAILED).judge(&CAUSE);
        assert_eq!((elsewhere.verdict, elsewhere.likelihood), (Verdict::Open, Some(Likelihood::Common)));
        assert!(elsewhere.needs[0].what.starts_with("applicationHost.config"), "{:?}", elsewhere.needs);
    }
}
