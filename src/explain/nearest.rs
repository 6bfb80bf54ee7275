//! The topics nearest to a word that is none: what continues it or holds it first, then what a slip of the fingers makes of it.

/// Longer words are no slips, and comparing them would cost time for nothing.
const LONGEST: usize = 64;
const MOST: usize = 8;

/// At most eight of `candidates`, the nearest first; none for a word that is empty or longer than any topic.
pub(crate) fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Vec<String> {
    let word: Vec<char> = word.chars().take(LONGEST + 1).flat_map(char::to_lowercase).take(LONGEST + 1).collect();
    if word.is_empty() || word.len() > LONGEST {
        return Vec::new();
    }
    let text: String = word.iter().collect();
    let allowed = (word.len() / 3).max(1);
    let mut ranked: Vec<(usize, usize, &str)> = candidates
        .filter_map(|candidate| {
            let lower = candidate.to_lowercase();
            let rank = if lower.starts_with(&text) {
                0
            } else if word.len() >= 3 && lower.contains(&text) {
                1
            } else {
                let distance = strsim::levenshtein(&text, &lower);
                if distance > allowed {
                    return None;
                }
                1 + distance
            };
            Some((rank, candidate.len(), candidate))
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    ranked.into_iter().take(MOST).map(|(_, _, candidate)| candidate.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_continues_a_word_comes_before_what_resembles_it() {
        assert_eq!(nearest("403", ["413", "403.4", "403.13"].into_iter()), ["403.4", "403.13", "413"]);
    }

    #[test]
    fn a_word_longer_than_any_topic_has_no_neighbours() {
        assert!(nearest(&"x".repeat(10_000), ["x"].into_iter()).is_empty());
    }
}
