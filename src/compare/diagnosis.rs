//! One site fails, the other works: which differences can cause the status, why, and what to do about it, the harmless first.

use std::collections::{BTreeMap, BTreeSet};

use super::causes::status_matches;
use super::{Cause, Difference, PENDING, Reach, Said, Side, SiteDiff, SiteRef, keys_text};
use crate::catalogue::{Level, Setting, Value, access, cert_check, entry};
use crate::httpsys::{AppOwner, Record, Switch};
use crate::remedy::record::{Change, mode_changes, update};
use crate::remedy::{Attribute, Remedy, Risk, adsutil};
use crate::server::{EndpointKey, Generation, Site};

/// A difference that can cause the status on the failing side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspect {
    /// Index into [`SiteDiff::differences`].
    pub difference: usize,
    /// How it can cause the status there, the certain before the likely.
    pub why: Vec<Cause>,
    /// What to do on the failing side, in the order of risk.
    pub remedies: Vec<Remedy>,
}

/// What a comparison says about a site that fails while the other works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnosis {
    /// The side that fails.
    pub failing: Side,
    /// The status it answers, when it was given.
    pub status: Option<String>,
    /// The differences that can cause it, the certain before the likely.
    pub suspects: Vec<Suspect>,
    /// Indexes of differences in settings that could cause the status, were they in effect.
    pub without_effect: Vec<usize>,
    /// Indexes of all differences: suspects first, then those without effect, then the rest.
    pub order: Vec<usize>,
    /// What follows, one statement each. They may hold texts from files and must be escaped where they are printed.
    pub verdict: Vec<String>,
    /// What to look at besides the suspects, in the order of risk.
    pub advice: Vec<Remedy>,
}

/// Judges the differences of two sites of which one fails, with `status` or with any status. `failing_site` is the site on the failing
/// side of `diff`.
pub fn diagnose(diff: &SiteDiff, failing: Side, failing_site: SiteRef<'_>, status: Option<&str>) -> Diagnosis {
    let asked = |candidate: &str| status.is_none_or(|status| status_matches(candidate, status));
    let mut suspects = Vec::new();
    let mut without_effect = Vec::new();
    for (index, difference) in diff.differences.iter().enumerate() {
        let mut why: Vec<Cause> = difference.causes.iter().filter(|cause| cause.side == failing && asked(cause.status)).cloned().collect();
        if !why.is_empty() {
            why.sort_by_key(|cause| cause.likely);
            let remedies = remedies(difference, failing, failing_site, &why);
            suspects.push(Suspect { difference: index, why, remedies });
        } else if !difference.in_effect() && difference.reach != Reach::WrittenOnly {
            let statuses = &entry(difference.setting).statuses;
            if statuses.iter().any(|candidate| asked(candidate)) {
                without_effect.push(index);
            }
        }
    }
    suspects.sort_by_key(|suspect| (suspect.why.iter().all(|cause| cause.likely), suspect.difference));
    let mut order: Vec<usize> = suspects.iter().map(|suspect| suspect.difference).chain(without_effect.iter().copied()).collect();
    let named: BTreeSet<usize> = order.iter().copied().collect();
    order.extend((0..diff.differences.len()).filter(|index| !named.contains(index)));
    let mut diagnosis =
        Diagnosis { failing, status: status.map(str::to_owned), suspects, without_effect, order, verdict: Vec::new(), advice: Vec::new() };
    diagnosis.conclude(diff, failing_site);
    diagnosis
}

impl Diagnosis {
    fn conclude(&mut self, diff: &SiteDiff, site: SiteRef<'_>) {
        let what = self.status.clone().unwrap_or_else(|| "an error".to_owned());
        let asked = |candidate: &str| self.status.as_deref().is_none_or(|status| status_matches(candidate, status));
        let revocation = asked("403.13");
        if let Some(suspect) = self.suspects.first() {
            let difference = &diff.differences[suspect.difference];
            let likely = if suspect.why.iter().all(|cause| cause.likely) { "is likely to" } else { "can" };
            let path = if difference.path.is_empty() { "/" } else { &difference.path };
            self.verdict.push(format!("the difference in {} at {path} {likely} cause {what}", entry(difference.setting).title));
            let weaker = difference.setting == Setting::CertCheckMode
                && revocation
                && difference.said(self.failing.other()).resolved.value.flags().is_some_and(|bits| bits & cert_check::NO_REVOCATION != 0);
            if weaker {
                self.verdict.push(
                    "the working site is the weaker one: it works because it does not check revocation, and so it also accepts revoked \
                     certificates"
                        .to_owned(),
                );
            }
        } else if self.without_effect.is_empty() {
            self.verdict.push(format!("no difference that was found can cause {what} on this site alone"));
            let compared = diff.compared.iter().map(|setting| setting.name()).collect::<Vec<_>>();
            let compared = if compared.is_empty() { "nothing".to_owned() } else { compared.join(", ") };
            let paths = if diff.paths == 1 { "1 path".to_owned() } else { format!("{} paths", diff.paths) };
            self.verdict.push(format!("compared at {paths}: {compared}"));
        }
        for index in &self.without_effect {
            let difference = &diff.differences[*index];
            let title = &entry(difference.setting).title;
            self.verdict.push(match &difference.reach {
                Reach::SameRecords(keys) => format!(
                    "the difference in {title} is only written: {} serves both sites with one value, so changing it on the failing site may \
                     change nothing, and it cannot be why one site fails and the other works",
                    keys_text(keys)
                ),
                Reach::NoEndpoint(_) => format!("the difference in {title} is not in effect: without an https binding no endpoint applies it"),
                Reach::Idle(why) => format!("the difference in {title} is not in effect: {why}"),
                Reach::Pending => format!("the difference in {title} is not in effect: {PENDING}"),
                _ => format!("the difference in {title} is not in effect"),
            });
        }
        let unserved = diff.records.unserved.get(self.failing);
        if !unserved.is_empty() && diff.records.unserved_differ {
            self.verdict.push(format!(
                "no record of HTTP.sys serves {} of the failing site: connections to it are reset before there is any status or log entry",
                keys_text(unserved)
            ));
            self.advice.push(Remedy::advice(
                Risk::Safe,
                format!("bind a server certificate for {} in IIS Manager, which adds the missing record", keys_text(unserved)),
            ));
        }
        let unknown: Vec<_> =
            diff.not_assessed.iter().filter(|item| entry(item.setting).statuses.iter().any(|status| asked(status))).collect();
        if !unknown.is_empty() {
            let names = unknown.iter().map(|item| item.setting.name()).collect::<Vec<_>>().join(", ");
            let needs: BTreeSet<&str> =
                unknown.iter().flat_map(|item| [item.needs.left.as_deref(), item.needs.right.as_deref()]).flatten().collect();
            let needs = needs.into_iter().collect::<Vec<_>>().join("; ");
            let one = if unknown.iter().all(|item| item.same_records) {
                ". The same records serve both sites, so these settings do not differ between them, but they can still be the cause"
            } else {
                ""
            };
            self.verdict.push(format!("not assessed, and able to cause it: {names}; what would tell: {needs}{one}"));
        }
        let shared = self.without_effect.iter().any(|index| matches!(diff.differences[*index].reach, Reach::SameRecords(_)));
        if shared {
            self.advice.push(Remedy::command(
                Risk::ReadOnly,
                "shows the records that are really in effect, with their CertCheckMode",
                show_records(site.server.generation),
            ));
            self.advice.push(Remedy::advice(
                Risk::ReadOnly,
                "look at what differs outside of these settings: which client certificates and issuers use which site, the access flags of \
                 the paths they ask for, and whether sc-win32-status in the log says revoked or not checkable",
            ));
        }
        if self.suspects.is_empty() && revocation && self.status.is_some() {
            self.advice.extend(revocation_looks(site.server.generation));
        }
        if self.suspects.is_empty() && self.status.is_some() && self.advice.is_empty() {
            self.advice.push(Remedy::advice(
                Risk::ReadOnly,
                "look at what no configuration file tells: the client's certificate and its chain, the trusted roots of this computer, and \
                 sc-substatus and sc-win32-status in the log of the failing site",
            ));
        }
        self.advice.sort_by_key(|remedy| remedy.risk);
    }
}

fn show_records(generation: Generation) -> &'static str {
    if generation == Generation::Iis6 { "httpcfg query ssl" } else { "netsh http show sslcert" }
}

/// The commands that show why revocation cannot be checked.
pub(crate) fn revocation_looks(generation: Generation) -> Vec<Remedy> {
    let proxy = if generation == Generation::Iis6 {
        Remedy::command(
            Risk::ReadOnly,
            "shows the WinHTTP proxy that CRL downloads likely go through; from Windows Server 2008 on it is `netsh winhttp show proxy`",
            "proxycfg",
        )
    } else {
        Remedy::command(
            Risk::ReadOnly,
            "shows the WinHTTP proxy of the system, through which CRLs are fetched; the proxy of a user does not count",
            "netsh winhttp show proxy",
        )
    };
    vec![
        Remedy::command(
            Risk::ReadOnly,
            "on the server, with a client's certificate: names each CRL address of the chain and whether it can be reached",
            "certutil -verify -urlfetch client.cer",
        ),
        proxy,
    ]
}

fn remedies(difference: &Difference, failing: Side, site: SiteRef<'_>, why: &[Cause]) -> Vec<Remedy> {
    let failing_said = difference.said(failing);
    let working = difference.said(failing.other());
    let fix = Fix { site, said: failing_said, path: &difference.path, only_on: difference.only_on.get(failing) };
    let mut remedies = Vec::new();
    remedies.extend(fix.look());
    let has = |status: &str| why.iter().any(|cause| status_matches(cause.status, status));
    if has("403.13") {
        remedies.extend(revocation_looks(site.server.generation));
        remedies.push(Remedy::advice(
            Risk::Safe,
            "make every CRL address of the chain reachable from this server: firewall, proxy, name resolution; nothing else has to change",
        ));
    }
    match difference.setting {
        Setting::CertCheckMode => cert_check_mode(&fix, working, has("403.13"), has("403.16"), &mut remedies),
        Setting::AccessFlags => access_flags(&fix, working, &has, &mut remedies),
        Setting::UploadReadAheadSize => {
            remedies.extend(fix.set(
                Risk::Safe,
                "reads as much ahead as the working site; more than 64 KB for everybody eases attacks that exhaust memory, so set it only \
                 where certificates are asked for",
                &working.resolved.value,
            ));
        }
        Setting::NegotiateClientCertificate => {
            remedies.extend(fix.set(
                Risk::Safe,
                "asks for the certificate in the first handshake, like the working site; every visitor of every site on the endpoint is then \
                 asked",
                &Value::Bool(true),
            ));
        }
        Setting::RevocationFreshnessTime => {
            remedies.extend(fix.set(
                Risk::Safe,
                "fetches CRLs as seldom as the working site; a CRL still counts no longer than it is valid",
                &working.resolved.value,
            ));
        }
        Setting::RevocationUrlRetrievalTimeout => {
            remedies.extend(fix.set(Risk::Safe, "gives CRLs as much time to arrive as on the working site", &working.resolved.value));
        }
        Setting::CtlIdentifier | Setting::CtlStoreName => {
            remedies.push(Remedy::advice(
                Risk::Safe,
                "add the issuers of the refused clients to the list or store, if they are meant to be accepted",
            ));
            remedies.extend(fix.set(
                Risk::WeakensSecurity,
                "accepts the same issuers as the working site; without a list every root counts that this computer trusts",
                &working.resolved.value,
            ));
        }
        Setting::MaxContentLength => {
            remedies.extend(fix.set(
                Risk::WeakensSecurity,
                "accepts bodies as large as the working site does; this limit has nothing to do with certificates",
                &working.resolved.value,
            ));
        }
        Setting::AllowDoubleEscaping => {
            remedies.extend(fix.set(
                Risk::WeakensSecurity,
                "serves names with '+' like the working site; set it only at the path of the CRLs, since it also lets doubly escaped URLs pass",
                &working.resolved.value,
            ));
        }
        Setting::AnonymousAuthentication => {
            remedies.push(Remedy::advice(Risk::Safe, "add a mapping for the refused clients, or another kind of authentication"));
            remedies.extend(fix.set(Risk::WeakensSecurity, "lets everybody in without credentials", &working.resolved.value));
        }
        Setting::IisCertificateMapping | Setting::AdCertificateMapping | Setting::DsMapper => {
            remedies.push(Remedy::advice(
                Risk::Safe,
                "compare the mapping entries or the accounts of both sides, and map the refused clients; a renewed certificate needs a new \
                 one-to-one entry",
            ));
        }
        Setting::ServerCertificate | Setting::ServerCertificateStore => remedies.push(Remedy::advice(
            Risk::Safe,
            "bind a certificate whose private key is on this computer; the thumbprint cannot be set as a text, so use IIS Manager or its \
             wizard",
        )),
        Setting::AccessPermissions => {}
    }
    remedies.sort_by_key(|remedy| remedy.risk);
    remedies
}

fn cert_check_mode(fix: &Fix<'_>, working: &Said, revocation: bool, usage: bool, remedies: &mut Vec<Remedy>) {
    let mine = fix.said.resolved.value.flags().unwrap_or_default();
    let theirs = working.resolved.value.flags().unwrap_or_default();
    let modes = cert_check::NO_REVOCATION | cert_check::CACHE_ONLY | cert_check::FRESHNESS;
    if revocation && mine & modes != cert_check::CACHE_ONLY {
        remedies.extend(fix.set(
            Risk::Safe,
            "where the CRLs can never be reached: install them on this computer (certutil -addstore CA file.crl), renew them before they \
             expire, and check against them only; a missing or expired one still answers 403.13",
            &Value::Flags(mine & !modes | cert_check::CACHE_ONLY),
        ));
    }
    if revocation && theirs & cert_check::NO_REVOCATION != 0 {
        remedies.extend(fix.set(
            Risk::WeakensSecurity,
            "the last resort: like the working site, this site then accepts revoked certificates. The working site is the weaker one, and \
             better made to check as well",
            &Value::Flags(mine & !modes | cert_check::NO_REVOCATION),
        ));
    }
    if usage {
        remedies.push(Remedy::advice(Risk::Safe, "issue client certificates whose key usage includes Client Authentication"));
        remedies.extend(fix.set(
            Risk::WeakensSecurity,
            "like the working site, accepts certificates that are not meant for client authentication",
            &Value::Flags(mine | cert_check::NO_USAGE),
        ));
    }
}

fn access_flags(fix: &Fix<'_>, working: &Said, has: &dyn Fn(&str) -> bool, remedies: &mut Vec<Remedy>) {
    let (Some(mine), Some(theirs)) = (fix.said.resolved.value.flags(), working.resolved.value.flags()) else { return };
    let site = fix.site.get();
    if has("403.7") && mine & access::REQUIRE != 0 {
        let wanted = mine | access::NEGOTIATE | if site.has_binding("https") { access::SSL } else { 0 };
        if wanted != mine {
            remedies.extend(fix.set(Risk::Safe, "asks for the certificate that it requires, over https", &Value::Flags(wanted)));
        }
        remedies.push(Remedy::advice(
            Risk::Safe,
            "see that clients have a certificate whose issuer this computer trusts and offers to them; a client picks from what is offered",
        ));
    }
    if has("403.4") {
        remedies.push(Remedy::advice(Risk::Safe, "call the URL by https; a redirect from http belongs on a site or path of its own"));
    }
    if has("403.5") {
        remedies.push(Remedy::advice(Risk::Safe, "let clients use 128-bit encryption or more; ciphers are chosen in Schannel"));
    }
    if has("403.16") {
        remedies.push(Remedy::advice(
            Risk::Safe,
            "install the root and intermediate certificates of the clients for the computer, not for a user, on every server of the site",
        ));
    }
    if has("403.17") {
        remedies.push(Remedy::advice(Risk::Safe, "renew the client certificate, and check the clocks; no setting switches this check off"));
    }
    if has("413") {
        remedies.push(Remedy::advice(
            Risk::Safe,
            "ask for the certificate in the first handshake, or raise the read-ahead size at this path to the largest body that is needed",
        ));
    }
    if has("401") || has("403.12") {
        remedies.push(Remedy::advice(Risk::Safe, "check the mapping entries, and the rights and password of the mapped account"));
    }
    let lost = mine & !theirs;
    if lost != 0 {
        remedies.extend(fix.set(
            Risk::WeakensSecurity,
            &format!("like the working site, gives up: {}", Value::Flags(lost).meaning(Setting::AccessFlags)),
            &working.resolved.value,
        ));
    } else if mine != theirs {
        remedies.extend(fix.set(Risk::Safe, "the same flags as the working site", &working.resolved.value));
    }
}

/// The changes of a record that turn `old` into `new`; none where no word of netsh does it.
fn record_changes(setting: Setting, old: &Value, new: &Value) -> Vec<Change> {
    let number = || new.number().and_then(|number| u32::try_from(number).ok());
    let text = || match new {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    };
    match (setting, new) {
        (Setting::CertCheckMode, Value::Flags(new)) => mode_changes(old.flags().unwrap_or_default(), *new),
        (Setting::NegotiateClientCertificate, Value::Bool(on)) => vec![Change::Switch(Switch::Negotiate, *on)],
        (Setting::DsMapper, Value::Bool(on)) => vec![Change::Switch(Switch::DsMapper, *on)],
        (Setting::RevocationFreshnessTime, _) => number().map(Change::Freshness).into_iter().collect(),
        (Setting::RevocationUrlRetrievalTimeout, _) => number().map(Change::UrlTimeout).into_iter().collect(),
        (Setting::CtlIdentifier, _) => vec![Change::CtlIdentifier(text())],
        (Setting::CtlStoreName, _) => vec![Change::CtlStore(text())],
        _ => Vec::new(),
    }
}

/// Where a site that fails says a setting, and how to change it there.
pub(crate) struct Fix<'a> {
    pub(crate) site: SiteRef<'a>,
    pub(crate) said: &'a Said,
    pub(crate) path: &'a str,
    /// The endpoints of the site that have the value; empty for all.
    pub(crate) only_on: &'a [EndpointKey],
}

impl Fix<'_> {
    /// The command that shows the value.
    pub(crate) fn look(&self) -> Option<Remedy> {
        let entry = entry(self.said.setting);
        let what = "shows what is said at this very place now; an error means nothing is";
        match self.said.generation {
            Generation::Iis6 => {
                let property = &entry.iis6.as_ref()?.property;
                Some(Remedy::offer(Risk::ReadOnly, what, adsutil::get(&self.key()?, property)))
            }
            Generation::Iis7 | Generation::IisExpress => {
                let iis7 = entry.iis7.as_ref()?;
                if iis7.section.is_empty() {
                    return Some(Remedy::command(Risk::ReadOnly, what, iis7.needs));
                }
                self.attribute(&self.key()?).look(what)
            }
        }
    }

    /// The command that sets `value`; advice where there is no such command. The old value is named, since it is replaced whole.
    pub(crate) fn set(&self, risk: Risk, what: &str, value: &Value) -> Option<Remedy> {
        let setting = self.said.setting;
        let entry = entry(setting);
        let old = match self.said.value() {
            old if old.is_empty() => "nothing".to_owned(),
            old => old,
        };
        let what = format!("{what} (replaces {old})");
        // What is no value on one side is none on the other, and appcmd knows flags by name only.
        let unnamed = setting == Setting::AccessFlags && value.flags().is_some_and(|bits| bits & !access::KNOWN != 0);
        if matches!(value, Value::Malformed(_)) || (unnamed && self.said.generation != Generation::Iis6) {
            return Some(Remedy::advice(risk, what));
        }
        match self.said.generation {
            Generation::Iis6 => {
                let iis6 = entry.iis6.as_ref()?;
                // adsutil takes flags as one number, and AuthFlags is more than its one bit that is audited.
                let text = match value {
                    Value::Flags(bits) => bits.to_string(),
                    value => value.show(setting, Generation::Iis6),
                };
                let property = if setting == Setting::AnonymousAuthentication { "AuthAnonymous" } else { iis6.property };
                let key = self.key()?;
                if self.site.get().overruled.get(setting).is_some_and(|written| written.known() == Some(value)) {
                    return Some(Remedy::advice(
                        risk,
                        format!(
                            "{what}: the metabase writes it already, so restart the web service, which most likely writes the record anew"
                        ),
                    ));
                }
                let command = if *value == Value::None { adsutil::delete(&key, property) } else { adsutil::set(&key, property, &text) };
                Some(Remedy::offer(risk, what, command))
            }
            Generation::Iis7 | Generation::IisExpress => {
                if entry.iis7.as_ref()?.section.is_empty() {
                    return Some(self.set_in_record(risk, &what, value));
                }
                if *value == Value::None {
                    return Some(Remedy::advice(risk, what));
                }
                self.attribute(&self.key()?).set(risk, &what, &value.show(setting, Generation::Iis7))
            }
        }
    }

    /// How to set `value` in the records of the site: the complete command where it is one record of IIS, else advice.
    fn set_in_record(&self, risk: Risk, what: &str, value: &Value) -> Remedy {
        let changes = record_changes(self.said.setting, &self.said.resolved.value, value);
        let server = self.site.server;
        let mine = server.endpoints.iter().filter(|endpoint| endpoint.sites.binary_search(&self.site.site).is_ok());
        let mine = mine.filter(|endpoint| self.only_on.is_empty() || self.only_on.contains(&endpoint.key));
        let records: BTreeMap<String, &Record> =
            mine.filter_map(|endpoint| server.record_of(endpoint)).map(|record| (record.key.to_string(), record)).collect();
        if changes.is_empty() || records.is_empty() {
            return Remedy::advice(risk, what);
        }
        let foreign = |record: &Record| record.app_id.value().is_some() && record.owner() != Some(AppOwner::Iis);
        if let ([_], Some(record)) = (records.keys().collect::<Vec<_>>().as_slice(), records.values().next())
            && !foreign(record)
            && let Some(remedy) = update(record, risk, what, &changes)
        {
            return remedy;
        }
        let (record, keys) = (if records.len() == 1 { "record" } else { "records" }, records.into_keys().collect::<Vec<_>>().join(", "));
        let words = changes.iter().map(Change::word).collect::<Vec<_>>().join(" ");
        Remedy::advice(
            risk,
            format!(
                "{what}: {words} in the {record} {keys}, written by netsh with all other options as listed, since those that are left out \
                 may be reset"
            ),
        )
    }

    fn attribute<'b>(&'b self, location: &'b str) -> Attribute<'b> {
        Attribute { server: self.site.server, location, setting: self.said.setting, said: Some(&self.said.resolved) }
    }

    /// The metabase key or location path to write to.
    fn key(&self) -> Option<String> {
        let site = self.site.get();
        let root = site.scopes.first()?;
        if entry(self.said.setting).level == Level::Endpoint && self.said.generation == Generation::Iis6 {
            return Some(site_key(site, &root.store_path));
        }
        let scope = site.scopes.iter().find(|scope| scope.path.to_lowercase() == self.path.to_lowercase());
        Some(match scope {
            Some(scope) => scope.store_path.clone(),
            None => format!("{}{}", root.store_path, self.path),
        })
    }
}

/// The metabase key of the site itself, one above its root.
fn site_key(site: &Site, root: &str) -> String {
    match (site.id, root.rsplit_once('/')) {
        (_, Some((key, last))) if last.eq_ignore_ascii_case("root") => key.to_owned(),
        (Some(id), _) => format!("/LM/W3SVC/{id}"),
        _ => root.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::compare_sites;
    use super::super::testing::{Build, BuildSite};
    use super::*;
    use crate::server::Server;

    fn pair(left: impl FnOnce(BuildSite) -> BuildSite, right: impl FnOnce(BuildSite) -> BuildSite) -> Server {
        Build::iis6().site(690402, "failing", left).site(90326589, "working", right).server()
    }

    fn diagnosed(server: &Server, status: Option<&str>) -> (SiteDiff, Diagnosis) {
        let (left, right) = (SiteRef { server, site: 0 }, SiteRef { server, site: 1 });
        let diff = compare_sites(left, right);
        let diagnosis = diagnose(&diff, Side::Left, left, status);
        (diff, diagnosis)
    }

    fn requiring(site: BuildSite, binding: &str) -> BuildSite {
        site.https(binding).set(Setting::AccessFlags, "104")
    }

    #[test]
    fn a_revocation_failure_is_put_down_to_cert_check_mode_with_the_weakening_fix_last() {
        let server = pair(
            |site| requiring(site, "192.0.2.21:443:").set(Setting::MaxContentLength, "5"),
            |site| requiring(site, "192.0.2.22:443:").set(Setting::CertCheckMode, "1").set(Setting::ServerCertificate, "aa"),
        );
        let (diff, diagnosis) = diagnosed(&server, Some("403.13"));
        assert_eq!(diagnosis.suspects.len(), 1);
        let suspect = &diagnosis.suspects[0];
        assert_eq!(diff.differences[suspect.difference].setting, Setting::CertCheckMode);
        assert_eq!(diagnosis.order.len(), diff.differences.len());
        assert_eq!(diagnosis.order[0], suspect.difference);
        assert_eq!(diagnosis.verdict[0], "the difference in CertCheckMode at / can cause 403.13");
        assert!(diagnosis.verdict[1].contains("working site is the weaker one"));
        let commands: Vec<_> = suspect.remedies.iter().filter_map(|remedy| remedy.command.as_deref()).collect();
        assert!(commands.contains(&"certutil -verify -urlfetch client.cer") && commands.contains(&"proxycfg"), "{commands:?}");
        assert!(suspect.remedies.windows(2).all(|pair| pair[0].risk <= pair[1].risk));
        let last = suspect.remedies.last().unwrap();
        assert_eq!(last.risk, Risk::WeakensSecurity);
        assert!(last.what.contains("accepts revoked certificates") && last.what.contains("replaces 0"));
        assert!(last.command.as_deref().unwrap().ends_with("set W3SVC/690402/CertCheckMode 1"));
        let local = &suspect.remedies[suspect.remedies.len() - 2];
        assert_eq!(local.risk, Risk::Safe);
        assert!(local.command.as_deref().unwrap().ends_with("set W3SVC/690402/CertCheckMode 2"));
    }

    #[test]
    fn on_a_shared_record_the_written_difference_is_no_cause_and_that_is_said() {
        let server = pair(|site| requiring(site, ":443:a"), |site| requiring(site, ":443:b").set(Setting::CertCheckMode, "1"));
        let (_, diagnosis) = diagnosed(&server, Some("403.13"));
        assert!(diagnosis.suspects.is_empty());
        assert_eq!(diagnosis.without_effect, [0]);
        assert!(diagnosis.verdict[0].contains("0.0.0.0:443 serves both sites") && diagnosis.verdict[0].contains("may change nothing"));
        assert!(diagnosis.advice.iter().any(|remedy| remedy.command.as_deref() == Some("httpcfg query ssl")));
        assert!(diagnosis.advice.iter().all(|remedy| remedy.risk == Risk::ReadOnly));
    }

    #[test]
    fn when_nothing_can_cause_it_what_was_compared_is_listed() {
        let server = pair(|site| requiring(site, "192.0.2.1:443:"), |site| requiring(site, "192.0.2.2:443:"));
        let (_, diagnosis) = diagnosed(&server, Some("403.17"));
        assert_eq!(diagnosis.verdict[0], "no difference that was found can cause 403.17 on this site alone");
        assert!(diagnosis.verdict[1].starts_with("compared at 1 path: access-flags, cert-check-mode"));
        assert!(!diagnosis.advice.is_empty());
    }

    #[test]
    fn what_was_not_assessed_is_never_taken_for_innocent() {
        let server = Build::iis7()
            .site(1, "a", |site| site.binding("https", "*:443:a.test", Some("1")))
            .site(2, "b", |site| site.binding("https", "*:443:b.test", Some("1")))
            .server();
        let (_, diagnosis) = diagnosed(&server, Some("403.13"));
        let text = diagnosis.verdict.last().unwrap();
        assert!(text.starts_with("not assessed, and able to cause it: cert-check-mode"), "{text}");
        assert!(text.ends_with("what would tell: netsh http show sslcert"), "{text}");
        assert!(diagnosis.advice.iter().any(|remedy| remedy.command.as_deref() == Some("netsh winhttp show proxy")));
    }

    #[test]
    fn a_certificate_that_is_required_and_never_asked_for_is_mended_by_asking() {
        let server = pair(
            |site| site.https("192.0.2.1:443:").at("/app", Setting::AccessFlags, "72"),
            |site| site.https("192.0.2.2:443:").at("/App", Setting::AccessFlags, "104"),
        );
        let (_, diagnosis) = diagnosed(&server, Some("403.7"));
        let remedy = diagnosis.suspects[0].remedies.iter().find(|remedy| remedy.risk == Risk::Safe).unwrap();
        assert!(remedy.command.as_deref().unwrap().ends_with("set W3SVC/690402/ROOT/app/AccessSSLFlags 104"), "{remedy:?}");
    }

    #[test]
    fn without_a_status_every_cause_on_the_failing_side_counts() {
        let server = pair(|site| requiring(site, "192.0.2.1:443:"), |site| site.https("192.0.2.2:443:").set(Setting::AccessFlags, "8"));
        let (_, diagnosis) = diagnosed(&server, None);
        assert_eq!(diagnosis.suspects.len(), 1);
        let last = diagnosis.suspects[0].remedies.last().unwrap();
        assert_eq!(last.risk, Risk::WeakensSecurity);
        assert!(last.what.contains("gives up") && last.command.as_deref().unwrap().ends_with("AccessSSLFlags 8"));
        assert!(diagnosed(&server, Some("404.11")).1.suspects.is_empty());
    }

    #[test]
    fn a_status_is_matched_with_its_substatuses() {
        assert!(status_matches("403.13", "403.13") && status_matches("403.13", "403") && status_matches("401", "401.2"));
        assert!(!status_matches("403.13", "403.1") && !status_matches("403.1", "403.13") && !status_matches("413", "41"));
    }
}
