//! The HTML report in a real browser: it is shown as it is styled, and the browser has nothing to complain about, least of all that the
//! policy of the page forbids a part of it.
//!
//! Without Chromium the test is left out with a loud word; with `IISAUDIT_CI=1` that is a failure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "a test stops on anything unexpected")]

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const CHROMIUM: &str = "/usr/bin/chromium";
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const PATIENCE: Duration = Duration::from_secs(120);

fn has_chromium() -> bool {
    if Path::new(CHROMIUM).exists() {
        return true;
    }
    assert!(std::env::var_os("IISAUDIT_CI").is_none(), "{CHROMIUM} is missing");
    eprintln!("SKIPPED: {CHROMIUM} is missing, so no browser has seen the HTML report");
    false
}

/// Takes a picture of a page. Gives the picture and what the page made the browser say.
fn picture(page: &Path, width: u32, more: &[&str]) -> (Vec<u8>, String) {
    let directory = tempfile::tempdir().unwrap();
    let (png, log) = (directory.path().join("page.png"), directory.path().join("log"));
    let mut browser = Command::new(CHROMIUM)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0"])
        .args(["--hide-scrollbars", &format!("--window-size={width},2400")])
        .args(more)
        .arg(format!("--user-data-dir={}", directory.path().join("profile").display()))
        .arg(format!("--screenshot={}", png.display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = browser.try_wait().unwrap() {
            break status;
        }
        if begin.elapsed() > PATIENCE {
            browser.kill().unwrap();
            browser.wait().unwrap();
            panic!("{CHROMIUM} does not end: {}", String::from_utf8_lossy(&std::fs::read(&log).unwrap()));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let log = String::from_utf8_lossy(&std::fs::read(&log).unwrap()).into_owned();
    assert!(status.success(), "{log}");
    let said: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE") || line.contains("Content Security Policy")).collect();
    (std::fs::read(&png).unwrap_or_else(|error| panic!("no picture: {error}: {log}")), said.join("\n"))
}

fn width_and_height(png: &[u8]) -> (u32, u32) {
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    let number = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    (number(16), number(20))
}

#[test]
fn a_browser_shows_the_report_and_has_nothing_to_complain_about() {
    if !has_chromium() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("report.html");
    let arguments = ["check", "examples/renewal-drift", "examples/certificate-mapping", "--profile", "stig", "--quiet"];
    let made = Command::new(env!("CARGO_BIN_EXE_iisaudit"))
        .args(arguments)
        .arg("--report")
        .arg(format!("html={}", page.display()))
        .current_dir(ROOT)
        .output()
        .unwrap();
    assert_eq!(made.status.code(), Some(1), "{}", String::from_utf8_lossy(&made.stderr));
    let (wide, said) = picture(&page, 1280, &[]);
    assert_eq!(said, "");
    assert_eq!(width_and_height(&wide), (1280, 2400));
    assert!(wide.len() > 60_000, "an empty picture: {} bytes", wide.len());
    let (dark, said) = picture(&page, 1280, &["--blink-settings=preferredColorScheme=0"]);
    assert_eq!(said, "");
    assert!(dark.len() > 60_000 && dark != wide, "dark is not light");

    // The same page with another style: the browser refuses that, so a hash that is wrong would not pass here.
    let other = directory.path().join("other.html");
    std::fs::write(&other, std::fs::read_to_string(&page).unwrap().replace("<style>", "<style>p{color:red}")).unwrap();
    let (plain, said) = picture(&other, 1280, &[]);
    assert!(said.contains("Content Security Policy"), "{said}");
    assert_ne!(plain, wide);
}
