//! Which statuses a difference can cause, on which side, and why. A reason that holds on both sides alike is no reason for a difference
//! and is left out. What is not documented is marked likely and says so.

use super::decision::Protocol;
use super::pair::View;
use super::records::is_off;
use super::{Cause, Said, Side};
use crate::catalogue::{Setting, Value, access, cert_check};
use crate::server::Generation;

/// One side of a difference with what decides its consequences.
pub(super) struct Point<'v, 'a> {
    pub(super) view: &'v View<'a>,
    pub(super) said: &'v Said,
    /// Access flags at the path.
    pub(super) access: Option<u32>,
    /// Read-ahead size at the path.
    pub(super) read_ahead: Option<u64>,
    /// Anonymous authentication at the path.
    pub(super) anonymous: Option<bool>,
    /// Freshness time of the site.
    pub(super) freshness: Option<u64>,
    /// Whether it is unknown if the value is in effect at all.
    pub(super) uncertain: bool,
}

type Reason = (&'static str, bool, String);

/// Whether a cause of `status` answers a question for `wanted`: `403` asks for every 403, and a substatus is part of its status.
pub fn status_matches(status: &str, wanted: &str) -> bool {
    let within = |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
    let wanted = wanted.trim();
    status == wanted || within(status, wanted) || within(wanted, status)
}

/// The causes of both sides, sorted.
pub(super) fn causes(setting: Setting, left: &Point<'_, '_>, right: &Point<'_, '_>) -> Vec<Cause> {
    let reasons = [(Side::Left, left, reasons(setting, left, right)), (Side::Right, right, reasons(setting, right, left))];
    let mut causes = Vec::new();
    for (index, (side, point, mine)) in reasons.iter().enumerate() {
        let theirs = &reasons[1 - index].2;
        for (status, likely, why) in mine {
            if !theirs.iter().any(|other| (other.0, &other.2) == (*status, why)) {
                causes.push(Cause { status, side: *side, likely: *likely || point.uncertain, why: why.clone() });
            }
        }
    }
    causes.sort();
    causes
}

impl Point<'_, '_> {
    fn value(&self) -> &Value {
        &self.said.resolved.value
    }

    fn iis6(&self) -> bool {
        self.view.generation() == Generation::Iis6
    }

    /// Whether a certificate is asked for late at the path: `None` when only the first handshake's part is unknown.
    fn late(&self) -> Option<bool> {
        match (self.access.is_some_and(|bits| bits & access::NEGOTIATE != 0), self.view.early) {
            (false, _) | (_, Some(true)) => Some(false),
            (true, Some(false)) => Some(true),
            (true, None) => None,
        }
    }

    /// Whether client certificates arrive; `None` when they may.
    fn asks(&self) -> Option<bool> {
        match (self.view.asks, self.view.may_ask) {
            (true, _) => Some(true),
            (_, true) => None,
            _ => Some(false),
        }
    }
}

/// What can go wrong on the side `me` and is worth a look because `other` says something else.
fn reasons(setting: Setting, me: &Point<'_, '_>, other: &Point<'_, '_>) -> Vec<Reason> {
    match setting {
        Setting::AccessFlags => match (me.value().flags(), other.value().flags()) {
            (Some(mine), Some(theirs)) => access_flags(me, mine, theirs),
            _ => Vec::new(),
        },
        Setting::CertCheckMode => cert_check_mode(me, other),
        Setting::RevocationFreshnessTime => match (me.view.mode, me.value().number(), other.value().number()) {
            (Some(mode), Some(seconds), Some(theirs))
                if mode & cert_check::FRESHNESS != 0 && mode & cert_check::NO_REVOCATION == 0 && me.asks() != Some(false) =>
            {
                let often = if seconds < theirs { ", more often than on the other side" } else { "" };
                let why = format!("this site fetches each CRL anew every {seconds} seconds{often}, and every fetch can fail");
                vec![("403.13", seconds >= theirs || me.asks().is_none(), why)]
            }
            _ => Vec::new(),
        },
        Setting::RevocationUrlRetrievalTimeout => retrieval_timeout(me, other),
        Setting::CtlIdentifier | Setting::CtlStoreName => issuers(setting, me),
        Setting::DsMapper => ds_mapper(me),
        Setting::NegotiateClientCertificate => match (me.value().bool(), other.value().bool()) {
            (Some(false), Some(true)) if me.asks() != Some(false) => late_request(me, true),
            _ => Vec::new(),
        },
        Setting::ServerCertificate => match (me.value(), other.value()) {
            (Value::None, Value::Bytes(_)) => {
                vec![(
                    "handshake",
                    true,
                    "this site has no server certificate, so the TLS handshake fails and nothing is logged".to_owned(),
                )]
            }
            _ => Vec::new(),
        },
        Setting::ServerCertificateStore => {
            let why =
                format!("the server certificate is sought in the store {}; when it is not there, no handshake succeeds", me.said.value());
            vec![("handshake", true, why)]
        }
        Setting::UploadReadAheadSize => match (me.value().number(), other.value().number(), me.late()) {
            (Some(bytes), Some(theirs), late) if bytes < theirs && late != Some(false) => {
                vec![("413", late.is_none(), late_body(me, Some(bytes)))]
            }
            _ => Vec::new(),
        },
        Setting::MaxContentLength => match (me.value().number(), other.value().number()) {
            (Some(bytes), Some(theirs)) if bytes < theirs => {
                let why = format!("this side accepts request bodies of {bytes} bytes at most, the other side larger ones");
                let mut reasons = vec![("413", me.iis6(), why.clone())];
                if !me.iis6() {
                    reasons.push(("404.13", false, why));
                }
                reasons
            }
            _ => Vec::new(),
        },
        Setting::AnonymousAuthentication => match (me.value().bool(), other.value().bool()) {
            (Some(false), Some(true)) => {
                vec![("401", false, "nobody enters here without credentials or a mapped certificate".to_owned())]
            }
            _ => Vec::new(),
        },
        Setting::IisCertificateMapping | Setting::AdCertificateMapping => mapping(setting, me),
        Setting::AllowDoubleEscaping => match me.value().bool() {
            Some(false) => {
                let why =
                    "names with '+', such as those of delta CRLs, are refused here, so other servers cannot check revocation with them";
                vec![("404.11", false, why.to_owned())]
            }
            _ => Vec::new(),
        },
        Setting::AccessPermissions => Vec::new(),
    }
}

fn access_flags(me: &Point<'_, '_>, mine: u32, theirs: u32) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let gained = mine & !theirs;
    let site = me.view.at.get();
    let over_http = site.has_binding("http") || site.bindings.is_empty();
    let unreachable = site.declared && !site.bindings.is_empty() && !site.has_binding("https");
    let tls = mine & (access::SSL | access::SSL128) != 0;
    if over_http && tls && (gained & access::SSL != 0 || theirs & (access::SSL | access::SSL128) == 0) {
        let mut why = "https is required here, so a request over http is refused".to_owned();
        if unreachable {
            why.push_str("; the site has no https binding, so nobody can reach this path");
        }
        // Whether 128-bit encryption alone demands https is not documented clearly.
        reasons.push(("403.4", mine & access::SSL == 0, why));
    }
    if gained & access::SSL128 != 0 {
        reasons.push(("403.5", false, "128-bit encryption is required here; a client with weaker encryption is refused".to_owned()));
    }
    // Without https no certificate can be shown, and where https is demanded too, 403.4 comes first.
    if mine & access::REQUIRE != 0 && !(unreachable && tls) {
        let never_asks = mine & access::NEGOTIATE == 0 && me.view.early != Some(true);
        let mut why = if never_asks {
            "a client certificate is required here but never asked for, so every client is refused whose certificate is not already on the \
             connection"
        } else {
            "a client certificate is required here; a client that shows none is refused"
        }
        .to_owned();
        if !tls && over_http {
            why.push_str("; https is not required, and over http no certificate can be shown");
        }
        reasons.push(("403.7", false, why));
    }
    let asks = |bits: u32, point: &Point<'_, '_>| bits & access::NEGOTIATE != 0 || point.view.early == Some(true);
    if asks(mine, me) && gained & access::NEGOTIATE != 0 && !unreachable {
        // That a certificate is checked although it is only accepted was seen on later versions.
        let only_accepted = mine & access::REQUIRE == 0 && me.iis6();
        match me.view.mode {
            Some(mode) if mode & cert_check::NO_REVOCATION != 0 => {}
            mode => {
                let when =
                    if mode.is_some() { "and checked for revocation" } else { "and likely checked for revocation, as is the default" };
                let why = format!("a client certificate is asked for here {when}; when no valid CRL can be had, it is refused");
                reasons.push(("403.13", mode.is_none() || only_accepted, why));
            }
        }
        let why = "a client certificate is asked for here; one whose issuer this computer does not trust is refused";
        reasons.push(("403.16", only_accepted, why.to_owned()));
        let why = "a client certificate is asked for here; one that has expired or is not yet valid is refused";
        reasons.push(("403.17", only_accepted, why.to_owned()));
        if me.late() != Some(false) {
            reasons.extend(late_request(me, false));
        }
    }
    if gained & access::MAP != 0 {
        let why = "the certificate is mapped to an account here; when no mapping fits and nothing else lets the user in, access is refused";
        reasons.push(("401", true, why.to_owned()));
        let why = "the certificate is mapped to an account here; the account or a mapping rule may be denied access";
        reasons.push(("403.12", true, why.to_owned()));
    }
    reasons
}

/// What can happen where the certificate is asked for after the request has arrived. `anywhere` is for a whole site, not for one path.
fn late_request(me: &Point<'_, '_>, anywhere: bool) -> Vec<Reason> {
    // Known only when the first handshake is known not to ask.
    let known = me.view.early == Some(false) && me.asks() == Some(true);
    let mut reasons = vec![("413", !known, late_body(me, if anywhere { None } else { me.read_ahead }))];
    if !me.iis6() && !is_off(me.view, Protocol::Tls13) {
        let why = "the certificate is asked for late, which TLS 1.3 does not allow in the same way: where the server offers TLS 1.3, the \
                   request likely fails or the connection is reset";
        reasons.push(("500", true, why.to_owned()));
    }
    if !me.iis6() && !is_off(me.view, Protocol::Http2) {
        let why = "the certificate is asked for late, which HTTP/2 does not allow: the client likely shows none";
        reasons.push(("403.7", true, why.to_owned()));
    }
    reasons
}

fn late_body(me: &Point<'_, '_>, bytes: Option<u64>) -> String {
    let when = if me.view.early.is_none() { "likely asked for late" } else { "asked for late" };
    match bytes {
        Some(bytes) => {
            format!("the client certificate is {when} here; a request body of more than {bytes} bytes (read-ahead size) is refused")
        }
        None => format!("the client certificate is {when}; a request body larger than the read-ahead size of its URL is refused"),
    }
}

fn cert_check_mode(me: &Point<'_, '_>, other: &Point<'_, '_>) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let (Some(mine), Some(theirs)) = (me.value().flags(), other.value().flags()) else { return reasons };
    let Some(asks) = me.asks().map_or(Some(false), |asks| asks.then_some(true)) else { return reasons };
    if mine & cert_check::NO_REVOCATION == 0 {
        let mode = mine & (cert_check::CACHE_ONLY | cert_check::FRESHNESS);
        let why = match mode {
            0 => {
                "this site asks for client certificates and checks revocation: when the server can reach no valid CRL for a certificate of \
                  the chain, the client is refused as if it were revoked"
                    .to_owned()
            }
            cert_check::CACHE_ONLY => "this site asks for client certificates and checks revocation against cached CRLs only: when the \
                                       cached one is missing or has expired, the client is refused"
                .to_owned(),
            cert_check::FRESHNESS => format!(
                "this site asks for client certificates, checks revocation and fetches each CRL anew every {} seconds: when a fetch fails, \
                 the client is refused",
                me.freshness.map_or("so many".to_owned(), |seconds| seconds.to_string())
            ),
            _ => "this site asks for client certificates and checks revocation, by bits that exclude one another: cached CRLs only, and \
                  CRLs fetched anew"
                .to_owned(),
        };
        let contradictory = mode == (cert_check::CACHE_ONLY | cert_check::FRESHNESS);
        reasons.push(("403.13", !asks || contradictory, why));
    }
    if mine & cert_check::NO_USAGE == 0 && theirs & cert_check::NO_USAGE != 0 {
        let why = "this site checks that a client certificate is meant for client authentication; one that is not is likely refused";
        reasons.push(("403.16", true, why.to_owned()));
    }
    reasons
}

fn retrieval_timeout(me: &Point<'_, '_>, other: &Point<'_, '_>) -> Vec<Reason> {
    let fetches = me.view.mode.is_none_or(|mode| mode & (cert_check::NO_REVOCATION | cert_check::CACHE_ONLY) == 0);
    let (Some(mine), Some(theirs), true) = (me.value().number(), other.value().number(), fetches && me.asks() != Some(false)) else {
        return Vec::new();
    };
    // 0 is the time-out of the system, documented as 15 seconds for Windows Server 2003 only.
    let system = |milliseconds: u64| if milliseconds == 0 { 15_000 } else { milliseconds };
    if system(mine) >= system(theirs) {
        return Vec::new();
    }
    let likely = mine == 0 || theirs == 0 || me.view.mode.is_none() || me.asks().is_none();
    let time = if mine == 0 { "the system's default time".to_owned() } else { format!("{mine} milliseconds") };
    let why = format!("this site gives a CRL only {time} to arrive, less than the other side; a slow one counts as unreachable");
    vec![("403.13", likely, why)]
}

fn issuers(setting: Setting, me: &Point<'_, '_>) -> Vec<Reason> {
    let (Value::Text(_), true) = (me.value(), me.asks() != Some(false)) else { return Vec::new() };
    let what = if setting == Setting::CtlIdentifier { "the certificate trust list" } else { "the store" };
    let name = me.said.value();
    // The store alone restricts the issuers from Windows Server 2012 on only, where the list does not count any more.
    let likely = setting == Setting::CtlStoreName || !me.iis6() || me.asks().is_none();
    let mut reasons = vec![(
        "403.16",
        true,
        format!("this site accepts only issuers from {what} {name}; the certificate of another issuer is likely not trusted"),
    )];
    if me.view.at.get().requires_certificates() {
        let why = format!("this site accepts only issuers from {what} {name}; a client of another issuer finds no certificate to show");
        reasons.push(("403.7", likely, why));
    }
    reasons
}

fn ds_mapper(me: &Point<'_, '_>) -> Vec<Reason> {
    let maps = me.view.at.get().scopes.iter().any(|scope| scope.access().is_some_and(|bits| bits & access::MAP != 0));
    match me.value().bool() {
        Some(true) => {
            let mut reasons = vec![(
                "500",
                true,
                "certificates are mapped by Active Directory here; on a computer outside of a domain, or without a domain controller in \
                 reach, this was seen to fail"
                    .to_owned(),
            )];
            if maps || !me.iis6() {
                let why = "certificates are mapped by Active Directory here, not by the entries of the site; one that it does not know is \
                           likely refused";
                reasons.push(("401", true, why.to_owned()));
            }
            reasons
        }
        Some(false) if maps => {
            let why = "Active Directory does not map certificates here; one without an entry at the site is likely refused";
            vec![("401", true, why.to_owned())]
        }
        _ => Vec::new(),
    }
}

fn mapping(setting: Setting, me: &Point<'_, '_>) -> Vec<Reason> {
    // Whoever is not mapped enters as the anonymous user.
    let open = me.anonymous == Some(true);
    let by = if setting == Setting::IisCertificateMapping { "the entries of the site" } else { "Active Directory" };
    match me.value().bool() {
        Some(true) => {
            let mut reasons = Vec::new();
            if !open {
                reasons.push(("401", true, format!("certificates are mapped by {by} here; one that fits none is likely refused")));
            }
            if setting == Setting::IisCertificateMapping {
                reasons.push(("403.12", true, "a mapping entry here may deny access, or map to an account that is denied".to_owned()));
            }
            reasons
        }
        Some(false) if !open => {
            vec![("401", true, format!("certificates are not mapped by {by} here, so a client likely needs other credentials"))]
        }
        _ => Vec::new(),
    }
}
