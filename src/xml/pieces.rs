//! Reading a text that is never held whole: a window moves over it, at least as long as the longest tag, comment or value in it. What
//! is read, its places and its faults are those of the whole text, whatever the size of the window.

use super::limits::Limits;
use super::reader::{Carried, Event, XmlError, XmlReader};
use crate::input::{FileId, Place};

/// Why a text that comes in pieces could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PieceError<E> {
    /// The text is no XML that we accept.
    Xml(XmlError),
    /// The source failed.
    Source(E),
}

impl<E> From<XmlError> for PieceError<E> {
    fn from(error: XmlError) -> Self {
        PieceError::Xml(error)
    }
}

/// Reads a text of which `fill` appends some more, about so many bytes as it is told, and says whether anything is left. `each` sees
/// every start and end of an element; names and attributes that it asks from the reader are valid until the next. Gives the place of an
/// XML declaration that is not at the start.
pub fn read_pieces<E>(
    mut fill: impl FnMut(&mut String, usize) -> Result<bool, E>,
    window: usize,
    file: FileId,
    limits: Limits,
    mut each: impl FnMut(Event, &XmlReader<'_>),
) -> Result<Option<Place>, PieceError<E>> {
    let mut text = String::new();
    let mut carried = Carried::default();
    let mut wanted = window.max(1);
    let mut is_last = false;
    loop {
        while !is_last && text.len() < wanted {
            let missing = wanted - text.len();
            is_last = !fill(&mut text, missing).map_err(PieceError::Source)?;
        }
        let mut reader = XmlReader::over(&text, file, limits, carried, is_last);
        while let Some(event) = reader.next().map_err(PieceError::Xml)? {
            each(event, &reader);
        }
        if is_last {
            return Ok(reader.late_declaration());
        }
        let rest;
        (carried, rest) = reader.carry();
        text.drain(..rest);
        // Doubling keeps the time linear when one tag is longer than the window.
        wanted = if rest == 0 { text.len().saturating_mul(2).max(window) } else { window.max(text.len() + 1) };
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    /// Everything that a reader tells of an event.
    fn told(event: Event, reader: &XmlReader<'_>) -> String {
        if event == Event::End {
            return format!("end, {} open", reader.depth());
        }
        let attributes: Vec<String> = reader
            .attributes()
            .iter()
            .map(|one| {
                let place = reader.attribute_place(one);
                format!("{}={:?} {}:{}", one.name, one.value(), place.line, place.column)
            })
            .collect();
        let place = reader.place();
        format!("<{} {}:{} {} {attributes:?}", reader.name(), place.line, place.column, reader.depth())
    }

    type Outcome = (Vec<String>, Result<Option<Place>, XmlError>);

    fn whole(text: &str, limits: Limits) -> Outcome {
        let mut reader = XmlReader::new(text, FileId(7), limits);
        let mut seen = Vec::new();
        loop {
            match reader.next() {
                Ok(Some(event)) => seen.push(told(event, &reader)),
                Ok(None) => return (seen, Ok(reader.late_declaration())),
                Err(error) => return (seen, Err(error)),
            }
        }
    }

    fn in_pieces(text: &str, window: usize, limits: Limits) -> Outcome {
        let mut seen = Vec::new();
        let mut rest = text;
        let fill = |buffer: &mut String, about: usize| -> Result<bool, Infallible> {
            let mut end = about.min(rest.len());
            while !rest.is_char_boundary(end) {
                end += 1;
            }
            buffer.push_str(&rest[..end]);
            rest = &rest[end..];
            Ok(!rest.is_empty())
        };
        let outcome = read_pieces(fill, window, FileId(7), limits, |event, reader| seen.push(told(event, reader)));
        let outcome = outcome.map_err(|error| match error {
            PieceError::Xml(error) => error,
            PieceError::Source(never) => match never {},
        });
        (seen, outcome)
    }

    /// Parts of which texts are made, right and wrong ones.
    const PARTS: [&str; 44] = [
        "<a>",
        "</a>",
        "<a>",
        "</a>",
        "<b x='1' y=\"z z\">",
        "</b>",
        "<c/>",
        "<d:e f:g='&lt;ü'/>",
        "\r\n\t",
        " ",
        "text ü 😀",
        "&amp;",
        "&#65;",
        "<!-- c -->",
        "<!-- < > & -->",
        "<![CDATA[ <x> ]]>",
        "<?pi some?>",
        "<?xml version='1.0'?>",
        "<",
        ">",
        "&",
        "&;",
        "'",
        "<!",
        "<!-- -- -->",
        "<!DOCTYPE a>",
        "<![CDATA[",
        "]]>",
        "\u{feff}",
        "\0",
        "\u{ffff}",
        "</",
        "</b >",
        "<a x='1' x='2'/>",
        "<1/>",
        "<?",
        "<?xml version='1'?>",
        "&nbsp;",
        "<!-- -",
        "<a\r\n  x='<'>",
        "]",
        "<?<x?>",
        "<!-- \0 -->",
        "]]",
    ];

    fn text() -> impl Strategy<Value = String> {
        let well_formed = proptest::collection::vec(0..18usize, 0..24);
        let any = proptest::collection::vec(0..PARTS.len(), 0..12);
        let parts = |indices: Vec<usize>| indices.into_iter().map(|index| PARTS[index]).collect::<String>();
        prop_oneof![
            any.clone().prop_map(parts),
            well_formed.clone().prop_map(move |inner| format!("<r>{}</r>", parts(inner))),
            (well_formed, any).prop_map(move |(inner, after)| format!(
                "<?xml version=\"1.0\"?>\r\n<r>{}</r>{}",
                parts(inner),
                parts(after)
            )),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1024))]
        #[test]
        fn every_size_of_the_window_gives_the_events_places_and_faults_of_the_whole_text(text in text(), window in 1..200usize) {
            let limits = Limits { depth: 6, ..Limits::default() };
            let expected = whole(&text, limits);
            for window in [window, 1, 2, 64, 4096] {
                prop_assert_eq!(&in_pieces(&text, window, limits), &expected, "window of {}", window);
            }
        }

        #[test]
        fn a_text_of_one_tag_after_the_other_is_read_alike(count in 1..40usize, window in 64..400usize) {
            let mut text = String::from("<?xml version =\"1.0\"?>\r\n<configuration>\r\n");
            for index in 0..count {
                text.push_str(&format!("<K\tLocation =\"/LM/ü{index}\"\r\n\t\tA=\"x &amp; y\"\r\n\t>\r\n\t<Custom ID='{index}'/>\r\n</K>\r\n"));
            }
            text.push_str("</configuration>\r\n");
            prop_assert!(whole(&text, Limits::default()).1.is_ok());
            prop_assert_eq!(in_pieces(&text, window, Limits::default()), whole(&text, Limits::default()));
        }
    }

    #[test]
    fn a_tag_longer_than_the_window_costs_a_few_looks_and_no_more() {
        let text = format!("<a><b x='{}'/></a>", "y".repeat(1 << 20));
        let mut asked = 0;
        let mut rest = text.as_str();
        let fill = |buffer: &mut String, about: usize| -> Result<bool, Infallible> {
            asked += 1;
            let end = about.min(rest.len());
            buffer.push_str(&rest[..end]);
            rest = &rest[end..];
            Ok(!rest.is_empty())
        };
        assert_eq!(read_pieces(fill, 64, FileId(0), Limits::default(), |_, _| {}), Ok(None));
        assert!(asked < 32, "{asked}");
    }

    #[test]
    fn a_source_that_fails_ends_the_reading() {
        let fill = |_: &mut String, _: usize| -> Result<bool, &'static str> { Err("gone") };
        assert_eq!(read_pieces(fill, 64, FileId(0), Limits::default(), |_, _| {}), Err(PieceError::Source("gone")));
    }
}
