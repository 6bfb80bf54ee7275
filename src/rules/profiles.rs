//! Benchmarks as profiles: which rule checks which item, which items nobody checks, and which rules run under a profile only.
//!
//! It promises that every item with TLS or client-certificate content is either checked by a named rule or named as not assessed, so that a
//! report under a profile never passes for compliance.

use serde::{Deserialize, Serialize};

use super::Rule;
use crate::catalogue::{Setting, Value};
use crate::server::{Generation, Notice, Resolved, Scope, Server, Site};

/// A benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// The Security Technical Implementation Guides of DISA for IIS.
    Stig,
    /// The benchmark of the Center for Internet Security for IIS 10.
    Cis,
}

impl Profile {
    /// All profiles.
    pub const ALL: &'static [Profile] = &[Profile::Stig, Profile::Cis];

    /// The name on the command line and in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Profile::Stig => "stig",
            Profile::Cis => "cis",
        }
    }

    /// The name that stands before an id.
    pub const fn label(self) -> &'static str {
        match self {
            Profile::Stig => "STIG",
            Profile::Cis => "CIS",
        }
    }

    /// Which document is meant, with its edition.
    pub const fn title(self) -> &'static str {
        match self {
            Profile::Stig => "DISA STIG for IIS 10.0 (Site V2R15, Server V3R7), and one item of the STIG for IIS 7",
            Profile::Cis => "CIS Microsoft IIS 10 Benchmark, numbered as in its public copies",
        }
    }
}

/// An item of a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Item {
    /// The benchmark.
    pub profile: Profile,
    /// Its id, such as `V-218749` or `4.5`.
    pub id: &'static str,
    /// Its other id, such as `IIST-SI-000220`; empty where there is none.
    pub also: &'static str,
    /// The severity that the benchmark gives it; empty where it gives none.
    pub severity: &'static str,
    /// What it asks for.
    pub title: &'static str,
    /// What is done about it.
    pub state: State,
    /// To what the text of the item does not apply.
    pub exempt: &'static [&'static str],
}

/// What is done about an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Rules check it.
    Checked {
        /// Their names.
        rules: &'static [&'static str],
        /// What they cannot tell, in words.
        limits: &'static str,
    },
    /// Nothing checks it: what would be needed.
    NotAssessed(&'static str),
}

impl Item {
    /// The item as reports name it: `STIG V-218749 (IIST-SI-000220)`.
    pub fn label(&self) -> String {
        let also = if self.also.is_empty() { String::new() } else { format!(" ({})", self.also) };
        format!("{} {}{also}", self.profile.label(), self.id)
    }

    /// The rules that check it.
    pub fn rules(&self) -> &'static [&'static str] {
        match self.state {
            State::Checked { rules, .. } => rules,
            State::NotAssessed(_) => &[],
        }
    }
}

/// Rules that run under a profile only, because what they ask for is the benchmark's policy and no mistake in itself.
const ONLY: &[(&str, &[Profile])] = &[
    ("certificate-not-required", &[Profile::Stig]),
    ("double-escaping-allowed", &[Profile::Stig, Profile::Cis]),
    ("ftp-not-encrypted", &[Profile::Cis]),
    ("host-header-missing", &[Profile::Stig, Profile::Cis]),
    ("hsts-not-enforced", &[Profile::Stig, Profile::Cis]),
    ("log-targets-incomplete", &[Profile::Stig, Profile::Cis]),
    ("strict-access-flags", &[Profile::Stig]),
    ("tls-not-required", &[Profile::Stig]),
];

const SITE_KIND: &str = "No file says whether a site is private or public, or whether something else ends TLS before it";

const ONE_LOG: &str = "A server that writes one log for all sites is not judged";

/// Every item with TLS or client-certificate content, by profile and id. To add a check: name the rule here in place of
/// [`State::NotAssessed`], and add it to `ONLY` when it is policy.
pub const ITEMS: &[Item] = &[
    Item {
        profile: Profile::Stig,
        id: "V-13672",
        also: "WG145, IIS 7",
        severity: "medium",
        title: "Client certificates are checked for revocation (dropped from the STIG for IIS 10)",
        state: State::Checked {
            rules: &["revocation-check-off"],
            limits: "The value stands in HTTP.sys: without its records it is not assessed",
        },
        exempt: &[],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218737",
        also: "IIST-SI-000203",
        severity: "medium",
        title: "A private site accepts TLS connections only",
        state: State::Checked { rules: &["tls-not-required"], limits: SITE_KIND },
        exempt: &["public web servers", "SharePoint", "WSUS", "TLS off-loading at a load balancer or proxy"],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218738",
        also: "IIST-SI-000204",
        severity: "medium",
        title: "A public site with authentication accepts TLS connections only",
        state: State::Checked { rules: &["tls-not-required"], limits: SITE_KIND },
        exempt: &["private web servers", "public sites without authentication", "SharePoint", "WSUS", "SCEP", "NDES"],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218739",
        also: "IIST-SI-000206",
        severity: "medium",
        title: "A site logs to a file and to ETW",
        state: State::Checked { rules: &["log-targets-incomplete"], limits: ONE_LOG },
        exempt: &[],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218748",
        also: "IIST-SI-000219",
        severity: "medium",
        title: "A site has a host name and an IP address of its own",
        state: State::Checked {
            rules: &["host-header-missing"],
            limits: "Sites that share an address are not compared, and approved ports are not known",
        },
        exempt: &[
            "SharePoint",
            "certificate handling at a load balancer or proxy",
            "Exchange that hosts nothing else (recognised, and left out)",
        ],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218749",
        also: "IIST-SI-000220",
        severity: "medium",
        title: "A private site requires client certificates",
        state: State::Checked { rules: &["certificate-not-required"], limits: SITE_KIND },
        exempt: &[
            "public web servers",
            "SharePoint",
            "WSUS",
            "certificate handling at a load balancer or proxy",
            "SCEP",
            "NDES",
            "servers that provide OCSP and nothing else",
        ],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218757",
        also: "IIST-SI-000229",
        severity: "medium",
        title: "Double-encoded URLs are refused",
        state: State::Checked {
            rules: &["double-escaping-allowed"],
            limits: "The text has no exemption for servers that publish delta CRLs, which need double escaping on that path",
        },
        exempt: &["SharePoint"],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218767",
        also: "IIST-SI-000241",
        severity: "medium",
        title: "The server certificate leads to an approved authority",
        state: State::NotAssessed("the server certificate itself, which is in no configuration file"),
        exempt: &[],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218768",
        also: "IIST-SI-000242",
        severity: "high",
        title: "A private site has the access flags Ssl, SslNegotiateCert, SslRequireCert and Ssl128",
        state: State::Checked { rules: &["strict-access-flags"], limits: SITE_KIND },
        exempt: &[
            "TLS off-loading at a load balancer or proxy",
            "public web servers",
            "WSUS",
            "SharePoint",
            "SCEP",
            "NDES",
            "servers that provide OCSP and nothing else",
            "servers that provide CRLs and nothing else",
            "single sign-on that does not process client certificates locally, for the part about certificates",
        ],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218769",
        also: "IIST-SI-000244",
        severity: "medium",
        title: "ASP session ids of a site travel over TLS only",
        state: State::NotAssessed("asp/session@keepSessionIdSecure, a setting that this program does not read"),
        exempt: &[],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218770",
        also: "IIST-SI-000246",
        severity: "medium",
        title: "Cookies are marked for TLS",
        state: State::NotAssessed("system.web/httpCookies and sessionState of web.config files, settings that this program does not read"),
        exempt: &[],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218820",
        also: "IIST-SV-000152",
        severity: "medium",
        title: "ASP session ids of the server travel over TLS only",
        state: State::NotAssessed("asp/session@keepSessionIdSecure, a setting that this program does not read"),
        exempt: &[],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218821",
        also: "IIST-SV-000153",
        severity: "high",
        title: "TLS 1.2 is on; SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1 are off",
        state: State::NotAssessed("the protocols of Schannel in the registry, which no rule judges yet"),
        exempt: &[],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218822",
        also: "IIST-SV-000154",
        severity: "medium",
        title: "Only approved versions of TLS are in use",
        state: State::NotAssessed("the list of approved versions, and the protocols of Schannel in the registry, which no rule judges yet"),
        exempt: &[],
    },
    Item {
        profile: Profile::Stig,
        id: "V-218827",
        also: "IIST-SV-000205",
        severity: "low",
        title: "HSTS is on in the defaults of all sites",
        state: State::Checked {
            rules: &["hsts-not-enforced"],
            limits: "Judged is what is in effect for each site with an https binding, and not siteDefaults itself; a header of another origin is not seen",
        },
        exempt: &["versions of Windows without the hsts element (before Windows Server 2019, where the version is known)"],
    },
    Item {
        profile: Profile::Cis,
        id: "1.2",
        also: "",
        severity: "",
        title: "Every site has a host header",
        state: State::Checked { rules: &["host-header-missing"], limits: "" },
        exempt: &[],
    },
    Item {
        profile: Profile::Cis,
        id: "2.3",
        also: "",
        severity: "",
        title: "Forms authentication demands TLS",
        state: State::NotAssessed("system.web/authentication of web.config files, settings that this program does not read"),
        exempt: &[],
    },
    Item {
        profile: Profile::Cis,
        id: "2.6",
        also: "",
        severity: "",
        title: "Basic authentication is used over TLS only",
        state: State::NotAssessed("the state of basic authentication, a setting that this program does not read"),
        exempt: &[],
    },
    Item {
        profile: Profile::Cis,
        id: "4.5",
        also: "",
        severity: "",
        title: "Double-encoded requests are refused",
        state: State::Checked {
            rules: &["double-escaping-allowed"],
            limits: "A path that publishes delta CRLs needs double escaping; the item conflicts with it",
        },
        exempt: &[],
    },
    Item {
        profile: Profile::Cis,
        id: "5.2",
        also: "",
        severity: "",
        title: "Advanced logging is on",
        state: State::NotAssessed("the modules that are installed and the fields of the logs, which no rule compares with the benchmark"),
        exempt: &[],
    },
    Item {
        profile: Profile::Cis,
        id: "5.3",
        also: "",
        severity: "",
        title: "Logging to ETW is on",
        state: State::Checked { rules: &["log-targets-incomplete"], limits: ONE_LOG },
        exempt: &[],
    },
    Item {
        profile: Profile::Cis,
        id: "6.1",
        also: "",
        severity: "",
        title: "FTP requests are encrypted",
        state: State::Checked {
            rules: &["ftp-not-encrypted"],
            limits: "Judged are the sites with an ftp binding, and not siteDefaults itself",
        },
        exempt: &[],
    },
    Item {
        profile: Profile::Cis,
        id: "7.1",
        also: "",
        severity: "",
        title: "HSTS is on",
        state: State::Checked {
            rules: &["hsts-not-enforced"],
            limits: "A Strict-Transport-Security header that customHeaders or an application writes is not seen",
        },
        exempt: &[],
    },
    Item {
        profile: Profile::Cis,
        id: "7.2-7.6",
        also: "",
        severity: "",
        title: "TLS 1.2 is on; SSL 2.0, SSL 3.0, TLS 1.0 and TLS 1.1 are off",
        state: State::NotAssessed("the protocols of Schannel in the registry, which no rule judges yet"),
        exempt: &[],
    },
    Item {
        profile: Profile::Cis,
        id: "7.7-7.11",
        also: "",
        severity: "",
        title: "NULL, DES and RC4 cipher suites are off, AES is on",
        state: State::NotAssessed("the ciphers of Schannel in the registry, which no rule judges yet"),
        exempt: &[],
    },
];

/// The items of a benchmark.
pub fn items(profile: Profile) -> impl Iterator<Item = &'static Item> {
    ITEMS.iter().filter(move |item| item.profile == profile)
}

/// The items of every benchmark that the rule called `name` checks.
pub fn items_of(name: &str) -> impl Iterator<Item = &'static Item> {
    ITEMS.iter().filter(move |item| item.rules().contains(&name))
}

/// The profiles without which the rule called `name` does not run; empty for a rule that always runs.
pub fn only_under(name: &str) -> &'static [Profile] {
    ONLY.iter().find(|(rule, _)| *rule == name).map_or(&[], |(_, profiles)| profiles)
}

/// Whether the benchmarks speak of this generation at all.
pub fn covers(generation: Generation) -> bool {
    generation != Generation::Iis6
}

/// Whether `rule` runs under `profile`.
pub(super) fn runs(rule: &Rule, profile: Option<Profile>) -> bool {
    let only = only_under(rule.name);
    only.is_empty() || profile.is_some_and(|profile| only.contains(&profile))
}

/// Name of the notice about what a benchmark asks for and nobody assessed.
pub const NOTICE: &str = "benchmark-not-assessed";

/// What the benchmark asks for and was not assessed on `server`. There is always something, so that silence is never compliance.
pub fn notices(server: &Server, profile: Profile) -> Vec<Notice> {
    let notice = |message: String, needs: &'static str| Notice { name: NOTICE, message, needs: needs.into() };
    let label = profile.label();
    if !covers(server.generation) {
        return vec![notice(
            format!("{label}: no item at all, because the benchmark is written for IIS 7 and later"),
            "a benchmark for IIS 6, of which this program knows none",
        )];
    }
    let mut notices = Vec::new();
    for item in items(profile) {
        let needs = match item.state {
            State::NotAssessed(needs) => Some(needs),
            State::Checked { rules, .. } => rules.iter().find_map(|rule| lacking(server, rule)),
        };
        if let Some(needs) = needs {
            notices.push(notice(format!("{}: {}", item.label(), item.title), needs));
        }
        if item.rules().contains(&"host-header-missing") && profile == Profile::Stig && is_exchange(server) {
            notices.push(notice(
                format!("{}: left out, because every site holds paths of Exchange", item.label()),
                "your word that the server hosts nothing but Exchange",
            ));
        }
    }
    notices.push(notice(
        format!("{label}: every other item of the benchmark; the absence of findings is no compliance"),
        "a review by the text of the benchmark, with its exemptions",
    ));
    notices
}

/// What the rule called `rule` would need of `server` and was not given.
fn lacking(server: &Server, rule: &str) -> Option<&'static str> {
    let sites = Some("applicationHost.config, with its sites and bindings");
    match rule {
        "revocation-check-off" | "host-header-missing" | "hsts-not-enforced" | "log-targets-incomplete" | "ftp-not-encrypted"
            if !server.lists_sites =>
        {
            sites
        }
        _ if server.sites.is_empty() && !server.lists_sites => sites,
        "log-targets-incomplete" if server.sites.iter().all(|site| site.elements.log.is_none()) && !server.sites.is_empty() => {
            Some("the settings of the one log that the server writes for all sites")
        }
        "revocation-check-off" if !knows_revocation(server) => {
            Some("the records of HTTP.sys (netsh http show sslcert, or a registry export)")
        }
        _ => None,
    }
}

/// Whether the revocation check of every endpoint is known.
fn knows_revocation(server: &Server) -> bool {
    server
        .endpoints
        .iter()
        .filter(|endpoint| !endpoint.sites.is_empty())
        .all(|endpoint| endpoint.settings.get(Setting::CertCheckMode).is_some_and(|resolved| resolved.known().is_some()))
}

/// The roots of the sites that speak http or https, or may do so as far as the file tells, with their access flags.
pub(super) fn roots(server: &Server) -> impl Iterator<Item = (&Site, &Scope, &Resolved, u32)> {
    server.sites.iter().filter(|site| !site.declared || site.has_binding("https") || site.has_binding("http")).filter_map(|site| {
        let root = site.root();
        let resolved = root.settings.get(Setting::AccessFlags)?;
        Some((site, root, resolved, resolved.known().and_then(Value::flags)?))
    })
}

/// Whether the server hosts Exchange and nothing else, as far as its paths tell: every site holds a path that belongs to Exchange.
pub(super) fn is_exchange(server: &Server) -> bool {
    !server.sites.is_empty() && server.sites.iter().all(|site| site.scopes.iter().any(|scope| scope.product.is_some()))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{apphost, fixture, metabase};
    use super::super::{Context, RULES, check, rule};
    use super::*;

    fn names(server: &Server, profile: Option<Profile>) -> Vec<&'static str> {
        let mut names: Vec<_> = check(&Context { profile, ..Context::new(server) }).iter().map(|finding| finding.rule.name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    #[test]
    fn every_rule_of_the_table_exists_and_every_rule_of_a_profile_checks_an_item_of_it() {
        for name in ITEMS.iter().flat_map(Item::rules).chain(ONLY.iter().map(|(name, _)| name)) {
            assert!(rule(name).is_some(), "{name}");
        }
        for (name, profiles) in ONLY {
            for profile in *profiles {
                assert!(items_of(name).any(|item| item.profile == *profile), "{name} checks nothing of {profile:?}");
            }
        }
        assert!(ITEMS.windows(2).all(|pair| (pair[0].profile, pair[0].id) != (pair[1].profile, pair[1].id)));
        assert!(RULES.iter().filter(|rule| !only_under(rule.name).is_empty()).count() == ONLY.len());
    }

    const BARE: &str = r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><bindings>
        <binding protocol="http" bindingInformation="*:80:"/><binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost>
        <system.webServer><security><requestFiltering allowDoubleEscaping="true"/></security></system.webServer>"#;

    #[test]
    fn rules_of_a_profile_run_under_it_and_never_without() {
        let server = apphost(BARE);
        let stig = [
            "certificate-not-required",
            "double-escaping-allowed",
            "host-header-missing",
            "hsts-not-enforced",
            "log-targets-incomplete",
            "strict-access-flags",
            "tls-not-required",
        ];
        assert!(names(&server, None).iter().all(|name| !stig.contains(name)));
        for name in stig {
            assert!(names(&server, Some(Profile::Stig)).contains(&name), "{name}");
        }
        let cis: Vec<_> = names(&server, Some(Profile::Cis)).into_iter().filter(|name| stig.contains(name)).collect();
        assert_eq!(cis, ["double-escaping-allowed", "host-header-missing", "hsts-not-enforced", "log-targets-incomplete"]);
    }

    #[test]
    fn a_site_that_requires_certificates_over_sni_still_lacks_three_things_of_the_stig() {
        let server = fixture("apphost/F1_consistent_sni.config");
        assert_eq!(names(&server, Some(Profile::Stig)), ["host-header-missing", "log-targets-incomplete", "strict-access-flags"]);
        assert_eq!(names(&server, Some(Profile::Cis)), ["log-targets-incomplete"]);
        assert!(names(&server, None).is_empty());
    }

    #[test]
    fn what_is_not_assessed_is_always_said() {
        let server = fixture("apphost/F1_consistent_sni.config");
        let said = |profile| notices(&server, profile).into_iter().map(|notice| notice.message).collect::<String>();
        let stig = said(Profile::Stig);
        for id in ["V-218821", "V-218767", "V-13672", "no compliance"] {
            assert!(stig.contains(id), "{id}");
        }
        assert!(!stig.contains("V-218768") && !stig.contains("V-218739"));
        assert!(said(Profile::Cis).contains("CIS 7.2") && said(Profile::Cis).contains("no compliance"));
    }

    #[test]
    fn a_file_without_sites_leaves_bindings_and_records_unassessed() {
        let said: String =
            notices(&fixture("apphost/F5_locking_and_webconfig.config"), Profile::Stig).into_iter().map(|notice| notice.message).collect();
        assert!(said.contains("V-13672") && said.contains("V-218748") && !said.contains("V-218768"), "{said}");
        let mut nothing = apphost("");
        nothing.lists_sites = false;
        nothing.sites.clear();
        let said: String = notices(&nothing, Profile::Cis).into_iter().map(|notice| notice.message).collect();
        assert!(said.contains("CIS 4.5"), "{said}");
    }

    #[test]
    fn an_exemption_that_was_applied_is_said() {
        let server = apphost(
            r#"<system.applicationHost><sites><site name="A" id="1"><application path="/"/><application path="/owa" applicationPool="MSExchangeOWAAppPool"/>
               <bindings><binding protocol="http" bindingInformation="*:80:"/></bindings></site></sites></system.applicationHost>"#,
        );
        assert!(
            notices(&server, Profile::Stig).iter().any(|notice| notice.message.contains("V-218748") && notice.message.contains("Exchange"))
        );
        assert!(notices(&server, Profile::Cis).iter().all(|notice| !notice.message.contains("Exchange")));
    }

    #[test]
    fn iis_6_is_not_judged_by_a_benchmark_for_its_successors() {
        let server = metabase(
            r#"<IIsWebService Location="/LM/W3SVC"></IIsWebService><IIsWebServer Location="/LM/W3SVC/1" ServerBindings=":80:"></IIsWebServer>"#,
        );
        assert!(names(&server, Some(Profile::Stig)).is_empty());
        let notices = notices(&server, Profile::Stig);
        assert!(notices.len() == 1 && notices[0].message.contains("no item at all"));
    }

    #[test]
    fn a_finding_knows_the_profile_it_was_made_under() {
        let server = apphost(BARE);
        let found = check(&Context { profile: Some(Profile::Stig), ..Context::new(&server) });
        let ids: Vec<_> =
            found.iter().find(|finding| finding.rule.name == "tls-not-required").unwrap().benchmarks().map(Item::label).collect();
        assert_eq!(ids, ["STIG V-218737 (IIST-SI-000203)", "STIG V-218738 (IIST-SI-000204)"]);
        let none = check(&Context::new(&server));
        assert!(none.iter().all(|finding| finding.benchmarks().count() == 0));
    }
}
