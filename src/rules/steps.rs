//! What to do about a bad state in each generation, as the pages of rules show it: steps with commands in which placeholders stand for
//! what a server calls its own. Findings carry the real commands. What several rules share is written here once.

use serde::Serialize;

/// What to do in each generation.
#[derive(Debug, Clone, Copy)]
pub struct Remedies {
    /// On IIS 6.
    pub iis6: Steps,
    /// On IIS 7 and later, IIS Express included.
    pub iis7: Steps,
}

/// What to do in one generation.
#[derive(Debug, Clone, Copy)]
pub enum Steps {
    /// The rule finds nothing there; why.
    Never(&'static str),
    /// These, in this order.
    Do(&'static [Step]),
}

/// One step.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Step {
    /// What it does.
    pub what: &'static str,
    /// The template of a command for cmd.exe; empty for advice.
    #[serde(rename = "command", skip_serializing_if = "str::is_empty")]
    pub cmd: &'static str,
    /// The same for PowerShell; empty where there is none.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub powershell: &'static str,
}

impl Remedies {
    /// For a rule that finds nothing on IIS 6.
    pub(super) const fn iis7(why_not_6: &'static str, steps: &'static [Step]) -> Self {
        Remedies { iis6: Steps::Never(why_not_6), iis7: Steps::Do(steps) }
    }

    /// For a rule that finds nothing on IIS 7 and later.
    pub(super) const fn iis6(steps: &'static [Step], why_not_7: &'static str) -> Self {
        Remedies { iis6: Steps::Do(steps), iis7: Steps::Never(why_not_7) }
    }

    /// For a rule of both.
    pub(super) const fn both(iis6: &'static [Step], iis7: &'static [Step]) -> Self {
        Remedies { iis6: Steps::Do(iis6), iis7: Steps::Do(iis7) }
    }

    /// For a rule of both whose steps are the same.
    pub(super) const fn any(steps: &'static [Step]) -> Self {
        Remedies { iis6: Steps::Do(steps), iis7: Steps::Do(steps) }
    }
}

/// What stands in templates for something that only the server knows, with what it is. A longer one stands before what is a part of it.
pub const PLACEHOLDERS: &[(&str, &str)] = &[
    (
        "EVERY-OTHER-OPTION",
        "the other options of the record with the values that `netsh http show sslcert` shows; what is left out may be reset",
    ),
    ("NEW-BINDING", "the binding as it is to be: address or `*`, port and host name with a colon between them"),
    ("OPTION=VALUE", "the option with the value that is meant, such as `disablehttp2=enable`"),
    ("PROPERTY", "the name of the property"),
    ("LIST", "the identifier of the certificate trust list"),
    ("IP:PORT:HOST", "the `bindingInformation` as it is written"),
    ("HOST:PORT", "the host name and port of the record"),
    (
        "IP:PORT",
        "the address and port of the record; for a record of a host name write `hostnameport=` with its name and port instead of `ipport=`",
    ),
    ("SITE-ID", "the number of the site in the metabase"),
    ("SITE/PATH", "the site and the URL path below it; the site alone for all of it"),
    ("SITE", "the name of the site"),
    ("PATH", "the URL path below the root of the site; without it and its slash for all of the site"),
    ("HASH", "the 40 digits of the certificate"),
    ("APPID", "the application id of the record"),
    ("STORE", "the store of the certificate, such as `MY`"),
    ("BINDINGS", "all bindings that the list is to hold, each in quotes"),
    ("NUMBER", "the new number"),
    ("FLAGS", "the names of the flags that are to be set, with commas between them"),
    ("FIELDS", "all fields of the log, these two among them"),
];

/// Advice without a command.
pub(super) const fn advice(what: &'static str) -> Step {
    Step { what, cmd: "", powershell: "" }
}

/// The same words for both shells.
pub(super) const fn run(what: &'static str, command: &'static str) -> Step {
    Step { what, cmd: command, powershell: command }
}

/// A command of adsutil; `None` of PowerShell, which IIS 6 does not come with.
macro_rules! adsutil {
    ($what:expr, $command:literal) => {
        $crate::rules::steps::Step {
            what: $what,
            cmd: concat!(r"cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs ", $command),
            powershell: "",
        }
    };
}

/// An attribute of a section at a path.
macro_rules! section {
    ($what:expr, $section:literal, $attribute:literal, number $value:literal) => {
        $crate::rules::steps::section!($what, $section, $attribute, $value, "")
    };
    ($what:expr, $section:literal, $attribute:literal, $value:literal) => {
        $crate::rules::steps::section!($what, $section, $attribute, $value, "'")
    };
    ($what:expr, $section:literal, $attribute:literal, $value:literal, $quote:literal) => {
        $crate::rules::steps::Step {
            what: $what,
            cmd: concat!(
                r#"%windir%\system32\inetsrv\appcmd.exe set config "SITE/PATH" -section:"#,
                $section,
                " /",
                $attribute,
                ":\"",
                $value,
                "\" /commit:apphost"
            ),
            powershell: concat!(
                "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Location 'SITE/PATH' -Filter '",
                $section,
                "' -Name '",
                $attribute,
                "' -Value ",
                $quote,
                $value,
                $quote
            ),
        }
    };
}

/// The value of a section at a path.
macro_rules! look {
    ($what:expr, $section:literal, $attribute:literal) => {
        $crate::rules::steps::Step {
            what: $what,
            cmd: concat!(r#"%windir%\system32\inetsrv\appcmd.exe list config "SITE/PATH" -section:"#, $section),
            powershell: concat!(
                "Get-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST/SITE/PATH' -Filter '",
                $section,
                "' -Name '",
                $attribute,
                "'"
            ),
        }
    };
}

/// An attribute of an element of a site: the element with its points, the same with slashes, the attribute and the value.
macro_rules! site_element {
    ($what:expr, $element:literal, $path:literal, $attribute:literal, number $value:literal) => {
        $crate::rules::steps::site_element!($what, $element, $path, $attribute, $value, "")
    };
    ($what:expr, $element:literal, $path:literal, $attribute:literal, $value:literal) => {
        $crate::rules::steps::site_element!($what, $element, $path, $attribute, $value, "'")
    };
    ($what:expr, $element:literal, $path:literal, $attribute:literal, $value:literal, $quote:literal) => {
        $crate::rules::steps::Step {
            what: $what,
            cmd: concat!(
                r#"%windir%\system32\inetsrv\appcmd.exe set config -section:system.applicationHost/sites "/[name='SITE']."#,
                $element,
                ".",
                $attribute,
                ":",
                $value,
                "\" /commit:apphost"
            ),
            powershell: concat!(
                "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'system.applicationHost/sites/site[@name=\"SITE\"]/",
                $path,
                "' -Name '",
                $attribute,
                "' -Value ",
                $quote,
                $value,
                $quote
            ),
        }
    };
}

/// An attribute of a binding.
macro_rules! binding {
    ($what:expr, $attribute:literal, $value:literal) => {
        $crate::rules::steps::Step {
            what: $what,
            cmd: concat!(
                r#"%windir%\system32\inetsrv\appcmd.exe set config -section:system.applicationHost/sites "/[name='SITE'].bindings.[protocol='https',bindingInformation='IP:PORT:HOST']."#,
                $attribute,
                ":",
                $value,
                "\" /commit:apphost"
            ),
            powershell: concat!(
                r"& $env:windir\system32\inetsrv\appcmd.exe set config '-section:system.applicationHost/sites' '/[name=''SITE''].bindings.[protocol=''https'',bindingInformation=''IP:PORT:HOST''].",
                $attribute,
                ":",
                $value,
                "' /commit:apphost"
            ),
        }
    };
}

/// One option of a record, in the complete command that writes it.
macro_rules! record {
    ($what:expr, $option:literal) => {
        $crate::rules::steps::Step {
            what: $what,
            cmd: concat!(
                "netsh http update sslcert ipport=IP:PORT certhash=HASH appid=\"{APPID}\" certstorename=STORE EVERY-OTHER-OPTION ",
                $option
            ),
            powershell: concat!(
                "netsh http update sslcert ipport=IP:PORT certhash=HASH appid=\"{APPID}\" certstorename=STORE EVERY-OTHER-OPTION ",
                $option
            ),
        }
    };
}

pub(super) use {adsutil, record, section, site_element};

// Why a rule finds nothing in a generation.

/// The metabase knows no such flags.
pub(super) const NO_BINDING_FLAGS: &str = "its bindings have no flags: SNI and the Central Certificate Store came with IIS 8";
/// Records of HTTP.sys are not read for IIS 6.
pub(super) const NO_RECORDS: &str = "its SSL records are made from the metabase when a site starts, and are not read on their own";
/// It concerns XML sections.
pub(super) const NO_SECTIONS: &str = "it has no configuration sections, locations or locks";
/// The benchmarks are for later versions.
pub(super) const NO_BENCHMARK: &str = "neither benchmark judges it";
/// FTP of IIS 6 knows no TLS.
pub(super) const NO_FTPS: &str = "its FTP service knows no TLS and no client certificates";
/// It concerns the metabase.
pub(super) const NO_METABASE: &str = "it has no metabase but that of a compatibility role, which serves no site";

// Steps that look.

/// The access flags on IIS 6.
pub(super) const LOOK_ACCESS_6: Step = adsutil!("shows the flags in effect as one number", "get W3SVC/SITE-ID/ROOT/PATH/AccessSSLFlags");
/// The access flags on IIS 7 and later.
pub(super) const LOOK_ACCESS_7: Step = look!("shows the flags in effect", "system.webServer/security/access", "sslFlags");
/// A record.
pub(super) const SHOW_RECORD: Step =
    run("shows the record with all its options; note them before it is changed", "netsh http show sslcert ipport=IP:PORT");
/// All records.
pub(super) const SHOW_RECORDS: Step = run("shows all records with their options", "netsh http show sslcert");
/// All records of IIS 6.
pub(super) const QUERY_SSL: Step =
    run("shows the records that HTTP.sys really has (`httpcfg` is in the Support Tools)", "httpcfg query ssl");
/// CRLs.
pub(super) const URLFETCH: Step = run(
    "shows on the server whether each address of the chain can be fetched; the file is a client certificate",
    "certutil -verify -urlfetch client.cer",
);
/// The mode on IIS 6.
pub(super) const LOOK_MODE: Step =
    adsutil!("shows the mode of the site; an error means that it inherits", "get W3SVC/SITE-ID/CertCheckMode");
/// The list of secure bindings.
pub(super) const LOOK_BINDINGS: Step = adsutil!("shows the list of secure bindings", "get W3SVC/SITE-ID/SecureBindings");

// Steps that change.

/// The complete list of bindings on IIS 6.
pub(super) const SET_BINDINGS: Step =
    adsutil!("writes the list of secure bindings; it replaces the old one whole", "set W3SVC/SITE-ID/SecureBindings BINDINGS");
/// All of https, asked for and required.
pub(super) const REQUIRE_7: Step = section!(
    "demands https and a client certificate; the list replaces all flags",
    "system.webServer/security/access",
    "sslFlags",
    "Ssl,SslNegotiateCert,SslRequireCert"
);
/// https on IIS 6.
pub(super) const HTTPS_6: Step = adsutil!("demands https and leaves the other flags alone", "set W3SVC/SITE-ID/ROOT/PATH/AccessSSL TRUE");
/// No longer https on IIS 6.
pub(super) const NO_HTTPS_6: Step =
    adsutil!("or stops demanding https, which lets requests over http in", "set W3SVC/SITE-ID/ROOT/PATH/AccessSSL FALSE");
/// https on IIS 7 and later.
pub(super) const HTTPS_7: Step = section!(
    "demands https; the list replaces all flags, so name those that are to stay as well",
    "system.webServer/security/access",
    "sslFlags",
    "Ssl,FLAGS"
);
/// Any access flags on IIS 6.
pub(super) const ACCESS_6: Step = adsutil!(
    "writes the flags as one number: 8 https, 32 ask, 64 require, 128 map, 256 demand 128 bits",
    "set W3SVC/SITE-ID/ROOT/PATH/AccessSSLFlags NUMBER"
);
/// Any access flags on IIS 7 and later.
pub(super) const ACCESS_7: Step =
    section!("writes the flags, separated by commas", "system.webServer/security/access", "sslFlags", "FLAGS");
/// The mode on IIS 6.
pub(super) const MODE_0: Step = adsutil!("checks revocation online, and usage", "set W3SVC/SITE-ID/CertCheckMode 0");
/// Any mode on IIS 6.
pub(super) const MODE: Step = adsutil!("writes the mode; the number replaces all bits", "set W3SVC/SITE-ID/CertCheckMode NUMBER");
/// Revocation on.
pub(super) const REVOCATION_ON: Step = record!("checks revocation", "verifyclientcertrevocation=enable");
/// Asking early on IIS 6.
pub(super) const NEGOTIATE_6: Step = adsutil!(
    "asks for the certificate in the first handshake, on every path of the site",
    "set W3SVC/SITE-ID/SSLAlwaysNegoClientCert TRUE"
);
/// Asking early on IIS 7 and later.
pub(super) const NEGOTIATE_7: Step =
    record!("asks for the certificate in the first handshake, for every site and path of the record", "clientcertnegotiation=enable");
/// The read-ahead size on IIS 6.
pub(super) const READ_AHEAD_6: Step =
    adsutil!("writes the size in bytes; 49152 is the default", "set W3SVC/SITE-ID/ROOT/PATH/UploadReadAheadSize NUMBER");
/// The read-ahead size on IIS 7 and later.
pub(super) const READ_AHEAD_7: Step =
    section!("writes the size in bytes; 49152 is the default", "system.webServer/serverRuntime", "uploadReadAheadSize", number "NUMBER");
/// Binding flags.
pub(super) const BINDING_FLAGS: Step = binding!("writes the flags of the binding; the number replaces all of them", "sslFlags", "NUMBER");
/// The text of a binding.
pub(super) const BINDING_TEXT: Step = binding!("writes the text of the binding anew", "bindingInformation", "NEW-BINDING");
/// HTTP/2 off in the binding.
pub(super) const BINDING_FLAG_HTTP2: Step = binding!(
    "then adds 4 to the flags of the binding as well, where the version of IIS offers the switch: a binding that is saved later rewrites the record",
    "sslFlags",
    "NUMBER"
);
/// TLS 1.3 off in the binding.
pub(super) const BINDING_FLAG_TLS13: Step = binding!(
    "then adds 32 to the flags of the binding as well, where the version of IIS offers the switch: a binding that is saved later rewrites the record",
    "sslFlags",
    "NUMBER"
);
/// Asking early, in a record of a host name.
pub(super) const NEGOTIATE_HOST: Step = Step {
    what: "then asks for the certificate in the first handshake",
    cmd: "netsh http update sslcert hostnameport=HOST:PORT certhash=HASH appid=\"{APPID}\" certstorename=STORE EVERY-OTHER-OPTION clientcertnegotiation=enable",
    powershell: "netsh http update sslcert hostnameport=HOST:PORT certhash=HASH appid=\"{APPID}\" certstorename=STORE EVERY-OTHER-OPTION clientcertnegotiation=enable",
};
/// A new record.
pub(super) const ADD_RECORD: Step = Step {
    what: "or writes the record; every option that is left out gets its default",
    cmd: "netsh http add sslcert ipport=IP:PORT certhash=HASH appid=\"{4dc3e181-e14b-4a21-b022-59fc669b0914}\" certstorename=STORE",
    powershell: "netsh http add sslcert ipport=IP:PORT certhash=HASH appid=\"{4dc3e181-e14b-4a21-b022-59fc669b0914}\" certstorename=STORE",
};
/// The flags of FTP.
pub(super) const FTP_FLAGS: Step = site_element!(
    "writes the flags that are to stay, without the one that is wrong; `validationFlags` are taken away with the attribute itself where none stays",
    "ftpServer.security.sslClientCertificates",
    "ftpServer/security/sslClientCertificates",
    "validationFlags",
    "FLAGS"
);
/// What IIS 6 left.
pub(super) const LOOK_METADATA: Step = Step {
    what: "shows the properties",
    cmd: r"%windir%\system32\inetsrv\appcmd.exe list config -section:system.applicationHost/customMetadata",
    powershell: "",
};
/// The access section of a location goes.
pub(super) const CLEAR_ACCESS: Step = Step {
    what: "if the site is gone, removes the access section from its location; likewise for other sections",
    cmd: r#"%windir%\system32\inetsrv\appcmd.exe clear config "SITE/PATH" -section:system.webServer/security/access /commit:apphost"#,
    powershell: "",
};
/// The access section is let loose.
pub(super) const UNLOCK_ACCESS: Step = Step {
    what: "or lets every web.config of the server set the section, here that of the access flags",
    cmd: r"%windir%\system32\inetsrv\appcmd.exe unlock config -section:system.webServer/security/access",
    powershell: "Set-WebConfiguration -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'system.webServer/security/access' -Metadata 'overrideMode' -Value 'Allow'",
};
/// Mapping by Active Directory.
pub(super) const MAPPER_ON: Step = Step {
    what: "and switches mapping by Active Directory on; it is decided for the whole server",
    cmd: r#"%windir%\system32\inetsrv\appcmd.exe set config -section:system.webServer/security/authentication/clientCertificateMappingAuthentication /enabled:true /commit:apphost"#,
    powershell: "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'system.webServer/security/authentication/clientCertificateMappingAuthentication' -Name 'enabled' -Value 'true'",
};
/// No mapping by Active Directory.
pub(super) const MAPPER_OFF: Step = Step {
    what: "switches mapping by Active Directory off; it is decided for the whole server",
    cmd: r#"%windir%\system32\inetsrv\appcmd.exe set config -section:system.webServer/security/authentication/clientCertificateMappingAuthentication /enabled:false /commit:apphost"#,
    powershell: "Set-WebConfigurationProperty -PSPath 'MACHINE/WEBROOT/APPHOST' -Filter 'system.webServer/security/authentication/clientCertificateMappingAuthentication' -Name 'enabled' -Value 'false'",
};
/// A binding goes.
pub(super) const REMOVE_BINDING: Step = Step {
    what: "removes the binding; make sure first that no client uses it",
    cmd: r#"%windir%\system32\inetsrv\appcmd.exe set config -section:system.applicationHost/sites "/-[name='SITE'].bindings.[protocol='https',bindingInformation='IP:PORT:HOST']" /commit:apphost"#,
    powershell: r"& $env:windir\system32\inetsrv\appcmd.exe set config '-section:system.applicationHost/sites' '/-[name=''SITE''].bindings.[protocol=''https'',bindingInformation=''IP:PORT:HOST'']' /commit:apphost",
};
/// A record goes.
pub(super) const DELETE_RECORD: Step =
    run("deletes the record; note it first, and leave a record of another product alone", "netsh http delete sslcert ipport=IP:PORT");
/// Issuers of later versions.
pub(super) const ISSUERS: Step =
    run("puts the issuer into the store Client Authentication Issuers", "certutil -addstore ClientAuthIssuer issuing-ca.cer");
/// The certificate of a site of IIS 6.
pub(super) const CERTIFICATE_6: Step = advice(
    "assign a certificate with the wizard in IIS Manager (properties of the site, Directory Security, Server Certificate); SSLCertHash cannot be \
     written as text",
);
/// Unequal flags.
pub(super) const OWN_ENDPOINT_6: Step = advice(
    "give the site that must differ an IP address or a port of its own: IIS 6 knows no SNI, so nothing else separates their certificates",
);
/// An SNI binding.
pub(super) const OWN_ENDPOINT_7: Step = advice(
    "give the site that must differ a record of its own: a host name with SNI (binding flag 1, IIS 8 and later), an IP address or a port, and \
     assign the certificate to that binding in IIS Manager, which writes the record",
);

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::catalogue::{Setting, entry};
    use crate::estate;
    use crate::remedy::parse::{self, Parsed};
    use crate::rules::{Context, Profile, RULES, check};
    use crate::server::Generation;

    fn steps(steps: Steps) -> &'static [Step] {
        match steps {
            Steps::Do(steps) => steps,
            Steps::Never(_) => &[],
        }
    }

    #[test]
    fn every_rule_says_what_to_do_or_why_it_finds_nothing_in_each_generation() {
        for rule in RULES {
            let mut any = false;
            for of in [rule.remedies.iis6, rule.remedies.iis7] {
                match of {
                    Steps::Never(why) => assert!(!why.is_empty() && !why.ends_with('.'), "{}", rule.name),
                    Steps::Do(steps) => {
                        any = true;
                        assert!(
                            !steps.is_empty() && steps.iter().all(|step| !step.what.is_empty() && !step.what.ends_with('.')),
                            "{}",
                            rule.name
                        );
                    }
                }
            }
            assert!(any, "{} never finds anything", rule.name);
        }
    }

    #[test]
    fn each_generation_gets_its_own_tools() {
        for rule in RULES {
            for step in steps(rule.remedies.iis6) {
                let newer = ["appcmd", "netsh http", "ClientAuthIssuer"].iter().any(|tool| step.cmd.contains(tool));
                assert!(!newer, "{}: {}", rule.name, step.cmd);
            }
            for step in steps(rule.remedies.iis7) {
                assert!(!step.cmd.contains("adsutil") && !step.cmd.contains("httpcfg"), "{}: {}", rule.name, step.cmd);
                assert!(step.powershell.is_empty() || !step.cmd.is_empty(), "{}", rule.name);
                let shown_only_by_appcmd = step.cmd.contains("customMetadata") || step.cmd.contains(" clear config ");
                assert!(step.cmd.is_empty() || !step.powershell.is_empty() || shown_only_by_appcmd, "{}: {}", rule.name, step.cmd);
            }
        }
    }

    /// What is wrong with a template, once it is understood.
    fn fault(parsed: &Parsed) -> Option<String> {
        let sections = || Setting::ALL.iter().filter_map(|setting| entry(*setting).iis7.as_ref());
        match parsed {
            Parsed::Adsutil { key, property, .. } => {
                let lists = ["SecureBindings", "ServerBindings", "PROPERTY"];
                let known = Setting::ALL.iter().filter_map(|setting| entry(*setting).iis6.as_ref()).any(|iis6| iis6.property == *property);
                // One bit of the flags.
                let bit = property.starts_with("AccessSSL") || property == "AuthAnonymous";
                let fits = key == "W3SVC" || key == "W3SVC/SITE-ID" || key.starts_with("W3SVC/SITE-ID/ROOT/PATH");
                (!fits || !(known || bit || lists.contains(&property.as_str()))).then(|| format!("{key} {property}"))
            }
            Parsed::Section { section, attributes, .. } => {
                let known = sections()
                    .any(|iis7| iis7.section == *section && attributes.iter().all(|(name, _)| iis7.attribute.replace('/', ".") == *name));
                (!known && section != "system.applicationHost/customMetadata").then(|| format!("{section} {attributes:?}"))
            }
            Parsed::Binding { site, binding, .. } => (site != "SITE" || binding != "IP:PORT:HOST").then(|| format!("{site} {binding}")),
            Parsed::Elements { site, .. } => (site.as_deref() != Some("SITE")).then(|| format!("{site:?}")),
            Parsed::Netsh { verb, words } => {
                let has = |name: &str| words.iter().any(|(word, _)| word == name);
                // A record that is written without all its options loses those that are left out.
                let whole = ["certhash", "appid", "certstorename"].iter().all(|name| has(name));
                let fits = match verb.as_str() {
                    "show" => words.len() < 2,
                    "delete" => words.len() == 1,
                    "add" => whole,
                    "update" => whole && has("EVERY-OTHER-OPTION") && words.len() > 5,
                    _ => false,
                };
                (!fits).then(|| format!("{verb} {words:?}"))
            }
            Parsed::Other(words) => {
                let known = ["certutil", "httpcfg", "reg"].contains(&words.first().map(String::as_str).unwrap_or_default());
                (!known).then(|| format!("{words:?}"))
            }
        }
    }

    #[test]
    fn every_template_is_understood_and_means_the_same_in_either_shell() {
        let mut seen = 0;
        for rule in RULES {
            for step in [rule.remedies.iis6, rule.remedies.iis7].into_iter().flat_map(steps).filter(|step| !step.cmd.is_empty()) {
                seen += 1;
                // A number stands without quotes in PowerShell.
                let powershell = step.powershell.replace(" NUMBER", " 1");
                let line = if step.powershell.ends_with(" NUMBER") { step.cmd.replace("NUMBER", "1") } else { step.cmd.to_owned() };
                let cmd = parse::cmd(&line).unwrap_or_else(|error| panic!("{}: {}: {error}", rule.name, step.cmd));
                assert_eq!(fault(&cmd), None, "{}: {}", rule.name, step.cmd);
                if !step.powershell.is_empty() {
                    assert_eq!(parse::powershell(&powershell), Ok(cmd), "{}", rule.name);
                }
            }
        }
        assert!(seen > 100, "{seen}");
    }

    #[test]
    fn no_rule_finds_anything_in_a_generation_in_which_it_says_it_never_does() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = ["tests/fixtures", "examples"].into_iter().flat_map(|below| walkdir::WalkDir::new(root.join(below)));
        let files = files.filter_map(Result::ok).map(walkdir::DirEntry::into_path);
        let mut seen = 0;
        for path in files.filter(|path| {
            path.extension().is_some_and(|extension| ["config", "xml", "txt", "json", "reg"].iter().any(|known| extension == *known))
        }) {
            for server in &estate::read(&[path], &estate::Options::default()).servers {
                for profile in [None, Some(Profile::Stig), Some(Profile::Cis)] {
                    for finding in check(&Context { profile, ..Context::new(server) }) {
                        seen += 1;
                        let of = match server.generation {
                            Generation::Iis6 => finding.rule.remedies.iis6,
                            Generation::Iis7 | Generation::IisExpress => finding.rule.remedies.iis7,
                        };
                        assert!(!steps(of).is_empty(), "{} on {}", finding.rule.name, server.generation);
                    }
                }
            }
        }
        assert!(seen > 300, "{seen}");
    }

    #[test]
    fn a_template_that_forgets_options_or_names_a_foreign_property_is_noticed() {
        for wrong in [
            "netsh http update sslcert ipport=IP:PORT certhash=HASH appid=\"{APPID}\" certstorename=STORE usagecheck=enable",
            "netsh http delete sslcert",
            r"cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs set W3SVC/SITE-ID/CertChekMode 0",
            r"cscript //nologo %SystemDrive%\Inetpub\AdminScripts\adsutil.vbs set W3SVC/1/CertCheckMode 0",
            r"%windir%\system32\inetsrv\appcmd.exe list config -section:system.webServer/access",
        ] {
            assert!(fault(&parse::cmd(wrong).unwrap()).is_some(), "{wrong}");
        }
    }
}
