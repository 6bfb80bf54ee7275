//! One certificate. An extension that cannot be read is reported and counts as one that is not understood; the certificate is kept.

use sha1::{Digest, Sha1};

use super::extensions::{Authority, Extension, access, alternative_names, distribution_points, first_oids, key_name, oids, signature_name};
use super::names::text_of;
use super::tlv::{Element, Read, tag};
use super::{KeyUsage, Name, Notes, Serial, X509};

/// Extensions that say nothing that is asked for here, but that Windows and this reader know.
const KNOWN: [&str; 20] = [
    "2.5.29.9",                // subjectDirectoryAttributes
    "2.5.29.16",               // privateKeyUsagePeriod
    "2.5.29.18",               // issuerAltName
    "2.5.29.30",               // nameConstraints
    "2.5.29.32",               // certificatePolicies
    "2.5.29.33",               // policyMappings
    "2.5.29.36",               // policyConstraints
    "2.5.29.54",               // inhibitAnyPolicy
    "1.3.6.1.5.5.7.1.3",       // qcStatements
    "1.3.6.1.5.5.7.1.11",      // subjectInfoAccess
    "1.3.6.1.5.5.7.1.24",      // TLS features
    "1.3.6.1.5.5.7.48.1.5",    // ocspNoCheck
    "1.2.840.113549.1.9.15",   // S/MIME capabilities
    "1.3.6.1.4.1.11129.2.4.2", // signed certificate timestamps
    "1.3.6.1.4.1.311.21.1",    // CA version
    "1.3.6.1.4.1.311.21.2",    // hash of the previous CA certificate
    "1.3.6.1.4.1.311.21.11",   // application policy mappings
    "1.3.6.1.4.1.311.21.12",   // application policy constraints
    "1.3.6.1.4.1.311.25.2",    // security identifier of the account
    "2.16.840.1.113730.1.1",   // Netscape certificate type
];

/// Reads a certificate.
pub(super) fn read(whole: &Element<'_>, notes: &mut Notes) -> Read<X509> {
    let mut outside = whole.inside();
    let body = outside.expect(tag::SEQUENCE, "the body of a certificate")?;
    let signed_with = outside.expect(tag::SEQUENCE, "the algorithm of the signature")?;
    outside.expect(tag::BIT_STRING, "the signature")?;
    let mut inside = body.inside();
    inside.optional(0xa0)?;
    let serial = inside.expect(tag::INTEGER, "the serial number")?;
    inside.expect(tag::SEQUENCE, "the algorithm of the signature")?;
    let issuer = Name::read(&inside.expect(tag::SEQUENCE, "the issuer")?)?;
    let validity = inside.expect(tag::SEQUENCE, "the validity")?;
    let subject = Name::read(&inside.expect(tag::SEQUENCE, "the subject")?)?;
    let key = key_name(&inside.expect(tag::SEQUENCE, "the public key")?)?;
    let mut dates = validity.inside();
    let (not_before, not_after) = (dates.element()?.time()?, dates.element()?.time()?);
    let mut certificate = X509 {
        self_issued: subject == issuer,
        subject,
        issuer,
        serial: Serial::new(serial.content),
        thumbprint: Sha1::digest(whole.whole).into(),
        not_before,
        not_after,
        eku: None,
        application_policies: None,
        key_usage: None,
        ca: None,
        path_length: None,
        subject_key_id: None,
        authority_key_id: None,
        authority_serial: None,
        alternative_names: Vec::new(),
        crl_urls: Vec::new(),
        delta_crl_urls: Vec::new(),
        issuer_urls: Vec::new(),
        ocsp_urls: Vec::new(),
        template: None,
        key,
        signature_algorithm: signature_name(&signed_with)?,
        unknown_extensions: Vec::new(),
        place: notes.place(whole.at),
    };
    while !inside.is_at_end() {
        let part = inside.element()?;
        if part.tag == 0xa3 {
            read_extensions(&part, &mut certificate, notes)?;
        }
    }
    Ok(certificate)
}

fn read_extensions(part: &Element<'_>, certificate: &mut X509, notes: &mut Notes) -> Read<()> {
    let mut list = part.only(tag::SEQUENCE, "the extensions")?.inside();
    let mut seen = std::collections::BTreeSet::new();
    while !list.is_at_end() {
        let extension = Extension::read(&list.expect(tag::SEQUENCE, "an extension")?)?;
        if !seen.insert(extension.kind.clone()) {
            notes.warn(format!("the extension {} is there twice; the first counts", extension.kind), extension.value.at);
            continue;
        }
        match take(&extension, certificate) {
            Ok(true) => {}
            Ok(false) => certificate.unknown_extensions.push((extension.kind, extension.critical)),
            Err(error) => {
                notes.warn(format!("the extension {} cannot be read: {}", extension.kind, error.message), error.offset);
                certificate.unknown_extensions.push((extension.kind, extension.critical));
            }
        }
    }
    Ok(())
}

/// Takes what an extension says; whether it is known.
fn take(extension: &Extension<'_>, into: &mut X509) -> Read<bool> {
    let list = || extension.content(tag::SEQUENCE);
    match extension.kind.as_str() {
        "2.5.29.37" => into.eku = Some(oids(&list()?)?),
        "1.3.6.1.4.1.311.21.10" => into.application_policies = Some(first_oids(&list()?)?),
        "2.5.29.15" => into.key_usage = Some(KeyUsage(extension.content(tag::BIT_STRING)?.bits())),
        "2.5.29.19" => {
            let list = list()?;
            let mut inside = list.inside();
            let ca = inside.optional(tag::BOOLEAN)?.is_some_and(|element| element.is_true());
            let path_length = inside.optional(tag::INTEGER)?.map(|element| element.number()).transpose()?;
            (into.ca, into.path_length) = (Some(ca), path_length);
        }
        "2.5.29.14" => into.subject_key_id = Some(extension.content(tag::OCTET_STRING)?.content.to_vec()),
        "2.5.29.35" => {
            let authority = Authority::read(&list()?)?;
            (into.authority_key_id, into.authority_serial) = (authority.key, authority.serial);
        }
        "2.5.29.17" => into.alternative_names = alternative_names(&list()?)?,
        "2.5.29.31" => into.crl_urls = distribution_points(&list()?)?,
        "2.5.29.46" => into.delta_crl_urls = distribution_points(&list()?)?,
        "1.3.6.1.5.5.7.1.1" => (into.issuer_urls, into.ocsp_urls) = access(&list()?)?,
        // A certificate has one of the two: the name of a template of version 1, or the identifier of a later one.
        "1.3.6.1.4.1.311.20.2" => {
            let name = extension.value.inside().element()?;
            into.template.get_or_insert_with(|| text_of(name.tag, name.content));
        }
        "1.3.6.1.4.1.311.21.7" => into.template = Some(list()?.only(tag::OID, "a template")?.oid()),
        kind => return Ok(KNOWN.contains(&kind)),
    }
    Ok(true)
}
