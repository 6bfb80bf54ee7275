//! Listings of certificate stores.
#![no_main]

use iisaudit::evidence::{encoded_size, read_stores, recognise_text};
use iisaudit::input::{FileId, decode_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(decoded) = decode_text(bytes, None) else { return };
    let _ = (recognise_text(&decoded.text), read_stores(&decoded.text, FileId(0)), encoded_size(&decoded.text));
});
