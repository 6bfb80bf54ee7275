//! `configuration-locked`: a web.config or location tag sets what a level above has locked.

use super::configuration::{INVALID, LOCKED, judge};
use crate::diagnose::{Case, Cause, Judged, Likelihood};

pub(super) const CAUSE: Cause = Cause {
    id: "configuration-locked",
    statuses: &["500.19"],
    title: "The configuration sets a section that is locked above",
    meaning: "A section that a level above has locked may not be set below, not even to the same value: IIS refuses every request of that path with HRESULT \
              0x80070021. The access flags and the mapping of certificates are locked by default, so a web.config that sets them works only where \
              somebody unlocked the section.",
    open: "Likely without the result in the log. Open where no lock is found: the server may have other files than those that were given.",
    evidence: "applicationHost.config with the web.config files of the site, the log (sc-win32-status 33), the error page on the server",
    likelihood: Likelihood::Common,
    references: &["KB942055", "MicrosoftDocs/iis-docs: how-to-use-locking-in-iis-configuration.md"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    judge(case, &["locked-section-set"], LOCKED, INVALID, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{iis6, iis7, locked};
    use super::*;
    use crate::diagnose::Verdict;
    use crate::rules::Confidence;

    #[test]
    fn a_section_that_is_set_below_its_lock_supports_it() {
        let case = iis7(0).changed(locked);
        let judged = case.judge(&CAUSE);
        assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Likely));
        assert!(judged.because[0].text.ends_with("(locked-section-set)") && judged.because[0].place.is_some(), "{:?}", judged.because);
        assert_eq!(iis7(0).logging(&["500 19 33"]).judge(&CAUSE).strength, Confidence::Firm);
    }

    #[test]
    fn another_result_in_the_log_and_iis_6_exclude_it() {
        for case in [iis7(0).logging(&["500 19 183"]), iis6(0)] {
            assert_eq!(case.judge(&CAUSE).verdict, Verdict::Excluded);
        }
    }

    #[test]
    fn without_a_lock_it_is_open_and_asks_for_the_error_page() {
        let judged = iis7(0).judge(&CAUSE);
        assert_eq!(judged.verdict, Verdict::Open);
        assert!(judged.needs[0].what.starts_with("the error page"), "{:?}", judged.needs);
    }
}
