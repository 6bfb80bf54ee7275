//! The content of one trust list. Around it there is PKCS #7, which holds the certificates of those who signed it.

use super::crl::next_time;
use super::extensions::oids;
use super::tlv::{Element, Read, tag};
use super::{Ctl, Notes, Serial};

/// Object identifier of the content.
pub(super) const CONTENT: &str = "1.3.6.1.4.1.311.10.1";

/// Reads the content of a trust list.
pub(super) fn read(body: &Element<'_>, notes: &mut Notes) -> Read<Ctl> {
    let mut inside = body.inside();
    inside.optional(tag::INTEGER)?;
    let usage = oids(&inside.expect(tag::SEQUENCE, "the usage of a trust list")?)?;
    let identifier = inside.optional(tag::OCTET_STRING)?.map(|element| element.content.to_vec()).unwrap_or_default();
    let sequence = inside.optional(tag::INTEGER)?.map(|element| Serial::new(element.content));
    let this_update = inside.element()?.time()?;
    let next_update = next_time(&mut inside)?;
    let algorithm = inside.expect(tag::SEQUENCE, "the hash of a trust list")?.only(tag::OID, "the hash of a trust list")?.oid();
    let mut ctl = Ctl {
        usage,
        identifier,
        sequence,
        this_update,
        next_update,
        members: Vec::new(),
        members_not_understood: 0,
        algorithm,
        enclosed: Vec::new(),
        signers: 0,
        thumbprint: [0; 20],
        place: notes.place(body.at),
    };
    if let Some(members) = inside.optional(tag::SEQUENCE)? {
        let mut list = members.inside();
        while !list.is_at_end() {
            let member = list.expect(tag::SEQUENCE, "a member of a trust list")?.only(tag::OCTET_STRING, "the identifier of a member")?;
            match <[u8; 20]>::try_from(member.content) {
                Ok(thumbprint) => ctl.members.push(thumbprint),
                Err(_) => ctl.members_not_understood += 1,
            }
        }
    }
    Ok(ctl)
}
