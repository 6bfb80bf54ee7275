//! `double-escaping-refused`: request filtering refuses a URL with a plus sign, as the names of delta lists have it.

use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, Need};
use crate::remedy::{Remedy, Risk};
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "double-escaping-refused",
    statuses: &["404.11"],
    title: "Request filtering refuses the plus sign in the URL",
    meaning: "Request filtering takes a plus sign, or a percent sign that is itself escaped, for double escaping and answers 404.11 where allowDoubleEscaping is \
              false, as it is by default. The names of delta CRLs end with a plus sign: where this site publishes them, nobody can fetch them, and servers \
              that check revocation answer 403.13 to their own clients.",
    open: "Likely where the URL that was asked for is not known to have such a sign. Open while the value at the path is not known.",
    evidence: "the URL that is refused (--url), request filtering in effect at its path, the log (404 11)",
    likelihood: Likelihood::Common,
    references: &["MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/requestFiltering/index.md"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    if case.is_iis6() {
        return Judged::excluded(
            Confidence::Likely,
            Fact::new("IIS 6 has no request filtering of its own; an add-on such as URLScan may refuse the URL"),
        );
    }
    let allowed = case.ask_url(Setting::AllowDoubleEscaping, Value::bool);
    if allowed.is_yes() {
        return Judged::excluded_by(Confidence::Firm, allowed.yes);
    }
    let path = case.url.path.to_ascii_lowercase();
    let escaped = path.contains('+') || path.contains("%2b") || path.contains("%25");
    let apart = Remedy::advice(
        Risk::Safe,
        "let the authority publish no delta lists, or give them a name without a plus sign, and issue new base lists",
    );
    let allow = case.set(
        Setting::AllowDoubleEscaping,
        Risk::WeakensSecurity,
        "lets names with a plus sign pass, and any other double escape: only at the path of the lists, and nowhere else",
        &Value::Bool(true),
    );
    let judged = if allowed.is_no().is_none() {
        Judged::open().and(allowed.facts())
    } else if escaped {
        let sign = Fact::new(format!("the URL {} has a sign that request filtering takes for double escaping", case.url.path));
        Judged::supported(Confidence::Firm, allowed.no.clone()).and([sign])
    } else {
        Judged::supported(Confidence::Likely, allowed.no.clone())
            .needs([Need::plain("the URL that is refused, as --url: it has a plus sign or an escaped percent sign")])
    };
    judged.needs(allowed.needs()).remedies([apart]).remedies(allow)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn the_default_refuses_a_plus_sign() {
        let judged = iis7(0).at("/crld/sub+.crl").judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Firm));
        assert_eq!(iis7(0).judge(&CAUSE).strength, Confidence::Likely);
        let last = judged.remedies.last().unwrap();
        assert!(last.risk == Risk::WeakensSecurity && last.command.as_deref().unwrap().contains("allowDoubleEscaping:true"), "{last:?}");
    }

    #[test]
    fn where_it_is_allowed_and_on_iis_6_it_is_excluded() {
        let allowed = iis7(0).filtering(r#"<requestFiltering allowDoubleEscaping="true"/>"#).at("/a+b");
        for case in [allowed, iis6(0).at("/a+b")] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn where_the_levels_above_are_not_known_it_is_open() {
        assert_eq!(OneCase::lone_web_config().at("/a+b").judge(&CAUSE).verdict, Verdict::Open);
    }
}
