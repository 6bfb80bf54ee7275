//! How requests to the sites of a configuration ended: which site a log speaks of, and for each status that can come of SSL settings who has
//! it, since when, why and at which URLs, and who has not. Where a log does not tell one site from another, that is said and nothing guessed.

use std::collections::{BTreeMap, BTreeSet};

use super::log::{FailingSite, Moment, Site, SiteLog};
use super::{LogSummary, show_win32, win32};
use crate::server::{Binding, Server};

/// Which site of the configuration a log speaks of. Numbers are indexes into [`Server::sites`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// This one.
    One(usize, By),
    /// One of these; the log does not tell which.
    Several(Vec<usize>),
    /// None: no site has this number or binding, or the log tells nothing.
    None,
}

/// By what a site was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// The number that IIS gives it, as in `W3SVC7`.
    Number,
    /// Address, port and host name, as far as they are logged.
    Binding,
    /// The log tells nothing, and the server has no other site.
    Only,
}

/// The site that a log speaks of: by its number, else by its bindings.
pub fn site_of(server: &Server, site: &Site) -> Match {
    let found: BTreeSet<usize> = match (&site.name, &site.endpoint, &site.host) {
        (Some(name), _, _) => {
            let number = name.get(..5).filter(|head| head.eq_ignore_ascii_case("W3SVC")).and_then(|_| name.get(5..)?.parse::<u32>().ok());
            let numbered = |id: Option<u32>| number.is_some() && id == number;
            let found: Vec<usize> = (0..server.sites.len()).filter(|index| numbered(server.sites[*index].id)).collect();
            return told(found, By::Number);
        }
        (None, None, None) => return if server.sites.len() == 1 { Match::One(0, By::Only) } else { Match::None },
        (None, endpoint, host) => by_binding(server, endpoint.as_deref().unwrap_or_default(), host.as_deref()),
    };
    told(found.into_iter().collect(), By::Binding)
}

fn told(found: Vec<usize>, by: By) -> Match {
    match found.as_slice() {
        [] => Match::None,
        [only] => Match::One(*only, by),
        _ => Match::Several(found),
    }
}

/// Address and port of `10.0.0.1:443`, `[::1]:443`, `10.0.0.1` or `:443`.
fn split(endpoint: &str) -> (Option<&str>, Option<u16>) {
    let (ip, port) = match endpoint.rsplit_once(':') {
        Some((ip, port)) if !ip.contains(':') || ip.ends_with(']') => (ip, port.parse().ok()),
        _ => (endpoint, None),
    };
    let ip = ip.trim_start_matches('[').trim_end_matches(']');
    ((!ip.is_empty()).then(|| ip.split('%').next().unwrap_or(ip)), port)
}

fn by_binding(server: &Server, endpoint: &str, host: Option<&str>) -> BTreeSet<usize> {
    let (ip, port) = split(endpoint);
    // The client may name the port, too.
    let host = host.map(|host| match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    });
    // For each host name of a binding the best match of the address, and the sites that have it.
    let mut best: BTreeMap<String, (bool, BTreeSet<usize>)> = BTreeMap::new();
    for (index, site) in server.sites.iter().enumerate() {
        for binding in site.bindings.iter().filter(|binding| serves(binding, port)) {
            let own = binding.ip.trim_start_matches('[').trim_end_matches(']');
            let exact = match ip {
                _ if own == "*" => false,
                Some(ip) if own.eq_ignore_ascii_case(ip) => true,
                Some(_) => continue,
                // Without an address in the log none is better than another.
                None => false,
            };
            let entry = best.entry(binding.host.to_lowercase()).or_default();
            if exact && !entry.0 {
                *entry = (true, BTreeSet::new());
            }
            if exact == entry.0 {
                entry.1.insert(index);
            }
        }
    }
    let Some(host) = host else { return best.into_values().flat_map(|(_, sites)| sites).collect() };
    let wildcard = || host.split_once('.').and_then(|(_, rest)| best.get(&format!("*.{rest}")));
    // A name that no binding has goes to the binding without a name.
    best.get(host).or_else(wildcard).or_else(|| best.get("")).map(|(_, sites)| sites.clone()).unwrap_or_default()
}

fn serves(binding: &Binding, port: Option<u16>) -> bool {
    let http = ["http", "https"].iter().any(|protocol| binding.protocol.eq_ignore_ascii_case(protocol));
    http && binding.fault.is_none() && (port.is_none() || binding.port == port)
}

/// Whose requests they are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Owner {
    /// A site, as an index into [`Server::sites`].
    Site(usize),
    /// One of these sites, for the log does not tell which.
    OneOf(Vec<usize>),
    /// No site of the configuration; how the log names it.
    Unknown(String),
}

/// A status that can come of SSL settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// `sc-status`.
    pub status: u32,
    /// `sc-substatus`.
    pub substatus: Option<u32>,
    /// Who has it, the one with most such requests first.
    pub failing: Vec<Failing>,
    /// Who served requests and never had it.
    pub clean: Vec<Owner>,
    /// Sites of the configuration, as indexes, of which the logs have no request at all: of them nothing is known.
    pub silent: Vec<usize>,
}

/// Who has a status, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Whose requests they are.
    pub owner: Owner,
    /// Requests with this status.
    pub requests: u64,
    /// All its requests.
    pub of: u64,
    /// Time of the first with this status.
    pub first: Option<Moment>,
    /// Time of the last with this status.
    pub last: Option<Moment>,
    /// The codes of Windows, the most frequent first.
    pub codes: Vec<Code>,
    /// URLs that have it, the most frequent first.
    pub failing: Vec<(String, u64)>,
    /// URLs that were served and never have it, the most frequent first.
    pub served: Vec<(String, u64)>,
    /// Requests with this status whose URL is not among those that were kept. When not zero, a URL in `served` may be among them.
    pub left_out: u64,
}

/// A value of `sc-win32-status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The number; `None` where it is not logged.
    pub code: Option<u32>,
    /// How it is shown, with its name where it is known.
    pub shown: String,
    /// What it means, where that is known.
    pub meaning: Option<&'static str>,
    /// Requests with it.
    pub requests: u64,
}

impl Failing {
    /// The share of its requests that have the status, in thousandths.
    pub fn per_mille(&self) -> u64 {
        self.requests.saturating_mul(1000).checked_div(self.of).unwrap_or(0)
    }
}

impl Trouble {
    /// The status as IIS writes it, `403.13`; `403` where the substatus is not logged.
    pub fn name(&self) -> String {
        match self.substatus {
            Some(substatus) => format!("{}.{substatus}", self.status),
            None => self.status.to_string(),
        }
    }
}

/// What the logs say of the sites of a server, by status, with at most `most` URLs of each kind.
pub fn troubles(server: &Server, logs: &LogSummary, most: usize) -> Vec<Trouble> {
    let mut owners: BTreeMap<Owner, (&Site, Vec<&SiteLog>)> = BTreeMap::new();
    for (site, log) in &logs.sites {
        let owner = match site_of(server, site) {
            Match::One(index, _) => Owner::Site(index),
            Match::Several(indexes) => Owner::OneOf(indexes),
            Match::None => Owner::Unknown(site.to_string()),
        };
        owners.entry(owner).or_insert((site, Vec::new())).1.push(log);
    }
    let mut statuses: BTreeMap<(u32, Option<u32>), BTreeSet<&Owner>> = BTreeMap::new();
    for (owner, (_, logs)) in &owners {
        for outcome in logs.iter().flat_map(|log| log.outcomes.keys()).filter(|outcome| outcome.is_of_interest()) {
            statuses.entry((outcome.status.unwrap_or(0), outcome.substatus)).or_default().insert(owner);
        }
    }
    // A site that may be among several is not silent.
    let mut heard = BTreeSet::new();
    for owner in owners.keys() {
        match owner {
            Owner::Site(index) => heard.extend([*index]),
            Owner::OneOf(indexes) => heard.extend(indexes),
            Owner::Unknown(_) => {}
        }
    }
    let silent: Vec<usize> = (0..server.sites.len()).filter(|index| !heard.contains(index)).collect();
    let urls = |all: Vec<(&str, u64)>| all.into_iter().take(most).map(|(url, requests)| (url.to_owned(), requests)).collect();
    let trouble = |((status, substatus), having): ((u32, Option<u32>), BTreeSet<&Owner>)| {
        let clean = owners.keys().filter(|owner| !having.contains(owner)).cloned().collect();
        let mut failing: Vec<Failing> = having
            .into_iter()
            .filter_map(|owner| owners.get(owner).map(|(site, logs)| (owner, FailingSite::of(site, logs, status, substatus))))
            .map(|(owner, found)| {
                let mut codes: Vec<Code> = found.win32.iter().map(|(code, requests)| shown(*code, *requests)).collect();
                codes.sort_by(|a, b| b.requests.cmp(&a.requests).then(a.code.cmp(&b.code)));
                Failing {
                    owner: owner.clone(),
                    requests: found.requests,
                    of: found.of,
                    first: found.first,
                    last: found.last,
                    codes,
                    failing: urls(found.stems),
                    served: urls(found.well),
                    left_out: found.stems_left_out,
                }
            })
            .collect();
        failing.sort_by(|a, b| b.requests.cmp(&a.requests).then_with(|| a.owner.cmp(&b.owner)));
        Trouble { status, substatus, failing, clean, silent: silent.clone() }
    };
    statuses.into_iter().map(trouble).collect()
}

fn shown(code: Option<u32>, requests: u64) -> Code {
    Code {
        code,
        shown: code.map_or_else(|| "sc-win32-status is not logged".to_owned(), show_win32),
        meaning: code.and_then(win32).map(|known| known.meaning),
        requests,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::read_log;
    use crate::input::FileId;
    use crate::xml::Limits;

    fn server(bindings: &[(u32, &[(&str, &str)])]) -> Server {
        let sites: String = bindings
            .iter()
            .map(|(id, bindings)| {
                let bindings: String = bindings
                    .iter()
                    .map(|(protocol, written)| format!("<binding protocol=\"{protocol}\" bindingInformation=\"{written}\"/>"))
                    .collect();
                format!("<site name=\"S{id}\" id=\"{id}\"><bindings>{bindings}</bindings></site>")
            })
            .collect();
        let text = format!("<configuration><system.applicationHost><sites>{sites}</sites></system.applicationHost></configuration>");
        let config = crate::apphost::read(&text, FileId(0), Limits::default()).unwrap();
        crate::apphost::assemble(&config, &[], None, "web01".to_owned())
    }

    fn site(name: &str, endpoint: &str, host: &str) -> Site {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Site { name: given(name), computer: None, endpoint: given(endpoint), host: given(host) }
    }

    #[test]
    fn a_number_decides_and_one_that_no_site_has_is_no_site() {
        let server = server(&[(1, &[("https", "*:443:")]), (7, &[("https", "*:444:")])]);
        assert_eq!(site_of(&server, &site("W3SVC7", "10.0.0.1:443", "")), Match::One(1, By::Number));
        assert_eq!(site_of(&server, &site("w3svc1", "", "")), Match::One(0, By::Number));
        assert_eq!(site_of(&server, &site("W3SVC9", "10.0.0.1:443", "")), Match::None);
        assert_eq!(site_of(&server, &site("FTPSVC1", "", "")), Match::None);
    }

    #[test]
    fn without_a_number_address_port_and_host_decide() {
        let server = server(&[
            (1, &[("https", "*:443:"), ("http", "*:80:")]),
            (2, &[("https", "10.0.0.2:443:")]),
            (3, &[("https", "*:443:Shop.example")]),
            (4, &[("https", "[2001:db8::1]:8443:"), ("net.tcp", "808:*")]),
            (5, &[("https", "*:443:*.pay.example")]),
        ]);
        let of = |endpoint: &str, host: &str| site_of(&server, &site("", endpoint, host));
        assert_eq!(of("10.0.0.1:443", "shop.example"), Match::One(2, By::Binding));
        assert_eq!(of("10.0.0.1:443", "shop.example:443"), Match::One(2, By::Binding));
        assert_eq!(of("10.0.0.1:443", "a.pay.example"), Match::One(4, By::Binding));
        assert_eq!(of("10.0.0.1:443", "other.example"), Match::One(0, By::Binding));
        assert_eq!(of("10.0.0.2:443", "other.example"), Match::One(1, By::Binding));
        assert_eq!(of("[2001:db8::1]:8443", ""), Match::One(3, By::Binding));
        assert_eq!(of(":80", ""), Match::One(0, By::Binding));
        assert_eq!(of("10.0.0.1:9443", ""), Match::None);
    }

    #[test]
    fn what_a_log_does_not_tell_is_said_to_be_ambiguous() {
        let two = server(&[(1, &[("https", "*:443:a.example")]), (2, &[("https", "*:443:b.example")])]);
        assert_eq!(site_of(&two, &site("", "10.0.0.1:443", "")), Match::Several(vec![0, 1]));
        assert_eq!(site_of(&two, &Site::default()), Match::None);
        let one = server(&[(1, &[("https", "*:443:")])]);
        assert_eq!(site_of(&one, &Site::default()), Match::One(0, By::Only));
    }

    #[test]
    fn each_status_has_its_sites_codes_and_urls_and_those_that_have_it_not() {
        let server = server(&[(1, &[("https", "*:443:")]), (2, &[("https", "*:444:")]), (3, &[("https", "*:445:")])]);
        let text = "#Fields: date time s-port cs-uri-stem sc-status sc-substatus sc-win32-status\n\
            2025-01-01 00:00:01 443 /pay 403 13 2148081683\n2025-01-01 00:00:02 443 /pay 403 13 2148081683\n2025-01-02 00:00:02 443 /buy 403 13 2148081680\n\
            2025-01-01 00:00:03 443 / 200 0 0\n2025-01-01 00:00:03 444 /pay 200 0 0\n2025-01-01 00:00:03 9 /x 403 7 5\n";
        let found = troubles(&server, &read_log(text.as_bytes(), FileId(1)), 10);
        assert_eq!(found.iter().map(Trouble::name).collect::<Vec<_>>(), ["403.7", "403.13"]);
        assert_eq!(found[0].failing[0].owner, Owner::Unknown(":9".to_owned()));
        let refused = &found[1];
        assert_eq!(
            (refused.clean.as_slice(), refused.silent.as_slice()),
            ([Owner::Site(1), Owner::Unknown(":9".to_owned())].as_slice(), [2].as_slice())
        );
        let failing = &refused.failing[0];
        assert_eq!((&failing.owner, failing.requests, failing.of, failing.per_mille()), (&Owner::Site(0), 3, 4, 750));
        let (first, last) = (failing.first.unwrap().to_string(), failing.last.unwrap().to_string());
        assert_eq!((first.as_str(), last.as_str()), ("2025-01-01 00:00:01", "2025-01-02 00:00:02"));
        let codes: Vec<(&str, u64)> = failing.codes.iter().map(|code| (code.shown.as_str(), code.requests)).collect();
        assert_eq!(codes, [("2148081683 (0x80092013) CRYPT_E_REVOCATION_OFFLINE", 2), ("2148081680 (0x80092010) CRYPT_E_REVOKED", 1)]);
        assert!(failing.codes[0].meaning.unwrap().contains("cannot be reached"));
        assert_eq!(failing.failing, [("/pay".to_owned(), 2), ("/buy".to_owned(), 1)]);
        assert_eq!(failing.served, [("/".to_owned(), 1)]);
    }

    #[test]
    fn logs_of_one_site_under_several_names_are_one() {
        let server = server(&[(1, &[("https", "*:443:")])]);
        let text = "#Fields: s-ip s-port sc-status sc-substatus\n10.0.0.1 443 403 7\n10.0.0.2 443 403 7\n";
        let found = troubles(&server, &read_log(text.as_bytes(), FileId(1)), 10);
        assert_eq!((found[0].failing.len(), found[0].failing[0].requests), (1, 2));
    }
}
