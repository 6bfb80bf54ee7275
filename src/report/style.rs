//! How a report for people looks: how wide it may be, and whether it has colours. The caller decides both; the content never depends on
//! colour.

use anstyle::AnsiColor;

use crate::rules::Severity;

/// Width and colours of a report for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether colours are used.
    pub colour: bool,
    /// Columns that a line may take. Less than [`Style::NARROWEST`] counts as that.
    pub width: usize,
}

/// Headings.
pub const HEADING: anstyle::Style = anstyle::Style::new().bold();
/// What is less important than the rest.
pub const DIM: anstyle::Style = anstyle::Style::new().dimmed();
/// What could not be read.
pub const ERROR: anstyle::Style = AnsiColor::Red.on_default().bold();

impl Style {
    /// The narrowest report; below it a table could only be read letter by letter.
    pub const NARROWEST: usize = 40;

    /// Without colours.
    pub const fn plain(width: usize) -> Self {
        Style { colour: false, width }
    }

    /// The columns that a line may take.
    pub fn columns(self) -> usize {
        self.width.max(Style::NARROWEST)
    }

    /// `text` in the look `paint`, when colours are used. The text must be escaped and be one line.
    pub fn paint(self, paint: anstyle::Style, text: &str) -> String {
        if self.colour && !text.is_empty() { format!("{paint}{text}{paint:#}") } else { text.to_owned() }
    }
}

/// The look of a severity.
pub fn severity(severity: Severity) -> anstyle::Style {
    match severity {
        Severity::High => AnsiColor::Red.on_default().bold(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Info => DIM,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_colours_text_stays_as_it_is() {
        assert_eq!(Style::plain(80).paint(severity(Severity::High), "high"), "high");
    }

    #[test]
    fn with_colours_every_look_ends_where_it_began() {
        let style = Style { colour: true, width: 80 };
        for look in [HEADING, DIM, ERROR, severity(Severity::High), severity(Severity::Medium), severity(Severity::Low)] {
            let painted = style.paint(look, "x");
            assert!(painted.starts_with('\u{1b}') && painted.ends_with("\u{1b}[0m"), "{painted:?}");
        }
    }
}
