//! Commands for `adsutil.vbs`, the metabase tool of IIS 6. Whole lists and whole flag words are replaced, so read the old value first.

/// How the script is started from any directory. The folder is `AdminScripts`.
const ADSUTIL: &str = r"cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs";

/// `adsutil get`: shows one property. `key` is a metabase key such as `/LM/W3SVC/1/ROOT`.
pub fn get(key: &str, property: &str) -> String {
    format!("{ADSUTIL} get {}", quote(&format!("{}/{property}", relative(key))))
}

/// `adsutil set`: writes one property.
pub fn set(key: &str, property: &str, value: &str) -> String {
    format!("{ADSUTIL} set {} {}", quote(&format!("{}/{property}", relative(key))), quote(value))
}

/// `adsutil set` for a list, such as `SecureBindings`: the list is replaced whole. `None` when an item holds a character that no quoting
/// brings through cmd.exe and the script unchanged.
pub fn set_list(key: &str, property: &str, items: &[&str]) -> Option<String> {
    let safe = |item: &&str| !item.contains(|c: char| c.is_control() || matches!(c, '"' | '%'));
    if items.is_empty() || !items.iter().all(safe) {
        return None;
    }
    let mut command = format!("{ADSUTIL} set {}", quote(&format!("{}/{property}", relative(key))));
    for item in items {
        command.push_str(&format!(" \"{item}\""));
    }
    Some(command)
}

/// `adsutil delete`: removes one property, so that the inherited value counts again.
pub fn delete(key: &str, property: &str) -> String {
    format!("{ADSUTIL} delete {}", quote(&format!("{}/{property}", relative(key))))
}

/// The key as adsutil names it: relative to the computer, in the letter case of the file.
fn relative(key: &str) -> &str {
    let key = key.trim_start_matches('/');
    match key.get(..3) {
        Some(prefix) if prefix.eq_ignore_ascii_case("LM/") => &key[3..],
        _ => key,
    }
}

/// Quotes an argument for cmd.exe when it needs it. A quote cannot stand in a metabase key that adsutil reaches, so it is doubled.
pub(super) fn quote(argument: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | '\\' | '*');
    if !argument.is_empty() && argument.chars().all(plain) { argument.to_owned() } else { format!("\"{}\"", argument.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_relative_and_arguments_with_blanks_are_quoted() {
        assert!(set("/LM/W3SVC/690402", "CertCheckMode", "0").ends_with("adsutil.vbs set W3SVC/690402/CertCheckMode 0"));
        assert!(get("/LM/W3SVC/1/ROOT/my app", "AccessSSLFlags").ends_with("get \"W3SVC/1/ROOT/my app/AccessSSLFlags\""));
        assert!(delete("/lm/w3svc/1/ROOT", "CertCheckMode").ends_with("delete w3svc/1/ROOT/CertCheckMode"));
    }

    #[test]
    fn a_list_is_written_whole_with_every_item_quoted() {
        let command = set_list("/LM/W3SVC/7", "SecureBindings", &[":443:www.contoso.com", "10.0.0.5:8443:"]).unwrap();
        assert!(command.ends_with(r#"set W3SVC/7/SecureBindings ":443:www.contoso.com" "10.0.0.5:8443:""#), "{command}");
        assert_eq!(set_list("/LM/W3SVC/7", "SecureBindings", &[":443:\" & calc"]), None);
        assert_eq!(set_list("/LM/W3SVC/7", "SecureBindings", &[":443:%PATH%"]), None);
        assert_eq!(set_list("/LM/W3SVC/7", "SecureBindings", &[]), None);
    }
}
