//! How long reading a log takes, as a ratio to a bare pass over the same bytes that finds each line with memchr, to one that
//! reads each line with `BufRead::read_until`, and to one that only counts line feeds. Ratios are medians of pairs measured in turn, so that a machine that slows down slows both.
//!
//! `cargo bench --bench log` takes 64 MB; `cargo bench --bench log -- 1024` takes 1024 MB, `-- 1024 file` reads them from a file in the
//! folder for temporary files, deletes it afterwards and tells the most memory that was in use (on Linux).

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs, reason = "a program for developers that stops on anything unexpected")]

use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::time::{Duration, Instant};

use iisaudit::evidence::read_log;
use iisaudit::input::FileId;

const AGENTS: [&str; 3] = [
    "Mozilla/5.0+(Windows+NT+10.0;+Win64;+x64)+AppleWebKit/537.36+(KHTML,+like+Gecko)+Chrome/131.0.0.0+Safari/537.36+Edg/131.0.0.0",
    "Mozilla/5.0+(Macintosh;+Intel+Mac+OS+X+10_15_7)+AppleWebKit/605.1.15+(KHTML,+like+Gecko)+Version/17.6+Safari/605.1.15",
    "ccmhttp",
];

/// Lines of IIS 10 in the order that it logs by default: four sites, a few thousand URLs, one request in twenty refused.
struct Lines {
    number: u64,
    state: u64,
}

impl Lines {
    fn next(&mut self, into: &mut String) {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let random = self.state >> 33;
        if self.number.is_multiple_of(500_000) {
            into.push_str("#Software: Microsoft Internet Information Services 10.0\r\n#Version: 1.0\r\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken\r\n");
        }
        let second = self.number / 100;
        self.number += 1;
        let status = match random % 20 {
            0 => ["403 7 5", "403 13 2148081683", "403 16 2148204809", "404 0 2", "500 0 64"][(random / 20 % 5) as usize],
            1..=3 => "304 0 0",
            _ => "200 0 0",
        };
        let page = random % 1500 * (random % 3);
        write!(
            into,
            "2025-01-{:02} {:02}:{:02}:{:02} 10.0.0.{} GET /app{}/api/v2/orders/{page}/details.aspx id={random}&view=full 443 - 192.168.{}.{} {} https://www.contoso.example/app/{page} {status} {}\r\n",
            second / 86_400 % 28 + 1,
            second / 3600 % 24,
            second / 60 % 60,
            second % 60,
            random % 4 + 1,
            random % 4,
            random % 256,
            random / 256 % 256,
            AGENTS[(random % 3) as usize],
            random % 3000,
        )
        .unwrap();
    }
}

/// Each line found, through a buffer of the size that the reader has.
fn bare(mut reader: impl Read) -> usize {
    let mut buffer = vec![0; 256 << 10];
    let (mut start, mut end, mut lines) = (0, 0, 0);
    loop {
        while let Some(length) = memchr::memchr(b'\n', &buffer[start..end]) {
            black_box(&buffer[start..start + length]);
            start += length + 1;
            lines += 1;
        }
        buffer.copy_within(start..end, 0);
        (start, end) = (0, end - start);
        match reader.read(&mut buffer[end..]).unwrap() {
            0 => return lines,
            read => end += read,
        }
    }
}

/// Each line read into a buffer of its own, as `BufRead` offers it and as most programs do.
fn read_each(reader: impl Read) -> usize {
    let mut reader = BufReader::with_capacity(256 << 10, reader);
    let (mut line, mut lines) = (Vec::new(), 0);
    while reader.read_until(b'\n', &mut line).unwrap() > 0 {
        black_box(&line);
        line.clear();
        lines += 1;
    }
    lines
}

/// Line feeds counted, and nothing else.
fn count(mut reader: impl Read) -> usize {
    let mut buffer = vec![0; 256 << 10];
    let mut lines = 0;
    loop {
        match reader.read(&mut buffer).unwrap() {
            0 => return lines,
            read => lines += memchr::memchr_iter(b'\n', &buffer[..read]).count(),
        }
    }
}

fn timed(work: impl Fn() -> usize) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

/// Medians: of the ratios to both yardsticks, and of the times.
fn measure<R: Read + Send>(open: impl Fn() -> R, bytes: usize, pairs: usize) {
    let mut to_lines = Vec::new();
    let mut to_reads = Vec::new();
    let mut to_count = Vec::new();
    let mut times = Vec::new();
    for _ in 0..pairs {
        let (lines, read, reads, counted) = (
            timed(|| bare(open())).as_secs_f64(),
            timed(|| usize::try_from(read_log(open(), FileId(0)).requests()).unwrap()).as_secs_f64(),
            timed(|| read_each(open())).as_secs_f64(),
            timed(|| count(open())).as_secs_f64(),
        );
        to_lines.push(read / lines);
        to_reads.push(read / reads);
        to_count.push(read / counted);
        times.push(read);
    }
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let time = median(&mut times);
    println!("{:>11} {:>14} {:>14} {:>14} {:>9} {:>8}", "bytes", "to each line", "to read_until", "to line feeds", "ms", "MB/s");
    println!(
        "{bytes:>11} {:>13.2}x {:>13.2}x {:>13.2}x {:>9.1} {:>8.0}",
        median(&mut to_lines),
        median(&mut to_reads),
        median(&mut to_count),
        time * 1e3,
        bytes as f64 / time / 1e6
    );
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let megabytes = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(64_usize);
    let bytes = megabytes << 20;
    let mut lines = Lines { number: 0, state: 1 };
    if arguments.iter().any(|argument| argument == "file") {
        let path = std::env::temp_dir().join(format!("iisaudit-bench-{}.log", std::process::id()));
        let mut file = File::create(&path).unwrap();
        let (mut written, mut text) = (0, String::new());
        while written < bytes {
            text.clear();
            (0..4000).for_each(|_| lines.next(&mut text));
            file.write_all(text.as_bytes()).unwrap();
            written += text.len();
        }
        drop(file);
        measure(|| File::open(&path).unwrap(), written, 3);
        std::fs::remove_file(&path).unwrap();
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    } else {
        let mut text = String::new();
        while text.len() < bytes {
            lines.next(&mut text);
        }
        measure(|| text.as_bytes(), text.len(), 9);
    }
}
