//! What retrieval hands on: the tables a question is about, and nothing that the caller may not see.

use std::sync::Arc;

use catalog::{Catalog, Engine, ddl};
use guard::Policy;
use querent::chat::relevant;
use querent::index::{Index, SMALL};

const STAFF: &str = "CREATE TABLE staff (id INTEGER PRIMARY KEY, name TEXT, salary INTEGER);\
                     CREATE TABLE rooms (id INTEGER PRIMARY KEY, floor INTEGER);";

fn index(text: &str) -> Index {
    Index::build(Arc::new(Catalog::new(ddl::read(text, Engine::Sqlite).snapshot)))
}

#[test]
fn a_hidden_column_is_handed_to_nobody() {
    let policy = Policy { hidden_columns: vec!["staff.salary".into()], ..Policy::default() };
    let catalog = relevant(&index(STAFF), &policy, "what is the salary of the staff?");
    let staff = catalog.find_table(None, "staff").unwrap();
    assert!(staff.column("name").is_some());
    assert!(staff.column("salary").is_none());
}

#[test]
fn a_hidden_table_is_handed_to_nobody() {
    let policy = Policy { hidden_tables: vec!["staff".into()], ..Policy::default() };
    let catalog = relevant(&index(STAFF), &policy, "who is on the staff?");
    assert!(catalog.find_table(None, "staff").is_none());
    assert!(catalog.find_table(None, "rooms").is_some());
}

#[test]
fn a_large_catalog_is_cut_to_what_the_question_is_about() {
    let many: String = (0..SMALL * 5).map(|n| format!("CREATE TABLE filler_{n} (a INTEGER);")).collect();
    let catalog = relevant(&index(&format!("{many}{STAFF}")), &Policy::default(), "salary of the staff");
    assert!(catalog.find_table(None, "staff").is_some());
    assert!(catalog.snapshot().tables.len() <= 60);
}
