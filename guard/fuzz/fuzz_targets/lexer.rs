//! Our lexer and sqlparser's must see the same quoted texts, quoted names and comments in whatever becomes a tree.
#![no_main]

use arbitrary::Unstructured;
use fuzz::generate;
use fuzz::schema::ENGINES;
use guard::{Policy, parse_tree};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut bytes = Unstructured::new(bytes);
    let engine = ENGINES[bytes.choose_index(ENGINES.len()).unwrap_or(0)];
    let mut text = match bytes.choose_index(3).unwrap_or(0) {
        2 => {
            let made = generate::statement(&mut bytes, engine);
            generate::spliced(made, &mut bytes)
        }
        1 => generate::words(&mut bytes),
        _ => format!("SELECT {}", String::from_utf8_lossy(bytes.take_rest())),
    };
    // MySQL's `--` is a comment at the end of the text too
    text.push('\n');
    if parse_tree(&text, engine, &Policy::default()).is_err() {
        return;
    }
    let ours = guard::fuzzing::by_lexer(&text, engine);
    let theirs = guard::fuzzing::by_tokenizer(&text, engine);
    assert_eq!(ours, theirs, "{engine}: lexers differ on {text:?}");
});
