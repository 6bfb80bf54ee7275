//! `duplicate-binding-in-site`: one binding twice in one site.

use super::endpoints;
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk};
use crate::server::{Binding, Generation, Server, Site};

pub(super) const RULE: Rule = Rule {
    name: "duplicate-binding-in-site",
    severity: Severity::High,
    confidence: Confidence::Firm,
    title: "A site has the same binding twice",
    meaning: "In applicationHost.config protocol and text of a binding are the key of its list, and a repeated key makes the whole file invalid. \
              The binding flags are not part of the key: one binding with SNI and one without are still the same.",
    sees: "IIS 7 and later: no site of the server works, 500.19 with HRESULT 0x800700b7. IIS 6: likely nothing, or a site that does not start.",
    silent: "Bindings that differ in protocol, address, port or host. Medium and likely on IIS 6; likely where only the spelling differs \
             (`*:443:` beside `:443:`), because the list compares the text.",
    evidence: "MetaBase.xml, or applicationHost.config",
    fix: "Delete one of the two.",
    remedies: Remedies::both(
        &[steps::LOOK_BINDINGS, steps::SET_BINDINGS],
        &[steps::advice(
            "delete one of the two elements from applicationHost.config with an editor: the tools do not read the file as long as both are in it",
        )],
    ),
    references: &[
        "MicrosoftDocs/iis-docs: .../sites/site/bindings/binding.md",
        "jexuswebserver/JexusManager: configuration tests",
        "KB942055",
    ],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    for site in &server.sites {
        if site.bindings.len() < 2 {
            continue;
        }
        let mut all: Vec<_> = site.bindings.iter().filter_map(|binding| Some((endpoints::identity(binding)?, binding))).collect();
        // Bindings of one identity stay in the order of the file.
        all.sort_by(|(a, _), (b, _)| a.cmp(b));
        for same in all.chunk_by(|(a, _), (b, _)| a == b) {
            if let [(_, first), (_, second), ..] = same {
                let bindings: Vec<&Binding> = same.iter().map(|(_, binding)| *binding).collect();
                findings.push(report(server, site, first, second, &bindings));
            }
        }
    }
}

fn report(server: &Server, site: &Site, first: &Binding, second: &Binding, all: &[&Binding]) -> Finding {
    // The list of IIS 7 compares the text; which of the bindings are the same text decides how sure it is.
    let same_text = |a: &Binding, b: &Binding| a.written.to_lowercase() == b.written.to_lowercase();
    let exact = all.iter().skip(1).find(|binding| same_text(first, binding)).copied();
    let second = exact.unwrap_or(second);
    let old = server.generation == Generation::Iis6;
    let (severity, confidence) = match (old, exact) {
        (true, _) => (Severity::Medium, Confidence::Likely),
        (false, Some(_)) => (Severity::High, Confidence::Firm),
        (false, None) => (Severity::High, Confidence::Likely),
    };
    let times = if all.len() == 2 { "twice".to_owned() } else { format!("{} times", all.len()) };
    let mut message = format!("The {} binding \"{}\" stands {times} in {}", second.protocol, second.written, site.label());
    if exact.is_none() {
        message.push_str(&format!(", once spelled \"{}\"", first.written));
    }
    if first.flags_written != second.flags_written {
        message.push_str("; the binding flags (the number binding@sslFlags) differ, but they are not part of the key");
    }
    let mut finding = Finding::new(&RULE, server, message)
        .site(site)
        .at(Some(second.place))
        .related(Some(first.place), "the first of them")
        .severity(severity)
        .confidence(confidence)
        .subject(format!("{} {}", second.protocol, second.written));
    finding = finding.sees(match (old, exact) {
        (true, _) => "Likely nothing, or the site does not start.",
        (false, Some(_)) => "No site of the server works: 500.19 with HRESULT 0x800700b7.",
        (false, None) => "The site likely does not start.",
    });
    if old {
        let secure: Vec<&Binding> = site.bindings.iter().filter(|binding| binding.is_https()).collect();
        let mut seen = std::collections::BTreeSet::new();
        let kept: Vec<&str> = secure
            .iter()
            .filter(|binding| endpoints::identity(binding).is_none_or(|identity| seen.insert(identity)))
            .map(|binding| binding.written.as_str())
            .collect();
        if let Some(command) = second.is_https().then(|| endpoints::set_secure_bindings(server, site, &kept)).flatten() {
            return finding.remedy(Remedy::command(Risk::Safe, "writes the complete list without the repetition", command));
        }
    }
    let advice = if old {
        "delete the repeated binding in IIS Manager"
    } else {
        "delete one of the two in an editor: appcmd and IIS Manager cannot load the file while it is invalid"
    };
    finding = finding.remedy(Remedy::advice(Risk::Safe, advice));
    finding
}

#[cfg(test)]
mod tests {
    use super::super::testing::{SERVICE, apphost, findings, fixture, metabase};
    use super::*;

    fn site(bindings: &[(&str, &str)]) -> Vec<Finding> {
        let bindings: String =
            bindings.iter().map(|(protocol, text)| format!(r#"<binding protocol="{protocol}" bindingInformation="{text}" />"#)).collect();
        findings(
            &RULE,
            &apphost(&format!(
                r#"<system.applicationHost><sites><site name="A" id="1"><bindings>{bindings}</bindings></site></sites></system.applicationHost>"#
            )),
        )
    }

    #[test]
    fn the_binding_flags_do_not_make_two_bindings_different() {
        let found = findings(&RULE, &fixture("apphost/F8_rejected_by_iis.config"));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::High, Confidence::Firm));
        assert!(found[0].message.contains("*:443:a.test") && found[0].sees.contains("0x800700b7"), "{}", found[0].message);
        assert_eq!(found[0].related.len(), 1);
    }

    #[test]
    fn another_spelling_is_likely_the_same_binding() {
        let found = site(&[("https", "*:443:"), ("https", ":443:")]);
        assert_eq!((found.len(), found[0].confidence), (1, Confidence::Likely));
        assert_eq!(site(&[("https", "*:443:A.test"), ("HTTPS", "*:443:a.test")])[0].confidence, Confidence::Firm);
    }

    #[test]
    fn different_bindings_and_protocols_are_silent() {
        assert!(site(&[("https", "*:443:a"), ("https", "*:443:b"), ("http", "*:443:a"), ("https", "10.0.0.5:443:a")]).is_empty());
        assert!(site(&[("net.tcp", "808:*"), ("net.tcp", "809:*"), ("net.pipe", "*"), ("net.msmq", "*")]).is_empty());
        assert_eq!(site(&[("net.tcp", "808:*"), ("net.tcp", "808:*")]).len(), 1);
    }

    #[test]
    fn on_iis_6_it_is_medium_and_the_list_is_rewritten_whole() {
        let keys = format!(r#"{SERVICE}<IIsWebServer Location="/LM/W3SVC/1" SecureBindings=":443:  :8443:  :443:"></IIsWebServer>"#);
        let found = findings(&RULE, &metabase(&keys));
        assert_eq!((found.len(), found[0].severity, found[0].confidence), (1, Severity::Medium, Confidence::Likely));
        assert!(found[0].remedies[0].command.as_deref().unwrap().ends_with(r#"SecureBindings ":443:" ":8443:""#));
    }
}
