//! A schema of the metabase, and a small metabase that is read with it.
#![no_main]

use iisaudit::input::{FileId, decode};
use iisaudit::metabase::{MbSchema, assemble, read};
use iisaudit::xml::Limits;
use libfuzzer_sys::fuzz_target;

const METABASE: &str = r#"<configuration><MBProperty><IIsWebService Location="/LM/W3SVC" AccessSSLFlags="8" CertCheckMode="1"/>
<IIsWebServer Location="/LM/W3SVC/1" ServerBindings=":80:" SecureBindings=":443:" ServerComment="Shop"/>
<IIsWebVirtualDir Location="/LM/W3SVC/1/ROOT" AccessSSLFlags="AccessSSL | AccessSSLRequireCert"/></MBProperty></configuration>"#;

fuzz_target!(|bytes: &[u8]| {
    let Ok(decoded) = decode(bytes, None) else { return };
    if let Ok(schema) = MbSchema::read(&decoded.text, FileId(0), Limits::default())
        && let Ok(metabase) = read(METABASE, FileId(1), Limits::default(), Some(&schema))
    {
        let _ = assemble(&metabase, "SERVER".to_owned());
    }
});
