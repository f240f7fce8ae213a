//! Which statements are told to mean the same, and which are not, seen through `check` and `same_meaning`.

#![allow(clippy::panic, clippy::expect_used)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{Catalog, Engine};
use guard::{Columns, Doubt, Policy, ReadOnly, Sameness, check, same_meaning, same_meaning_by};

const TABLES: &str = "
    CREATE TABLE band (id integer PRIMARY KEY, name text NOT NULL, founded integer);
    CREATE TABLE album (id integer PRIMARY KEY, band_id integer NOT NULL REFERENCES band (id), title text, sold integer);
    CREATE TABLE prize (album_id integer REFERENCES album (id), year integer, label text);
";

fn checked(sql: &str, engine: Engine) -> ReadOnly {
    let catalog = Catalog::new(catalog::ddl::read(TABLES, engine).snapshot);
    check(sql, &catalog, &Policy::default()).unwrap_or_else(|f| panic!("{sql}: {f:?}"))
}

fn meaning(a: &str, b: &str, engine: Engine) -> Sameness {
    same_meaning(&checked(a, engine), &checked(b, engine))
}

fn assert_same(pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        for engine in [Engine::Postgres, Engine::Sqlite] {
            assert_eq!(meaning(a, b, engine), Sameness::Same, "{engine}\n{a}\n{b}");
        }
    }
}

fn assert_unknown(pairs: &[(&str, &str)]) {
    for (a, b) in pairs {
        for engine in [Engine::Postgres, Engine::Sqlite] {
            assert_eq!(meaning(a, b, engine), Sameness::Unknown(Doubt::Form), "{engine}\n{a}\n{b}");
        }
    }
}

#[test]
fn made_up_names_say_nothing() {
    assert_same(&[
        ("SELECT title FROM album", "select a.title AS t from album a"),
        ("SELECT x.n FROM (SELECT name AS n FROM band) x", "SELECT y.m FROM (SELECT name AS m FROM band) y"),
        ("SELECT name AS n FROM band ORDER BY n DESC", "SELECT b.name FROM band b ORDER BY 1 DESC"),
        (
            "SELECT name FROM band WHERE EXISTS (SELECT 1 FROM album a WHERE a.band_id = band.id)",
            "SELECT b.name FROM band b WHERE EXISTS (SELECT * FROM album WHERE band_id = b.id)",
        ),
        (
            "SELECT name FROM band WHERE founded = (SELECT max(founded) FROM band)",
            "SELECT x.name FROM band x WHERE x.founded = (SELECT max(y.founded) FROM band y)",
        ),
    ]);
    assert_unknown(&[
        ("SELECT title FROM album", "SELECT id FROM album"),
        (
            "SELECT d.x FROM (SELECT name AS x, id AS y FROM band) d",
            "SELECT d.x FROM (SELECT id AS y, name AS x FROM band) d WHERE d.y > 1",
        ),
        (
            "SELECT d.x FROM (SELECT id AS x, founded AS y FROM band) d",
            "SELECT d.x FROM (SELECT id AS y, founded AS x FROM band) d",
        ),
        (
            "SELECT a.name FROM band a, band b WHERE a.id < b.founded",
            "SELECT b.name FROM band a, band b WHERE a.id < b.founded",
        ),
    ]);
}

#[test]
fn the_order_of_joins_and_conditions_says_nothing() {
    assert_same(&[
        (
            "SELECT b.name FROM band b JOIN album a ON a.band_id = b.id WHERE a.sold > 5 AND b.founded < 2000",
            "SELECT x.name FROM album y, band x WHERE 2000 > x.founded AND x.id = y.band_id AND 5 < y.sold",
        ),
        (
            "SELECT b.name, p.year FROM band b JOIN album a ON b.id = a.band_id LEFT JOIN prize p ON p.album_id = a.id",
            "SELECT b.name, p.year FROM album a JOIN band b ON b.id = a.band_id LEFT JOIN prize p ON a.id = p.album_id",
        ),
        (
            "SELECT a.title FROM prize p RIGHT JOIN album a ON p.album_id = a.id",
            "SELECT a.title FROM album a LEFT JOIN prize p ON p.album_id = a.id",
        ),
        ("SELECT id FROM band WHERE id IN (3, 1, 2)", "SELECT id FROM band WHERE id IN (1, 2, 3)"),
        (
            "SELECT id FROM band WHERE founded BETWEEN 1970 AND 1980",
            "SELECT id FROM band WHERE founded <= 1980 AND (founded >= 1970)",
        ),
        (
            "SELECT id FROM band WHERE NOT founded = 1970 OR id > 3",
            "SELECT id FROM band WHERE id > 3 OR founded <> 1970",
        ),
    ]);
    assert_unknown(&[
        (
            "SELECT a.title FROM album a LEFT JOIN prize p ON p.album_id = a.id AND p.year = 2000",
            "SELECT a.title FROM album a LEFT JOIN prize p ON p.album_id = a.id WHERE p.year = 2000",
        ),
        (
            "SELECT a.title FROM album a LEFT JOIN prize p ON p.album_id = a.id",
            "SELECT a.title FROM prize p LEFT JOIN album a ON p.album_id = a.id",
        ),
        ("SELECT id FROM band WHERE founded < 1970", "SELECT id FROM band WHERE founded <= 1970"),
        (
            "SELECT id FROM band WHERE id = 1 AND founded = 2",
            "SELECT id FROM band WHERE id = 1 OR founded = 2",
        ),
        ("SELECT * FROM band, album", "SELECT * FROM album, band"),
        ("SELECT id - founded FROM band", "SELECT founded - id FROM band"),
    ]);
}

#[test]
fn what_has_several_spellings_has_one_form() {
    assert_same(&[
        ("SELECT DISTINCT founded, name FROM band", "SELECT founded, name FROM band GROUP BY name, founded"),
        ("SELECT count(*) FROM band", "SELECT count(1) FROM band"),
        (
            "SELECT founded, count(*) FROM band GROUP BY founded ORDER BY count(*) DESC",
            "SELECT b.founded, count(*) AS n FROM band AS b GROUP BY 1 ORDER BY n DESC",
        ),
        (
            "WITH old AS (SELECT id, name FROM band WHERE founded < 1980), new AS (SELECT 1 AS x) SELECT name FROM old",
            "SELECT o.name FROM (SELECT id, name FROM band WHERE founded < 1980) AS o",
        ),
        (
            "SELECT name FROM band UNION ALL SELECT title FROM album",
            "SELECT title FROM album UNION ALL SELECT name FROM band",
        ),
        ("SELECT name FROM band ORDER BY name ASC", "SELECT name FROM band ORDER BY name"),
    ]);
    assert_unknown(&[
        ("SELECT DISTINCT founded FROM band", "SELECT founded FROM band"),
        ("SELECT count(founded) FROM band", "SELECT count(*) FROM band"),
        ("SELECT founded FROM band GROUP BY founded, name", "SELECT DISTINCT founded FROM band"),
        ("SELECT name FROM band ORDER BY name", "SELECT name FROM band ORDER BY name DESC"),
        ("SELECT name FROM band ORDER BY name LIMIT 3", "SELECT name FROM band ORDER BY name LIMIT 4"),
        (
            "SELECT name FROM band UNION SELECT title FROM album",
            "SELECT name FROM band UNION ALL SELECT title FROM album",
        ),
        (
            "SELECT name FROM band EXCEPT SELECT title FROM album",
            "SELECT title FROM album EXCEPT SELECT name FROM band",
        ),
    ]);
    let groups =
        ("SELECT founded FROM band GROUP BY founded ORDER BY count(*)", "SELECT DISTINCT founded FROM band");
    assert_unknown(&[groups]);
}

#[test]
fn the_order_of_columns_counts_unless_said_otherwise() {
    let (a, b) = ("SELECT id, name FROM band", "SELECT name, id FROM band");
    assert_unknown(&[(a, b)]);
    let (a, b) = (checked(a, Engine::Postgres), checked(b, Engine::Postgres));
    assert_eq!(same_meaning_by(&a, &b, Columns::AnyOrder), Sameness::Same);
}

#[test]
fn what_could_differ_is_not_said_to_be_the_same() {
    // the left column's collation decides on SQLite
    let texts = (
        "SELECT a.id FROM album a, band b WHERE a.title = b.name",
        "SELECT a.id FROM album a, band b WHERE b.name = a.title",
    );
    assert_eq!(meaning(texts.0, texts.1, Engine::Sqlite), Sameness::Unknown(Doubt::Form));
    assert_eq!(meaning(texts.0, texts.1, Engine::Postgres), Sameness::Same);
    // a value on its own is not a truth value
    let value = ("SELECT (id AND id) FROM band", "SELECT id FROM band");
    assert_eq!(meaning(value.0, value.1, Engine::Sqlite), Sameness::Unknown(Doubt::Form));
    let random = "SELECT random() FROM band";
    assert_eq!(meaning(random, random, Engine::Sqlite), Sameness::Unknown(Doubt::Volatile));
    let (here, there) = (checked("SELECT 1", Engine::Sqlite), checked("SELECT 1", Engine::Postgres));
    assert_eq!(same_meaning(&here, &there), Sameness::Unknown(Doubt::Engine));
    // rows by the name of their relation
    let rows = ("SELECT to_json(t) FROM band t, album u", "SELECT to_json(t) FROM band u, album t");
    assert_eq!(meaning(rows.0, rows.1, Engine::Postgres), Sameness::Unknown(Doubt::Form));
}
