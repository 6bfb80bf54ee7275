//! What elements of a site say that are no settings of the catalogue, before and after: HSTS, the log, FTP and redirection.

use std::collections::BTreeMap;

use super::strength::{Scale, Strength, Verdict};
use crate::compare::{Sides, SiteRef};
use crate::server::{
    Bits, Ftp, FtpCertificates, FtpChannel, Generation, Given, Hsts, HttpRedirect, LOG_TARGETS, LogFile, LogFormat, Scope, Site,
    ftp_validation, log_fields,
};

use super::{Plain, path_key};

/// One attribute that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) name: &'static str,
    /// URL path; empty where the attribute is one of the site itself.
    pub(super) path: String,
    pub(super) said: Sides<Plain>,
    pub(super) verdict: Verdict,
    /// Why nobody notices.
    pub(super) without_effect: Option<&'static str>,
}

/// Compares the elements of two sites, both of IIS 7 or later and declared.
pub(super) fn compare(left: SiteRef<'_>, right: SiteRef<'_>) -> Vec<Item> {
    let known = |at: SiteRef<'_>| at.server.generation != Generation::Iis6 && at.get().declared;
    if !known(left) || !known(right) {
        return Vec::new();
    }
    let mut list = List::default();
    let (left, right) = (left.get(), right.get());
    hsts(&mut list, left.elements.hsts.as_deref(), right.elements.hsts.as_deref());
    log(&mut list, left.elements.log.as_deref(), right.elements.log.as_deref());
    if let (Some(left), Some(right)) = (&left.elements.ftp, &right.elements.ftp) {
        ftp(&mut list, left, right);
    }
    redirections(&mut list, left, right);
    list.items
}

#[derive(Default)]
struct List {
    items: Vec<Item>,
    without_effect: Option<&'static str>,
}

impl List {
    /// Adds an attribute when its values differ.
    fn add<T: PartialEq>(
        &mut self,
        name: &'static str,
        left: &Given<T>,
        right: &Given<T>,
        show: impl Fn(&T) -> String,
        verdict: impl FnOnce() -> Verdict,
    ) {
        if left.value == right.value {
            return;
        }
        let plain = |given: &Given<T>| Plain { text: show(&given.value), place: given.place, is_default: given.place.is_none() };
        let said = Sides { left: plain(left), right: plain(right) };
        self.items.push(Item { name, path: String::new(), said, verdict: verdict(), without_effect: self.without_effect });
    }
}

/// Weaker when what protected is gone, stronger when it came.
fn protects(before: bool, after: bool, lost: &str, gained: &str) -> Verdict {
    let mut scale = Scale::default();
    scale.lost(before, after, lost, gained);
    scale.verdict("")
}

/// Weaker when `after` is less.
fn ordered<T: Ord>(before: &T, after: &T, less: &str, more: &str) -> Verdict {
    protects(before > after, after > before, less, more)
}

fn yes(value: &bool) -> String {
    value.to_string()
}

fn hsts(list: &mut List, left: Option<&Hsts>, right: Option<&Hsts>) {
    if left.is_none() && right.is_none() {
        return;
    }
    let none = |other: Option<&Hsts>| other.map(|other| Hsts { place: other.place, ..nothing() });
    let (Some(left), Some(right)) = (left.cloned().or_else(|| none(right)), right.cloned().or_else(|| none(left))) else { return };
    let on = |before: bool, after: bool| {
        protects(before, after, "browsers are no longer told to use https only", "browsers are told to use https only")
    };
    list.add("hsts@enabled", &left.enabled, &right.enabled, yes, || on(left.enabled.value, right.enabled.value));
    list.without_effect = match (left.enabled.value, right.enabled.value) {
        (false, false) => Some("HSTS is off on both sides"),
        (true, true) => None,
        // What came with the element or went with it is told by `enabled`.
        _ => return,
    };
    list.add("hsts@max-age", &left.max_age, &right.max_age, u32::to_string, || {
        let (before, after) = (left.max_age.value, right.max_age.value);
        ordered(&before, &after, "browsers remember for a shorter time to use https", "browsers remember for a longer time to use https")
    });
    list.add("hsts@includeSubDomains", &left.include_sub_domains, &right.include_sub_domains, yes, || {
        let (before, after) = (left.include_sub_domains.value, right.include_sub_domains.value);
        protects(before, after, "the domains below are no longer meant", "the domains below are meant too")
    });
    list.add("hsts@preload", &left.preload, &right.preload, yes, || Verdict::neutral("whether browsers may list the domain"));
    list.add("hsts@redirectHttpToHttps", &left.redirect_http_to_https, &right.redirect_http_to_https, yes, || {
        let (before, after) = (left.redirect_http_to_https.value, right.redirect_http_to_https.value);
        protects(before, after, "http is no longer redirected to https", "http is redirected to https")
    });
    list.without_effect = None;
}

/// What holds where no element stands.
fn nothing() -> Hsts {
    let place = crate::input::Place { file: crate::input::FileId(0), line: 0, column: 0 };
    Hsts {
        place,
        enabled: Given::default(),
        max_age: Given::default(),
        include_sub_domains: Given::default(),
        preload: Given::default(),
        redirect_http_to_https: Given::default(),
    }
}

fn log(list: &mut List, left: Option<&LogFile>, right: Option<&LogFile>) {
    let (left, right) = match (left, right) {
        (Some(left), Some(right)) => (left, right),
        (None, None) => return,
        (left, right) => {
            let said = |log: Option<&LogFile>| Plain {
                text: if log.is_some() { "the site has a log of its own" } else { "no log of its own" }.to_owned(),
                place: None,
                is_default: false,
            };
            list.items.push(Item {
                name: "logFile",
                path: String::new(),
                said: Sides { left: said(left), right: said(right) },
                verdict: Verdict::unclear("what the log of the whole server says is not compared with that of a site"),
                without_effect: None,
            });
            return;
        }
    };
    list.add("logFile@enabled", &left.enabled, &right.enabled, yes, || {
        protects(left.enabled.value, right.enabled.value, "requests are no longer logged", "requests are logged")
    });
    list.without_effect = (!left.enabled.value && !right.enabled.value).then_some("the log is off on both sides");
    let format = |format: &LogFormat| {
        match format {
            LogFormat::W3c => "W3C",
            LogFormat::Iis => "IIS",
            LogFormat::Ncsa => "NCSA",
            LogFormat::Custom => "Custom",
        }
        .to_owned()
    };
    list.add("logFile@logFormat", &left.format, &right.format, format, || match (left.format.value, right.format.value) {
        (LogFormat::W3c, LogFormat::Iis | LogFormat::Ncsa) => {
            Verdict::new(Strength::Weaker, "this format has no field for what follows the dot of a 403")
        }
        (LogFormat::Iis | LogFormat::Ncsa, LogFormat::W3c) => {
            Verdict::new(Strength::Stronger, "this format has a field for what follows the dot of a 403")
        }
        (LogFormat::Custom, _) | (_, LogFormat::Custom) => Verdict::unclear("what a module of its own logs stands in no file of IIS"),
        _ => Verdict::neutral("both formats have the same fields for every request"),
    });
    let both_w3c = left.format.value == LogFormat::W3c && right.format.value == LogFormat::W3c;
    if list.without_effect.is_none() && !both_w3c {
        list.without_effect = Some("fields and targets are those of the W3C format, which not both sides use");
    }
    let fields = |fields: &Bits| match fields.show(log_fields::NAMES) {
        names if names.is_empty() => "none".to_owned(),
        names => names,
    };
    list.add("logFile@logExtFileFlags", &left.fields, &right.fields, fields, || {
        let (before, after) = (&left.fields.value, &right.fields.value);
        let only = |mine: &Bits, other: &Bits| {
            let unknown = mine.unknown.iter().filter(|name| !other.unknown.contains(name)).cloned().collect();
            Bits { bits: mine.bits & !other.bits, unknown }
        };
        let mut scale = Scale::default();
        for (fields, what, strength) in
            [(only(before, after), "no longer logged", Strength::Weaker), (only(after, before), "logged now", Strength::Stronger)]
        {
            let names = fields.show(log_fields::NAMES);
            if !names.is_empty() {
                scale.add(Verdict::new(strength, format!("{what}: {names}")));
            }
        }
        scale.verdict("the same fields in another order")
    });
    list.add(
        "logFile@logTargetW3C",
        &left.target,
        &right.target,
        |target| target.show(LOG_TARGETS),
        || Verdict::neutral("where the log goes; what it says stays"),
    );
    list.without_effect = None;
}

fn ftp(list: &mut List, left: &Ftp, right: &Ftp) {
    let name = |policy: &FtpCertificates| policy.name().to_owned();
    list.add(
        "ftpServer sslClientCertificates@clientCertificatePolicy",
        &left.client_certificates,
        &right.client_certificates,
        name,
        || {
            let (before, after) = (left.client_certificates.value, right.client_certificates.value);
            ordered(&before, &after, "less is asked of client certificates", "more is asked of client certificates")
        },
    );
    let wanted = left.wants_certificates() || right.wants_certificates();
    list.without_effect = (!wanted).then_some("FTP ignores client certificates on both sides");
    let flags = |flags: &Bits| match flags.show(ftp_validation::NAMES) {
        names if names.is_empty() => "none".to_owned(),
        names => names,
    };
    list.add("ftpServer sslClientCertificates@validationFlags", &left.validation, &right.validation, flags, || {
        validation(&left.validation.value, &right.validation.value)
    });
    list.add("ftpServer sslClientCertificates@revocationFreshnessTime", &left.freshness, &right.freshness, seconds, || {
        Verdict::neutral("how soon a CRL is fetched anew; no check comes or goes")
    });
    let timeout = || Verdict::neutral("how long a CRL is waited for");
    list.add(
        "ftpServer sslClientCertificates@revocationURLRetrievalTimeout",
        &left.retrieval_timeout,
        &right.retrieval_timeout,
        seconds,
        timeout,
    );
    list.add("ftpServer sslClientCertificates@useActiveDirectoryMapping", &left.ad_mapping, &right.ad_mapping, yes, || {
        Verdict::neutral("to which accounts certificates lead; what is checked of them stays")
    });
    list.without_effect = None;
    let channel = |before: FtpChannel, after: FtpChannel| {
        let rank = |channel: FtpChannel| match channel {
            FtpChannel::Deny => 0,
            FtpChannel::Allow => 1,
            FtpChannel::RequireCredentialsOnly => 2,
            FtpChannel::Require => 3,
        };
        ordered(&rank(before), &rank(after), "less of the connection has to be encrypted", "more of the connection has to be encrypted")
    };
    list.add("ftpServer ssl@controlChannelPolicy", &left.control_channel, &right.control_channel, channel_name, || {
        channel(left.control_channel.value, right.control_channel.value)
    });
    list.add("ftpServer ssl@dataChannelPolicy", &left.data_channel, &right.data_channel, channel_name, || {
        channel(left.data_channel.value, right.data_channel.value)
    });
    list.add("ftpServer ssl@ssl128", &left.ssl128, &right.ssl128, yes, || {
        let (lost, gained) = ("128-bit encryption is no longer required", "128-bit encryption is required now");
        protects(left.ssl128.value, right.ssl128.value, lost, gained)
    });
    let folded = |given: &Given<String>| Given { value: given.value.trim().to_lowercase(), place: given.place };
    let text = |text: &String| if text.is_empty() { "none".to_owned() } else { text.clone() };
    list.add("ftpServer ssl@serverCertHash", &folded(&left.server_certificate), &folded(&right.server_certificate), text, || {
        Verdict::neutral("another server certificate, as after a renewal, or none")
    });
    list.add(
        "ftpServer ssl@serverCertStoreName",
        &folded(&left.server_certificate_store),
        &folded(&right.server_certificate_store),
        text,
        || Verdict::neutral("where the server certificate is looked for"),
    );
    list.add("ftpServer ssl@sslFlags", &left.store_flags, &right.store_flags, u32::to_string, || {
        Verdict::neutral("whether the server certificate comes from the Central Certificate Store")
    });
}

fn seconds(value: &u64) -> String {
    format!("{value} seconds")
}

fn channel_name(channel: &FtpChannel) -> String {
    match channel {
        FtpChannel::Allow => "SslAllow",
        FtpChannel::Require => "SslRequire",
        FtpChannel::RequireCredentialsOnly => "SslRequireCredentialsOnly",
        FtpChannel::Deny => "SslDeny",
    }
    .to_owned()
}

/// The flags of FTP have numbers of their own.
fn validation(before: &Bits, after: &Bits) -> Verdict {
    let mut scale = Scale::default();
    let (off, usage) = (ftp_validation::NO_REVOCATION, ftp_validation::NO_USAGE);
    let (lost, gained) = ("revocation is no longer checked: revoked certificates are accepted", "revocation is checked now");
    scale.lost(!before.has(off), !after.has(off), lost, gained);
    let (lost, gained) = ("the usage of certificates is no longer checked", "the usage of certificates is checked now");
    scale.lost(!before.has(usage), !after.has(usage), lost, gained);
    if !before.has(off) && !after.has(off) {
        let cached = ftp_validation::CACHE_ONLY | ftp_validation::CACHE_ONLY_URL;
        let (was, is) = (before.bits & cached, after.bits & cached);
        if was != is {
            let strength = match (was & !is, is & !was) {
                (0, _) => Strength::Weaker,
                (_, 0) => Strength::Stronger,
                _ => Strength::Neutral,
            };
            scale.add(Verdict::new(strength, "likely: how much is fetched decides how soon a revocation counts").likely());
        }
    }
    let known = ftp_validation::NAMES.iter().fold(0, |all, (_, bit)| all | bit);
    if (before.bits ^ after.bits) & !known != 0 || before.unknown != after.unknown {
        scale.add(Verdict::unclear("a flag without a known meaning"));
    }
    scale.verdict("revocation is checked on neither side, so the way to check it does nothing")
}

/// Redirections, at every path of either site. A side without such a path is asked at the nearest path above.
fn redirections(list: &mut List, left: &Site, right: &Site) {
    let mut paths: BTreeMap<String, Sides<Option<&Scope>>> = BTreeMap::new();
    for scope in &left.scopes {
        paths.entry(path_key(&scope.path)).or_default().left.get_or_insert(scope);
    }
    for scope in &right.scopes {
        paths.entry(path_key(&scope.path)).or_default().right.get_or_insert(scope);
    }
    let mut above: Vec<(String, Sides<Option<&Scope>>)> = Vec::new();
    for (key, own) in paths {
        while above
            .last()
            .is_some_and(|(above, _)| !(above.is_empty() || key.strip_prefix(above).is_some_and(|rest| rest.starts_with('\0'))))
        {
            above.pop();
        }
        let parent = above.last().map(|(_, scopes)| scopes.clone()).unwrap_or_default();
        let scopes = Sides { left: own.left.or(parent.left), right: own.right.or(parent.right) };
        if let (Some(a), Some(b)) = (scopes.left, scopes.right) {
            // What differs in the same way above is told there.
            let told = matches!((parent.left, parent.right), (Some(c), Some(d)) if goes(a) == goes(c) && goes(b) == goes(d));
            let path = own.left.or(own.right).map(|scope| scope.path.clone()).unwrap_or_default();
            let path = own.right.map_or(path.clone(), |scope| path.min(scope.path.clone()));
            if goes(a) != goes(b) && !told {
                list.items.push(redirection(path, a, b));
            }
        }
        above.push((key, scopes));
    }
}

/// Destination, whether it is exact and for the files of the directory only, the status, and whether a pattern leads to https.
type Redirects<'a> = (&'a str, bool, bool, u16, bool);
/// A redirection that is on, whether it leads to https, and whether a rewrite rule does.
type Goes<'a> = (Option<Redirects<'a>>, bool, bool);

/// Where the requests of a path go: its redirection when it has one, and whether a rule sends it to https.
fn goes(scope: &Scope) -> Goes<'_> {
    let redirect = scope.routing.redirect.as_deref();
    let to = |redirect: &HttpRedirect| redirect.to_https().is_some();
    let on = redirect.filter(|redirect| redirect.enabled.value);
    let said = on.map(|redirect| {
        let destination = redirect.destination.value.trim();
        (
            destination,
            redirect.exact_destination.value,
            redirect.child_only.value,
            redirect.status.value,
            redirect.pattern_to_https.is_some(),
        )
    });
    (said, redirect.is_some_and(to), scope.routing.rewrites_to_https.is_some())
}

fn redirection(path: String, left: &Scope, right: &Scope) -> Item {
    let plain = |scope: &Scope| {
        let mut parts = Vec::new();
        let on = scope.routing.redirect.as_deref().filter(|redirect| redirect.enabled.value);
        if let Some(redirect) = on {
            let mut text = format!("{} with status {}", redirect.destination.value, redirect.status.value);
            for (set, word) in [(redirect.exact_destination.value, "exactDestination"), (redirect.child_only.value, "childOnly")] {
                if set {
                    text.push_str(&format!(", {word}"));
                }
            }
            parts.push(text);
        }
        if scope.routing.rewrites_to_https.is_some() {
            parts.push("a rewrite rule sends http to https".to_owned());
        }
        let place = on.and_then(|redirect| redirect.destination.place.or(redirect.enabled.place)).or(scope.routing.rewrites_to_https);
        let text = if parts.is_empty() { "no redirection".to_owned() } else { parts.join("; ") };
        Plain { text, place, is_default: false }
    };
    let https = |scope: &Scope| {
        let redirects = scope.routing.redirect.as_deref().is_some_and(|redirect| redirect.to_https().is_some());
        redirects || scope.routing.rewrites_to_https.is_some()
    };
    let mut scale = Scale::default();
    scale.lost(https(left), https(right), "http is no longer sent to https", "http is sent to https");
    Item {
        name: "httpRedirect",
        path,
        said: Sides { left: plain(left), right: plain(right) },
        verdict: scale.verdict("requests go elsewhere; whether they go to https stays the same"),
        without_effect: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::FileId;
    use crate::server::Server;
    use crate::xml::Limits;

    fn server(site: &str, web: &str, file: u32) -> Server {
        let bindings = r#"<bindings><binding protocol="http" bindingInformation="*:80:"/><binding protocol="ftp" bindingInformation="*:21:"/></bindings>"#;
        let text = format!(
            r#"<configuration><system.applicationHost><sites><site name="a" id="1"><application path="/"/>{bindings}{site}</site></sites></system.applicationHost><location path="a"><system.webServer>{web}</system.webServer></location></configuration>"#
        );
        let config = crate::apphost::read(&text, FileId(file), Limits::default()).unwrap();
        crate::apphost::assemble(&config, &[], None, "server".to_owned())
    }

    /// What differs, each with its strength, both ways: the other direction must say the opposite.
    fn differ(before: (&str, &str), after: (&str, &str)) -> Vec<String> {
        let (left, right) = (server(before.0, before.1, 0), server(after.0, after.1, 1));
        let (left, right) = (SiteRef { server: &left, site: 0 }, SiteRef { server: &right, site: 0 });
        let (there, back) = (compare(left, right), compare(right, left));
        assert_eq!(there.len(), back.len());
        for (one, other) in there.iter().zip(&back) {
            assert_eq!((one.name, one.verdict.strength), (other.name, other.verdict.strength.mirrored()));
        }
        assert_eq!(compare(left, left), []);
        let line = |item: &Item| {
            let effect = if item.without_effect.is_some() { ", no effect" } else { "" };
            format!("{}: {} -> {}: {}{effect}", item.name, item.said.left.text, item.said.right.text, item.verdict.strength.words())
        };
        there.iter().map(line).collect()
    }

    fn sites(before: &str, after: &str) -> Vec<String> {
        differ((before, ""), (after, ""))
    }

    #[test]
    fn hsts_that_goes_is_weaker_and_said_once() {
        let full = r#"<hsts enabled="true" max-age="31536000" includeSubDomains="true" redirectHttpToHttps="true"/>"#;
        assert_eq!(sites(full, ""), ["hsts@enabled: true -> false: weaker"]);
        let short = r#"<hsts enabled="true" max-age="300" includeSubDomains="true" redirectHttpToHttps="true" preload="true"/>"#;
        assert_eq!(sites(full, short), ["hsts@max-age: 31536000 -> 300: weaker", "hsts@preload: false -> true: neutral"]);
        let off = r#"<hsts enabled="false" max-age="300"/>"#;
        assert_eq!(sites(off, ""), ["hsts@max-age: 300 -> 0: weaker, no effect"]);
    }

    #[test]
    fn a_log_that_says_less_is_weaker() {
        assert_eq!(sites("", r#"<logFile enabled="false"/>"#), ["logFile@enabled: true -> false: weaker"]);
        let fields = |fields: &str| format!(r#"<logFile logExtFileFlags="{fields}"/>"#);
        assert_eq!(
            sites(&fields("Date, HttpStatus, HttpSubStatus"), &fields("HttpStatus, Date")),
            ["logFile@logExtFileFlags: Date, HttpStatus, HttpSubStatus -> Date, HttpStatus: weaker"]
        );
        assert_eq!(
            sites(&fields("Date, Referer"), &fields("Date, Host")),
            ["logFile@logExtFileFlags: Date, Referer -> Date, Host: weaker in one way, stronger in another"]
        );
        assert_eq!(sites("", r#"<logFile logFormat="NCSA"/>"#), ["logFile@logFormat: W3C -> NCSA: weaker"]);
    }

    #[test]
    fn ftp_is_judged_by_flags_of_its_own() {
        let ftp = |policy: &str, flags: &str, channel: &str| {
            format!(
                r#"<ftpServer><security><ssl serverCertHash="AB" controlChannelPolicy="{channel}"/><sslClientCertificates clientCertificatePolicy="{policy}" validationFlags="{flags}"/></security></ftpServer>"#
            )
        };
        let (require, allow) = ("CertRequire", "CertAllow");
        assert_eq!(
            sites(&ftp(require, "", "SslRequire"), &ftp(allow, "NoRevocationCheck", "SslAllow")),
            [
                "ftpServer sslClientCertificates@clientCertificatePolicy: CertRequire -> CertAllow: weaker",
                "ftpServer sslClientCertificates@validationFlags: none -> NoRevocationCheck: weaker",
                "ftpServer ssl@controlChannelPolicy: SslRequire -> SslAllow: weaker",
            ]
        );
        assert_eq!(
            sites(&ftp("CertIgnore", "", "SslAllow"), &ftp("CertIgnore", "CertNoUsageCheck", "SslAllow")),
            ["ftpServer sslClientCertificates@validationFlags: none -> CertNoUsageCheck: weaker, no effect"]
        );
    }

    #[test]
    fn a_redirection_to_https_that_goes_is_weaker_and_another_destination_is_not() {
        let to = |url: &str| format!(r#"<httpRedirect enabled="true" destination="{url}"/>"#);
        let web = |before: &str, after: &str| differ(("", before), ("", after));
        assert_eq!(web(&to("https://a/"), ""), ["httpRedirect: https://a/ with status 302 -> no redirection: weaker"]);
        assert_eq!(
            web(&to("https://a/"), &to("https://b/")),
            ["httpRedirect: https://a/ with status 302 -> https://b/ with status 302: neutral"]
        );
        assert_eq!(web(r#"<httpRedirect enabled="false" destination="https://a/"/>"#, ""), Vec::<String>::new());
    }
}
