//! `substatus-not-logged`: the log of a site does not tell one 403 from another.

use std::collections::BTreeMap;

use super::disagreement::{identity, names};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::catalogue::access;
use crate::input::Place;
use crate::remedy::{Remedy, Risk, appcmd};
use crate::server::{Bits, Generation, LogFile, LogFormat, Site, log_fields};

pub(super) const RULE: Rule = Rule {
    name: "substatus-not-logged",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "The log does not keep the substatus of refused requests",
    meaning: "Whether a client certificate was missing (403.7), revoked (403.13) or not trusted (403.16) is told by the substatus alone, and why \
              a check failed often by the status code of Windows. Browsers and custom error pages hide both, so what the log does not keep is lost.",
    sees: "In the log every refusal is the same 403.",
    silent: "Both fields are logged by default. Silent for sites that have no https binding and demand neither https nor a certificate, for a custom \
             log format, for IIS Express, and where the server writes one log for all sites.",
    evidence: "applicationHost.config",
    fix: "Log in the W3C format with the fields HttpSubStatus and Win32Status.",
    remedies: Remedies::iis7(
        "the rule reads the log fields of later versions only",
        &[
            steps::site_element!("logs in the W3C format", "logFile", "logFile", "logFormat", "W3C"),
            steps::site_element!(
                "writes the fields; the list replaces the old one whole, so name all that are to stay",
                "logFile",
                "logFile",
                "logExtFileFlags",
                "HttpSubStatus,Win32Status,FIELDS"
            ),
        ],
    ),
    references: &["MicrosoftDocs/iis-docs: iis/configuration/system.applicationHost/sites/site/logFile/index.md", "KB943891"],
    check,
};

const STATUSES: u32 = log_fields::HTTP_SUB_STATUS | log_fields::WIN32_STATUS;

/// What a log lacks, and where that is said. Nothing that is not said is lacking.
fn lack(log: &LogFile) -> Option<(Place, String)> {
    if !log.enabled.value {
        return Some((log.enabled.place?, "logFile@enabled is false, so no request is logged".to_owned()));
    }
    match log.format.value {
        LogFormat::Custom => None,
        LogFormat::Iis => Some((log.format.place?, "logFile@logFormat is IIS, a format without the substatus".to_owned())),
        LogFormat::Ncsa => {
            Some((log.format.place?, "logFile@logFormat is NCSA, a format without the substatus and the status of Windows".to_owned()))
        }
        LogFormat::W3c => {
            let missing = Bits { bits: STATUSES & !log.fields.value.bits, unknown: Vec::new() };
            (missing.bits != 0).then_some(())?;
            let missing = missing.show(log_fields::NAMES).replace(", ", " and ");
            Some((log.fields.place?, format!("logFile@logExtFileFlags lacks {missing}")))
        }
    }
}

/// Whether requests to the site can be refused for want of TLS or of a certificate.
fn matters(site: &Site) -> bool {
    site.has_binding("https")
        || site.scopes.iter().any(|scope| {
            scope.access().is_some_and(|bits| bits & (access::SSL | access::SSL128 | access::NEGOTIATE | access::REQUIRE) != 0)
        })
}

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    if server.generation == Generation::IisExpress {
        return;
    }
    // What siteDefaults says is one finding and not one for each site.
    let mut by_place: BTreeMap<Place, (String, Vec<usize>)> = BTreeMap::new();
    for (index, site) in server.sites.iter().enumerate().filter(|(_, site)| matters(site)) {
        if let Some((place, what)) = site.elements.log.as_deref().and_then(lack) {
            by_place.entry(place).or_insert_with(|| (what, Vec::new())).1.push(index);
        }
    }
    for (place, (what, sites)) in by_place {
        let site = &server.sites[sites[0]];
        let mut finding =
            Finding::new(&RULE, server, format!("{what}: {}", names(server, &sites))).at(Some(place)).subject(identity(server, &sites));
        if sites.len() == 1 {
            finding = finding.site(site);
        }
        let owner = (sites.len() == 1).then_some(site.name.as_str());
        let fields = site.elements.log.as_deref().map_or(log_fields::DEFAULT, |log| log.fields.value.bits) | STATUSES;
        let fields = Bits { bits: fields, unknown: Vec::new() }.show(log_fields::NAMES).replace(", ", ",");
        findings.push(finding.remedy(if what.contains("logExtFileFlags") {
            Remedy::offer(Risk::Safe, "adds the fields to the log", appcmd::set_site(owner, &[("logFile.logExtFileFlags", &fields)]))
        } else if what.contains("logFormat") {
            let what = "logs in the W3C format, whose default fields hold both; whoever reads the logs has to know that format";
            Remedy::offer(Risk::Safe, what, appcmd::set_site(owner, &[("logFile.logFormat", "W3C")]))
        } else {
            Remedy::offer(Risk::Safe, "logs requests again", appcmd::set_site(owner, &[("logFile.enabled", "true")]))
        }));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, findings};
    use super::*;

    fn server(sites: &[(&str, &str, &str)], defaults: &str) -> Vec<Finding> {
        let sites: String = sites
            .iter()
            .map(|(name, protocol, log)| {
                format!(r#"<site name="{name}" id="1"><bindings><binding protocol="{protocol}" bindingInformation="*:443:"/></bindings>{log}</site>"#)
            })
            .collect();
        let sites =
            format!("<system.applicationHost><sites>{sites}<siteDefaults>{defaults}</siteDefaults></sites></system.applicationHost>");
        findings(&RULE, &apphost(&sites))
    }

    fn site(log: &str) -> Vec<Finding> {
        server(&[("A", "https", log)], "")
    }

    #[test]
    fn a_missing_field_is_named_and_added_to_the_others() {
        let found = site(r#"<logFile logExtFileFlags="Date,Win32Status,HttpStatus"/>"#);
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Low, Confidence::Firm));
        assert!(found[0].message.contains("lacks HttpSubStatus:") && found[0].message.contains("\"A\""), "{}", found[0].message);
        let command = found[0].remedies[0].command.as_ref().unwrap();
        assert!(command.contains("[name='A'].logFile.logExtFileFlags:Date,HttpStatus,Win32Status,HttpSubStatus\""), "{command}");
        assert!(site(r#"<logFile logExtFileFlags="Date"/>"#)[0].message.contains("lacks Win32Status and HttpSubStatus"));
    }

    #[test]
    fn other_formats_and_no_log_at_all_lack_it_too() {
        assert!(site(r#"<logFile logFormat="NCSA"/>"#)[0].message.contains("NCSA"));
        assert!(site(r#"<logFile logFormat="IIS"/>"#)[0].remedies[0].command.as_ref().unwrap().contains("logFormat:W3C"));
        assert!(site(r#"<logFile enabled="false"/>"#)[0].message.contains("no request is logged"));
    }

    #[test]
    fn what_the_defaults_say_is_one_finding_for_all_sites_that_take_it() {
        let own = r#"<logFile logExtFileFlags="HttpSubStatus, Win32Status"/>"#;
        let found = server(&[("A", "https", ""), ("B", "https", own), ("C", "https", "")], r#"<logFile logExtFileFlags="Date"/>"#);
        assert_eq!((found.len(), found[0].site.is_none()), (1, true));
        assert!(found[0].message.contains("\"A\"") && found[0].message.contains("\"C\"") && !found[0].message.contains("\"B\""));
        assert!(found[0].remedies[0].command.as_ref().unwrap().contains("/siteDefaults.logFile"));
    }

    #[test]
    fn the_default_fields_a_custom_log_and_a_site_without_tls_are_silent() {
        for log in
            ["", "<logFile/>", r#"<logFile logFormat="W3C" directory="x"/>"#, r#"<logFile logFormat="Custom" logExtFileFlags="Date"/>"#]
        {
            assert!(site(log).is_empty(), "{log}");
        }
        assert!(server(&[("A", "http", r#"<logFile logFormat="NCSA"/>"#)], "").is_empty());
        assert!(site(r#"<application path="/" applicationPool="Clr4IntegratedAppPool"/><logFile enabled="false"/>"#).is_empty());
    }
}
