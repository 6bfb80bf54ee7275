//! What the rules about FTP share: the sites that ask for client certificates, and what their validation flags say.

use super::{Finding, Rule, Severity};
use crate::remedy::{Remedy, Risk, appcmd};
use crate::server::{Bits, Ftp, Server, Site, ftp_validation};

const ELEMENT: &str = "ftpServer/security/sslClientCertificates";

/// The FTP sites that ask for client certificates.
fn asking(server: &Server) -> impl Iterator<Item = (&Site, &Ftp)> {
    server.sites.iter().filter_map(|site| Some((site, site.elements.ftp.as_deref()?))).filter(|(_, ftp)| ftp.wants_certificates())
}

/// One finding of `rule` for every FTP site that asks for client certificates with `bit` set in its validation flags. `not_done` says what
/// is then not done, `mends` what taking the bit away does.
pub(super) fn with_flag(rule: &'static Rule, server: &Server, bit: u32, not_done: &str, mends: &str, findings: &mut Vec<Finding>) {
    for (site, ftp) in asking(server).filter(|(_, ftp)| ftp.validation.value.has(bit)) {
        let flags = &ftp.validation.value;
        let policy = ftp.client_certificates.value.name();
        let mut message = format!(
            "{ELEMENT}@validationFlags is {}: {not_done} for the certificates of FTP clients, which are asked for ({policy})",
            flags.show(ftp_validation::NAMES)
        );
        let mut finding = Finding::new(rule, server, "")
            .site(site)
            .at(ftp.validation.place)
            .related(ftp.client_certificates.place, format!("clientCertificatePolicy is {policy}"))
            .subject("validationFlags");
        if !ftp.can_use_tls() {
            message.push_str("; the FTP site has no server certificate now, so no client can use TLS");
            finding = finding.severity(Severity::Low);
        }
        finding.message = message;
        findings.push(finding.remedy(without(site, flags, bit, mends)));
    }
}

/// Takes `bit` away from the validation flags of a site.
fn without(site: &Site, flags: &Bits, bit: u32, what: &str) -> Remedy {
    let left = Bits { bits: flags.bits & !bit, unknown: flags.unknown.clone() }.show(ftp_validation::NAMES).replace(", ", ",");
    if left.is_empty() {
        // For no flags at all there is no name.
        return Remedy::advice(Risk::Safe, format!("{what}: take the attribute validationFlags out of {ELEMENT}"));
    }
    let command = appcmd::set_site(Some(&site.name), &[("ftpServer.security.sslClientCertificates.validationFlags", &left)]);
    Remedy::offer(Risk::Safe, format!("{what}; validationFlags become {left}"), command)
}

#[cfg(test)]
pub(super) mod testing {
    use crate::rules::testing::apphost;
    use crate::server::Server;

    /// A server with FTP sites named A, B, ... that have these attributes of `sslClientCertificates`, and a server certificate.
    pub(in crate::rules) fn sites(attributes: &[&str]) -> Server {
        let sites: String = attributes
            .iter()
            .zip(b'A'..)
            .map(|(attributes, name)| {
                format!(
                    r#"<site name="{}" id="{name}"><bindings><binding protocol="ftp" bindingInformation="*:21:"/></bindings>
                       <ftpServer><security><ssl serverCertHash="AB"/><sslClientCertificates {attributes}/></security></ftpServer></site>"#,
                    char::from(name)
                )
            })
            .collect();
        apphost(&format!("<system.applicationHost><sites>{sites}</sites></system.applicationHost>"))
    }
}
