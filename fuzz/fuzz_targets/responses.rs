#![no_main]

#[allow(dead_code, reason = "each program has one of the targets")]
#[path = "../../tests/integration/support/fuzz_targets.rs"]
mod fuzz_targets;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_targets::responses(bytes));
