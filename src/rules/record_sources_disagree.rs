//! `record-sources-disagree`: two files hold one SSL record with different values.

use std::collections::BTreeMap;

use super::record_options::{differences, endpoint, shown};
use super::steps::{self, Remedies};
use super::{Confidence, Context, Finding, Rule, Severity};
use crate::httpsys::{Record, Source};
use crate::remedy::{Remedy, Risk};
use crate::server::{EndpointKey, Generation};

pub(super) const RULE: Rule = Rule {
    name: "record-sources-disagree",
    severity: Severity::Low,
    confidence: Confidence::Firm,
    title: "Two files hold the same SSL record with different values",
    meaning: "The record of one key stands in several files, such as a listing and a registry export, and they do not say the same. HTTP.sys has \
              one value: the files were taken at different times, one of them is of another server, or the registry was edited and HTTP.sys not \
              restarted since. Everything that is said about this record may be about a state that is gone.",
    sees: "Nothing on the server; findings about the record may not fit what it does.",
    silent: "For values that one of the files does not state, and for the store names `MY` and none, which are the same. A record that stands twice in \
             one file is a remark on that file.",
    evidence: "Two files with HTTP.sys records of one server",
    fix: "Take both files anew, one right after the other. If they still differ, the registry was edited: what counts is the listing until the \
          HTTP service restarts, and the registry afterwards.",
    remedies: Remedies::iis7(
        "there the metabase holds these settings",
        &[
            steps::SHOW_RECORD,
            steps::run("shows what the registry holds", r"reg query HKLM\SYSTEM\CurrentControlSet\Services\HTTP\Parameters /s"),
            steps::advice("take both files anew, one right after the other, and compare again"),
        ],
    ),
    references: &["win-acme/win-acme#1768", "netsh http (learn.microsoft.com)"],
    check,
};

fn check(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let server = context.server;
    let Some(read) = server.records.as_ref().filter(|_| server.generation != Generation::Iis6) else { return };
    let mut by_key: BTreeMap<&EndpointKey, Vec<&Record>> = BTreeMap::new();
    for record in &read.records {
        by_key.entry(&record.key).or_default().push(record);
    }
    for (key, records) in by_key {
        // The first counts; of each other file its first one is compared.
        let Some((counts, others)) = records.split_first() else { continue };
        let mut files = vec![counts.place.file];
        for other in others {
            if files.contains(&other.place.file) {
                continue;
            }
            files.push(other.place.file);
            let told = differing(counts, other);
            if told.is_empty() {
                continue;
            }
            let list: Vec<String> = told.iter().map(|(here, there)| format!("{here} (there {there})")).collect();
            let kind = |record: &Record| match record.source {
                Source::Listing | Source::Json => "the listing",
                Source::Httpcfg => "the output of httpcfg",
                Source::Registry => "the registry export",
            };
            let (here, there) = if kind(counts) == kind(other) { ("one file", "another one") } else { (kind(counts), kind(other)) };
            let message = format!(
                "The record {key} has other values in {here} than in {there}: {}; {} counts",
                list.join("; "),
                match here {
                    "one file" => "the first",
                    kind => kind,
                }
            );
            let sites = endpoint(server, key).and_then(|endpoint| endpoint.sites.first());
            let mut finding = Finding::new(&RULE, server, message)
                .at(Some(counts.place))
                .related(Some(other.place), format!("the record in {there}"))
                .subject(key.to_string())
                .remedy(Remedy::command(Risk::ReadOnly, "lists the records that HTTP.sys has now", "netsh http show sslcert"));
            if let Some(site) = sites.and_then(|site| server.sites.get(*site)) {
                finding = finding.site(site);
            }
            findings.push(finding);
        }
    }
}

/// What two statements of one record say differently, as `label: value` here and the value there.
fn differing(a: &Record, b: &Record) -> Vec<(String, String)> {
    let value = |text: String| text.split_once(": ").map_or(text.clone(), |(_, value)| value.to_owned());
    let mut told: Vec<(String, String)> =
        differences(a, b).iter().map(|(here, there)| (shown(&here.value), value(shown(&there.value)))).collect();
    let hash = |record: &Record| -> Option<String> {
        let hash = record.certificate.value()?.as_ref()?;
        Some(hash.iter().map(|byte| format!("{byte:02x}")).collect())
    };
    // Nothing and MY are the same store.
    let store = |record: &Record| record.store.value().map(|store| store.clone().unwrap_or_else(|| "MY".to_owned()));
    if let (Some(here), Some(there)) = (store(a), store(b))
        && !here.eq_ignore_ascii_case(&there)
    {
        told.insert(0, (format!("Certificate Store Name: {here}"), there));
    }
    if let (Some(here), Some(there)) = (a.app_id.value(), b.app_id.value())
        && here != there
    {
        told.insert(0, (format!("Application ID: {here}"), there.clone()));
    }
    if let (Some(here), Some(there)) = (hash(a), hash(b))
        && here != there
    {
        told.insert(0, (format!("Certificate Hash: {here}"), there));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::super::testing::{findings, https_site, joined, registry};
    use super::*;
    use crate::input::FileId;
    use crate::server::Server;

    const LISTING: &str = "C:\\>netsh http show sslcert\n\n    IP:port : 0.0.0.0:443\n    Certificate Hash : 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9\n    \
                           Application ID : {4dc3e181-e14b-4a21-b022-59fc669b0914}\n    Certificate Store Name : (null)\n    \
                           Verify Client Certificate Revocation : Enabled\n    Negotiate Client Certificate : Disabled\n";

    /// The listing, and the registry with these values in another file.
    fn both(listing: &str, registry: &str) -> Server {
        let mut server = joined(&https_site(1, "*:443:", "Ssl, SslNegotiateCert"), listing);
        let mut read = server.records.take().unwrap();
        read.records.extend(crate::httpsys::read_registry(registry, FileId(2)).records);
        server.endpoints.retain(|endpoint| !endpoint.sites.is_empty());
        crate::httpsys::join(&mut server, *read);
        server
    }

    #[test]
    fn both_values_and_both_places_are_named_and_which_counts() {
        let found = findings(&RULE, &both(LISTING, &registry(&[("DefaultFlags", 2), ("DefaultSslCertCheckMode", 1)])));
        assert_eq!((found.len(), found[0].severity), (1, Severity::Low));
        for text in [
            "0.0.0.0:443",
            "Negotiate Client Certificate: Disabled (there Enabled)",
            "Revocation: Enabled (there Disabled)",
            "the listing counts",
        ] {
            assert!(found[0].message.contains(text), "{text}: {}", found[0].message);
        }
        assert_eq!((found[0].place.map(|place| place.file), found[0].related[0].place.file), (Some(FileId(1)), FileId(2)));
        let other = LISTING.replace("1f0c6b7c", "2f0c6b7c");
        assert!(findings(&RULE, &both(&other, &registry(&[("DefaultFlags", 0)])))[0].message.contains("Certificate Hash: 2f0c6b7c"));
    }

    #[test]
    fn equal_values_and_what_one_file_does_not_say_are_silent() {
        assert!(findings(&RULE, &both(LISTING, &registry(&[("DefaultFlags", 0), ("DefaultSslRevocationFreshnessTime", 60)]))).is_empty());
        let twice = format!("{LISTING}\n{}", LISTING.replace("Disabled", "Enabled"));
        assert!(findings(&RULE, &joined(&https_site(1, "*:443:", "Ssl"), &twice)).is_empty(), "twice in one file");
    }
}
