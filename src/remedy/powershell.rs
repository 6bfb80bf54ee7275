//! Commands for a prompt of PowerShell: the cmdlets of the module WebAdministration, and programs.
//!
//! A text stands in single quotes, where nothing but a single quote acts. PowerShell takes the typographic ones (U+2018 to U+201B) for
//! single quotes as well, so all of them are doubled. Percent signs, dollars, backticks and ampersands are plain there. As with
//! [`super::quote`], a text that the console would change when the line is pasted, or that reports print in another form, has no command.
//!
//! Three kinds of texts are more than texts to a cmdlet. `-PSPath` and `-Location` name a place, and the documentation does not say of
//! every cmdlet whether `*`, `?`, brackets and backticks are wildcards there: a place with one has no command. `-Filter` is an XPath
//! expression in which names stand in double quotes, as in the vendor's samples; XPath knows no escape for that quote, the cmdlets are known
//! to fail at braces, and they support wildcards without saying where: a name with one of these has no command. So bindings, of which most
//! hold a `*`, are changed with appcmd from PowerShell, too.
//!
//! Windows PowerShell puts double quotes round an argument of a program that holds blanks and escapes nothing, so for programs all is refused
//! that [`super::quote`] refuses, but for the percent sign; so is a backslash at the end. A word that begins with `-` and holds a point or
//! colon would be split, so it stands in quotes.

use super::quote::{line, reaches_program};
use crate::report::escape;

/// The level of applicationHost.config.
const APPHOST: &str = "MACHINE/WEBROOT/APPHOST";
const APPCMD: &str = r"& $env:windir\system32\inetsrv\appcmd.exe";

/// `Set-WebConfigurationProperty` for a location of applicationHost.config, or for the web.config of that path. Several attributes make
/// several statements.
pub(super) fn set_config(location: &str, section: &str, attributes: &[(&str, &str)], web_config: bool) -> Option<String> {
    let place = match (location, web_config) {
        ("", true) => return None,
        ("", false) => format!("-PSPath '{APPHOST}'"),
        (_, true) => format!("-PSPath {}", place(&format!("{APPHOST}/{location}"))?),
        (_, false) => format!("-PSPath '{APPHOST}' -Location {}", place(location)?),
    };
    let statements = attributes.iter().map(|(name, value)| set(&place, section, name, value));
    line(statements.collect::<Option<Vec<_>>>()?.join("; "))
}

/// `Get-WebConfigurationProperty`: what is in effect.
pub(super) fn get_config(location: &str, section: &str, attribute: &str) -> Option<String> {
    let place = match location {
        "" => quoted(APPHOST)?,
        _ => place(&format!("{APPHOST}/{location}"))?,
    };
    let (element, name) = element(section, attribute);
    line(format!("Get-WebConfigurationProperty -PSPath {place} -Filter {} -Name {}", quoted(&element)?, quoted(name)?))
}

/// `Set-WebConfigurationProperty` on elements of a site, or of `siteDefaults`.
pub(super) fn set_site(site: Option<&str>, attributes: &[(&str, &str)]) -> Option<String> {
    let owner = match site {
        Some(name) => format!("system.applicationHost/sites/site[@name=\"{}\"]", name_in_filter(name)?),
        None => "system.applicationHost/sites/siteDefaults".to_owned(),
    };
    let place = format!("-PSPath '{APPHOST}'");
    let statements = attributes.iter().map(|(name, value)| set(&place, &owner, name, value));
    line(statements.collect::<Option<Vec<_>>>()?.join("; "))
}

/// `Set-WebConfiguration -Metadata overrideMode`: lets web.config files of all sites hold the section.
pub(super) fn unlock_config(section: &str) -> Option<String> {
    line(format!("Set-WebConfiguration -PSPath '{APPHOST}' -Filter {} -Metadata 'overrideMode' -Value 'Allow'", quoted(section)?))
}

/// appcmd with arguments.
pub(super) fn appcmd(arguments: &[&str]) -> Option<String> {
    line(program(APPCMD, arguments)?)
}

/// netsh with arguments.
pub(super) fn netsh(arguments: &[&str]) -> Option<String> {
    line(program("netsh", arguments)?)
}

fn program(name: &str, arguments: &[&str]) -> Option<String> {
    let mut command = name.to_owned();
    for argument in arguments {
        if !reaches_program(argument) || argument.is_empty() || argument.ends_with('\\') {
            return None;
        }
        command.push(' ');
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'=' | b'.' | b':' | b'-' | b'/');
        match argument.starts_with(|c: char| c.is_ascii_alphabetic()) && argument.bytes().all(plain) {
            true => command.push_str(argument),
            false => command.push_str(&quoted(argument)?),
        }
    }
    Some(command)
}

fn set(place: &str, owner: &str, attribute: &str, value: &str) -> Option<String> {
    let (element, name) = element(owner, attribute);
    // A number is a number for the cmdlet, as its schema wants it.
    let value = match value.parse::<i32>() {
        Ok(number) if number >= 0 && number.to_string() == value => value.to_owned(),
        _ => quoted(value)?,
    };
    Some(format!("Set-WebConfigurationProperty {place} -Filter {} -Name {} -Value {value}", quoted(&element)?, quoted(name)?))
}

/// The element and the attribute of a dotted name.
fn element<'a>(owner: &str, attribute: &'a str) -> (String, &'a str) {
    match attribute.rsplit_once('.') {
        Some((below, name)) => (format!("{owner}/{}", below.replace('.', "/")), name),
        None => (owner.to_owned(), attribute),
    }
}

/// A place in single quotes.
fn place(text: &str) -> Option<String> {
    if text.contains(['*', '?', '[', ']', '`', '\\']) { None } else { quoted(text) }
}

/// A name inside the double quotes of a filter.
fn name_in_filter(text: &str) -> Option<&str> {
    (!text.contains(['"', '{', '}', '*', '?', '[', ']', '`'])).then_some(text)
}

/// The text in single quotes.
fn quoted(text: &str) -> Option<String> {
    // The console changes these when the line is pasted.
    let changed = |c: char| matches!(c, '\u{a0}' | '\u{202f}' | '\u{2013}' | '\u{2014}' | '\u{201c}' | '\u{201d}');
    if text.contains(changed) || escape::terminal(text) != text {
        return None;
    }
    let mut out = String::from("'");
    for c in text.chars() {
        out.push(c);
        if matches!(c, '\'' | '\u{2018}'..='\u{201b}') {
            out.push(c);
        }
    }
    out.push('\'');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCESS: &str = "system.webServer/security/access";

    #[test]
    fn a_location_of_application_host_is_named_beside_its_file_and_a_web_config_by_its_path() {
        assert_eq!(
            set_config("Default Web Site/api", ACCESS, &[("sslFlags", "Ssl,SslRequireCert")], false).unwrap(),
            "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Location 'Default Web Site/api' \
             -Filter 'system.webServer/security/access' -Name 'sslFlags' -Value 'Ssl,SslRequireCert'"
        );
        assert_eq!(
            set_config("Shop", "system.webServer/serverRuntime", &[("uploadReadAheadSize", "49152")], true).unwrap(),
            "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST/Shop' -Filter 'system.webServer/serverRuntime' \
             -Name 'uploadReadAheadSize' -Value 49152"
        );
        assert!(!set_config("", ACCESS, &[("sslFlags", "Ssl")], false).unwrap().contains("-Location"));
        assert_eq!(set_config("", ACCESS, &[("sslFlags", "Ssl")], true), None);
    }

    #[test]
    fn every_kind_of_single_quote_is_doubled_and_other_signs_are_plain() {
        let command = set_config("O'Reilly’s ‘a‚b‛ $x `n & 100% {g}", ACCESS, &[("sslFlags", "Ssl")], false);
        assert_eq!(command, None, "a backtick may escape a wildcard");
        let command = set_config("O'Reilly’s ‘a‚b‛ $x & 100% {g}, h", ACCESS, &[("sslFlags", "Ssl")], false).unwrap();
        assert!(command.contains("-Location 'O''Reilly’’s ‘‘a‚‚b‛‛ $x & 100% {g}, h' "), "{command}");
    }

    #[test]
    fn what_the_console_changes_or_a_cmdlet_could_expand_has_no_command() {
        for location in ["a*", "a?", "[a]", "a`b", "“a”", "a – b", "a\u{a0}b", "a\nb", "a\u{202e}b", "##[x]"] {
            assert_eq!(set_config(location, ACCESS, &[("sslFlags", "Ssl")], false), None, "{location}");
            assert_eq!(get_config(location, ACCESS, "sslFlags"), None, "{location}");
        }
        for site in ["a\"b", "a{b}", "a*", "[a]", "a`b", "“a”"] {
            assert_eq!(set_site(Some(site), &[("hsts.enabled", "true")]), None, "{site}");
        }
    }

    #[test]
    fn elements_of_a_site_are_found_by_its_name_and_make_a_statement_each() {
        assert_eq!(
            set_site(Some("O'Reilly"), &[("hsts.enabled", "true"), ("hsts.max-age", "31536000")]).unwrap(),
            "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter \
             'system.applicationHost/sites/site[@name=\"O''Reilly\"]/hsts' -Name 'enabled' -Value 'true'; \
             Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter \
             'system.applicationHost/sites/site[@name=\"O''Reilly\"]/hsts' -Name 'max-age' -Value 31536000"
        );
        assert!(
            set_site(None, &[("logFile.enabled", "true")]).unwrap().contains("-Filter 'system.applicationHost/sites/siteDefaults/logFile'")
        );
    }

    #[test]
    fn arguments_of_programs_are_quoted_where_powershell_would_act_and_refused_where_it_cannot_bring_them_through() {
        assert_eq!(netsh(&["http", "appid={1}", "ipport=[::1]:443"]).unwrap(), "netsh http 'appid={1}' 'ipport=[::1]:443'");
        assert_eq!(appcmd(&["-section:a.b", "100%"]).unwrap(), r"& $env:windir\system32\inetsrv\appcmd.exe '-section:a.b' '100%'");
        for bad in ["a\"b", "a b\\", "", "“a”", "a\u{ff02}"] {
            assert_eq!(netsh(&[bad]), None, "{bad}");
        }
    }
}
