//! Every function and table function that the linked SQLite has, has been judged by the guard.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use catalog::Engine;
use guard::functions::{Judgement, of};

#[test]
fn every_function_of_sqlite_is_judged() {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let mut names = Vec::new();
    for sql in ["SELECT DISTINCT name FROM pragma_function_list", "SELECT name FROM pragma_module_list"] {
        let mut statement = connection.prepare(sql).unwrap();
        let found = statement.query_map([], |row| row.get::<_, String>(0)).unwrap();
        names.extend(found.map(Result::unwrap));
    }
    assert!(names.len() > 100);
    // operators that SQLite keeps in the list; modules of tables that are not called but read
    let elsewhere =
        ["->", "->>", "fts3", "fts4", "fts5", "rtree", "rtree_i32", "fts4aux", "fts3tokenize", "fts5vocab"];
    let functions = of(Engine::Sqlite);
    names.retain(|n| {
        !elsewhere.contains(&n.as_str()) && functions.judge(&n.to_lowercase()) == Judgement::Unknown
    });
    assert!(names.is_empty(), "judge these in guard/src/functions/sqlite.txt: {names:?}");
}
