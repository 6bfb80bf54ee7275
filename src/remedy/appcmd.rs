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
}
