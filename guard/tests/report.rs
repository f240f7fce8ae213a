//! The report of a checked statement: how many rows of two relations meet, what can be NULL, and its machine form.

#![allow(clippy::panic, clippy::expect_used)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{Catalog, Engine};
use guard::report::{Cardinality, Report};
use guard::{Answer, Policy, check};

const TABLES: &str = "
    CREATE TABLE farm (id integer PRIMARY KEY, name text NOT NULL, acres integer);
    CREATE TABLE cow (id integer PRIMARY KEY, farm_id integer NOT NULL REFERENCES farm (id), litres integer);
    CREATE TABLE passport (cow_id integer PRIMARY KEY REFERENCES cow (id), seen date);
    CREATE TABLE note (about integer, text text);
";

fn report(sql: &str) -> Report {
    let catalog = Catalog::new(catalog::ddl::read(TABLES, Engine::Postgres).snapshot);
    let read = check(sql, &catalog, &Policy::default()).unwrap_or_else(|f| panic!("{sql}: {f:?}"));
    read.report().clone()
}

fn cardinality(sql: &str) -> Vec<Option<Cardinality>> {
    report(sql).joins.iter().map(|j| j.cardinality).collect()
}

#[test]
fn keys_tell_how_many_rows_meet() {
    use Cardinality as C;
    let told = [
        ("SELECT c.id FROM cow c JOIN farm f ON f.id = c.farm_id", C::ManyToOne),
        ("SELECT c.id FROM farm f LEFT JOIN cow c ON f.id = c.farm_id", C::OneToMany),
        ("SELECT c.id FROM cow c JOIN passport p ON p.cow_id = c.id AND p.seen IS NOT NULL", C::OneToOne),
        ("SELECT a.id FROM cow a JOIN cow b ON a.litres = b.litres", C::ManyToMany),
        ("SELECT id FROM cow a JOIN cow b USING (id)", C::OneToOne),
    ];
    for (sql, wanted) in told {
        assert_eq!(cardinality(sql), [Some(wanted)], "{sql}");
    }
    let chain = "SELECT p.seen FROM farm f JOIN cow c ON c.farm_id = f.id JOIN passport p ON p.cow_id = c.id";
    assert_eq!(cardinality(chain), [Some(C::OneToMany), Some(C::OneToOne)]);
    for unknown in [
        "SELECT c.id FROM cow c JOIN note n ON n.about = c.id",
        "SELECT c.id FROM cow c CROSS JOIN farm f",
        "SELECT c.id FROM cow c JOIN (SELECT farm_id AS x FROM cow) d ON d.x = c.id",
    ] {
        assert_eq!(cardinality(unknown), [None], "{unknown}");
    }
}

#[test]
fn outputs_say_whether_they_can_be_null() {
    let nullable = |sql: &str| report(sql).output.iter().map(|o| o.nullable).collect::<Vec<_>>();
    assert_eq!(
        nullable("SELECT id, name, acres, count(*) FROM farm GROUP BY id"),
        [false, false, true, false]
    );
    assert_eq!(nullable("SELECT sum(litres) FROM cow"), [true]);
    assert_eq!(nullable("SELECT f.name FROM cow c LEFT JOIN farm f ON f.id = c.farm_id"), [true]);
}

#[test]
fn the_machine_form_reads_back() {
    let catalog = Catalog::new(catalog::ddl::read(TABLES, Engine::Postgres).snapshot);
    for sql in ["SELECT f.name, c.* FROM farm f JOIN cow c ON c.farm_id = f.id LIMIT 3", "DROP TABLE farm"] {
        let answer = Answer::of(&check(sql, &catalog, &Policy::default()));
        let text = serde_json::to_string(&answer).expect("a verdict is JSON");
        assert_eq!(serde_json::from_str::<Answer>(&text).expect("it is read back"), answer);
    }
}
