//! Sites that should agree and do not, grouped by what they say: one finding for each minority, and none that blames a side of a tie.

use super::endpoints;
use crate::server::{Server, Site};

/// Sites grouped by their value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Split<V> {
    /// All say the same, or there are fewer than two.
    Agreed,
    /// Most say one thing; each other group deviates.
    Minorities {
        /// What most say, and which sites do.
        most: (V, Vec<usize>),
        /// What the others say, smallest site index first.
        others: Vec<(V, Vec<usize>)>,
    },
    /// No group is the largest, so nobody can be said to deviate.
    Tie(Vec<(V, Vec<usize>)>),
}

/// Groups sites by value.
pub(super) fn split<V: Ord>(sites: impl IntoIterator<Item = (usize, V)>) -> Split<V> {
    let mut sites: Vec<(usize, V)> = sites.into_iter().collect();
    sites.sort_by_key(|(site, _)| *site);
    let mut groups = endpoints::groups(sites);
    if groups.len() < 2 {
        return Split::Agreed;
    }
    if groups[0].1.len() == groups[1].1.len() {
        groups.sort_by(|(_, a), (_, b)| a.cmp(b));
        return Split::Tie(groups);
    }
    let most = groups.remove(0);
    groups.sort_by(|(_, a), (_, b)| a.cmp(b));
    Split::Minorities { most, others: groups }
}

/// The sites by label, as a list.
pub(super) fn names(server: &Server, sites: &[usize]) -> String {
    endpoints::names(server, sites.iter().copied())
}

/// One side as a sentence has it: who, and what they say.
pub(super) fn clause(server: &Server, sites: &[usize], verb: [&str; 2], what: &str) -> String {
    let verb = if sites.len() == 1 { verb[0] } else { verb[1] };
    format!("{} {verb} {what}", names(server, sites))
}

/// What tells a group of sites apart whatever their order: their ids or names.
pub(super) fn identity(server: &Server, sites: &[usize]) -> String {
    let mut keys: Vec<String> = sites.iter().map(|site| key(&server.sites[*site])).collect();
    keys.sort();
    keys.join(",")
}

fn key(site: &Site) -> String {
    site.id.map_or_else(|| site.name.to_lowercase(), |id| id.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_group_is_the_measure_and_each_other_group_deviates() {
        assert_eq!(
            split([(0, 'a'), (1, 'b'), (2, 'a'), (3, 'c'), (4, 'a'), (5, 'b')]),
            Split::Minorities { most: ('a', vec![0, 2, 4]), others: vec![('b', vec![1, 5]), ('c', vec![3])] }
        );
    }

    #[test]
    fn a_tie_names_no_culprit_and_agreement_says_nothing() {
        assert_eq!(split([(7, 'b'), (3, 'a')]), Split::Tie(vec![('a', vec![3]), ('b', vec![7])]));
        assert_eq!(split([(3, 'a'), (7, 'a')]), Split::Agreed);
        assert_eq!(split::<char>([]), Split::Agreed);
    }
}
