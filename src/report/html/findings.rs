//! The findings: by severity, then by rule. Of a rule with very many findings the first are shown whole and the others in short, and how
//! many is said.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::{Page, SEVERITIES, View, badge, sign, whereabouts};
use crate::catalogue::entry;
use crate::remedy::{Remedy, Risk};
use crate::report::parts::count;
use crate::review::Judged;
use crate::rules::profiles::Item;
use crate::rules::{Confidence, Finding, Rule, Severity};

/// Findings of one rule that are shown whole.
const WHOLE: usize = 200;
/// A rule with more findings than this is folded.
const OPEN: usize = 5;
/// More related places than this are folded.
const RELATED: usize = 8;

/// The new findings of one rule and severity.
struct Group<'a> {
    rule: &'static Rule,
    severity: Severity,
    findings: Vec<(usize, &'a Judged)>,
}

fn groups<'a>(view: &View<'a>) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(Reverse<Severity>, &str), Group<'a>> = BTreeMap::new();
    for (index, judged) in view.in_state("new") {
        let finding = &judged.finding;
        let new = || Group { rule: finding.rule, severity: finding.severity, findings: Vec::new() };
        groups.entry((Reverse(finding.severity), finding.rule.name)).or_insert_with(new).findings.push((index, judged));
    }
    groups.into_values().collect()
}

pub(super) fn section(page: &mut Page, view: &View<'_>) {
    page.markup("<section id=\"findings\" aria-labelledby=\"findings-title\">\n<h2 id=\"findings-title\">Findings</h2>\n");
    let groups = groups(view);
    if groups.is_empty() {
        page.markup("<p>None that count. This says nothing about <a href=\"#not-assessed\">what was not assessed</a>.</p>\n");
    }
    if groups.len() > 2 {
        index(page, &groups);
    }
    for severity in SEVERITIES {
        let of_severity: Vec<&Group<'_>> = groups.iter().filter(|group| group.severity == severity).collect();
        if of_severity.is_empty() {
            continue;
        }
        page.within("<h3 id=\"severity-", severity.name(), "\" class=\"severity ")
            .text(severity.name())
            .markup("\"><span aria-hidden=\"true\">");
        page.markup(sign(severity)).markup("</span> ").markup(match severity {
            Severity::High => "High",
            Severity::Medium => "Medium",
            Severity::Low => "Low",
            Severity::Info => "Info",
        });
        page.markup(" <small>").text(&count(view.of_severity(severity), "finding", "findings")).markup(": ").markup(match severity {
            Severity::High => "breaks something or opens something",
            Severity::Medium => "likely breaks something or weakens security",
            Severity::Low => "should be looked at",
            Severity::Info => "worth knowing",
        });
        page.markup("</small></h3>\n");
        for group in of_severity {
            self::group(page, view, group);
        }
    }
    page.markup("</section>\n");
}

/// What was found, rule by rule, in one look.
fn index(page: &mut Page, groups: &[Group<'_>]) {
    page.markup("<div class=\"scroll\" role=\"region\" aria-label=\"Rules that found something\" tabindex=\"0\">\n<table class=\"index\">\n<thead><tr>");
    page.markup("<th scope=\"col\">Severity</th><th scope=\"col\">What is wrong</th><th scope=\"col\">Rule</th>");
    page.markup("<th scope=\"col\" class=\"n\">Findings</th></tr></thead>\n<tbody>\n");
    for group in groups {
        page.markup("<tr><td>");
        badge(page, group.severity);
        page.markup("</td><th scope=\"row\"><a href=\"#").text(&anchor(group)).markup("\">").prose(group.rule.title);
        page.within("</a></th><td><code>", group.rule.name, "</code></td><td class=\"n\">").number(group.findings.len());
        page.markup("</td></tr>\n");
    }
    page.markup("</tbody>\n</table>\n</div>\n");
}

fn anchor(group: &Group<'_>) -> String {
    format!("{}-{}", group.severity.name(), group.rule.name)
}

/// What all findings of a group share, said once.
struct Shared<'a> {
    sees: bool,
    remedies: Vec<&'a Remedy>,
}

fn shared<'a>(group: &Group<'a>) -> Shared<'a> {
    let findings = || group.findings.iter().map(|(_, judged)| &judged.finding);
    let Some((_, first)) = group.findings.first().filter(|_| group.findings.len() > 1) else {
        return Shared { sees: false, remedies: Vec::new() };
    };
    let remedies = first.finding.remedies.iter().filter(|remedy| findings().all(|finding| finding.remedies.contains(remedy)));
    Shared { sees: findings().all(|finding| finding.sees == group.rule.sees), remedies: remedies.collect() }
}

fn group(page: &mut Page, view: &View<'_>, group: &Group<'_>) {
    let open = group.findings.len() <= OPEN || (group.severity == Severity::High && group.findings.len() <= 2 * OPEN);
    page.within("<details class=\"rule\" id=\"", &anchor(group), if open { "\" open=\"open\">\n" } else { "\">\n" });
    page.markup("<summary>");
    badge(page, group.severity);
    page.markup(" <h4>").prose(group.rule.title).markup("</h4> <span class=\"many\">");
    page.text(&count(group.findings.len(), "finding", "findings")).markup("</span></summary>\n<div class=\"body\">\n");
    page.markup("<p class=\"meaning\">").prose(group.rule.meaning).markup("</p>\n");
    let shared = shared(group);
    if shared.sees {
        page.markup("<p class=\"sees\"><strong>What is seen:</strong> ").prose(group.rule.sees).markup("</p>\n");
    }
    if !shared.remedies.is_empty() {
        page.markup("<p class=\"for-all\"><strong>For all of these:</strong></p>\n");
        remedies(page, &shared.remedies);
    }
    for (index, judged) in group.findings.iter().take(WHOLE) {
        whole(page, view, *index, judged, &shared);
    }
    let rest = group.findings.get(WHOLE..).unwrap_or_default();
    if !rest.is_empty() {
        page.markup("<details class=\"rest\">\n<summary>").number(rest.len());
        page.markup(" more, in short (the JSON report has all of each)</summary>\n");
        in_short(page, view, rest);
        page.markup("</details>\n");
    }
    page.within(
        "<p class=\"explain\"><code>iisaudit explain ",
        group.rule.name,
        "</code> tells when this rule is silent and where its facts come from.</p>\n",
    );
    page.markup("</div>\n</details>\n");
}

/// One finding with all that there is to say.
fn whole(page: &mut Page, view: &View<'_>, index: usize, judged: &Judged, shared: &Shared<'_>) {
    let finding = &judged.finding;
    page.within("<article class=\"finding\" id=\"", view.anchor(index), "\">\n<h5>");
    whereabouts(page, finding);
    confidence(page, finding.confidence);
    page.within(" <a class=\"self\" href=\"#", view.anchor(index), "\" aria-label=\"Link to this finding\">#</a></h5>\n");
    page.within("<p class=\"message\">", &finding.message, "</p>\n<dl>\n");
    if let Some(place) = finding.place {
        page.markup("<dt>Place</dt><dd>").place(view.places, place).markup("</dd>\n");
    }
    related(page, view, finding);
    if !shared.sees && !finding.sees.is_empty() {
        page.markup("<dt>Seen</dt><dd>");
        if finding.sees == finding.rule.sees {
            page.prose(finding.rule.sees)
        } else {
            page.text(&finding.sees)
        };
        page.markup("</dd>\n");
    }
    if let Some(setting) = finding.setting {
        page.within("<dt>Setting</dt><dd>", entry(setting).title, " <code>").text(setting.name()).markup("</code></dd>\n");
    }
    let items: Vec<&Item> = finding.benchmarks().collect();
    if !items.is_empty() {
        page.markup("<dt>Benchmark</dt><dd>");
        for (index, item) in items.iter().enumerate() {
            page.markup(if index == 0 { "" } else { "<br/>" }).text(&item.label()).markup(": ").text(item.title);
        }
        page.markup("</dd>\n");
    }
    if let Some(before) = judged.severity_before {
        page.within("<dt>Severity</dt><dd>", finding.severity.name(), " by the policy, ").text(before.name()).markup(" by the rule</dd>\n");
    }
    page.markup("</dl>\n");
    let own: Vec<&Remedy> = finding.remedies.iter().filter(|remedy| !shared.remedies.contains(remedy)).collect();
    remedies(page, &own);
    page.markup("</article>\n");
}

fn confidence(page: &mut Page, confidence: Confidence) {
    page.markup(match confidence {
        Confidence::Firm => "",
        Confidence::Likely => " <span class=\"confidence\">likely</span>",
        Confidence::Hint => " <span class=\"confidence\">hint</span>",
    });
}

fn related(page: &mut Page, view: &View<'_>, finding: &Finding) {
    if finding.related.is_empty() {
        return;
    }
    page.markup("<dt>See also</dt><dd>");
    let folded = finding.related.len() > RELATED;
    if folded {
        page.within("<details><summary>", &count(finding.related.len(), "place", "places"), "</summary>");
    }
    page.markup("<ul>");
    for related in &finding.related {
        page.markup("<li>").place(view.places, related.place).markup(" ").text(&related.note).markup("</li>");
    }
    page.markup(if folded { "</ul></details></dd>\n" } else { "</ul></dd>\n" });
}

fn remedies(page: &mut Page, remedies: &[&Remedy]) {
    if remedies.is_empty() {
        return;
    }
    page.markup("<ul class=\"remedies\">\n");
    for remedy in remedies {
        page.markup(match remedy.risk {
            Risk::ReadOnly => "<li><span class=\"risk look\"><span aria-hidden=\"true\">⌕</span> read-only</span> ",
            Risk::Safe => "<li><span class=\"risk safe\"><span aria-hidden=\"true\">✓</span> safe</span> ",
            Risk::WeakensSecurity => "<li><span class=\"risk weakens\"><span aria-hidden=\"true\">!</span> weakens security</span> ",
        });
        page.text(&remedy.what);
        for (is_powershell, command) in remedy.shown() {
            page.markup(if is_powershell { "\n<p class=\"shell\">PowerShell</p>" } else { "" });
            page.within("\n<pre><code>", command, "</code></pre>");
        }
        page.markup("</li>\n");
    }
    page.markup("</ul>\n");
}

/// Findings as rows: where, what and the place.
pub(super) fn in_short(page: &mut Page, view: &View<'_>, findings: &[(usize, &Judged)]) {
    page.markup("<table class=\"short\">\n<thead><tr><th scope=\"col\">Where</th><th scope=\"col\">What</th></tr></thead>\n<tbody>\n");
    for (index, judged) in findings {
        let finding = &judged.finding;
        page.within("<tr id=\"", view.anchor(*index), "\"><td>");
        whereabouts(page, finding);
        confidence(page, finding.confidence);
        page.within("</td><td>", &finding.message, "");
        if let Some(place) = finding.place {
            page.markup(" ").place(view.places, place);
        }
        page.markup("</td></tr>\n");
    }
    page.markup("</tbody>\n</table>\n");
}
