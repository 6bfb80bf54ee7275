//! Decoding: any bytes give text or an error with an offset, with and without a named encoding.
#![no_main]

use iisaudit::input::{Charset, decode, decode_text};
use libfuzzer_sys::fuzz_target;

const NAMED: [&str; 4] = ["windows-1252", "cp850", "ibm866", "shift_jis"];

fuzz_target!(|bytes: &[u8]| {
    for named in std::iter::once(None).chain(NAMED.iter().map(|name| Charset::for_label(name))) {
        for decoded in [decode(bytes, named), decode_text(bytes, named)] {
            match decoded {
                Ok(decoded) => assert!(!decoded.text.starts_with('\u{feff}') || bytes.len() > 3, "a byte order mark is no text"),
                Err(error) => assert!(error.line > 0 && !error.to_string().is_empty()),
            }
        }
    }
});
