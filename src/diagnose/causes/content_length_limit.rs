//! `content-length-limit`: request filtering allows no body of that length, which has nothing to do with certificates.

use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Fact, Judged, Likelihood, needs};
use crate::remedy::Risk;
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "content-length-limit",
    statuses: &["413", "413.1"],
    title: "The request body is longer than request filtering allows",
    meaning: "maxAllowedContentLength limits every request, with or without certificates. It is told from the late certificate request by the substatus 1 in the \
              log; older versions give 404.13.",
    open: "Open without a log, since the size of the body that failed is not known. With 413 and another substatus it is excluded and no more than likely, \
           because nobody documents that the certificate case never has a substatus.",
    evidence: "sc-substatus in the log, the limit at the URL",
    likelihood: Likelihood::Possible,
    references: &["MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/requestFiltering/requestLimits/index.md"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    if case.is_iis6() {
        return Judged::excluded(
            Confidence::Firm,
            Fact::new("IIS 6 has no request filtering; the answer to its own limit is documented as 403"),
        );
    }
    let limit = case.url_fact(Setting::MaxContentLength);
    let logged = |status: &str| case.logged.iter().find(|one| one.status == status).map(|one| one.fact());
    if let Some(fact) = logged("413.1") {
        let larger = case.set(
            Setting::MaxContentLength,
            Risk::WeakensSecurity,
            "allows bodies up to about 100 MB; set it only at the path that takes them",
            &Value::Number(104_857_600),
        );
        return Judged::supported(Confidence::Firm, [fact]).and(limit).remedies(larger);
    }
    if let Some(fact) = logged("413") {
        return Judged::excluded(Confidence::Likely, fact).and(limit);
    }
    Judged::open().and(limit).needs([needs::log()])
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn the_substatus_in_the_log_decides() {
        assert_eq!(iis7(0).logging(&["413 1 0"]).judge(&CAUSE).verdict, Verdict::Supported);
        assert_eq!(iis7(0).logging(&["413 0 0"]).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn iis_6_has_no_such_limit() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn without_a_log_it_is_open() {
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Open);
    }
}
