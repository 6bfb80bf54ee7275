//! Logs of IIS and HTTP.sys; two halves read apart add up in either order.
#![no_main]

use iisaudit::evidence::{LogSummary, merge, read_log, recognise_log};
use iisaudit::input::FileId;
use libfuzzer_sys::fuzz_target;

fn left_out(summary: &LogSummary) -> u64 {
    summary.files.values().map(|facts| facts.left_out).sum()
}

fuzz_target!(|bytes: &[u8]| {
    let (left, right) = bytes.split_at(bytes.len() / 2);
    let read = || (read_log(left, FileId(0)), read_log(right, FileId(1)));
    let ((a, b), (c, d)) = (read(), read());
    let mut taken_in = a.clone();
    taken_in.take_in(b.clone());
    assert_eq!(taken_in.requests() + left_out(&taken_in), a.requests() + b.requests() + left_out(&a) + left_out(&b));
    assert_eq!(merge(a, b), merge(d, c));
    recognise_log(bytes);
});
