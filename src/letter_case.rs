//! Names that IIS compares without regard to the case of letters, in the one form that all ways to write them have.

use std::borrow::Cow;

/// The text in lower case, which it mostly is already.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    let is_folded = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_folded { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_that_is_in_lower_case_is_not_copied() {
        assert!(matches!(folded("shop.example.com"), Cow::Borrowed("shop.example.com")));
    }

    proptest! {
        #[test]
        fn every_name_becomes_what_it_is_in_lower_case(text in "[a-zA-Z0-9 ÄäßİΣς.-]{0,12}") {
            prop_assert_eq!(&*folded(&text), &text.to_lowercase());
        }
    }
}
