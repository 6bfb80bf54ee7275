//! `setting-without-effect-here`: a setting stands at a metabase key where IIS 6 does not look for it.

use super::noticed::{each, noticed};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::{Level, Setting, Value, cert_check, entry};
use crate::remedy::{Remedy, Risk, adsutil};
use crate::server::{AnomalyKind, Generation};

pub(super) const RULE: Rule = Rule {
    name: "setting-without-effect-here",
    severity: Severity::Medium,
    confidence: Confidence::Likely,
    title: "A setting is written where it has no effect",
    meaning: "Settings of the endpoint, such as CertCheckMode, count at the site or the web service; SslCtlIdentifier and SslCtlStoreName only \
              at the site; SslUseDsMapper only at the web service; bindings only at a site. IIS 6 lets scripts write them at any key. What is written here is not \
              in effect, so whoever wrote it believes in a protection, or in an exception, that does not exist.",
    sees: "Nothing at first: the intended setting is not in effect.",
    silent: "Silent for settings that count for each URL: AccessSSLFlags, UploadReadAheadSize, AuthFlags. It is only likely, because IIS 6 \
             documents where these settings belong, not what it does with them elsewhere.",
    evidence: "MetaBase.xml",
    fix: "Set it where it counts if it is wanted, and delete it here.",
    remedies: Remedies::iis6(
        &[
            steps::advice("write the property where it counts, if it is wanted: at the site for its endpoint, at W3SVC for SslUseDsMapper"),
            steps::adsutil!("takes it away where it has no effect", "delete W3SVC/SITE-ID/ROOT/PATH/PROPERTY"),
        ],
        steps::NO_METABASE,
    ),
    references: &["MBSchema.xml", "TechNet cc775782, cc787839, cc737514, cc778242"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    each(server, findings, |anomaly| {
        if let AnomalyKind::BindingsWithoutEffect { property, key, value } = &anomaly.kind {
            let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
            let message = format!(
                "{property} is set to {value} at {key}, where it has no effect; it counts at the key of a site and is never inherited"
            );
            return Some(
                noticed(&RULE, server, anomaly, message).subject(format!("{key} {property}")).remedy(removal(key, property)).remedy(
                    Remedy::advice(
                        Risk::Safe,
                        "if it is wanted, add it to the bindings of the site; the whole list is replaced when it is set",
                    ),
                ),
            );
        }
        let AnomalyKind::WithoutEffect { setting, key, value, counts_at } = &anomaly.kind else { return None };
        let property = entry(*setting).iis6.as_ref().map_or(setting.name(), |iis6| iis6.property);
        let message = format!("{property} is set to {value} at {key}, where it has no effect; it counts at {counts_at}");
        let site = anomaly.site.and_then(|index| server.sites.get(index)).and_then(|site| site.id);
        let mut finding = noticed(&RULE, server, anomaly, message).setting(*setting).subject(key).remedy(removal(key, property));
        let level = match (setting, site) {
            (Setting::DsMapper, _) => Some("/LM/W3SVC".to_owned()),
            // A certificate cannot be set as text, and which site a value of the service was meant for cannot be known.
            (Setting::ServerCertificate | Setting::ServerCertificateStore, _) | (_, None) => None,
            // A setting of a URL is at no wrong level; it only lacks the mark that lets keys below see it.
            _ if entry(*setting).level == Level::Url => None,
            (_, Some(id)) => Some(format!("/LM/W3SVC/{id}")),
        };
        finding = finding.remedy(match level {
            Some(level) => {
                let mapper = *setting == Setting::DsMapper && Value::parse(*setting, Generation::Iis6, value).bool() == Some(true);
                let what = match level.as_str() {
                    "/LM/W3SVC" if mapper => {
                        "if it is wanted, puts it into effect for all sites: Active Directory then maps certificates to accounts, and the \
                         1-to-1 and many-to-1 mappings of every site are off"
                    }
                    "/LM/W3SVC" => "if it is wanted, puts it into effect for all sites",
                    _ => "if it is wanted, puts it into effect for the whole site",
                };
                Remedy::offer(risk(*setting, value), what, adsutil::set(&level, property, value.trim()))
            }
            None => Remedy::advice(Risk::Safe, format!("if it is wanted, set it at {counts_at}")),
        });
        Some(finding)
    });
}

fn removal(key: &str, property: &str) -> Remedy {
    Remedy::offer(Risk::Safe, "removes it here, where it does nothing", adsutil::delete(key, property))
}

/// What putting the value into effect risks. A value that cannot be read is not called safe.
fn risk(setting: Setting, value: &str) -> Risk {
    let value = Value::parse(setting, Generation::Iis6, value);
    let weakens = match (setting, &value) {
        (_, Value::Malformed(_)) => true,
        (Setting::CertCheckMode, value) => value.flags().is_none_or(|bits| bits & (cert_check::NO_REVOCATION | cert_check::NO_USAGE) != 0),
        // With no list every root of the machine is accepted.
        (Setting::CtlIdentifier | Setting::CtlStoreName, Value::None) => true,
        // It changes for every site which account a certificate leads to; that mappings of its own let it in as less is not known.
        (Setting::DsMapper, Value::Bool(true)) => true,
        _ => false,
    };
    if weakens { Risk::WeakensSecurity } else { Risk::Safe }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, findings, fixture, metabase, noticed};
    use super::*;

    fn kind(setting: Setting, key: &str, value: &str) -> AnomalyKind {
        AnomalyKind::WithoutEffect { setting, key: key.to_owned(), value: value.to_owned(), counts_at: "the key of the site" }
    }

    #[test]
    fn the_right_level_is_offered_and_marked_when_it_would_weaken_security() {
        let off = kind(Setting::CertCheckMode, "/LM/W3SVC/7/ROOT/app", "1");
        let found = findings(&RULE, &noticed(Generation::Iis6, &off, &[Some("/app")]));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].remedies.iter().map(|remedy| remedy.risk).collect::<Vec<_>>(), [Risk::Safe, Risk::WeakensSecurity]);
        assert!(found[0].remedies[0].command.as_ref().unwrap().ends_with("delete W3SVC/7/ROOT/app/CertCheckMode"));
        assert!(found[0].remedies[1].command.as_ref().unwrap().ends_with("set W3SVC/7/CertCheckMode 1"));
        let cached = kind(Setting::CertCheckMode, "/LM/W3SVC/7/ROOT/app", "2");
        let found = findings(&RULE, &noticed(Generation::Iis6, &cached, &[Some("/app")]));
        assert!(found[0].remedies.iter().all(|remedy| remedy.risk == Risk::Safe));
    }

    #[test]
    fn the_mapper_of_the_whole_service_is_not_offered_without_saying_what_it_switches_off() {
        let found = findings(&RULE, &noticed(Generation::Iis6, &kind(Setting::DsMapper, "/LM/W3SVC/7", "TRUE"), &[None]));
        let remedy = &found[0].remedies[1];
        assert_eq!(remedy.risk, Risk::WeakensSecurity);
        assert!(remedy.what.contains("1-to-1 and many-to-1 mappings of every site are off"), "{}", remedy.what);
        let off = findings(&RULE, &noticed(Generation::Iis6, &kind(Setting::DsMapper, "/LM/W3SVC/7", "FALSE"), &[None]));
        assert_eq!(off[0].remedies[1].risk, Risk::Safe);
    }

    #[test]
    fn a_value_of_the_service_that_belongs_to_sites_gets_no_command_for_a_site() {
        let found = findings(&RULE, &noticed(Generation::Iis6, &kind(Setting::CtlIdentifier, "/LM/W3SVC", "Partners"), &[None]));
        assert_eq!(found[0].remedies.iter().filter(|remedy| remedy.command.is_some()).count(), 1);
    }

    #[test]
    fn custom_elements_at_the_wrong_key_are_reported_and_settings_of_urls_are_not() {
        let found = findings(&RULE, &fixture("metabase/05_custom_elements.xml"));
        let mut settings: Vec<_> = found.iter().map(|finding| finding.setting.unwrap()).collect();
        settings.sort();
        assert_eq!(settings, [Setting::CertCheckMode, Setting::DsMapper]);
        assert!(found.iter().all(|finding| (finding.severity, finding.confidence) == (Severity::Medium, Confidence::Likely)));
    }

    #[test]
    fn bindings_of_the_service_are_reported() {
        let server = metabase(
            r#"<IIsWebService Location="/LM/W3SVC">
               <Custom Name="SecureBindings" ID="2021" Value=":443:" Type="MULTISZ" UserType="IIS_MD_UT_SERVER" Attributes="INHERIT" />
               </IIsWebService><IIsWebServer Location="/LM/W3SVC/1"></IIsWebServer>"#,
        );
        let found = findings(&RULE, &server);
        assert_eq!(found.len(), 1);
        assert!(found[0].message.starts_with("SecureBindings is set to :443: at /LM/W3SVC,"));
    }

    #[test]
    fn a_setting_that_keys_below_cannot_see_gets_no_command_that_changes_its_level() {
        let server = metabase(
            r#"<IIsWebService Location="/LM/W3SVC">
               <Custom Name="AccessSSLFlags" ID="6030" Value="8" Type="DWORD" UserType="IIS_MD_UT_FILE" Attributes="NO_ATTRIBUTES" />
               </IIsWebService><IIsWebServer Location="/LM/W3SVC/1"></IIsWebServer>"#,
        );
        let found = findings(&RULE, &server);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].remedies.iter().filter(|remedy| remedy.command.is_some()).count(), 1);
    }

    #[test]
    fn settings_at_the_right_level_are_silent() {
        let server = metabase(&format!(
            r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" CertCheckMode="1" SslCtlIdentifier="a" SslCtlStoreName="CA"></IIsWebServer>
               <IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="8" UploadReadAheadSize="65536"></IIsWebVirtualDir>"#
        ));
        assert!(findings(&RULE, &server).is_empty());
    }
}
