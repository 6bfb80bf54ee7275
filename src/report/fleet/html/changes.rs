//! What changed since an earlier run, before everything else that a reader may want to know. What one of the runs did not read is told apart,
//! and never as fixed.

use super::{View, bounded, cut, end_table, in_words, names, place, setting, site, table};
use crate::change::Strength;
use crate::fleet::{BINDINGS, Changes, Drift, NotKnown, Side, SiteOf, Told};
use crate::report::fleet::changes::{by_reason, in_a_line, lists, values_in_a_line};
use crate::report::html::{Page, badge, whereabouts};
use crate::report::parts::count;

/// The bytes that the values, each list of findings, and each other list may take.
const VALUES_BYTES: usize = 250_000;
const FINDINGS_BYTES: usize = 40_000;
const LIST_BYTES: usize = 20_000;
/// Of a longer list the entries are folded.
const OPEN: usize = 20;

pub(super) fn section(page: &mut Page, view: &View<'_>) {
    let Some(changes) = view.survey.changes else { return };
    page.markup("<section id=\"changes\" aria-labelledby=\"changes-title\">\n<h2 id=\"changes-title\">Changes</h2>\n");
    page.within("<p>Since the earlier run <code class=\"place\">", &changes.earlier, "</code>");
    if changes.is_empty() {
        page.markup(" nothing changed; ").text(&count(changes.unchanged, "finding is", "findings are")).markup(" the same");
    }
    page.markup(".</p>\n");
    for note in &changes.notes {
        page.within("<p class=\"cut\">", note, "</p>\n");
    }
    if !changes.is_empty() {
        tiles(page, changes);
        page.within("<p class=\"facts\">Findings: ", &in_a_line(changes), ". ").text(&values_in_a_line(changes)).markup(".</p>\n");
        came_and_went(page, changes);
        drifted(page, view, &changes.values);
        for (title, list) in lists(changes) {
            told(page, view, title, list);
        }
        not_known(page, view, "Known then and not now", &changes.not_known_now);
        not_known(page, view, "Known now and not then", &changes.not_known_then);
    }
    page.markup("</section>\n");
}

fn tiles(page: &mut Page, changes: &Changes) {
    let weaker = changes.of_strength(Strength::Weaker) + changes.of_strength(Strength::Mixed);
    let all = [
        (changes.new.len() + changes.worse.len(), "<li class=\"tile high\">", "+", "findings new or worse"),
        (changes.fixed.len() + changes.milder.len(), "<li class=\"tile good\">", "✓", "findings fixed or milder"),
        (weaker, "<li class=\"tile high\">", "▼", "values weaker"),
        (changes.values.len() - weaker, "<li class=\"tile low\">", "→", "other values that drifted"),
        (changes.not_read.len() + changes.not_read_then.len(), "<li class=\"tile note\">", "?", "findings not read in one of the runs"),
    ];
    page.markup("<ul class=\"tiles\" aria-label=\"Changes\">\n");
    for (number, tile, sign, label) in all {
        page.markup(if number == 0 { "<li class=\"tile none\">" } else { tile }).markup("<span class=\"number\">").number(number);
        page.within("</span> <span class=\"label\"><span aria-hidden=\"true\">", sign, "</span> ").text(label).markup("</span></li>\n");
    }
    page.markup("</ul>\n");
}

fn on(page: &mut Page, one: &SiteOf) {
    page.within("<bdi>", &one.server, "</bdi> › ");
    site(page, &one.site, one.id);
}

fn came_and_went(page: &mut Page, changes: &Changes) {
    let mut list = Page::default();
    for (title, servers) in [("Servers that came", &changes.servers_came), ("Servers that went, or were not given", &changes.servers_went)]
    {
        if !servers.is_empty() {
            list.within("<li><strong>", title, ":</strong> ");
            names(&mut list, servers.iter().map(|name| &**name), servers.len());
            list.markup("</li>\n");
        }
    }
    for (title, servers) in [("Not read now", &changes.servers_not_read), ("Not read then", &changes.servers_not_read_then)] {
        entries(&mut list, "<li><strong class=\"unknown\">? ", title, &by_reason(servers), |list, (why, servers)| {
            list.text(why).markup(" of ");
            names(list, servers.iter().copied(), servers.len());
        });
    }
    entries(&mut list, "<li><strong>", "Sites that came", &changes.sites_came, on);
    entries(&mut list, "<li><strong>", "Sites that went", &changes.sites_went, on);
    entries(&mut list, "<li><strong>", "Sites with other names", &changes.sites_renamed, |list, (was, now)| {
        on(list, was);
        list.within(", now <bdi>", now, "</bdi>");
    });
    if !list.is_empty() {
        page.markup("<ul>\n").append(&list).markup("</ul>\n");
    }
}

fn entries<T>(page: &mut Page, open: &'static str, title: &'static str, all: &[T], add: impl Fn(&mut Page, &T)) {
    if all.is_empty() {
        return;
    }
    page.within(open, title, ":</strong> ");
    let shown = bounded(page, all, OPEN, LIST_BYTES, |page, index, one| {
        page.markup(if index > 0 { "; " } else { "" });
        add(page, one);
    });
    if all.len() > shown {
        page.markup(" and ").number(all.len() - shown).markup(" more");
    }
    page.markup("</li>\n");
}

fn fold(page: &mut Page, title: &'static str, number: usize) {
    page.markup(if number > OPEN {
        "<details class=\"fold\">\n<summary><h3>"
    } else {
        "<details class=\"fold\" open=\"open\">\n<summary><h3>"
    });
    page.text(title).markup("</h3> <span class=\"many\">").number(number).markup("</span></summary>\n");
}

fn drifted(page: &mut Page, view: &View<'_>, values: &[Drift]) {
    if values.is_empty() {
        return;
    }
    fold(page, "Values in effect that drifted", values.len());
    table(page, "Values that drifted", "stack drift");
    page.markup("<th scope=\"col\">Effect</th><th scope=\"col\">Where</th><th scope=\"col\">Setting</th><th scope=\"col\">Then</th>");
    page.markup("<th scope=\"col\">Now</th></tr></thead>\n<tbody>\n");
    let shown = bounded(page, values, view.limit, VALUES_BYTES, |page, _, one| {
        page.markup("<tr><td>").markup(match one.verdict.strength {
            Strength::Weaker => "<span class=\"badge high\"><span aria-hidden=\"true\">▼</span> weaker</span>",
            Strength::Mixed => "<span class=\"badge medium\"><span aria-hidden=\"true\">◆</span> weaker and stronger</span>",
            Strength::Stronger => "<span class=\"badge good\"><span aria-hidden=\"true\">▲</span> stronger</span>",
            Strength::Unclear => "<span class=\"unknown\">? cannot be told</span>",
            Strength::Neutral => "<span class=\"badge info\"><span aria-hidden=\"true\">○</span> neutral</span>",
        });
        page.markup(if one.verdict.likely { " <small>likely</small>" } else { "" });
        page.within("<p class=\"as\">", &one.verdict.why, "</p></td><td>");
        on(page, &one.of);
        page.markup("</td><td>");
        match &*one.setting {
            BINDINGS => _ = page.markup("Bindings"),
            name => setting(page, name, &one.path),
        }
        for side in [&one.before, &one.after] {
            page.markup("</td><td>");
            value(page, &one.setting, side);
        }
        page.markup("</td></tr>\n");
    });
    end_table(page);
    cut(page, values.len(), shown, "more value", "more values");
    page.markup("</details>\n");
}

fn value(page: &mut Page, setting: &str, side: &Side) {
    page.text(&in_words(setting, &side.shown)).markup("<p class=\"as\">");
    place(page, side.location.as_ref());
    page.markup("</p>");
}

fn told(page: &mut Page, view: &View<'_>, title: &'static str, all: &[Told]) {
    if all.is_empty() {
        return;
    }
    fold(page, title, all.len());
    page.markup("<ul class=\"found\">\n");
    let shown = bounded(page, all, view.limit, FINDINGS_BYTES, |page, _, one| {
        page.markup("<li>");
        badge(page, one.finding.severity);
        if let Some(before) = one.severity_before {
            page.within(" <small>was ", before.name(), "</small>");
        }
        page.markup(" ");
        whereabouts(page, &one.finding);
        page.within(": ", &one.finding.message, " ");
        if one.location.is_some() {
            place(page, one.location.as_ref());
        }
        page.within(" <small>", one.finding.rule.name, "</small>");
        if !one.why.is_empty() {
            page.within(" <span class=\"unknown\">", &one.why, "</span>");
        }
        page.markup("</li>\n");
    });
    page.markup("</ul>\n");
    cut(page, all.len(), shown, "more finding", "more findings");
    page.markup("</details>\n");
}

fn not_known(page: &mut Page, view: &View<'_>, title: &'static str, all: &[NotKnown]) {
    if all.is_empty() {
        return;
    }
    fold(page, title, all.len());
    page.markup("<ul class=\"found\">\n");
    let shown = bounded(page, all, view.limit, FINDINGS_BYTES, |page, _, one| {
        page.markup("<li>");
        on(page, &one.of);
        page.markup(": ");
        for (index, name) in one.settings.iter().enumerate() {
            page.markup(if index > 0 { ", " } else { "" }).within("<code>", name, "</code>");
        }
        page.markup("</li>\n");
    });
    page.markup("</ul>\n");
    cut(page, all.len(), shown, "more site", "more sites");
    page.markup("</details>\n");
}
