//! Decoding: any bytes give text or an error with an offset, with and without a named encoding; piece by piece they give the same text or none.
#![no_main]

use iisaudit::input::{Charset, TextStream, decode, decode_text};
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
    // The last byte tells how large the pieces are.
    let Some((about, bytes)) = bytes.split_last() else { return };
    let Ok(mut stream) = TextStream::new(bytes) else { return };
    let mut text = String::new();
    while let Ok(is_left) = stream.fill(&mut text, usize::from(*about)) {
        if !is_left {
            let whole = decode(bytes, None).expect("what gives text in pieces gives it whole");
            assert!(text == whole.text && stream.encoding() == whole.encoding);
            assert!(!stream.fill(&mut text, 1).expect("an end is no failure") && text == whole.text);
            return;
        }
    }
});
