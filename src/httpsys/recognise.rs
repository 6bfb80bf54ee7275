//! What a text is, told by its content: a listing, its JSON form, or an export of the registry.

use super::{httpcfg, netsh, record, words};

/// Bytes that are looked at. An export of the registry is recognised by its first line and then searched whole, since the keys that
/// matter may lie far behind others.
const HEAD: usize = 64 << 10;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TextKind {
    /// `netsh http show sslcert`, or its help text, which the reader answers with a warning.
    Listing,
    /// `netsh http show sslcert json=enable`.
    ListingJson,
    /// `httpcfg query ssl` of Windows Server 2003.
    Httpcfg,
    /// Registry: `Services\HTTP\Parameters`.
    RegistryHttp,
    /// Registry: the SCHANNEL key.
    RegistrySchannel,
    /// Registry: both.
    RegistryBoth,
    /// Registry: neither, but the key that holds the version of Windows.
    RegistryWindows,
}

/// Tells what a text is; `None` for everything that is none of these.
pub fn recognise_text(text: &str) -> Option<TextKind> {
    let mut end = text.len().min(HEAD);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = &text[..end];
    let start = head.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    if start.starts_with('<') {
        return None;
    }
    if start.starts_with('{') || (start.starts_with('[') && start[1..].trim_start().starts_with(['{', ']'])) {
        return is_json(start).then_some(TextKind::ListingJson);
    }
    registry(text, start)
        .or_else(|| httpcfg::is_httpcfg(start).then_some(TextKind::Httpcfg))
        .or_else(|| is_listing(start).then_some(TextKind::Listing))
}

fn registry(text: &str, start: &str) -> Option<TextKind> {
    let export = start.starts_with("Windows Registry Editor") || start.starts_with("REGEDIT4");
    let (mut http, mut schannel, mut windows) = (false, false, false);
    for line in if export { text } else { start }.lines() {
        let line = line.trim_start().trim_start_matches(['[', '-']);
        let is_key = line.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("HKEY_") || head.eq_ignore_ascii_case("HKLM\\"))
            || line.get(..6).is_some_and(|head| head.eq_ignore_ascii_case("PSPath"));
        if is_key {
            let lower = line.to_ascii_lowercase();
            http |= lower.contains("\\services\\http\\parameters");
            schannel |= lower.contains("\\securityproviders\\schannel");
            windows |= lower.trim_end_matches([']', '\\']).ends_with("\\windows nt\\currentversion");
        }
        if http && schannel {
            break;
        }
    }
    match (http, schannel) {
        (true, true) => Some(TextKind::RegistryBoth),
        (true, false) => Some(TextKind::RegistryHttp),
        (false, true) => Some(TextKind::RegistrySchannel),
        (false, false) => windows.then_some(TextKind::RegistryWindows),
    }
}

/// Two different names that only such a listing has.
fn is_json(start: &str) -> bool {
    let mut found: Vec<words::Label> = Vec::new();
    for name in start.split('"').skip(1).step_by(2).filter(|name| name.len() < 80) {
        found.extend(words::squeezed_label(name).filter(|label| !found.contains(label)));
    }
    let has = |wanted: words::Label| found.contains(&wanted);
    found.len() >= 2 && (has(words::Label::Hash) || has(words::Label::AppId))
}

fn is_listing(start: &str) -> bool {
    let (mut key, mut hash, mut id) = (None, None, None);
    let mut heading = false;
    let mut before = "";
    for (number, line) in start.lines().map(str::trim).filter(|line| !line.is_empty()).enumerate() {
        let near = |at: Option<usize>| at.is_some_and(|at| number - at <= 4);
        if line.eq_ignore_ascii_case("SSL Certificate bindings:") {
            return true;
        }
        heading |= netsh::is_rule(line) && before.contains("SSL") && before.ends_with([':', '：']);
        before = line;
        let english = words::english(line).map(|(label, _)| label);
        let value = netsh::split(line).map_or("", |(_, value)| value);
        match english {
            Some(words::Label::Key(_)) => key = Some(number),
            Some(words::Label::Hash) if near(key) => return true,
            Some(words::Label::AppId) if near(key) => return true,
            _ if record::parse_hash(value).is_some() => hash = Some(number),
            _ if record::parse_guid(value).is_some() => id = Some(number),
            _ if record::parse_key(value).is_some() => key = Some(number),
            _ => {}
        }
        if near(key) && near(hash) && (near(id) || heading) || heading && near(key) {
            return true;
        }
    }
    // Usage text is short; a long text that names these words is about something else.
    // A recorded session of this program prints such commands, too.
    start.len() < 8192
        && !start.trim_start().starts_with("$ iisaudit")
        && start.lines().take(60).any(|line| line.contains("sslcert") || line.contains("hostnameport ccs"))
        && netsh::is_help(start.lines())
}

#[cfg(test)]
mod tests {
    use super::*;

    const O02: &str = include_str!("../../tests/fixtures/netsh/o02_2022_sni_drift_and_ccs.txt");
    const O04: &str = include_str!("../../tests/fixtures/netsh/o04_regquery_sslbindinginfo.txt");

    const O05: &str = include_str!("../../tests/fixtures/netsh/o05_2003_httpcfg_query_ssl.txt");

    #[test]
    fn each_kind_is_told_by_its_content() {
        let schannel = "HKLM\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL\n    EventLogging    REG_DWORD    0x1\n";
        let version =
            "\r\nHKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\r\n    CurrentBuildNumber    REG_SZ    17763\r\n\r\n";
        for (text, kind) in [
            (O02.to_owned(), Some(TextKind::Listing)),
            (O02.replace("SSL Certificate bindings:", ""), Some(TextKind::Listing)),
            (O04.to_owned(), Some(TextKind::RegistryHttp)),
            (schannel.to_owned(), Some(TextKind::RegistrySchannel)),
            (format!("{O04}{schannel}"), Some(TextKind::RegistryBoth)),
            (format!("{version}{schannel}"), Some(TextKind::RegistrySchannel)),
            (version.to_owned(), Some(TextKind::RegistryWindows)),
            (version.replace("CurrentVersion", "CurrentVersion\\Fonts"), None),
            ("[{\"IPPort\": \"0.0.0.0:443\", \"CertificateHash\": \"\"}]".to_owned(), Some(TextKind::ListingJson)),
            ("Usage: add sslcert ipport=<x>\n certhash=<x>\n appid=<GUID>\n".to_owned(), Some(TextKind::Listing)),
            (O05.to_owned(), Some(TextKind::Httpcfg)),
            (format!("C:\\>httpcfg query ssl\r\n{O05}"), Some(TextKind::Httpcfg)),
            ("HttpQueryServiceConfiguration completed with 1168.\r\n".to_owned(), Some(TextKind::Httpcfg)),
            ("{\"name\": \"package\", \"host\": \"x\"}".to_owned(), None),
            ("<configuration><!-- SSL Certificate bindings: --></configuration>".to_owned(), None),
            ("Windows Registry Editor Version 5.00\n\n[HKEY_CURRENT_USER\\Software]\n\"a\"=\"b\"\n".to_owned(), None),
            ("Hello: world\nTime : 12:30\n".to_owned(), None),
            (String::new(), None),
        ] {
            assert_eq!(recognise_text(&text), kind, "{text}");
        }
    }

    #[test]
    fn a_listing_in_another_language_is_known_by_its_shape() {
        let text = "\r\n    IP:端口                      : 0.0.0.0:443\r\n    证书哈希                     : 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9\r\n    \
                    应用程序 ID                  : {4dc3e181-e14b-4a21-b022-59fc669b0914}\r\n";
        assert_eq!(recognise_text(text), Some(TextKind::Listing));
    }

    #[test]
    fn keys_far_behind_in_an_export_are_found() {
        let text = format!("Windows Registry Editor Version 5.00\n{}[{}]\n", "\"a\"=\"b\"\n".repeat(20_000), O04.lines().nth(1).unwrap());
        assert_eq!(recognise_text(&text), Some(TextKind::RegistryHttp));
    }
}
