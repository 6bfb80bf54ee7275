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

/// Runs the browser in a directory of its own. Gives what it wrote, and what it said on the way.
fn browse(page: &Path, more: &[String]) -> (Vec<u8>, String) {
    let directory = tempfile::tempdir().unwrap();
    let (out, log) = (directory.path().join("out"), directory.path().join("log"));
    let mut browser = Command::new(CHROMIUM)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"])
        .args(["--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--enable-logging=stderr", "--v=0"])
        .args(["--hide-scrollbars"])
        .args(more)
        .arg(format!("--user-data-dir={}", directory.path().join("profile").display()))
        .arg(format!("file://{}", page.display()))
        .stdin(Stdio::null())
        .stdout(std::fs::File::create(&out).unwrap())
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
    (std::fs::read(&out).unwrap(), log)
}

/// Takes a picture of a page. Gives the picture and what the page made the browser say.
fn picture(page: &Path, width: u32, more: &[&str]) -> (Vec<u8>, String) {
    let directory = tempfile::tempdir().unwrap();
    let png = directory.path().join("page.png");
    let mut all = vec![format!("--window-size={width},2400"), format!("--screenshot={}", png.display())];
    all.extend(more.iter().map(|one| (*one).to_owned()));
    let (_, log) = browse(page, &all);
    let said: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE") || line.contains("Content Security Policy")).collect();
    (std::fs::read(&png).unwrap_or_else(|error| panic!("no picture: {error}: {log}")), said.join("\n"))
}

/// How wide a page gets on a narrow screen with everything on it opened, and what sticks out.
fn width_of(page: &Path, screen: u32) -> (u32, String) {
    let directory = tempfile::tempdir().unwrap();
    let (opened, outer) = (directory.path().join("opened.html"), directory.path().join("outer.html"));
    let text = std::fs::read_to_string(page).unwrap();
    let text = text.replace(" open=\"open\"", "").replace("<details", "<details open=\"open\"");
    std::fs::write(&opened, text).unwrap();
    // The page itself may run no script, so that one around it measures.
    let script = "document.getElementById('page').onload = function () {
        const inner = this.contentDocument, out = [];
        for (const one of inner.querySelectorAll('body *')) {
            const hidden = one.closest('.hidden, .skip, thead') || (one.closest('.scroll') && !one.matches('.scroll'));
            if (!hidden && one.getBoundingClientRect().right > inner.documentElement.clientWidth + 1) out.push(one.tagName + '.' + one.className);
        }
        document.getElementById('told').textContent = inner.documentElement.scrollWidth + ' ' + out.slice(0, 5).join(' ');
    };";
    let frame = format!(
        "<!DOCTYPE html><body><iframe id='page' src='opened.html' width='{screen}' height='2000' style='border:0'></iframe><pre id='told'></pre><script>{script}</script>"
    );
    std::fs::write(&outer, frame).unwrap();
    let more = ["--window-size=1280,2400", "--allow-file-access-from-files", "--virtual-time-budget=20000", "--dump-dom"];
    let (out, log) = browse(&outer, &more.map(str::to_owned));
    let out = String::from_utf8(out).unwrap();
    let told = out.split("id=\"told\">").nth(1).and_then(|rest| rest.split('<').next()).unwrap_or_else(|| panic!("{log}"));
    let (width, sticks_out) = told.split_once(' ').unwrap_or_else(|| panic!("{told}: {log}"));
    (width.parse().unwrap(), sticks_out.to_owned())
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
    assert_eq!(width_of(&page, 400), (400, String::new()));

    // The same page with another style: the browser refuses that, so a hash that is wrong would not pass here.
    let other = directory.path().join("other.html");
    std::fs::write(&other, std::fs::read_to_string(&page).unwrap().replace("<style>", "<style>p{color:red}")).unwrap();
    let (plain, said) = picture(&other, 1280, &[]);
    assert!(said.contains("Content Security Policy"), "{said}");
    assert_ne!(plain, wide);
}

#[test]
fn a_browser_shows_the_page_of_an_estate_and_has_nothing_to_complain_about() {
    if !has_chromium() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let (page, rows) = (directory.path().join("estate.html"), directory.path().join("rows.ndjson"));
    let fleet = |paths: &[&str], more: &[String]| {
        let made = Command::new(env!("CARGO_BIN_EXE_iisaudit"))
            .arg("fleet")
            .args(paths)
            .args(more)
            .args(["--report", "table=-"])
            .current_dir(ROOT)
            .output()
            .unwrap();
        assert_eq!(made.status.code(), Some(1), "{}", String::from_utf8_lossy(&made.stderr));
    };
    // Two states of one server, so that there are changes of every kind.
    let state = |of: &str| {
        let shop = directory.path().join(of).join("shop");
        std::fs::create_dir_all(&shop).unwrap();
        for file in ["applicationHost.config", "sslcert.txt"] {
            std::fs::copy(Path::new(ROOT).join("examples/before-after").join(of).join(file), shop.join(file)).unwrap();
        }
        shop.to_str().unwrap().to_owned()
    };
    let (old, new) = (state("old"), state("new"));
    fleet(&[&old, "examples/fleet/web01", "examples/two-nodes"], &[format!("--report=ndjson={}", rows.display())]);
    let more = [format!("--report=html={}", page.display()), "--against".to_owned(), rows.display().to_string()];
    fleet(&[&new, "examples/fleet", "examples/two-nodes", "examples/url-tree"], &more);
    assert!(std::fs::read_to_string(&page).unwrap().contains("</span> weaker</span>"));
    let mut pictures = Vec::new();
    for (width, more) in [(1280, &[][..]), (500, &[][..]), (1280, &["--blink-settings=preferredColorScheme=0"][..])] {
        let (png, said) = picture(&page, width, more);
        assert_eq!(said, "");
        assert_eq!(width_and_height(&png), (width, 2400));
        assert!(png.len() > 40_000, "an empty picture: {} bytes", png.len());
        pictures.push(png);
    }
    assert!(pictures[0] != pictures[2], "dark is not light");
    assert_eq!(width_of(&page, 400), (400, String::new()));
    assert_eq!(width_of(&page, 1280), (1280, String::new()));
    // A table without its place to scroll in sticks out, so a page that is too wide would not pass here.
    let other = directory.path().join("other.html");
    std::fs::write(&other, std::fs::read_to_string(&page).unwrap().replace("class=\"scroll\"", "class=\"s\"")).unwrap();
    let (width, sticks_out) = width_of(&other, 400);
    assert!(width > 400 && !sticks_out.is_empty(), "{width} {sticks_out}");
}
