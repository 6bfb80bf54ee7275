//! `legacy-certificate-residue`: certificate properties of IIS 6 that make IIS delete the certificate of a binding.

use super::noticed::{each, noticed};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Setting, entry};
use crate::remedy::{Remedy, Risk, appcmd};
use crate::server::AnomalyKind;

pub(super) const RULE: Rule = Rule {
    name: "legacy-certificate-residue",
    severity: Severity::Medium,
    confidence: Confidence::Firm,
    title: "Certificate properties of IIS 6 are left in customMetadata",
    meaning: "After an upgrade from IIS 6 customMetadata can still hold the certificate property 5506 of a site. The part of IIS that serves \
              metabase scripts then deletes the HTTP.sys record of the site's binding from time to time and creates it anew, so https \
              fails until someone binds the certificate again.",
    sees: "https stops working from time to time; the System log has event 15300 of HttpEvent.",
    silent: "Silent for properties that have nothing to do with certificates. For other properties than 5506 it is only likely.",
    evidence: "applicationHost.config",
    fix: "Remove the property elements from customMetadata, then bind the certificate once more.",
    remedies: Remedies::iis7(
        "these properties are in use there",
        &[
            steps::LOOK_METADATA,
            steps::advice(
                "while no tool writes the file: remove the `property` elements that the finding names from system.applicationHost/customMetadata, then bind the certificate once more",
            ),
        ],
    ),
    references: &["KB2025598"],
    check,
};

/// The property that is documented to do the harm.
const CERTIFICATE_HASH: u32 = 5506;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        let AnomalyKind::CertificateResidue { key, id } = &anomaly.kind else { return None };
        let property = Setting::ALL.iter().find_map(|setting| entry(*setting).iis6.as_ref().filter(|iis6| iis6.id == *id));
        let name = property.map_or_else(String::new, |iis6| format!(" ({})", iis6.property));
        let message = format!(
            "customMetadata holds property {id}{name} of IIS 6 for {key}: the certificate of the site's binding can disappear from time to time, \
             HttpEvent 15300"
        );
        let finding = noticed(&RULE, server, anomaly, message)
            .confidence(if *id == CERTIFICATE_HASH { Confidence::Firm } else { Confidence::Likely })
            .subject(format!("{key} {id}"))
            .remedy(Remedy::offer(
                Risk::ReadOnly,
                "shows all properties that are left",
                appcmd::list_config("", "system.applicationHost/customMetadata", None),
            ))
            .remedy(Remedy::advice(
                Risk::Safe,
                format!("remove <property id=\"{id}\" .../> of this key from applicationHost.config, then bind the certificate once more"),
            ));
        Some(finding)
    });
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings, fixture, noticed};
    use super::*;
    use crate::server::Generation;

    #[test]
    fn the_certificate_hash_of_an_upgraded_site_is_reported_and_other_properties_are_not() {
        let found = findings(&RULE, &fixture("apphost/F9_upgrade_leftover_5506.config"));
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].severity, found[0].confidence), (Severity::Medium, Confidence::Firm));
        assert_eq!(found[0].site, Some((Some(91), "Migrated".to_owned())));
        assert!(found[0].message.contains("5506 (SSLCertHash)") && found[0].message.contains("15300"));
    }

    #[test]
    fn other_certificate_properties_are_only_likely() {
        let kind = AnomalyKind::CertificateResidue { key: "LM/W3SVC/7".to_owned(), id: 5511 };
        assert_eq!(findings(&RULE, &noticed(Generation::Iis7, &kind, &[Some("/")]))[0].confidence, Confidence::Likely);
    }

    #[test]
    fn custom_metadata_without_certificate_properties_is_silent() {
        let server = apphost(
            r#"<system.applicationHost><customMetadata><key path="LM/W3SVC/1"><property id="1002" dataType="String" value="x" /></key>
               </customMetadata></system.applicationHost>"#,
        );
        assert!(findings(&RULE, &server).is_empty());
    }
}
