//! Patterns for names and URL paths, matched without regard to letter case, as IIS compares them. Matching takes at most the length of the
//! pattern times that of the text, whatever they hold.

use std::fmt;

/// Longer patterns are refused: none is needed, and matching one against many names would take long.
const LONGEST: usize = 256;

/// What a pattern is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Of {
    /// A name: `*` is any characters, `?` is one.
    Name,
    /// A URL path: `*` is any characters but `/`, `?` is one, `**` any number of parts. `/a/**` is `/a` and everything below it.
    Path,
}

/// One piece of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    One(char),
    /// Any one character, but no `/` in a path.
    Any,
    /// Any characters, but no `/` in a path.
    Run,
    /// Any characters at all.
    Deep,
}

/// A pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    of: Of,
    pieces: Vec<Piece>,
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Glob {
    /// Reads a pattern; the error says what is wrong with it.
    pub fn parse(text: &str, of: Of) -> Result<Glob, &'static str> {
        if text.is_empty() {
            return Err("an empty pattern matches nothing; * matches all");
        }
        if text.chars().nth(LONGEST).is_some() {
            return Err("a pattern has at most 256 characters");
        }
        if of == Of::Path && !text.starts_with(['/', '*']) {
            return Err("the pattern of a path begins with / or *, such as /app/**");
        }
        let mut pieces = Vec::new();
        let characters: Vec<char> = text.chars().flat_map(char::to_lowercase).collect();
        let mut at = 0;
        while let Some(character) = characters.get(at).copied() {
            let stars = characters[at..].iter().take_while(|other| **other == '*').count();
            at += stars.max(1);
            pieces.push(match character {
                '*' if of == Of::Name => Piece::Run,
                '*' if stars == 1 => Piece::Run,
                '*' => {
                    let whole = matches!(pieces.last(), None | Some(Piece::One('/'))) && matches!(characters.get(at), None | Some('/'));
                    if stars > 2 || !whole {
                        return Err("** stands for whole parts of a path, as in /app/** or /**/admin");
                    }
                    Piece::Deep
                }
                '?' => Piece::Any,
                other => Piece::One(other),
            });
        }
        Ok(Glob { text: text.to_owned(), of, pieces })
    }

    /// The pattern as written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the text holds a character with a meaning of its own in patterns.
    pub fn is_pattern(text: &str) -> bool {
        text.contains(['*', '?'])
    }

    /// Whether it matches the whole text.
    pub fn matches(&self, text: &str) -> bool {
        if self.of == Of::Path
            && let Some(base) = self.pieces.strip_suffix(&[Piece::One('/'), Piece::Deep])
            && run(base, self.of, text.strip_suffix('/').unwrap_or(text))
        {
            return true;
        }
        run(&self.pieces, self.of, text)
    }

    /// The path before the first part that holds a wildcard: `/app` for `/app/**`; the whole path when there is none. `None` for names.
    pub fn base(&self) -> Option<String> {
        if self.of != Of::Path {
            return None;
        }
        let literal = self.text.split(['*', '?']).next().unwrap_or_default();
        let base = if literal.len() == self.text.len() { literal } else { literal.rsplit_once('/').map_or("", |(base, _)| base) };
        let base = base.strip_suffix('/').unwrap_or(base);
        Some(if base.is_empty() { "/".to_owned() } else { base.to_owned() })
    }
}

/// All states of the pattern at once, so that no text makes it try the same thing twice.
fn run(pieces: &[Piece], of: Of, text: &str) -> bool {
    let mut states = vec![false; pieces.len() + 1];
    states[0] = true;
    skip(pieces, &mut states);
    for character in text.chars().flat_map(char::to_lowercase) {
        let mut next = vec![false; pieces.len() + 1];
        let separates = of == Of::Path && character == '/';
        for (index, piece) in pieces.iter().enumerate().filter(|(index, _)| states[*index]) {
            match piece {
                Piece::One(one) => next[index + 1] |= *one == character,
                Piece::Any => next[index + 1] |= !separates,
                Piece::Run | Piece::Deep => {}
            }
        }
        skip(pieces, &mut next);
        for (index, piece) in pieces.iter().enumerate().filter(|(index, _)| states[*index]) {
            if *piece == Piece::Deep || *piece == Piece::Run && !separates {
                next[index] = true;
                // Two pieces of this kind never stand side by side.
                next[index + 1] = true;
            }
        }
        if !next.contains(&true) {
            return false;
        }
        states = next;
    }
    states.last().copied().unwrap_or_default()
}

/// Goes past what may match nothing, where it has matched nothing yet: `/**/` is also one `/`.
fn skip(pieces: &[Piece], states: &mut [bool]) {
    for index in 0..pieces.len() {
        if states[index] && matches!(pieces[index], Piece::Run | Piece::Deep) {
            states[index + 1] = true;
            if pieces[index] == Piece::Deep && pieces.get(index + 1) == Some(&Piece::One('/')) {
                states[index + 2] = true;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn matches(of: Of, pattern: &str, text: &str) -> bool {
        Glob::parse(pattern, of).unwrap().matches(text)
    }

    #[test]
    fn a_name_is_matched_whole_and_in_any_letter_case() {
        for (pattern, text, expected) in [
            ("*.payments", "EU.Payments", true),
            ("*.payments", "payments", false),
            ("*", "", true),
            ("web0?", "WEB01", true),
            ("web0?", "web012", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXcYb", false),
            ("Default Web Site", "default web site", true),
            ("*/x", "a/b/x", true),
            ("BÜRO*", "büro 1", true),
        ] {
            assert_eq!(matches(Of::Name, pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_star_in_a_path_stays_in_its_part_and_two_go_deeper() {
        for (pattern, text, expected) in [
            ("/", "/", true),
            ("/", "/app", false),
            ("/*", "/app", true),
            ("/*", "/app/dir", false),
            ("/**", "/", true),
            ("/**", "/app/dir", true),
            ("**", "/app/dir", true),
            ("/app/**", "/App", true),
            ("/app/**", "/app/a/b", true),
            ("/app/**", "/app-two", false),
            ("/**/admin", "/admin", true),
            ("/**/admin", "/a/b/admin", true),
            ("/**/admin", "/a/badmin", false),
            ("/a?c", "/abc", true),
            ("/a?c", "/a/c", false),
        ] {
            assert_eq!(matches(Of::Path, pattern, text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        assert!(Glob::parse("", Of::Name).unwrap_err().contains("empty"));
        assert!(Glob::parse(&"x".repeat(257), Of::Name).unwrap_err().contains("256"));
        assert!(Glob::parse("app", Of::Path).unwrap_err().contains("begins with /"));
        for pattern in ["/a**", "/***", "/**a"] {
            assert!(Glob::parse(pattern, Of::Path).unwrap_err().contains("whole parts"), "{pattern}");
        }
    }

    #[test]
    fn the_base_of_a_path_is_what_stands_before_the_first_wildcard() {
        for (pattern, base) in [("/app/**", "/app"), ("/", "/"), ("/app/dir", "/app/dir"), ("/app/d*", "/app"), ("**", "/"), ("/*", "/")] {
            assert_eq!(Glob::parse(pattern, Of::Path).unwrap().base().as_deref(), Some(base), "{pattern}");
        }
    }

    #[test]
    fn a_pattern_made_to_be_slow_is_not() {
        let pattern = "a*".repeat(127) + "b";
        assert!(!matches(Of::Name, &pattern, &"a".repeat(20_000)));
    }

    /// The plain definition, which takes exponential time.
    fn slow(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], _) => text.is_empty(),
            (['*', rest @ ..], _) => (0..=text.len()).any(|skipped| slow(rest, &text[skipped..])),
            (['?', rest @ ..], [_, tail @ ..]) => slow(rest, tail),
            ([one, rest @ ..], [first, tail @ ..]) => one == first && slow(rest, tail),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn names_match_as_the_plain_definition_says(pattern in "[ab*?]{1,8}", text in "[ab]{0,8}") {
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(matches(Of::Name, &pattern, &text), slow(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn nothing_panics(pattern in ".{0,40}", text in ".{0,40}") {
            for of in [Of::Name, Of::Path] {
                if let Ok(glob) = Glob::parse(&pattern, of) {
                    let _ = (glob.matches(&text), glob.base());
                }
            }
        }
    }
}
