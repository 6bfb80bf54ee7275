//! Names of properties that are none, or that nobody can know to be one: a name that is nearly that of an audited property, and with the
//! schema of the server any name that it does not have. Each name is judged once, however often it stands there.

use std::collections::BTreeMap;

use super::mbschema::MbSchema;
use crate::spelling::is_slip;

/// Names that decide about https and client certificates. Names of properties are case-sensitive.
const AUDITED: [&str; 16] = [
    "AccessFlags",
    "AccessSSLFlags",
    "AuthFlags",
    "CertCheckMode",
    "MaxRequestEntityAllowed",
    "RevocationFreshnessTime",
    "RevocationURLRetrievalTimeout",
    "SSLAlwaysNegoClientCert",
    "SSLCertHash",
    "SSLStoreName",
    "SecureBindings",
    "ServerBindings",
    "SslCtlIdentifier",
    "SslCtlStoreName",
    "SslUseDsMapper",
    "UploadReadAheadSize",
];

/// Judges names.
#[derive(Debug)]
pub(super) struct Names<'s> {
    schema: Option<&'s MbSchema>,
    judged: BTreeMap<String, Verdict>,
}

/// What a name is that is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A property that is not audited, or one of which nothing is known.
    Other,
    /// Nearly the name of this property.
    Near(&'static str),
    /// None that the schema of the server has.
    Unknown,
}

impl<'s> Names<'s> {
    pub(super) fn new(schema: Option<&'s MbSchema>) -> Self {
        Names { schema, judged: BTreeMap::new() }
    }

    /// Judges the name of an attribute that is not read.
    pub(super) fn judge(&mut self, name: &str) -> Verdict {
        if let Some(verdict) = self.judged.get(name) {
            return *verdict;
        }
        let verdict = judge(name, self.schema);
        // A file with as many names as attributes is no metabase, and remembering them all would only cost room.
        if self.judged.len() < 4096 {
            self.judged.insert(name.to_owned(), verdict);
        }
        verdict
    }
}

fn judge(name: &str, schema: Option<&MbSchema>) -> Verdict {
    if name == "Location" || name.starts_with("xmlns") || schema.is_some_and(|schema| schema.property(name).is_some()) {
        return Verdict::Other;
    }
    let near = AUDITED.into_iter().find(|known| *known != name && is_slip(known, name));
    match near {
        Some(near) => Verdict::Near(near),
        None if schema.is_some() => Verdict::Unknown,
        None => Verdict::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_and_a_wrong_letter_case_are_near_and_other_properties_are_not() {
        let mut names = Names::new(None);
        for (name, near) in [
            ("CertCheckMod", "CertCheckMode"),
            ("Certcheckmode", "CertCheckMode"),
            ("AccessSSLFlag", "AccessSSLFlags"),
            ("SslCertHash", "SSLCertHash"),
            ("SslAlwaysNegoClientCrt", "SSLAlwaysNegoClientCert"),
        ] {
            assert_eq!(names.judge(name), Verdict::Near(near), "{name}");
        }
        for name in ["Location", "ServerCommand", "ServerSize", "AspMaxRequestEntityAllowed", "AzStoreName", "FrobNicate", "Path"] {
            assert_eq!(names.judge(name), Verdict::Other, "{name}");
        }
    }
}
