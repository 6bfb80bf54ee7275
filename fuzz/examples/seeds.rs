//! Writes the first corpus of every target from tests/fixtures and examples: `cargo run --manifest-path fuzz/Cargo.toml --example seeds`.
//! Seeds are made and not kept in the repository, so that they follow the fixtures.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use iisaudit::estate::{FileKind, Options, read};

#[path = "../../tests/evtx/writer.rs"]
mod writer;

const BASELINE: &str = include_str!("baseline.json");

fn targets(kind: FileKind) -> &'static [&'static str] {
    match kind {
        FileKind::MetaBase => &["metabase", "xml", "pieces", "differential", "decode"],
        FileKind::MbSchema => &["mbschema", "xml", "pieces", "differential"],
        FileKind::ApplicationHost | FileKind::Redirection | FileKind::WebConfig => &["apphost", "xml", "pieces", "differential", "decode"],
        FileKind::SslCert => &["netsh", "decode"],
        FileKind::Httpcfg => &["httpcfg", "netsh"],
        FileKind::Registry => &["registry", "decode"],
        FileKind::CertStore => &["stores", "decode"],
        FileKind::CertVerify => &["verify", "decode"],
        FileKind::Events => &["events", "decode"],
        FileKind::Certificate | FileKind::RevocationList | FileKind::TrustList | FileKind::CertificateStoreFile | FileKind::PrivateKey => {
            &["x509"]
        }
        FileKind::Log => &["log"],
        FileKind::Policy => &["policy"],
        FileKind::Baseline => &["baseline"],
    }
}

fn plant(corpus: &Path, target: &str, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    let directory = corpus.join(target);
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(name), bytes)
}

/// Binary logs of events: one of each kind of value, and one that ends with its records, of which more fit into an input.
fn logs() -> Vec<(&'static str, Vec<u8>)> {
    use writer::{Event, Value, log};
    let value = |name: &str, value: Value| (name.to_owned(), value);
    let many = Value::Texts(vec!["a".to_owned(), "b & c".to_owned()]);
    let data = vec![value("AlertDesc", Value::U32(48)), value("", many), value("n", Value::Null), value("t", Value::Text("x".to_owned()))];
    let raw = (3..0x16).map(|kind| value("r", Value::Raw(kind, vec![1; 16]))).collect();
    let events = [
        Event { data, ..Event::new("Schannel", 36887) },
        Event::new("Schannel", 36885),
        Event { data: raw, ..Event::new("Microsoft-Windows-HttpEvent", 15300) },
        Event::new("Disk", 7),
    ];
    let whole = log(&events);
    let used = whole.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    let short = whole[..used].to_vec();
    vec![("whole", whole), ("short", short), ("empty", log(&[]))]
}

fn main() -> Result<(), Box<dyn Error>> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = fuzz.parent().ok_or("fuzz/ lies in no directory")?;
    let corpus = fuzz.join("corpus");
    let paths: Vec<PathBuf> = vec![root.join("tests/fixtures"), root.join("examples")];
    let estate = read(&paths, &Options { logs: true, ..Options::default() });
    let mut host: Option<Vec<u8>> = None;
    let mut seeds = 0;
    for (index, input) in estate.inputs.iter().enumerate() {
        let Some(kind) = input.kind else { continue };
        let bytes = fs::read(&input.path)?;
        let text = iisaudit::input::decode_text(&bytes, None).map(|decoded| decoded.text.into_owned()).unwrap_or_default();
        for target in targets(kind) {
            plant(&corpus, target, &format!("{index:03}"), &bytes)?;
            seeds += 1;
        }
        if matches!(kind, FileKind::SslCert | FileKind::MetaBase) {
            let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
            plant(&corpus, "decode", &format!("{index:03}-utf16"), &utf16)?;
            seeds += 1;
        }
        match kind {
            FileKind::ApplicationHost => host = Some(bytes),
            FileKind::WebConfig => {
                if let Some(host) = &host {
                    plant(&corpus, "apphost", &format!("{index:03}-both"), &[host.as_slice(), b"\0", &bytes].concat())?;
                    seeds += 1;
                }
            }
            _ => {}
        }
    }
    plant(&corpus, "policy", "example", &fs::read(root.join("examples/policy/iisaudit.toml"))?)?;
    plant(&corpus, "baseline", "example", BASELINE.as_bytes())?;
    let logs = logs();
    for (name, bytes) in &logs {
        plant(&corpus, "evtx", name, bytes)?;
    }
    println!("{} seeds in {}", seeds + 2 + logs.len(), corpus.display());
    Ok(())
}
