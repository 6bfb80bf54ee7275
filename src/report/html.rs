//! The report of `iisaudit check` as one HTML page for managers and engineers.
//!
//! It promises to be complete in itself: no script, nothing fetched from anywhere, one style whose hash the page's own policy names. Every
//! finding, every known one, every file that could not be read and everything that was not assessed is on it; what is shown in short is
//! counted. It is well-formed XML as well, and the same review gives the same bytes.

mod findings;
mod lists;
mod matrix;
mod overview;

use std::collections::BTreeMap;

pub(super) use matrix::{client_certificates, revocation};

use super::check::Summary;
use super::escape::{Html, Out};
use super::place::Places;
use crate::input::Place;
use crate::review::{Judged, Review, State};
use crate::rules::{Finding, Severity};

/// The look. It is the only style of the page, and the page's policy allows it by its hash.
const STYLE: &str = include_str!("html/style.css");

/// What the policy of the page names: the hash of [`STYLE`], which a test keeps right.
const POLICY: &str = concat!(
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-",
    include_str!("html/style.sha256"),
    "'; base-uri 'none'; form-action 'none'\"/>\n"
);

/// A page in the making: text from files can be added as text only.
pub(super) type Page = Out<Html>;

impl Out<Html> {
    /// Adds text between two pieces of markup.
    pub(super) fn within(&mut self, open: &'static str, text: &str, close: &'static str) -> &mut Self {
        self.markup(open).text(text).markup(close)
    }

    /// Adds a text of the program, in which backticks enclose code.
    pub(super) fn prose(&mut self, text: &'static str) -> &mut Self {
        for (index, part) in text.split('`').enumerate() {
            if index % 2 == 1 {
                self.within("<code>", part, "</code>");
            } else {
                self.text(part);
            }
        }
        self
    }

    /// Adds a place: path, line and column.
    pub(super) fn place(&mut self, places: Places<'_>, place: Place) -> &mut Self {
        self.within("<code class=\"place\">", &text_of(places, place), "</code>")
    }
}

/// `path:line:column`, or `path: record 7`.
fn text_of(places: Places<'_>, place: Place) -> String {
    format!("{}{}", places.path(place.file), places.within(place))
}

/// What every part of the page needs.
#[derive(Debug)]
struct View<'a> {
    review: &'a Review,
    places: Places<'a>,
    summary: Summary,
    /// The anchor of each finding of the review: its fingerprint, made unique.
    anchors: Vec<String>,
    /// What counts at each site, and at each server as a whole.
    at_sites: BTreeMap<SiteKey<'a>, Tally>,
}

/// Server, and id and name of the site; without them the server itself.
type SiteKey<'a> = (&'a str, Option<(Option<u32>, &'a str)>);

/// New findings at one site.
#[derive(Debug, Clone, Copy)]
struct Tally {
    number: usize,
    worst: Severity,
    /// Index of the first of the worst.
    first: usize,
}

impl<'a> View<'a> {
    fn new(review: &'a Review) -> Self {
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        let mut anchors = Vec::with_capacity(review.findings.len());
        let mut at_sites: BTreeMap<SiteKey<'a>, Tally> = BTreeMap::new();
        for (index, judged) in review.findings.iter().enumerate() {
            let finding = &judged.finding;
            let fingerprint = finding.fingerprint();
            let time = times.entry(fingerprint.clone()).or_default();
            *time += 1;
            // Two findings of one meaning are rare, and an anchor must lead to one of them only.
            let anchor = if *time == 1 { format!("f-{fingerprint}") } else { format!("f-{fingerprint}-{time}") };
            anchors.push(anchor);
            if judged.state == State::New {
                let site = finding.site.as_ref().map(|(id, name)| (*id, name.as_str()));
                let tally = at_sites.entry((&finding.server, site)).or_insert(Tally { number: 0, worst: finding.severity, first: index });
                tally.number += 1;
                if finding.severity > tally.worst {
                    (tally.worst, tally.first) = (finding.severity, index);
                }
            }
        }
        View { review, places: Places { inputs: &review.estate.inputs }, summary: Summary::of(review), anchors, at_sites }
    }

    /// The findings in `state`, each with its index.
    fn in_state(&self, state: &'static str) -> Vec<(usize, &'a Judged)> {
        self.review.findings.iter().enumerate().filter(|(_, judged)| judged.state.name() == state).collect()
    }

    fn anchor(&self, index: usize) -> &str {
        self.anchors.get(index).map_or("findings", String::as_str)
    }

    fn new_findings(&self) -> usize {
        self.summary.high + self.summary.medium + self.summary.low + self.summary.info
    }

    /// How many new findings are of this severity.
    fn of_severity(&self, severity: Severity) -> usize {
        match severity {
            Severity::High => self.summary.high,
            Severity::Medium => self.summary.medium,
            Severity::Low => self.summary.low,
            Severity::Info => self.summary.info,
        }
    }
}

/// From the worst to the least.
pub(super) const SEVERITIES: [Severity; 4] = [Severity::High, Severity::Medium, Severity::Low, Severity::Info];

/// The sign that stands beside the word, so that colour is never the only difference.
pub(super) fn sign(severity: Severity) -> &'static str {
    match severity {
        Severity::High => "▲",
        Severity::Medium => "◆",
        Severity::Low => "●",
        Severity::Info => "○",
    }
}

/// A badge with sign and word.
pub(super) fn badge(page: &mut Page, severity: Severity) {
    page.markup(match severity {
        Severity::High => "<span class=\"badge high\"><span aria-hidden=\"true\">▲</span> high</span>",
        Severity::Medium => "<span class=\"badge medium\"><span aria-hidden=\"true\">◆</span> medium</span>",
        Severity::Low => "<span class=\"badge low\"><span aria-hidden=\"true\">●</span> low</span>",
        Severity::Info => "<span class=\"badge info\"><span aria-hidden=\"true\">○</span> info</span>",
    });
}

/// Server, site and path.
pub(super) fn whereabouts(page: &mut Page, finding: &Finding) {
    page.within("<bdi>", &finding.server, "</bdi>");
    match &finding.site {
        Some((Some(id), name)) if name.is_empty() => {
            page.markup(" › site ").text(&id.to_string());
        }
        Some((id, name)) => {
            page.within(" › <bdi>", name, "</bdi>");
            if let Some(id) = id {
                page.within(" <small>(id ", &id.to_string(), ")</small>");
            }
        }
        None => {}
    }
    if let Some(path) = finding.path.as_deref().filter(|path| !path.is_empty()) {
        page.within(" › <code>", path, "</code>");
    }
}

/// Begins a page: everything before its header, with the policy and the style.
pub(super) fn begin(title: &str) -> Page {
    let mut page = Page::default();
    page.markup("<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n<meta charset=\"utf-8\"/>\n");
    page.markup(POLICY);
    page.markup("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n");
    page.markup("<meta name=\"color-scheme\" content=\"light dark\"/>\n<meta name=\"referrer\" content=\"no-referrer\"/>\n");
    page.markup(concat!("<meta name=\"generator\" content=\"iisaudit ", env!("CARGO_PKG_VERSION"), "\"/>\n"));
    page.within("<title>", title, "</title>\n");
    page.markup("<style>").markup(STYLE).markup("</style>\n</head>\n<body>\n");
    page.markup("<a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
    page
}

/// The report.
pub fn render(review: &Review) -> String {
    let view = View::new(review);
    let mut page = begin(&overview::title(&view));
    overview::header(&mut page, &view);
    page.markup("<main id=\"main\">\n");
    overview::section(&mut page, &view);
    matrix::section(&mut page, &view);
    findings::section(&mut page, &view);
    lists::known(&mut page, &view);
    lists::not_assessed(&mut page, &view);
    lists::inputs(&mut page, &view);
    page.markup("</main>\n<footer>\n<p>");
    page.markup(concat!("Made by iisaudit ", env!("CARGO_PKG_VERSION"), " from the files listed above, offline. "));
    page.markup("The page is complete in itself: it holds no script and fetches nothing. ");
    page.markup("<code>iisaudit explain RULE</code> says what a rule means, when it stays silent and where its facts come from. ");
    page.markup("Commands are suggestions for people to read first; nothing was run.</p>\n</footer>\n</body>\n</html>\n");
    page.finish()
}

#[cfg(test)]
mod tests;
