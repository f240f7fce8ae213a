//! Splitting of a text into statements: by semicolons outside quotes and comments, and never past what is refused.

use catalog::Engine;
use guard::split;

fn pieces(text: &str, engine: Engine) -> Vec<&str> {
    split(text, engine).into_iter().map(|range| &text[range]).collect()
}

#[test]
fn semicolons_outside_quotes_and_comments_split() {
    let text = "-- first; not two\nSELECT ';' AS a, \"b;c\" ;\n\n/* ; */ SELECT 2 -- end;\n;;\nSELECT 3";
    let expected = ["SELECT ';' AS a, \"b;c\"", "SELECT 2 -- end;", "SELECT 3"];
    assert_eq!(pieces(text, Engine::Postgres), expected);
    assert_eq!(pieces("SELECT 1", Engine::Sqlite), ["SELECT 1"]);
    assert!(pieces(" ;\n-- nothing\n;", Engine::Sqlite).is_empty());
    assert!(pieces("", Engine::Sqlite).is_empty());
}

#[test]
fn each_engine_has_its_own_quotes() {
    assert_eq!(pieces("SELECT $x$;$x$; SELECT 2", Engine::Postgres).len(), 2);
    assert_eq!(pieces("SELECT $x$;$x$; SELECT 2", Engine::Sqlite).len(), 3);
    assert_eq!(pieces("SELECT [a;b] FROM t; SELECT 2", Engine::Sqlite).len(), 2);
    assert_eq!(pieces("SELECT 'a\\';' ; SELECT 2", Engine::Mysql).len(), 2);
    assert_eq!(pieces("SELECT 1 # ; SELECT 2\n; SELECT 3", Engine::Mysql).len(), 2);
}

#[test]
fn nothing_is_split_past_what_cannot_be_read() {
    for rest in ["'open; SELECT 2", "/* open; SELECT 2", "/*! x */ ; SELECT 2", "\u{0}; SELECT 2"] {
        let text = format!("SELECT 0; SELECT 1 {rest}");
        assert_eq!(pieces(&text, Engine::Mysql), ["SELECT 0", &text[10..]], "{rest:?}");
    }
}
