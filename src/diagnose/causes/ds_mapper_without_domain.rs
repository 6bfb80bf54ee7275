//! `ds-mapper-without-domain`: certificates are mapped by Active Directory, and no domain controller answers.

use crate::catalogue::{Setting, Value};
use crate::diagnose::{Case, Cause, Judged, Likelihood, Need, needs};
use crate::remedy::Risk;
use crate::rules::Confidence;

pub(super) const CAUSE: Cause = Cause {
    id: "ds-mapper-without-domain",
    statuses: &["500"],
    title: "Certificates are mapped by Active Directory on a machine without a domain or a domain controller in reach",
    meaning: "The directory service mapper needs a domain. Readers of a field article met a plain 500 (`500 0 0`) on machines that are no domain members; the \
              cause of that status was never established.",
    open: "A hint where the mapper is on, because no file that is read tells whether the machine is a domain member. Open while the record is not known.",
    evidence: "the directory service mapper of the record or of the web service, the membership of the machine",
    likelihood: Likelihood::Possible,
    references: &["TechNet cc780105", "field article on client certificates of 2007 and its readers"],
    check,
};

fn check(case: &Case<'_>) -> Judged {
    let mapper = case.ask(Setting::DsMapper, Value::bool);
    if mapper.is_no().is_some() {
        return Judged::excluded_by(Confidence::Firm, mapper.no);
    }
    let domain = Need::command("whether the machine is a member of a domain and reaches a domain controller", "nltest /dsgetdc:");
    let off = case.set(
        Setting::DsMapper,
        Risk::Safe,
        "switches the mapper off, where Active Directory is not to map certificates",
        &Value::Bool(false),
    );
    let judged = if mapper.may_be_yes() {
        Judged::supported(Confidence::Hint, mapper.yes.iter().cloned())
    } else {
        Judged::open().and(mapper.facts())
    };
    judged.needs([domain, needs::log()]).needs(mapper.needs()).remedies(off)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{iis6, iis7};
    use super::*;
    use crate::diagnose::Verdict;

    #[test]
    fn a_mapper_that_is_on_is_a_hint() {
        for case in [iis6(0).with_service("SslUseDsMapper", "TRUE"), iis7(0).with("DefaultFlags", "1")] {
            let judged = case.judge(&CAUSE);
            assert_eq!((judged.verdict, judged.strength), (Verdict::Supported, Confidence::Hint));
        }
    }

    #[test]
    fn a_mapper_that_is_off_excludes_it() {
        assert_eq!(iis6(0).judge(&CAUSE).verdict, Verdict::Excluded);
        assert_eq!(iis7(0).judge(&CAUSE).verdict, Verdict::Excluded);
    }

    #[test]
    fn an_unknown_record_leaves_it_open() {
        assert_eq!(iis7(0).without_records().judge(&CAUSE).verdict, Verdict::Open);
    }
}
