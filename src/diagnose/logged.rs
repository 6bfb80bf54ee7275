//! How requests to a site ended, as the logs count them: which statuses, and the result that Windows gave with each.

use std::collections::BTreeMap;

use super::Fact;
use crate::compare::status_matches;
use crate::evidence::log::{Moment, Outcome};
use crate::evidence::{Match, reason, show_win32, site_of};
use crate::explain::status_named;
use crate::input::Place;
use crate::server::Server;

/// One way in which requests to a site ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The status by its name in `explain` where it has one, such as `403.13`; otherwise as in the log.
    pub status: String,
    /// The result that Windows gave with it.
    pub win32: Option<u32>,
    /// The reason in a log of HTTP.sys.
    pub reason: Option<String>,
    /// How many requests.
    pub requests: u64,
    /// The first of them.
    pub first: Option<Moment>,
    /// The last of them.
    pub last: Option<Moment>,
    /// The log, where there is only one.
    place: Option<Place>,
}

impl Logged {
    /// It as a fact.
    pub fn fact(&self) -> Fact {
        let count = if self.requests == 1 { "1 request".to_owned() } else { format!("{} requests", self.requests) };
        let mut text = format!("the log has {count} with {}", self.status);
        if let Some(win32) = self.win32 {
            text.push_str(&format!(" and the result {}", show_win32(win32)));
        }
        if let Some(name) = &self.reason {
            text.push_str(&format!(" and the reason {name}"));
            if let Some(meaning) = reason(name) {
                text.push_str(&format!(" ({meaning})"));
            }
        }
        match (self.first, self.last) {
            (Some(first), Some(last)) if first != last => text.push_str(&format!(", from {first} to {last}")),
            (Some(at), _) | (None, Some(at)) => text.push_str(&format!(", at {at}")),
            (None, None) => {}
        }
        Fact::at(text, self.place)
    }
}

/// How requests to `site` ended, the most frequent first. Nothing where no log was given, or none of its lines is known to be about the site.
pub fn logged(server: &Server, site: usize) -> Vec<Logged> {
    logged_by_site(server).remove(&site).unwrap_or_default()
}

/// The same of every site that the logs are known to speak of, by its index.
pub fn logged_by_site(server: &Server) -> BTreeMap<usize, Vec<Logged>> {
    let Some(summary) = &server.evidence.logs else { return BTreeMap::new() };
    let mut files = summary.files.keys();
    let place = match (files.next(), files.next()) {
        (Some(file), None) => Some(Place { file: *file, line: 1, column: 1 }),
        _ => None,
    };
    type Key = (String, Option<u32>, Option<String>);
    let mut found: BTreeMap<usize, BTreeMap<Key, Logged>> = BTreeMap::new();
    for (of, log) in &summary.sites {
        let Match::One(site, _) = site_of(server, of) else { continue };
        let found = found.entry(site).or_default();
        for (outcome, tally) in &log.outcomes {
            let Some(status) = status(outcome) else { continue };
            let key = (status.clone(), outcome.win32, outcome.reason.clone());
            let one = found.entry(key).or_insert_with(|| Logged {
                status,
                win32: outcome.win32,
                reason: outcome.reason.clone(),
                requests: 0,
                first: None,
                last: None,
                place,
            });
            one.requests = one.requests.saturating_add(tally.requests);
            one.first = [one.first, tally.first].into_iter().flatten().min();
            one.last = one.last.max(tally.last);
        }
    }
    let sorted = |outcomes: BTreeMap<Key, Logged>| {
        let mut outcomes: Vec<Logged> = outcomes.into_values().collect();
        outcomes.sort_by_key(|one| std::cmp::Reverse(one.requests));
        outcomes
    };
    found.into_iter().map(|(site, outcomes)| (site, sorted(outcomes))).collect()
}

/// How the logs call whom they speak of, with the number of its requests, the most frequent first.
pub fn named_in_logs(server: &Server) -> Vec<(String, u64)> {
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    for (of, log) in server.evidence.logs.iter().flat_map(|logs| &logs.sites) {
        let name = of.name.clone().unwrap_or_else(|| of.to_string());
        let requests = names.entry(name).or_default();
        *requests = log.outcomes.values().fold(*requests, |sum, tally| sum.saturating_add(tally.requests));
    }
    let mut names: Vec<(String, u64)> = names.into_iter().collect();
    // What shows as a dash is a log without any column that names a site.
    names.retain(|(name, _)| name != "-");
    names.sort_by_key(|(_, requests)| std::cmp::Reverse(*requests));
    names
}

/// Whether a request was served.
pub(crate) fn is_served(one: &Logged) -> bool {
    one.status.starts_with(['2', '3'])
}

/// The name of the status; `None` where none is logged.
fn status(outcome: &Outcome) -> Option<String> {
    let Some(status) = outcome.status else { return outcome.reason.is_some().then(|| "handshake".to_owned()) };
    let written = match outcome.substatus {
        // The code alone tells this one from any other error within the server.
        Some(0) if status == 500 && matches!(outcome.win32, Some(50 | 0x8007_0032)) => "500.0".to_owned(),
        Some(0) | None => status.to_string(),
        Some(substatus) => format!("{status}.{substatus}"),
    };
    Some(status_named(&written).map_or(written, |(name, _)| name.to_owned()))
}

/// The lines of a status among `logged`.
pub(super) fn of_status<'a>(logged: &'a [Logged], status: &str) -> impl Iterator<Item = &'a Logged> {
    logged.iter().filter(move |one| status_matches(&one.status, status))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::read_log;
    use crate::input::FileId;
    use crate::rules::testing::{apphost, https_site};

    const LOG: &str = "#Software: Microsoft Internet Information Services 10.0\r\n#Fields: date time s-sitename s-port cs-uri-stem sc-status sc-substatus sc-win32-status\r\n\
        2026-11-20 08:00:01 W3SVC1 443 /api 403 13 2148081683\r\n2026-11-20 08:00:05 W3SVC1 443 /api 403 13 2148081683\r\n\
        2026-11-20 08:00:07 W3SVC2 443 /api 403 7 5\r\n2026-11-20 08:00:09 W3SVC1 443 / 500 0 50\r\n";

    #[test]
    fn the_lines_of_the_site_are_counted_and_named_with_their_code() {
        let mut server = apphost(&https_site(1, "*:443:", "Ssl"));
        server.evidence.logs = Some(read_log(LOG.as_bytes(), FileId(4)));
        let found = logged(&server, 0);
        assert_eq!(found.iter().map(|one| one.status.as_str()).collect::<Vec<_>>(), ["403.13", "500.0"]);
        let fact = found[0].fact();
        assert_eq!(
            fact.text,
            "the log has 2 requests with 403.13 and the result 2148081683 (0x80092013) CRYPT_E_REVOCATION_OFFLINE, from 2026-11-20 08:00:01 to 2026-11-20 08:00:05"
        );
        assert_eq!(fact.place.map(|place| place.file), Some(FileId(4)));
        assert_eq!(of_status(&found, "403").count(), 1);
        server.evidence.logs = None;
        assert!(logged(&server, 0).is_empty());
    }
}
