//! Statements made by the grammar, some with fragments set into them, for every engine: the properties hold.
#![no_main]

use arbitrary::Unstructured;
use fuzz::schema::ENGINES;
use fuzz::{generate, properties};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = Unstructured::new(bytes);
    let engine = ENGINES[bytes.choose_index(ENGINES.len()).unwrap_or(0)];
    let sql = match bytes.choose_index(4).unwrap_or(0) {
        3 => generate::words(&mut bytes),
        2 => {
            let made = generate::statement(&mut bytes, engine);
            generate::spliced(made, &mut bytes)
        }
        _ => generate::statement(&mut bytes, engine),
    };
    if std::env::var_os("FUZZ_SHOW").is_some() {
        eprintln!("{engine}: {sql}");
    }
    properties::hold(&sql, engine);
});
