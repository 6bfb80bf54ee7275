//! What a whole fleet costs: reading, judging, comparing and reporting many servers, against a bare pass of quick-xml over the same files with
//! the same number of threads; and the most memory that the process ever had.
//!
//! `cargo bench --bench fleet -- write N DIR` writes a tree of N servers with an applicationHost.config of about 86 KB each (`write N DIR
//! BYTES` for another size) and says how many sites differ; `cargo bench --bench fleet` writes 1,000 servers (`-- N [BYTES]` for
//! another number) into a directory that is gone afterwards, and measures; `-- measure DIR` measures a tree that is there. See
//! docs/performance.md.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a program for developers that stops on anything unexpected"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rayon::prelude::*;

/// The sites of every server.
const SITES: [&str; 4] = ["Portal", "Api", "Shop", "Intranet"];

/// The bulk of a stock file: handlers and modules that nobody compares.
fn bulk(bytes: usize) -> String {
    let mut text = String::from(
        "  <location path=\"\" overrideMode=\"Allow\">\r\n    <system.webServer>\r\n      <handlers accessPolicy=\"Read, Script\">\r\n",
    );
    let mut number = 0;
    while text.len() < bytes {
        number += 1;
        text.push_str(&format!(
            "        <add name=\"Handler-{number}\" path=\"*.h{number}\" verb=\"GET,HEAD,POST,DEBUG\" modules=\"IsapiModule\" scriptProcessor=\"%windir%\\Microsoft.NET\\Framework\\v4.0.30319\\aspnet_isapi.dll\" preCondition=\"classicMode,runtimeVersionv4.0,bitness32\" />\r\n"
        ));
    }
    text.push_str("      </handlers>\r\n    </system.webServer>\r\n  </location>\r\n");
    text
}

/// Whether a site is planted to differ: one server in a hundred, each time another site.
fn differs(server: usize, site: usize) -> bool {
    server % 100 == 42 && (server / 100) % SITES.len() == site
}

/// One server: sites with a binding, an application and two locations each. Servers differ in their number, in the length of what stands
/// before the sites, and in how defaults are spelled.
fn application_host(server: usize, bulk: &str) -> String {
    let (mut sites, mut locations) = (String::new(), String::new());
    for (index, name) in SITES.iter().enumerate() {
        let host = format!("{}.srv{server:06}.example.org", name.to_lowercase());
        sites.push_str(&format!(
            "      <site name=\"{name}\" id=\"{}\" serverAutoStart=\"true\">\r\n        <application path=\"/\" applicationPool=\"{name}\">\r\n          <virtualDirectory path=\"/\" physicalPath=\"D:\\web\\{server}\\{name}\" />\r\n        </application>\r\n        <application path=\"/admin\" applicationPool=\"{name}\">\r\n          <virtualDirectory path=\"/\" physicalPath=\"D:\\web\\{server}\\admin\" />\r\n        </application>\r\n        <bindings>\r\n          <binding protocol=\"https\" bindingInformation=\"*:443:{host}\" sslFlags=\"1\" />\r\n        </bindings>\r\n      </site>\r\n",
            index + 1
        ));
        let flags = if differs(server, index) { "Ssl" } else { "Ssl, SslNegotiateCert, SslRequireCert" };
        let ahead = if server.is_multiple_of(3) { "        <serverRuntime uploadReadAheadSize=\"49152\" />\r\n" } else { "" };
        locations.push_str(&format!(
            "  <location path=\"{name}\">\r\n    <system.webServer>\r\n{ahead}      <security>\r\n        <access sslFlags=\"Ssl, SslNegotiateCert\" />\r\n      </security>\r\n    </system.webServer>\r\n  </location>\r\n  <location path=\"{name}/admin\">\r\n    <system.webServer>\r\n      <security>\r\n        <access sslFlags=\"{flags}\" />\r\n      </security>\r\n    </system.webServer>\r\n  </location>\r\n"
        ));
    }
    let before = "    <!-- kept by hand -->\r\n".repeat(server % 7);
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<configuration>\r\n  <system.applicationHost>\r\n{before}    <sites>\r\n{sites}    </sites>\r\n  </system.applicationHost>\r\n{bulk}{locations}</configuration>\r\n"
    )
}

/// Writes the tree; gives the number of sites that differ.
fn write(servers: usize, directory: &Path, bytes: usize) -> usize {
    let bulk = bulk(bytes.saturating_sub(6_000));
    (0..servers).into_par_iter().for_each(|server| {
        let folder = directory.join(format!("srv{server:06}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("applicationHost.config"), application_host(server, &bulk)).unwrap();
    });
    (0..servers).map(|server| (0..SITES.len()).filter(|site| differs(server, *site)).count()).sum()
}

/// The yardstick: every event and every attribute of a file, with the checks of quick-xml on.
fn bare(path: &Path) -> usize {
    use quick_xml::events::Event;
    let text = String::from_utf8(std::fs::read(path).unwrap()).unwrap();
    let mut reader = quick_xml::Reader::from_str(&text);
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

fn files(directory: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(directory).into_iter().map(Result::unwrap);
    all.filter(|entry| entry.file_type().is_file()).map(walkdir::DirEntry::into_path).collect()
}

fn bare_all(directory: &Path, threads: usize) -> Duration {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    let start = Instant::now();
    let files = files(directory);
    let all: usize = pool.install(|| files.par_iter().map(|file| bare(file)).sum());
    assert!(all > 0);
    start.elapsed()
}

/// Time, peak memory in KB as far as the system tells it, and the number of outliers.
fn fleet(directory: &Path, threads: usize) -> (Duration, Option<u64>, usize) {
    let report = tempfile::NamedTempFile::new().unwrap();
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_iisaudit"))
        .args(["fleet", "--no-config", "--fail-on", "never", "--format", "json", "--threads", &threads.to_string()])
        .arg(directory)
        .stdout(report.reopen().unwrap())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    // The mark only rises, so the last one that is seen is at most what was added in the last moments.
    let code = loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
        peak = mark.or(peak);
        match child.try_wait().unwrap() {
            Some(code) => break code,
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    };
    let time = start.elapsed();
    assert!(code.success(), "{code}");
    let json: serde_json::Value = serde_json::from_reader(std::io::BufReader::new(report)).unwrap();
    (
        time,
        peak,
        json["outliers"].as_array().unwrap().len()
            + json["groups"].as_array().unwrap().iter().map(|group| group["members"].as_array().unwrap().len()).sum::<usize>(),
    )
}

fn measure(directory: &Path) {
    let all = files(directory);
    let bytes: u64 = all.iter().map(|file| std::fs::metadata(file).unwrap().len()).sum();
    println!("{} files, {} MB", all.len(), bytes / 1_000_000);
    println!("{:>7} {:>9} {:>9} {:>7} {:>9} {:>12} {:>8}", "threads", "bare s", "fleet s", "ratio", "peak MB", "KB a server", "differ");
    for threads in [1, 2] {
        // The median of three pairs, each measured in turn.
        let mut pairs: Vec<_> = (0..3).map(|_| (bare_all(directory, threads), fleet(directory, threads))).collect();
        pairs.sort_by(|a, b| (a.1.0.as_secs_f64() / a.0.as_secs_f64()).total_cmp(&(b.1.0.as_secs_f64() / b.0.as_secs_f64())));
        let (bare, (time, peak, differ)) = pairs[1];
        let (bare, time) = (bare.as_secs_f64(), time.as_secs_f64());
        let (megabytes, each) = match peak {
            Some(peak) => (format!("{}", peak / 1024), format!("{}", peak / u64::try_from(all.len()).unwrap())),
            None => ("-".to_owned(), "-".to_owned()),
        };
        println!("{threads:>7} {bare:>9.2} {time:>9.2} {:>6.2}x {megabytes:>9} {each:>12} {differ:>8}", time / bare);
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let number = |text: &str| text.parse::<usize>().unwrap_or_else(|_| panic!("{text} is no number"));
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", servers, directory] => println!("{} sites differ", write(number(servers), Path::new(directory), 86_000)),
        ["write", servers, directory, bytes] => println!("{} sites differ", write(number(servers), Path::new(directory), number(bytes))),
        ["measure", directory] => measure(Path::new(directory)),
        ref given => {
            let directory = tempfile::tempdir().unwrap();
            let servers = given.first().map_or(1_000, |text| number(text));
            let bytes = given.get(1).map_or(86_000, |text| number(text));
            println!("{} sites differ", write(servers, directory.path(), bytes));
            measure(directory.path());
        }
    }
}
