//! Proofs that commands are exact: whatever the names and values, a command that is printed is understood as what was meant.

use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::appcmd::Commit;
use super::netsh::SslCertOptions;
use super::parse::{self, Parsed};
use super::{Lines, Remedy, adsutil, appcmd, netsh};
use crate::catalogue::{Setting, Value, entry};
use crate::compare::{Side, SiteRef, compare_sites, diagnose};
use crate::estate;
use crate::evidence::StoreListing;
use crate::httpsys::{Record, Source, Switch};
use crate::input::Field;
use crate::report::escape;
use crate::rules::{self, Context, testing};
use crate::server::{AnomalyKind, Bits, EndpointKey, Generation, Server, ftp_validation, log_fields};

const ACCESS: &str = "system.webServer/security/access";

/// Texts in which letters and what a shell, a tool or a console acts on come equally often.
fn text() -> impl Strategy<Value = String> {
    let special: Vec<char> =
        " \t\"'`%^&|<>()[]{}!=,;:@#$*?\\/-+.~\u{a0}\u{2013}\u{201c}\u{2018}\u{2019}\u{201a}\u{201b}\u{202e}\u{ff02}\nü東".chars().collect();
    let c = prop_oneof![4 => proptest::sample::select(special), 4 => proptest::char::range('a', 'z'), 1 => any::<char>()];
    proptest::collection::vec(c, 0..12).prop_map(|text| text.into_iter().collect())
}

/// Texts that a command line can carry.
fn ordinary() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9äß東](([a-z &^(){}!\\[\\],;=$.+~#_-]|\\|){0,10}[a-z0-9])?"
        .prop_filter("two number signs are escaped in reports", |text: &String| !text.contains("##"))
}

fn exact(command: Option<impl Into<Lines>>, meant: &Parsed) -> Result<(), TestCaseError> {
    let Some(lines) = command.map(Into::into) else { return Ok(()) };
    prop_assert!(lines.cmd().is_some() || lines.powershell().is_some());
    if let Some(command) = lines.cmd() {
        prop_assert_eq!(escape::terminal(command), command, "reports would change it");
        prop_assert_eq!(&parse::cmd(command).map_err(|error| format!("{command}: {error}")), &Ok(meant.clone()));
    }
    if let Some(command) = lines.powershell() {
        prop_assert_eq!(escape::terminal(command), command, "reports would change it");
        prop_assert_eq!(&parse::powershell(command).map_err(|error| format!("{command}: {error}")), &Ok(meant.clone()));
    }
    Ok(())
}

fn section(verb: &str, location: &str, attributes: &[(&str, &str)], apphost: bool) -> Parsed {
    let attributes = attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Parsed::Section { verb: verb.to_owned(), location: location.to_owned(), section: ACCESS.to_owned(), attributes, apphost }
}

fn binding(site: &str, protocol: &str, binding: &str, change: Option<(&str, &str)>) -> Parsed {
    let change = change.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Parsed::Binding { site: site.to_owned(), protocol: protocol.to_owned(), binding: binding.to_owned(), change }
}

fn metabase(verb: &str, key: &str, values: &[&str]) -> Parsed {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Parsed::Adsutil { verb: verb.to_owned(), key: key.to_owned(), property: "SslCtlStoreName".to_owned(), values }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn appcmd_gets_the_location_and_value_that_are_meant(location in text(), value in text()) {
        let attributes = [("sslFlags", value.as_str())];
        exact(appcmd::set_config(&location, ACCESS, &attributes, Commit::AppHost), &section("set", &location, &attributes, true))?;
        exact(appcmd::set_config(&location, ACCESS, &attributes, Commit::WebConfig), &section("set", &location, &attributes, false))?;
        exact(appcmd::list_config(&location, ACCESS, Some("sslFlags")), &section("list", &location, &[], false))?;
        exact(appcmd::clear_config(&location, ACCESS), &section("clear", &location, &[], true))?;
        let unlocked = Parsed::Section { verb: "unlock".into(), location: String::new(), section: value.clone(), attributes: Vec::new(), apphost: false };
        exact(appcmd::unlock_config(&value), &unlocked)?;
    }

    #[test]
    fn appcmd_gets_the_binding_that_is_meant(site in text(), protocol in text(), written in text(), value in text()) {
        let change = Some(("bindingInformation", value.as_str()));
        exact(appcmd::set_binding(&site, &protocol, &written, "bindingInformation", &value), &binding(&site, &protocol, &written, change))?;
        exact(appcmd::remove_binding(&site, &protocol, &written), &binding(&site, &protocol, &written, None))?;
    }

    #[test]
    fn the_elements_of_the_site_that_is_meant_are_written_from_either_shell(site in text(), value in text(), number in any::<u32>()) {
        let number = number.to_string();
        let attributes = [("logFile.logExtFileFlags", value.as_str()), ("hsts.max-age", number.as_str())];
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let meant = |site: Option<&str>| Parsed::Elements { site: site.map(str::to_owned), attributes: attributes.iter().map(owned).collect() };
        exact(appcmd::set_site(Some(&site), &attributes), &meant(Some(&site)))?;
        exact(appcmd::set_site(None, &attributes), &meant(None))?;
    }

    #[test]
    fn powershell_gets_the_texts_that_cmd_cannot_carry(name in "[a-zA-Z0-9]([a-z '%$&{}(),;\u{2018}\u{2019}]{0,10}[a-z0-9])?") {
        prop_assert!(appcmd::set_config(&name, ACCESS, &[("sslFlags", "Ssl")], Commit::AppHost).unwrap().powershell().is_some());
        let braces = name.contains(['{', '}']);
        prop_assert!(braces || appcmd::set_site(Some(&name), &[("hsts.enabled", "true")]).unwrap().powershell().is_some());
    }

    #[test]
    fn adsutil_gets_the_key_and_values_that_are_meant(path in text(), value in text(), other in text()) {
        let key = format!("W3SVC/1/ROOT/{path}");
        let file = format!("/LM/{key}");
        exact(adsutil::get(&file, "SslCtlStoreName"), &metabase("get", &key, &[]))?;
        exact(adsutil::delete(&file, "SslCtlStoreName"), &metabase("delete", &key, &[]))?;
        exact(adsutil::set(&file, "SslCtlStoreName", &value), &metabase("set", &key, &[&value]))?;
        exact(adsutil::set_list(&file, "SslCtlStoreName", &[&value, &other]), &metabase("set", &key, &[&value, &other]))?;
    }

    #[test]
    fn netsh_gets_the_words_that_are_meant_from_either_shell(host in text(), store in text(), port in 1u16.., time in any::<u32>(), flag: bool) {
        let keys = [
            ("hostnameport", host.clone(), EndpointKey::HostPort(host.clone(), port)),
            ("ipport", "[2001:db8::1]".to_owned(), EndpointKey::IpPort("[2001:db8::1]".to_owned(), port)),
            ("ipport", host.clone(), EndpointKey::IpPort(host.clone(), port)),
        ];
        let (hash, appid) = ("0123456789abcdef0123456789abcdef01234567", "{4dc3e181-e14b-4a21-b022-59fc669b0914}");
        for (word, name, key) in keys {
            let options = SslCertOptions {
                certhash: Some(hash.to_owned()),
                appid: Some(appid.to_owned()),
                certstorename: Some(store.clone()),
                sslctlstorename: Some(store.clone()),
                urlretrievaltimeout: Some(time),
                clientcertnegotiation: Some(flag),
                ..SslCertOptions::new(key)
            };
            let Some(command) = netsh::update(&options) else { continue };
            let flag = if flag { "enable" } else { "disable" };
            let time = time.to_string();
            let named = format!("{name}:{port}");
            let mut words = vec![(word, named.as_str()), ("certhash", hash), ("appid", appid), ("certstorename", &store), ("sslctlstorename", &store)];
            words.extend((time != "0").then_some(("urlretrievaltimeout", time.as_str())));
            words.push(("clientcertnegotiation", flag));
            let words = words.into_iter().map(|(word, value)| (word.to_owned(), value.to_owned())).collect();
            let meant = Parsed::Netsh { verb: "update".to_owned(), words };
            exact(command.lines(), &meant)?;
        }
    }

    #[test]
    fn texts_that_a_command_line_can_carry_are_not_refused(name in ordinary()) {
        prop_assert!(appcmd::list_config(&name, ACCESS, None).unwrap().cmd().is_some());
        prop_assert!(appcmd::remove_binding(&name, "https", "*:443:").unwrap().cmd().is_some());
        let key = format!("/LM/W3SVC/1/ROOT/{name}");
        prop_assert!(adsutil::get(&key, "AccessSSLFlags").is_some());
    }
}

/// Names that a person could give to a site or directory to fool a reader on the way.
const HOSTILE: &[&str] = &[
    "A & calc",
    "O'Reilly \"Books\"",
    "\" & calc & \"",
    "%PATH%",
    "100% off",
    "a^b",
    "(x) [y] {z}",
    "wow!",
    "Büro 東京",
    "trail\\",
    "“smart” & calc",
    "no\u{a0}break",
    "<b>|x",
    "-option",
    "##vso[task]",
    "a,b;c=d`$x",
    "’; calc",
];

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

fn files_of(directory: &str, extension: &str) -> Vec<PathBuf> {
    let found = walkdir::WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).sort_by_file_name().into_iter();
    found.map(|entry| entry.unwrap().into_path()).filter(|path| path.extension().is_some_and(|found| found == extension)).collect()
}

fn files(directory: &str) -> Vec<PathBuf> {
    let found = walkdir::WalkDir::new(Path::new(env!("CARGO_MANIFEST_DIR")).join(directory)).sort_by_file_name().into_iter();
    found
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "config" || extension == "xml"))
        .collect()
}

/// The commands of all rules and of all diagnoses between sites of one server.
fn remedies(server: &Server) -> Vec<Remedy> {
    let findings = rules::check(&Context::new(server));
    let mut remedies: Vec<Remedy> = findings.into_iter().flat_map(|finding| finding.remedies).collect();
    let count = server.sites.len().min(6);
    for (left, right) in (0..count).flat_map(|left| (0..count).map(move |right| (left, right))).filter(|(left, right)| left != right) {
        let (left, right) = (SiteRef { server, site: left }, SiteRef { server, site: right });
        let diff = compare_sites(left, right);
        for status in [None, Some("403.13"), Some("403.7"), Some("413")] {
            let diagnosis = diagnose(&diff, Side::Left, left, status);
            remedies.extend(diagnosis.suspects.into_iter().flat_map(|suspect| suspect.remedies));
            remedies.extend(diagnosis.advice);
        }
    }
    remedies
}

/// Says what is wrong with a command; nothing when it is understood and does what it says.
fn fault(server: &Server, remedy: &Remedy) -> Option<String> {
    let changed = |command: &&str| escape::terminal(command) != **command;
    if remedy.command.as_deref().is_some_and(|command| changed(&command))
        || remedy.powershell.as_deref().is_some_and(|command| changed(&command))
    {
        return Some("reports would change it".to_owned());
    }
    let cmd = remedy.command.as_deref().map(parse::cmd);
    let powershell = remedy.powershell.as_deref().map(parse::powershell);
    if let (Some(cmd), Some(powershell)) = (&cmd, &powershell)
        && cmd != powershell
    {
        return Some(format!("{cmd:?} for cmd.exe, but {powershell:?} for PowerShell"));
    }
    match cmd.or(powershell)? {
        Err(error) => Some(error),
        Ok(Parsed::Adsutil { verb, key, property, values }) => adsutil_fault(server, &remedy.what, &verb, &key, &property, &values),
        Ok(Parsed::Section { verb, location, section, attributes, apphost }) => {
            section_fault(server, &remedy.what, &verb, &location, &section, &attributes, apphost)
        }
        Ok(Parsed::Binding { site, protocol, binding, change }) => {
            let known = server.sites.iter().filter(|candidate| candidate.name == site);
            let known = known.flat_map(|site| &site.bindings).any(|known| known.protocol == protocol && known.written == binding);
            let fit = match &change {
                None => remedy.what.contains("remove"),
                Some((attribute, value)) => match attribute.as_str() {
                    "sslFlags" => value.parse::<u32>().is_ok(),
                    "bindingInformation" => remedy.what.contains(value.as_str()),
                    _ => false,
                },
            };
            (!known || !fit).then(|| format!("no such binding, or not what it says: {site} {protocol} {binding} {change:?}"))
        }
        Ok(Parsed::Elements { site, attributes }) => {
            let known = site.as_ref().is_none_or(|site| server.sites.iter().any(|known| known.name == *site));
            let fit = attributes.iter().all(|(name, value)| match name.as_str() {
                "hsts.enabled" | "logFile.enabled" | "hsts.redirectHttpToHttps" => value == "true",
                "hsts.includeSubDomains" | "hsts.preload" => value == "true" || value == "false",
                "hsts.max-age" => value.parse::<u32>().is_ok(),
                "logFile.logFormat" => value == "W3C",
                "logFile.logExtFileFlags" => {
                    let fields = Bits::parse(value, log_fields::NAMES);
                    fields.unknown.is_empty() && fields.has(log_fields::HTTP_SUB_STATUS) && fields.has(log_fields::WIN32_STATUS)
                }
                "ftpServer.security.sslClientCertificates.validationFlags" => {
                    let flags = Bits::parse(value, ftp_validation::NAMES);
                    flags.unknown.is_empty() && flags.bits != 0 && remedy.what.ends_with(value.as_str())
                }
                _ => false,
            });
            (!known || !fit).then(|| format!("no such site, or not what it says: {site:?} {attributes:?}"))
        }
        Ok(Parsed::Netsh { verb, words }) => {
            let known = |(word, value): &(String, String)| {
                server.endpoints.iter().any(|endpoint| match &endpoint.key {
                    key @ EndpointKey::IpPort(..) => word == "ipport" && key.to_string() == *value,
                    key @ EndpointKey::HostPort(..) => word == "hostnameport" && key.to_string() == *value,
                    EndpointKey::Ccs(port) => word == "ccs" && port.to_string() == *value,
                    // No command names one.
                    EndpointKey::ScopedCcs(..) => false,
                })
            };
            let named = words.first().is_some_and(known);
            match verb.as_str() {
                // Without a word it shows all records.
                "show" => (!words.is_empty() && (!named || words.len() != 1)).then(|| format!("no such record: {words:?}")),
                "delete" => (words.len() != 1 || record_named(server, &words).is_none()).then(|| format!("no such record: {words:?}")),
                "update" => match record_named(server, &words) {
                    Some(record) => update_fault(record, &words),
                    None => Some(format!("no such record: {words:?}")),
                },
                _ => Some(format!("a record is never added by {verb}: {words:?}")),
            }
        }
        Ok(Parsed::Other(words)) => {
            const KNOWN: &[&str] = &[
                "certutil -verify -urlfetch client.cer",
                "certutil -addstore ClientAuthIssuer issuing-ca.cer",
                "httpcfg query ssl",
                "httpcfg query iplisten",
                "proxycfg",
                "netsh winhttp show proxy",
                "certutil -store Root",
                "certutil -addstore CA intermediate.cer",
                r"reg add HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /v SendTrustedIssuerList /t REG_DWORD /d 0 /f",
                r"reg add HKLM\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL /v ClientAuthTrustMode /t REG_DWORD /d 0 /f",
            ];
            match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
                // What is deleted is one certificate of the listing, and what is filled a store that is known to be empty.
                ["certutil", "-delstore", "Root", hash] => {
                    let store = server.evidence.store("Root");
                    let listed = store.iter().flat_map(|store| &store.certificates).filter_map(|certificate| certificate.hash.value());
                    let known =
                        listed.map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()).any(|known| known == *hash);
                    return (!known).then(|| format!("no such certificate: {words:?}"));
                }
                ["certutil", "-addstore", store, "issuing-ca.cer"] if server.evidence.store(store).is_some_and(StoreListing::is_empty) => {
                    return None;
                }
                _ => {}
            }
            (!KNOWN.contains(&words.join(" ").as_str())).then(|| format!("not a known program: {words:?}"))
        }
    }
}

/// The record of HTTP.sys that the first word names.
fn record_named<'a>(server: &'a Server, words: &[(String, String)]) -> Option<&'a Record> {
    let (word, value) = words.first()?;
    server.records.as_ref()?.records.iter().find(|record| match &record.key {
        key @ EndpointKey::IpPort(..) => word == "ipport" && key.to_string() == *value,
        key @ EndpointKey::HostPort(..) => word == "hostnameport" && key.to_string() == *value,
        EndpointKey::Ccs(port) => word == "ccs" && port.to_string() == *value,
        EndpointKey::ScopedCcs(..) => false,
    })
}

/// What a record would lose, or get by accident, through an update. Which options change is free, but something must, and the rest stays.
fn update_fault(record: &Record, words: &[(String, String)]) -> Option<String> {
    let word = |name: &str| words.iter().find(|(word, _)| word == name).map(|(_, value)| value.as_str());
    let switch = |on: bool| Some(if on { "enable" } else { "disable" }.to_owned());
    let text = |field: &Field<Option<String>>| field.value().cloned().flatten();
    let time = |field: &Field<u64>| field.value().filter(|time| **time != 0).map(ToString::to_string);
    let mode = |bit: u32| record.cert_check_mode.get(bit);
    let hash = record.certificate.value().and_then(Option::as_ref);
    let hash = hash.map(|hash| hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    let fixed = [("certhash", hash), ("appid", record.app_id.value().cloned()), ("certstorename", text(&record.store))];
    for (name, kept) in fixed {
        // A record of a host name needs the word for the default store.
        let default = name == "certstorename" && kept.is_none() && word(name) == Some("MY");
        if word(name) != kept.as_deref() && !default {
            return Some(format!("{name} of {} is {kept:?}, written {:?}", record.key, word(name)));
        }
    }
    let mut options = vec![
        ("verifyclientcertrevocation", mode(1).and_then(|off| switch(!off))),
        ("verifyrevocationwithcachedclientcertonly", mode(2).and_then(switch)),
        ("usagecheck", mode(0x1_0000).and_then(|off| switch(!off))),
        ("revocationfreshnesstime", time(&record.freshness_seconds)),
        ("urlretrievaltimeout", time(&record.url_timeout_milliseconds)),
        ("sslctlidentifier", text(&record.ctl_identifier)),
        ("sslctlstorename", text(&record.ctl_store)),
    ];
    for of in Switch::ALL.iter().filter(|switch| !switch.word().is_empty()) {
        options.push((of.word(), record.switch(*of).and_then(switch)));
    }
    let mut changed = 0;
    for (name, kept) in &options {
        match (word(name), kept) {
            (Some(written), Some(kept)) if written == kept => {}
            (None, None) => {}
            // The bits of the registry that are off need no word.
            (None, Some(kept)) if record.source == Source::Registry && kept == "disable" => {}
            (None, Some(kept)) => return Some(format!("{} loses {name}={kept}", record.key)),
            (Some(_), _) => changed += 1,
        }
    }
    let foreign = words.iter().skip(1).find(|(word, _)| {
        !options.iter().any(|(name, _)| name == word) && !["certhash", "appid", "certstorename"].contains(&word.as_str())
    });
    if let Some(foreign) = foreign {
        return Some(format!("not an option of a record: {foreign:?}"));
    }
    (changed == 0).then(|| format!("{} stays as it is", record.key))
}

fn adsutil_fault(server: &Server, what: &str, verb: &str, key: &str, property: &str, values: &[String]) -> Option<String> {
    let lists = ["SecureBindings", "ServerBindings"];
    // AuthAnonymous is one bit of AuthFlags.
    let setting = Setting::ALL.iter().find(|setting| entry(**setting).iis6.as_ref().is_some_and(|iis6| iis6.property == property));
    if setting.is_none() && !lists.contains(&property) && property != "AuthAnonymous" {
        return Some(format!("{property} is not in the catalogue"));
    }
    let full = format!("/LM/{key}");
    let noticed = server.anomalies.iter().any(|anomaly| match &anomaly.kind {
        AnomalyKind::WithoutEffect { key, .. } | AnomalyKind::BindingsWithoutEffect { key, .. } => key.eq_ignore_ascii_case(&full),
        _ => false,
    });
    let of_site = server.sites.iter().any(|site| {
        let own = site.id.map(|id| format!("/LM/W3SVC/{id}"));
        own.as_deref().is_some_and(|own| own.eq_ignore_ascii_case(&full)) || {
            let below = format!("{}/", site.root().store_path.to_lowercase());
            site.root().store_path.eq_ignore_ascii_case(&full) || full.to_lowercase().starts_with(&below)
        }
    });
    if !noticed && !of_site && !full.eq_ignore_ascii_case("/LM/W3SVC") {
        return Some(format!("no key {full}"));
    }
    let (Some(setting), [value], "set") = (setting, values, verb) else { return None };
    value_fault(*setting, Generation::Iis6, what, value)
}

fn section_fault(
    server: &Server,
    what: &str,
    verb: &str,
    location: &str,
    section: &str,
    attributes: &[(String, String)],
    apphost: bool,
) -> Option<String> {
    if server.is_lone_web_config() {
        return Some("a command without a known location".to_owned());
    }
    let scopes = || server.sites.iter().flat_map(|site| &site.scopes);
    let below = |root: &str| location.to_lowercase().starts_with(&format!("{}/", root.to_lowercase()));
    let known = location.is_empty() || scopes().any(|scope| scope.store_path == location || below(&scope.store_path));
    if !known {
        return Some(format!("no location {location}"));
    }
    let setting = |attribute: &str| {
        Setting::ALL.iter().copied().find(|setting| {
            let iis7 = entry(*setting).iis7.as_ref();
            iis7.is_some_and(|iis7| iis7.section == section && (attribute.is_empty() || iis7.attribute.replace('/', ".") == attribute))
        })
    };
    if setting("").is_none() && section != "system.applicationHost/customMetadata" && verb != "unlock" {
        return Some(format!("{section} is not in the catalogue"));
    }
    for (attribute, value) in attributes {
        let Some(setting) = setting(attribute) else { return Some(format!("{attribute} is not in the catalogue")) };
        if let Some(fault) = value_fault(setting, Generation::Iis7, what, value) {
            return Some(fault);
        }
        let scope = scopes().find(|scope| scope.store_path == location);
        let place = scope.and_then(|scope| scope.settings.get(setting)).and_then(|said| said.origin.place());
        let elsewhere = place.is_some_and(|place| Some(&place.file) != server.inputs.first());
        if scope.is_some() && elsewhere == apphost {
            return Some(format!("written to applicationHost.config: {apphost}; said in a web.config: {elsewhere}"));
        }
    }
    (verb == "set" && attributes.is_empty()).then(|| "sets nothing".to_owned())
}

/// A value that is written is a value of its setting, and the one that the words promise.
fn value_fault(setting: Setting, generation: Generation, what: &str, value: &str) -> Option<String> {
    let parsed = Value::parse(setting, generation, value);
    if let Value::Malformed(_) = parsed {
        return Some(format!("{value} is no value of {setting}"));
    }
    let promised = match what.rsplit_once(" become ").or_else(|| what.rsplit_once(" becomes ")) {
        Some((_, promised)) => promised,
        None => return None,
    };
    let shown = parsed.show(setting, generation);
    (!promised.starts_with(value) && !promised.starts_with(&shown)).then(|| format!("promised {promised}, wrote {value}"))
}

#[test]
fn every_command_for_records_names_one_that_exists_and_loses_none_of_its_options() {
    let listings = files_of("tests/fixtures/netsh", "txt");
    let configs = files_of("tests/fixtures/apphost", "config");
    assert!(!listings.is_empty() && !configs.is_empty());
    let name = |path: &Path| path.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")).unwrap().display().to_string();
    let mut updates = 0;
    for listing in listings.iter().map(|path| name(path)) {
        let alone = testing::records_alone(&listing);
        let joined = configs.iter().map(|config| testing::with_records(&name(config), &listing));
        for server in std::iter::once(alone).chain(joined) {
            all_exact(&listing, &server);
            let commands = remedies(&server).into_iter().filter_map(|remedy| remedy.command);
            updates += commands.filter(|command| command.starts_with("netsh http update sslcert ")).count();
        }
    }
    assert!(updates > 5, "{updates}");
}

#[test]
fn an_update_that_forgets_an_option_or_changes_nothing_is_noticed() {
    let server = testing::records_alone("netsh/o02_2022_sni_drift_and_ccs.txt");
    let command = remedies(&server).into_iter().filter_map(|remedy| remedy.command).find(|command| command.contains(" update "));
    let Ok(Parsed::Netsh { words, .. }) = parse::cmd(&command.unwrap()) else { panic!("not netsh") };
    let record = record_named(&server, &words).unwrap();
    assert_eq!(update_fault(record, &words), None);
    let without = |name: &str| words.iter().filter(|(word, _)| word != name).cloned().collect::<Vec<_>>();
    for name in ["certhash", "certstorename", "usagecheck", "disablehttp2"] {
        assert!(update_fault(record, &without(name)).is_some(), "{name}");
    }
}

/// Checks every command of a server; how many there were.
fn all_exact(name: &str, server: &Server) -> usize {
    let remedies = remedies(server);
    let commands = remedies.iter().filter(|remedy| remedy.has_command()).count();
    for remedy in &remedies {
        if let Some(fault) = fault(server, remedy) {
            panic!("{name}: {:?} {:?} ({}): {fault}", remedy.command, remedy.powershell, remedy.what);
        }
    }
    commands
}

#[test]
fn every_command_for_the_samples_is_understood_and_fits_its_server() {
    let mut commands = 0;
    for path in files("tests/fixtures")
        .into_iter()
        .chain(files("examples"))
        .chain([Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/delegation")])
    {
        for server in &estate::read(std::slice::from_ref(&path), &estate::Options::default()).servers {
            commands += all_exact(&path.display().to_string(), server);
        }
    }
    assert!(commands > 300, "{commands}");
}

#[test]
fn every_command_for_a_record_names_it_and_keeps_its_certificate() {
    for (config, listing) in [
        ("apphost/F1_consistent_sni.config", "netsh/o02_2022_sni_drift_and_ccs.txt"),
        ("apphost/F2_shared_ipport_hostheaders.config", "netsh/o01_2012r2_conflict_revocation.txt"),
        ("apphost/F6_mapping.config", "netsh/o03_2025_tls13_ctl_mapper.txt"),
    ] {
        let server = rules::testing::with_records(config, listing);
        let updates = |remedy: &Remedy| remedy.command.as_ref().is_some_and(|command| command.contains(" update sslcert "));
        assert!(remedies(&server).iter().any(updates), "{config}");
        all_exact(config, &server);
    }
}

#[test]
fn hostile_names_never_make_a_command_that_means_something_else() {
    let directory = tempfile::tempdir().unwrap();
    let mut commands = 0;
    for path in files("tests/fixtures") {
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let plain = estate::read(std::slice::from_ref(&path), &estate::Options::default());
        for (index, hostile) in HOSTILE.iter().enumerate() {
            let hostile = escaped(hostile);
            let mut changed = text.replace("/ROOT/", &format!("/ROOT/{hostile}/"));
            for site in plain.servers.iter().flat_map(|server| &server.sites).filter(|site| !site.name.is_empty()) {
                let name = escaped(&site.name);
                let new = format!("{hostile} {}", site.id.unwrap_or_default());
                changed =
                    changed.replace(&format!("\"{name}\""), &format!("\"{new}\"")).replace(&format!("\"{name}/"), &format!("\"{new}/"));
            }
            changed = changed.replace(":443:", &format!(":443:{hostile}"));
            let file = directory.path().join(format!("{index}-{}", path.file_name().unwrap().to_string_lossy()));
            std::fs::write(&file, changed).unwrap();
            let estate = estate::read(&[file], &estate::Options::default());
            assert!(!estate.servers.is_empty(), "{} with {hostile}: {:?}", path.display(), estate.inputs);
            for server in &estate.servers {
                commands += all_exact(&format!("{} with {hostile}", path.display()), server);
            }
        }
    }
    assert!(commands > 1000, "{commands}");
}

fn read(files: &[(&str, &str)]) -> Vec<Server> {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("<configuration>{text}</configuration>")).unwrap();
    }
    estate::read(&[directory.path().to_owned()], &estate::Options::default()).servers
}

const WEAK: &str = r#"<system.webServer><security><access sslFlags="Ssl, SslRequireCert"/></security></system.webServer>"#;
const SITE: &str = r#"<system.applicationHost><sites><site name="Shop" id="1"><application path="/"><virtualDirectory path="/" physicalPath="C:\web\shop"/></application>
    <bindings><binding protocol="https" bindingInformation="*:443:"/></bindings></site></sites></system.applicationHost>"#;

#[test]
fn a_value_of_a_web_config_is_changed_in_that_web_config() {
    let open =
        r#"<location path="Shop" overrideMode="Allow"><system.webServer><security><access/></security></system.webServer></location>"#;
    let servers = read(&[("config/applicationHost.config", &format!("{SITE}{open}")), ("web/shop/api/web.config", WEAK)]);
    assert_eq!(servers.len(), 1);
    let remedies = remedies(&servers[0]);
    let changes: Vec<&Remedy> =
        remedies.iter().filter(|remedy| remedy.command.as_ref().is_some_and(|command| command.contains("set config"))).collect();
    assert!(!changes.is_empty(), "{remedies:?}");
    for remedy in changes {
        let command = remedy.command.as_deref().unwrap();
        assert!(command.contains(r#"set config "Shop/api""#) && !command.contains("/commit"), "{command}");
        let powershell = remedy.powershell.as_deref().unwrap();
        assert!(powershell.contains("-PSPath 'MACHINE/WEBROOT/APPHOST/Shop/api'") && !powershell.contains("-Location"), "{powershell}");
        assert!(!powershell.contains(", "), "flags are documented without blanks: {powershell}");
        assert!(remedy.what.ends_with("so the command writes the web.config of this path"), "{}", remedy.what);
    }
    all_exact("delegation", &servers[0]);
}

#[test]
fn a_lone_web_config_gives_words_and_no_command_for_a_place_that_is_not_known() {
    let servers = read(&[("web.config", WEAK)]);
    assert!(servers.len() == 1 && servers[0].is_lone_web_config(), "{servers:?}");
    let remedies = remedies(&servers[0]);
    assert!(
        remedies.iter().any(|remedy| remedy.what.ends_with("write access@sslFlags=\"Ssl, SslNegotiateCert, SslRequireCert\" in this file")),
        "{remedies:?}"
    );
    assert!(remedies.iter().all(|remedy| !format!("{remedy:?}").contains("(web.config)")));
    all_exact("lone", &servers[0]);
}
