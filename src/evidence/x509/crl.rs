//! One revocation list. Its entries are kept sorted, so that a serial number is found among millions at once.

use sha1::{Digest, Sha1};

use super::extensions::{Authority, Extension, distribution_points, scope, signature_name};
use super::tlv::{Cursor, Element, Read, fault, is_time, tag};
use super::{Crl, CrlScope, Name, Notes, Reason, Revoked, Serial};

/// Reads a revocation list.
pub(super) fn read(whole: &Element<'_>, notes: &mut Notes) -> Read<Crl> {
    let mut outside = whole.inside();
    let body = outside.expect(tag::SEQUENCE, "the body of a revocation list")?;
    let signed_with = outside.expect(tag::SEQUENCE, "the algorithm of the signature")?;
    outside.expect(tag::BIT_STRING, "the signature")?;
    let mut inside = body.inside();
    inside.optional(tag::INTEGER)?;
    inside.expect(tag::SEQUENCE, "the algorithm of the signature")?;
    let issuer = Name::read(&inside.expect(tag::SEQUENCE, "the issuer")?)?;
    let this_update = inside.element()?.time()?;
    let next_update = next_time(&mut inside)?;
    let mut crl = Crl {
        issuer,
        this_update,
        next_update,
        next_publish: None,
        number: None,
        delta: None,
        revoked: Vec::new(),
        authority_key_id: None,
        delta_urls: Vec::new(),
        scope: CrlScope::default(),
        signature_algorithm: signature_name(&signed_with)?,
        thumbprint: Sha1::digest(whole.whole).into(),
        unknown_extensions: Vec::new(),
        entries_not_understood: 0,
        place: notes.place(whole.at),
    };
    if let Some(entries) = inside.optional(tag::SEQUENCE)? {
        read_entries(entries.inside(), &mut crl)?;
    }
    if let Some(extensions) = inside.optional(0xa0)? {
        let mut list = extensions.only(tag::SEQUENCE, "the extensions")?.inside();
        while !list.is_at_end() {
            let extension = Extension::read(&list.expect(tag::SEQUENCE, "an extension")?)?;
            match take(&extension, &mut crl) {
                Ok(true) => {}
                Ok(false) => crl.unknown_extensions.push((extension.kind, extension.critical)),
                Err(error) => {
                    notes.warn(format!("the extension {} cannot be read: {}", extension.kind, error.message), error.offset);
                    crl.unknown_extensions.push((extension.kind, extension.critical));
                }
            }
        }
    }
    // Stable: of several entries for one number the first of the file stays the first.
    crl.revoked.sort_by(|a, b| a.serial.cmp(&b.serial));
    Ok(crl)
}

/// The next element as a point in time, when it is one.
pub(super) fn next_time(inside: &mut Cursor<'_>) -> Read<Option<super::Instant>> {
    if inside.tag().is_some_and(is_time) { inside.element()?.time().map(Some) } else { Ok(None) }
}

fn read_entries(mut entries: Cursor<'_>, crl: &mut Crl) -> Read<()> {
    while !entries.is_at_end() {
        let entry = entries.expect(tag::SEQUENCE, "an entry")?;
        let mut inside = entry.inside();
        let serial = Serial::new(inside.expect(tag::INTEGER, "the serial number of an entry")?.content);
        let date = inside.element()?.time()?;
        let mut reason = None;
        if let Some(extensions) = inside.optional(tag::SEQUENCE)? {
            let mut list = extensions.inside();
            let mut understood = true;
            while !list.is_at_end() {
                let extension = Extension::read(&list.expect(tag::SEQUENCE, "an extension of an entry")?)?;
                match extension.kind.as_str() {
                    "2.5.29.21" => {
                        let number = extension.content(tag::ENUMERATED)?;
                        reason = Some(Reason(u8::try_from(number.number()?).map_err(|_| fault("a reason beyond all numbers", number.at))?));
                    }
                    // The date from which on it was invalid, and what to do about a certificate on hold.
                    "2.5.29.24" | "2.5.29.23" => {}
                    _ => understood &= !extension.critical,
                }
            }
            crl.entries_not_understood += usize::from(!understood);
        }
        crl.revoked.push(Revoked { serial, date, reason });
    }
    Ok(())
}

/// Takes what an extension of the list says; whether it is known.
fn take(extension: &Extension<'_>, crl: &mut Crl) -> Read<bool> {
    let list = || extension.content(tag::SEQUENCE);
    match extension.kind.as_str() {
        "2.5.29.20" => crl.number = Some(Serial::new(extension.content(tag::INTEGER)?.content)),
        "2.5.29.27" => crl.delta = Some(Serial::new(extension.content(tag::INTEGER)?.content)),
        "2.5.29.35" => crl.authority_key_id = Authority::read(&list()?)?.key,
        "2.5.29.46" => crl.delta_urls = distribution_points(&list()?)?,
        "2.5.29.28" => crl.scope = scope(&list()?)?,
        "1.3.6.1.4.1.311.21.4" => crl.next_publish = next_time(&mut extension.value.inside())?,
        // The version of the authority, and where the list is published.
        "1.3.6.1.4.1.311.21.1" | "1.3.6.1.4.1.311.21.14" | "2.5.29.18" => {}
        _ => return Ok(false),
    }
    Ok(true)
}
