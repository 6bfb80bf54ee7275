//! The top of the page: the verdict, the numbers, what was not assessed, and the servers. The verdict never sounds better than what was
//! assessed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Page, SEVERITIES, View, badge, sign};
use crate::catalogue::entry;
use crate::report::check::missing;
use crate::report::parts::count;
use crate::rules::Severity;
use crate::server::{Notice, Origin, Server, Settings};

/// More servers than this are folded, those with the worst findings first.
const SERVERS: usize = 20;

/// The title of the page.
pub(super) fn title(view: &View<'_>) -> String {
    let servers = match view.review.estate.servers.as_slice() {
        [only] => only.name.clone(),
        servers => count(servers.len(), "server", "servers"),
    };
    format!("{}, {servers} – iisaudit", count(view.new_findings(), "finding", "findings"))
}

/// The numbers of each severity that there is: `4 high, 1 low`.
fn numbers(view: &View<'_>) -> String {
    let numbers = SEVERITIES.iter().map(|severity| (view.of_severity(*severity), severity.name()));
    numbers.filter(|(number, _)| *number > 0).map(|(number, name)| format!("{number} {name}")).collect::<Vec<_>>().join(", ")
}

/// One sentence.
fn verdict(view: &View<'_>) -> String {
    let estate = &view.review.estate;
    let summary = &view.summary;
    if estate.servers.is_empty() {
        return "Nothing was assessed: no configuration of a server was read.".to_owned();
    }
    let all = missing(estate).is_empty();
    let known = summary.baselined + summary.suppressed > 0;
    let new = if known { "new " } else { "" };
    match (view.new_findings(), all) {
        (0, true) if known => {
            format!(
                "Nothing new was found; {} known or suppressed.",
                count(summary.baselined + summary.suppressed, "finding is", "findings are")
            )
        }
        (0, true) => "Nothing was found in what these files decide.".to_owned(),
        (0, false) => format!("No {new}findings, but not everything was assessed."),
        (findings, all) => {
            let findings = count(findings, &format!("{new}finding"), &format!("{new}findings"));
            let rest = if all { "" } else { ", and not everything was assessed" };
            if summary.high + summary.medium > 0 {
                format!("Needs attention: {findings} ({}){rest}.", numbers(view))
            } else {
                format!("{findings} ({}){rest}.", numbers(view))
            }
        }
    }
}

/// The banner and the way around.
pub(super) fn header(page: &mut Page, view: &View<'_>) {
    page.markup("<header>\n<p class=\"product\">iisaudit · SSL and client certificates of IIS</p>\n");
    page.within("<h1>", &verdict(view), "</h1>\n");
    page.markup("<nav aria-label=\"Sections\"><ul>");
    page.markup("<li><a href=\"#overview\">Overview</a></li><li><a href=\"#sites\">Sites</a> <small>").number(view.summary.sites);
    page.markup("</small></li><li><a href=\"#findings\">Findings</a> <small>").number(view.new_findings());
    if view.summary.baselined + view.summary.suppressed > 0 || view.review.baseline.is_some() {
        page.markup("</small></li><li><a href=\"#known\">Known</a> <small>").number(view.summary.baselined + view.summary.suppressed);
    }
    page.markup("</small></li><li><a href=\"#not-assessed\">Not assessed</a> <small>")
        .number(shared_notices(view).len() + unknown(view).len());
    page.markup("</small></li><li><a href=\"#inputs\">Files</a> <small>").number(view.summary.inputs);
    page.markup("</small></li></ul></nav>\n</header>\n");
}

pub(super) fn section(page: &mut Page, view: &View<'_>) {
    page.markup("<section id=\"overview\" aria-labelledby=\"overview-title\">\n<h2 id=\"overview-title\">Overview</h2>\n");
    tiles(page, view);
    facts(page, view);
    callout(page, view);
    servers(page, view);
    page.markup("</section>\n");
}

fn tiles(page: &mut Page, view: &View<'_>) {
    page.markup("<ul class=\"tiles\">\n");
    for severity in SEVERITIES {
        let number = view.of_severity(severity);
        page.markup(match (severity, number) {
            (_, 0) => "<li class=\"tile none\">",
            (Severity::High, _) => "<li class=\"tile high\">",
            (Severity::Medium, _) => "<li class=\"tile medium\">",
            (Severity::Low, _) => "<li class=\"tile low\">",
            (Severity::Info, _) => "<li class=\"tile info\">",
        });
        page.markup("<span class=\"number\">").number(number).markup("</span> <span class=\"label\"><span aria-hidden=\"true\">");
        page.markup(sign(severity)).markup("</span> ");
        if number > 0 {
            page.within("<a href=\"#severity-", severity.name(), "\">").text(severity.name()).markup("</a>");
        } else {
            page.text(severity.name());
        }
        page.markup("</span></li>\n");
    }
    for (number, label) in [(view.summary.baselined, "in the baseline"), (view.summary.suppressed, "suppressed")] {
        if number > 0 {
            page.markup("<li class=\"tile known\"><span class=\"number\">").number(number);
            page.within("</span> <span class=\"label\"><a href=\"#known\">", label, "</a></span></li>\n");
        }
    }
    page.markup("</ul>\n");
}

fn facts(page: &mut Page, view: &View<'_>) {
    let summary = &view.summary;
    page.markup("<p class=\"facts\">");
    match view.review.estate.servers.as_slice() {
        [only] => page.within("<bdi>", &only.name, "</bdi> (").text(&only.generation.to_string()).markup(")"),
        servers => page.text(&count(servers.len(), "server", "servers")),
    };
    page.markup(", ").text(&count(summary.sites, "site", "sites")).markup("; read ");
    page.number(summary.inputs - summary.unreadable).markup(" of ").text(&count(summary.inputs, "file", "files"));
    if summary.unreadable > 0 {
        page.within(", <a href=\"#unreadable\"><strong>", &summary.unreadable.to_string(), " could not be read</strong></a>");
    }
    if summary.skipped > 0 {
        page.markup("; ").text(&count(summary.skipped, "other file is", "other files are")).markup(" no configuration of IIS");
    }
    page.markup(".</p>\n");
}

/// Notices, each with the servers that share it.
pub(super) fn shared_notices<'a>(view: &View<'a>) -> BTreeMap<&'a Notice, Vec<&'a str>> {
    let mut shared: BTreeMap<&Notice, Vec<&str>> = BTreeMap::new();
    for server in &view.review.estate.servers {
        for notice in &server.notices {
            let names = shared.entry(notice).or_default();
            if names.last() != Some(&server.name.as_str()) {
                names.push(&server.name);
            }
        }
    }
    shared
}

/// Settings that are unknown on servers whose notices do not say so, each with what would tell it: a reader may know that a value is
/// unknown without a notice.
pub(super) fn unknown<'a>(view: &View<'a>) -> BTreeMap<(&'static str, &'a str), BTreeSet<&'a str>> {
    let mut unknown: BTreeMap<_, BTreeSet<&str>> = BTreeMap::new();
    for server in view.review.estate.servers.iter().filter(|server| server.notices.is_empty()) {
        let roots = server.sites.iter().filter_map(|site| site.scopes.first()).map(|scope| &scope.settings);
        let all = roots.chain(server.endpoints.iter().map(|endpoint| &endpoint.settings));
        for (setting, resolved) in all.flat_map(Settings::iter) {
            if let Origin::Unknown { needs } = &resolved.origin
                && resolved.lacks_evidence()
            {
                unknown.entry((entry(setting).title, needs.as_ref())).or_default().insert(&server.name);
            }
        }
    }
    unknown
}

/// Notices of one name.
struct Kind<'a> {
    /// What the one says that most servers share.
    message: &'a str,
    /// How many others there are.
    others: usize,
    servers: BTreeSet<&'a str>,
}

fn kinds_of_notices<'a>(view: &View<'a>) -> Vec<Kind<'a>> {
    let mut by_name: BTreeMap<&str, Vec<(&Notice, Vec<&str>)>> = BTreeMap::new();
    for (notice, servers) in shared_notices(view) {
        by_name.entry(notice.name).or_default().push((notice, servers));
    }
    let kind = |notices: Vec<(&'a Notice, Vec<&'a str>)>| {
        // Of equally many the first counts, and `max_by_key` takes the last.
        let (most, _) = notices.iter().rev().max_by_key(|(_, servers)| servers.len())?;
        let servers = notices.iter().flat_map(|(_, servers)| servers.iter().copied()).collect();
        Some(Kind { message: &most.message, others: notices.len() - 1, servers })
    };
    by_name.into_values().filter_map(kind).collect()
}

/// What was not assessed, where nobody overlooks it.
fn callout(page: &mut Page, view: &View<'_>) {
    if missing(&view.review.estate).is_empty() {
        return;
    }
    let kinds = kinds_of_notices(view);
    page.markup("<div class=\"callout\" role=\"note\" aria-labelledby=\"callout-title\">\n");
    page.markup("<h3 id=\"callout-title\"><span aria-hidden=\"true\">?</span> Not assessed</h3>\n");
    page.markup("<p>What follows is unknown, not in order: silence about it means nothing.</p>\n<ul>\n");
    for kind in &kinds {
        page.within("<li><strong>", &servers_in_short(&kind.servers.iter().copied().collect::<Vec<_>>()), "</strong>: ").text(kind.message);
        if kind.others > 0 {
            page.markup(" <a href=\"#not-assessed\">and ").number(kind.others).markup(" more of this kind</a>");
        }
        page.markup("</li>\n");
    }
    let mut silent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for ((setting, _), servers) in unknown(view) {
        silent.entry(setting).or_default().extend(servers);
    }
    for (setting, servers) in silent {
        page.within("<li><strong>", &servers_in_short(&servers.into_iter().collect::<Vec<_>>()), "</strong>: ").text(setting);
        page.markup(", at least in part</li>\n");
    }
    if view.summary.unreadable > 0 {
        let files = count(view.summary.unreadable, "file could not be read", "files could not be read");
        page.within("<li><a href=\"#unreadable\">", &files, "</a></li>\n");
    }
    page.markup("</ul>\n<p><a href=\"#not-assessed\">What would settle it</a></p>\n</div>\n");
}

fn servers_in_short(names: &[&str]) -> String {
    match names {
        [first, second, third, rest @ ..] if !rest.is_empty() => {
            format!("{first}, {second}, {third} and {} more", rest.len())
        }
        names => names.join(", "),
    }
}

/// One row a server, with its numbers, where there are several.
fn servers<'a>(page: &mut Page, view: &View<'a>) {
    let servers = &view.review.estate.servers;
    if servers.len() < 2 {
        return;
    }
    let mut numbers: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    for finding in view.review.new_findings() {
        let row = numbers.entry(&finding.server).or_default();
        if let Some(number) = SEVERITIES.iter().zip(row).find_map(|(severity, number)| (*severity == finding.severity).then_some(number)) {
            *number += 1;
        }
    }
    let mut silent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for ((setting, _), servers) in unknown(view) {
        for server in servers {
            silent.entry(server).or_default().insert(setting);
        }
    }
    let row = |server: &'a Server| {
        let name = server.name.as_str();
        let missing = server.notices.len() + silent.get(name).map_or(0, BTreeSet::len);
        ServerRow { server, numbers: numbers.get(name).copied().unwrap_or_default(), missing }
    };
    let mut rows: Vec<ServerRow<'_>> = servers.iter().map(row).collect();
    if rows.len() > SERVERS {
        rows.sort_by_key(|row| Reverse(row.numbers));
    }
    table(page, rows.get(..SERVERS).unwrap_or(&rows));
    let rest = rows.get(SERVERS..).unwrap_or_default();
    if !rest.is_empty() {
        page.markup("<details>\n<summary>").text(&count(rest.len(), "more server", "more servers")).markup("</summary>\n");
        table(page, rest);
        page.markup("</details>\n");
    }
}

struct ServerRow<'a> {
    server: &'a Server,
    /// Of each severity, from the worst.
    numbers: [usize; 4],
    /// What was not assessed.
    missing: usize,
}

fn table(page: &mut Page, rows: &[ServerRow<'_>]) {
    page.markup("<div class=\"scroll\" role=\"region\" aria-label=\"Servers\" tabindex=\"0\">\n<table class=\"servers\">\n<thead><tr>");
    page.markup("<th scope=\"col\">Server</th><th scope=\"col\">Generation</th><th scope=\"col\" class=\"n\">Sites</th>");
    for severity in SEVERITIES {
        page.markup("<th scope=\"col\" class=\"n\">");
        badge(page, severity);
        page.markup("</th>");
    }
    page.markup("<th scope=\"col\" class=\"n\">Not assessed</th></tr></thead>\n<tbody>\n");
    for ServerRow { server, numbers, missing } in rows {
        page.within("<tr><th scope=\"row\"><bdi>", &server.name, "</bdi></th>");
        page.within("<td>", &server.generation.to_string(), "</td><td class=\"n\">").number(server.sites.len()).markup("</td>");
        for number in numbers {
            page.markup(if *number == 0 { "<td class=\"n zero\">" } else { "<td class=\"n\">" }).number(*number).markup("</td>");
        }
        page.markup("<td class=\"n\">").number(*missing).markup("</td></tr>\n");
    }
    page.markup("</tbody>\n</table>\n</div>\n");
}
