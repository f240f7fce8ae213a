//! Following a schema's changes: names are replaced where they mean what moved and nowhere else, and results keep their
//! columns.

// tests are meant to stop at the first thing that is not as it should be
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use catalog::{Catalog, Engine, ddl};
use guard::{Moves, Policy, check, follow};

const OLD: &str = "CREATE TABLE pet (id int PRIMARY KEY, name text, owner int, born date, tag text);
    CREATE TABLE owner (id int PRIMARY KEY, name text, owner text);";
const NEW: &str = "CREATE TABLE animal (id int PRIMARY KEY, name text, keeper int, born text, tag text);
    CREATE TABLE owner (id int PRIMARY KEY, name text, owner text);";

fn catalog(sql: &str, engine: Engine) -> Catalog {
    Catalog::new(ddl::read(sql, engine).snapshot)
}

fn moves(schema: &str) -> Moves {
    let mut moves = Moves::default();
    moves.table((schema, "pet"), (schema, "animal"));
    moves.column(schema, "pet", "owner", "keeper");
    moves
}

/// The statement written anew; it must be a read of the newer catalog with the same output names.
fn followed(sql: &str, engine: Engine, moves: &Moves) -> String {
    let (old, new) = (catalog(OLD, engine), catalog(NEW, engine));
    let policy = Policy::default();
    let before = check(sql, &old, &policy).unwrap_or_else(|f| panic!("{sql}: {f:?}"));
    let text = follow(sql, &old, &policy, moves).unwrap();
    let after = check(&text, &new, &policy).unwrap_or_else(|f| panic!("{sql}\n{text}: {f:?}"));
    let names = |r: &guard::ReadOnly| r.report().output.iter().map(|o| o.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after), "{sql}\n{text}");
    text
}

#[test]
fn renames_are_followed_wherever_a_name_can_stand() {
    let statements = [
        "SELECT owner FROM pet",
        "SELECT p.owner, p.name FROM pet p WHERE p.owner > 3 ORDER BY owner",
        "SELECT pet.owner AS who, count(*) FROM pet GROUP BY pet.owner HAVING count(*) > 1 ORDER BY who",
        "SELECT owner, count(*) FROM pet GROUP BY owner ORDER BY owner DESC",
        "SELECT x.owner FROM (SELECT owner FROM pet) AS x WHERE x.owner = 1",
        "WITH k AS (SELECT owner, born FROM pet) SELECT owner FROM k WHERE born IS NOT NULL",
        "SELECT o.owner, o.name FROM owner o JOIN pet p ON p.owner = o.id",
        "SELECT name FROM owner WHERE id IN (SELECT owner FROM pet)",
        "SELECT name FROM owner AS o WHERE EXISTS (SELECT 1 FROM pet WHERE pet.owner = o.id)",
        "SELECT CASE WHEN owner = 1 THEN 'a' ELSE tag END AS sort FROM pet",
        "SELECT owner FROM pet UNION SELECT id FROM owner ORDER BY 1",
        "SELECT lower(tag), owner + 1 AS next FROM pet",
        "SELECT row_number() OVER (PARTITION BY owner ORDER BY born) AS n FROM pet",
        "SELECT DISTINCT owner FROM pet",
    ];
    for engine in [Engine::Postgres, Engine::Sqlite, Engine::Mysql] {
        let schema = catalog(OLD, engine).snapshot().tables[0].schema.clone();
        for sql in statements {
            followed(sql, engine, &moves(&schema));
        }
    }
}

#[test]
fn only_what_moved_is_replaced() {
    let text = followed("SELECT o.owner FROM owner o", Engine::Postgres, &moves("public"));
    assert!(!text.contains("keeper"), "{text}");
    let text = followed(
        "SELECT o.owner, p.owner AS p FROM owner o, pet p WHERE o.id = p.id",
        Engine::Postgres,
        &moves("public"),
    );
    assert_eq!(text.matches("keeper").count(), 1, "{text}");
    // names that a FROM entry gives to columns stay
    let text = followed("SELECT owner FROM pet AS p(a, b, owner)", Engine::Postgres, &moves("public"));
    assert!(!text.contains("keeper"), "{text}");
    // schema-qualified mentions of a table without alias
    let text = followed("SELECT public.pet.owner FROM public.pet", Engine::Postgres, &moves("public"));
    assert!(text.contains("animal") && text.contains("keeper"), "{text}");
}

#[test]
fn casts_give_back_what_the_column_held() {
    let old = catalog(OLD, Engine::Postgres);
    let pet = old.snapshot().table("public", "pet").unwrap().clone();
    let mut moves = moves("public");
    assert!(moves.cast(Engine::Postgres, "public", "pet", pet.column("born").unwrap()));
    let text = followed("SELECT born FROM pet WHERE born > DATE '2020-01-01'", Engine::Postgres, &moves);
    assert_eq!(text.to_lowercase().matches("date)").count() + text.matches("::").count(), 2, "{text}");
    let proof = check(&text, &catalog(NEW, Engine::Postgres), &Policy::default()).unwrap();
    assert_eq!(proof.report().output[0].class, Some(catalog::TypeClass::Date));
    assert_eq!(proof.report().output[0].name, "born");
}

#[test]
fn types_are_written_as_the_engine_has_them() {
    let native = |class, native_type: &str| catalog::Column {
        class,
        native_type: native_type.to_owned(),
        name: "c".to_owned(),
        ..catalog::Column::default()
    };
    use catalog::TypeClass as T;
    let castable = |engine, class, text: &str| Moves::default().cast(engine, "s", "t", &native(class, text));
    assert!(castable(Engine::Postgres, T::Decimal, "numeric(12,2)"));
    assert!(castable(Engine::Postgres, T::TimestampTz, "timestamp(3) with time zone"));
    assert!(castable(Engine::Postgres, T::Array, "integer[]"));
    assert!(castable(Engine::Mysql, T::Integer, "int unsigned"));
    assert!(!castable(Engine::Mysql, T::Geometry, "point"));
    assert!(!castable(Engine::Postgres, T::Other, "weird\"type"));
    assert!(!castable(Engine::Postgres, T::Decimal, "numeric(x)"));
}
