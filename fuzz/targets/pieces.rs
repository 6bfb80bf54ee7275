//! The guarded XML reader over a window against itself over the whole text: events, places and faults must be the same.
#![no_main]

use iisaudit::input::FileId;
use iisaudit::xml::{Event, Limits, PieceError, XmlReader, read_pieces};
use libfuzzer_sys::fuzz_target;

fn told(event: Event, reader: &XmlReader<'_>) -> String {
    let mut told = format!("{event:?} {}", reader.depth());
    if event == Event::Start {
        let place = reader.place();
        told.push_str(&format!(" {} {}:{}", reader.name(), place.line, place.column));
        for one in reader.attributes() {
            let place = reader.attribute_place(one);
            told.push_str(&format!(" {}={:?} {}:{}", one.name, one.value(), place.line, place.column));
        }
    }
    told
}

fuzz_target!(|bytes: &[u8]| {
    // The last byte tells how large the window is.
    let Some((window, bytes)) = bytes.split_last() else { return };
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut reader = XmlReader::new(text, FileId(0), Limits::default());
    let mut whole = Vec::new();
    let expected = loop {
        match reader.next() {
            Ok(Some(event)) => whole.push(told(event, &reader)),
            Ok(None) => break Ok(reader.late_declaration()),
            Err(error) => break Err(PieceError::Xml(error)),
        }
    };
    let mut rest = text;
    let fill = |buffer: &mut String, about: usize| -> Result<bool, ()> {
        let mut end = about.min(rest.len());
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        buffer.push_str(&rest[..end]);
        rest = &rest[end..];
        Ok(!rest.is_empty())
    };
    let mut seen = Vec::new();
    let outcome = read_pieces(fill, usize::from(*window), FileId(0), Limits::default(), |event, reader| seen.push(told(event, reader)));
    assert_eq!(seen, whole);
    assert_eq!(outcome, expected);
});
