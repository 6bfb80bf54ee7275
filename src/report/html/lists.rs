//! What is known, what was not assessed, and the files. Nothing is hidden by a baseline or policy that nobody looks at.

use super::overview::{shared_notices, unknown};
use super::{Page, View, badge, whereabouts};
use crate::report::parts::count;
use crate::review::{Judged, State};

/// Longer lists are folded.
const OPEN: usize = 20;

/// Begins a list that is folded when it is long.
fn fold(page: &mut Page, title: &'static str, number: usize) {
    page.markup(if number > OPEN { "<details class=\"fold\">\n" } else { "<details class=\"fold\" open=\"open\">\n" });
    page.within("<summary><h3>", title, "</h3> <span class=\"many\">").number(number).markup("</span></summary>\n");
}

pub(super) fn known(page: &mut Page, view: &View<'_>) {
    let (suppressed, baselined) = (view.in_state("suppressed"), view.in_state("baselined"));
    if suppressed.is_empty() && baselined.is_empty() && view.review.baseline.is_none() {
        return;
    }
    page.markup("<section id=\"known\" aria-labelledby=\"known-title\">\n<h2 id=\"known-title\">Known</h2>\n");
    page.markup("<p>These do not count, and are named so that nothing disappears in a file that nobody reads.</p>\n");
    if !suppressed.is_empty() {
        fold(page, "Suppressed by the policy", suppressed.len());
        page.markup("<div class=\"scroll\" role=\"region\" aria-label=\"Suppressed findings\" tabindex=\"0\">\n<table class=\"short\">\n<thead><tr>");
        page.markup("<th scope=\"col\">Finding</th><th scope=\"col\">Reason</th><th scope=\"col\">Until</th></tr></thead>\n<tbody>\n");
        for (index, judged) in suppressed {
            row(page, view, index, judged);
            if let State::Suppressed(suppression) = &judged.state {
                page.within("<td>", &suppression.reason, "");
                if let Some(place) = suppression.place {
                    page.markup(" ").place(view.places, place);
                }
                page.within("</td><td>", suppression.until.as_deref().unwrap_or("no end"), "</td>");
            }
            page.markup("</tr>\n");
        }
        page.markup("</tbody>\n</table>\n</div>\n</details>\n");
    }
    if let Some(baseline) = &view.review.baseline {
        page.within("<p>Compared with the baseline <code>", &baseline.path, "</code>, which has ");
        page.text(&count(baseline.entries, "entry", "entries")).markup(".</p>\n");
    }
    if !baselined.is_empty() {
        fold(page, "In the baseline", baselined.len());
        page.markup("<div class=\"scroll\" role=\"region\" aria-label=\"Findings in the baseline\" tabindex=\"0\">\n<table class=\"short\">\n<thead><tr><th scope=\"col\">Finding</th></tr></thead>\n<tbody>\n");
        for (index, judged) in baselined {
            row(page, view, index, judged);
            page.markup("</tr>\n");
        }
        page.markup("</tbody>\n</table>\n</div>\n</details>\n");
    }
    let gone = view.review.baseline.as_ref().map_or(&[][..], |baseline| &baseline.gone);
    if !gone.is_empty() {
        fold(page, "In the baseline, not found any more", gone.len());
        page.markup("<p>Fixed, or not read this time. <code>iisaudit baseline prune</code> removes them.</p>\n");
        page.markup("<div class=\"scroll\" role=\"region\" aria-label=\"Entries without a finding\" tabindex=\"0\">\n<table class=\"short\">\n<thead><tr><th scope=\"col\">Rule</th><th scope=\"col\">Where</th><th scope=\"col\">Fingerprint</th></tr></thead>\n<tbody>\n");
        for entry in gone {
            page.within("<tr><td><code>", &entry.rule, "</code></td><td>").text(&entry.scope);
            page.within("</td><td><code>", &entry.fingerprint, "</code></td></tr>\n");
        }
        page.markup("</tbody>\n</table>\n</div>\n</details>\n");
    }
    page.markup("</section>\n");
}

/// Begins a row with a finding.
fn row(page: &mut Page, view: &View<'_>, index: usize, judged: &Judged) {
    let finding = &judged.finding;
    page.within("<tr id=\"", view.anchor(index), "\"><td>");
    badge(page, finding.severity);
    page.within(" <code>", finding.rule.name, "</code> ");
    whereabouts(page, finding);
    if let Some(before) = judged.severity_before {
        page.within(" <small>(", before.name(), " by the rule)</small>");
    }
    page.within("<br/>", &finding.message, "");
    if let Some(place) = finding.place {
        page.markup(" ").place(view.places, place);
    }
    page.markup("</td>");
}

pub(super) fn not_assessed(page: &mut Page, view: &View<'_>) {
    page.markup("<section id=\"not-assessed\" aria-labelledby=\"not-assessed-title\">\n<h2 id=\"not-assessed-title\">Not assessed</h2>\n");
    let estate = &view.review.estate;
    let notices = shared_notices(view);
    let silent = unknown(view);
    if estate.servers.is_empty() {
        page.markup("<p>Everything: no configuration of a server was read.</p>\n");
    } else if notices.is_empty() && silent.is_empty() {
        page.markup("<p>Nothing is known to be missing from what the files that were read decide.</p>\n");
    } else {
        page.markup(
            "<div class=\"scroll\" role=\"region\" aria-label=\"Not assessed\" tabindex=\"0\">\n<table class=\"short\">\n<thead><tr>",
        );
        page.markup("<th scope=\"col\">What</th><th scope=\"col\">Servers</th><th scope=\"col\">Needs</th></tr></thead>\n<tbody>\n");
        for (notice, servers) in notices {
            page.within("<tr><td>", &notice.message, " <small>").text(notice.name).markup("</small></td><td>");
            page.text(&servers.join(", "));
            page.within("</td><td>", &notice.needs, "</td></tr>\n");
        }
        for ((setting, needs), servers) in silent {
            page.within("<tr><td>", setting, ", at least in part</td><td>").text(&servers.into_iter().collect::<Vec<_>>().join(", "));
            page.within("</td><td>", needs, "</td></tr>\n");
        }
        page.markup("</tbody>\n</table>\n</div>\n");
    }
    page.markup("</section>\n");
}

pub(super) fn inputs(page: &mut Page, view: &View<'_>) {
    let inputs = &view.review.estate.inputs;
    page.markup("<section id=\"inputs\" aria-labelledby=\"inputs-title\">\n<h2 id=\"inputs-title\">Files</h2>\n");
    let unreadable: Vec<_> = inputs.iter().filter_map(|input| input.error.as_ref().map(|error| (input, error))).collect();
    if !unreadable.is_empty() {
        page.markup(
            "<div class=\"callout bad\" id=\"unreadable\">\n<h3><span aria-hidden=\"true\">!</span> Could not be read</h3>\n<ul>\n",
        );
        for (input, error) in unreadable {
            page.within("<li><code class=\"place\">", &input.path, "");
            for number in [error.line, error.column].into_iter().map_while(|number| number) {
                page.markup(":").text(&number.to_string());
            }
            page.within("</code> ", &error.message, "</li>\n");
        }
        page.markup("</ul>\n</div>\n");
    }
    let warned: Vec<_> = inputs.iter().filter(|input| !input.warnings.is_empty()).collect();
    if !warned.is_empty() {
        fold(page, "Read with reservations", warned.len());
        page.markup("<ul>\n");
        for input in warned {
            for warning in &input.warnings {
                page.within("<li><code class=\"place\">", &input.path, "</code> ").text(warning).markup("</li>\n");
            }
        }
        page.markup("</ul>\n</details>\n");
    }
    if !inputs.is_empty() {
        fold(page, "All files", inputs.len());
        page.markup("<div class=\"scroll\" role=\"region\" aria-label=\"Files\" tabindex=\"0\">\n<table class=\"short\">\n<thead><tr><th scope=\"col\">File</th>");
        page.markup("<th scope=\"col\">Kind</th><th scope=\"col\">Encoding</th><th scope=\"col\">Server</th></tr></thead>\n<tbody>\n");
        for input in inputs {
            page.within("<tr><td><code class=\"place\">", &input.path, "</code></td><td>");
            page.text(input.kind.map_or("not recognised", |kind| kind.name())).markup("</td><td>");
            page.text(match (&input.error, input.encoding) {
                (Some(_), _) => "could not be read",
                (None, Some(encoding)) => encoding,
                (None, None) => "–",
            });
            page.within("</td><td>", input.server.as_deref().unwrap_or("–"), "</td></tr>\n");
        }
        page.markup("</tbody>\n</table>\n</div>\n</details>\n");
    }
    if view.review.estate.skipped > 0 {
        page.within("<p>", &count(view.review.estate.skipped, "other file is", "other files are"), " no configuration of IIS.</p>\n");
    }
    page.markup("</section>\n");
}
