//! Any text, as mysql would be sent it: the properties hold.
#![no_main]

use catalog::Engine;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| fuzz::properties::hold(text, Engine::Mysql));
