//! Commands for `appcmd.exe`, the configuration tool of IIS 7 and later.

use super::adsutil::quote;

const APPCMD: &str = r"%windir%\system32\inetsrv\appcmd.exe";

/// `appcmd set config`: writes attributes of a section for a location, in applicationHost.config, where locked sections can be written.
/// An empty `location` is the server level.
pub fn set_config(location: &str, section: &str, attributes: &[(&str, &str)]) -> String {
    let mut command = format!("{APPCMD} set config{} -section:{section}", target(location));
    for (name, value) in attributes {
        command.push_str(&format!(" /{name}:{}", quote(value)));
    }
    command + " /commit:apphost"
}

/// `appcmd clear config`: removes a section from a location in applicationHost.config, so that the inherited values count again.
pub fn clear_config(location: &str, section: &str) -> String {
    format!("{APPCMD} clear config{} -section:{section} /commit:apphost", target(location))
}

/// `appcmd list config`: shows what is in effect.
pub fn list_config(location: &str, section: &str) -> String {
    format!("{APPCMD} list config{} -section:{section}", target(location))
}

/// `appcmd set config` on the list of sites: writes one attribute of a binding. `None` when a text holds a character for which no
/// quoting inside the predicate is known.
pub fn set_binding(site: &str, protocol: &str, binding: &str, attribute: &str, value: &str) -> Option<String> {
    let target = binding_predicate(site, protocol, binding)?;
    predicate_text(value).map(|value| format!("{APPCMD} set config -section:{SITES} \"/{target}.{attribute}:{value}\" /commit:apphost"))
}

/// `appcmd set config` on the list of sites: removes a binding. `None` as in [`set_binding`].
pub fn remove_binding(site: &str, protocol: &str, binding: &str) -> Option<String> {
    let target = binding_predicate(site, protocol, binding)?;
    Some(format!("{APPCMD} set config -section:{SITES} \"/-{target}\" /commit:apphost"))
}

const SITES: &str = "system.applicationHost/sites";

fn binding_predicate(site: &str, protocol: &str, binding: &str) -> Option<String> {
    let (site, protocol, binding) = (predicate_text(site)?, predicate_text(protocol)?, predicate_text(binding)?);
    Some(format!("[name='{site}'].bindings.[protocol='{protocol}',bindingInformation='{binding}']"))
}

/// A text inside the single quotes of a predicate and the double quotes of cmd.exe, which expands `%` even there.
fn predicate_text(text: &str) -> Option<&str> {
    (!text.contains(|c: char| c.is_control() || matches!(c, '\'' | '"' | '%'))).then_some(text)
}

/// `appcmd unlock config`: lets web.config files of all sites hold the section.
pub fn unlock_config(section: &str) -> String {
    format!("{APPCMD} unlock config -section:{section}")
}

fn target(location: &str) -> String {
    if location.is_empty() { String::new() } else { format!(" \"{}\"", location.replace('"', "\"\"")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_location_and_values_with_blanks_are_quoted() {
        assert_eq!(
            set_config("Default Web Site/api", "system.webServer/security/access", &[("sslFlags", "Ssl, SslNegotiateCert")]),
            r#"%windir%\system32\inetsrv\appcmd.exe set config "Default Web Site/api" -section:system.webServer/security/access /sslFlags:"Ssl, SslNegotiateCert" /commit:apphost"#
        );
        assert!(unlock_config("system.webServer/security/access").ends_with("unlock config -section:system.webServer/security/access"));
        assert!(list_config("", "system.webServer/serverRuntime").ends_with("list config -section:system.webServer/serverRuntime"));
    }

    #[test]
    fn a_binding_is_named_by_site_protocol_and_text() {
        assert_eq!(
            set_binding("My Site", "https", "*:443:www.contoso.com", "sslFlags", "5").unwrap(),
            r#"%windir%\system32\inetsrv\appcmd.exe set config -section:system.applicationHost/sites "/[name='My Site'].bindings.[protocol='https',bindingInformation='*:443:www.contoso.com'].sslFlags:5" /commit:apphost"#
        );
        assert!(remove_binding("S", "https", "*:443:").unwrap().contains(r#" "/-[name='S'].bindings.["#));
    }

    #[test]
    fn a_binding_that_no_quoting_brings_through_has_no_command() {
        for text in ["O'Reilly", "a\"b", "%PATH%", "a\nb"] {
            assert_eq!(remove_binding(text, "https", "*:443:"), None, "{text}");
            assert_eq!(set_binding("S", "https", "*:443:", "bindingInformation", text), None, "{text}");
        }
    }
}
