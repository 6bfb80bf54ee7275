//! Logs of IIS and HTTP.sys; two halves read apart add up in either order.
#![no_main]

use iisaudit::evidence::{merge, read_log};
use iisaudit::input::FileId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let (left, right) = bytes.split_at(bytes.len() / 2);
    let read = || (read_log(left, FileId(0)), read_log(right, FileId(1)));
    let ((a, b), (c, d)) = (read(), read());
    assert_eq!(merge(a, b), merge(d, c));
});
