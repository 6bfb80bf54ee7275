//! The policy file: understood, or refused with at least one mistake.
#![no_main]

use iisaudit::policy::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Err(mistakes) = parse(text) {
        assert!(!mistakes.is_empty());
    }
});
