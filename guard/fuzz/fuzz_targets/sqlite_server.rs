//! Text that the guard accepts for SQLite, put to the real library on a writable connection.
#![no_main]

use arbitrary::Unstructured;
use catalog::Engine;
use fuzz::{generate, sqlite};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((0xff, rest)) = bytes.split_first() {
        return sqlite::agrees(&String::from_utf8_lossy(rest));
    }
    let mut bytes = Unstructured::new(bytes);
    let made = generate::statement(&mut bytes, Engine::Sqlite);
    let sql = if bytes.ratio(1u8, 3u8).unwrap_or(false) { generate::spliced(made, &mut bytes) } else { made };
    sqlite::agrees(&sql);
});
