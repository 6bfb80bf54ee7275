//! `sni-on-old-version`: a binding has flags on a Windows whose IIS does not know them.

use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::{Binding, Generation, WindowsVersion};

pub(super) const RULE: Rule = Rule {
    name: "sni-on-old-version",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A binding has flags that this IIS does not know",
    meaning: "The number `binding@sslFlags`, which chooses SNI and the Central Certificate Store, came with IIS 8 (Windows Server 2012). The schema of \
              IIS 7 and 7.5 does not have the attribute, and an attribute that the schema does not have makes IIS refuse the file. It gets there \
              when a configuration is copied from a newer server.",
    sees: "500.19 with HRESULT 0x8007000d, or the web service does not start.",
    silent: "While the version of Windows is not known: `--windows` names it, or an export of the registry key `Windows NT\\CurrentVersion` does.",
    evidence: "applicationHost.config, and the version of Windows",
    fix: "Take the attribute out of the binding, and give each certificate an IP address of its own.",
    remedies: Remedies::iis7(
        "its bindings have no flags",
        &[steps::advice(
            "remove the attribute from the binding in applicationHost.config: IIS refuses the whole file while it is there, so no tool can do it. Give each certificate an IP address of its own",
        )],
    ),
    references: &["MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md", "KB942055"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(windows) = server.windows.filter(|windows| *windows < WindowsVersion::Server2012) else { return };
    if server.generation != Generation::Iis7 {
        return;
    }
    for site in &server.sites {
        let flagged: Vec<(&Binding, &str)> =
            site.bindings.iter().filter_map(|binding| Some((binding, binding.flags_written.as_deref()?))).collect();
        let Some((first, flags)) = flagged.first() else { continue };
        let more = match flagged.len() - 1 {
            0 => String::new(),
            1 => ", and so has another one".to_owned(),
            more => format!(", and so have {more} others"),
        };
        let message = format!(
            "The binding \"{}\" has the flags (the number binding@sslFlags) {flags}{more}; this is {windows}, whose IIS does not know the attribute",
            first.written
        );
        let mut finding = Finding::new(&RULE, server, message).site(site).at(Some(first.place)).remedy(Remedy::advice(
            Risk::Safe,
            "take the attribute out of the binding in an editor, and give each certificate an IP address of its own",
        ));
        for (binding, flags) in flagged.iter().skip(1).take(5) {
            finding = finding.related(Some(binding.place), format!("\"{}\" with the flags {flags}", binding.written));
        }
        findings.push(finding);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, fixture};
    use super::*;

    fn found(path: &str, windows: Option<WindowsVersion>) -> Vec<Finding> {
        let mut server = fixture(path);
        server.windows = windows;
        findings(&RULE, &server)
    }

    #[test]
    fn flags_on_windows_server_2008_r2_are_refused() {
        let found = found("apphost/F1_consistent_sni.config", Some(WindowsVersion::Server2008R2));
        assert!(!found.is_empty() && found.iter().all(|finding| finding.severity == Severity::High));
        assert!(found[0].message.contains("this is Windows Server 2008 R2"), "{}", found[0].message);
    }

    #[test]
    fn an_unknown_or_newer_version_is_silent() {
        for windows in [None, Some(WindowsVersion::Server2012), Some(WindowsVersion::Server2025)] {
            assert!(found("apphost/F1_consistent_sni.config", windows).is_empty());
        }
    }
}
