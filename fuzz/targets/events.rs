//! Exports of events, as XML and as text or columns.
#![no_main]

use iisaudit::evidence::{read_events, read_events_xml, recognise_text};
use iisaudit::input::{FileId, decode_text};
use iisaudit::xml::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(decoded) = decode_text(bytes, None) else { return };
    let _ = (recognise_text(&decoded.text), read_events(&decoded.text, FileId(0)));
    let _ = read_events_xml(&decoded.text, FileId(0), Limits::default());
});
