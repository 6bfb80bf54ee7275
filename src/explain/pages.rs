//! The pages of rules, settings, statuses, codes and notices.

use super::texts::{self, Code, Event, Notice, Registry, Source, Status, Step, Trust};
use super::{Explanation, Kind, attribute, names, netsh};
use crate::catalogue::{self, Level, Setting, entry};
use crate::diagnose::{Cause, Likelihood};
use crate::rules::steps::PLACEHOLDERS;
use crate::rules::{self, Confidence, Rule, Severity, Steps, profiles};

/// What stands before a command for PowerShell in the body of a section.
pub(crate) const POWERSHELL: &str = "PowerShell: ";

/// Collects sections, and leaves out those that would be empty.
pub(super) struct Page(Explanation);

impl Page {
    pub(super) fn new(kind: Kind, title: impl Into<String>) -> Self {
        Page(Explanation { kind, title: title.into(), sections: Vec::new() })
    }

    pub(super) fn section(mut self, heading: &str, body: impl Into<String>) -> Self {
        let body = body.into();
        if !body.is_empty() {
            self.0.sections.push((heading.to_owned(), body));
        }
        self
    }

    pub(super) fn items<T: AsRef<str>>(self, heading: &str, items: impl IntoIterator<Item = T>) -> Self {
        let body = items.into_iter().map(|item| format!("- {}", item.as_ref())).collect::<Vec<_>>().join("\n");
        self.section(heading, body)
    }

    pub(super) fn done(self) -> Explanation {
        self.0
    }
}

pub(super) fn rule(rule: &Rule) -> Explanation {
    Page::new(Kind::Rule, format!("{}: {}", rule.name, rule.title))
        .section("Severity", severity(rule.severity))
        .section("Confidence", confidence(rule.confidence))
        .section("Evidence", rule.evidence)
        .section("Meaning", rule.meaning)
        .section("What is seen", rule.sees)
        .section("When it is silent", rule.silent)
        .section("Fix", rule.fix)
        .section("On IIS 6", generation("IIS 6", rule.remedies.iis6))
        .section("On IIS 7 and later", generation("IIS 7 and later", rule.remedies.iis7))
        .items("What stands in capitals", placeholders(rule))
        .items("References", rule.references)
        .items("Benchmarks", benchmarks(rule))
        .done()
}

/// The page of a cause.
pub(super) fn cause(cause: &Cause) -> Explanation {
    Page::new(Kind::Cause, format!("{}: {}", cause.id, cause.title))
        .section("Cause of", cause.statuses.join(", "))
        .section("Meaning", cause.meaning)
        .section("When it stays open, and when it is only likely", cause.open)
        .section("What decides it", cause.evidence)
        .section(
            "How often",
            match cause.likelihood {
                Likelihood::Common => "Often, as far as the sources tell.",
                Likelihood::Possible => "Now and then, as far as the sources tell.",
                Likelihood::Rare => "Seldom, as far as the sources tell.",
            },
        )
        .items("References", cause.references)
        .done()
}

/// The steps of a generation, each with its commands.
fn generation(generation: &str, steps: Steps) -> String {
    match steps {
        Steps::Never(why) => format!("The rule finds nothing on {generation}: {why}."),
        Steps::Do(steps) => steps.iter().map(step_lines).collect::<Vec<_>>().join("\n"),
    }
}

fn step_lines(step: &rules::Step) -> String {
    let mut lines = format!("- {}", step.what);
    if !step.cmd.is_empty() {
        lines.push_str(&format!("\n    {}", step.cmd));
    }
    if !step.powershell.is_empty() && step.powershell != step.cmd {
        lines.push_str(&format!("\n    {POWERSHELL}{}", step.powershell));
    }
    lines
}

/// What the placeholders stand for that are in the commands of a rule.
fn placeholders(rule: &Rule) -> Vec<String> {
    let steps = [rule.remedies.iis6, rule.remedies.iis7].into_iter().flat_map(|steps| match steps {
        Steps::Do(steps) => steps,
        Steps::Never(_) => &[],
    });
    let mut commands: Vec<String> = steps.map(|step| step.cmd.replace("MACHINE/WEBROOT/APPHOST", "")).collect();
    let mut lines = Vec::new();
    for (name, meaning) in PLACEHOLDERS {
        let mut found = false;
        for command in &mut commands {
            if command.contains(name) {
                found = true;
                // What is a part of it is no placeholder of its own.
                *command = command.replace(name, "");
            }
        }
        if found {
            lines.push(format!("{name}: {meaning}"));
        }
    }
    lines
}

/// The items that a rule checks, and without which profile it is silent.
fn benchmarks(rule: &Rule) -> Vec<String> {
    let mut lines: Vec<String> = profiles::items_of(rule.name).map(|item| format!("{}: {}", item.label(), item.title)).collect();
    let only = profiles::only_under(rule.name);
    if !only.is_empty() {
        let names: Vec<_> = only.iter().map(|profile| format!("`--profile {}`", profile.name())).collect();
        lines.push(format!("The rule runs only with {}.", names.join(" or ")));
    }
    lines
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info: worth knowing",
        Severity::Low => "low: should be looked at",
        Severity::Medium => "medium: likely breaks something or weakens security",
        Severity::High => "high: breaks something or opens something",
    }
}

fn confidence(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Hint => "hint: a heuristic",
        Confidence::Likely => "likely: the finding says why it is not certain",
        Confidence::Firm => "firm: follows from documented facts",
    }
}

pub(super) fn setting(setting: Setting) -> Explanation {
    let entry = entry(setting);
    let level = match entry.level {
        Level::Url => "Decided for each URL path.",
        Level::Endpoint => {
            "One value for all sites on an endpoint: an IP:port on IIS 6, an HTTP.sys record on IIS 7 and later (IP:port, host name and port \
             with SNI, or port with the Central Certificate Store)."
        }
    };
    let mut page = Page::new(Kind::Setting, format!("{}: {}", setting.name(), entry.title))
        .section("Meaning", entry.about)
        .section("Where it is decided", level)
        .items("Names", spellings(setting));
    let mut values = Vec::new();
    if !entry.unit.is_empty() {
        values.push(format!("A number of {}.", entry.unit));
    }
    for (value, meaning) in
        [("0", &entry.when_zero), ("true", &entry.when_true), ("false", &entry.when_false), ("empty or absent", &entry.when_none)]
    {
        if !meaning.is_empty() {
            values.push(format!("{value}: {meaning}"));
        }
    }
    values.extend(entry.bits.iter().map(bit));
    page = page.items("Values", values);
    if let Some(judged) = texts::judged(setting) {
        page = page.items("Often said, and wrong", judged.myths.iter().map(|myth| format!("Wrong: {} Right: {}", myth.wrong, myth.right)));
    }
    if setting == Setting::AccessFlags {
        page = page.section(
            "Not to be confused with",
            "`binding@sslFlags`, a number that says which HTTP.sys record serves a binding and which protocols are off.",
        );
    }
    related(page, setting).items("Sources", entry.sources).done()
}

/// The statuses and rules of a setting.
pub(super) fn related(page: Page, setting: Setting) -> Page {
    let rules = texts::judged(setting).map(|judged| judged.rules.as_slice()).unwrap_or_default();
    // A value causes some of them and not others; its effect says which.
    let heading = match page.0.kind {
        Kind::Value => "Statuses that the setting can cause, with this value or another",
        _ => "Statuses that this setting can cause",
    };
    page.items(heading, entry(setting).statuses.iter().map(|name| status_line(name)))
        .items("Rules that judge this setting", rules.iter().map(|name| rule_line(name)))
}

/// How each generation calls a setting, and what holds where it says nothing.
fn spellings(setting: Setting) -> Vec<String> {
    let entry = entry(setting);
    let mut lines = vec![format!("In reports: {}", names(setting).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))];
    lines.push(match &entry.iis6 {
        Some(iis6) => format!(
            "IIS 6: `{}` (property {}); {}; where nothing says it: {}",
            iis6.property,
            iis6.id,
            if iis6.inherit { "child keys inherit it" } else { "child keys do not inherit it" },
            if iis6.default.is_empty() { "empty" } else { &iis6.default },
        ),
        None => "IIS 6: no such setting".to_owned(),
    });
    lines.push(match &entry.iis7 {
        Some(iis7) if !iis7.record.is_empty() => format!(
            "IIS 7 and later: `{}` of the HTTP.sys record, not in applicationHost.config; `{}` shows it, without it nothing is known",
            iis7.record, iis7.needs
        ),
        Some(iis7) => format!(
            "IIS 7 and later: `{}` in `{}`; where nothing says it: {}",
            attribute(setting).unwrap_or_default(),
            iis7.section,
            if iis7.default.is_empty() { "empty" } else { &iis7.default },
        ),
        None => "IIS 7 and later: no such setting".to_owned(),
    });
    if let [name, ..] = super::registry(setting) {
        lines.push(format!(
            "Registry: `{name}` in the key of each record, below `SslBindingInfo` (or `SslSniBindingInfo`, `SslCcsBindingInfo`) in \
             `Services\\HTTP\\Parameters`; on that key itself it has no effect"
        ));
    }
    if let [first, rest @ ..] = netsh(setting) {
        let words = rest.iter().fold(format!("`{first}`"), |words, word| format!("{words}, `{word}`"));
        lines.push(format!("`netsh http add sslcert`: {words}"));
    }
    lines
}

/// One bit: number, names in both generations, meaning.
pub(super) fn bit(bit: &catalogue::Bit) -> String {
    let names = [&bit.iis6, &bit.iis7].into_iter().filter(|name| !name.is_empty()).map(|name| format!("`{name}`")).collect::<Vec<_>>();
    format!("{} ({:#x}), {}: {}", bit.value, bit.value, names.join(" / "), bit.meaning)
}

pub(super) fn status(status: &Status) -> Explanation {
    let mut page = Page::new(Kind::Status, format!("{}: {}", status.name, status.title)).section("Meaning", status.meaning.as_str());
    if !status.aliases.is_empty() {
        page = page.section("Also found as", status.aliases.join(", "));
    }
    page.items("What makes it possible on IIS 6", &status.iis6)
        .items("What makes it possible on IIS 7 and later", &status.iis7)
        .items("What tells the cause", &status.evidence)
        .section("Look first (changes nothing)", steps(&status.look))
        .section("Fixes that weaken nothing", steps(&status.safe))
        .section("Last resort (weakens security)", steps(&status.weakens))
        .items("Settings", status.settings.iter().map(|setting| format!("`{}`: {}", setting.name(), entry(*setting).title)))
        .items("Rules", status.rules.iter().map(|name| rule_line(name)))
        .items("Codes", texts::texts().code.iter().filter(|code| code.statuses.contains(&status.name)).map(code_line))
        .items("Sources", status.sources.iter().map(source))
        .done()
}

fn steps(steps: &[Step]) -> String {
    let mut lines = Vec::new();
    for step in steps {
        lines.push(format!("- {}", step.what));
        if !step.command.is_empty() {
            lines.push(format!("    {}", step.command));
        }
    }
    lines.join("\n")
}

fn source(source: &Source) -> String {
    let trust = match source.trust {
        Trust::Documented => "documented",
        Trust::Seen => "seen",
        Trust::Likely => "likely",
    };
    format!("{trust}: {}", source.text)
}

fn rule_line(name: &str) -> String {
    match crate::rules::rule(name) {
        Some(rule) => format!("`{name}`: {}", rule.title),
        None => format!("`{name}`"),
    }
}

fn status_line(name: &str) -> String {
    match texts::texts().status.iter().find(|status| status.name == name) {
        Some(status) => format!("{name}: {}", status.title),
        None => name.to_owned(),
    }
}

fn code_line(code: &Code) -> String {
    format!("{}: {}", code_names(code), code.meaning)
}

fn code_names(code: &Code) -> String {
    let name = if code.name.is_empty() { String::new() } else { format!("{} ", code.name) };
    let win32 = code.win32.map(|win32| format!(", in logs also {win32}")).unwrap_or_default();
    format!("{name}{:#010x}, decimal {}{win32}", code.value, code.value)
}

pub(super) fn code(code: &Code) -> Explanation {
    let certainty = if code.name.is_empty() {
        "The number was seen in logs; its name is not known for certain."
    } else {
        "Name and number are documented. Which code comes with which status was not verified for every pair: take the status from the log, \
         and the code as the reason for it."
    };
    Page::new(Kind::Code, code_names(code))
        .section("Meaning", code.meaning.as_str())
        .items("Seen with", code.statuses.iter().map(|name| status_line(name)))
        .section("Certainty", certainty)
        .done()
}

pub(super) fn registry(value: &Registry) -> Explanation {
    Page::new(Kind::Registry, format!("{}: {}", value.name, value.title))
        .section("Meaning", value.meaning.as_str())
        .section("Where it stands", format!("`{}`, value `{}`", value.key, value.name))
        .items("Values", &value.values)
        .section("Where it is absent", value.absent.as_str())
        .items("Statuses that it can cause", value.statuses.iter().map(|name| status_line(name)))
        .items("Rules that judge it", value.rules.iter().map(|name| rule_line(name)))
        .section("Look first (changes nothing)", steps(&value.look))
        .items("Sources", value.sources.iter().map(source))
        .done()
}

pub(super) fn event(event: &Event) -> Explanation {
    Page::new(Kind::Event, format!("Event {} of {}: {}", event.id, event.source, event.title))
        .section("Meaning", event.meaning.as_str())
        .items("Statuses that clients may get", event.statuses.iter().map(|name| status_line(name)))
        .items("Rules that look for it", event.rules.iter().map(|name| rule_line(name)))
        .section("Look first (changes nothing)", steps(&event.look))
        .items("Sources", event.sources.iter().map(source))
        .done()
}

pub(super) fn notice(notice: &Notice) -> Explanation {
    Page::new(Kind::Notice, format!("{}: a notice, not a finding", notice.name))
        .section("When it is given", notice.when.as_str())
        .section("Meaning", notice.meaning.as_str())
        .section("What would tell", notice.give.as_str())
        .done()
}

pub(super) fn binding_flags() -> Explanation {
    Page::new(Kind::Setting, "binding@sslFlags: flags of an https binding")
        .section(
            "Meaning",
            "A number on a `binding` element of applicationHost.config (IIS 8 and later; IIS 7 and 7.5 refuse the file with 500.19). Its bits \
             say which HTTP.sys record serves the binding and what is switched off there. It must be a number: names are refused. Absent means 0.",
        )
        .items("Bits", texts::texts().binding_flag.iter().map(binding_bit))
        .items("Which record", [
            "Neither 1 nor 2: the record of IP address and port, shared by all such bindings whatever their host names.",
            "1 without 2: the record of host name and port.",
            "2, with or without 1: the record of the port, for the Central Certificate Store.",
        ])
        .section("Not to be confused with", "`access@sslFlags`, a list of names that says what a URL demands of a connection.")
        .section("Sources", "MicrosoftDocs/iis-docs: iis/configuration/system.applicationHost/sites/site/bindings/binding.md; open-source clients where the text says so.")
        .done()
}

pub(super) fn binding_bit(flag: &texts::BindingFlag) -> String {
    let certainty = if flag.certainty.is_empty() { String::new() } else { format!(" ({})", flag.certainty) };
    format!("{} ({:#x}), `{}`: {}; since {}{certainty}", flag.value, flag.value, flag.name, flag.meaning, flag.since)
}

pub(super) fn ambiguous() -> Explanation {
    Page::new(Kind::Ambiguous, "Which is meant: access@sslFlags or binding@sslFlags?")
        .section(
            "access@sslFlags",
            "A list of names on `system.webServer/security/access`: what a URL demands, and whether client certificates are ignored, accepted \
             or required there. On IIS 6: `AccessSSLFlags`. Ask for `access@sslFlags`.",
        )
        .section(
            "binding@sslFlags",
            "A number on a `binding` element: which HTTP.sys record serves the binding, and which protocols are off. Ask for `binding@sslFlags`.",
        )
        .done()
}
