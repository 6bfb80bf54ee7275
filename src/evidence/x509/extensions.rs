//! Extensions of certificates and revocation lists, and what several of them are made of.

use super::names::{Name, text_of};
use super::tlv::{Element, Read, fault, tag};
use super::{AlternativeKind, AlternativeName, CrlScope, Serial};

/// An extension: what it is, whether it is critical, and its content, one element in an octet string.
pub(super) struct Extension<'a> {
    pub(super) kind: String,
    pub(super) critical: bool,
    pub(super) value: Element<'a>,
}

impl<'a> Extension<'a> {
    pub(super) fn read(element: &Element<'a>) -> Read<Extension<'a>> {
        let mut inside = element.inside();
        let kind = inside.expect(tag::OID, "the kind of an extension")?.oid();
        let critical = inside.optional(tag::BOOLEAN)?.is_some_and(|element| element.is_true());
        let value = inside.expect(tag::OCTET_STRING, "the content of an extension")?;
        Ok(Extension { kind, critical, value })
    }

    /// The element that is the content.
    pub(super) fn content(&self, tag: u8) -> Read<Element<'a>> {
        self.value.only(tag, "the content of an extension")
    }
}

/// A list of object identifiers.
pub(super) fn oids(list: &Element<'_>) -> Read<Vec<String>> {
    let mut found = Vec::new();
    let mut inside = list.inside();
    while !inside.is_at_end() {
        found.push(inside.expect(tag::OID, "an object identifier")?.oid());
    }
    Ok(found)
}

/// The object identifiers that begin the parts of a list, as in certificate policies.
pub(super) fn first_oids(list: &Element<'_>) -> Read<Vec<String>> {
    let mut found = Vec::new();
    let mut inside = list.inside();
    while !inside.is_at_end() {
        found.push(inside.expect(tag::SEQUENCE, "a policy")?.only(tag::OID, "an object identifier")?.oid());
    }
    Ok(found)
}

/// Tags of general names.
const OTHER_NAME: u8 = 0xa0;
const EMAIL: u8 = 0x81;
const DNS: u8 = 0x82;
const DIRECTORY: u8 = 0xa4;
const URL: u8 = 0x86;
const IP: u8 = 0x87;
const IA5_STRING: u8 = 0x16;
/// The user principal name of Active Directory.
const PRINCIPAL_NAME: &str = "1.3.6.1.4.1.311.20.2.3";

/// The URLs among general names.
fn urls(names: &Element<'_>, into: &mut Vec<String>) -> Read<()> {
    let mut inside = names.inside();
    while !inside.is_at_end() {
        let name = inside.element()?;
        if name.tag == URL {
            into.push(text_of(IA5_STRING, name.content));
        }
    }
    Ok(())
}

/// The URLs of a list of distribution points.
pub(super) fn distribution_points(list: &Element<'_>) -> Read<Vec<String>> {
    let mut found = Vec::new();
    let mut points = list.inside();
    while !points.is_at_end() {
        let point = points.expect(tag::SEQUENCE, "a distribution point")?;
        if let Some(name) = point.inside().optional(0xa0)?
            && let Some(full) = name.inside().optional(0xa0)?
        {
            urls(&full, &mut found)?;
        }
    }
    Ok(found)
}

/// URLs of issuers and of OCSP responders.
pub(super) fn access(list: &Element<'_>) -> Read<(Vec<String>, Vec<String>)> {
    let (mut issuers, mut responders) = (Vec::new(), Vec::new());
    let mut descriptions = list.inside();
    while !descriptions.is_at_end() {
        let description = descriptions.expect(tag::SEQUENCE, "an access description")?;
        let mut inside = description.inside();
        let method = inside.expect(tag::OID, "an access method")?.oid();
        let location = inside.element()?;
        let into = match method.as_str() {
            "1.3.6.1.5.5.7.48.2" => &mut issuers,
            "1.3.6.1.5.5.7.48.1" => &mut responders,
            _ => continue,
        };
        if location.tag == URL {
            into.push(text_of(IA5_STRING, location.content));
        }
    }
    Ok((issuers, responders))
}

/// Other names of a subject.
pub(super) fn alternative_names(list: &Element<'_>) -> Read<Vec<AlternativeName>> {
    let mut found = Vec::new();
    let mut names = list.inside();
    while !names.is_at_end() {
        let name = names.element()?;
        let (kind, text) = match name.tag {
            DNS => (AlternativeKind::Dns, text_of(IA5_STRING, name.content)),
            EMAIL => (AlternativeKind::Email, text_of(IA5_STRING, name.content)),
            URL => (AlternativeKind::Url, text_of(IA5_STRING, name.content)),
            IP => (AlternativeKind::Ip, ip_text(name.content)),
            DIRECTORY => (AlternativeKind::Directory, Name::read(&name.only(tag::SEQUENCE, "a name")?)?.shown),
            OTHER_NAME => {
                let mut inside = name.inside();
                let kind = inside.expect(tag::OID, "the kind of a name")?.oid();
                match inside.optional(0xa0)? {
                    Some(value) if kind == PRINCIPAL_NAME => {
                        let value = value.inside().element()?;
                        (AlternativeKind::PrincipalName, text_of(value.tag, value.content))
                    }
                    _ => (AlternativeKind::Other, kind),
                }
            }
            _ => (AlternativeKind::Other, String::new()),
        };
        found.push(AlternativeName { kind, text });
    }
    Ok(found)
}

fn ip_text(bytes: &[u8]) -> String {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return std::net::Ipv4Addr::from(four).to_string();
    }
    match <[u8; 16]>::try_from(bytes) {
        Ok(sixteen) => std::net::Ipv6Addr::from(sixteen).to_string(),
        Err(_) => text_of(0, bytes),
    }
}

/// What an authority key identifier says.
pub(super) struct Authority {
    pub(super) key: Option<Vec<u8>>,
    /// Serial number of the issuer's certificate.
    pub(super) serial: Option<Serial>,
}

impl Authority {
    pub(super) fn read(list: &Element<'_>) -> Read<Authority> {
        let mut authority = Authority { key: None, serial: None };
        let mut inside = list.inside();
        while !inside.is_at_end() {
            let part = inside.element()?;
            match part.tag {
                0x80 => authority.key = Some(part.content.to_vec()),
                0x82 => authority.serial = Some(Serial::new(part.content)),
                _ => {}
            }
        }
        Ok(authority)
    }
}

/// An issuing distribution point.
pub(super) fn scope(list: &Element<'_>) -> Read<CrlScope> {
    let mut scope = CrlScope::default();
    let mut inside = list.inside();
    while !inside.is_at_end() {
        let part = inside.element()?;
        match part.tag {
            0xa0 => {
                if let Some(full) = part.inside().optional(0xa0)? {
                    urls(&full, &mut scope.urls)?;
                }
            }
            0x81 => scope.users_only = part.is_true(),
            0x82 => scope.authorities_only = part.is_true(),
            0x83 => scope.some_reasons = true,
            0x84 => scope.indirect = part.is_true(),
            0x85 => scope.attributes_only = part.is_true(),
            _ => return Err(fault("a part of an issuing distribution point that is not understood", part.at)),
        }
    }
    Ok(scope)
}

/// The algorithm of a signature as Windows names it, or its object identifier.
pub(super) fn signature_name(algorithm: &Element<'_>) -> Read<String> {
    let kind = algorithm.only(tag::OID, "an algorithm")?.oid();
    Ok(match kind.as_str() {
        "1.2.840.113549.1.1.2" => "md2RSA",
        "1.2.840.113549.1.1.3" => "md4RSA",
        "1.2.840.113549.1.1.4" => "md5RSA",
        "1.2.840.113549.1.1.5" | "1.3.14.3.2.29" => "sha1RSA",
        "1.2.840.113549.1.1.10" => "RSASSA-PSS",
        "1.2.840.113549.1.1.11" => "sha256RSA",
        "1.2.840.113549.1.1.12" => "sha384RSA",
        "1.2.840.113549.1.1.13" => "sha512RSA",
        "1.2.840.10040.4.3" => "sha1DSA",
        "1.2.840.10045.4.1" => "sha1ECDSA",
        "1.2.840.10045.4.3.2" => "sha256ECDSA",
        "1.2.840.10045.4.3.3" => "sha384ECDSA",
        "1.2.840.10045.4.3.4" => "sha512ECDSA",
        "1.3.101.112" => "Ed25519",
        "1.3.101.113" => "Ed448",
        _ => return Ok(kind),
    }
    .to_owned())
}

/// The first element inside of one.
fn first(element: Option<Element<'_>>) -> Option<Element<'_>> {
    element?.inside().element().ok()
}

/// A public key for people: its algorithm and size, or the object identifier of an unknown one.
pub(super) fn key_name(info: &Element<'_>) -> Read<String> {
    let mut inside = info.inside();
    let algorithm = inside.expect(tag::SEQUENCE, "the algorithm of a key")?;
    let key = inside.expect(tag::BIT_STRING, "a key")?;
    let mut parts = algorithm.inside();
    let kind = parts.expect(tag::OID, "the algorithm of a key")?.oid();
    let bits = |element: &Element<'_>| {
        let digits = element.content.iter().position(|byte| *byte != 0).map_or(&[][..], |first| &element.content[first..]);
        digits.len() * 8 - digits.first().map_or(0, |first| first.leading_zeros() as usize)
    };
    let sized = |name: &str, element: Option<Element<'_>>| match element {
        Some(element) if element.tag == tag::INTEGER => format!("{name} {}", bits(&element)),
        _ => name.to_owned(),
    };
    Ok(match kind.as_str() {
        "1.2.840.113549.1.1.1" | "1.2.840.113549.1.1.10" => {
            let content = key.content.get(1..).unwrap_or_default();
            sized("RSA", first(super::tlv::Cursor::new(content, key.content_at + 1).element().ok()))
        }
        "1.2.840.10040.4.1" => sized("DSA", first(parts.element().ok())),
        "1.2.840.10045.2.1" => match parts.optional(tag::OID)?.map(|curve| curve.oid()) {
            None => "ECDSA".to_owned(),
            Some(curve) => format!(
                "ECDSA {}",
                match curve.as_str() {
                    "1.2.840.10045.3.1.7" => "P-256",
                    "1.3.132.0.34" => "P-384",
                    "1.3.132.0.35" => "P-521",
                    other => other,
                }
            ),
        },
        "1.3.101.112" => "Ed25519".to_owned(),
        "1.3.101.113" => "Ed448".to_owned(),
        _ => kind,
    })
}
