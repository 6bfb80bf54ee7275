//! `configuration-invalid`: something in the configuration is there twice, malformed, or unknown to this version of IIS.

use super::configuration::{INVALID, LOCKED, judge};
use crate::diagnose::{Case, Cause, Judged, Likelihood};

pub(super) const CAUSE: Cause = Cause {
    id: "configuration-invalid",
    statuses: &["500.19"],
    title: "The configuration has something twice, or something that IIS cannot read",
    meaning: "IIS refuses a file as a whole for one fault in it: a site, binding or section that is there twice (0x800700b7), XML that is not well-formed, or an \
              attribute or value that its schema does not have (0x8007000d). A fault in applicationHost.config stops every site, one in a web.config its \
              own path and all below.",
    open: "Likely without the result in the log, since the schema of the server may differ from the one that is known here. Open where no fault is found.",
    evidence: "applicationHost.config with the web.config files of the site, the log (sc-win32-status 183 or 13), the error page on the server",
    likelihood: Likelihood::Common,
    references: &["KB942055"],
    check,
};

const RULES: &[&str] = &[
    "duplicate-site-name",
    "duplicate-site-id",
    "duplicate-binding-in-site",
    "section-defined-twice",
    "section-not-declared",
    "location-case-variants",
    "attribute-missing",
    "attribute-value-invalid",
    "binding-flags-not-numeric",
    "access-flags-unreadable",
    "unknown-attribute",
    "late-xml-declaration",
    "sni-on-old-version",
    "ssl-map-cert-used",
];

fn check(case: &Case<'_>) -> Judged {
    judge(case, RULES, INVALID, LOCKED, case.unreadable.clone())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{OneCase, iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::rules::Confidence;

    #[test]
    fn access_flags_that_cannot_be_read_and_the_result_in_the_log_support_it() {
        let judged = OneCase::iis7("Ssl.SslRequireCert", &[]).judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.contains("Ssl.SslRequireCert"), "{:?}", judged.because);
        assert_eq!(iis7(0).logging(&["500 19 183"]).judge(&CAUSE).strength, Confidence::Firm);
    }

    #[test]
    fn another_result_in_the_log_and_iis_6_exclude_it() {
        for case in [iis7(0).logging(&["500 19 33"]), iis6(0)] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_a_fault_it_is_open() {
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Open);
    }
}
