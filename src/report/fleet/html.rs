//! The estate as one HTML page for managers and engineers, in the look and under the policy of the page of `iisaudit check`.
//!
//! It promises to be complete in itself, to blame nobody without a majority, and to stay small however many servers there are: every list
//! ends at a bound and says how many entries are left out. What was not assessed is shown as such and never as agreement.

mod changes;
mod servers;

use std::cmp::Reverse;

use super::changes::in_a_sentence;
use super::counts::{SummaryJson, is_own, notices, rules, server_settings, settings, summary, switches};
use super::{Survey, cohort, in_words};
use crate::catalogue::{Setting, entry};
use crate::fleet::{CohortKind, Deviation, Location, NodeRow, Split, Twins};
use crate::report::html::{Page, SEVERITIES, badge, begin, sign};
use crate::report::parts::count;
use crate::rules::{Severity, rule};

/// So many entries of each list are on the page, as long as there is room for them.
const LIMIT: usize = 200;
/// So many rows stand within one entry of a list.
const ROWS: usize = 20;
/// So many values of a setting have a bar, and so many nodes or members are named.
const VALUES: usize = 8;
/// So many entries of a list are open, and so many servers are in the first table.
const OPEN: usize = 10;
/// Length of a whole bar.
const WHOLE: usize = 1000;

/// So many bytes each part of the page may take. Together they are less than 4 MB, which any browser shows at once.
mod room {
    pub(super) const COHORTS: usize = 150_000;
    pub(super) const VALUES: usize = 150_000;
    pub(super) const OUTLIERS: usize = 350_000;
    pub(super) const GROUPS: usize = 250_000;
    pub(super) const SPLITS: usize = 150_000;
    pub(super) const TWINS: usize = 350_000;
    pub(super) const RULES: usize = 100_000;
    pub(super) const NOT_ASSESSED: usize = 150_000;
}

/// The report as a page.
pub fn html(survey: &Survey<'_>) -> String {
    render(survey, LIMIT)
}

fn render(survey: &Survey<'_>, limit: usize) -> String {
    let view = View { survey, all: summary(survey), unknown: unknown(survey), limit };
    let mut page = begin(&title(&view));
    header(&mut page, &view);
    page.markup("<main id=\"main\">\n");
    overview(&mut page, &view);
    changes::section(&mut page, &view);
    values(&mut page, &view);
    outliers(&mut page, &view);
    groups(&mut page, &view);
    splits(&mut page, &view);
    twins(&mut page, &view);
    findings(&mut page, &view);
    servers::section(&mut page, &view);
    not_assessed(&mut page, &view);
    page.markup("</main>\n<footer>\n<p>");
    page.markup(concat!("Made by iisaudit ", env!("CARGO_PKG_VERSION"), " offline. "));
    page.markup("The page is complete in itself: it holds no script and fetches nothing. Longer lists are cut where they say so; ");
    page.markup("<code>iisaudit fleet --format json</code> has all of each, and <code>iisaudit check</code> tells every finding with its ");
    page.markup("remedies.</p>\n</footer>\n</body>\n</html>\n");
    page.finish()
}

/// What every part of the page needs.
struct View<'a> {
    survey: &'a Survey<'a>,
    all: SummaryJson,
    /// Whether anything of what was compared or checked was not assessed.
    unknown: bool,
    limit: usize,
}

fn unknown(survey: &Survey<'_>) -> bool {
    let estate = &survey.review.estate;
    survey.fleet.cohorts.iter().any(|one| one.not_assessed > 0)
        || estate.servers.iter().any(|server| !server.notices.is_empty())
        || estate.inputs.iter().any(|input| input.error.is_some())
        || settings(survey.members).iter().any(|one| one.not_assessed > 0)
}

fn title(view: &View<'_>) -> String {
    format!("Estate of {}, {} – iisaudit", count(view.all.servers, "server", "servers"), count(view.all.sites, "site", "sites"))
}

/// One sentence, which never sounds better than what was assessed.
fn verdict(view: &View<'_>) -> String {
    let all = &view.all;
    if all.servers == 0 {
        return "Nothing was compared: no configuration of a server was read.".to_owned();
    }
    let new = all.high + all.medium + all.low + all.info;
    let found = match new {
        0 => "no new findings".to_owned(),
        _ => {
            let numbers = [(all.high, "high"), (all.medium, "medium"), (all.low, "low"), (all.info, "info")];
            let numbers: Vec<_> =
                numbers.iter().filter(|(number, _)| *number > 0).map(|(number, name)| format!("{number} {name}")).collect();
            format!("{} ({})", count(new, "finding", "findings"), numbers.join(", "))
        }
    };
    let differs = if !view.survey.fleet.agrees() {
        let what = [(all.outliers, "outlier", "outliers"), (all.groups, "group", "groups"), (all.splits, "split", "splits")];
        let mut what: Vec<_> =
            what.iter().filter(|(number, _, _)| *number > 0).map(|(number, one, many)| count(*number, one, many)).collect();
        if all.twins_that_differ > 0 {
            what.push(count(all.twins_that_differ, "set of twins that differ", "sets of twins that differ"));
        }
        what.join(", ")
    } else if view.survey.fleet.cohorts.iter().any(|one| one.compared > 0) {
        "all known values agree".to_owned()
    } else {
        "no site has peers to compare it with".to_owned()
    };
    let servers = count(all.servers, "server", "servers");
    format!("{servers}: {differs}; {found}{}.", if view.unknown { ", and not everything was assessed" } else { "" })
}

fn header(page: &mut Page, view: &View<'_>) {
    page.markup("<header>\n<p class=\"product\">iisaudit · SSL and client certificates of IIS · the estate</p>\n");
    page.within("<h1>", &verdict(view), "</h1>\n");
    if let Some(changes) = view.survey.changes {
        page.within("<p>", &in_a_sentence(changes), "</p>\n");
    }
    page.markup("<nav aria-label=\"Sections\"><ul>");
    let all = &view.all;
    page.markup("<li><a href=\"#overview\">Overview</a></li>");
    if view.survey.changes.is_some() {
        page.markup("<li><a href=\"#changes\">Changes</a></li>");
    }
    page.markup("<li><a href=\"#values\">Settings</a></li><li><a href=\"#outliers\">Outliers</a> <small>");
    page.number(all.outliers).markup("</small></li><li><a href=\"#groups\">Groups</a> <small>").number(all.groups);
    page.markup("</small></li><li><a href=\"#splits\">Splits</a> <small>").number(all.splits);
    page.markup("</small></li><li><a href=\"#twins\">Twins</a> <small>").number(all.twins_that_differ);
    page.markup("</small></li><li><a href=\"#findings\">Findings</a> <small>").number(all.high + all.medium + all.low + all.info);
    page.markup("</small></li><li><a href=\"#servers\">Servers</a> <small>").number(all.servers);
    page.markup("</small></li><li><a href=\"#not-assessed\">Not assessed</a></li></ul></nav>\n</header>\n");
}

/// Says how many entries of a list are left out, where any are.
fn cut(page: &mut Page, all: usize, shown: usize, one: &'static str, many: &'static str) {
    if all > shown {
        page.within("<p class=\"cut\">and ", &count(all - shown, one, many), "; <code>iisaudit fleet --format json</code> has all</p>\n");
    }
}

/// Adds entries of a list, at most so many, and as long as they take no more than so many bytes. Gives how many there are.
fn bounded<'t, T>(page: &mut Page, all: &'t [T], entries: usize, bytes: usize, mut add: impl FnMut(&mut Page, usize, &'t T)) -> usize {
    let (begin, mut shown) = (page.len(), 0);
    for one in all.iter().take(entries) {
        let mut entry = Page::default();
        add(&mut entry, shown, one);
        if page.len() - begin + entry.len() <= bytes {
            page.append(&entry);
            shown += 1;
        }
    }
    shown
}

/// A bar, as long as the share is large. What is there at all can be seen.
fn bar(page: &mut Page, kind: Bar, number: usize, of: usize) {
    let length = number.saturating_mul(WHOLE).checked_div(of).unwrap_or_default().min(WHOLE);
    let length = if number > 0 { length.max(WHOLE / 100) } else { 0 };
    page.markup("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"bar\" viewBox=\"0 0 1000 10\" preserveAspectRatio=\"none\" aria-hidden=\"true\">");
    page.markup("<rect class=\"rail\" width=\"1000\" height=\"10\"/>");
    page.markup(match kind {
        Bar::Most => "<rect class=\"most\" height=\"10\" width=\"",
        Bar::Other => "<rect class=\"other\" height=\"10\" width=\"",
        Bar::Unknown => "<rect class=\"open\" height=\"10\" width=\"",
    });
    page.number(length).markup("\"/></svg>");
}

/// What a bar stands for; the words beside it say so, too.
#[derive(Debug, Clone, Copy)]
enum Bar {
    Most,
    Other,
    Unknown,
}

/// Begins a table that scrolls when it is too wide.
fn table(page: &mut Page, label: &'static str, class: &'static str) {
    page.within("<div class=\"scroll\" role=\"region\" aria-label=\"", label, "\" tabindex=\"0\">\n");
    page.within("<table class=\"", class, "\">\n<thead><tr>");
}

fn end_table(page: &mut Page) {
    page.markup("</tbody>\n</table>\n</div>\n");
}

/// Begins an entry that is open where it is one of the first.
fn fold(page: &mut Page, index: usize) {
    page.markup(if index < OPEN { "<details class=\"rule\" open=\"open\">\n<summary>" } else { "<details class=\"rule\">\n<summary>" });
}

fn site(page: &mut Page, name: &str, id: Option<u32>) {
    page.within("<bdi>", name, "</bdi>");
    if let Some(id) = id {
        page.within(" <small>(id ", &id.to_string(), ")</small>");
    }
}

fn setting(page: &mut Page, name: &str, path: &str) {
    match Setting::ALL.iter().find(|one| one.name() == name) {
        Some(known) => page.text(entry(*known).title).markup(" "),
        None => page.markup(""),
    };
    page.within("<code>", name, "</code>");
    if !path.is_empty() {
        page.within(" at <code>", path, "</code>");
    }
}

fn place(page: &mut Page, at: Option<&Location>) {
    match at {
        Some(at) => page.within("<code class=\"place\">", &format!("{}:{}:{}", at.file, at.line, at.column), "</code>"),
        None => page.markup("<small>no place</small>"),
    };
}

/// Names, the first of them at least.
fn names<'n>(page: &mut Page, names: impl Iterator<Item = &'n str>, all: usize) {
    let mut shown = 0;
    for name in names.take(VALUES) {
        page.markup(if shown > 0 { ", " } else { "" }).within("<bdi>", name, "</bdi>");
        shown += 1;
    }
    if all > shown {
        page.markup(" and ").number(all - shown).markup(" more");
    }
}

fn overview(page: &mut Page, view: &View<'_>) {
    let all = &view.all;
    page.markup(
        "<section id=\"overview\" aria-labelledby=\"overview-title\">\n<h2 id=\"overview-title\">Overview</h2>\n<ul class=\"tiles\">\n",
    );
    for (number, label, target) in [
        (all.servers, if all.servers == 1 { "server" } else { "servers" }, "#servers"),
        (all.sites, if all.sites == 1 { "site" } else { "sites" }, "#values"),
        (all.outliers, if all.outliers == 1 { "outlier" } else { "outliers" }, "#outliers"),
        (all.groups, if all.groups == 1 { "group" } else { "groups" }, "#groups"),
        (all.splits, if all.splits == 1 { "split" } else { "splits" }, "#splits"),
        (all.twins_that_differ, "twins that differ", "#twins"),
    ] {
        page.markup(if number == 0 {
            "<li class=\"tile none\"><span class=\"number\">"
        } else {
            "<li class=\"tile\"><span class=\"number\">"
        });
        page.number(number).within("</span> <span class=\"label\"><a href=\"", target, "\">").text(label).markup("</a></span></li>\n");
    }
    page.markup("</ul>\n<ul class=\"tiles\" aria-label=\"New findings\">\n");
    for (severity, number) in SEVERITIES.into_iter().zip([all.high, all.medium, all.low, all.info]) {
        page.markup(match (severity, number) {
            (_, 0) => "<li class=\"tile none\">",
            (Severity::High, _) => "<li class=\"tile high\">",
            (Severity::Medium, _) => "<li class=\"tile medium\">",
            (Severity::Low, _) => "<li class=\"tile low\">",
            (Severity::Info, _) => "<li class=\"tile info\">",
        });
        page.markup("<span class=\"number\">").number(number).markup("</span> <span class=\"label\"><span aria-hidden=\"true\">");
        page.markup(sign(severity)).markup("</span> <a href=\"#findings\">").text(severity.name());
        page.markup("</a></span></li>\n");
    }
    page.markup("</ul>\n<p class=\"facts\">Read ").number(all.inputs - all.unreadable).markup(" of ");
    page.text(&count(all.inputs, "file", "files"));
    if all.unreadable > 0 {
        page.markup(", <a href=\"#unreadable\"><strong>").number(all.unreadable).markup(" could not be read</strong></a>");
    }
    page.markup(". A majority is ").number(usize::from(view.survey.thresholds.majority)).markup(" percent of at least ");
    page.number(view.survey.thresholds.min_size).markup(" known values; where there is none, nobody is blamed.</p>\n");
    callout(page, view);
    cohorts(page, view);
    page.markup("</section>\n");
}

fn callout(page: &mut Page, view: &View<'_>) {
    let empty: Vec<&str> = view.survey.fleet.cohorts.iter().filter(|one| one.members == 0).map(|one| one.name.as_str()).collect();
    if !empty.is_empty() {
        page.markup("<div class=\"callout bad\">\n<h3><span aria-hidden=\"true\">!</span> Declared cohorts without a site</h3>\n<p>");
        names(page, empty.iter().copied(), empty.len());
        page.markup("</p>\n</div>\n");
    }
    if view.unknown {
        let values: usize = view.survey.fleet.cohorts.iter().map(|one| one.not_assessed).sum();
        page.markup("<div class=\"callout\" role=\"note\">\n<h3><span aria-hidden=\"true\">?</span> Not assessed</h3>\n<p>");
        if values > 0 {
            page.text(&count(values, "value that would be compared is", "values that would be compared are"));
            page.markup(" unknown. ");
        }
        page.markup("What is unknown is neither in order nor a deviation: silence about it means nothing. ");
        page.markup("<a href=\"#not-assessed\">What would settle it</a></p>\n</div>\n");
    }
}

fn cohorts(page: &mut Page, view: &View<'_>) {
    let all = &view.survey.fleet.cohorts;
    if all.is_empty() {
        return;
    }
    page.markup("<h3>Peers</h3>\n<p>Sites are compared with these others.</p>\n");
    table(page, "Cohorts", "servers");
    for (class, head) in [
        ("", "Cohort"),
        ("n", "Sites"),
        ("n", "Servers"),
        ("n", "Settings compared"),
        ("n", "All agree"),
        ("n", "Outliers"),
        ("n", "Groups"),
        ("n", "Splits"),
        ("n", "Not assessed"),
    ] {
        page.within("<th scope=\"col\" class=\"", class, "\">").text(head).markup("</th>");
    }
    page.markup("</tr></thead>\n<tbody>\n");
    let mut sorted: Vec<_> = all.iter().collect();
    if all.len() > view.limit {
        sorted.sort_by_key(|one| Reverse(one.outliers + one.groups + one.splits));
    }
    let shown = bounded(page, &sorted, view.limit, room::COHORTS, |page, _, one| {
        page.within("<tr><th scope=\"row\">", &cohort(one.kind, &one.name), "</th>");
        for number in [one.members, one.servers, one.compared, one.agree, one.outliers, one.groups, one.splits, one.not_assessed] {
            page.markup(if number == 0 { "<td class=\"n zero\">" } else { "<td class=\"n\">" }).number(number).markup("</td>");
        }
        page.markup("</tr>\n");
    });
    end_table(page);
    cut(page, all.len(), shown, "more cohort", "more cohorts");
}

/// The state of each setting over the estate.
fn values(page: &mut Page, view: &View<'_>) {
    page.markup("<section id=\"values\" aria-labelledby=\"values-title\">\n<h2 id=\"values-title\">Settings over the estate</h2>\n");
    let all = settings(view.survey.members);
    if all.is_empty() {
        page.markup("<p>No value is known.</p>\n</section>\n");
        return;
    }
    page.markup("<p>Values in effect at the root of each site, or of the site as a whole. A bar is the share of all ");
    page.number(view.all.sites).markup(" sites.</p>\n");
    table(page, "Settings", "values");
    page.markup("<th scope=\"col\">Setting</th><th scope=\"col\">Value</th><th scope=\"col\" class=\"n\">Sites</th>");
    page.markup("<th scope=\"col\"><span class=\"hidden\">Share</span></th></tr></thead>\n");
    let shown = bounded(page, &all, view.limit, room::VALUES, |page, _, one| {
        // Thumbprints that each stand for one server tell nothing here.
        let apart = is_own(one.setting) && one.values.len() > 1;
        let shown = if apart { 0 } else { VALUES.min(one.values.len()) };
        let rest = one.values.get(shown..).unwrap_or_default();
        let rows = shown + usize::from(!rest.is_empty()) + usize::from(one.not_assessed > 0);
        page.within("<tbody>\n<tr><th scope=\"rowgroup\" rowspan=\"", &rows.to_string(), "\">");
        setting(page, one.setting, "");
        page.markup("</th>");
        let mut first = true;
        let mut row = |page: &mut Page, kind: Bar, value: &str, sites: usize| {
            page.markup(if std::mem::take(&mut first) { "" } else { "<tr>" });
            page.markup(if matches!(kind, Bar::Unknown) { "<td class=\"unknown\">" } else { "<td>" });
            page.text(value).markup("</td><td class=\"n\">").number(sites).markup("</td><td class=\"share\">");
            bar(page, kind, sites, view.all.sites);
            page.markup("</td></tr>\n");
        };
        for (index, value) in one.values.iter().take(shown).enumerate() {
            row(page, if index == 0 { Bar::Most } else { Bar::Other }, &in_words(one.setting, value.value), value.sites);
        }
        if !rest.is_empty() {
            let sites = rest.iter().map(|value| value.sites).sum();
            let more = if apart { count(rest.len(), "value", "different values") } else { count(rest.len(), "more value", "more values") };
            row(page, if apart { Bar::Most } else { Bar::Other }, &more, sites);
        }
        if one.not_assessed > 0 {
            row(page, Bar::Unknown, "? not assessed", one.not_assessed);
        }
        page.markup("</tbody>\n");
    });
    page.markup("</table>\n</div>\n");
    cut(page, all.len(), shown, "more setting", "more settings");
    binding_flags(page, view);
    registry(page, view);
    page.markup("</section>\n");
}

/// What flags bindings have, which records of HTTP.sys need not tell.
fn binding_flags(page: &mut Page, view: &View<'_>) {
    let all = switches(view.survey.members);
    if all.is_empty() {
        return;
    }
    page.markup("<h3>Flags of https bindings</h3>\n<p>A bar is the share of the sites with https.</p>\n");
    table(page, "Flags of https bindings", "values");
    page.markup("<th scope=\"col\">Flag</th><th scope=\"col\" class=\"n\">Sites</th>");
    page.markup("<th scope=\"col\"><span class=\"hidden\">Share</span></th></tr></thead>\n<tbody>\n");
    for one in &all {
        page.within("<tr><th scope=\"row\">", one.name, " <code>").text(&one.bit.to_string()).markup("</code></th><td class=\"n\">");
        page.number(one.sites).markup("</td><td class=\"share\">");
        bar(page, Bar::Most, one.sites, one.of);
        page.markup("</td></tr>\n");
    }
    end_table(page);
}

/// Values of the registry that hold for whole servers.
fn registry(page: &mut Page, view: &View<'_>) {
    let all = server_settings(view.survey.members);
    if all.is_empty() {
        return;
    }
    page.markup(
        "<h3>Registry of the servers</h3>\n<p>Values of Schannel and HTTP.sys. A bar is the share of all servers; a value that is ",
    );
    page.markup("not there is not counted.</p>\n");
    table(page, "Registry of the servers", "values");
    page.markup("<th scope=\"col\">Setting</th><th scope=\"col\">Value</th><th scope=\"col\" class=\"n\">Servers</th>");
    page.markup("<th scope=\"col\"><span class=\"hidden\">Share</span></th></tr></thead>\n");
    let shown = bounded(page, &all, view.limit, room::VALUES, |page, _, one| {
        let (values, rest) = one.values.split_at(one.values.len().min(VALUES));
        let rows = values.len() + usize::from(!rest.is_empty());
        page.within("<tbody>\n<tr><th scope=\"rowgroup\" rowspan=\"", &rows.to_string(), "\"><code>")
            .text(one.setting)
            .markup("</code></th>");
        for (index, value) in values.iter().enumerate() {
            page.markup(if index == 0 { "<td>" } else { "<tr><td>" }).text(value.value).markup("</td><td class=\"n\">");
            page.number(value.servers).markup("</td><td class=\"share\">");
            bar(page, if index == 0 { Bar::Most } else { Bar::Other }, value.servers, view.all.servers);
            page.markup("</td></tr>\n");
        }
        if !rest.is_empty() {
            let servers = rest.iter().map(|value| value.servers).sum();
            page.within("<tr><td class=\"cut\">", &count(rest.len(), "more value", "more values"), "</td><td class=\"n\">").number(servers);
            page.markup("</td><td></td></tr>\n");
        }
        page.markup("</tbody>\n");
    });
    page.markup("</table>\n</div>\n");
    cut(page, all.len(), shown, "more setting", "more settings");
}

fn whose(page: &mut Page, kind: CohortKind, name: &str) {
    page.within(" <span class=\"many\">", &cohort(kind, name), "</span>");
}

/// Rows of what differs: the setting, what most have, what stands here. Without a place of its own, `here` finds it.
fn deviations<'d>(page: &mut Page, all: impl ExactSizeIterator<Item = (&'d Deviation, Option<Location>)>, here: &'static str) {
    let number = all.len();
    table(page, "What differs", "diff");
    page.markup("<th scope=\"col\">Setting</th><th scope=\"col\">Most</th><th scope=\"col\">").text(here);
    page.markup("</th></tr></thead>\n<tbody>\n");
    for (one, location) in all.take(ROWS) {
        page.markup("<tr><th scope=\"row\">");
        setting(page, &one.setting, &one.path);
        page.markup("</th><td><strong>").number(one.agree).markup(" of ").number(one.of).markup("</strong>: ");
        page.text(&in_words(&one.setting, &one.expected));
        if one.not_assessed > 0 {
            page.markup(" <small>(").number(one.not_assessed).markup(" not assessed)</small>");
        }
        if let Some((server, _, location)) = &one.counterexample {
            page.within("<p class=\"as\">as on <bdi>", server, "</bdi> ");
            place(page, location.as_ref());
            page.markup("</p>");
        }
        page.within("</td><td class=\"odd\"><span class=\"mark\" aria-hidden=\"true\">≠</span> ", &in_words(&one.setting, &one.value), "");
        page.markup(if &*one.origin == "default" { " <small>(not set)</small>" } else { "" });
        page.markup("<p class=\"as\">");
        place(page, location.as_ref());
        page.markup("</p></td></tr>\n");
    }
    end_table(page);
    cut(page, number, ROWS, "more setting", "more settings");
}

fn outliers(page: &mut Page, view: &View<'_>) {
    let all = &view.survey.fleet.outliers;
    page.markup("<section id=\"outliers\" aria-labelledby=\"outliers-title\">\n<h2 id=\"outliers-title\">Outliers</h2>\n");
    page.markup(if all.is_empty() {
        "<p>No site differs on its own from a majority of its peers.</p>\n"
    } else {
        "<p>Sites that differ from the majority of their peers, the heaviest first.</p>\n"
    });
    let shown = bounded(page, all, view.limit, room::OUTLIERS, |page, index, one| {
        fold(page, index);
        page.within("<h3><bdi>", &one.server, "</bdi> › ");
        site(page, &one.site, one.site_id);
        page.markup("</h3>");
        whose(page, one.kind, &one.cohort);
        page.markup("</summary>\n<div class=\"body\">\n");
        deviations(page, one.deviations.iter().map(|one| (one, one.location.clone())), "Here");
        page.markup("</div>\n</details>\n");
    });
    cut(page, all.len(), shown, "more outlier", "more outliers");
    page.markup("</section>\n");
}

fn groups(page: &mut Page, view: &View<'_>) {
    let all = &view.survey.fleet.groups;
    page.markup("<section id=\"groups\" aria-labelledby=\"groups-title\">\n<h2 id=\"groups-title\">Groups</h2>\n");
    page.markup(if all.is_empty() {
        "<p>No sites differ together from a majority of their peers.</p>\n"
    } else {
        "<p>Peers that differ together, as a second standard would. The place is that of the first of them.</p>\n"
    });
    let shown = bounded(page, all, view.limit, room::GROUPS, |page, index, one| {
        fold(page, index);
        page.markup("<h3>").number(one.members.len()).markup(" of ").text(&count(one.cohort_members, "site", "sites")).markup("</h3>");
        whose(page, one.kind, &one.cohort);
        page.markup("</summary>\n<div class=\"body\">\n<p>");
        names(page, one.members.iter().map(|(server, _, _)| &**server), one.members.len());
        page.markup("</p>\n");
        deviations(page, one.deviations.iter().map(|one| (one, one.location.clone())), "The group");
        page.markup("</div>\n</details>\n");
    });
    cut(page, all.len(), shown, "more group", "more groups");
    page.markup("</section>\n");
}

fn splits(page: &mut Page, view: &View<'_>) {
    let all = &view.survey.fleet.splits;
    page.markup("<section id=\"splits\" aria-labelledby=\"splits-title\">\n<h2 id=\"splits-title\">Splits</h2>\n");
    page.markup(if all.is_empty() {
        "<p>No setting is without a majority.</p>\n"
    } else {
        "<p>No majority, so nobody is the one that differs.</p>\n"
    });
    let shown = bounded(page, all, view.limit, room::SPLITS, |page, index, one| {
        fold(page, index);
        page.markup("<h3>");
        setting(page, &one.setting, &one.path);
        page.markup("</h3>");
        whose(page, one.kind, &one.cohort);
        page.markup("</summary>\n<div class=\"body\">\n");
        split(page, one);
        page.markup("</div>\n</details>\n");
    });
    cut(page, all.len(), shown, "more split", "more splits");
    page.markup("</section>\n");
}

fn split(page: &mut Page, one: &Split) {
    page.markup(if one.too_few { "<p>Too few values are known to tell who is right.</p>\n" } else { "" });
    table(page, "Values", "values");
    page.markup(
        "<th scope=\"col\">Value</th><th scope=\"col\" class=\"n\">Sites</th><th scope=\"col\"><span class=\"hidden\">Share</span></th>",
    );
    page.markup("<th scope=\"col\">Servers</th></tr></thead>\n<tbody>\n");
    let of = one.of + one.not_assessed;
    for value in one.values.iter().take(VALUES) {
        page.within("<tr><td>", &in_words(&one.setting, &value.value), "</td><td class=\"n\">").number(value.count);
        page.markup("</td><td class=\"share\">");
        bar(page, Bar::Other, value.count, of);
        page.markup("</td><td>");
        names(page, value.first.iter().map(|(server, _, _)| &**server), value.count);
        page.markup("<p class=\"as\">");
        place(page, value.first.first().and_then(|(_, _, at)| at.as_ref()));
        page.markup("</p></td></tr>\n");
    }
    if one.not_assessed > 0 {
        page.markup("<tr><td class=\"unknown\">? not assessed</td><td class=\"n\">").number(one.not_assessed);
        page.markup("</td><td class=\"share\">");
        bar(page, Bar::Unknown, one.not_assessed, of);
        page.markup("</td><td></td></tr>\n");
    }
    end_table(page);
    cut(page, one.values.len(), VALUES, "more value", "more values");
}

fn twins(page: &mut Page, view: &View<'_>) {
    page.markup("<section id=\"twins\" aria-labelledby=\"twins-title\">\n<h2 id=\"twins-title\">Twins</h2>\n");
    let all = &view.survey.fleet.twins;
    let differing: Vec<&Twins> = all.iter().filter(|one| !one.agree() || !one.missing.is_empty()).collect();
    if all.is_empty() {
        page.markup("<p>No servers are declared to do the same work, and none have the same sites with the same bindings.</p>\n");
    } else {
        page.markup("<p>Servers that do the same work, node by node. Of ").text(&count(all.len(), "set", "sets"));
        page.markup(", ").number(view.all.twins_that_differ).markup(" differ in what is known.</p>\n");
    }
    let shown = bounded(page, &differing, view.limit, room::TWINS, |page, index, one| {
        fold(page, index);
        page.markup("<h3>");
        if one.declared {
            page.within("<bdi>", &one.name, "</bdi>: ");
        }
        names(page, one.nodes.iter().map(|node| &**node), one.nodes.len());
        page.markup(if one.declared {
            "</h3> <span class=\"many\">declared</span>"
        } else {
            "</h3> <span class=\"many\">same sites and bindings</span>"
        });
        page.markup("</summary>\n<div class=\"body\">\n");
        if !one.missing.is_empty() {
            page.markup("<p><strong>Not found:</strong> ");
            names(page, one.missing.iter().map(String::as_str), one.missing.len());
            page.markup("</p>\n");
        }
        if !one.rows.is_empty() {
            table(page, "Node by node", "diff");
            page.markup("<th scope=\"col\">Setting</th><th scope=\"col\">Value</th><th scope=\"col\">Nodes</th></tr></thead>\n");
            for row in one.rows.iter().take(ROWS) {
                node_row(page, row);
            }
            page.markup("</table>\n</div>\n");
            cut(page, one.rows.len(), ROWS, "more setting", "more settings");
        }
        for (name, on) in one.only_on.iter().take(ROWS) {
            page.within("<p><bdi>", name, "</bdi> is a site of ");
            names(page, on.iter().map(|node| &**node), on.len());
            page.markup(" only.</p>\n");
        }
        cut(page, one.only_on.len(), ROWS, "more site that only some have", "more sites that only some have");
        page.markup("</div>\n</details>\n");
    });
    cut(page, differing.len(), shown, "more set of twins", "more sets of twins");
    page.markup("</section>\n");
}

fn node_row(page: &mut Page, row: &NodeRow) {
    let shown = row.values.len().min(VALUES);
    let rest = row.values.len() - shown;
    let rows = shown + usize::from(rest > 0) + usize::from(!row.not_assessed.is_empty());
    page.within("<tbody>\n<tr><th scope=\"rowgroup\" rowspan=\"", &rows.to_string(), "\">");
    setting(page, &row.setting, &row.path);
    page.within(" <small>of <bdi>", &row.site, "</bdi></small></th>");
    for (index, value) in row.values.iter().take(shown).enumerate() {
        page.markup(if index == 0 { "<td>" } else { "<tr><td>" }).text(&in_words(&row.setting, &value.value)).markup("</td><td>");
        names(page, value.nodes.iter().map(|node| &**node), value.nodes.len());
        page.markup("<p class=\"as\">");
        place(page, value.location.as_ref());
        page.markup("</p></td></tr>\n");
    }
    if rest > 0 {
        page.markup("<tr><td class=\"cut\">and ").text(&count(rest, "more value", "more values")).markup("</td><td></td></tr>\n");
    }
    if !row.not_assessed.is_empty() {
        page.markup("<tr><td class=\"unknown\">? not assessed</td><td>");
        names(page, row.not_assessed.iter().map(|node| &**node), row.not_assessed.len());
        page.markup("</td></tr>\n");
    }
    page.markup("</tbody>\n");
}

fn findings(page: &mut Page, view: &View<'_>) {
    page.markup("<section id=\"findings\" aria-labelledby=\"findings-title\">\n<h2 id=\"findings-title\">Findings by rule</h2>\n");
    let all = rules(view.survey.review);
    if all.is_empty() {
        page.markup("<p>The rules found nothing new in what was read.</p>\n</section>\n");
        return;
    }
    page.markup("<p>A bar is the share of all servers.</p>\n");
    table(page, "Findings by rule", "values");
    page.markup("<th scope=\"col\">Rule</th><th scope=\"col\" class=\"n\">Findings</th><th scope=\"col\" class=\"n\">Servers</th>");
    page.markup("<th scope=\"col\"><span class=\"hidden\">Share of servers</span></th></tr></thead>\n<tbody>\n");
    let shown = bounded(page, &all, view.limit, room::RULES, |page, _, one| {
        page.markup("<tr><th scope=\"row\">");
        badge(page, one.severity);
        page.markup(" ").prose(rule(one.rule).map_or("", |rule| rule.title)).within(" <code>", one.rule, "</code></th><td class=\"n\">");
        page.number(one.findings).markup("</td><td class=\"n\">").number(one.servers).markup("</td><td class=\"share\">");
        bar(page, Bar::Other, one.servers, view.all.servers);
        page.markup("</td></tr>\n");
    });
    end_table(page);
    cut(page, all.len(), shown, "more rule", "more rules");
    page.markup("</section>\n");
}

fn not_assessed(page: &mut Page, view: &View<'_>) {
    page.markup("<section id=\"not-assessed\" aria-labelledby=\"not-assessed-title\">\n<h2 id=\"not-assessed-title\">Not assessed</h2>\n");
    let all = notices(view.survey.review);
    if !all.is_empty() {
        table(page, "Not assessed", "values");
        page.markup("<th scope=\"col\">What</th><th scope=\"col\" class=\"n\">Servers</th>");
        page.markup("<th scope=\"col\"><span class=\"hidden\">Share</span></th><th scope=\"col\">Needs</th></tr></thead>\n<tbody>\n");
        let shown = bounded(page, &all, view.limit, room::NOT_ASSESSED, |page, _, one| {
            page.within("<tr><th scope=\"row\"><code>", one.name, "</code></th><td class=\"n\">").number(one.servers);
            page.markup("</td><td class=\"share\">");
            bar(page, Bar::Unknown, one.servers, view.all.servers);
            page.within("</td><td>", one.needs, "</td></tr>\n");
        });
        end_table(page);
        cut(page, all.len(), shown, "more notice", "more notices");
    } else if view.all.servers == 0 {
        page.markup("<p>Everything: no configuration of a server was read.</p>\n");
    } else if view.unknown {
        page.markup("<p>The values that are marked as not assessed above, at least.</p>\n");
    } else {
        page.markup("<p>Nothing is known to be missing from what the files that were read decide.</p>\n");
    }
    let mut unreadable: Vec<_> =
        view.survey.review.estate.inputs.iter().filter_map(|input| Some((&input.path, input.error.as_ref()?))).collect();
    unreadable.sort_by_key(|(path, _)| *path);
    if !unreadable.is_empty() {
        page.markup(
            "<div class=\"callout bad\" id=\"unreadable\">\n<h3><span aria-hidden=\"true\">!</span> Could not be read</h3>\n<ul>\n",
        );
        let shown = bounded(page, &unreadable, view.limit, room::NOT_ASSESSED, |page, _, (path, error)| {
            page.within("<li><code class=\"place\">", path, "");
            for number in [error.line, error.column].into_iter().map_while(|number| number) {
                page.markup(":").text(&number.to_string());
            }
            page.within("</code> ", &error.message, "</li>\n");
        });
        page.markup("</ul>\n");
        cut(page, unreadable.len(), shown, "more file", "more files");
        page.markup("</div>\n");
    }
    page.markup("</section>\n");
}

#[cfg(test)]
mod tests;
