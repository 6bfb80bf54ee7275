//! The output of `httpcfg query ssl`: read, joined, judged.
#![no_main]

use iisaudit::httpsys::{join, read_httpcfg, recognise_text};
use iisaudit::input::{FileId, decode_text};
use iisaudit::rules::{Context, check};
use iisaudit::server::{Generation, Server};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(decoded) = decode_text(bytes, None) else { return };
    let _ = recognise_text(&decoded.text);
    for records in [read_httpcfg(&decoded.text, FileId(0))] {
        let mut server = Server::unknown("SERVER".to_owned(), Generation::Iis7);
        join(&mut server, records);
        let _ = check(&Context::new(&server));
    }
});
