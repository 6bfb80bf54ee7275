//! Commands for `appcmd.exe`, the configuration tool of IIS 7 and later.
//!
//! Attributes are written as `/name:"value"`: for the C runtime that is one argument with quotes in its middle, so the rules of [`super`]
//! hold for the value alone. A location that begins like an option, or like the name of a level or a URL, would not be taken for a site and
//! has no command. Elements of a collection are found by predicates such as `[name='Shop']`. No escape for an apostrophe is documented
//! there, so a text with one has no command; colons, commas and brackets stand inside the apostrophes (colons do so in the vendor's samples).

use super::quote::{Program, argument, is_word, line, quoted};

const APPCMD: &str = r"%windir%\system32\inetsrv\appcmd.exe";
const SITES: &str = "system.applicationHost/sites";

/// Which file a change is written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commit {
    /// A location of applicationHost.config, where locked sections can be written.
    AppHost,
    /// The web.config of the path, which outranks applicationHost.config where the section is not locked.
    WebConfig,
}

/// `appcmd set config`: writes attributes of a section for a location. An empty `location` is the server level. `None` when a text cannot
/// be brought through cmd.exe and appcmd unchanged, as with all of these commands.
pub fn set_config(location: &str, section: &str, attributes: &[(&str, &str)], commit: Commit) -> Option<String> {
    let mut command = format!("{APPCMD} set config{} {}", target(location)?, section_option(section)?);
    for (name, value) in attributes {
        if !is_word(name) || name.contains('/') {
            return None;
        }
        command.push_str(&format!(" /{name}:{}", argument(value, Program::CRuntime)?));
    }
    match commit {
        Commit::AppHost => command.push_str(" /commit:apphost"),
        // Without a location there is no path whose web.config could be meant.
        Commit::WebConfig if location.is_empty() => return None,
        Commit::WebConfig => {}
    }
    line(command)
}

/// `appcmd clear config`: removes a section from a location in applicationHost.config, so that the inherited values count again.
pub fn clear_config(location: &str, section: &str) -> Option<String> {
    line(format!("{APPCMD} clear config{} {} /commit:apphost", target(location)?, section_option(section)?))
}

/// `appcmd list config`: shows what is in effect.
pub fn list_config(location: &str, section: &str) -> Option<String> {
    line(format!("{APPCMD} list config{} {}", target(location)?, section_option(section)?))
}

/// `appcmd set config` on the list of sites: writes one attribute of a binding.
pub fn set_binding(site: &str, protocol: &str, binding: &str, attribute: &str, value: &str) -> Option<String> {
    let target = binding_predicate(site, protocol, binding)?;
    let value = predicate_text(value).filter(|_| is_word(attribute))?;
    let change = quoted(&format!("/{target}.{attribute}:{value}"), Program::CRuntime)?;
    line(format!("{APPCMD} set config -section:{SITES} {change} /commit:apphost"))
}

/// `appcmd set config` on the list of sites: removes a binding.
pub fn remove_binding(site: &str, protocol: &str, binding: &str) -> Option<String> {
    let change = quoted(&format!("/-{}", binding_predicate(site, protocol, binding)?), Program::CRuntime)?;
    line(format!("{APPCMD} set config -section:{SITES} {change} /commit:apphost"))
}

/// `appcmd set config` on the list of sites: writes attributes of elements of a site, such as `logFile.logExtFileFlags`. `None` for the
/// site means `siteDefaults`.
pub fn set_site(site: Option<&str>, attributes: &[(&str, &str)]) -> Option<String> {
    let owner = match site {
        Some(name) => format!("[name='{}']", predicate_text(name)?),
        None => "siteDefaults".to_owned(),
    };
    let mut command = format!("{APPCMD} set config -section:{SITES}");
    for (attribute, value) in attributes {
        let value = predicate_text(value).filter(|_| attribute.split('.').all(|part| is_word(part) && !part.contains('/')))?;
        command.push_str(&format!(" {}", quoted(&format!("/{owner}.{attribute}:{value}"), Program::CRuntime)?));
    }
    line(command + " /commit:apphost")
}

/// `appcmd unlock config`: lets web.config files of all sites hold the section.
pub fn unlock_config(section: &str) -> Option<String> {
    line(format!("{APPCMD} unlock config {}", section_option(section)?))
}

fn binding_predicate(site: &str, protocol: &str, binding: &str) -> Option<String> {
    let (site, protocol, binding) = (predicate_text(site)?, predicate_text(protocol)?, predicate_text(binding)?);
    Some(format!("[name='{site}'].bindings.[protocol='{protocol}',bindingInformation='{binding}']"))
}

/// A text inside the apostrophes of a predicate.
fn predicate_text(text: &str) -> Option<&str> {
    (!text.contains(['\'', '\u{2018}', '\u{2019}', '\u{2bc}', '\u{ff07}'])).then_some(text)
}

fn section_option(section: &str) -> Option<String> {
    is_word(section).then(|| format!("-section:{section}"))
}

fn target(location: &str) -> Option<String> {
    if location.is_empty() {
        return Some(String::new());
    }
    let first = location.split('/').next().unwrap_or_default();
    let level = first.eq_ignore_ascii_case("MACHINE") || first.ends_with(':');
    let misread = level || location.starts_with(['/', '-', '+', '@', '[']) || location.trim() != location;
    if misread { None } else { Some(format!(" {}", quoted(location, Program::CRuntime)?)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCESS: &str = "system.webServer/security/access";

    #[test]
    fn the_location_and_values_with_blanks_are_quoted() {
        assert_eq!(
            set_config("Default Web Site/api", ACCESS, &[("sslFlags", "Ssl, SslNegotiateCert")], Commit::AppHost).unwrap(),
            r#"%windir%\system32\inetsrv\appcmd.exe set config "Default Web Site/api" -section:system.webServer/security/access /sslFlags:"Ssl, SslNegotiateCert" /commit:apphost"#
        );
        assert!(unlock_config(ACCESS).unwrap().ends_with("unlock config -section:system.webServer/security/access"));
        assert!(
            list_config("", "system.webServer/serverRuntime").unwrap().ends_with("list config -section:system.webServer/serverRuntime")
        );
    }

    #[test]
    fn a_web_config_is_written_by_a_command_that_names_no_other_file() {
        let command = set_config("Shop/api", ACCESS, &[("sslFlags", "Ssl")], Commit::WebConfig).unwrap();
        assert!(command.ends_with(r#"set config "Shop/api" -section:system.webServer/security/access /sslFlags:Ssl"#), "{command}");
        assert_eq!(set_config("", ACCESS, &[("sslFlags", "Ssl")], Commit::WebConfig), None);
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
    fn an_element_of_a_site_or_of_the_defaults_is_named_by_its_path() {
        assert_eq!(
            set_site(Some("My Site"), &[("logFile.logExtFileFlags", "Date,HttpSubStatus")]).unwrap(),
            r#"%windir%\system32\inetsrv\appcmd.exe set config -section:system.applicationHost/sites "/[name='My Site'].logFile.logExtFileFlags:Date,HttpSubStatus" /commit:apphost"#
        );
        let command = set_site(None, &[("hsts.enabled", "true"), ("hsts.max-age", "5")]).unwrap();
        assert!(command.contains(r#" "/siteDefaults.hsts.enabled:true" "/siteDefaults.hsts.max-age:5" "#), "{command}");
        for (site, attribute, value) in [("O'Reilly", "hsts.enabled", "true"), ("S", "hsts. enabled", "true"), ("S", "hsts.enabled", "'\n")]
        {
            assert_eq!(set_site(Some(site), &[(attribute, value)]), None);
        }
    }

    #[test]
    fn a_binding_that_no_quoting_brings_through_has_no_command() {
        for text in ["O'Reilly", "a\"b", "%PATH%", "a\nb", "O’Reilly"] {
            assert_eq!(remove_binding(text, "https", "*:443:"), None, "{text}");
            assert_eq!(set_binding("S", "https", "*:443:", "bindingInformation", text), None, "{text}");
        }
    }

    #[test]
    fn a_location_or_section_that_appcmd_would_take_for_something_else_has_no_command() {
        for location in ["/api", "-x", "MACHINE/WEBROOT", "http://shop/", "a\"b", "50% off", " a", "“a”"] {
            assert_eq!(list_config(location, ACCESS), None, "{location}");
        }
        for section in ["", "a b", "x\" & calc", "-x", "system.webServer/%x%"] {
            assert_eq!(unlock_config(section), None, "{section}");
        }
        assert_eq!(set_config("S", ACCESS, &[("a:b", "1")], Commit::AppHost), None);
    }
}
