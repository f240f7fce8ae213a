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
fn of_names_that_differ_by_case_alone_one_is_found_and_both_are_kept() {
    let text = "CREATE TABLE `Pet` (a int); CREATE TABLE pet (b int); CREATE TABLE Shop (c int);";
    let mut read = ddl::read(text, Engine::Mysql).snapshot;
    if read.tables.len() == 2 {
        // the text's reader takes the two for one; a crawl finds both
        let mut other = read.tables[0].clone();
        other.name = "PET".to_owned();
        read.tables.push(other);
    }
    let catalog = catalog::Catalog::new(read);
    assert!(catalog.find_table(None, "pet").is_some());
    assert_eq!(catalog.snapshot().tables.iter().filter(|t| t.name.eq_ignore_ascii_case("pet")).count(), 2);
    assert!(catalog.find_table(None, "shop").is_some());
}
