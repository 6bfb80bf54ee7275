//! A metabase: read, assembled to a server, and judged by every rule.
#![no_main]

use iisaudit::input::{FileId, decode};
use iisaudit::metabase::{assemble, read};
use iisaudit::rules::{Context, check};
use iisaudit::xml::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(decoded) = decode(bytes, None) else { return };
    if let Ok(metabase) = read(&decoded.text, FileId(0), Limits::default(), None) {
        let server = assemble(&metabase, "SERVER".to_owned());
        let mut context = Context::new(&server);
        context.twin = Some(&server);
        let _ = check(&context);
    }
});
