//! Any text.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|sql: &str| shared_fuzz::judge(sql));
