//! One database in five dialects is one database, but for what an engine cannot say.

use catalog::diff::across;
use catalog::{Engine, Snapshot, ddl};

fn library(engine: Engine) -> Snapshot {
    let text = match engine {
        Engine::Postgres => include_str!("library/postgres.sql"),
        Engine::Mysql => include_str!("library/mysql.sql"),
        Engine::Mariadb => include_str!("library/mariadb.sql"),
        Engine::Sqlite => include_str!("library/sqlite.sql"),
        Engine::Mssql => include_str!("library/mssql.sql"),
        // it has no DDL
        Engine::Mongodb => "",
    };
    let read = ddl::read(text, engine);
    assert!(read.skipped.is_empty(), "{engine}: {:?}", read.skipped);
    read.snapshot
}

fn lines(engine: Engine) -> Vec<String> {
    let (ours, theirs) = (library(Engine::Postgres), library(engine));
    across(&ours, &theirs).changes.iter().map(|change| change.line()).collect()
}

#[test]
fn a_database_is_the_same_on_every_engine_but_for_what_is_listed() {
    // neither has a type of JSON; SQLite's own key is NULL-able by its declaration
    let without_json = ["book.details: type changed from json to text"];
    for (engine, differences) in [
        (Engine::Postgres, &[] as &[&str]),
        (Engine::Mysql, &[]),
        (Engine::Mariadb, &[]),
        (Engine::Sqlite, &without_json),
        (Engine::Mssql, &without_json),
    ] {
        assert_eq!(lines(engine), differences, "{engine}");
    }
}

#[test]
fn what_differs_is_told_by_class_key_and_reference() {
    let ours = library(Engine::Postgres);
    let mut theirs = library(Engine::Mysql);
    for table in &mut theirs.tables {
        match table.name.as_str() {
            "author" => table.columns.retain(|column| column.name != "born"),
            "book" => table.columns[2].nullable = true,
            "loan" => table.foreign_keys.clear(),
            _ => {}
        }
    }
    let lines: Vec<String> = across(&ours, &theirs).changes.iter().map(|change| change.line()).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    for (line, place) in lines.iter().zip(["author.born", "book.title", "loan"]) {
        assert!(line.starts_with(place), "{line}");
    }
}

#[test]
fn of_names_that_differ_by_case_alone_the_exact_one_is_found_and_no_other() {
    let mut read = ddl::read("CREATE TABLE pet (a int); CREATE TABLE Shop (c int);", Engine::Mysql).snapshot;
    let mut other = read.tables[0].clone();
    other.name = "Pet".to_owned();
    read.tables.push(other);
    let catalog = catalog::Catalog::new(read);
    let schema = catalog.snapshot().tables[0].schema.clone();
    let named = |found: Option<&catalog::Table>| found.map(|table| table.name.clone());
    for exact in ["pet", "Pet"] {
        assert_eq!(named(catalog.stored_table(&schema, exact)).as_deref(), Some(exact));
        assert_eq!(named(catalog.meant_table((&schema, false), (exact, false))).as_deref(), Some(exact));
    }
    assert!(
        catalog.stored_table(&schema, "PET").is_none(),
        "neither of the two is meant more than the other"
    );
    assert!(catalog.find_table(None, "pet").is_none(), "a folded key names neither");
    assert_eq!(named(catalog.find_table(None, "shop")).as_deref(), Some("Shop"));
    assert_eq!(named(catalog.meant_table((&schema, false), ("SHOP", false))).as_deref(), Some("Shop"));
}
