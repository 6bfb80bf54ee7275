//! What the rules about certificate mapping share: at which paths they speak, and which mapping is in effect there.

use super::Finding;
use crate::catalogue::{Setting, Value, access, entry};
use crate::remedy::{Attribute, Remedy, Risk};
use crate::server::{Generation, Resolved, Scope, Server, Site};

/// Where mapping by IIS is documented.
pub(super) const IIS_REFERENCE: &str =
    "MicrosoftDocs/iis-docs: iis/configuration/system.webServer/security/authentication/iisClientCertificateMappingAuthentication/index.md";

/// Paths at which a state of the `involved` settings is said: those that say one of them, and the root of each site, which speaks for
/// what comes from above. A path that only inherits is never named again.
pub(super) fn said<'a>(server: &'a Server, involved: &'a [Setting]) -> impl Iterator<Item = (&'a Site, &'a Scope)> {
    server.sites.iter().flat_map(move |site| said_in(site, involved).map(move |scope| (site, scope)))
}

/// The same for one site.
pub(super) fn said_in<'a>(site: &'a Site, involved: &'a [Setting]) -> impl Iterator<Item = &'a Scope> {
    let says = move |scope: &Scope| involved.iter().any(|setting| scope.settings.get(*setting).is_some_and(Resolved::is_explicit));
    site.scopes.iter().enumerate().filter(move |(index, scope)| *index == 0 || says(scope)).map(|(_, scope)| scope)
}

/// Whether `setting` is known to be on.
pub(super) fn is_on(scope: &Scope, setting: Setting) -> bool {
    scope.value(setting).and_then(Value::bool) == Some(true)
}

/// The settings that switch mapping on.
pub(super) fn switches(generation: Generation) -> &'static [Setting] {
    match generation {
        Generation::Iis6 => &[Setting::AccessFlags],
        Generation::Iis7 | Generation::IisExpress => &[Setting::IisCertificateMapping, Setting::AdCertificateMapping],
    }
}

/// The mapping that is enabled at `scope`, as IIS calls it, to stand at the start of a message before "is enabled".
pub(super) fn enabled(generation: Generation, scope: &Scope) -> Option<&'static str> {
    match generation {
        Generation::Iis6 => scope.access().filter(|bits| bits & access::MAP != 0).map(|_| "Certificate mapping (AccessSSLMapCert)"),
        Generation::Iis7 | Generation::IisExpress => {
            match (is_on(scope, Setting::IisCertificateMapping), is_on(scope, Setting::AdCertificateMapping)) {
                (true, _) => Some("Certificate mapping by IIS"),
                (false, true) => Some("Certificate mapping by Active Directory"),
                (false, false) => None,
            }
        }
    }
}

/// Names site and path, and the places that say the involved settings: the first one said at this very path is the finding's own.
pub(super) fn located(mut finding: Finding, server: &Server, site: &Site, scope: &Scope, involved: &[Setting]) -> Finding {
    let settings = involved.iter().filter_map(|setting| scope.settings.get(*setting).map(|resolved| (*setting, resolved)));
    let mut said: Vec<(Setting, &Resolved)> = settings.filter(|(_, resolved)| resolved.origin.place().is_some()).collect();
    said.sort_by_key(|(_, resolved)| !resolved.is_explicit());
    finding = finding.site(site).path(&scope.path).at(scope.place);
    let mut said = said.into_iter();
    if let Some((setting, resolved)) = said.next() {
        finding = finding.setting(setting).at(resolved.origin.place());
    }
    for (setting, resolved) in said {
        let note = format!("{} is {}", entry(setting).title, resolved.value.show(setting, server.generation));
        finding = finding.related(resolved.origin.place(), note);
    }
    finding
}

/// A remedy that sets `setting` at `scope` of IIS 7 or later: a command, or advice where a lone web.config does not tell its location.
pub(super) fn set(server: &Server, scope: &Scope, setting: Setting, risk: Risk, what: &str, value: &str) -> Remedy {
    Attribute::at(server, scope, setting).set(risk, what, value).unwrap_or_else(|| Remedy::advice(risk, what))
}
