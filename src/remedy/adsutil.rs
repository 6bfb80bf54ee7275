//! Commands for `adsutil.vbs`, the metabase tool of IIS 6. Whole lists and whole flag words are replaced, so read the old value first.
//!
//! The script runs in cscript, which knows no way to write a quote inside an argument (see [`super`]). The script itself takes what stands
//! behind the last `/` of a path for the property, and turns each `\` of a path into `/`: a key with a backslash is out of its reach. An
//! argument that begins with `-` or `/` can be taken for an option. In all these cases there is no command.

use super::quote::{Program, argument, is_word, line, quoted};

/// How the script is started from any directory. The folder is `AdminScripts`.
const ADSUTIL: &str = r"cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs";

/// `adsutil get`: shows one property. `key` is a metabase key such as `/LM/W3SVC/1/ROOT`. `None` when a text cannot be brought through
/// cmd.exe and the script unchanged, as with all of these commands.
pub fn get(key: &str, property: &str) -> Option<String> {
    line(format!("{ADSUTIL} get {}", target(key, property)?))
}

/// `adsutil set`: writes one property.
pub fn set(key: &str, property: &str, value: &str) -> Option<String> {
    if is_option(value) {
        return None;
    }
    let (target, value) = (target(key, property)?, argument(value, Program::Script)?);
    // Put together by hand: there can be thousands of such lines, and formatting costs several times as much.
    line([ADSUTIL, " set ", &target, " ", &value].concat())
}

/// `adsutil set` for a list, such as `SecureBindings`: the list is replaced whole.
pub fn set_list(key: &str, property: &str, items: &[&str]) -> Option<String> {
    if items.is_empty() {
        return None;
    }
    let mut command = format!("{ADSUTIL} set {}", target(key, property)?);
    for item in items {
        if is_option(item) {
            return None;
        }
        command.push(' ');
        command.push_str(&quoted(item, Program::Script)?);
    }
    line(command)
}

/// `adsutil delete`: removes one property, so that the inherited value counts again.
pub fn delete(key: &str, property: &str) -> Option<String> {
    line(format!("{ADSUTIL} delete {}", target(key, property)?))
}

/// Key and property as one argument.
fn target(key: &str, property: &str) -> Option<String> {
    let key = relative(key);
    let reachable = !key.is_empty() && !key.contains('\\') && !key.ends_with('/') && !is_option(key) && !property.contains('/');
    (reachable && is_word(property)).then(|| argument(&[key, "/", property].concat(), Program::Script)).flatten()
}

fn is_option(text: &str) -> bool {
    text.starts_with(['-', '/'])
}

/// The key as adsutil names it: relative to the computer, in the letter case of the file.
fn relative(key: &str) -> &str {
    let key = key.trim_start_matches('/');
    match key.get(..3) {
        Some(prefix) if prefix.eq_ignore_ascii_case("LM/") => &key[3..],
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_relative_and_arguments_with_blanks_are_quoted() {
        assert!(set("/LM/W3SVC/690402", "CertCheckMode", "0").unwrap().ends_with("adsutil.vbs set W3SVC/690402/CertCheckMode 0"));
        assert!(get("/LM/W3SVC/1/ROOT/my app", "AccessSSLFlags").unwrap().ends_with("get \"W3SVC/1/ROOT/my app/AccessSSLFlags\""));
        assert!(delete("/lm/w3svc/1/ROOT", "CertCheckMode").unwrap().ends_with("delete w3svc/1/ROOT/CertCheckMode"));
    }

    #[test]
    fn a_key_that_the_script_would_misread_has_no_command() {
        for key in ["/LM/W3SVC/1/ROOT/a\"b", "/LM/W3SVC/1/ROOT/%TEMP%", r"/LM/W3SVC/1/ROOT/a\b", "/LM/W3SVC/1/", "", "/LM/-s:other"] {
            assert_eq!(get(key, "AccessSSLFlags"), None, "{key}");
            assert_eq!(set(key, "AccessSSLFlags", "8"), None, "{key}");
            assert_eq!(delete(key, "AccessSSLFlags"), None, "{key}");
        }
        for value in ["a\"b", "%x%", "-s:other", "//b", r"my store\"] {
            assert_eq!(set("/LM/W3SVC/1", "SslCtlStoreName", value), None, "{value}");
        }
        assert_eq!(set("/LM/W3SVC/1", "Bad Name", "1"), None);
    }

    #[test]
    fn a_list_is_written_whole_with_every_item_quoted() {
        let command = set_list("/LM/W3SVC/7", "SecureBindings", &[":443:www.contoso.com", "10.0.0.5:8443:"]).unwrap();
        assert!(command.ends_with(r#"set W3SVC/7/SecureBindings ":443:www.contoso.com" "10.0.0.5:8443:""#), "{command}");
        assert_eq!(set_list("/LM/W3SVC/7", "SecureBindings", &[":443:\" & calc"]), None);
        assert_eq!(set_list("/LM/W3SVC/7", "SecureBindings", &[":443:%PATH%"]), None);
        assert_eq!(set_list("/LM/W3SVC/7", "SecureBindings", &[]), None);
        assert_eq!(set_list("/LM/W3SVC/7", "SecureBindings", &[":443:www.contoso.com"; 400]), None);
    }
}
