//! A baseline as text: its entries, and what a command did to it.

use super::page::Page;
use super::parts::count;
use super::style::{DIM, Style};
use crate::policy::Baseline;
use crate::policy::baseline::{Entry, Missing};

/// The entries as a table, and the servers that were read.
pub fn table(baseline: &Baseline, style: Style) -> String {
    let mut page = Page::new(style);
    let row = |entry: &Entry| {
        let setting = entry.setting.clone().unwrap_or_default();
        vec![entry.severity.name().to_owned(), entry.rule.clone(), entry.scope(), setting]
    };
    let rows: Vec<Vec<String>> = baseline.entries.iter().map(row).collect();
    if !rows.is_empty() {
        page.table(0, &["severity", "rule", "where", "setting"], &rows);
        page.gap();
    }
    for server in &baseline.servers {
        page.prose(0, &format!("{}: {}", server.name, server.files.join(", ")));
    }
    page.prose(0, &size(baseline));
    page.finish()
}

/// Says that a baseline was written.
pub fn written(path: &str, baseline: &Baseline, style: Style) -> String {
    let mut page = Page::new(style);
    page.prose(0, &format!("{path}: {}", size(baseline)));
    page.finish()
}

/// Says what was removed from a baseline, and what stays although it was not found, with the reason.
pub fn pruned(path: &str, baseline: &Baseline, missing: &Missing, style: Style) -> String {
    let mut page = Page::new(style);
    let name = |index: &usize| baseline.entries.get(*index).map(|entry| format!("{} {}", entry.rule, entry.scope())).unwrap_or_default();
    if !missing.gone.is_empty() {
        page.heading(0, "Removed, not found any more");
        for index in &missing.gone {
            page.prose(2, &name(index));
        }
        page.gap();
    }
    if !missing.kept.is_empty() {
        page.heading(0, "Not found, and kept");
        for (index, why) in &missing.kept {
            page.prose(2, &name(index));
            page.labelled(4, "because", DIM, why);
        }
        page.gap();
    }
    let left = baseline.entries.len() - missing.gone.len();
    page.prose(0, &format!("{path}: {} removed, {} left", missing.gone.len(), count(left, "finding", "findings")));
    page.finish()
}

fn size(baseline: &Baseline) -> String {
    let findings = count(baseline.entries.len(), "finding", "findings");
    format!("{findings} of {}", count(baseline.servers.len(), "server", "servers"))
}
