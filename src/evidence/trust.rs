//! What the numbers of a chain verification mean: the bits of `dwErrorStatus` and `dwInfoStatus`, and results of Windows. A bit or result
//! that is not in these tables is kept with its number.

/// A bit of a trust status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrustBit {
    /// The bit.
    pub bit: u32,
    /// Its name, such as `CERT_TRUST_IS_REVOKED`.
    pub name: &'static str,
    /// What it says.
    pub meaning: &'static str,
}

const fn bit(bit: u32, name: &'static str, meaning: &'static str) -> TrustBit {
    TrustBit { bit, name, meaning }
}

/// The certificate is revoked.
pub(super) const IS_REVOKED: u32 = 0x4;
/// It is not known whether the certificate is revoked.
pub(super) const REVOCATION_STATUS_UNKNOWN: u32 = 0x40;
/// No current revocation list or answer could be had.
pub(super) const IS_OFFLINE_REVOCATION: u32 = 0x0100_0000;
/// Bit of the information: the certificate is its own issuer.
pub(super) const IS_SELF_SIGNED: u32 = 0x8;

/// Bits of `dwErrorStatus`.
pub(super) const ERRORS: &[TrustBit] = &[
    bit(0x1, "CERT_TRUST_IS_NOT_TIME_VALID", "it is expired or not yet valid"),
    bit(0x2, "CERT_TRUST_IS_NOT_TIME_NESTED", "its validity is not within that of its issuer"),
    bit(IS_REVOKED, "CERT_TRUST_IS_REVOKED", "it is revoked"),
    bit(0x8, "CERT_TRUST_IS_NOT_SIGNATURE_VALID", "its signature is wrong"),
    bit(0x10, "CERT_TRUST_IS_NOT_VALID_FOR_USAGE", "it may not be used for this purpose"),
    bit(0x20, "CERT_TRUST_IS_UNTRUSTED_ROOT", "its root certificate is not trusted"),
    bit(REVOCATION_STATUS_UNKNOWN, "CERT_TRUST_REVOCATION_STATUS_UNKNOWN", "whether it is revoked is not known"),
    bit(0x80, "CERT_TRUST_IS_CYCLIC", "the chain comes back to a certificate that it has already"),
    bit(0x100, "CERT_TRUST_INVALID_EXTENSION", "an extension is not valid"),
    bit(0x200, "CERT_TRUST_INVALID_POLICY_CONSTRAINTS", "policy constraints are not met"),
    bit(0x400, "CERT_TRUST_INVALID_BASIC_CONSTRAINTS", "basic constraints are not met: an issuer is no authority, or the path is too long"),
    bit(0x800, "CERT_TRUST_INVALID_NAME_CONSTRAINTS", "name constraints are not valid"),
    bit(0x1000, "CERT_TRUST_HAS_NOT_SUPPORTED_NAME_CONSTRAINT", "a name constraint is of a kind that is not supported"),
    bit(0x2000, "CERT_TRUST_HAS_NOT_DEFINED_NAME_CONSTRAINT", "a name constraint lacks for a name of the certificate"),
    bit(0x4000, "CERT_TRUST_HAS_NOT_PERMITTED_NAME_CONSTRAINT", "a name is not among those that are permitted"),
    bit(0x8000, "CERT_TRUST_HAS_EXCLUDED_NAME_CONSTRAINT", "a name is among those that are excluded"),
    bit(0x1_0000, "CERT_TRUST_IS_PARTIAL_CHAIN", "an issuer was not found"),
    bit(0x2_0000, "CERT_TRUST_CTL_IS_NOT_TIME_VALID", "a trust list is expired or not yet valid"),
    bit(0x4_0000, "CERT_TRUST_CTL_IS_NOT_SIGNATURE_VALID", "the signature of a trust list is wrong"),
    bit(0x8_0000, "CERT_TRUST_CTL_IS_NOT_VALID_FOR_USAGE", "a trust list is not for this purpose"),
    bit(0x10_0000, "CERT_TRUST_HAS_WEAK_SIGNATURE", "its signature is of a kind that is too weak"),
    bit(0x20_0000, "CERT_TRUST_HAS_WEAK_HYGIENE", "its key or hash is of a kind that is too weak"),
    bit(IS_OFFLINE_REVOCATION, "CERT_TRUST_IS_OFFLINE_REVOCATION", "no current revocation list or OCSP answer could be had"),
    bit(0x0200_0000, "CERT_TRUST_NO_ISSUANCE_CHAIN_POLICY", "no issuance policy holds for the whole chain"),
    bit(0x0400_0000, "CERT_TRUST_IS_EXPLICIT_DISTRUST", "it is among the certificates that are not to be trusted"),
    bit(0x0800_0000, "CERT_TRUST_HAS_NOT_SUPPORTED_CRITICAL_EXT", "it has a critical extension that is not supported"),
];

/// Bits of `dwInfoStatus`.
pub(super) const INFORMATION: &[TrustBit] = &[
    bit(0x1, "CERT_TRUST_HAS_EXACT_MATCH_ISSUER", "its issuer was found by name and serial number"),
    bit(0x2, "CERT_TRUST_HAS_KEY_MATCH_ISSUER", "its issuer was found by key"),
    bit(0x4, "CERT_TRUST_HAS_NAME_MATCH_ISSUER", "its issuer was found by name"),
    bit(IS_SELF_SIGNED, "CERT_TRUST_IS_SELF_SIGNED", "it is its own issuer"),
    bit(0x10, "CERT_TRUST_AUTO_UPDATE_CA_REVOCATION", "revocation of authorities comes from the automatic update"),
    bit(0x20, "CERT_TRUST_AUTO_UPDATE_END_REVOCATION", "revocation of end certificates comes from the automatic update"),
    bit(0x40, "CERT_TRUST_NO_OCSP_FAILOVER_TO_CRL", "revocation lists are not asked when OCSP fails"),
    bit(0x80, "CERT_TRUST_IS_KEY_ROLLOVER", "it carries over to a new key of the same authority"),
    bit(0x100, "CERT_TRUST_HAS_PREFERRED_ISSUER", "its issuer is the preferred one"),
    bit(0x200, "CERT_TRUST_HAS_ISSUANCE_CHAIN_POLICY", "an issuance policy holds for the whole chain"),
    bit(0x400, "CERT_TRUST_HAS_VALID_NAME_CONSTRAINTS", "name constraints are met"),
    bit(0x800, "CERT_TRUST_IS_PEER_TRUSTED", "it is in the store of trusted people"),
    bit(0x1000, "CERT_TRUST_HAS_CRL_VALIDITY_EXTENDED", "an expired revocation list was used for longer, as a policy of Windows says"),
    bit(0x2000, "CERT_TRUST_IS_FROM_EXCLUSIVE_TRUST_STORE", "it comes from an exclusive store of roots"),
    bit(0x4000, "CERT_TRUST_IS_CA_TRUSTED", "it is a trusted authority that need not be a root"),
    bit(0x1_0000, "CERT_TRUST_IS_COMPLEX_CHAIN", "the chain is made of several"),
];

/// A result of Windows as a message gives it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResultCode {
    /// The number, an HRESULT.
    pub value: u32,
    /// The name that the message gives, for newer versions do.
    pub printed: Option<String>,
}

impl ResultCode {
    /// The name, as the message gives it or else as it is known; the component that a network error comes from shows in the former only.
    pub fn name(&self) -> Option<&str> {
        self.printed.as_deref().or_else(|| name_of(self.value))
    }

    /// Number and name.
    pub fn label(&self) -> String {
        match self.name() {
            Some(name) => format!("0x{:08x} {name}", self.value),
            None => format!("0x{:08x}", self.value),
        }
    }

    /// The result that a line ends with, `text 0x80092013 (-2146885613 CRYPT_E_REVOCATION_OFFLINE)`; the parentheses may hold less.
    pub(super) fn of(text: &str) -> Option<ResultCode> {
        let at = text.rfind("0x")?;
        let rest = text.get(at + 2..)?;
        let length = rest.bytes().take_while(u8::is_ascii_hexdigit).count();
        let (digits, rest) = (rest.get(..length)?, rest.get(length..)?.trim());
        if length != 8 || !(rest.is_empty() || rest.starts_with('(') || rest.starts_with(|c: char| c.is_ascii_punctuation())) {
            return None;
        }
        let inner = rest.strip_prefix('(').and_then(|rest| rest.split(')').next()).unwrap_or_default();
        let is_name = |word: &&str| {
            word.contains('_') && word.len() < 100 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        };
        let printed = inner.split_whitespace().find(is_name).map(str::to_owned);
        Some(ResultCode { value: u32::from_str_radix(digits, 16).ok()?, printed })
    }
}

/// The name of a result.
pub fn name_of(value: u32) -> Option<&'static str> {
    Some(match value {
        0x8007_0002 => "ERROR_FILE_NOT_FOUND",
        0x8007_0003 => "ERROR_PATH_NOT_FOUND",
        0x8007_0005 => "E_ACCESSDENIED",
        0x8007_000d => "ERROR_INVALID_DATA",
        0x8007_0035 => "ERROR_BAD_NETPATH",
        0x8007_0037 => "ERROR_DEV_NOT_EXIST",
        0x8007_0490 => "ERROR_NOT_FOUND",
        0x8007_054b => "ERROR_NO_SUCH_DOMAIN",
        0x8007_05b4 => "ERROR_TIMEOUT",
        0x8007_203a => "ERROR_DS_SERVER_DOWN",
        0x8007_2ee2 => "ERROR_WINHTTP_TIMEOUT",
        0x8007_2ee7 => "ERROR_WINHTTP_NAME_NOT_RESOLVED",
        0x8007_2efd => "ERROR_WINHTTP_CANNOT_CONNECT",
        0x8007_2efe => "ERROR_WINHTTP_CONNECTION_ERROR",
        0x8007_2f78 => "ERROR_WINHTTP_INVALID_SERVER_RESPONSE",
        0x8007_2f8f => "ERROR_WINHTTP_SECURE_FAILURE",
        0x8007_2f94 => "ERROR_WINHTTP_AUTODETECTION_FAILED",
        0x8009_2004 => "CRYPT_E_NOT_FOUND",
        0x8009_2009 => "CRYPT_E_NO_MATCH",
        0x8009_2010 => "CRYPT_E_REVOKED",
        0x8009_2011 => "CRYPT_E_NO_REVOCATION_DLL",
        0x8009_2012 => "CRYPT_E_NO_REVOCATION_CHECK",
        0x8009_2013 => "CRYPT_E_REVOCATION_OFFLINE",
        0x8009_2014 => "CRYPT_E_NOT_IN_REVOCATION_DATABASE",
        0x8009_310b => "CRYPT_E_ASN1_BADTAG",
        0x8009_6004 => "TRUST_E_CERT_SIGNATURE",
        0x800b_0101 => "CERT_E_EXPIRED",
        0x800b_0102 => "CERT_E_VALIDITYPERIODNESTING",
        0x800b_0103 => "CERT_E_ROLE",
        0x800b_0104 => "CERT_E_PATHLENCONST",
        0x800b_0105 => "CERT_E_CRITICAL",
        0x800b_0106 => "CERT_E_PURPOSE",
        0x800b_0107 => "CERT_E_ISSUERCHAINING",
        0x800b_0108 => "CERT_E_MALFORMED",
        0x800b_0109 => "CERT_E_UNTRUSTEDROOT",
        0x800b_010a => "CERT_E_CHAINING",
        0x800b_010b => "TRUST_E_FAIL",
        0x800b_010c => "CERT_E_REVOKED",
        0x800b_010d => "CERT_E_UNTRUSTEDTESTROOT",
        0x800b_010e => "CERT_E_REVOCATION_FAILURE",
        0x800b_010f => "CERT_E_CN_NO_MATCH",
        0x800b_0110 => "CERT_E_WRONG_USAGE",
        0x800b_0111 => "TRUST_E_EXPLICIT_DISTRUST",
        0x800b_0112 => "CERT_E_UNTRUSTEDCA",
        0x800b_0113 => "CERT_E_INVALID_POLICY",
        0x800b_0114 => "CERT_E_INVALID_NAME",
        0x8019_0191 => "HTTP_E_STATUS_DENIED",
        0x8019_0193 => "HTTP_E_STATUS_FORBIDDEN",
        0x8019_0194 => "HTTP_E_STATUS_NOT_FOUND",
        0x8019_0197 => "HTTP_E_STATUS_PROXY_AUTH_REQ",
        0x8019_01f4 => "HTTP_E_STATUS_SERVER_ERROR",
        0x8019_01f7 => "HTTP_E_STATUS_SERVICE_UNAVAIL",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_is_one_bit_and_stands_once() {
        for table in [ERRORS, INFORMATION] {
            assert!(table.iter().all(|known| known.bit.count_ones() == 1 && known.name.starts_with("CERT_TRUST_")));
            assert!(table.windows(2).all(|pair| pair[0].bit < pair[1].bit));
        }
    }

    #[test]
    fn a_result_is_read_with_and_without_the_name_that_newer_versions_print() {
        let label = |text: &str| ResultCode::of(text).map(|code| code.label());
        assert_eq!(label("Offline. 0x80092013 (-2146885613)").as_deref(), Some("0x80092013 CRYPT_E_REVOCATION_OFFLINE"));
        assert_eq!(
            label("x 0x80072ee7 (INet: 12007 ERROR_INTERNET_NAME_NOT_RESOLVED)").as_deref(),
            Some("0x80072ee7 ERROR_INTERNET_NAME_NOT_RESOLVED")
        );
        assert_eq!(label("x 0x80070037 (WIN32: 55)").as_deref(), Some("0x80070037 ERROR_DEV_NOT_EXIST"));
        assert_eq!(label("x 0x80ABCDEF").as_deref(), Some("0x80abcdef"));
        for text in ["", "0x", "x (0x40)", "0x8009201 (1)", "0x800920133 (1)", "0x80092013abc", "0x80092013 and more words"] {
            assert_eq!(label(text), None, "{text}");
        }
    }
}
