//! The new findings of `check` as annotations of GitHub Actions: workflow commands that show each at its line of the changed files. What
//! GitHub would not show is left out and counted; nothing that comes from a file can be a command.

use super::check::summary;
use super::escape::{Out, Terminal, WorkflowMessage, WorkflowProperty};
use super::parts::count;
use super::parts::risk_label;
use super::place::Places;
use super::words;
use crate::review::Review;
use crate::rules::{Finding, Severity};

/// GitHub shows so many annotations of each kind for a step, and drops the others.
const SHOWN: usize = 10;
/// The runner cuts messages at 4096 characters.
const LONGEST_MESSAGE: usize = 4000;
/// So much of one text, in characters; the rest of the message is for the others.
const LONGEST_TEXT: usize = 800;

/// Where the repository lies, so that files can be named as GitHub knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkout {
    /// Path of the repository, with `/` between its parts and none at its end; empty when it is not known.
    pub root: String,
    /// The working directory below it; empty for the root itself.
    pub below: String,
}

impl Checkout {
    /// The file as GitHub knows it: relative to the repository. A file outside of it keeps its path.
    fn path(&self, file: &str) -> String {
        if let Some(inside) = file.strip_prefix(&self.root).and_then(|rest| rest.strip_prefix('/')).filter(|_| !self.root.is_empty()) {
            return inside.to_owned();
        }
        let is_absolute = file.starts_with('/') || file.get(1..3).is_some_and(|drive| drive == ":/");
        if is_absolute || file == "-" {
            return file.to_owned();
        }
        let mut parts: Vec<&str> = self.below.split('/').filter(|part| !part.is_empty()).collect();
        for part in file.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => {
                    parts.pop();
                }
                part => parts.push(part),
            }
        }
        parts.join("/")
    }
}

/// The kinds of annotations, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warning,
    Notice,
}

impl Level {
    fn of(severity: Severity) -> Self {
        match severity {
            Severity::High => Level::Error,
            Severity::Medium => Level::Warning,
            Severity::Low | Severity::Info => Level::Notice,
        }
    }

    fn command(self) -> &'static str {
        match self {
            Level::Error => "::error ",
            Level::Warning => "::warning ",
            Level::Notice => "::notice ",
        }
    }
}

/// One annotation.
struct Annotation {
    level: Level,
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    title: String,
    message: Out<WorkflowMessage>,
}

impl Annotation {
    fn write(&self, text: &mut String) {
        let mut properties = Out::<WorkflowProperty>::default();
        if let Some(file) = &self.file {
            properties.markup("file=").text(file).markup(",");
        }
        if let Some(line) = self.line {
            properties.markup("line=").text(&line.to_string()).markup(",");
        }
        if let Some(column) = self.column {
            properties.markup("col=").text(&column.to_string()).markup(",");
        }
        properties.markup("title=").text(&self.title).markup("::");
        let mut message = Out::<WorkflowMessage>::default();
        message.append(&self.message).markup("\n");
        text.push_str(self.level.command());
        text.push_str(&properties.finish());
        text.push_str(&message.finish());
    }
}

/// The annotations, and a last line for the log that counts all.
pub fn render(review: &Review, checkout: &Checkout) -> String {
    let places = Places { inputs: &review.estate.inputs };
    let unreadable = review.estate.inputs.iter().filter_map(|input| Some((input, input.error.as_ref()?))).map(|(input, error)| {
        let mut message = Out::<WorkflowMessage>::default();
        message.text(&cut(&error.message)).markup("%0ANothing in this file was assessed.");
        Annotation {
            level: Level::Error,
            file: Some(checkout.path(&input.path)),
            line: error.line,
            column: error.column,
            title: "iisaudit: cannot be read".to_owned(),
            message,
        }
    });
    let findings = review.new_findings().map(|finding| {
        let place = finding.place.map(|place| places.json(place));
        // A binary log has no lines to show.
        let line = finding.place.filter(|place| !places.is_record(*place));
        Annotation {
            level: Level::of(finding.severity),
            file: place.map(|place| checkout.path(place.file)),
            line: line.map(|place| place.line),
            column: line.map(|place| place.column),
            title: format!("{}: {}{}", finding.severity.name(), finding.rule.name, words::doubt(finding)),
            message: message(finding, places, checkout),
        }
    });
    // Findings are in the order of severity, so that what is left out of a kind is the least severe of it.
    let (mut text, mut written, mut left_out) = (String::new(), [0usize; 3], 0);
    for annotation in unreadable.chain(findings) {
        let written = &mut written[annotation.level as usize];
        if *written < SHOWN {
            *written += 1;
            annotation.write(&mut text);
        } else {
            left_out += 1;
        }
    }
    let mut last = Out::<Terminal>::default();
    last.markup("iisaudit: ").text(&summary(review));
    if left_out > 0 {
        last.markup("; ")
            .text(&count(left_out, "annotation", "annotations"))
            .markup(" left out, because GitHub shows ")
            .number(SHOWN)
            .markup(" of each kind: the summary of the job, and every other format, have more");
    }
    last.markup("\n");
    text.push_str(&last.finish());
    text
}

/// What is wrong, whose, what is seen and what can be done, as far as a message may be long.
fn message(finding: &Finding, places: Places<'_>, checkout: &Checkout) -> Out<WorkflowMessage> {
    let mut message = Out::<WorkflowMessage>::default();
    message.text(&cut(&finding.message)).markup("%0A").text(&cut(&words::scope(finding)));
    let mut lines: Vec<Out<WorkflowMessage>> = Vec::new();
    let mut line = |parts: &[&str]| {
        let mut line = Out::default();
        line.markup("%0A");
        for part in parts {
            line.text(&cut(part));
        }
        lines.push(line);
    };
    if !finding.sees.is_empty() {
        line(&["Seen: ", &finding.sees]);
    }
    for related in &finding.related {
        let file = checkout.path(places.path(related.place.file));
        line(&["See ", &file, &places.within(related.place), ": ", &related.note]);
    }
    for remedy in &finding.remedies {
        // Half a command is none.
        match remedy.shown().next().filter(|(_, command)| command.chars().count() <= LONGEST_TEXT) {
            Some((_, command)) => line(&[risk_label(remedy.risk), " ", &remedy.what, ": ", command]),
            None => line(&[risk_label(remedy.risk), " ", &remedy.what]),
        }
    }
    let all = lines.len();
    let mut kept = 0;
    for line in &lines {
        if message.len() + line.len() > LONGEST_MESSAGE {
            break;
        }
        message.append(line);
        kept += 1;
    }
    if kept < all {
        message.markup("%0A[…]");
    }
    message
}

/// The text, or its beginning and a sign that there was more.
fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((end, _)) => format!("{} […]", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::escape::{terminal, unescape_workflow};
    use super::super::testing::{HOSTILE, acting, judged};
    use super::*;

    fn here() -> Checkout {
        Checkout::default()
    }

    type Command = (String, Vec<(String, String)>, String);

    /// The commands of a log as the runner reads them: name, properties and message.
    fn commands(text: &str) -> Vec<Command> {
        let read = |line: &str| {
            let (command, message) = line.trim_start().strip_prefix("::")?.split_once("::")?;
            let (name, properties) = command.split_once(' ').unwrap_or((command, ""));
            let property = |text: &str| {
                let (name, value) = text.split_once('=').unwrap();
                (name.to_owned(), unescape_workflow(value))
            };
            Some((name.to_owned(), properties.split(',').map(property).collect(), unescape_workflow(message)))
        };
        text.lines().filter_map(read).collect()
    }

    #[test]
    fn new_findings_and_unreadable_files_are_annotated_and_known_ones_counted() {
        insta::assert_snapshot!(render(&judged(""), &here()), @r#"
        ::error file=estate/web03/MetaBase.xml,line=128,col=5,title=iisaudit%3A cannot be read::the end tag </IIsWebService> has no start tag%0ANothing in this file was assessed.
        ::error file=estate/web01/MetaBase.xml,line=22,col=5,title=high%3A revocation-check-off (likely)::CertCheckMode is 1: revocation is not checked%0Aweb01, "Shop" (id 1), /app%0ASeen: Nothing: revoked certificates are accepted.%0ASee estate/web01/MetaBase.xml:40:5: "Shop (old)" (id 2) does not set it%0A[read-only] shows the value: adsutil.vbs get W3SVC/1/CertCheckMode%0A[safe] checks revocation again: adsutil.vbs set W3SVC/1/CertCheckMode 0%0A[weakens security] leaves revoked certificates accepted
        ::notice title=info%3A revocation-check-off::A second message.%0Aweb02%0ASeen: Nothing: revoked certificates are accepted.
        iisaudit: 2 new findings (1 high, 1 info); 1 in the baseline, 1 suppressed; 2 servers, 3 sites, read 2 of 3 files; not assessed: endpoint (1 server), cert-check-mode, 1 file that could not be read
        "#);
    }

    #[test]
    fn ten_of_each_kind_are_shown_the_worst_first_and_the_rest_is_counted() {
        let mut review = judged("");
        let one = review.findings[0].clone();
        let info = review.findings.iter().find(|judged| judged.finding.severity == Severity::Info).unwrap().clone();
        let low = {
            let mut low = info.clone();
            low.finding.severity = Severity::Low;
            low
        };
        review.findings = [vec![one; 25], vec![low; 8], vec![info; 8]].concat();
        let text = render(&review, &here());
        let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("::error "), count("::warning "), count("::notice ")), (10, 0, 10));
        // One error is the file that cannot be read, two notices are information.
        assert_eq!((text.matches("title=low%3A").count(), text.matches("title=info%3A").count()), (8, 2));
        assert!(text.lines().last().unwrap().contains("; 22 annotations left out, because GitHub shows 10 of each kind"), "{text}");
    }

    #[test]
    fn files_are_named_as_the_repository_names_them() {
        let checkout = Checkout { root: "/home/runner/work/repo/repo".to_owned(), below: "servers/iis".to_owned() };
        assert_eq!(checkout.path("/home/runner/work/repo/repo/web01/MetaBase.xml"), "web01/MetaBase.xml");
        assert_eq!(checkout.path("/home/runner/work/repo/repository/x"), "/home/runner/work/repo/repository/x");
        assert_eq!(checkout.path("./web01//MetaBase.xml"), "servers/iis/web01/MetaBase.xml");
        assert_eq!(checkout.path("../web01/MetaBase.xml"), "servers/web01/MetaBase.xml");
        assert_eq!(checkout.path("C:/x"), "C:/x");
        assert_eq!(checkout.path("-"), "-");
        assert_eq!(Checkout::default().path("./a/../b"), "b");
        assert_eq!(Checkout::default().path("/a"), "/a");
    }

    #[test]
    fn a_message_is_no_longer_than_the_runner_takes_and_no_command_is_half() {
        let review = judged(&"%".repeat(5000));
        for (_, _, message) in commands(&render(&review, &here())) {
            assert!(message.chars().count() < 4096, "{}", message.chars().count());
            assert!(message.contains("[…]"));
            assert!(!message.contains("adsutil"), "{message}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_name_is_a_command_a_property_or_a_line(name in "[%:,=\r\n#\\PC]{0,30}|[\r\n]{1,2} *::(error|stop-commands|add-mask)::x") {
            let text = render(&judged(&name), &here());
            prop_assert_eq!(acting(&text), "");
            prop_assert_eq!(text.lines().count(), 4, "{}", text);
            prop_assert!(!text.contains("##"));
            let commands = commands(&text);
            prop_assert_eq!(commands.len(), 3);
            for (name, properties, _) in &commands {
                prop_assert!(["error", "notice"].contains(&name.as_str()), "{}", name);
                let names: Vec<&str> = properties.iter().map(|(name, _)| name.as_str()).collect();
                prop_assert!(names == ["file", "line", "col", "title"] || names == ["title"], "{:?}", names);
            }
            let expected = terminal(&format!("CertCheckMode is 1: revocation is not checked{name}")).into_owned();
            prop_assert!(commands[1].2.starts_with(&expected), "{:?}", commands[1]);
        }
    }

    #[test]
    fn a_hostile_name_is_readable_in_its_annotation() {
        assert!(render(&judged(HOSTILE), &here()).contains(r"\u{1b}[2J\u{d}\u{a}::error::\u{202e}gpj"));
    }
}
