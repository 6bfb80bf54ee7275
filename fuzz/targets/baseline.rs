//! The baseline: understood, or refused with at least one mistake.
#![no_main]

use iisaudit::policy::Baseline;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(mistakes) = Baseline::parse(text) {
        assert!(!mistakes.is_empty());
    }
});
