//! A page of text for people: headings, wrapped prose, commands and tables. Whatever is put on it is escaped here, so no renderer can
//! forget to; nothing is ever cut off.

use std::borrow::Cow;

use tabled::builder::Builder;
use tabled::grid::util::string::get_string_width as width_of;
use tabled::settings::object::Columns;
use tabled::settings::style::HorizontalLine;
use tabled::settings::{Padding, Style as TableStyle};

use super::escape;
use super::style::{HEADING, Style};

/// Prose wider than this is hard to read, however wide the terminal is.
const PROSE: usize = 120;

/// A page under construction.
#[derive(Debug)]
pub struct Page {
    out: String,
    style: Style,
}

impl Page {
    /// An empty page.
    pub fn new(style: Style) -> Self {
        Page { out: String::new(), style }
    }

    /// An empty line, unless the page is empty or ends with one already.
    pub fn gap(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// A heading.
    pub fn heading(&mut self, indent: usize, text: &str) {
        self.painted(indent, HEADING, text);
    }

    /// Prose, wrapped; further lines hang under the first.
    pub fn prose(&mut self, indent: usize, text: &str) {
        self.painted(indent, anstyle::Style::new(), text);
    }

    /// Prose in one look.
    pub fn painted(&mut self, indent: usize, paint: anstyle::Style, text: &str) {
        for line in wrap(&escape::terminal(text), self.prose_width(indent)) {
            self.push(indent, &self.style.paint(paint, &inert(&line)));
        }
    }

    /// A label in its look, then prose that hangs under its own first line.
    pub fn labelled(&mut self, indent: usize, label: &str, paint: anstyle::Style, text: &str) {
        // Made inert before it is measured, since that can make it longer.
        let label = escape::terminal(label);
        let label = inert(&label);
        let hang = indent + width_of(&label) + 1;
        if hang > self.style.columns() / 2 {
            return self.prose(indent, &format!("{label} {text}"));
        }
        for (index, line) in wrap(&escape::terminal(text), self.prose_width(hang)).iter().enumerate() {
            if index == 0 {
                self.push(indent, format!("{} {line}", self.style.paint(paint, &label)).trim_end());
            } else {
                self.push(hang, &inert(line));
            }
        }
    }

    /// One line that is never wrapped, so that it can be copied: a command.
    pub fn verbatim(&mut self, indent: usize, text: &str) {
        self.push(indent, &inert(&escape::terminal(text)));
    }

    /// A table. Columns share the width fairly, cells are wrapped, and a row may have fewer cells than there are columns.
    pub fn table(&mut self, indent: usize, headers: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        let cells: Vec<Vec<String>> = std::iter::once(headers.iter().map(|header| (*header).to_owned()).collect())
            .chain(rows.iter().cloned())
            .map(|row: Vec<String>| row.iter().take(headers.len()).map(|cell| escape::terminal(cell).into_owned()).collect())
            .collect();
        let natural: Vec<usize> = (0..headers.len())
            .map(|column| cells.iter().filter_map(|row| row.get(column)).map(|cell| width_of(cell)).max().unwrap_or(0).max(1))
            .collect();
        let between = SEPARATOR * headers.len().saturating_sub(1);
        let room = self.style.columns().saturating_sub(indent + between);
        let columns = fill(&cells, &share(&natural, room), room);
        let mut builder = Builder::new();
        for row in 0..cells.len() {
            builder.push_record(columns.iter().map(|column| column.get(row).map(|lines| lines.join("\n")).unwrap_or_default()));
        }
        let mut table = builder.build();
        table.with(TableStyle::empty().horizontals([(1, HorizontalLine::new('─'))]));
        table.with(Padding::new(0, SEPARATOR, 0, 0));
        table.modify(Columns::last(), Padding::zero());
        for (index, line) in table.to_string().lines().enumerate() {
            let line = inert(line.trim_end());
            let line = if index == 0 { self.style.paint(HEADING, &line) } else { line.into_owned() };
            self.push(indent, &line);
        }
    }

    /// The text of the page; it ends with a line break unless it is empty.
    pub fn finish(self) -> String {
        self.out
    }

    fn prose_width(&self, indent: usize) -> usize {
        self.style.columns().min(PROSE + indent).saturating_sub(indent)
    }

    fn push(&mut self, indent: usize, line: &str) {
        self.out.extend(std::iter::repeat_n(' ', indent));
        self.out.push_str(line);
        self.out.push('\n');
    }
}

/// GitHub Actions takes a line that begins with `::` for a command, and wrapping could bring any part of a name there.
fn inert(line: &str) -> Cow<'_, str> {
    let text = line.trim_start();
    if !text.starts_with("::") {
        return Cow::Borrowed(line);
    }
    let (blanks, text) = line.split_at(line.len() - text.len());
    Cow::Owned(format!("{blanks}\\u{{3a}}{}", &text[1..]))
}

/// Columns between two columns of a table.
const SEPARATOR: usize = 2;
/// No column is made narrower than this, however little room there is.
const NARROWEST_COLUMN: usize = 8;

/// Widths for columns whose contents would like `natural`, within `room`: what a narrow column does not need goes to the wide ones.
fn share(natural: &[usize], room: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..natural.len()).collect();
    order.sort_by_key(|column| natural[*column]);
    let mut widths = vec![0; natural.len()];
    let mut left = room;
    for (done, column) in order.iter().enumerate() {
        let fair = left / (natural.len() - done);
        widths[*column] = natural[*column].min(fair.max(NARROWEST_COLUMN));
        left = left.saturating_sub(widths[*column]);
    }
    widths
}

/// The lines of every cell, column by column. Wrapping rarely uses the whole width of a column; what is left over goes to columns that were
/// wrapped.
fn fill(cells: &[Vec<String>], widths: &[usize], room: usize) -> Vec<Vec<Vec<String>>> {
    let lay = |column: usize, width: usize| -> Vec<Vec<String>> {
        cells.iter().map(|row| wrap(row.get(column).map_or("", String::as_str), width)).collect()
    };
    let used = |column: &[Vec<String>]| column.iter().flatten().map(|line| width_of(line)).max().unwrap_or(0);
    let mut columns: Vec<_> = widths.iter().enumerate().map(|(column, width)| lay(column, *width)).collect();
    let mut left = room.saturating_sub(columns.iter().map(|column| used(column)).sum());
    for (index, column) in columns.iter_mut().enumerate() {
        if left > 0 && column.iter().any(|lines| lines.len() > 1) {
            let before = used(column);
            *column = lay(index, before + left);
            left = (before + left).saturating_sub(used(column));
        }
    }
    columns
}

/// A line with more bytes than this for each column consists of combining characters; it is broken, or measuring it again and again
/// would take quadratic time.
const BYTES_PER_COLUMN: usize = 32;

/// Breaks escaped text into lines of at most `width` columns, as [`broken`] does, and makes lines inert that would begin with `::`. That
/// takes columns, so such a line may have to be broken once more.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut pending: Vec<String> = broken(text, width);
    pending.reverse();
    while let Some(line) = pending.pop() {
        match inert(&line) {
            Cow::Owned(longer) if width_of(&longer) > width.max(NARROWEST_COLUMN) => {
                let mut parts = broken(&longer, width.max(NARROWEST_COLUMN));
                parts.reverse();
                lines.extend(parts.pop());
                pending.append(&mut parts);
            }
            Cow::Owned(longer) => lines.push(longer),
            Cow::Borrowed(_) => lines.push(line),
        }
    }
    lines
}

/// Breaks escaped text into lines of at most `width` columns: at blanks, else behind `/`, `-` and the like, else anywhere. Nothing is lost
/// but the blank at a break. There is always at least one line.
fn broken(text: &str, width: usize) -> Vec<String> {
    // A wide character needs two columns.
    let width = width.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for (index, word) in text.split(' ').enumerate() {
        let needed = width_of(word);
        if index > 0 {
            // A word that no line can hold begins where its first piece fits.
            let first = if needed > width { pieces(word, width).next().map_or(0, width_of) } else { needed };
            if used + 1 + first <= width {
                line.push(' ');
                used += 1;
            } else {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
        }
        if used + needed <= width {
            line.push_str(word);
            used += needed;
            continue;
        }
        for piece in pieces(word, width) {
            let needed = width_of(piece);
            if used > 0 && used + needed > width {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            if needed <= width {
                line.push_str(piece);
                used += needed;
                continue;
            }
            for c in piece.chars() {
                // Variation selectors and combining characters change the width of what is before them, so the line is measured whole.
                let before = line.len();
                line.push(c);
                used = if c.is_ascii() { used + 1 } else { width_of(&line) };
                if (used > width || before > BYTES_PER_COLUMN * width) && before > 0 {
                    line.truncate(before);
                    lines.push(std::mem::replace(&mut line, c.to_string()));
                    used = width_of(&line);
                }
            }
        }
    }
    lines.push(line);
    lines
}

/// Parts of a word that may stand on lines of their own. The name of a file or folder is broken only when no line can hold it.
fn pieces(word: &str, width: usize) -> impl Iterator<Item = &str> {
    let is_path = word.contains(['/', '\\']);
    word.split_inclusive(['/', '\\']).flat_map(move |part| {
        let whole = is_path && width_of(part) <= width;
        part.split_inclusive(move |c| !whole && matches!(c, '/' | '\\' | '-' | ',' | ';' | '|'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_break_at_blanks_then_behind_slashes_then_anywhere() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("at C:/long/path/file.xml:1:2", 12), ["at C:/long/", "path/", "file.xml:1:2"]);
        assert_eq!(wrap("working-failing/Meta-Base.xml:1:2", 18), ["working-failing/", "Meta-Base.xml:1:2"]);
        assert_eq!(wrap("revocation-freshness-time", 22), ["revocation-freshness-", "time"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
        assert_eq!(wrap("", 4), [""]);
    }

    #[test]
    fn a_label_that_is_made_inert_still_leaves_the_line_within_its_width() {
        let mut page = Page::new(Style::plain(40));
        page.labelled(0, "::group::", HEADING, &"a ".repeat(40));
        let text = page.finish();
        assert!(text.lines().all(|line| line.chars().count() <= 40) && !text.starts_with("::"), "{text}");
    }

    #[test]
    fn wide_characters_take_two_columns() {
        assert_eq!(wrap("日本語サイト", 5), ["日本", "語サ", "イト"]);
    }

    #[test]
    fn a_narrow_column_leaves_its_room_to_the_wide_ones() {
        assert_eq!(share(&[5, 100, 20], 60), [5, 35, 20]);
        assert_eq!(share(&[5, 10], 60), [5, 10]);
    }

    #[test]
    fn a_table_wraps_cells_and_cuts_nothing() {
        let mut page = Page::new(Style::plain(40));
        page.table(2, &["setting", "value"], &[vec!["a".into(), "a text that is longer than the line".into()], vec!["b\u{1b}".into()]]);
        insta::assert_snapshot!(page.finish(), @r"
    setting  value
    ───────────────────────────────────
    a        a text that is longer than
             the line
    b\u{1b}
    ");
    }

    #[test]
    fn a_label_that_leaves_no_room_beside_it_stands_above() {
        let mut page = Page::new(Style::plain(40));
        page.labelled(2, &"label ".repeat(10), anstyle::Style::new(), "text");
        assert!(page.finish().lines().all(|line| width_of(line) <= 40));
    }

    #[test]
    fn no_line_begins_as_a_command_of_a_build_server() {
        let mut page = Page::new(Style::plain(40));
        page.prose(2, "a name that wraps right here, before ::error::evil");
        assert!(page.finish().ends_with("\n  \\u{3a}:error::evil\n"));
    }

    #[test]
    fn a_name_of_combining_characters_takes_no_quadratic_time() {
        let text = "\u{301}".repeat(200_000);
        assert_eq!(wrap(&text, 80).concat(), text);
    }

    proptest! {
        #[test]
        fn wrapping_loses_nothing_and_keeps_to_the_width(text in "[a-z/ 日é.-]{0,80}", width in 2usize..30) {
            let lines = wrap(&text, width);
            let kept = |text: &str| text.chars().filter(|c| *c != ' ').collect::<String>();
            prop_assert_eq!(kept(&lines.concat()), kept(&text));
            for line in lines {
                prop_assert!(width_of(&line) <= width, "{line:?}");
            }
        }
    }
}
