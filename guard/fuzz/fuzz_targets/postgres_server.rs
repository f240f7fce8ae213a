//! Text that the guard accepts for PostgreSQL, put to a real server as superuser in a writable transaction.
#![no_main]

use arbitrary::Unstructured;
use catalog::Engine;
use fuzz::{generate, postgres};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((0xff, rest)) = bytes.split_first() {
        return postgres::agrees(&String::from_utf8_lossy(rest));
    }
    let mut bytes = Unstructured::new(bytes);
    let made = generate::statement(&mut bytes, Engine::Postgres);
    let sql = if bytes.ratio(1u8, 3u8).unwrap_or(false) { generate::spliced(made, &mut bytes) } else { made };
    postgres::agrees(&sql);
});
