//! Our lexer and sqlparser's must see the same quoted texts, quoted names and comments in whatever both accept.
#![no_main]

use fuzz::schema::ENGINES;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for engine in ENGINES {
        let Some(ours) = guard::fuzzing::by_lexer(text, engine) else { continue };
        let Some(theirs) = guard::fuzzing::by_tokenizer(text, engine) else { continue };
        assert_eq!(ours, theirs, "{engine}: lexers differ on {text:?}");
    }
});
