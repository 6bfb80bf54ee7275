//! Commands for `netsh http ... sslcert`, the tool for the SSL records of HTTP.sys.
//!
//! A record is always written with all its options, because `add` gives every option that is left out its default, and whether `update`
//! keeps them is not documented. Only words that are given are written: an older Windows answers a word that it does not know by doing
//! nothing, without an error. A time of 0 is the default and is left out, since newer builds refuse it when it is written.
//!
//! netsh takes arguments apart by the rules of the C runtime and then cuts them at `=`; a value with a `=` or a quote has no command. The
//! form with quotes round a value is the same for both shells: PowerShell would take bare braces for a script block and brackets for an
//! index. Only a value in which PowerShell acts has a form of its own there. A backslash at the end is refused.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::quote::{Program, line, quoted, survives};
use super::{Lines, powershell};
use crate::server::EndpointKey;

/// All options of a record, as `netsh http add sslcert` calls them. `None` where the option is not known or the Windows version has none:
/// then its word is not written.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each field is the word of netsh")]
pub struct SslCertOptions {
    /// Which record: `ipport`, `hostnameport` or `ccs`.
    pub key: EndpointKey,
    /// 40 hexadecimal digits.
    pub certhash: Option<String>,
    /// A GUID, with or without braces.
    pub appid: Option<String>,
    pub certstorename: Option<String>,
    pub verifyclientcertrevocation: Option<bool>,
    pub verifyrevocationwithcachedclientcertonly: Option<bool>,
    pub usagecheck: Option<bool>,
    /// Seconds.
    pub revocationfreshnesstime: Option<u32>,
    /// Milliseconds.
    pub urlretrievaltimeout: Option<u32>,
    pub sslctlidentifier: Option<String>,
    pub sslctlstorename: Option<String>,
    pub dsmapperusage: Option<bool>,
    pub clientcertnegotiation: Option<bool>,
    pub reject: Option<bool>,
    pub disablehttp2: Option<bool>,
    pub disablequic: Option<bool>,
    pub disablelegacytls: Option<bool>,
    pub disabletls12: Option<bool>,
    pub disabletls13: Option<bool>,
    pub disableocspstapling: Option<bool>,
    pub enabletokenbinding: Option<bool>,
    pub logextendedevents: Option<bool>,
    pub enablesessionticket: Option<bool>,
    pub disablesessionid: Option<bool>,
}

impl SslCertOptions {
    /// A record of which nothing but the key is known.
    pub fn new(key: EndpointKey) -> Self {
        SslCertOptions {
            key,
            certhash: None,
            appid: None,
            certstorename: None,
            verifyclientcertrevocation: None,
            verifyrevocationwithcachedclientcertonly: None,
            usagecheck: None,
            revocationfreshnesstime: None,
            urlretrievaltimeout: None,
            sslctlidentifier: None,
            sslctlstorename: None,
            dsmapperusage: None,
            clientcertnegotiation: None,
            reject: None,
            disablehttp2: None,
            disablequic: None,
            disablelegacytls: None,
            disabletls12: None,
            disabletls13: None,
            disableocspstapling: None,
            enabletokenbinding: None,
            logextendedevents: None,
            enablesessionticket: None,
            disablesessionid: None,
        }
    }

    /// The options that are switches, each with its word and its default.
    fn switches(&self) -> [(&'static str, Option<bool>, bool); 16] {
        [
            ("verifyclientcertrevocation", self.verifyclientcertrevocation, true),
            ("verifyrevocationwithcachedclientcertonly", self.verifyrevocationwithcachedclientcertonly, false),
            ("usagecheck", self.usagecheck, true),
            ("dsmapperusage", self.dsmapperusage, false),
            ("clientcertnegotiation", self.clientcertnegotiation, false),
            ("reject", self.reject, false),
            ("disablehttp2", self.disablehttp2, false),
            ("disablequic", self.disablequic, false),
            ("disablelegacytls", self.disablelegacytls, false),
            ("disabletls12", self.disabletls12, false),
            ("disabletls13", self.disabletls13, false),
            ("disableocspstapling", self.disableocspstapling, false),
            ("enabletokenbinding", self.enabletokenbinding, false),
            ("logextendedevents", self.logextendedevents, false),
            ("enablesessionticket", self.enablesessionticket, false),
            ("disablesessionid", self.disablesessionid, false),
        ]
    }

    /// Whether every option that is known has its default.
    fn is_plain(&self) -> bool {
        let texts = [&self.certhash, &self.certstorename, &self.sslctlidentifier, &self.sslctlstorename];
        texts.iter().all(|text| text.is_none())
            && [self.revocationfreshnesstime, self.urlretrievaltimeout].iter().all(|time| time.unwrap_or(0) == 0)
            && self.switches().iter().all(|(_, value, default)| value.is_none_or(|value| value == *default))
    }

    /// The words of all options; `None` when the record cannot be written by a command.
    fn words(&self) -> Option<Vec<(&'static str, String)>> {
        let appid = braced(self.appid.as_deref()?)?;
        if let EndpointKey::Ccs(_) = self.key {
            // The record of the Central Certificate Store has no certificate, and takes nothing but defaults.
            return self.is_plain().then(|| vec![("appid", appid)]);
        }
        let certhash = self.certhash.as_deref().filter(|hash| hash.len() == 40 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
        let mut words = vec![("certhash", certhash.to_owned()), ("appid", appid)];
        let store = match (&self.certstorename, &self.key) {
            // Records of host names need the word even for the default store.
            (None, EndpointKey::HostPort(..)) => Some("MY".to_owned()),
            (store, _) => store.clone(),
        };
        let texts = [
            ("certstorename", store),
            ("sslctlidentifier", self.sslctlidentifier.clone()),
            ("sslctlstorename", self.sslctlstorename.clone()),
        ];
        for (word, text) in texts {
            match text {
                Some(text) if is_text(&text) => words.push((word, text)),
                Some(_) => return None,
                None => {}
            }
        }
        let times = [("revocationfreshnesstime", self.revocationfreshnesstime), ("urlretrievaltimeout", self.urlretrievaltimeout)];
        words.extend(times.into_iter().filter_map(|(word, time)| Some((word, time.filter(|time| *time != 0)?.to_string()))));
        let switch =
            |(word, value, _): (&'static str, Option<bool>, bool)| Some((word, if value? { "enable" } else { "disable" }.to_owned()));
        words.extend(self.switches().into_iter().filter_map(switch));
        Some(words)
    }
}

/// A complete command, which can be had for either shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    verb: &'static str,
    words: Vec<(&'static str, String)>,
}

impl Command {
    /// For a prompt of cmd.exe.
    pub fn for_cmd(&self) -> Option<String> {
        let plain = |value: &str| value.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b':' | b'-'));
        let words = self.words.iter().map(|(word, value)| {
            let value = if plain(value) { value.clone() } else { quoted(value, Program::CRuntime)? };
            Some(format!(" {word}={value}"))
        });
        line(format!("netsh http {} sslcert{}", self.verb, words.collect::<Option<String>>()?))
    }

    /// For a prompt of PowerShell: the same line, unless a value holds what acts in double quotes there.
    pub fn for_powershell(&self) -> Option<String> {
        if !self.words.iter().any(|(_, value)| value.contains(['$', '`'])) {
            return self.for_cmd();
        }
        let mut arguments = vec!["http".to_owned(), self.verb.to_owned(), "sslcert".to_owned()];
        arguments.extend(self.words.iter().map(|(word, value)| format!("{word}={value}")));
        powershell::netsh(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// For both.
    pub fn lines(&self) -> Option<Lines> {
        Lines::of(self.for_cmd(), self.for_powershell())
    }
}

/// `netsh http add sslcert`: writes a new record. It fails where the record exists. `None` when the options are not complete, or no
/// command can write them.
pub fn add(options: &SslCertOptions) -> Option<Command> {
    write("add", options)
}

/// `netsh http update sslcert`: writes a record that exists, without a moment in which there is none. `None` as with [`add`].
pub fn update(options: &SslCertOptions) -> Option<Command> {
    write("update", options)
}

/// `netsh http delete sslcert`: removes a record.
pub fn delete(key: &EndpointKey) -> Option<Command> {
    Some(Command { verb: "delete", words: vec![named(key)?] })
}

/// `netsh http show sslcert`: shows one record.
pub fn show(key: &EndpointKey) -> Option<Command> {
    Some(Command { verb: "show", words: vec![named(key)?] })
}

fn write(verb: &'static str, options: &SslCertOptions) -> Option<Command> {
    let mut words = vec![named(&options.key)?];
    words.extend(options.words()?);
    Some(Command { verb, words })
}

/// The word that names a record.
fn named(key: &EndpointKey) -> Option<(&'static str, String)> {
    match key {
        EndpointKey::IpPort(ip, port) => {
            let inner = ip.strip_prefix('[').map_or(Some(ip.as_str()), |ip| ip.strip_suffix(']'))?;
            if let Ok(ip) = inner.parse::<Ipv6Addr>() {
                return Some(("ipport", format!("[{ip}]:{port}")));
            }
            Some(("ipport", format!("{}:{port}", ip.parse::<Ipv4Addr>().ok()?)))
        }
        EndpointKey::HostPort(host, port) => {
            let fit = !host.is_empty() && host.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '*'));
            (fit && survives(host)).then(|| ("hostnameport", format!("{host}:{port}")))
        }
        EndpointKey::Ccs(port) => Some(("ccs", port.to_string())),
        // The help texts of netsh that are known have no word for it.
        EndpointKey::ScopedCcs(..) => None,
    }
}

fn is_text(text: &str) -> bool {
    !text.is_empty() && survives(text) && !text.contains('=') && !text.ends_with('\\') && text.trim() == text
}

/// The GUID in braces.
fn braced(text: &str) -> Option<String> {
    let text = if text.starts_with('{') { text.to_owned() } else { format!("{{{text}}}") };
    is_guid(&text).then_some(text)
}

fn is_guid(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')) else { return false };
    let parts: Vec<&str> = inner.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdef0123456789ABCDEF01234567";
    const IIS: &str = "{4dc3e181-e14b-4a21-b022-59fc669b0914}";

    fn record(key: EndpointKey) -> SslCertOptions {
        SslCertOptions { certhash: Some(HASH.to_owned()), appid: Some(IIS.to_owned()), ..SslCertOptions::new(key) }
    }

    fn any_443() -> EndpointKey {
        EndpointKey::IpPort("0.0.0.0".to_owned(), 443)
    }

    #[test]
    fn a_record_is_written_with_every_option_that_is_known_and_no_other() {
        let options = SslCertOptions {
            certstorename: Some("MY".to_owned()),
            sslctlstorename: Some("Client Auth".to_owned()),
            verifyclientcertrevocation: Some(true),
            usagecheck: Some(true),
            clientcertnegotiation: Some(true),
            disabletls13: Some(false),
            revocationfreshnesstime: Some(86400),
            ..record(any_443())
        };
        assert_eq!(
            update(&options).unwrap().for_cmd().unwrap(),
            format!(
                "netsh http update sslcert ipport=0.0.0.0:443 certhash={HASH} appid=\"{IIS}\" certstorename=MY sslctlstorename=\"Client Auth\" \
                 revocationfreshnesstime=86400 verifyclientcertrevocation=enable usagecheck=enable clientcertnegotiation=enable disabletls13=disable"
            )
        );
    }

    #[test]
    fn times_of_zero_are_left_out() {
        let options = SslCertOptions { revocationfreshnesstime: Some(0), urlretrievaltimeout: Some(0), ..record(any_443()) };
        assert_eq!(
            add(&options).unwrap().for_cmd().unwrap(),
            format!("netsh http add sslcert ipport=0.0.0.0:443 certhash={HASH} appid=\"{IIS}\"")
        );
    }

    #[test]
    fn every_kind_of_record_is_named_in_its_own_way() {
        let shown = |key: EndpointKey| show(&key).and_then(|command| command.for_cmd());
        let v6 = |ip: &str| shown(EndpointKey::IpPort(ip.to_owned(), 443));
        assert_eq!(v6("[2001:DB8::1]").unwrap(), "netsh http show sslcert ipport=\"[2001:db8::1]:443\"");
        assert_eq!(v6("2001:db8::1"), v6("[2001:db8::1]"));
        assert_eq!(shown(EndpointKey::Ccs(443)).unwrap(), "netsh http show sslcert ccs=443");
        let host = EndpointKey::HostPort("www.contoso.com".to_owned(), 443);
        assert_eq!(delete(&host).unwrap().for_cmd().unwrap(), "netsh http delete sslcert hostnameport=www.contoso.com:443");
        assert!(add(&record(host)).unwrap().for_cmd().unwrap().contains(" certstorename=MY"));
        for bad in ["*", "1.2.3", "[::1", "0.0.0.0 & calc"] {
            assert_eq!(v6(bad), None, "{bad}");
        }
        assert_eq!(shown(EndpointKey::HostPort("a&calc".to_owned(), 443)), None);
    }

    #[test]
    fn the_central_store_takes_only_defaults() {
        let plain = SslCertOptions { appid: Some(IIS.to_owned()), usagecheck: Some(true), ..SslCertOptions::new(EndpointKey::Ccs(443)) };
        assert_eq!(add(&plain).unwrap().for_cmd().unwrap(), format!("netsh http add sslcert ccs=443 appid=\"{IIS}\""));
        assert_eq!(add(&SslCertOptions { clientcertnegotiation: Some(true), ..plain.clone() }), None);
        assert_eq!(add(&SslCertOptions { certhash: Some(HASH.to_owned()), ..plain }), None);
    }

    #[test]
    fn what_is_not_complete_or_not_exact_has_no_command() {
        let record = record(any_443());
        for bad in [
            SslCertOptions { certhash: None, ..record.clone() },
            SslCertOptions { certhash: Some("123".to_owned()), ..record.clone() },
            SslCertOptions { appid: None, ..record.clone() },
            SslCertOptions { appid: Some("{x & calc}".to_owned()), ..record.clone() },
            SslCertOptions { certstorename: Some("a=b".to_owned()), ..record.clone() },
            SslCertOptions { sslctlstorename: Some("a\"b".to_owned()), ..record.clone() },
            SslCertOptions { sslctlstorename: Some("a b\\".to_owned()), ..record.clone() },
        ] {
            assert_eq!(update(&bad), None, "{bad:?}");
        }
    }

    #[test]
    fn one_line_serves_both_shells_unless_powershell_acts_on_a_value() {
        let with = |store: &str| SslCertOptions {
            sslctlstorename: Some(store.to_owned()),
            ..record(EndpointKey::IpPort("[::1]".to_owned(), 443))
        };
        let command = add(&with("Bob's store")).unwrap();
        let meant = format!("netsh http add sslcert ipport=\"[::1]:443\" certhash={HASH} appid=\"{IIS}\" sslctlstorename=\"Bob's store\"");
        assert_eq!((command.for_cmd().unwrap(), command.for_powershell().unwrap()), (meant.clone(), meant));
        let command = add(&with("Bob's $store")).unwrap();
        assert!(command.for_cmd().unwrap().ends_with(" sslctlstorename=\"Bob's $store\""));
        assert!(command.for_powershell().unwrap().ends_with(&format!(" 'appid={IIS}' 'sslctlstorename=Bob''s $store'")));
    }
}
