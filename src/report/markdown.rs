//! The report of `check` for a comment of a pull request or the summary of a job: the verdict, a table of what is new, details and remedies
//! folded below it. No text from a file becomes markup, a link or a mention. When it would be longer than a comment may be, it leaves out
//! details from the least severe upward, and says how many.

use super::check::{Summary, summary};
use super::escape::{Markdown, Out};
use super::parts::{count, shared_notices};
use super::place::Places;
use super::words;
use crate::remedy::Risk;
use crate::review::{Judged, Review, State};
use crate::rules::Finding;

/// GitHub takes comments of so many characters. It is counted in bytes, which are never fewer.
const LONGEST_COMMENT: usize = 65_536;
/// Room for what is said about things left out.
const RESERVE: usize = 1024;

type Text = Out<Markdown>;

/// The report, short enough for a comment.
pub fn render(review: &Review) -> String {
    render_within(review, LONGEST_COMMENT)
}

/// The report in at most so many bytes, which should be some thousands.
pub fn render_within(review: &Review, longest: usize) -> String {
    let places = Places { inputs: &review.estate.inputs };
    let new: Vec<&Finding> = review.new_findings().collect();
    let mut head = Text::default();
    head.markup("## iisaudit: ").text(&verdict(review)).markup("\n\n").text(&summary(review)).markup("\n");
    let mut left = longest.saturating_sub(RESERVE + head.len());

    // Each part has a share that it cannot exceed; what it leaves is for the parts after it. Details come last: they can best be missed.
    let mut part = |pieces: Vec<Text>, share: usize| {
        let all = pieces.len();
        let mut budget = left.min(longest / 100 * share);
        let mut kept = Text::default();
        let mut shown = 0;
        for piece in pieces {
            if piece.len() > budget {
                break;
            }
            budget -= piece.len();
            left -= piece.len();
            kept.append(&piece);
            shown += 1;
        }
        (kept, shown, all - shown)
    };
    let unreadable = part(unreadable(review), 15);
    let rows = part(new.iter().enumerate().map(|(index, finding)| row(index + 1, finding, places)).collect(), 45);
    let notices = part(notices(review), 15);
    let known = part(known(review, places), 15);
    let gone = part(gone(review), 5);
    let details = part(new.iter().enumerate().map(|(index, finding)| details(index + 1, finding, places)).collect(), 100);

    let mut out = head;
    if rows.1 > 0 {
        out.markup("\n| # | Severity | Rule | Where | What is wrong | Place |\n|---:|---|---|---|---|---|\n").append(&rows.0);
    }
    more(
        &mut out,
        rows.2,
        "finding is not shown, because the report would be too long",
        "findings are not shown, because the report would be too long",
    );
    if details.1 > 0 {
        out.markup("\n### Details\n").append(&details.0);
    }
    more(
        &mut out,
        details.2.saturating_sub(rows.2),
        "finding has no details here, the least severe",
        "findings have no details here, the least severe",
    );
    section(&mut out, "### Could not be read\n\n", "", &unreadable);
    section(&mut out, "### Not assessed\n\n", "", &notices);
    section(&mut out, "<details>\n<summary>Known: these do not count</summary>\n\n", "\n</details>\n", &known);
    section(&mut out, "<details>\n<summary>In the baseline, not found any more</summary>\n\n", "\n</details>\n", &gone);
    out.finish()
}

/// A part with its heading, when it has anything, and what was left out of it.
fn section(out: &mut Text, begin: &'static str, end: &'static str, (text, shown, left_out): &(Text, usize, usize)) {
    if shown + left_out == 0 {
        return;
    }
    out.markup("\n").markup(begin).append(text);
    more(out, *left_out, "more", "more");
    out.markup(end);
}

fn more(out: &mut Text, number: usize, one: &'static str, many: &'static str) {
    if number > 0 {
        out.markup("\n… ").text(&count(number, one, many)).markup("\n");
    }
}

/// The numbers that decide, as a heading.
fn verdict(review: &Review) -> String {
    let summary = Summary::of(review);
    let numbers: Vec<String> = [(summary.high, "high"), (summary.medium, "medium"), (summary.low, "low"), (summary.info, "info")]
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, name)| format!("{number} {name}"))
        .collect();
    let known = summary.baselined + summary.suppressed > 0;
    match () {
        () if !numbers.is_empty() => numbers.join(", "),
        () if review.estate.servers.is_empty() => "nothing was assessed".to_owned(),
        () if known => "no new findings".to_owned(),
        () => "no findings".to_owned(),
    }
}

fn row(number: usize, finding: &Finding, places: Places<'_>) -> Text {
    let mut row = Text::default();
    row.markup("| ").number(number).markup(" | ").markup(finding.severity.name()).markup(" | `").markup(finding.rule.name).markup("`");
    row.markup(words::doubt(finding)).markup(" | ").text(&words::scope(finding)).markup(" | ").text(&finding.message).markup(" | ");
    if let Some(place) = finding.place {
        row.text(&places.text(place));
    }
    row.markup(" |\n");
    row
}

/// What is seen, other places and remedies, folded.
fn details(number: usize, finding: &Finding, places: Places<'_>) -> Text {
    let mut text = Text::default();
    text.markup("\n<details>\n<summary>").number(number).markup(". ").markup(finding.severity.name()).markup(": ");
    text.markup(finding.rule.name).markup("</summary>\n\n").text(&finding.message).markup("\n");
    if !finding.sees.is_empty() {
        line(&mut text, "Seen: ", &finding.sees);
    }
    for related in &finding.related {
        line(&mut text, "See ", &format!("{} {}", places.text(related.place), related.note));
    }
    let items: Vec<String> = finding.benchmarks().map(|item| item.label()).collect();
    if !items.is_empty() {
        line(&mut text, "Benchmark: ", &items.join(", "));
    }
    for remedy in &finding.remedies {
        line(&mut text, risk(remedy.risk), &remedy.what);
        for (is_powershell, command) in remedy.shown() {
            text.markup(if is_powershell { "\nPowerShell:\n\n" } else { "\n" }).fenced(command);
        }
    }
    text.markup("\n</details>\n");
    text
}

/// A paragraph.
fn line(out: &mut Text, label: &'static str, text: &str) {
    out.markup("\n").markup(label).text(text).markup("\n");
}

fn risk(risk: Risk) -> &'static str {
    match risk {
        Risk::ReadOnly => "Read-only: ",
        Risk::Safe => "Safe: ",
        Risk::WeakensSecurity => "**Weakens security:** ",
    }
}

fn unreadable(review: &Review) -> Vec<Text> {
    let inputs = review.estate.inputs.iter().filter_map(|input| Some((input, input.error.as_ref()?)));
    inputs
        .map(|(input, error)| {
            let mut place = input.path.clone();
            for number in [error.line, error.column].into_iter().map_while(|number| number) {
                place.push_str(&format!(":{number}"));
            }
            item(&[&place, " ", &error.message])
        })
        .collect()
}

fn notices(review: &Review) -> Vec<Text> {
    let of = |(notice, servers): (&crate::server::Notice, Vec<&str>)| {
        item(&[notice.name, " (", &servers.join(", "), "): ", &notice.message, "; needs ", &notice.needs])
    };
    shared_notices(&review.estate.servers).into_iter().map(of).collect()
}

fn known(review: &Review, places: Places<'_>) -> Vec<Text> {
    let of = |judged: &Judged| {
        let finding = &judged.finding;
        let why = words::why_known(judged)?;
        let by = match &judged.state {
            State::Suppressed(suppression) => suppression.place.map(|place| format!(", by {}", places.text(place))),
            State::New | State::Baselined => None,
        };
        Some(item(&[finding.severity.name(), " ", finding.rule.name, ", ", &words::scope(finding), ": ", &why, &by.unwrap_or_default()]))
    };
    review.findings.iter().filter_map(of).collect()
}

fn gone(review: &Review) -> Vec<Text> {
    review.baseline.iter().flat_map(|baseline| &baseline.gone).map(|gone| item(&[&gone.rule, " ", &gone.scope])).collect()
}

/// An item of a list. Its parts are escaped as one text, because two that are harmless can act together.
fn item(parts: &[&str]) -> Text {
    let mut item = Text::default();
    item.markup("- ").text(&parts.concat()).markup("\n");
    item
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::escape::{read_markdown, terminal};
    use super::super::testing::{HOSTILE, acting, judged};
    use super::*;

    /// What a reader sees, and what else than our own markup is there.
    fn read(markdown: &str) -> (String, Vec<String>) {
        let (text, mut others) = read_markdown(markdown);
        let ours = ["<details>\\n", "</details>\\n", "<summary>"];
        others.retain(|event| {
            let html = event.strip_prefix("Html(").is_some_and(|html| ours.iter().any(|ours| html.contains(ours)));
            !(html
                || event.starts_with("Start(Heading")
                || event.starts_with("Start(List(None))")
                || event == "Start(Item)"
                || event == "Start(Strong)"
                || event == "SoftBreak")
        });
        (text, others)
    }

    #[test]
    fn a_comment_has_the_verdict_a_table_details_and_what_does_not_count() {
        let text = render(&judged(""));
        assert_eq!(read(&text).1, Vec::<String>::new());
        insta::assert_snapshot!(text, @r#"
        ## iisaudit: 1 high, 1 info

        2 new findings (1 high, 1 info); 1 in the baseline, 1 suppressed; 2 servers, 3 sites, read 2 of 3 files; not assessed: endpoint (1 server), cert-check-mode, 1 file that could not be read

        | # | Severity | Rule | Where | What is wrong | Place |
        |---:|---|---|---|---|---|
        | 1 | high | `revocation-check-off` (likely) | web01, "Shop" (id 1), /app | CertCheckMode is 1: revocation is not checked | `estate/web01/MetaBase.xml:22:5` |
        | 2 | info | `revocation-check-off` | web02 | A second message. |  |

        ### Details

        <details>
        <summary>1. high: revocation-check-off</summary>

        CertCheckMode is 1: revocation is not checked

        Seen: Nothing: revoked certificates are accepted.

        See `estate/web01/MetaBase.xml:40:5` "Shop (old)" (id 2) does not set it

        Read-only: shows the value

        ```text
        adsutil.vbs get W3SVC/1/CertCheckMode
        ```

        Safe: checks revocation again

        ```text
        adsutil.vbs set W3SVC/1/CertCheckMode 0
        ```

        **Weakens security:** leaves revoked certificates accepted

        </details>

        <details>
        <summary>2. info: revocation-check-off</summary>

        A second message.

        Seen: Nothing: revoked certificates are accepted.

        </details>

        ### Could not be read

        - `estate/web03/MetaBase.xml:128:5` the end tag `</IIsWebService>` has no start tag

        ### Not assessed

        - endpoint-not-assessed (web02): how HTTP.sys checks client certificates; needs netsh http show sslcert

        <details>
        <summary>Known: these do not count</summary>

        - high plain-text-password, web01, "Shop (old)" (id 2): in the baseline
        - medium certificate-not-required, web01, "Shop (old)" (id 2): suppressed until `2031-12-31`: the partner has no certificate yet, by `estate/web01/MetaBase.xml:3:5`

        </details>

        <details>
        <summary>In the baseline, not found any more</summary>

        - usage-check-off web01, "Shop"

        </details>
        "#);
    }

    #[test]
    fn without_findings_the_heading_says_what_that_is_worth() {
        let heading = |review: &Review| render(review).lines().next().unwrap().to_owned();
        let mut review = judged("");
        review.findings.retain(|judged| judged.state != State::New);
        assert_eq!(heading(&review), "## iisaudit: no new findings");
        review.findings.clear();
        assert_eq!(heading(&review), "## iisaudit: no findings");
        assert!(render(&review).contains("no findings; not assessed: endpoint (1 server)"));
        assert_eq!(heading(&Review::default()), "## iisaudit: nothing was assessed");
    }

    fn many(number: usize) -> Review {
        let mut review = judged("");
        let (high, info) = (review.findings[0].clone(), review.findings.last().unwrap().clone());
        review.findings = (0..number).map(|index| if index < 20 { high.clone() } else { info.clone() }).collect();
        review
    }

    #[test]
    fn a_long_report_leaves_out_details_from_the_least_severe_upward_and_says_so() {
        let text = render(&many(300));
        assert!(text.len() <= LONGEST_COMMENT, "{}", text.len());
        assert_eq!(text.lines().filter(|line| line.starts_with("| ") && line.contains("`revocation-check-off`")).count(), 300);
        let shown = text.matches("</summary>").count() - 1;
        assert!((20..300).contains(&shown), "{shown}");
        assert_eq!(text.matches(". high: ").count(), 20);
        assert!(text.contains(&format!("… {} findings have no details here, the least severe\n", 300 - shown)), "{shown}");
    }

    #[test]
    fn a_very_long_report_counts_the_rows_that_it_leaves_out_too() {
        let text = render(&many(5000));
        assert!(text.len() <= LONGEST_COMMENT, "{}", text.len());
        let rows = text.lines().filter(|line| line.starts_with("| ") && line.contains("`revocation-check-off`")).count();
        assert!(text.contains(&format!("… {} findings are not shown, because the report would be too long\n", 5000 - rows)), "{rows}");
        assert!(text.contains("### Could not be read") && text.contains("### Not assessed"));
    }

    #[test]
    fn one_endless_name_does_not_make_the_report_endless() {
        let text = render(&judged(&"@x ".repeat(50_000)));
        assert!(text.len() <= LONGEST_COMMENT, "{}", text.len());
        assert!(text.contains("2 findings are not shown") && text.contains("… 1 more"), "{text}");
    }

    #[test]
    fn hostile_names_are_code() {
        let text = render(&judged(HOSTILE));
        assert_eq!(read(&text).1, Vec::<String>::new());
        assert!(text.contains(r"`revoked\u{1b}[2J") || text.contains(r"\u{1b}[2J\u{d}\u{a}::error::\u{202e}gpj"), "{text}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn no_name_is_more_than_text(name in "[-@#|`\\\\*_~<>()\\[\\]!$&;:/.0-9a-f\n ]{0,24}|<[a-z/ =\"]{1,9}>|\\PC{0,20}|</?(details|summary|!--|script)>") {
            let text = render(&judged(&name));
            prop_assert_eq!(acting(&text), "");
            let (read, others) = read(&text);
            prop_assert!(others.is_empty(), "{:?} in {}", others, text);
            prop_assert_eq!(text.lines().filter(|line| *line == "<details>").count(), 4);
            prop_assert_eq!(text.lines().filter(|line| line.starts_with("| ")).count(), 3);
            let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            let message = squeeze(&terminal(&format!("CertCheckMode is 1: revocation is not checked{name}")));
            prop_assert_eq!(squeeze(&read).matches(&message).count(), 2);
        }
    }
}
