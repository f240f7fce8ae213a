//! Fingerprints change with the schema, and with nothing else.

use catalog::{
    Check, Engine, Index, Inference, Key, Partitioning, Sensitivity, Snapshot, Statistics, Table, TableKind,
    TypeClass, ddl, fingerprint,
};

fn sample() -> Snapshot {
    let text = "CREATE TABLE person (id int PRIMARY KEY, nick text DEFAULT 'x', mood text, CHECK (id > 0));
        CREATE TABLE pet (id int PRIMARY KEY, owner int REFERENCES person, born date);
        COMMENT ON COLUMN pet.born IS 'birthday';
        CREATE INDEX pet_born ON pet (born);
        CREATE FUNCTION age(d date) RETURNS int LANGUAGE sql STABLE AS 'SELECT 1';";
    ddl::read(text, Engine::Postgres).snapshot
}

fn pet() -> Table {
    sample().table("public", "pet").unwrap().clone()
}

#[test]
fn volatile_figures_do_not_count() {
    let mut changed = pet();
    changed.row_estimate = Some(12);
    changed.size_bytes = Some(8192);
    changed.columns[2].statistics = Some(Statistics { distinct: Some(3.0), ..Statistics::default() });
    changed.columns[2].sensitivity = Some(Sensitivity::BirthDate);
    let mut guessed = changed.foreign_keys[0].clone();
    guessed.inferred = Some(Inference { score: 0.8, evidence: vec!["same name".into()] });
    changed.foreign_keys.push(guessed);
    assert_eq!(fingerprint::table(&pet()), fingerprint::table(&changed));
}

#[test]
fn partitions_are_counted_but_not_hashed() {
    let split = |strategy: &str, partitions| {
        let partitioning = Some(Partitioning { strategy: strategy.into(), partitions });
        fingerprint::table(&Table { partitioning, ..pet() })
    };
    assert_eq!(split("RANGE (born)", 3), split("RANGE (born)", 30));
    assert_ne!(split("RANGE (born)", 3), split("LIST (born)", 3));
}

#[test]
fn everything_else_counts() {
    type Change = (&'static str, fn(&mut Table));
    let changes: Vec<Change> = vec![
        ("schema", |t| t.schema = "other".into()),
        ("name", |t| t.name = "pets".into()),
        ("kind", |t| t.kind = TableKind::Foreign),
        ("comment", |t| t.comment = Some("animals".into())),
        ("place in documents", |t| t.nested = Some(catalog::Nested { level: 1, ..Default::default() })),
        ("view text", |t| t.view_text = Some("SELECT 1".into())),
        ("column name", |t| t.columns[1].name = "keeper".into()),
        ("column type", |t| t.columns[1].native_type = "bigint".into()),
        ("column class", |t| t.columns[1].class = TypeClass::Text),
        ("column element", |t| t.columns[1].element = Some(TypeClass::Text)),
        ("nullability", |t| t.columns[1].nullable = false),
        ("default", |t| t.columns[1].default = Some("1".into())),
        ("generated", |t| t.columns[1].generated = Some("identity".into())),
        ("labels", |t| t.columns[1].enum_labels = vec!["a".into()]),
        ("column comment", |t| t.columns[1].comment = Some("who".into())),
        ("column order", |t| t.columns.swap(0, 1)),
        ("column removed", |t| drop(t.columns.pop())),
        ("primary key", |t| t.primary_key = None),
        ("unique", |t| t.unique_keys.push(Key { name: None, columns: vec!["id".into()] })),
        ("foreign key", |t| t.foreign_keys.clear()),
        ("foreign key target", |t| t.foreign_keys[0].to_table = "people".into()),
        ("on delete", |t| t.foreign_keys[0].on_delete = Some("CASCADE".into())),
        ("index", |t| t.indexes[0].unique = true),
        ("index added", |t| t.indexes.push(Index::default())),
        ("check", |t| t.checks.push(Check { name: None, expression: "id > 1".into() })),
    ];
    let mut seen = std::collections::HashSet::from([fingerprint::table(&pet())]);
    for (what, change) in changes {
        let mut changed = pet();
        change(&mut changed);
        assert!(seen.insert(fingerprint::table(&changed)), "{what} makes no difference");
    }
}

#[test]
fn order_of_sets_does_not_count() {
    let mut turned = sample();
    turned.tables.reverse();
    turned.routines.reverse();
    turned.schemas.reverse();
    assert_eq!(fingerprint::snapshot(&sample()), fingerprint::snapshot(&turned));
}

#[test]
fn snapshot_counts_tables_routines_and_schemas() {
    let base = fingerprint::snapshot(&sample());
    let changed = |change: fn(&mut Snapshot)| {
        let mut changed = sample();
        change(&mut changed);
        fingerprint::snapshot(&changed)
    };
    assert_ne!(base, changed(|s| drop(s.tables.pop())));
    assert_ne!(base, changed(|s| s.routines[0].volatility = None));
    assert_ne!(base, changed(|s| s.schemas[0].comment = Some("all".into())));
    assert_eq!(base, changed(|s| s.server_version = "99".into()));
}

#[test]
fn text_cannot_slip_from_one_field_to_the_next() {
    let named = |name: &str, native: &str| {
        let mut table = pet();
        table.columns[0].name = name.into();
        table.columns[0].native_type = native.into();
        fingerprint::table(&table)
    };
    assert_ne!(named("ab", "c"), named("a", "bc"));
}
