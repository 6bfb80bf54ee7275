//! Rows that stand beside facts in a file that one part of a fleet was written to: what the rules found, what was not assessed, and which files
//! there were. With them and the facts nothing of the part is missing that a report of the fleet needs.

use serde::{Deserialize, Serialize};

use super::fact::{Fact, VERSION};
use crate::catalogue::Setting;
use crate::estate::{FileKind, InputError, InputReport};
use crate::input::{Charset, FileId, Place};
use crate::rules::{self, Confidence, Finding, Profile, Related, Severity};
use crate::server::{Generation, Notice, WindowsVersion};

/// A line of such a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// A fact.
    Fact(Box<Fact<'static>>),
    /// A row of another kind.
    Row(Box<Row>),
}

/// A row that is no fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "row", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Row {
    /// The first row of a part.
    Part {
        /// Version of the row.
        v: u32,
        /// What the policy file says, as a fingerprint; `None` without one.
        policy: Option<String>,
        /// The benchmark whose rules ran, too.
        profile: Option<Profile>,
    },
    /// A server, and what was not assessed of it.
    Server {
        /// Version of the row.
        v: u32,
        /// Its name.
        server: String,
        /// Its generation of IIS.
        generation: Generation,
        /// Its version of Windows, where that is known.
        windows: Option<WindowsVersion>,
        /// What was not assessed.
        notices: Vec<NoticeRow>,
    },
    /// What a rule found, before any policy.
    Finding(Box<FindingRow>),
    /// A file that was looked at.
    File {
        /// Version of the row.
        v: u32,
        /// Path as shown.
        path: String,
        /// What the file is.
        kind: Option<FileKind>,
        /// Encoding it was read in.
        encoding: Option<String>,
        /// Name of the server it belongs to.
        server: Option<String>,
        /// Why it could not be read.
        error: Option<ErrorRow>,
        /// What a reader should know although the file was read.
        warnings: Vec<String>,
    },
    /// The last row of a part.
    End {
        /// Version of the row.
        v: u32,
        /// Number of files in directories that are no configuration of IIS.
        skipped: usize,
        /// Which expectations of the policy apply to any server.
        expect: Vec<bool>,
        /// Which groups of the policy have two sites on any server.
        groups: Vec<bool>,
    },
}

/// Something that was not assessed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeRow {
    /// Its name.
    pub name: String,
    /// What was not assessed.
    pub message: String,
    /// What would settle it.
    pub needs: String,
}

/// Why a file could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ErrorRow {
    /// What is wrong.
    pub message: String,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column, from 1.
    pub col: Option<u32>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceRow {
    /// Path of the file.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub col: u32,
    /// What is there; empty for the place of the finding itself.
    pub note: String,
}

/// What a rule found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FindingRow {
    /// Version of the row.
    pub v: u32,
    /// Name of the rule.
    pub rule: String,
    /// How bad it is.
    pub severity: Severity,
    /// The most that a policy can make of it.
    pub most: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Name of the server.
    pub server: String,
    /// Id and name of the site.
    pub site: Option<(Option<u32>, String)>,
    /// URL path within the site.
    pub path: Option<String>,
    /// The setting.
    pub setting: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What tells two findings of one rule at one scope apart.
    pub subject: String,
    /// The benchmark under which it was found.
    pub profile: Option<Profile>,
    /// The sides that disagree, each with its sites.
    pub sides: Vec<Vec<(Option<u32>, String)>>,
    /// Where.
    pub place: Option<PlaceRow>,
    /// Other places.
    pub related: Vec<PlaceRow>,
}

/// Names of all notices. They are part of reports, so that one that is not known here is of another version.
const NOTICES: &[&str] = &[
    "benchmark-not-assessed",
    "config-source-not-read",
    "delegated-not-assessed",
    "endpoint-not-assessed",
    "expectation-not-assessed",
    "inheritance-not-assessed",
    "mapping-data-not-visible",
    "no-web-service-key",
    "web-config-ignored",
    "web-config-not-placed",
];

impl Row {
    /// The version that the row names.
    fn version(&self) -> u32 {
        match self {
            Row::Part { v, .. } | Row::Server { v, .. } | Row::File { v, .. } | Row::End { v, .. } => *v,
            Row::Finding(finding) => finding.v,
        }
    }

    /// What contradicts itself in the row, or is not known to this version, if anything is.
    pub fn fault(&self) -> Option<String> {
        if self.version() != VERSION {
            return Some(format!("rows of version {} are not understood, only those of version {VERSION}", self.version()));
        }
        match self {
            Row::Server { notices, .. } => notices.iter().find_map(|notice| notice.notice().err()),
            Row::Finding(finding) => {
                let setting = finding.setting.as_ref().filter(|name| setting(name).is_none());
                match (rules::rule(&finding.rule), setting) {
                    (None, _) => Some(format!("the rule {} is not known to this version", finding.rule)),
                    (_, Some(name)) => Some(format!("the setting {name} is not known to this version")),
                    _ => None,
                }
            }
            Row::File { encoding: Some(name), .. } if encoding(name).is_none() => Some(format!("the encoding {name} is not known")),
            Row::Part { .. } | Row::File { .. } | Row::End { .. } => None,
        }
    }

    /// The row of a file.
    pub fn of_file(input: &InputReport) -> Row {
        let error = |error: &InputError| ErrorRow { message: error.message.clone(), line: error.line, col: error.column };
        Row::File {
            v: VERSION,
            path: input.path.clone(),
            kind: input.kind,
            encoding: input.encoding.map(str::to_owned),
            server: input.server.clone(),
            error: input.error.as_ref().map(error),
            warnings: input.warnings.clone(),
        }
    }

    /// The file of a row; `None` for other rows.
    pub fn file(self) -> Option<InputReport> {
        let Row::File { path, kind, encoding: name, server, error, warnings, .. } = self else { return None };
        let error = error.map(|error| InputError { message: error.message, line: error.line, column: error.col });
        Some(InputReport { path, kind, encoding: name.and_then(|name| encoding(&name)), server, error, warnings })
    }
}

fn encoding(name: &str) -> Option<&'static str> {
    Charset::for_label(name).map(Charset::name).filter(|known| *known == name)
}

fn setting(name: &str) -> Option<Setting> {
    Setting::ALL.iter().find(|setting| setting.name() == name).copied()
}

impl NoticeRow {
    /// The row of a notice.
    pub fn of(notice: &Notice) -> NoticeRow {
        NoticeRow { name: notice.name.to_owned(), message: notice.message.clone(), needs: notice.needs.to_string() }
    }

    /// The notice.
    pub fn notice(&self) -> Result<Notice, String> {
        match NOTICES.iter().find(|name| **name == self.name) {
            Some(name) => Ok(Notice { name, message: self.message.clone(), needs: self.needs.clone().into() }),
            None => Err(format!("the notice {} is not known to this version", self.name)),
        }
    }
}

impl FindingRow {
    /// The row of a finding. `path` tells the path of a file.
    pub fn of<'a>(finding: &Finding, path: impl Fn(FileId) -> &'a str) -> FindingRow {
        let place = |place: Place, note: &str| PlaceRow {
            file: path(place.file).to_owned(),
            line: place.line,
            col: place.column,
            note: note.to_owned(),
        };
        FindingRow {
            v: VERSION,
            rule: finding.rule.name.to_owned(),
            severity: finding.severity,
            most: finding.most(),
            confidence: finding.confidence,
            server: finding.server.clone(),
            site: finding.site.clone(),
            path: finding.path.clone(),
            setting: finding.setting.map(|setting| setting.name().to_owned()),
            message: finding.message.clone(),
            subject: finding.subject.clone(),
            profile: finding.profile,
            sides: finding.sides.clone(),
            place: finding.place.map(|at| place(at, "")),
            related: finding.related.iter().map(|related| place(related.place, &related.note)).collect(),
        }
    }

    /// The finding; `None` when its rule is not known. `file` tells the number of a file.
    pub fn finding(self, mut file: impl FnMut(&str) -> FileId) -> Option<Finding> {
        let mut place = |row: &PlaceRow| Place { file: file(&row.file), line: row.line, column: row.col };
        let mut finding = Finding::recalled(rules::rule(&self.rule)?, self.server, self.severity, self.most);
        finding.confidence = self.confidence;
        finding.site = self.site;
        finding.path = self.path;
        finding.setting = self.setting.as_deref().and_then(setting);
        finding.message = self.message;
        finding.subject = self.subject;
        finding.profile = self.profile;
        finding.sides = self.sides;
        finding.place = self.place.as_ref().map(&mut place);
        finding.related = self.related.into_iter().map(|row| Related { place: place(&row), note: row.note }).collect();
        Some(finding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_notice_of_the_examples_and_fixtures_has_a_row() {
        let paths: Vec<_> =
            ["examples", "tests/fixtures"].iter().map(|path| std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).collect();
        let estate = crate::estate::read(&paths, &crate::estate::Options::default());
        let notices: Vec<&Notice> = estate.servers.iter().flat_map(|server| &server.notices).collect();
        assert!(notices.len() > 10);
        for notice in notices
            .into_iter()
            .chain(estate.servers.iter().flat_map(|server| rules::profiles::notices(server, Profile::Stig)).collect::<Vec<_>>().iter())
        {
            assert_eq!(NoticeRow::of(notice).notice().as_ref(), Ok(notice));
        }
        for input in &estate.inputs {
            assert_eq!(Row::of_file(input).fault(), None);
            assert_eq!(Row::of_file(input).file().as_ref(), Some(input));
        }
    }

    #[test]
    fn every_finding_comes_back_as_it_was() {
        let paths = [std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")];
        let estate = crate::estate::read(&paths, &crate::estate::Options::default());
        let name = |file: FileId| estate.inputs[usize::try_from(file.0).unwrap()].path.as_str();
        let number = |path: &str| FileId(u32::try_from(estate.inputs.iter().position(|input| input.path == path).unwrap()).unwrap());
        let findings: Vec<Finding> = estate.servers.iter().flat_map(|server| rules::check(&rules::Context::new(server))).collect();
        assert!(findings.len() > 20);
        for finding in findings {
            let row = FindingRow::of(&finding, name);
            assert_eq!(Row::Finding(Box::new(row.clone())).fault(), None);
            let again = row.clone().finding(number).unwrap();
            assert_eq!((again.fingerprint(), again.place), (finding.fingerprint(), finding.place));
            assert_eq!(FindingRow::of(&again, name), row);
        }
    }
}
