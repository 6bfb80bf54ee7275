//! How a name may be written: in letters of another case, which IIS takes for the same, and with slips of the pen, which it does not.

use std::borrow::Cow;
use std::str::Chars;

/// The text in lower case, which it mostly is already.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    let is_folded = text.bytes().all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase());
    if is_folded { Cow::Borrowed(text) } else { Cow::Owned(text.to_lowercase()) }
}

/// So many characters can be wrong in a slip.
const SLIPS: usize = 2;

/// Whether at most two characters inserted, removed or replaced make one name of the other; the case of ASCII letters does not count.
pub(crate) fn is_slip(known: &str, name: &str) -> bool {
    // The lengths tell it of most.
    known.chars().count().abs_diff(name.chars().count()) <= SLIPS && is_within(SLIPS, known.chars(), name.chars())
}

/// What two names begin with alike costs nothing in the nearest way from one to the other, so that only where they part several ways need a
/// look, and most names part at once.
fn is_within(slips: usize, mut a: Chars<'_>, mut b: Chars<'_>) -> bool {
    loop {
        let (rest_of_a, rest_of_b) = (a.clone(), b.clone());
        return match (a.next(), b.next()) {
            (Some(one), Some(other)) if one.eq_ignore_ascii_case(&other) => continue,
            (None, None) => true,
            _ if slips == 0 => false,
            (Some(_), None) => is_within(slips - 1, a, rest_of_b),
            (None, Some(_)) => is_within(slips - 1, rest_of_a, b),
            (Some(_), Some(_)) => {
                is_within(slips - 1, a.clone(), b.clone()) || is_within(slips - 1, a, rest_of_b) || is_within(slips - 1, rest_of_a, b)
            }
        };
    }
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

        #[test]
        fn a_slip_is_a_distance_of_at_most_two(known in "[abABä]{0,6}", name in "[abABä]{0,6}") {
            let distance = strsim::levenshtein(&known.to_lowercase(), &name.to_lowercase());
            prop_assert_eq!(is_slip(&known, &name), distance <= 2);
            prop_assert_eq!(is_slip(&name, &known), distance <= 2);
        }
    }
}
