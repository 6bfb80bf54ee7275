//! How long `check` takes from a file to its report in JSON, as a ratio to a bare pass of quick-xml over the same bytes that visits every
//! event and every attribute with its checks on. Ratios are medians of pairs measured in turn, so that a machine that slows down slows both.
//!
//! `cargo bench --bench read` prints the table; `cargo bench --bench read -- quick` leaves the largest files out, and `file PATH...` measures
//! files that are at hand, in UTF-8. For instruction counts, `once bare|guarded|check apphost|metabase|metabase-deep BYTES` does one thing once, and `write apphost|metabase|metabase-deep BYTES FILE`
//! writes an input. See docs/performance.md.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a program for developers that stops on anything unexpected"
)]

use std::hint::black_box;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use iisaudit::estate::{self, Options};
use iisaudit::input::FileId;
use iisaudit::report;
use iisaudit::review::Review;
use iisaudit::rules::{self, Context};
use iisaudit::xml::{Limits, XmlReader};

/// An applicationHost.config of about `bytes`: sites with an SNI binding and a location each, and the bulk of a stock file between them.
fn application_host(bytes: usize) -> String {
    let mut sites = String::new();
    let mut locations = String::new();
    let mut number = 0;
    while sites.len() + locations.len() < bytes {
        number += 1;
        sites.push_str(&format!(
            "      <site name=\"Site {number}\" id=\"{number}\" serverAutoStart=\"true\">\r\n        <application path=\"/\" applicationPool=\"Pool {number}\">\r\n          <virtualDirectory path=\"/\" physicalPath=\"D:\\web\\site{number}\" />\r\n        </application>\r\n        <bindings>\r\n          <binding protocol=\"https\" bindingInformation=\"*:443:site{number}.example.com\" sslFlags=\"1\" />\r\n        </bindings>\r\n      </site>\r\n"
        ));
        locations.push_str(&format!(
            "  <location path=\"Site {number}\">\r\n    <system.webServer>\r\n      <security>\r\n        <access sslFlags=\"Ssl, SslNegotiateCert, SslRequireCert\" />\r\n        <authentication>\r\n          <anonymousAuthentication enabled=\"true\" userName=\"\" />\r\n        </authentication>\r\n      </security>\r\n      <handlers accessPolicy=\"Read, Script\">\r\n"
        ));
        for handler in 0..12 {
            locations.push_str(&format!(
                "        <add name=\"Handler-{handler}\" path=\"*.h{handler}\" verb=\"GET,HEAD,POST,DEBUG\" modules=\"IsapiModule\" scriptProcessor=\"%windir%\\Microsoft.NET\\Framework\\v4.0.30319\\aspnet_isapi.dll\" preCondition=\"classicMode,runtimeVersionv4.0,bitness32\" />\r\n"
            ));
        }
        locations.push_str("      </handlers>\r\n    </system.webServer>\r\n  </location>\r\n");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<configuration>\r\n  <system.applicationHost>\r\n    <sites>\r\n{sites}    </sites>\r\n  </system.applicationHost>\r\n{locations}</configuration>\r\n"
    )
}

/// A MetaBase.xml of about `bytes`, in the layout that IIS writes.
fn meta_base(bytes: usize) -> String {
    let mut keys =
        String::from("<IIsWebService\tLocation =\"/LM/W3SVC\"\r\n\t\tAuthFlags=\"AuthAnonymous\"\r\n\t>\r\n</IIsWebService>\r\n");
    let mut number = 0;
    while keys.len() < bytes {
        number += 1;
        keys.push_str(&format!(
            "<IIsWebServer\tLocation =\"/LM/W3SVC/{number}\"\r\n\t\tAppPoolId=\"DefaultAppPool\"\r\n\t\tSSLCertHash=\"{number:040x}\"\r\n\t\tSSLStoreName=\"MY\"\r\n\t\tSecureBindings=\"10.{}.{}.{}:443:\"\r\n\t\tServerAutoStart=\"TRUE\"\r\n\t\tServerBindings=\":80:site{number}.example.com\"\r\n\t\tServerComment=\"site {number}\"\r\n\t>\r\n</IIsWebServer>\r\n<IIsFilters\tLocation =\"/LM/W3SVC/{number}/filters\"\r\n\t\tAdminACL=\"49634462f0000000a40000004000000031b103f74060f3c5bed2b6de37547fbc\"\r\n\t>\r\n</IIsFilters>\r\n<IIsWebVirtualDir\tLocation =\"/LM/W3SVC/{number}/root\"\r\n\t\tAccessFlags=\"AccessExecute | AccessRead | AccessScript\"\r\n\t\tAccessSSLFlags=\"AccessSSL | AccessSSLNegotiateCert | AccessSSLRequireCert\"\r\n\t\tAppFriendlyName=\"Default Application\"\r\n\t\tAppIsolated=\"2\"\r\n\t\tAppRoot=\"/LM/W3SVC/{number}/Root\"\r\n\t\tAuthFlags=\"AuthAnonymous | AuthNTLM\"\r\n\t\tDefaultDoc=\"index.aspx\"\r\n\t\tDirBrowseFlags=\"DirBrowseShowDate | DirBrowseShowTime | DirBrowseShowSize | DirBrowseShowExtension | DirBrowseShowLongDate | EnableDefaultDoc\"\r\n\t\tPath=\"D:\\web\\site{number}\"\r\n\t\tScriptMaps=\".asp,C:\\WINDOWS\\system32\\inetsrv\\asp.dll,5,GET,HEAD,POST,TRACE\r\n\t\t\t.cer,C:\\WINDOWS\\system32\\inetsrv\\asp.dll,5,GET,HEAD,POST,TRACE\"\r\n\t>\r\n</IIsWebVirtualDir>\r\n",
            number >> 16 & 255,
            number >> 8 & 255,
            number & 255,
        ));
    }
    format!(
        "<?xml version =\"1.0\"?>\r\n<configuration xmlns=\"urn:microsoft-catalog:XML_Metabase_V64_0\">\r\n<MBProperty>\r\n{keys}</MBProperty>\r\n</configuration>\r\n"
    )
}

/// A MetaBase.xml of about `bytes` with few sites for its size: 300, each with ten virtual directories, and all the rest of the file in
/// what an audit passes over, such as access control lists, script maps, filters, MIME types and keys of applications of others.
fn deep_meta_base(bytes: usize) -> String {
    const SITES: usize = 300;
    let scripts: String =
        [".asp", ".asa", ".cer", ".cdx", ".aspx", ".ashx", ".asmx", ".axd", ".rem", ".soap", ".config", ".cs", ".vb", ".resx"]
            .iter()
            .map(|extension| {
                format!("{extension},C:\\WINDOWS\\Microsoft.NET\\Framework\\v2.0.50727\\aspnet_isapi.dll,5,GET,HEAD,POST,DEBUG\r\n\t\t\t")
            })
            .collect();
    let mimes: String = (0..40).map(|number| format!(".x{number},application/x-thing-{number}\r\n\t\t\t")).collect();
    let acl = "49634462f0000000a40000004000000031b103f74060f3c5bed2b6de37547fbc".repeat(8);
    let mut keys =
        String::from("<IIsWebService\tLocation =\"/LM/W3SVC\"\r\n\t\tAuthFlags=\"AuthAnonymous\"\r\n\t>\r\n</IIsWebService>\r\n");
    keys.push_str(&format!("<IIsMimeMap\tLocation =\"/LM/MimeMap\"\r\n\t\tMimeMap=\"{mimes}\"\r\n\t>\r\n</IIsMimeMap>\r\n"));
    for site in 1..=SITES {
        keys.push_str(&format!(
            "<IIsWebServer\tLocation =\"/LM/W3SVC/{site}\"\r\n\t\tSSLCertHash=\"{site:040x}\"\r\n\t\tSSLStoreName=\"MY\"\r\n\t\tSecureBindings=\"10.0.{}.{}:443:\"\r\n\t\tServerBindings=\":80:site{site}.example.com\"\r\n\t\tServerComment=\"site {site}\"\r\n\t>\r\n</IIsWebServer>\r\n<IIsFilters\tLocation =\"/LM/W3SVC/{site}/filters\"\r\n\t\tAdminACL=\"{acl}\"\r\n\t>\r\n</IIsFilters>\r\n<IIsWebVirtualDir\tLocation =\"/LM/W3SVC/{site}/root\"\r\n\t\tAccessFlags=\"AccessRead | AccessScript\"\r\n\t\tAccessSSLFlags=\"AccessSSL | AccessSSLNegotiateCert | AccessSSLRequireCert\"\r\n\t\tPath=\"D:\\web\\site{site}\"\r\n\t\tScriptMaps=\"{scripts}\"\r\n\t>\r\n</IIsWebVirtualDir>\r\n",
            site >> 8 & 255,
            site & 255
        ));
        for directory in 0..10 {
            keys.push_str(&format!(
                "<IIsWebVirtualDir\tLocation =\"/LM/W3SVC/{site}/root/app{directory}\"\r\n\t\tAccessFlags=\"AccessRead | AccessScript\"\r\n\t\tPath=\"D:\\web\\site{site}\\app{directory}\"\r\n\t\tScriptMaps=\"{scripts}\"\r\n\t>\r\n</IIsWebVirtualDir>\r\n"
            ));
        }
        let share = bytes / SITES * site;
        let mut number = 0;
        while keys.len() < share {
            number += 1;
            keys.push_str(&format!(
                "<IIsWebDirectory\tLocation =\"/LM/W3SVC/{site}/root/content/folder{number}\"\r\n\t\tAdminACL=\"{acl}\"\r\n\t\tHttpExpires=\"D, 0x15180\"\r\n\t\tMimeMap=\"{mimes}\"\r\n\t\tScriptMaps=\"{scripts}\"\r\n\t>\r\n</IIsWebDirectory>\r\n<IIsConfigObject\tLocation =\"/LM/W3SVC/{site}/root/content/folder{number}/extension\"\r\n\t>\r\n\t<Custom\r\n\t\tName=\"UnknownName_50015\"\r\n\t\tID=\"50015\"\r\n\t\tValue=\"setting {number} of an extension\"\r\n\t\tType=\"STRING\"\r\n\t\tUserType=\"IIS_MD_UT_SERVER\"\r\n\t\tAttributes=\"NO_ATTRIBUTES\"\r\n\t/>\r\n</IIsConfigObject>\r\n"
            ));
        }
    }
    format!(
        "<?xml version =\"1.0\"?>\r\n<configuration xmlns=\"urn:microsoft-catalog:XML_Metabase_V64_0\">\r\n<MBProperty>\r\n{keys}</MBProperty>\r\n</configuration>\r\n"
    )
}

/// The yardstick: every event and every attribute, with the checks of quick-xml on.
fn bare(text: &str) -> usize {
    use quick_xml::events::Event;
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().enable_all_checks(true);
    let mut attributes = 0;
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) | Event::Empty(tag) => {
                attributes += tag.attributes().map(|attribute| attribute.unwrap().value.len()).sum::<usize>()
            }
            Event::Eof => return attributes,
            _ => {}
        }
    }
}

/// The guarded reader alone.
fn guarded(text: &str) -> usize {
    let mut reader = XmlReader::new(text, FileId(0), Limits::default());
    let mut attributes = 0;
    while reader.next().unwrap().is_some() {
        attributes += reader.attributes().len();
    }
    attributes
}

/// Counts what is written.
struct Length(usize);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Reading the file, working out what is in effect, all rules, and the report in JSON.
fn check(file: &Path) -> usize {
    let estate = estate::read(&[file.to_path_buf()], &Options::default());
    assert_eq!(estate.servers.len(), 1);
    let findings = estate.servers.iter().flat_map(|server| rules::check(&Context::new(server))).collect();
    let review = Review::new(estate, findings);
    let mut length = Length(0);
    report::check::write_json(&review, &mut length).unwrap();
    // As the program does, which ends once the report is written.
    std::mem::forget(review);
    length.0
}

/// The name that IIS gives the file, and its text.
fn input(kind: &str, bytes: usize) -> (&'static str, String) {
    match kind {
        "apphost" => ("applicationHost.config", application_host(bytes)),
        "metabase" => ("MetaBase.xml", meta_base(bytes)),
        "metabase-deep" => ("MetaBase.xml", deep_meta_base(bytes)),
        _ => panic!("apphost, metabase or metabase-deep"),
    }
}

/// The input as a file in a directory of its own.
fn file_of(name: &str, text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join(name);
    std::fs::write(&file, text).unwrap();
    (directory, file)
}

/// One thing once, for a program that counts instructions.
fn once(what: &str, kind: &str, bytes: usize) {
    let (name, text) = input(kind, bytes);
    let (_directory, file) = file_of(name, &text);
    black_box(match what {
        "bare" => bare(&text),
        "guarded" => guarded(&text),
        "check" => check(&file),
        "nothing" => 0,
        _ => panic!("bare, guarded, check or nothing"),
    });
}

fn timed(work: &dyn Fn() -> usize, times: u32) -> Duration {
    let start = Instant::now();
    for _ in 0..times {
        black_box(work());
    }
    start.elapsed() / times
}

/// Median of the ratios of pairs, and median time of the measured work.
fn ratio(yardstick: &dyn Fn() -> usize, work: &dyn Fn() -> usize) -> (f64, Duration) {
    let once = timed(yardstick, 1).max(Duration::from_micros(1));
    let times = u32::try_from(Duration::from_millis(20).as_nanos() / once.as_nanos()).unwrap_or(1).clamp(1, 1000);
    let mut pairs: Vec<(f64, Duration)> = (0..15)
        .map(|_| {
            let (yardstick, work) = (timed(yardstick, times), timed(work, times));
            (work.as_secs_f64() / yardstick.as_secs_f64(), work)
        })
        .collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs[pairs.len() / 2]
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["once", what, kind, bytes] => return once(what, kind, bytes.parse().unwrap()),
        ["write", kind, bytes, file] => return std::fs::write(file, input(kind, bytes.parse().unwrap()).1).unwrap(),
        _ => {}
    }
    println!("{:<26} {:>9} {:>9} {:>9} {:>10}", "input", "bytes", "guarded", "check", "check ms");
    if let Some(("file", files)) = arguments.split_first().map(|(first, rest)| (first.as_str(), rest)) {
        for file in files {
            let text = std::fs::read_to_string(file).unwrap();
            print(file, text.trim_start_matches('\u{feff}'), Path::new(file));
        }
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "quick");
    for (kind, sizes) in [
        ("apphost", [86_000, 1_000_000, 20_000_000]),
        ("metabase", [100_000, 1_000_000, 20_000_000]),
        ("metabase-deep", [5_200_000, 10_000_000, 200_000_000]),
    ] {
        for size in sizes {
            if quick && size > 1_000_000 {
                continue;
            }
            let (name, text) = input(kind, size);
            let (_directory, file) = file_of(name, &text);
            print(name, &text, &file);
        }
    }
}

/// One line of the table.
fn print(name: &str, text: &str, file: &Path) {
    let (reader, _) = ratio(&|| bare(text), &|| guarded(text));
    let (all, time) = ratio(&|| bare(text), &|| check(file));
    println!("{name:<26} {:>9} {reader:>8.2}x {all:>8.2}x {:>10.2}", text.len(), time.as_secs_f64() * 1e3);
}
