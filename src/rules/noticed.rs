//! What rules share that judge what a reader noticed: one finding for each distinct state, and how far a refusal of IIS reaches.

use std::collections::BTreeMap;
use std::hash::Hash;

use super::{Confidence, Finding, Rule, endpoints};
use crate::server::{Anomaly, Server, Site};

/// The file is not what the schema allows.
pub(super) const INVALID_DATA: &str = "0x8007000d";
/// Something that must be unique is there twice.
pub(super) const ALREADY_EXISTS: &str = "0x800700b7";
/// A section is locked above.
pub(super) const LOCK_VIOLATION: &str = "0x80070021";

/// Lets `judge` look at every anomaly. Findings that are the same but for their place become one: the later places are related to the
/// first.
pub(super) fn each(server: &Server, findings: &mut Vec<Finding>, judge: impl Fn(&Anomaly) -> Option<Finding>) {
    let mut known = BTreeMap::new();
    for anomaly in &server.anomalies {
        let Some(finding) = judge(anomaly) else { continue };
        let key = (finding.site.clone(), finding.path.clone(), finding.setting, finding.subject.to_lowercase());
        match known.get(&key).and_then(|index: &usize| findings.get_mut(*index)) {
            Some(first) => {
                if first.place != finding.place {
                    first.related.extend(finding.place.map(|place| super::Related { place, note: "the same again".to_owned() }));
                }
            }
            None => {
                known.insert(key, findings.len());
                findings.push(finding);
            }
        }
    }
}

/// A finding for `anomaly`, with its site, path and places.
pub(super) fn noticed(rule: &'static Rule, server: &Server, anomaly: &Anomaly, message: impl Into<String>) -> Finding {
    let finding = Finding::new(rule, server, message);
    located(
        match site_of(server, anomaly) {
            Some(site) => finding.site(site),
            None => finding,
        },
        anomaly,
    )
}

/// What IIS 7 and later refuse with 500.19.
pub(super) struct Refusal<'a> {
    /// What is wrong, to be put at the start of the message.
    pub(super) what: String,
    /// Element or section path, which tells how far the refusal reaches; empty for the whole file.
    pub(super) within: &'a str,
    /// The HRESULT of the error.
    pub(super) hresult: &'static str,
    /// Whether the refusal is documented or only likely.
    pub(super) confidence: Confidence,
}

/// A finding for something that IIS refuses. Its message and what is seen say with which error, and what is hit.
pub(super) fn refused(rule: &'static Rule, server: &Server, anomaly: &Anomaly, refusal: Refusal<'_>) -> Finding {
    let Refusal { what, within, hresult, confidence } = refusal;
    let reach = reach(server, anomaly, within);
    let hits = match reach {
        Reach::Server => "the whole server".to_owned(),
        Reach::Path(site, path) => format!("only {} at {path} and below", site.label()),
    };
    let refuses = if confidence == Confidence::Firm { "refuses" } else { "most likely refuses" };
    let message = format!("{what}; IIS {refuses} this with 500.19, HRESULT {hresult}, which hits {hits}");
    let finding = Finding::new(rule, server, message).confidence(confidence);
    let finding = match reach {
        Reach::Path(site, _) => finding.site(site),
        Reach::Server => match site_of(server, anomaly) {
            Some(site) => concerning(finding, site),
            None => finding,
        },
    };
    located(finding, anomaly).sees(match reach {
        Reach::Server => format!("500.19 with HRESULT {hresult} on the whole server; sites may not start at all."),
        Reach::Path(..) => format!("500.19 with HRESULT {hresult} for this path and below; the rest of the server works."),
    })
}

/// Names the site without regard to its state: what makes the whole server fail is no smaller because it stands in a stopped site.
pub(super) fn concerning(mut finding: Finding, site: &Site) -> Finding {
    finding.site = Some((site.id, site.name.clone()));
    finding
}

/// Declared sites that share a key, in the order of the keys; at least two in each set, in file order.
pub(super) fn repeated<K: Ord + Hash + Clone>(server: &Server, key: impl Fn(&Site) -> Option<K>) -> Vec<Vec<&Site>> {
    let declared = server.sites.iter().filter(|site| site.declared);
    endpoints::shared(declared.filter_map(|site| Some((key(site)?, site)))).into_values().collect()
}

/// Where the anomaly is, in words: a site's path, or the level of the file.
pub(super) fn whereabouts(server: &Server, anomaly: &Anomaly) -> String {
    match (site_of(server, anomaly), anomaly.path.as_deref()) {
        (Some(site), Some(path)) => format!("{} at {path}", site.label()),
        (Some(site), None) => site.label(),
        (None, _) => "the server level".to_owned(),
    }
}

#[derive(Clone, Copy)]
enum Reach<'a> {
    Server,
    Path(&'a Site, &'a str),
}

fn reach<'a>(server: &'a Server, anomaly: &'a Anomaly, within: &str) -> Reach<'a> {
    // The service that starts sites reads these sections as one, so a fault in one site stops all.
    let global = within.split('/').any(|part| matches!(part, "system.applicationHost" | "sites" | "applicationPools"));
    match site_of(server, anomaly) {
        Some(site) if !global => Reach::Path(site, anomaly.path.as_deref().unwrap_or("/")),
        _ => Reach::Server,
    }
}

fn site_of<'a>(server: &'a Server, anomaly: &Anomaly) -> Option<&'a Site> {
    match (anomaly.site, server.sites.as_slice()) {
        (Some(index), sites) => sites.get(index),
        // A web.config without its server is one site, whose level is that of the file.
        (None, [only]) if server.is_lone_web_config() => Some(only),
        (None, _) => None,
    }
}

fn located(mut finding: Finding, anomaly: &Anomaly) -> Finding {
    if let Some(path) = &anomaly.path {
        finding = finding.path(path);
    }
    for (place, note) in &anomaly.related {
        finding = finding.related(Some(*place), note.clone());
    }
    finding.at(Some(anomaly.place))
}
