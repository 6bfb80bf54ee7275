//! How a site is named on the command line, and which site that is. A name that fits several sites is never resolved by a guess.

use std::fmt;

use crate::server::Server;

/// How many candidates a message lists.
const LISTED: usize = 8;
/// How much of a name counts when the nearest names are sought.
const NAME_LIMIT: usize = 64;

/// No site, or more than one, is called that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoSite {
    /// What was asked for.
    pub text: String,
    /// What fits several sites: `id`, `name` or `host header`; `None` when nothing fits.
    pub ambiguous: Option<&'static str>,
    /// Labels of the sites that fit, or else of the sites whose names come nearest, the nearest first.
    pub candidates: Vec<String>,
    /// How many more there are.
    pub more: usize,
}

impl fmt::Display for NoSite {
    /// The labels come from a file and must be escaped where they are printed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.ambiguous {
            Some(by) => write!(f, "several sites have the {by} {}: ", self.text)?,
            None if self.candidates.is_empty() => return write!(f, "no site {}: the file lists no sites", self.text),
            None => write!(f, "no site has the id, name or host header {}; there are: ", self.text)?,
        }
        f.write_str(&self.candidates.join(", "))?;
        if self.more > 0 {
            write!(f, " and {} more", self.more)?;
        }
        Ok(())
    }
}

impl std::error::Error for NoSite {}

/// Splits `PATH#SITE` at the last `#`. A part that is empty is not given: `#SITE` names a site of the file on the other side. Whether a
/// file of the whole name exists, `#` included, is for the caller to ask first.
pub fn split_target(text: &str) -> (Option<&str>, Option<&str>) {
    let given = |part: &'_ str| -> bool { !part.is_empty() };
    match text.rsplit_once('#') {
        Some((path, site)) => (Some(path).filter(|part| given(part)), Some(site).filter(|part| given(part))),
        None => (Some(text).filter(|part| given(part)), None),
    }
}

/// Whether a site fits.
type Fits<'a> = Box<dyn Fn(usize) -> bool + 'a>;

/// The site called `text`: by id, then by name, then by name without regard to case, then by host header. What fits first counts; when
/// it fits several sites, that is an error and not a choice.
pub fn find_site(server: &Server, text: &str) -> Result<usize, NoSite> {
    let folded = text.to_lowercase();
    let id: Option<u32> = if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None };
    let ways: [(&'static str, Fits<'_>); 4] = [
        ("id", Box::new(|site| id.is_some() && server.sites[site].id == id)),
        ("name", Box::new(|site| !text.is_empty() && server.sites[site].name == text)),
        ("name", Box::new(|site| !text.is_empty() && server.sites[site].name.to_lowercase() == folded)),
        (
            "host header",
            Box::new(|site| {
                let mut bindings = server.sites[site].bindings.iter();
                !text.is_empty() && bindings.any(|binding| binding.host.to_lowercase() == folded)
            }),
        ),
    ];
    for (by, fits) in ways {
        let found: Vec<usize> = (0..server.sites.len()).filter(|site| fits(*site)).collect();
        match found.as_slice() {
            [] => {}
            [site] => return Ok(*site),
            _ => return Err(error(server, text, Some(by), found)),
        }
    }
    let mut nearest: Vec<(usize, usize)> = (0..server.sites.len()).map(|site| (nearness(server, site, &folded), site)).collect();
    nearest.sort();
    Err(error(server, text, None, nearest.into_iter().map(|(_, site)| site).collect()))
}

fn error(server: &Server, text: &str, ambiguous: Option<&'static str>, sites: Vec<usize>) -> NoSite {
    let candidates = sites.iter().take(LISTED).map(|site| server.sites[*site].label()).collect();
    NoSite { text: text.to_owned(), ambiguous, candidates, more: sites.len().saturating_sub(LISTED) }
}

/// How far the nearest of a site's id, name and host headers is from `folded`.
fn nearness(server: &Server, site: usize, folded: &str) -> usize {
    let site = &server.sites[site];
    let id = site.id.map(|id| id.to_string());
    let hosts = site.bindings.iter().map(|binding| binding.host.as_str());
    let names = hosts.chain([site.name.as_str()]).chain(id.as_deref()).filter(|name| !name.is_empty());
    names
        .map(|name| {
            let name = name.to_lowercase();
            // A part of a name is nearer than any misspelling.
            if folded.chars().count() >= 2 && name.contains(folded) { 0 } else { distance(&name, folded) }
        })
        .min()
        .unwrap_or(usize::MAX)
}

/// Levenshtein distance of the first [`NAME_LIMIT`] characters.
fn distance(a: &str, b: &str) -> usize {
    let cut = |text: &str| text.chars().take(NAME_LIMIT).collect::<String>();
    strsim::levenshtein(&cut(a), &cut(b))
}

#[cfg(test)]
mod tests {
    use super::super::testing::Build;
    use super::*;

    fn server() -> Server {
        Build::iis6()
            .site(1, "Default Web Site", |site| site.https(":443:www.contoso.com").http(":80:www.contoso.com"))
            .site(22, "Orders", |site| site.https(":443:orders.contoso.com"))
            .site(3, "orders", |site| site.https(":443:www.fabrikam.com"))
            .site(4, "22", |site| site.https(":443:www.fabrikam.com"))
            .site(4, "ORDERS (old)", |site| site)
            .server()
    }

    #[test]
    fn a_site_is_found_by_id_then_name_then_host_header() {
        let server = server();
        assert_eq!(find_site(&server, "22"), Ok(1), "an id goes before a name of the same spelling");
        assert_eq!(find_site(&server, "orders"), Ok(2), "the exact name goes before another letter case");
        assert_eq!(find_site(&server, "default web site"), Ok(0));
        assert_eq!(find_site(&server, "WWW.contoso.com"), Ok(0), "two bindings of one site are one site");
    }

    #[test]
    fn a_name_that_fits_several_sites_is_refused_with_all_of_them() {
        let server = server();
        let by_case = find_site(&server, "oRDERS").unwrap_err();
        assert_eq!(by_case.to_string(), "several sites have the name oRDERS: \"Orders\" (id 22), \"orders\" (id 3)");
        assert_eq!(find_site(&server, "4").unwrap_err().ambiguous, Some("id"));
        assert_eq!(find_site(&server, "www.fabrikam.com").unwrap_err().ambiguous, Some("host header"));
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_nearest_ones_first() {
        let server = server();
        for (text, first) in [("Ordres (old)", "\"ORDERS (old)\" (id 4)"), ("default", "\"Default Web Site\" (id 1)")] {
            let error = find_site(&server, text).unwrap_err();
            assert_eq!((error.ambiguous, error.candidates[0].as_str()), (None, first));
            assert_eq!(error.candidates.len(), 5);
        }
        assert!(find_site(&server, "").is_err());
        assert!(find_site(&server, "+22").is_err());
        let empty = Server { sites: Vec::new(), ..server };
        assert_eq!(find_site(&empty, "x").unwrap_err().to_string(), "no site x: the file lists no sites");
    }

    #[test]
    fn a_long_list_of_candidates_is_cut_and_counted() {
        let mut build = Build::iis6();
        for id in 0..20 {
            build = build.site(id, &format!("site number {id}"), |site| site);
        }
        let error = find_site(&build.server(), "nothing").unwrap_err();
        assert_eq!((error.candidates.len(), error.more), (8, 12));
        assert!(error.to_string().ends_with(" and 12 more"));
    }

    #[test]
    fn a_target_is_split_at_its_last_number_sign() {
        assert_eq!(split_target(r"C:\web\MetaBase.xml#690402"), (Some(r"C:\web\MetaBase.xml"), Some("690402")));
        assert_eq!(split_target("a#b.xml#Default Web Site"), (Some("a#b.xml"), Some("Default Web Site")));
        assert_eq!(split_target("#7"), (None, Some("7")));
        assert_eq!(split_target("MetaBase.xml"), (Some("MetaBase.xml"), None));
        assert_eq!(split_target("MetaBase.xml#"), (Some("MetaBase.xml"), None));
        assert_eq!(split_target(""), (None, None));
        assert_eq!(split_target("#"), (None, None));
    }
}
