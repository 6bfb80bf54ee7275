//! `read-ahead-excessive`: a large read-ahead buffer where no client certificate gives a reason for it.

use super::scopes::{said, set_read_ahead, takers};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, Value};

/// The largest size, in bytes, that needs no reason (TechNet cc737382 warns above it).
const LARGEST: u64 = 65536;

pub(super) const RULE: Rule = Rule {
    name: "read-ahead-excessive",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "A large read-ahead size where no client certificates are wanted",
    meaning: "The read-ahead size was raised, but nothing that gets the value asks for client certificates, the reason for raising it. The buffer is \
              filled for every connection before the request is handed over, so a few clients can bind a lot of memory.",
    sees: "Nothing until many clients send large bodies at once; then memory runs short.",
    silent: "Silent where the path, or one below it with the same value, wants client certificates, at paths that only inherit the value, and at paths \
             that a product's setup writes, such as those of Exchange.",
    evidence: "MetaBase.xml, or applicationHost.config and web.config",
    fix: "Go back to 49152, and raise the size only on the paths that ask for client certificates.",
    remedies: Remedies::both(&[steps::READ_AHEAD_6], &[steps::READ_AHEAD_7]),
    references: &["TechNet cc737382"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let mut wanted = (usize::MAX, Default::default());
    for said in said(server, Setting::UploadReadAheadSize) {
        let Some(size) = said.resolved.known().and_then(Value::number).filter(|size| *size > LARGEST) else { continue };
        if said.scope.product.is_some() {
            continue;
        }
        if wanted.0 != said.site_index {
            wanted = (said.site_index, takers(said.site, Setting::UploadReadAheadSize));
        }
        if said.resolved.origin.place().is_some_and(|place| wanted.1.contains(&place)) {
            continue;
        }
        findings.push(
            Finding::new(&RULE, server, format!("The read-ahead size is {size} bytes, although no client certificates are wanted here"))
                .site(said.site)
                .path(&said.scope.path)
                .setting(Setting::UploadReadAheadSize)
                .at(said.resolved.origin.place())
                .remedy(set_read_ahead(&said, server, "goes back to the usual size", size, 49152)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase, paths};
    use super::*;

    fn iis6(size: u32, access: u32) -> Vec<Finding> {
        findings(
            &RULE,
            &metabase(&format!(
                r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1"></IIsWebServer>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="8" UploadReadAheadSize="{size}"></IIsWebVirtualDir>
                   <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT/app" AccessSSLFlags="{access}"></IIsWebVirtualDir>"#
            )),
        )
    }

    #[test]
    fn a_large_buffer_without_certificates_is_low_and_said_once() {
        let found = iis6(2_097_152, 8);
        assert_eq!((paths(&found), found[0].severity), (vec!["/"], Severity::Low));
        assert!(found[0].remedies[0].what.contains("2097152 bytes become 49152"));
    }

    #[test]
    fn a_path_that_wants_certificates_with_that_value_is_the_reason_for_it() {
        assert!(iis6(2_097_152, 104).is_empty());
        assert!(iis6(65536, 8).is_empty());
        assert!(findings(&RULE, &fixture("metabase/03_url_tree_overrides.xml")).is_empty());
    }
}
