//! Certificates, revocation lists and trust lists as files hold them: what they say, with where it stands, in the terms of Windows.
//!
//! Nothing is verified here: no signature is checked, so that a file proves nothing about who made it. What is asked of these files
//! (whether a chain can be built, whether a date has passed, whether a list names a certificate) does not need it, and every answer that
//! rests on them has to say so.
//!
//! A reader is strict about structure, because a wrong length makes everything after it meaningless, and lenient about values: odd
//! strings, negative serial numbers and unknown extensions are kept as they are.

mod certificate;
mod container;
mod crl;
mod ctl;
mod extensions;
mod joins;
mod names;
#[cfg(test)]
mod tests;
mod time;
mod tlv;

use std::fmt;

pub use container::{PKCS_7, SERIALIZED_STORE, is_binary, is_text, read, read_binary, read_text};
pub use joins::{
    Authorities, Chain, ChainEnd, ClientUse, Coverage, Revocation, Validity, chain, crl_covers, for_client_authentication, in_store,
    revoked, validity,
};
pub use names::Name;
pub use time::Instant;

use crate::input::{FileId, Place, Remark};

/// What one file holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReadX509 {
    /// What kind of container the file is, for people: `PEM`, `PKCS #7`. Of several things in one file it is the last.
    pub container: &'static str,
    /// Its certificates, in file order.
    pub certificates: Vec<X509>,
    /// Its revocation lists, in file order.
    pub crls: Vec<Crl>,
    /// Its trust lists, in file order.
    pub ctls: Vec<Ctl>,
    /// Number of private keys in it, of which nothing was read.
    pub private_keys: usize,
    /// Number of properties of a serialized store, which are not read.
    pub properties: usize,
    /// What a reader should know although the file was read.
    pub warnings: Vec<Remark>,
}

/// Why a file, or a part of it, could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct X509Error {
    /// What is wrong. It never quotes the file.
    pub message: String,
    /// Byte from 0: in a binary file that of the file, in PEM that of what the block encodes.
    pub offset: usize,
    /// Line where the block begins in PEM, from 1; `None` in a binary file.
    pub line: Option<u32>,
}

impl fmt::Display for X509Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(formatter, "{} (byte {} of the block at line {line})", self.message, self.offset),
            None => write!(formatter, "{} (byte {})", self.message, self.offset),
        }
    }
}

impl std::error::Error for X509Error {}

/// Notes about a file that is being read.
struct Notes {
    file: FileId,
    /// Where the block begins that is being read, in PEM.
    line: Option<u32>,
    warnings: Vec<Remark>,
}

impl Notes {
    /// A file of nothing but faults needs no list of them all.
    const MOST: usize = 100;

    fn new(file: FileId) -> Notes {
        Notes { file, line: None, warnings: Vec::new() }
    }

    /// The place of a byte.
    fn place(&self, at: usize) -> Place {
        match self.line {
            Some(line) => Place { file: self.file, line, column: 1 },
            None => Place { file: self.file, line: 1, column: u32::try_from(at).unwrap_or(u32::MAX).saturating_add(1) },
        }
    }

    fn warn(&mut self, message: String, at: usize) {
        let message = match (self.line, self.warnings.len()) {
            (_, Self::MOST) => "more in this file cannot be read or is odd".to_owned(),
            (_, count) if count > Self::MOST => return,
            (Some(_), _) => message,
            (None, _) => format!("{message} (byte {at})"),
        };
        // In a binary file there are no lines to speak of.
        let place = self.line.map(|_| self.place(at));
        self.warnings.push(Remark { message, place });
    }
}

/// A certificate.
///
/// Places: in PEM that of the line that begins the block. A binary file counts as one line, so that the column is its byte, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct X509 {
    /// Whom it is for.
    pub subject: Name,
    /// Who issued it.
    pub issuer: Name,
    /// Its serial number.
    pub serial: Serial,
    /// SHA-1 of the whole certificate: the thumbprint of Windows.
    pub thumbprint: [u8; 20],
    /// Begin of its validity.
    pub not_before: Instant,
    /// End of its validity, the last second included.
    pub not_after: Instant,
    /// Enhanced key usages as object identifiers; `None` without that extension, which means any purpose.
    pub eku: Option<Vec<String>>,
    /// The application policies of Microsoft, which Windows takes for enhanced key usages as well; `None` without that extension.
    pub application_policies: Option<Vec<String>>,
    /// Key usage; `None` without that extension.
    pub key_usage: Option<KeyUsage>,
    /// Whether it says that it may issue certificates; `None` without basic constraints.
    pub ca: Option<bool>,
    /// How many further authorities may be below it; `None` for any number.
    pub path_length: Option<u32>,
    /// Subject key identifier.
    pub subject_key_id: Option<Vec<u8>>,
    /// Key identifier of its issuer.
    pub authority_key_id: Option<Vec<u8>>,
    /// Serial number of its issuer's certificate, where the authority key identifier names it that way.
    pub authority_serial: Option<Serial>,
    /// Other names of the subject, in file order.
    pub alternative_names: Vec<AlternativeName>,
    /// Where its revocation list is (CDP), in file order.
    pub crl_urls: Vec<String>,
    /// Where its delta revocation list is (freshest CRL), in file order.
    pub delta_crl_urls: Vec<String>,
    /// Where its issuer's certificate is (AIA), in file order.
    pub issuer_urls: Vec<String>,
    /// Where its OCSP responder is (AIA), in file order.
    pub ocsp_urls: Vec<String>,
    /// The template it was issued by: its name or object identifier.
    pub template: Option<String>,
    /// Whether subject and issuer are the same bytes. Nobody has checked that it is signed with its own key.
    pub self_issued: bool,
    /// Its key, such as `RSA 2048` or `ECDSA P-256`.
    pub key: String,
    /// The algorithm of its signature, such as `sha256RSA`, or the object identifier of an unknown one.
    pub signature_algorithm: String,
    /// Object identifiers of extensions that are not understood here, in file order, each with whether it is critical.
    pub unknown_extensions: Vec<(String, bool)>,
    /// Where it stands.
    pub place: Place,
}

/// A name of a subject beside its distinguished name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AlternativeName {
    /// What kind of name it is.
    pub kind: AlternativeKind,
    /// The name. It may hold any character.
    pub text: String,
}

/// Kinds of names of a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AlternativeKind {
    /// A host name.
    Dns,
    /// An address of mail.
    Email,
    /// The name of a user in Active Directory.
    PrincipalName,
    /// An address of the network.
    Ip,
    /// A URL.
    Url,
    /// A distinguished name.
    Directory,
    /// Something else; the text is its object identifier or empty.
    Other,
}

/// The bits of key usage. Bit 0 is digitalSignature, bit 8 decipherOnly, in the order of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// The names of the bits, from bit 0 on, as the standard spells them.
    pub const NAMES: [&str; 9] = [
        "digitalSignature",
        "nonRepudiation",
        "keyEncipherment",
        "dataEncipherment",
        "keyAgreement",
        "keyCertSign",
        "cRLSign",
        "encipherOnly",
        "decipherOnly",
    ];

    /// Whether a bit is set.
    pub fn has(self, bit: u32) -> bool {
        self.0.checked_shr(bit).is_some_and(|rest| rest & 1 == 1)
    }

    /// Whether it may sign, as a client does with its key in every handshake that can be read today.
    pub fn signs(self) -> bool {
        self.has(0)
    }

    /// Whether it may sign certificates.
    pub fn signs_certificates(self) -> bool {
        self.has(5)
    }

    /// Whether it may sign revocation lists.
    pub fn signs_crls(self) -> bool {
        self.has(6)
    }
}

/// A serial number.
///
/// It is kept as encoded, but for zeros that change nothing: a zero before a byte that would make it negative stays, as Windows shows it.
/// A negative number, which nobody should issue, differs from the positive one with the same digits.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial(Box<[u8]>);

impl Serial {
    /// The number of an encoded integer, the most significant byte first.
    pub fn new(encoded: &[u8]) -> Serial {
        let mut rest = encoded;
        while let [0, after @ ..] = rest
            && after.first().is_none_or(|next| next & 0x80 == 0)
        {
            rest = after;
        }
        Serial(rest.into())
    }

    /// Its bytes, the most significant first, without leading zeros. Zero has none.
    pub fn bytes(&self) -> &[u8] {
        self.0.strip_prefix(&[0]).unwrap_or(&self.0)
    }

    /// Whether this number is written as `text`: hexadecimal digits in any letter case, with any zeros before them and blanks or colons
    /// between. Tools differ in the zeros.
    pub fn is_written(&self, text: &str) -> bool {
        let digits = text.chars().filter(|c| !c.is_whitespace() && *c != ':').skip_while(|c| *c == '0');
        let own = tlv::hex(self.bytes());
        own.trim_start_matches('0').chars().eq(digits.map(|c| c.to_ascii_lowercase())) && !text.trim().is_empty()
    }
}

/// In hexadecimal and lower case, two digits a byte, as `certutil` writes it.
impl fmt::Display for Serial {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_empty() { "00" } else { "" })?;
        formatter.write_str(&tlv::hex(&self.0))
    }
}

/// A revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crl {
    /// Who issued it.
    pub issuer: Name,
    /// When it was made.
    pub this_update: Instant,
    /// Until when Windows takes it; `None` when it does not say, which means without end.
    pub next_update: Option<Instant>,
    /// When the authority plans to publish the next one (an extension of Microsoft).
    pub next_publish: Option<Instant>,
    /// Its number.
    pub number: Option<Serial>,
    /// In a delta list the number of the list that it is based on.
    pub delta: Option<Serial>,
    /// The certificates it names, sorted by serial number. A number that is named twice is there twice.
    pub revoked: Vec<Revoked>,
    /// Key identifier of its issuer.
    pub authority_key_id: Option<Vec<u8>>,
    /// Where its delta list is (freshest CRL).
    pub delta_urls: Vec<String>,
    /// What it is restricted to; without that extension nothing is.
    pub scope: CrlScope,
    /// The algorithm of its signature, such as `sha256RSA`.
    pub signature_algorithm: String,
    /// SHA-1 of the whole list, as a certificate store names it.
    pub thumbprint: [u8; 20],
    /// Object identifiers of extensions of the list that are not understood here, in file order, each with whether it is critical.
    pub unknown_extensions: Vec<(String, bool)>,
    /// Entries that have an extension that is critical and not understood here.
    pub entries_not_understood: usize,
    /// Where it stands.
    pub place: Place,
}

/// What a revocation list is restricted to (issuing distribution point).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrlScope {
    /// Names of the distribution point that the list is for; without any it is for all.
    pub urls: Vec<String>,
    /// It names certificates of end entities only.
    pub users_only: bool,
    /// It names certificates of authorities only.
    pub authorities_only: bool,
    /// It names attribute certificates only.
    pub attributes_only: bool,
    /// It names certificates of other issuers as well.
    pub indirect: bool,
    /// It covers some reasons only.
    pub some_reasons: bool,
}

/// A certificate in a revocation list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// Its serial number.
    pub serial: Serial,
    /// Since when.
    pub date: Instant,
    /// Why; `None` when the list does not say.
    pub reason: Option<Reason>,
}

/// Why a certificate was revoked: the number of the standard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reason(pub u8);

impl Reason {
    /// In a delta list: the certificate is no longer on hold, or has expired.
    pub const REMOVE_FROM_CRL: Reason = Reason(8);
    /// Revoked for a time.
    pub const ON_HOLD: Reason = Reason(6);

    /// Its name as the standard spells it; `None` for a number that has none.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0 => "unspecified",
            1 => "keyCompromise",
            2 => "cACompromise",
            3 => "affiliationChanged",
            4 => "superseded",
            5 => "cessationOfOperation",
            6 => "certificateHold",
            8 => "removeFromCRL",
            9 => "privilegeWithdrawn",
            10 => "aACompromise",
            _ => return None,
        })
    }
}

/// A certificate trust list: which certificates it names, and for what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ctl {
    /// What its members are trusted for: object identifiers of enhanced key usages.
    pub usage: Vec<String>,
    /// Its identifier as bytes. That of IIS is text in UTF-16, see [`Ctl::identifier_text`].
    pub identifier: Vec<u8>,
    /// Its sequence number.
    pub sequence: Option<Serial>,
    /// When it was made.
    pub this_update: Instant,
    /// Until when it counts; `None` when it does not say, which means without end.
    pub next_update: Option<Instant>,
    /// The certificates it names, as SHA-1 thumbprints, in file order.
    pub members: Vec<[u8; 20]>,
    /// Members that are named by something else than 20 bytes, which cannot be compared with thumbprints.
    pub members_not_understood: usize,
    /// Object identifier of the hash that names the members.
    pub algorithm: String,
    /// Thumbprints of the certificates that are enclosed, in file order. They stand among the certificates of the file.
    pub enclosed: Vec<[u8; 20]>,
    /// How many signatures it has. None makes it a list that nobody signed.
    pub signers: usize,
    /// SHA-1 of the whole list, as a certificate store names it.
    pub thumbprint: [u8; 20],
    /// Where it stands.
    pub place: Place,
}

impl Ctl {
    /// Its identifier as text, when it is text in UTF-16 as Windows writes it; a NUL at the end is left out.
    pub fn identifier_text(&self) -> Option<String> {
        if self.identifier.is_empty() || self.identifier.len() % 2 == 1 {
            return None;
        }
        let units: Vec<u16> = self.identifier.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let text = String::from_utf16(&units).ok()?;
        let text = text.trim_end_matches('\0');
        (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
    }
}
