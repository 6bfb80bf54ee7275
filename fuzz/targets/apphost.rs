//! applicationHost.config, with a web.config behind a NUL, which neither can hold: read, assembled and judged by every rule.
#![no_main]

use std::sync::Arc;

use iisaudit::apphost::{ConfigFile, PlacedFile, assemble, read};
use iisaudit::input::{FileId, decode};
use iisaudit::rules::{Context, check};
use iisaudit::xml::Limits;
use libfuzzer_sys::fuzz_target;

fn config(bytes: &[u8], file: u32) -> Option<ConfigFile> {
    let decoded = decode(bytes, None).ok()?;
    let config = read(&decoded.text, FileId(file), Limits::default()).ok()?;
    let _ = (config.kind(), config.warnings(), config.is_location_of_a_site());
    Some(config)
}

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let Some(host) = parts.next().and_then(|part| config(part, 0)) else { return };
    let directory = ["inetpub", "wwwroot"].map(str::to_owned).to_vec();
    let web: Vec<_> = parts
        .next()
        .and_then(|part| config(part, 1))
        .map(|config| PlacedFile { directory, config: Arc::new(config) })
        .into_iter()
        .collect();
    let server = assemble(&host, &web, None, "SERVER".to_owned());
    let mut context = Context::new(&server);
    context.twin = Some(&server);
    let _ = check(&context);
});
