//! What the registry says about Schannel and the protocols of HTTP.sys, before and after. It holds for the whole server.

use std::collections::BTreeMap;

use super::strength::{Strength, Verdict};
use super::{Change, Effect, Plain, State, What};
use crate::compare::Sides;
use crate::input::Field;
use crate::schannel::{Role, Schannel};
use crate::server::Server;

/// Versions that are broken or out of date.
const OLD: [&str; 7] = ["PCT 1.0", "SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1", "DTLS 1.0", "Multi-Protocol Unified Hello"];

/// Compares the values, where both states have them.
pub(super) fn compare(left: &Server, right: &Server) -> Vec<Change> {
    let (Some(left), Some(right)) = (&left.schannel, &right.schannel) else { return Vec::new() };
    // An export without the key says nothing about its values.
    let schannel = left.place.is_some() && right.place.is_some();
    let http = left.http.place.is_some() && right.http.place.is_some();
    let (before, after) = (values(left, schannel, http), values(right, schannel, http));
    let mut changes = Vec::new();
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    for name in names {
        let (a, b) = (before.get(name).unwrap_or(&&Field::Absent), after.get(name).unwrap_or(&&Field::Absent));
        if told(a) == told(b) {
            continue;
        }
        changes.push(Change {
            what: What::Other(name.clone()),
            sites: Vec::new(),
            server_level: true,
            path: String::new(),
            endpoints: Sides::default(),
            states: Sides { left: State::Plain(plain(a)), right: State::Plain(plain(b)) },
            verdict: judge(name, a, b),
            effect: Effect::Some,
            statuses: Sides::default(),
        });
    }
    changes
}

fn values(schannel: &Schannel, with_schannel: bool, with_http: bool) -> BTreeMap<String, &Field<u32>> {
    let mut values = BTreeMap::new();
    if with_schannel {
        values.insert("SendTrustedIssuerList".to_owned(), &schannel.send_trusted_issuer_list);
        values.insert("ClientAuthTrustMode".to_owned(), &schannel.client_auth_trust_mode);
        values.insert("CertificateMappingMethods".to_owned(), &schannel.certificate_mapping_methods);
        for protocol in schannel.protocols.iter().filter(|protocol| protocol.role == Role::Server) {
            values.entry(format!(r"Protocols\{}\Server\Enabled", protocol.name)).or_insert(&protocol.enabled);
            values.entry(format!(r"Protocols\{}\Server\DisabledByDefault", protocol.name)).or_insert(&protocol.disabled_by_default);
        }
    }
    if with_http {
        values.insert(r"HTTP\Parameters\EnableHttp2Tls".to_owned(), &schannel.http.enable_http2_tls);
        values.insert(r"HTTP\Parameters\EnableHttp3".to_owned(), &schannel.http.enable_http3);
    }
    values
}

/// The value without its place.
fn told(field: &Field<u32>) -> Option<Result<u32, &str>> {
    match field {
        Field::Said(said) => Some(Ok(said.value)),
        Field::Unreadable(said) => Some(Err(&said.value)),
        Field::Absent => None,
    }
}

fn plain(field: &Field<u32>) -> Plain {
    let text = match told(field) {
        Some(Ok(number)) => number.to_string(),
        Some(Err(text)) => format!("\"{text}\""),
        None => "not set".to_owned(),
    };
    Plain { text, place: field.place(), is_default: false }
}

fn judge(name: &str, before: &Field<u32>, after: &Field<u32>) -> Verdict {
    let (was, is) = match (told(before), told(after)) {
        (Some(Err(_)), _) | (_, Some(Err(_))) => return Verdict::unclear("a value that cannot be read as a number"),
        (was, is) => (was.and_then(Result::ok), is.and_then(Result::ok)),
    };
    let protocol = name.strip_prefix(r"Protocols\").and_then(|rest| rest.strip_suffix(r"\Server\Enabled"));
    if let Some(protocol) = protocol {
        let (Some(was), Some(is)) = (was, is) else {
            return Verdict::unclear("where nothing is set the version of Windows decides");
        };
        let old = OLD.iter().any(|old| old.eq_ignore_ascii_case(protocol));
        return match (was != 0, is != 0) {
            (on, stays) if on == stays => Verdict::neutral("another number with the same meaning"),
            (_, on) => {
                let strength = if on == old { Strength::Weaker } else { Strength::Stronger };
                Verdict::new(strength, format!("{protocol} is {} now", if on { "on" } else { "off" }))
            }
        };
    }
    match name {
        "ClientAuthTrustMode" => Verdict::unclear("other issuers are trusted; which these are stands in the stores of the computer"),
        "SendTrustedIssuerList" => Verdict::neutral("whether clients are told which issuers are accepted; which these are stays"),
        "CertificateMappingMethods" => Verdict::unclear("the ways to map a certificate to an account have no order that is documented"),
        _ if name.starts_with("HTTP") => Verdict::neutral("a protocol above TLS; what is encrypted and checked stays"),
        _ => Verdict::unclear("what it does beside Enabled depends on the version of Windows"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::FileId;
    use crate::server::Generation;

    fn server(values: &str, file: u32) -> Server {
        let text = format!(
            "Windows Registry Editor Version 5.00\r\n\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL]\r\n{values}\r\n"
        );
        let mut server = Server::unknown("server".to_owned(), Generation::Iis7);
        server.schannel = Some(Box::new(crate::schannel::read_schannel(&text, FileId(file))));
        server
    }

    fn protocol(name: &str, enabled: u32) -> String {
        let key = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Control\SecurityProviders\SCHANNEL\Protocols";
        format!("\r\n[{key}\\{name}\\Server]\r\n\"Enabled\"=dword:{enabled:08x}\r\n")
    }

    fn lines(before: &str, after: &str) -> Vec<String> {
        let (left, right) = (server(before, 0), server(after, 1));
        let (there, back) = (compare(&left, &right), compare(&right, &left));
        let strengths = |changes: &[Change]| changes.iter().map(|change| change.verdict.strength).collect::<Vec<_>>();
        assert_eq!(strengths(&there), strengths(&back).into_iter().map(Strength::mirrored).collect::<Vec<_>>());
        let line = |change: &Change| match &change.what {
            What::Other(name) => format!("{name}: {}", change.verdict.strength.words()),
            _ => String::new(),
        };
        there.iter().map(line).collect()
    }

    #[test]
    fn an_old_version_of_tls_that_is_switched_on_is_weaker_and_a_new_one_is_stronger() {
        assert_eq!(lines(&protocol("TLS 1.0", 0), &protocol("TLS 1.0", 1)), [r"Protocols\TLS 1.0\Server\Enabled: weaker"]);
        assert_eq!(lines(&protocol("TLS 1.3", 0), &protocol("TLS 1.3", 1)), [r"Protocols\TLS 1.3\Server\Enabled: stronger"]);
        assert_eq!(lines(&protocol("TLS 1.2", 1), &protocol("TLS 1.2", u32::MAX)), [r"Protocols\TLS 1.2\Server\Enabled: neutral"]);
    }

    #[test]
    fn what_windows_decides_cannot_be_told() {
        assert_eq!(lines("", &protocol("TLS 1.0", 0)), [r"Protocols\TLS 1.0\Server\Enabled: cannot be told"]);
        assert_eq!(lines("\"ClientAuthTrustMode\"=dword:0", "\"ClientAuthTrustMode\"=dword:2"), ["ClientAuthTrustMode: cannot be told"]);
        assert_eq!(lines("\"SendTrustedIssuerList\"=dword:0", "\"SendTrustedIssuerList\"=dword:1"), ["SendTrustedIssuerList: neutral"]);
        let none = Server::unknown("server".to_owned(), Generation::Iis7);
        assert_eq!(compare(&server(&protocol("TLS 1.0", 1), 0), &none), []);
    }
}
