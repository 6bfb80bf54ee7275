//! `log-targets-incomplete`: a benchmark asks for a log in a file and in Event Tracing, and the site writes one of them or none.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Profile, Rule, Severity};
use crate::remedy::{Remedy, Risk, appcmd};
use crate::server::{Generation, LOG_TARGETS, LogFile, LogFormat, WindowsVersion};

pub(super) const RULE: Rule = Rule {
    name: "log-targets-incomplete",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "The log does not go where the benchmark asks",
    meaning: "The STIG asks that a site log to a file and to Event Tracing for Windows (ETW), CIS that it log to ETW: `logFile@logTargetW3C` names both. \
              The default is the file alone.",
    sees: "Nothing: live consumers of the log see no requests of the site.",
    silent: "Runs under a profile only. Silent where the server writes one log for all sites, for a custom log format, on IIS 6 and IIS Express, and \
             before Windows Server 2012 R2, which brought the attribute, where the version is known.",
    evidence: "applicationHost.config",
    fix: "Set logTargetW3C to File,ETW for the site or in siteDefaults.",
    remedies: Remedies::iis7(
        "IIS 6 logs to a file only",
        &[steps::site_element!(
            "logs to a file and to ETW; from Windows Server 2012 R2 on",
            "logFile",
            "logFile",
            "logTargetW3C",
            "File,ETW"
        )],
    ),
    references: &[
        "STIG IIS 10.0 Site V2R15: V-218739",
        "CIS IIS 10: 5.3",
        "MicrosoftDocs/iis-docs: iis/configuration/system.applicationHost/sites/site/logFile/index.md",
    ],
    check,
};

const FILE: u32 = 1;
const ETW: u32 = 2;

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(profile) = context.profile.filter(|_| server.generation == Generation::Iis7) else { return };
    if server.windows.is_some_and(|windows| windows < WindowsVersion::Server2012R2) {
        return;
    }
    let wanted = match profile {
        Profile::Stig => FILE | ETW,
        Profile::Cis => ETW,
    };
    for site in server.sites.iter().filter(|site| site.declared && (site.has_binding("https") || site.has_binding("http"))) {
        let Some(log) = &site.elements.log else { continue };
        let Some(message) = lack(log, wanted) else { continue };
        let values = [("logFile.enabled", "true"), ("logFile.logFormat", "W3C"), ("logFile.logTargetW3C", "File,ETW")];
        findings.push(
            Finding::new(&RULE, server, message)
                .site(site)
                .at(log.target.place.or(log.enabled.place).or(log.format.place).or(site.place))
                .remedy(Remedy::offer(Risk::Safe, "logs to a file and to ETW", appcmd::set_site(Some(&site.name), &values))),
        );
    }
}

fn lack(log: &LogFile, wanted: u32) -> Option<String> {
    if !log.enabled.value {
        return Some("logFile@enabled is false, so nothing is logged".to_owned());
    }
    match log.format.value {
        LogFormat::Custom => return None,
        LogFormat::Iis | LogFormat::Ncsa => return Some("logFile@logFormat is not W3C, and only that format is written to ETW".to_owned()),
        LogFormat::W3c => {}
    }
    if log.target.value.bits & wanted == wanted {
        return None;
    }
    let shown = log.target.value.show(LOG_TARGETS);
    let shown = if shown.is_empty() { "nothing" } else { &shown };
    Some(match log.target.place {
        Some(_) => format!("logFile@logTargetW3C is {shown}; asked for is {}", if wanted == ETW { "ETW" } else { "File and ETW" }),
        None => format!(
            "logFile@logTargetW3C is not set, so the log goes to a file only; asked for is {}",
            if wanted == ETW { "ETW" } else { "File and ETW" }
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::apphost;
    use super::*;

    fn found(log: &str, profile: Profile) -> Vec<String> {
        let server = apphost(&format!(
            r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><bindings><binding protocol="http" bindingInformation="*:80:"/></bindings>{log}</site></sites></system.applicationHost>"#
        ));
        let mut findings = Vec::new();
        (RULE.check)(&Context { profile: Some(profile), ..Context::new(&server) }, &mut findings);
        findings.into_iter().map(|finding| finding.message).collect()
    }

    #[test]
    fn the_stig_wants_both_targets_and_cis_wants_etw() {
        assert!(found(r#"<logFile logTargetW3C="File,ETW"/>"#, Profile::Stig).is_empty());
        assert!(found(r#"<logFile logTargetW3C="ETW"/>"#, Profile::Cis).is_empty());
        assert!(found(r#"<logFile logTargetW3C="ETW"/>"#, Profile::Stig)[0].contains("is ETW; asked for is File and ETW"));
        assert!(found("", Profile::Stig)[0].contains("not set"));
    }

    #[test]
    fn a_log_that_is_off_or_in_another_format_is_told_and_a_custom_one_is_not() {
        assert!(found(r#"<logFile enabled="false"/>"#, Profile::Cis)[0].contains("nothing is logged"));
        assert!(found(r#"<logFile logFormat="NCSA"/>"#, Profile::Cis)[0].contains("not W3C"));
        assert!(found(r#"<logFile logFormat="Custom"/>"#, Profile::Cis).is_empty());
    }
}
