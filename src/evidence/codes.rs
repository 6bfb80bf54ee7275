//! What the numbers of `sc-win32-status` and the words of `s-reason` in logs stand for. A code that is not in these tables is told as a number,
//! never guessed.

/// The name and the meaning of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Win32 {
    /// The name that Windows gives it.
    pub name: &'static str,
    /// What it means where a client certificate is asked for, or in general.
    pub meaning: &'static str,
}

/// What a value of `sc-win32-status` stands for. A code of Windows that is wrapped as `0x8007xxxx` means the same as the bare one.
pub fn win32(code: u32) -> Option<Win32> {
    let code = if code >> 16 == 0x8007 { code & 0xffff } else { code };
    let at = WIN32.binary_search_by_key(&code, |(code, _, _)| *code).ok()?;
    WIN32.get(at).map(|(_, name, meaning)| Win32 { name, meaning })
}

/// A code as it is best shown: with its hexadecimal form when that is how it is known, and its name.
pub fn show_win32(code: u32) -> String {
    let number = if code > 0xffff { format!("{code} (0x{code:08X})") } else { code.to_string() };
    match win32(code) {
        Some(known) => format!("{number} {}", known.name),
        None => number,
    }
}

/// What the word in `s-reason` of an HTTPERR log says about the request. Windows compares these words exactly, so do we.
pub fn reason(word: &str) -> Option<&'static str> {
    let at = REASONS.binary_search_by_key(&word, |(word, _)| word).ok()?;
    REASONS.get(at).map(|(_, meaning)| *meaning)
}

/// Sorted by code.
const WIN32: &[(u32, &str, &str)] = &[
    (0, "ERROR_SUCCESS", "no error"),
    (2, "ERROR_FILE_NOT_FOUND", "the file does not exist"),
    (3, "ERROR_PATH_NOT_FOUND", "the folder does not exist"),
    (5, "ERROR_ACCESS_DENIED", "access denied; with 403.7 no client certificate came, with 403.4 SSL was not used"),
    (13, "ERROR_INVALID_DATA", "data are invalid; with 500.19 the configuration is malformed"),
    (33, "ERROR_LOCK_VIOLATION", "with 500.19 a section is locked by a parent"),
    (50, "ERROR_NOT_SUPPORTED", "not supported; with 500.0 a certificate was asked for late on a TLS 1.3 connection"),
    (64, "ERROR_NETNAME_DELETED", "the client closed the connection before the answer was sent"),
    (87, "ERROR_INVALID_PARAMETER", "a parameter is invalid"),
    (121, "ERROR_SEM_TIMEOUT", "a wait timed out"),
    (122, "ERROR_INSUFFICIENT_BUFFER", "a buffer is too small"),
    (183, "ERROR_ALREADY_EXISTS", "with 500.19 an element of the configuration is there twice"),
    (258, "WAIT_TIMEOUT", "a wait timed out"),
    (995, "ERROR_OPERATION_ABORTED", "the operation was cancelled, as a rule because the client left"),
    (1214, "ERROR_INVALID_NETNAME", "a network name is invalid"),
    (1229, "ERROR_CONNECTION_INVALID", "the connection is gone"),
    (1236, "ERROR_CONNECTION_ABORTED", "the connection was closed on the server"),
    (1312, "ERROR_NO_SUCH_LOGON_SESSION", "a logon session is gone"),
    (1326, "ERROR_LOGON_FAILURE", "user name or password is wrong; with a mapped certificate the account's password is out of date"),
    (1330, "ERROR_PASSWORD_EXPIRED", "the password of the account has expired"),
    (1331, "ERROR_ACCOUNT_DISABLED", "the account is disabled"),
    (1385, "ERROR_LOGON_TYPE_NOT_GRANTED", "the account may not log on in this way"),
    (1909, "ERROR_ACCOUNT_LOCKED_OUT", "the account is locked out"),
    (10053, "WSAECONNABORTED", "the connection was aborted"),
    (10054, "WSAECONNRESET", "the other side reset the connection"),
    (10060, "WSAETIMEDOUT", "the connection timed out"),
    (12002, "ERROR_WINHTTP_TIMEOUT", "fetching a revocation list or an OCSP answer timed out"),
    (12007, "ERROR_WINHTTP_NAME_NOT_RESOLVED", "the host of a revocation list or OCSP responder is not found in DNS"),
    (12016, "ERROR_WINHTTP_INTERNAL_ERROR", "fetching a revocation list or an OCSP answer was cut short"),
    (12029, "ERROR_WINHTTP_CANNOT_CONNECT", "the host of a revocation list or OCSP responder cannot be reached"),
    (12030, "ERROR_WINHTTP_CONNECTION_ERROR", "the connection to a revocation list or OCSP responder broke"),
    (0x8009_000b, "NTE_BAD_KEY_STATE", "the key cannot be used in this state"),
    (0x8009_0016, "NTE_BAD_KEYSET", "the private key is missing or may not be read"),
    (0x8009_0301, "SEC_E_INVALID_HANDLE", "the security context is no longer valid"),
    (0x8009_0304, "SEC_E_INTERNAL_ERROR", "the security package failed"),
    (0x8009_0305, "SEC_E_SECPKG_NOT_FOUND", "the security package is not installed"),
    (0x8009_0308, "SEC_E_INVALID_TOKEN", "the token of the client is invalid"),
    (0x8009_030c, "SEC_E_LOGON_DENIED", "the logon was refused"),
    (0x8009_030e, "SEC_E_NO_CREDENTIALS", "no credentials came with the request, as at the first step of Windows authentication"),
    (0x8009_0311, "SEC_E_NO_AUTHENTICATING_AUTHORITY", "no domain controller could be reached"),
    (0x8009_0322, "SEC_E_WRONG_PRINCIPAL", "the name of the target is wrong"),
    (0x8009_0325, "SEC_E_UNTRUSTED_ROOT", "the root of the certificate chain is not trusted by the server's computer account"),
    (0x8009_0326, "SEC_E_ILLEGAL_MESSAGE", "a message of the handshake is malformed"),
    (0x8009_0327, "SEC_E_CERT_UNKNOWN", "the certificate could not be processed"),
    (0x8009_0328, "SEC_E_CERT_EXPIRED", "the certificate has expired"),
    (0x8009_0331, "SEC_E_ALGORITHM_MISMATCH", "client and server have no algorithm in common"),
    (0x8009_0349, "SEC_E_CERT_WRONG_USAGE", "the certificate is not meant for this usage"),
    (0x8009_2010, "CRYPT_E_REVOKED", "the certificate is revoked"),
    (0x8009_2011, "CRYPT_E_NO_REVOCATION_DLL", "there is no provider that could check revocation"),
    (0x8009_2012, "CRYPT_E_NO_REVOCATION_CHECK", "revocation could not be checked"),
    (0x8009_2013, "CRYPT_E_REVOCATION_OFFLINE", "the revocation list or OCSP responder cannot be reached from the server"),
    (0x8009_2014, "CRYPT_E_NOT_IN_REVOCATION_DATABASE", "the revocation data do not cover the certificate"),
    (0x800b_0101, "CERT_E_EXPIRED", "a certificate of the chain has expired or is not yet valid by the server's clock"),
    (0x800b_0102, "CERT_E_VALIDITYPERIODNESTING", "the validity periods of the chain do not nest"),
    (0x800b_0103, "CERT_E_ROLE", "a certificate that is no authority is used as one"),
    (0x800b_0104, "CERT_E_PATHLENCONST", "a path length constraint of the chain is broken"),
    (0x800b_0105, "CERT_E_CRITICAL", "a critical extension is not understood"),
    (0x800b_0106, "CERT_E_PURPOSE", "the certificate is used for a purpose that its issuer did not allow"),
    (0x800b_0109, "CERT_E_UNTRUSTEDROOT", "the chain ends in a root that the server's computer account does not trust"),
    (0x800b_010a, "CERT_E_CHAINING", "no chain to a trusted root could be built; an intermediate may be missing on the server"),
    (0x800b_010c, "CERT_E_REVOKED", "a certificate of the chain is revoked by its issuer"),
    (0x800b_010d, "CERT_E_UNTRUSTEDTESTROOT", "the chain ends in a test root"),
    (0x800b_010e, "CERT_E_REVOCATION_FAILURE", "revocation could not be checked"),
    (0x800b_010f, "CERT_E_CN_NO_MATCH", "the name in the certificate does not match"),
    (0x800b_0110, "CERT_E_WRONG_USAGE", "the certificate is not meant for client authentication"),
    (0x800b_0112, "CERT_E_UNTRUSTEDCA", "an authority of the chain is not trusted by policy"),
    (0x800b_0113, "CERT_E_INVALID_POLICY", "a policy of the certificate is invalid"),
    (0x800b_0114, "CERT_E_INVALID_NAME", "a name constraint of the chain is broken"),
];

/// Sorted by word.
const REASONS: &[(&str, &str)] = &[
    ("AppOffline", "the application is switched off by rapid-fail protection or by hand (503)"),
    ("AppPoolTimer", "the application pool is busy (503)"),
    ("AppShutdown", "the application pool shut down (503)"),
    ("BadRequest", "the request could not be parsed (400)"),
    ("Client_Reset", "the client closed the connection before the request was given to a worker process"),
    ("ConnLimit", "the connection limit of the site is reached (503)"),
    ("Connection_Abandoned_By_AppPool", "a worker process ended while it held the request"),
    ("Connection_Abandoned_By_ReqQueue", "a worker process ended while it held the request"),
    ("Connection_Dropped", "the connection was dropped while the request was waiting for an answer"),
    ("Connection_Dropped_List_Full", "the list of dropped connections is full"),
    ("Connections_Refused", "memory of the kernel ran low, connections are refused"),
    ("Disabled", "the application is switched off by the administrator (503)"),
    ("EntityTooLarge", "the body is larger than allowed"),
    ("FieldLength", "a header field is too long (400)"),
    ("Forbidden", "the request was refused while it was parsed"),
    ("Header", "a header could not be parsed (400)"),
    ("Hostname", "the host name could not be parsed or has no site (400)"),
    ("Internal", "an error within HTTP.sys (500)"),
    ("Invalid_CR/LF", "a line break is where none may be (400)"),
    ("LengthRequired", "the request has no length"),
    ("N/A", "the service is not available (503)"),
    ("N/I", "this kind of request is not implemented (501)"),
    ("Number", "a number could not be parsed (400)"),
    ("Precondition", "a precondition of the request is not met"),
    ("QueueFull", "the request queue of the application pool is full (503)"),
    ("RequestLength", "the request line is too long (400)"),
    ("Timer_AppPool", "the request waited too long in the queue of its application pool"),
    ("Timer_ConnectionIdle", "an idle connection was closed; this is normal"),
    ("Timer_EntityBody", "the body of the request did not arrive in time"),
    ("Timer_HeaderWait", "the headers of the request did not arrive in time"),
    ("Timer_MinBytesPerSecond", "the client took the answer too slowly"),
    ("Timer_Response", "the answer took too long"),
    ("URL", "the URL could not be parsed (400)"),
    ("URL_Length", "the URL is too long (400)"),
    ("Verb", "the method could not be parsed (400)"),
    ("Version_N/S", "the version of HTTP is not supported (505)"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_of_client_certificates_have_their_names() {
        for (code, name) in [
            (2148081680, "CRYPT_E_REVOKED"),
            (2148081682, "CRYPT_E_NO_REVOCATION_CHECK"),
            (2148081683, "CRYPT_E_REVOCATION_OFFLINE"),
            (2148204801, "CERT_E_EXPIRED"),
            (2148204809, "CERT_E_UNTRUSTEDROOT"),
            (2148204810, "CERT_E_CHAINING"),
            (2148204812, "CERT_E_REVOKED"),
            (2148204813, "CERT_E_UNTRUSTEDTESTROOT"),
            (2148204814, "CERT_E_REVOCATION_FAILURE"),
            (2148204816, "CERT_E_WRONG_USAGE"),
            (2148074277, "SEC_E_UNTRUSTED_ROOT"),
            (2148074279, "SEC_E_CERT_UNKNOWN"),
            (2148074280, "SEC_E_CERT_EXPIRED"),
            (2147942405, "ERROR_ACCESS_DENIED"),
            (5, "ERROR_ACCESS_DENIED"),
            (2147942450, "ERROR_NOT_SUPPORTED"),
            (64, "ERROR_NETNAME_DELETED"),
            (12002, "ERROR_WINHTTP_TIMEOUT"),
        ] {
            assert_eq!(win32(code).map(|known| known.name), Some(name), "{code}");
        }
        assert_eq!(win32(4_000_000_000), None);
    }

    #[test]
    fn a_code_is_shown_with_its_hexadecimal_form_and_its_name() {
        assert_eq!(show_win32(2148081683), "2148081683 (0x80092013) CRYPT_E_REVOCATION_OFFLINE");
        assert_eq!(show_win32(64), "64 ERROR_NETNAME_DELETED");
        assert_eq!(show_win32(4711), "4711");
    }

    #[test]
    fn both_tables_are_sorted_and_each_entry_is_found() {
        assert!(WIN32.is_sorted_by(|a, b| a.0 < b.0));
        assert!(REASONS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(reason("Timer_ConnectionIdle").is_some());
        assert_eq!(reason("Something_New"), None);
    }
}
