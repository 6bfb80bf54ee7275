//! Where a web.config belongs: from the directory that it was found in to the site and URL path that it configures.

use std::collections::{BTreeMap, BTreeSet};

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
    /// URL paths of every site that have a directory of their own, by part, in lower case.
    mapped: BTreeSet<(usize, Vec<String>)>,
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
    /// The drive, variable or server that its path begins with.
    volume: String,
}

impl Places {
    pub(super) fn new(sites: Option<&Sites>) -> Places {
        let mut places = Places { nodes: vec![TrieNode::default()], names: BTreeMap::new(), mapped: BTreeSet::new() };
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
                    let url: Vec<String> = segments(&application.path).chain(segments(&directory.path)).map(str::to_owned).collect();
                    if url.len() <= MOST_PARTS {
                        places.mapped.insert((index, folded(&url)));
                    }
                    let volume = volume(&directory.physical);
                    places.insert(&directory.physical, Directory { site: index, url, allow_sub_dir: allow, volume });
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
        let folded = folded(directory);
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
        if let Some((length, end, node)) = best {
            let below = &directory[end..];
            let nearest = &self.nodes[node].directories;
            let mut targets: Vec<Target> = nearest
                .iter()
                .map(|found| Target {
                    site: found.site,
                    parts: found.url.iter().chain(below).cloned().collect(),
                    ignored: !below.is_empty() && !found.allow_sub_dir,
                })
                .collect();
            targets.extend(
                self.above(directory, &folded, end - length, end)
                    .filter(|(volume, _)| nearest.iter().any(|found| found.volume == **volume))
                    .map(|(_, target)| target)
                    .take(MOST_TARGETS),
            );
            return targets;
        }
        for (index, part) in folded.iter().enumerate() {
            if let Some(sites) = self.names.get(part) {
                let parts = &directory[index + 1..];
                return sites.iter().take(MOST_TARGETS).map(|site| Target { site: *site, parts: parts.to_vec(), ignored: false }).collect();
            }
        }
        Vec::new()
    }

    /// The URL paths that lead through directories further up, from that of `start` to that before `end`, with the volume of each: a
    /// directory in that of a site is a path of that site as well, unless that URL has a directory elsewhere.
    fn above<'s>(
        &'s self,
        directory: &'s [String],
        folded: &'s [String],
        start: usize,
        end: usize,
    ) -> impl Iterator<Item = (&'s String, Target)> {
        let mut at = Some(0);
        (start..end.saturating_sub(1)).flat_map(move |index| {
            at = at.and_then(|at: usize| self.nodes[at].children.get(&folded[index]).copied());
            let found: &[Directory] = at.map_or(&[], |at| &self.nodes[at].directories);
            found.iter().filter(|found| found.allow_sub_dir).filter_map(move |found| {
                let mut url = self::folded(&found.url);
                let elsewhere = folded[index + 1..].iter().take(MOST_PARTS).any(|part| {
                    url.push(part.clone());
                    self.mapped.contains(&(found.site, url.clone()))
                });
                let parts = found.url.iter().chain(&directory[index + 1..]).cloned().collect();
                (!elsewhere).then_some((&found.volume, Target { site: found.site, parts, ignored: false }))
            })
        })
    }
}

fn folded(parts: &[String]) -> Vec<String> {
    parts.iter().map(|part| part.to_lowercase()).collect()
}

/// What a physical path begins with: a drive, a variable or the server of a network path.
fn volume(physical: &str) -> String {
    let network = physical.starts_with("\\\\") || physical.starts_with("//");
    let first = physical.split(['\\', '/']).map(str::trim).find(|part| !part.is_empty()).unwrap_or_default().to_lowercase();
    match first.as_str() {
        "%systemdrive%" => "c:".to_owned(),
        _ if network => format!("//{first}"),
        _ if first.ends_with(':') || first.starts_with('%') => first,
        _ => String::new(),
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apphost::read;
    use crate::input::FileId;
    use crate::xml::Limits;

    /// Site and URL path of every place of a web.config, by its directory.
    fn find(sites: &str, directory: &str) -> Vec<(usize, String, bool)> {
        let text = format!("<sites>{sites}</sites>");
        let file = read(&text, FileId(0), Limits::default()).unwrap();
        let parts: Vec<String> = directory.split('/').map(str::to_owned).collect();
        Places::new(file.sites.as_ref()).find(&parts).into_iter().map(|found| (found.site, found.parts.join("/"), found.ignored)).collect()
    }

    fn site(name: &str, directories: &[(&str, &str, &str)]) -> String {
        let applications: String = directories
            .iter()
            .map(|(application, directory, physical)| {
                format!(
                    r#"<application path="{application}"><virtualDirectory path="{directory}" physicalPath="{physical}"/></application>"#
                )
            })
            .collect();
        format!(r#"<site name="{name}" id="1">{applications}</site>"#)
    }

    #[test]
    fn the_longest_physical_path_that_is_part_of_the_directory_wins() {
        let sites =
            site("A", &[("/", "/", r"%SystemDrive%\inetpub\wwwroot"), ("/api", "/v2", r"D:\inetpub\wwwroot\api\V1"), ("/x", "/", r"C:\")]);
        let at = |directory: &str| find(&sites, directory);
        assert_eq!(at("inetpub/wwwroot"), [(0, String::new(), false)]);
        assert_eq!(at("srv01/C$/Inetpub/WWWRoot/Admin/x"), [(0, "Admin/x".to_owned(), false)]);
        assert_eq!(at("inetpub/wwwroot/api/v1/z"), [(0, "api/v2/z".to_owned(), false)]);
        assert_eq!(at("inetpub/other/wwwroot"), []);
    }

    #[test]
    fn a_directory_inside_that_of_another_site_or_path_belongs_to_both() {
        let sites = site("A", &[("/", "/", r"%SystemDrive%\web"), ("/api", "/", r"C:\web\svc"), ("/shop", "/", r"D:\shop")])
            + &site("B", &[("/", "/", r"C:\web\shop")])
            + &site("C", &[("/", "/", r"D:\web")]);
        let sites_of = |directory: &str| find(&sites, directory).into_iter().map(|(site, path, _)| (site, path)).collect::<Vec<_>>();
        let place = |site: usize, path: &str| (site, path.to_owned());
        assert_eq!(sites_of("web/svc/x"), [place(0, "api/x"), place(0, "svc/x")]);
        // /shop of A has a directory of its own elsewhere.
        assert_eq!(sites_of("web/shop/x"), [place(1, "x")]);
    }

    #[test]
    fn network_paths_match_without_their_server_and_shared_directories_belong_to_each_site() {
        let sites = site("A", &[("/", "/", r"\\filer\web\shop")]) + &site("B", &[("/b", "/", r"E:\web\shop\")]);
        assert_eq!(find(&sites, "web/shop/in"), [(0, "in".to_owned(), false), (1, "b/in".to_owned(), false)]);
    }

    #[test]
    fn the_name_of_a_site_serves_where_no_physical_path_fits() {
        let sites = site("Default Web Site", &[("/", "/", r"C:\elsewhere")]);
        assert_eq!(find(&sites, "copies/default web site/admin"), [(0, "admin".to_owned(), false)]);
        assert_eq!(find(&sites, "elsewhere/default web site"), [(0, "default web site".to_owned(), false)]);
    }

    #[test]
    fn the_nearest_allow_sub_dir_config_counts() {
        let directory = |own: &str| {
            format!(
                r#"<site name="A" id="1"><application path="/"><virtualDirectory path="/" physicalPath="C:\a" {own}/></application><virtualDirectoryDefaults allowSubDirConfig="false"/></site>"#
            )
        };
        assert_eq!(find(&directory(""), "a/b"), [(0, "b".to_owned(), true)]);
        assert_eq!(find(&directory(""), "a"), [(0, String::new(), false)]);
        assert_eq!(find(&directory("allowSubDirConfig='true'"), "a/b"), [(0, "b".to_owned(), false)]);
    }

    #[test]
    fn a_path_of_too_many_parts_matches_nothing() {
        let sites = site("", &[("/", "/", &format!("C:{}", r"\x".repeat(100_000)))]);
        assert_eq!(find(&sites, &["x"; 300].join("/")), []);
    }
}
