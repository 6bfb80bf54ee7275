//! Server, site, setting: the servers that there is something to say of first, each with its findings and its sites, each site with every
//! setting that is in effect and where it is said. When there is no more room, servers are rows with their numbers, and then they are counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{OPEN, ROWS, View, bounded, cut, end_table, in_words, place, setting, site, table};
use crate::fleet::{CohortKind, Deviation, Fact, Location, Member, Name};
use crate::report::fleet::cohort;
use crate::report::html::{Page, SEVERITIES, badge, whereabouts};
use crate::report::parts::count;
use crate::report::place::Places;
use crate::rules::Finding;

/// Servers that are told in full, and the bytes that they may take.
const WHOLE: usize = 300;
const WHOLE_BYTES: usize = 950_000;
/// The bytes that the sites of one server may take.
const SERVER_BYTES: usize = 60_000;
/// So many findings of one server are told; `iisaudit check` tells all.
const FINDINGS: usize = 10;
/// So many paths of one site are told; `iisaudit sites` tells all.
const PATHS: usize = 12;
/// Servers as rows.
const LINES: usize = 1000;
const LINES_BYTES: usize = 200_000;
/// So many host names are told.
const HOSTS: usize = 3;

/// A site of a server: name and number.
type SiteKey<'a> = (&'a str, Option<u32>);

/// In what a site differs from its peers, which peers these are, and whether others differ likewise.
type Differs<'a> = Vec<(&'a Deviation, CohortKind, &'a str, bool)>;

#[derive(Default)]
struct Server<'a> {
    name: &'a str,
    /// New findings of each severity, from the worst.
    numbers: [usize; 4],
    findings: Vec<&'a Finding>,
    differs: BTreeMap<SiteKey<'a>, Differs<'a>>,
    /// Values that drifted since an earlier run.
    drifted: usize,
    sites: Vec<&'a Member>,
}

impl Server<'_> {
    fn differing(&self) -> usize {
        self.differs.values().map(Vec::len).sum()
    }

    fn says_something(&self) -> bool {
        !self.findings.is_empty() || !self.differs.is_empty() || self.drifted > 0
    }
}

/// All servers, those with the worst findings first, then those that differ most.
fn servers<'a>(view: &View<'a>) -> Vec<Server<'a>> {
    let survey = view.survey;
    let mut servers: BTreeMap<&'a str, Server<'a>> = BTreeMap::new();
    for name in &survey.members.servers {
        servers.entry(name).or_default();
    }
    for member in &survey.members.members {
        servers.entry(&member.server).or_default().sites.push(member);
    }
    for finding in survey.review.new_findings() {
        let server = servers.entry(&finding.server).or_default();
        for (severity, number) in SEVERITIES.iter().zip(&mut server.numbers) {
            *number += usize::from(*severity == finding.severity);
        }
        server.findings.push(finding);
    }
    for one in &survey.fleet.outliers {
        let site = servers.entry(&one.server).or_default().differs.entry((&one.site, one.site_id)).or_default();
        site.extend(one.deviations.iter().map(|deviation| (deviation, one.kind, one.cohort.as_str(), false)));
    }
    for one in &survey.fleet.groups {
        for (server, site, id) in &one.members {
            let site = servers.entry(server).or_default().differs.entry((site, *id)).or_default();
            site.extend(one.deviations.iter().map(|deviation| (deviation, one.kind, one.cohort.as_str(), true)));
        }
    }
    for drift in survey.changes.iter().flat_map(|changes| &changes.values) {
        servers.entry(&drift.of.server).or_default().drifted += 1;
    }
    let mut servers: Vec<Server<'a>> = servers.into_iter().map(|(name, server)| Server { name, ..server }).collect();
    for server in &mut servers {
        server.findings.sort_by_key(|finding| Reverse(finding.severity));
        let differs = &server.differs;
        server.sites.sort_by_key(|member| Reverse(differs.get(&(&*member.site, member.id)).map_or(0, Vec::len)));
    }
    servers.sort_by_cached_key(|server| (Reverse((server.numbers, server.differing(), server.drifted)), server.name));
    servers
}

fn anchor(index: usize) -> String {
    format!("server-{}", index + 1)
}

pub(super) fn section(page: &mut Page, view: &View<'_>) {
    page.markup("<section id=\"servers\" aria-labelledby=\"servers-title\">\n<h2 id=\"servers-title\">Servers</h2>\n");
    let all = servers(view);
    let telling = all.iter().filter(|server| server.says_something()).count();
    if all.is_empty() {
        page.markup("<p>No configuration of a server was read.</p>\n</section>\n");
        return;
    }
    if telling == 0 {
        page.markup("<p>No server has a new finding, and no site differs from a majority of its peers.</p>\n");
    } else {
        let what = if view.survey.changes.is_some() { "new findings, values that drifted" } else { "new findings" };
        page.within("<p>", &count(telling, "server has ", "servers have "), what);
        page.markup(
            ", or sites that differ from most of their peers; the worst come first. On paper a server is told in full where it is open ",
        );
        page.markup("here.</p>\n");
    }
    // Made first, since links lead only to what is there.
    let (mut whole, mut told) = (Page::default(), Vec::new());
    for (index, server) in all.iter().enumerate().take(WHOLE.min(view.limit)) {
        let mut entry = Page::default();
        self::whole(&mut entry, view, index, server);
        let fits = whole.len() + entry.len() <= WHOLE_BYTES;
        told.push(fits);
        if fits {
            whole.append(&entry);
        }
    }
    if telling > 0 {
        numbers(page, "Servers with most to do");
        for (index, server) in all.iter().enumerate().take(OPEN.min(telling)) {
            row(page, server, told.get(index).copied().unwrap_or_default().then(|| anchor(index)));
        }
        end_table(page);
    }
    page.append(&whole);
    let rest: Vec<&Server<'_>> =
        all.iter().enumerate().filter(|(index, _)| !told.get(*index).copied().unwrap_or_default()).map(|(_, server)| server).collect();
    if !rest.is_empty() {
        page.markup("<details class=\"fold server\">\n<summary><h3>").text(&count(rest.len(), "more server", "more servers"));
        page.markup(
            "</h3> <span class=\"many\">with numbers only</span></summary>\n<p class=\"cut\">There is no room for all that is in effect ",
        );
        page.markup(
            "on them: <code>iisaudit sites</code> shows every setting of a server with its origin, and <code>iisaudit fleet --format ",
        );
        page.markup("ndjson</code> has all of all servers.</p>\n");
        numbers(page, "More servers");
        let shown = bounded(page, &rest, LINES, LINES_BYTES, |page, _, server| row(page, server, None));
        end_table(page);
        let silent = rest.iter().skip(shown).filter(|server| !server.says_something()).count();
        cut(page, rest.len(), shown, "more server", "more servers");
        if rest.len() > shown {
            page.within("<p class=\"cut\">On ", &count(silent, "of these", "of these"), " nothing is new and nothing differs.</p>\n");
        }
        page.markup("</details>\n");
    }
    page.markup("</section>\n");
}

/// Begins a table of servers with their numbers.
fn numbers(page: &mut Page, label: &'static str) {
    table(page, label, "servers");
    page.markup("<th scope=\"col\">Server</th><th scope=\"col\" class=\"n\">Sites</th>");
    for severity in SEVERITIES {
        page.markup("<th scope=\"col\" class=\"n\">");
        badge(page, severity);
        page.markup("</th>");
    }
    page.markup("<th scope=\"col\" class=\"n\">Values that differ</th></tr></thead>\n<tbody>\n");
}

fn row(page: &mut Page, server: &Server<'_>, anchor: Option<String>) {
    page.markup("<tr><th scope=\"row\">");
    match anchor {
        Some(anchor) => page.within("<a href=\"#", &anchor, "\"><bdi>").text(server.name).markup("</bdi></a>"),
        None => page.within("<bdi>", server.name, "</bdi>"),
    };
    page.markup("</th>");
    for number in [server.sites.len()].into_iter().chain(server.numbers).chain([server.differing()]) {
        page.markup(if number == 0 { "<td class=\"n zero\">" } else { "<td class=\"n\">" }).number(number).markup("</td>");
    }
    page.markup("</tr>\n");
}

fn whole(page: &mut Page, view: &View<'_>, index: usize, server: &Server<'_>) {
    page.within("<details class=\"rule server\">\n<summary><h3><bdi>", server.name, "</bdi></h3>");
    for (severity, number) in SEVERITIES.into_iter().zip(server.numbers).filter(|(_, number)| *number > 0) {
        page.markup(" ");
        badge(page, severity);
        page.markup(" <span class=\"tally\">").number(number).markup("</span>");
    }
    page.markup(if server.findings.is_empty() { " <span class=\"many\">" } else { " <span class=\"many\">· " });
    page.text(&count(server.sites.len(), "site", "sites"));
    if server.differing() > 0 {
        page.markup(", ").text(&count(server.differing(), "value that differs", "values that differ"));
    }
    if server.drifted > 0 {
        page.markup(", ").text(&count(server.drifted, "value that drifted", "values that drifted"));
    }
    page.markup("</span></summary>\n");
    page.within("<div class=\"body\" id=\"", &anchor(index), "\">\n");
    if !server.findings.is_empty() {
        found(page, view, &server.findings);
    }
    let shown = bounded(page, &server.sites, ROWS, SERVER_BYTES, |page, _, member| {
        self::member(page, member, server.differs.get(&(&*member.site, member.id)));
    });
    if server.sites.len() > shown {
        let more = count(server.sites.len() - shown, "more site", "more sites");
        page.within("<p class=\"cut\">and ", &more, "; <code>iisaudit sites</code> shows all</p>\n");
    }
    page.markup("</div>\n</details>\n");
}

fn found(page: &mut Page, view: &View<'_>, all: &[&Finding]) {
    let places = Places { inputs: &view.survey.review.estate.inputs };
    page.markup("<ul class=\"found\">\n");
    for finding in all.iter().take(FINDINGS) {
        page.markup("<li>");
        badge(page, finding.severity);
        page.markup(" ");
        whereabouts(page, finding);
        page.within(": ", &finding.message, " ");
        if let Some(at) = finding.place {
            page.place(places, at);
        }
        page.within(" <small>", finding.rule.name, "</small></li>\n");
    }
    page.markup("</ul>\n");
    if all.len() > FINDINGS {
        let more = count(all.len() - FINDINGS, "more finding", "more findings");
        page.within("<p class=\"cut\">and ", &more, "; <code>iisaudit check</code> tells all</p>\n");
    }
}

fn member(page: &mut Page, member: &Member, differs: Option<&Differs<'_>>) {
    let differing = differs.map_or(0, Vec::len);
    page.markup(if differing > 0 {
        "<details class=\"site\" open=\"open\">\n<summary><h4>"
    } else {
        "<details class=\"site\">\n<summary><h4>"
    });
    site(page, &member.site, member.id);
    page.markup("</h4> <span class=\"many\">");
    let hosts = member.hosts();
    for (index, host) in hosts.iter().take(HOSTS).enumerate() {
        page.markup(if index > 0 { ", " } else { "" }).within("<bdi>", host, "</bdi>");
    }
    if hosts.len() > HOSTS {
        page.markup(" and ").number(hosts.len() - HOSTS).markup(" more");
    }
    if differing > 0 {
        page.markup(if hosts.is_empty() { "" } else { "; " });
        page.text(&count(differing, "value that differs", "values that differ"));
    }
    page.markup("</span></summary>\n");
    if let Some(differs) = differs {
        site_values(page, differs, member);
    }
    in_effect(page, member);
    page.markup("</details>\n");
}

fn site_values(page: &mut Page, differs: &Differs<'_>, member: &Member) {
    // A group keeps the place of its first member only; the site knows its own.
    let located = |(one, _, _, shared): &(&Deviation, _, _, bool)| match shared {
        true => member.location(&one.path, &one.setting),
        false => one.location.clone(),
    };
    table(page, "Values that differ", "diff stack");
    page.markup(
        "<th scope=\"col\">What differs</th><th scope=\"col\">Here</th><th scope=\"col\">Most of its peers</th></tr></thead>\n<tbody>\n",
    );
    for all in differs.iter().take(ROWS) {
        let (one, kind, name, shared) = *all;
        page.markup("<tr><th scope=\"row\">");
        setting(page, &one.setting, &one.path);
        page.within("</th><td>", &in_words(&one.setting, &one.value), "<p class=\"as\">");
        place(page, located(all).as_ref());
        page.markup("</p></td><td class=\"most\">").number(one.agree).markup(" of ").number(one.of).within(
            ": ",
            &in_words(&one.setting, &one.expected),
            "",
        );
        page.within(
            "<p class=\"as\">",
            &cohort(kind, name),
            if shared { "; others differ likewise</p></td></tr>\n" } else { "</p></td></tr>\n" },
        );
    }
    end_table(page);
    cut(page, differs.len(), ROWS, "more value", "more values");
}

/// Every setting of a site that is in effect: what is written as rows with its place, then what holds by default, then what is not known. Of
/// a path only what is not as above it.
fn in_effect(page: &mut Page, member: &Member) {
    let paths: Vec<&Name> = member.paths().collect();
    let is_root = |path: &str| path.is_empty() || path == "/";
    let facts = || paths.iter().filter(|path| is_root(path)).flat_map(|path| member.values(path).unwrap_or_default());
    let of_origin = |origin: &'static str| facts().filter(move |fact| &*fact.origin == origin).collect::<Vec<_>>();
    let mut rows: Vec<(&Name, &Fact, Option<Location>)> = Vec::new();
    let (mut told, mut untold) = (0, 0);
    for path in &paths {
        let own: Vec<&Fact> =
            member.values(path).unwrap_or_default().iter().map(|fact| &**fact).filter(|fact| is_said(member, path, fact)).collect();
        if !is_root(path) && !own.is_empty() {
            if told >= PATHS {
                untold += 1;
                continue;
            }
            told += 1;
        }
        rows.extend(own.into_iter().map(|fact| (*path, fact, member.location(path, &fact.setting))));
    }
    if !rows.is_empty() {
        table(page, "Values in effect", "diff stack");
        page.markup(
            "<th scope=\"col\">In effect</th><th scope=\"col\">Value</th><th scope=\"col\">Where it is said</th></tr></thead>\n<tbody>\n",
        );
        for (path, fact, location) in rows {
            page.markup("<tr><th scope=\"row\">");
            setting(page, &fact.setting, if is_root(path) { "" } else { path });
            page.within("</th><td>", &in_words(&fact.setting, &fact.shown), "</td><td>");
            match &*fact.origin {
                "default" => page.markup("<small>not set here, so by default</small>"),
                origin => {
                    place(page, location.as_ref());
                    page.markup(if origin == "inherited" { " <small>inherited</small>" } else { "" })
                }
            };
            page.markup("</td></tr>\n");
        }
        end_table(page);
    }
    if untold > 0 {
        let more = count(untold, "more path", "more paths");
        page.within("<p class=\"cut\">and ", &more, " with values of their own; <code>iisaudit sites</code> shows all</p>\n");
    }
    let by_default = of_origin("default");
    if !by_default.is_empty() {
        page.markup("<p class=\"explain\">Not set, so by default:</p>\n<dl class=\"same\">");
        for fact in by_default {
            page.within("<div><dt>", &fact.setting, "</dt><dd>").text(&in_words(&fact.setting, &fact.shown)).markup("</dd></div>");
        }
        page.markup("</dl>\n");
    }
    let not_known = of_origin("unknown");
    if !not_known.is_empty() {
        page.markup("<p class=\"explain\"><span class=\"unknown\">? Not assessed:</span> ");
        for (index, fact) in not_known.iter().enumerate() {
            page.markup(if index > 0 { ", " } else { "" }).within("<code>", &fact.setting, "</code>");
        }
        page.markup("</p>\n");
    }
}

/// Whether a value has a row of its own: at the root what anything says, at a path what differs from the path above, or is said there.
fn is_said(member: &Member, path: &str, fact: &Fact) -> bool {
    match &*fact.origin {
        "unknown" => false,
        "explicit" => true,
        origin if path.is_empty() || path == "/" => origin != "default",
        _ => member.value_above(path, &fact.setting).is_none_or(|above| above.value != fact.value),
    }
}
