//! The script that gathers the files of a server: it only reads, it is text that every Windows runs, and what it gathers is recognised.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test stops on anything unexpected")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use iisaudit::estate::{self, FileKind, Options};
use iisaudit::server::WindowsVersion;

const SCRIPT: &str = include_str!("../examples/collect/collect.cmd");

/// The command lines, without comments, labels, blank lines and the condition in front of a command.
fn commands() -> Vec<&'static str> {
    let lines = SCRIPT
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && *line != "rem" && !line.starts_with("rem ") && !line.starts_with(':'));
    lines.map(|line| command_of(line.strip_prefix('@').unwrap_or(line))).collect()
}

/// What an `if` runs, or the line itself.
fn command_of(line: &str) -> &str {
    let Some(condition) = line.strip_prefix("if ") else { return line };
    let condition = condition.strip_prefix("not ").unwrap_or(condition);
    let after_word = |text: &'static str| condition.strip_prefix(text).map(after_operand);
    let rest = after_word("exist ").or_else(|| after_word("errorlevel ")).or_else(|| after_word("defined "));
    rest.unwrap_or_else(|| {
        let (_, right) = condition.split_once("==").unwrap_or_else(|| panic!("not understood: {line}"));
        after_operand(right)
    })
}

/// The text behind the first operand, which is quoted or ends at a blank.
fn after_operand(text: &str) -> &str {
    let end = match text.strip_prefix('"') {
        Some(quoted) => quoted.find('"').unwrap() + 2,
        None => text.find(' ').unwrap(),
    };
    text[end..].trim_start()
}

/// The files that the script makes, by the place relative to its folder.
fn made() -> BTreeSet<String> {
    let mut made = BTreeSet::new();
    for line in commands() {
        if let Some(place) = line.split(" >\"%out%\\").nth(1).filter(|place| !place.contains("%~1")) {
            made.insert(place.trim_end_matches('"').to_owned());
        }
        if let Some(taken) = line.strip_prefix("call :take ") {
            made.insert(taken.split(' ').nth(1).unwrap().to_owned());
        }
        if let Some(store) = line.strip_prefix("call :stores ") {
            made.insert(format!("{store}.store.txt"));
        }
        if let Some(exported) = line.strip_prefix("call :export ") {
            made.insert(exported.split(' ').next().unwrap().to_owned());
        }
    }
    made
}

#[test]
fn the_script_is_ascii_with_the_line_ends_of_windows() {
    assert!(SCRIPT.is_ascii());
    assert!(SCRIPT.ends_with("\r\n") && SCRIPT.replace("\r\n", "").find(['\r', '\n']).is_none());
    assert!(SCRIPT.lines().all(|line| line.len() < 200 && !line.contains('\t')));
}

#[test]
fn only_commands_that_read_are_run_and_only_the_folder_is_written() {
    let allowed = [
        "echo",
        "setlocal",
        "set",
        "goto",
        "call :take",
        "call :export",
        "call :stores",
        "exit /b",
        "shift",
        "ver |",
        "dir /s /b",
        // Each of these writes into the folder and nowhere else, which is checked below.
        "mkdir",
        "copy /b",
        r#""%sys%\xcopy.exe""#,
        r#""%sys%\netsh.exe" http show sslcert >"#,
        r#""%sys%\reg.exe" export "#,
        r#""%sys%\reg.exe" query "#,
        r#""%httpcfg%" query ssl >"#,
        // Both only look: -store lists, and qe queries events.
        r#""%sys%\certutil.exe" -store %1 >>"#,
        r#""%sys%\wevtutil.exe" qe System /q:"*[System[Provider["#,
        r#""%sys%\findstr.exe""#,
    ];
    let mut known = 0;
    for line in commands() {
        let verb =
            allowed.iter().find(|verb| line.strip_prefix(**verb).is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric())));
        assert!(verb.is_some(), "{line}");
        known += 1;
        // One command a line; the one pipe there is goes to a filter.
        let unquoted: String = line.split('"').step_by(2).collect();
        assert!(!unquoted.contains('&'), "{line}");
        assert!(!unquoted.contains('|') || line == r#"ver | "%sys%\find.exe" " 5.2." >nul"#, "{line}");
        assert!(!unquoted.contains(['(', '^', '!']), "blocks, escapes and delayed expansion are traps: {line}");
        for target in line.replace(">>", ">").split('>').skip(1) {
            assert!(["nul", "nul 2"].contains(&target.trim()) || target.starts_with("\"%out%\\"), "{line}");
        }
        let quoted: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        let written = match verb.copied().unwrap_or_default() {
            "mkdir" => quoted.first(),
            "copy /b" => quoted.get(1),
            r#""%sys%\xcopy.exe""# => quoted.get(2),
            r#""%sys%\reg.exe" export "# => quoted.get(1),
            _ => continue,
        };
        assert!(written.is_some_and(|place| *place == "%out%" || place.starts_with("%out%\\")), "{line}");
    }
    assert!(known > 60, "{known}");
}

#[test]
fn paths_are_quoted_and_every_label_is_there() {
    let labels: BTreeSet<&str> = SCRIPT.lines().filter_map(|line| line.strip_prefix(':')).collect();
    let mut used = BTreeSet::new();
    for line in commands() {
        for call in line.split("goto ").skip(1).chain(line.split("call :").skip(1)) {
            let label = call.split(' ').next().unwrap();
            assert!(labels.contains(label), "{line}");
            used.insert(label);
        }
        if !line.starts_with("echo") {
            let unquoted: String = line.split('"').step_by(2).collect();
            for variable in ["%out%", "%sys%", "%from%", "%below%", "%httpcfg%", "%~1", "%~f1", "%~dp0"] {
                assert!(!unquoted.contains(variable), "{variable} is not quoted: {line}");
            }
        }
        // Paths that others choose can hold characters with a meaning of their own.
        if let Some(shown) = line.strip_prefix("echo") {
            let unquoted: String = shown.split('"').step_by(2).collect();
            assert!(!unquoted.contains("%out%") && !unquoted.contains("%from%"), "{line}");
        }
    }
    assert!(labels.iter().all(|label| used.contains(label) || ["create", "begin", "folder", "sites"].contains(label)), "{labels:?}");
}

#[test]
fn the_next_command_and_the_warning_about_secrets_are_told() {
    assert!(SCRIPT.contains("echo   iisaudit check \"%out%\"\r\n"));
    assert!(SCRIPT.contains("Keep the folder confidential: applicationHost.config"));
}

fn utf16(text: &str) -> Vec<u8> {
    [0xFF, 0xFE].into_iter().chain(text.replace('\n', "\r\n").encode_utf16().flat_map(u16::to_le_bytes)).collect()
}

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)).unwrap()
}

fn http_reg() -> Vec<u8> {
    utf16(
        "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters]\n\
         \"EnableHttp2Tls\"=dword:00000000\n\n\
         [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\HTTP\\Parameters\\SslSniBindingInfo]\n\n",
    )
}

fn schannel_reg() -> Vec<u8> {
    utf16(
        "Windows Registry Editor Version 5.00\n\n\
         [HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\SecurityProviders\\SCHANNEL]\n\"EventLogging\"=dword:00000001\n\n",
    )
}

fn version(build: u32) -> Vec<u8> {
    let key = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion";
    format!("\r\n{key}\r\n    CurrentBuildNumber    REG_SZ    {build}\r\n\r\n").into()
}

/// What the script makes of a store: its command, and what certutil prints.
fn store(name: &str, printed: &str) -> Vec<u8> {
    format!("certutil -store {name} \r\n{printed}").into_bytes()
}

fn root() -> Vec<u8> {
    store(
        "Root",
        "Root \"Trusted Root Certification Authorities\"\r\n================ Certificate 0 ================\r\nSerial Number: 01\r\nIssuer: CN=A\r\nSubject: \
         CN=A\r\nCertUtil: -store command completed successfully.\r\n",
    )
}

fn missing_issuers() -> Vec<u8> {
    store("ClientAuthIssuer", "CertUtil: -store command FAILED: 0x80070002 (WIN32: 2 ERROR_FILE_NOT_FOUND)\r\nCertUtil: Not found.\r\n")
}

fn gather(files: &BTreeMap<&str, Vec<u8>>) -> (tempfile::TempDir, estate::Estate) {
    let directory = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = directory.path().join("WEB01").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let estate = estate::read(&[directory.path().join("WEB01")], &Options::default());
    (directory, estate)
}

fn kinds(estate: &estate::Estate) -> BTreeMap<String, (Option<FileKind>, Option<String>)> {
    let name = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    estate.inputs.iter().map(|input| (name(&input.path), (input.kind, input.server.clone()))).collect()
}

#[test]
fn what_is_gathered_from_iis_7_and_later_is_one_server() {
    let redirection = "<configuration><configSections><section name=\"configurationRedirection\"/></configSections><configurationRedirection/></configuration>";
    let files = BTreeMap::from([
        ("applicationHost.config", fixture("apphost/F1_consistent_sni.config")),
        ("redirection.config", redirection.into()),
        ("sslcert.txt", fixture("netsh/o02_2022_sni_drift_and_ccs.txt")),
        ("http.reg", http_reg()),
        ("schannel.reg", schannel_reg()),
        ("windows.txt", version(17763)),
        ("Root.store.txt", root()),
        ("CA.store.txt", store("CA", "CA \"Intermediate\"\r\nCertUtil: -store command completed successfully.\r\n")),
        ("ClientAuthIssuer.store.txt", missing_issuers()),
        ("events.xml", b"<Events><Event><System><Provider Name='Schannel'/><EventID>36887</EventID></System></Event></Events>".to_vec()),
        ("sites/C/inetpub/orders/web.config", b"<configuration><system.webServer/></configuration>".to_vec()),
    ]);
    let (_directory, estate) = gather(&files);
    let web01 = |kind| (Some(kind), Some("WEB01".to_owned()));
    assert_eq!(
        kinds(&estate),
        BTreeMap::from([
            ("applicationHost.config".to_owned(), web01(FileKind::ApplicationHost)),
            ("redirection.config".to_owned(), web01(FileKind::Redirection)),
            ("sslcert.txt".to_owned(), web01(FileKind::SslCert)),
            ("http.reg".to_owned(), web01(FileKind::Registry)),
            ("schannel.reg".to_owned(), web01(FileKind::Registry)),
            ("windows.txt".to_owned(), web01(FileKind::Registry)),
            ("Root.store.txt".to_owned(), web01(FileKind::CertStore)),
            ("CA.store.txt".to_owned(), web01(FileKind::CertStore)),
            ("ClientAuthIssuer.store.txt".to_owned(), web01(FileKind::CertStore)),
            ("events.xml".to_owned(), web01(FileKind::Events)),
            ("web.config".to_owned(), web01(FileKind::WebConfig)),
        ])
    );
    assert!(estate.inputs.iter().all(|input| input.error.is_none()), "{:?}", estate.inputs);
    let warnings: Vec<&str> = estate.inputs.iter().flat_map(|input| &input.warnings).map(String::as_str).collect();
    assert_eq!(warnings, ["line 2: certutil found no store ClientAuthIssuer"]);
    assert_eq!((estate.servers.len(), estate.skipped), (1, 0));
    let server = &estate.servers[0];
    assert_eq!(server.records.as_ref().unwrap().records.len(), 4);
    assert!(server.schannel.is_some());
    assert_eq!(server.windows, Some(WindowsVersion::Server2019));
    assert!(server.evidence.store("ClientAuthIssuer").unwrap().is_empty() && !server.evidence.store("Root").unwrap().is_empty());
    assert_eq!(server.evidence.events.as_ref().unwrap().len(), 1);
}

#[test]
fn what_is_gathered_from_iis_6_is_one_server() {
    let httpcfg = "    IP                      : 0.0.0.0:443\r\n    Hash                    : 1f0c6b7c2a9d4e58b3a7c0d1e2f30415263748a9\r\n    \
                   Guid                    : {4dc3e181-e14b-4a21-b022-59fc669b0914}\r\n    CertStoreName           : MY\r\n";
    let files = BTreeMap::from([
        ("MetaBase.xml", fixture("metabase/01_working_failing_pair.xml")),
        ("httpcfg.txt", httpcfg.into()),
        ("http.reg", http_reg()),
        ("schannel.reg", schannel_reg()),
        ("windows.txt", version(3790)),
        ("Root.store.txt", root()),
    ]);
    let (_directory, estate) = gather(&files);
    assert!(kinds(&estate).values().all(|(_, server)| server.as_deref() == Some("WEB01")), "{:?}", estate.inputs);
    assert_eq!(kinds(&estate)["MetaBase.xml"].0, Some(FileKind::MetaBase));
    assert_eq!((estate.servers.len(), estate.skipped, estate.inputs.len()), (1, 0, 6));
    assert_eq!(estate.servers[0].windows, Some(WindowsVersion::Server2003));
    assert_eq!(kinds(&estate)["httpcfg.txt"].0, Some(FileKind::Httpcfg));
    // Nothing that IIS 6 does not go by is taken for its settings.
    assert!(estate.servers[0].records.is_none());
    assert_eq!(estate.servers[0].running.as_ref().unwrap().records.len(), 1);
    assert!(estate.servers[0].schannel.is_some() && estate.servers[0].evidence.store("Root").is_some());
}

#[test]
fn no_other_files_are_made_than_those_tried_here() {
    let known = [
        "CA.store.txt",
        "ClientAuthIssuer.store.txt",
        "MBSchema.xml",
        "MetaBase.xml",
        "Root.store.txt",
        "applicationHost.config",
        "events.xml",
        "http.reg",
        "httpcfg.txt",
        "redirection.config",
        "schannel.reg",
        "sslcert.txt",
        "windows.txt",
    ];
    assert_eq!(made(), known.into_iter().map(str::to_owned).collect());
}
