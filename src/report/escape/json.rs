//! JSON that stays on its line and can be printed.

use std::borrow::Cow;
use std::fmt::Write;

use super::acts_or_hides;

/// JSON without line breaks, with every character that a terminal acts on or hides as an escape of JSON: a reader gets the same values, and
/// nothing takes the separators of lines that Unicode has for the end of one.
pub fn json_line(json: &str) -> Cow<'_, str> {
    // Outside of strings JSON has ASCII only, and serde_json escapes the control characters of ASCII in strings, DEL excepted.
    if !json.contains(acts_or_hides) && !json.contains("##") {
        return Cow::Borrowed(json);
    }
    let mut line = String::with_capacity(json.len() + 16);
    let mut rest = json.chars().peekable();
    while let Some(c) = rest.next() {
        if acts_or_hides(c) || (c == '#' && rest.peek() == Some(&'#')) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = write!(line, "\\u{unit:04x}");
            }
        } else {
            line.push(c);
        }
    }
    Cow::Owned(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_read_back_exactly_and_nothing_acts(text in proptest::collection::vec(any::<char>(), 0..40), codes in proptest::collection::vec(0u32..0x2070, 0..20)) {
            let text: String = text.into_iter().chain(codes.into_iter().filter_map(char::from_u32)).chain("##\u{e0041}".chars()).collect();
            let json = serde_json::to_string(&text).unwrap();
            let line = json_line(&json);
            prop_assert!(!line.contains(acts_or_hides) && !line.contains("##"), "{}", line);
            prop_assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }
}
