//! Commands for `appcmd.exe`, the configuration tool of IIS 7 and later.
//!
//! Attributes are written as `/name:"value"`: for the C runtime that is one argument with quotes in its middle, so the rules of [`super`]
//! hold for the value alone. A location that begins like an option, or like the name of a level or a URL, would not be taken for a site and
//! has no command. Elements of a collection are found by predicates such as `[name='Shop']`. No escape for an apostrophe is documented
//! there, so a text with one has no command; colons, commas and brackets stand inside the apostrophes (colons do so in the vendor's samples).

use super::quote::{Program, argument, is_word, line, quoted};
use super::{Lines, powershell};

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
/// be brought through any shell and the program unchanged, as with all of these commands.
pub fn set_config(location: &str, section: &str, attributes: &[(&str, &str)], commit: Commit) -> Option<Lines> {
    let names = attributes.iter().all(|(name, _)| is_word(name) && !name.contains('/'));
    if !names || !is_word(section) || is_misread(location) || (location.is_empty() && commit == Commit::WebConfig) {
        return None;
    }
    let cmd = || {
        let mut command = format!("{APPCMD} set config{} -section:{section}", target(location)?);
        for (name, value) in attributes {
            command.push_str(&format!(" /{name}:{}", argument(value, Program::CRuntime)?));
        }
        line(command + if commit == Commit::AppHost { " /commit:apphost" } else { "" })
    };
    Lines::of(cmd(), powershell::set_config(location, section, attributes, commit == Commit::WebConfig))
}

/// `appcmd clear config`: removes a section from a location in applicationHost.config, so that the inherited values count again.
pub fn clear_config(location: &str, section: &str) -> Option<Lines> {
    let usable = is_word(section) && !is_misread(location);
    line(format!("{APPCMD} clear config{} -section:{section} /commit:apphost", target(location).filter(|_| usable)?)).map(Lines::from)
}

/// `appcmd list config`: shows what is in effect. PowerShell shows `attribute` alone, and nothing without it.
pub fn list_config(location: &str, section: &str, attribute: Option<&str>) -> Option<Lines> {
    if !is_word(section) || is_misread(location) {
        return None;
    }
    let cmd = target(location).and_then(|target| line(format!("{APPCMD} list config{target} -section:{section}")));
    Lines::of(cmd, attribute.filter(|name| is_word(name)).and_then(|attribute| powershell::get_config(location, section, attribute)))
}

/// `appcmd set config` on the list of sites: writes one attribute of a binding.
pub fn set_binding(site: &str, protocol: &str, binding: &str, attribute: &str, value: &str) -> Option<Lines> {
    let target = binding_predicate(site, protocol, binding)?;
    let value = predicate_text(value).filter(|_| is_word(attribute))?;
    change_sites(&format!("/{target}.{attribute}:{value}"))
}

/// `appcmd set config` on the list of sites: removes a binding.
pub fn remove_binding(site: &str, protocol: &str, binding: &str) -> Option<Lines> {
    change_sites(&format!("/-{}", binding_predicate(site, protocol, binding)?))
}

fn change_sites(change: &str) -> Option<Lines> {
    let section = format!("-section:{SITES}");
    let cmd = quoted(change, Program::CRuntime).and_then(|change| line(format!("{APPCMD} set config {section} {change} /commit:apphost")));
    Lines::of(cmd, powershell::appcmd(&["set", "config", &section, change, "/commit:apphost"]))
}

/// `appcmd set config` on the list of sites: writes attributes of elements of a site, such as `logFile.logExtFileFlags`. `None` for the
/// site means `siteDefaults`.
pub fn set_site(site: Option<&str>, attributes: &[(&str, &str)]) -> Option<Lines> {
    if !attributes.iter().all(|(attribute, _)| attribute.split('.').all(|part| is_word(part) && !part.contains('/'))) {
        return None;
    }
    let cmd = || {
        let owner = match site {
            Some(name) => format!("[name='{}']", predicate_text(name)?),
            None => "siteDefaults".to_owned(),
        };
        let mut command = format!("{APPCMD} set config -section:{SITES}");
        for (attribute, value) in attributes {
            command.push_str(&format!(" {}", quoted(&format!("/{owner}.{attribute}:{}", predicate_text(value)?), Program::CRuntime)?));
        }
        line(command + " /commit:apphost")
    };
    Lines::of(cmd(), powershell::set_site(site, attributes))
}

/// `appcmd unlock config`: lets web.config files of all sites hold the section.
pub fn unlock_config(section: &str) -> Option<Lines> {
    if !is_word(section) {
        return None;
    }
    Lines::of(line(format!("{APPCMD} unlock config -section:{section}")), powershell::unlock_config(section))
}

fn binding_predicate(site: &str, protocol: &str, binding: &str) -> Option<String> {
    let (site, protocol, binding) = (predicate_text(site)?, predicate_text(protocol)?, predicate_text(binding)?);
    Some(format!("[name='{site}'].bindings.[protocol='{protocol}',bindingInformation='{binding}']"))
}

/// A text inside the apostrophes of a predicate.
fn predicate_text(text: &str) -> Option<&str> {
    (!text.contains(['\'', '\u{2018}', '\u{2019}', '\u{2bc}', '\u{ff07}'])).then_some(text)
}

fn target(location: &str) -> Option<String> {
    if location.is_empty() { Some(String::new()) } else { Some(format!(" {}", quoted(location, Program::CRuntime)?)) }
}

/// Whether a tool would take the location for something else.
fn is_misread(location: &str) -> bool {
    let first = location.split('/').next().unwrap_or_default();
    let level = first.eq_ignore_ascii_case("MACHINE") || first.ends_with(':');
    level || location.starts_with(['/', '-', '+', '@', '[']) || location.trim() != location
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCESS: &str = "system.webServer/security/access";

    fn cmd(lines: Option<Lines>) -> String {
        lines.unwrap().cmd().unwrap().to_owned()
    }

    #[test]
    fn the_location_and_values_with_blanks_are_quoted() {
        assert_eq!(
            cmd(set_config("Default Web Site/api", ACCESS, &[("sslFlags", "Ssl, SslNegotiateCert")], Commit::AppHost)),
            r#"%windir%\system32\inetsrv\appcmd.exe set config "Default Web Site/api" -section:system.webServer/security/access /sslFlags:"Ssl, SslNegotiateCert" /commit:apphost"#
        );
        assert!(cmd(unlock_config(ACCESS)).ends_with("unlock config -section:system.webServer/security/access"));
        assert!(
            cmd(list_config("", "system.webServer/serverRuntime", None)).ends_with("list config -section:system.webServer/serverRuntime")
        );
    }

    #[test]
    fn a_web_config_is_written_by_a_command_that_names_no_other_file() {
        let command = cmd(set_config("Shop/api", ACCESS, &[("sslFlags", "Ssl")], Commit::WebConfig));
        assert!(command.ends_with(r#"set config "Shop/api" -section:system.webServer/security/access /sslFlags:Ssl"#), "{command}");
        assert_eq!(set_config("", ACCESS, &[("sslFlags", "Ssl")], Commit::WebConfig), None);
    }

    #[test]
    fn a_binding_is_named_by_site_protocol_and_text() {
        assert_eq!(
            cmd(set_binding("My Site", "https", "*:443:www.contoso.com", "sslFlags", "5")),
            r#"%windir%\system32\inetsrv\appcmd.exe set config -section:system.applicationHost/sites "/[name='My Site'].bindings.[protocol='https',bindingInformation='*:443:www.contoso.com'].sslFlags:5" /commit:apphost"#
        );
        assert!(cmd(remove_binding("S", "https", "*:443:")).contains(r#" "/-[name='S'].bindings.["#));
    }

    #[test]
    fn an_element_of_a_site_or_of_the_defaults_is_named_by_its_path() {
        assert_eq!(
            cmd(set_site(Some("My Site"), &[("logFile.logExtFileFlags", "Date,HttpSubStatus")])),
            r#"%windir%\system32\inetsrv\appcmd.exe set config -section:system.applicationHost/sites "/[name='My Site'].logFile.logExtFileFlags:Date,HttpSubStatus" /commit:apphost"#
        );
        let command = cmd(set_site(None, &[("hsts.enabled", "true"), ("hsts.max-age", "5")]));
        assert!(command.contains(r#" "/siteDefaults.hsts.enabled:true" "/siteDefaults.hsts.max-age:5" "#), "{command}");
        for (site, attribute, value) in
            [("O'Reilly \"x\"", "hsts.enabled", "true"), ("S", "hsts. enabled", "true"), ("S", "hsts.enabled", "'\n")]
        {
            assert_eq!(set_site(Some(site), &[(attribute, value)]), None);
        }
    }

    #[test]
    fn a_binding_that_no_quoting_brings_through_has_no_command() {
        for text in ["O'Reilly", "a\"b", "a\nb", "O’Reilly"] {
            assert_eq!(remove_binding(text, "https", "*:443:"), None, "{text}");
            assert_eq!(set_binding("S", "https", "*:443:", "bindingInformation", text), None, "{text}");
        }
    }

    #[test]
    fn what_only_powershell_can_carry_has_a_command_for_it_alone() {
        for lines in [
            set_config("50% off", ACCESS, &[("sslFlags", "Ssl")], Commit::AppHost),
            set_site(Some("O'Reilly"), &[("hsts.enabled", "true")]),
            remove_binding("%PATH%", "https", "*:443:"),
        ] {
            let lines = lines.unwrap();
            assert!(lines.cmd().is_none() && lines.powershell().is_some(), "{lines:?}");
        }
    }

    #[test]
    fn a_location_or_section_that_appcmd_would_take_for_something_else_has_no_command() {
        for location in ["/api", "-x", "MACHINE/WEBROOT", "http://shop/", " a", "“a”"] {
            assert_eq!(list_config(location, ACCESS, Some("sslFlags")), None, "{location}");
        }
        for section in ["", "a b", "x\" & calc", "-x", "system.webServer/%x%"] {
            assert_eq!(unlock_config(section), None, "{section}");
        }
        assert_eq!(set_config("S", ACCESS, &[("a:b", "1")], Commit::AppHost), None);
    }
}
