//! Binary logs of events, and what is made of their events.
#![no_main]

use iisaudit::evidence::{alert_of, event_groups, is_evtx, read_evtx};
use iisaudit::input::FileId;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = is_evtx(bytes);
    let Ok(read) = read_evtx(bytes, FileId(0)) else { return };
    assert!(read.warnings.len() < 40 && read.unknown.is_empty());
    let _ = (event_groups(&read.events), read.events.iter().map(alert_of).count());
});
