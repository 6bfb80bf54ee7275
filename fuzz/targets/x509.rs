//! Certificates, revocation lists and trust lists in every container, and what is asked of them.
#![no_main]

use iisaudit::evidence::x509::{Authorities, Instant, for_client_authentication, is_binary, read, read_binary, revoked, validity};
use iisaudit::input::FileId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let now = Instant(1_933_135_628);
    let _ = is_binary(bytes);
    for read in [read(bytes, FileId(0)), read_binary(bytes, FileId(0))].into_iter().flatten() {
        let authorities = Authorities::new(&read.certificates);
        for certificate in &read.certificates {
            let _ = (authorities.chain(certificate).gap(), validity(certificate, now), for_client_authentication(certificate));
            let _ = revoked(certificate, &read.crls, now);
        }
        for trust in &read.ctls {
            let _ = trust.identifier_text();
        }
    }
});
