//! Where a web.config belongs: from the directory that it was found in to the site and URL path that it configures.

use std::collections::BTreeMap;

use super::read::Sites;

/// The site with index `site` and the URL path `parts` below its root.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) site: usize,
    pub(super) parts: Vec<String>,
    /// Whether the directory is not the virtual directory itself and that one ignores web.config files in sub-directories.
    pub(super) ignored: bool,
}

/// Windows paths have fewer parts; a longer one is none.
const MOST_PARTS: usize = 256;
/// Sites that share a directory share its web.config; no server has more of them.
const MOST_TARGETS: usize = 64;

/// The physical directories and names of all sites, for looking up directories.
#[derive(Debug, Default)]
pub(super) struct Places {
    nodes: Vec<TrieNode>,
    names: BTreeMap<String, Vec<usize>>,
}

#[derive(Debug, Default)]
struct TrieNode {
    children: BTreeMap<String, usize>,
    directories: Vec<Directory>,
}

#[derive(Debug)]
struct Directory {
    site: usize,
    url: Vec<String>,
    allow_sub_dir: bool,
}

impl Places {
    pub(super) fn new(sites: Option<&Sites>) -> Places {
        let mut places = Places { nodes: vec![TrieNode::default()], names: BTreeMap::new() };
        let Some(sites) = sites else { return places };
        for (index, site) in sites.sites.iter().enumerate() {
            if !site.name.is_empty() {
                places.names.entry(site.name.to_lowercase()).or_default().push(index);
            }
            for application in &site.applications {
                for directory in &application.directories {
                    let allow = directory
                        .allow_sub_dir
                        .or(application.defaults.allow_sub_dir)
                        .or(site.defaults.allow_sub_dir)
                        .or(sites.defaults.allow_sub_dir)
                        .unwrap_or(true);
                    let url = segments(&application.path).chain(segments(&directory.path)).map(str::to_owned).collect();
                    places.insert(&directory.physical, Directory { site: index, url, allow_sub_dir: allow });
                }
            }
        }
        places
    }

    fn insert(&mut self, physical: &str, directory: Directory) {
        let parts = physical_parts(physical);
        if parts.is_empty() || parts.len() > MOST_PARTS {
            return;
        }
        let mut at = 0;
        for part in parts {
            let next = self.nodes.len();
            let child = *self.nodes[at].children.entry(part).or_insert(next);
            if child == next {
                self.nodes.push(TrieNode::default());
            }
            at = child;
        }
        if self.nodes[at].directories.len() < MOST_TARGETS {
            self.nodes[at].directories.push(directory);
        }
    }

    /// The places that a web.config in `directory` configures, none when it cannot be placed.
    pub(super) fn find(&self, directory: &[String]) -> Vec<Target> {
        let folded: Vec<String> = directory.iter().map(|part| part.to_lowercase()).collect();
        // The longest run of parts that is a whole physical path; of equally long ones the first.
        let mut best: Option<(usize, usize, usize)> = None;
        for start in 0..folded.len() {
            let mut at = 0;
            for (length, part) in folded[start..].iter().take(MOST_PARTS).enumerate() {
                let Some(child) = self.nodes[at].children.get(part) else { break };
                at = *child;
                if !self.nodes[at].directories.is_empty() && best.is_none_or(|(longest, _, _)| length + 1 > longest) {
                    best = Some((length + 1, start + length + 1, at));
                }
            }
        }
        if let Some((_, end, node)) = best {
            let below = &directory[end..];
            return self.nodes[node]
                .directories
                .iter()
                .map(|found| Target {
                    site: found.site,
                    parts: found.url.iter().chain(below).cloned().collect(),
                    ignored: !below.is_empty() && !found.allow_sub_dir,
                })
                .collect();
        }
        for (index, part) in folded.iter().enumerate() {
            if let Some(sites) = self.names.get(part) {
                let parts = &directory[index + 1..];
                return sites.iter().take(MOST_TARGETS).map(|site| Target { site: *site, parts: parts.to_vec(), ignored: false }).collect();
            }
        }
        Vec::new()
    }
}

/// The parts of a physical path in lower case, without its drive, leading variable or the server of a network path.
fn physical_parts(physical: &str) -> Vec<String> {
    let network = physical.starts_with("\\\\") || physical.starts_with("//");
    let mut parts: Vec<&str> = physical.split(['\\', '/']).map(str::trim).filter(|part| !part.is_empty() && *part != ".").collect();
    let leading = parts.first().is_some_and(|first| network || first.ends_with(':') || (first.starts_with('%') && first.ends_with('%')));
    if leading {
        parts.remove(0);
    }
    parts.into_iter().map(str::to_lowercase).collect()
}

/// The parts of a URL or location path.
pub(super) fn segments(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').map(str::trim).filter(|part| !part.is_empty())
}
