//! How to change or show an attribute of a section on IIS 7 and later: in the file that decides it, or as words where only a lone file is
//! known.

use super::appcmd::{self, Commit};
use super::{Remedy, Risk};
use crate::catalogue::{Setting, entry};
use crate::server::{Resolved, Scope, Server};

/// An attribute of a section at a location.
#[derive(Debug, Clone, Copy)]
pub struct Attribute<'a> {
    /// The server.
    pub server: &'a Server,
    /// The location path, such as `Shop/api`; empty for the server level.
    pub location: &'a str,
    /// The setting, which the catalogue calls an attribute of a section.
    pub setting: Setting,
    /// What is in effect there.
    pub said: Option<&'a Resolved>,
}

impl<'a> Attribute<'a> {
    /// The attribute of `setting` at a scope.
    pub fn at(server: &'a Server, scope: &'a Scope, setting: Setting) -> Self {
        Attribute { server, location: &scope.store_path, setting, said: scope.settings.get(setting) }
    }

    /// Shows what is in effect; `None` where there is no such command.
    pub fn look(&self, what: &str) -> Option<Remedy> {
        let (section, attribute) = self.names()?;
        let attribute = attribute.replace('/', ".");
        let lone = self.server.is_lone_web_config();
        let command = if lone { None } else { appcmd::list_config(self.location, section, Some(&attribute)) };
        command.map(|command| Remedy::command(Risk::ReadOnly, what, command))
    }

    /// Writes `value`. A value that a web.config says is written there, because applicationHost.config would be outranked by it; without
    /// the file of the server the location is not known, and there is advice.
    pub fn set(&self, risk: Risk, what: &str, value: &str) -> Option<Remedy> {
        let (section, attribute) = self.names()?;
        if self.server.is_lone_web_config() {
            let (element, attribute) = attribute.split_once('/').unwrap_or((section.rsplit('/').next().unwrap_or_default(), attribute));
            let below = self.location.split_once('/').map_or_else(String::new, |(_, path)| format!(", location path=\"{path}\""));
            return Some(Remedy::advice(risk, format!("{what}: write {element}@{attribute}=\"{value}\" in this file{below}")));
        }
        let in_web_config = self.in_web_config();
        let commit = if in_web_config { Commit::WebConfig } else { Commit::AppHost };
        let what = match in_web_config {
            true => format!("{what}; a web.config says the value, so the command writes the web.config of this path"),
            false => what.to_owned(),
        };
        // Both tools are documented with lists of flags without blanks.
        let (attribute, value) = (attribute.replace('/', "."), value.replace(", ", ","));
        let command = appcmd::set_config(self.location, section, &[(&attribute, &value)], commit);
        Some(Remedy::offer(risk, what, command))
    }

    /// Whether the value in effect is written in another file than that of the server.
    fn in_web_config(&self) -> bool {
        let place = self.said.and_then(|said| said.origin.place());
        place.is_some_and(|place| self.server.inputs.first().is_some_and(|file| *file != place.file))
    }

    fn names(&self) -> Option<(&'static str, &'static str)> {
        let iis7 = entry(self.setting).iis7.as_ref().filter(|iis7| !iis7.section.is_empty())?;
        Some((iis7.section, iis7.attribute))
    }
}
