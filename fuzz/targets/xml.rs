//! The guarded XML reader: it ends, its depth is never beyond the limit, places lie in the text, and its work is linear.
#![no_main]

use iisaudit::input::FileId;
use iisaudit::xml::{Event, Limits, XmlReader};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines = u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX).saturating_add(1);
    for limits in [Limits::default(), Limits { depth: 4, attributes: 3, attribute_bytes: 16, ..Limits::default() }] {
        let mut reader = XmlReader::new(text, FileId(0), limits);
        let mut depth = 0;
        let outcome = loop {
            match reader.next() {
                Ok(Some(Event::Start)) => {
                    depth += 1;
                    assert!(depth <= limits.depth && reader.attributes().len() <= limits.attributes);
                    assert!(reader.place().line <= lines);
                    for attribute in reader.attributes() {
                        assert!(attribute.raw.len() <= limits.attribute_bytes);
                        let _ = (attribute.value(), attribute.unfolded(), reader.attribute_place(attribute));
                    }
                }
                Ok(Some(Event::End)) => depth -= 1,
                Ok(None) => {
                    assert_eq!(depth, 0, "every element has ended");
                    break Ok(());
                }
                Err(error) => break Err(error),
            }
        };
        if let Err(error) = outcome {
            assert!(error.offset <= text.len() && error.place.line <= lines && !error.to_string().is_empty());
        }
        let bound = 1_000 + 64 * text.len() as u64;
        assert!(reader.work() <= bound, "{} for {} bytes", reader.work(), text.len());
        let mut reader = XmlReader::new(text, FileId(0), limits);
        if let Ok(Some(Event::Start)) = reader.next() {
            let _ = reader.text();
        }
    }
});
