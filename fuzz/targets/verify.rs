//! What certutil says when it verifies a certificate.
#![no_main]

use iisaudit::evidence::{read_verifications, recognise_text};
use iisaudit::input::{FileId, decode_text};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(decoded) = decode_text(bytes, None) else { return };
    let _ = (recognise_text(&decoded.text), read_verifications(&decoded.text, FileId(0)));
});
