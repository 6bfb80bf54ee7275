//! A registry export: records of HTTP.sys, values of Schannel, and the version of Windows.
#![no_main]

use iisaudit::httpsys::{join, read_registry, recognise_text};
use iisaudit::input::{FileId, decode_text};
use iisaudit::rules::{Context, check};
use iisaudit::server::{Generation, Server};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(decoded) = decode_text(bytes, None) else { return };
    let _ = recognise_text(&decoded.text);
    let _ = (iisaudit::schannel::read_schannel(&decoded.text, FileId(0)), iisaudit::schannel::read_windows(&decoded.text, FileId(0)));
    for records in [read_registry(&decoded.text, FileId(0))] {
        let mut server = Server::unknown("SERVER".to_owned(), Generation::Iis7);
        join(&mut server, records);
        let _ = check(&Context::new(&server));
    }
});
