//! The typed diff: what it says, how bad it thinks it is, and that it is complete.

use crate::common;

use std::collections::BTreeSet;

use catalog::diff::{ChangeKind as K, Diff, Severity, diff, next_version};
use catalog::{Engine, Snapshot, ddl, fingerprint};
use proptest::prelude::*;

fn read(sql: &str) -> Snapshot {
    ddl::read(sql, Engine::Postgres).snapshot
}

fn between(old: &str, new: &str) -> Diff {
    diff(&read(old), &read(new))
}

fn kinds(diff: &Diff) -> Vec<K> {
    diff.changes.iter().map(|c| c.kind).collect()
}

const PET: &str = "CREATE TABLE pet (id int PRIMARY KEY, name text, owner int, born date)";

#[test]
fn added_and_removed_tables() {
    let change = between(PET, "CREATE TABLE bill (nr int, total numeric)");
    assert_eq!(kinds(&change), [K::TableAdded, K::TableRemoved]);
    assert_eq!(change.breaking().count(), 1);
    assert_eq!(next_version((2, 7), &change), (3, 0));
}

#[test]
fn a_renamed_table_keeps_its_column_changes() {
    let change =
        between(PET, "CREATE TABLE pets (id int PRIMARY KEY, name text, owner int, born date, weight real)");
    assert_eq!(kinds(&change), [K::TableRenamed, K::ColumnAdded]);
    assert!(change.changes[0].evidence.as_ref().unwrap().score >= 0.7);
    assert!(change.changes[0].line().starts_with("public.pet: renamed to public.pets (likeness "));
    assert_eq!(change.of_table("public", "pets").count(), 1);
}

#[test]
fn two_equal_candidates_are_no_evidence() {
    let twin = |a: &str, b: &str| {
        format!(
            "CREATE TABLE {a} (id int, total int, day date); CREATE TABLE {b} (id int, total int, day date)"
        )
    };
    let change = between(&twin("alpha1", "alpha2"), &twin("beta3", "beta4"));
    assert_eq!(change.changes.iter().filter(|c| c.kind == K::TableRenamed).count(), 0);
}

#[test]
fn a_renamed_column_keeps_its_keys() {
    let change = between(
        "CREATE TABLE pet (id int PRIMARY KEY, name text, owner_id int REFERENCES pet, born date)",
        "CREATE TABLE pet (id int PRIMARY KEY, name text, keeper_id int REFERENCES pet, born date)",
    );
    assert_eq!(kinds(&change), [K::ColumnRenamed]);
    assert_eq!(change.changes[0].after.as_deref(), Some("keeper_id"));
}

#[test]
fn another_type_is_no_rename() {
    let change = between("CREATE TABLE t (id int, a text)", "CREATE TABLE t (id int, b date)");
    assert_eq!(kinds(&change), [K::ColumnRemoved, K::ColumnAdded]);
}

#[test]
fn types_follow_the_lattice() {
    let cases = [
        ("int", "bigint", K::TypeWidened, Severity::Compatible),
        ("bigint", "int", K::TypeNarrowed, Severity::Caution),
        ("int", "numeric(10,2)", K::TypeWidened, Severity::Compatible),
        ("numeric(10,2)", "numeric(12,2)", K::TypeWidened, Severity::Compatible),
        ("numeric(10,2)", "numeric(12,1)", K::TypeChanged, Severity::Caution),
        ("numeric(10,2)", "numeric(10,4)", K::TypeChanged, Severity::Caution),
        ("numeric(10,2)", "numeric", K::TypeWidened, Severity::Compatible),
        ("varchar(20)", "text", K::TypeWidened, Severity::Compatible),
        ("text", "varchar(20)", K::TypeNarrowed, Severity::Caution),
        ("real", "double precision", K::TypeWidened, Severity::Compatible),
        ("date", "timestamp", K::TypeWidened, Severity::Compatible),
        ("timestamp", "timestamptz", K::TypeChanged, Severity::Breaking),
        ("text", "int", K::TypeChanged, Severity::Breaking),
        ("text[]", "int[]", K::TypeChanged, Severity::Breaking),
    ];
    for (old, new, kind, severity) in cases {
        let table = |native| format!("CREATE TABLE t (a {native})");
        let change = between(&table(old), &table(new));
        assert_eq!(kinds(&change), [kind], "{old} to {new}");
        assert_eq!(change.changes[0].severity, severity, "{old} to {new}");
    }
}

#[test]
fn each_fact_of_a_table_is_one_change() {
    let base = "CREATE TABLE other (id int PRIMARY KEY);
        CREATE TABLE t (id int, a text NOT NULL, b int);";
    let cases = [
        ("ALTER TABLE t ADD PRIMARY KEY (id)", vec![K::PrimaryKeyAdded, K::BecameRequired]),
        ("ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)", vec![K::UniqueAdded]),
        ("ALTER TABLE t ADD FOREIGN KEY (b) REFERENCES other", vec![K::ForeignKeyAdded]),
        ("ALTER TABLE t ADD CHECK (b > 0)", vec![K::CheckAdded]),
        ("CREATE INDEX i ON t (b)", vec![K::IndexAdded]),
        ("COMMENT ON TABLE t IS 'x'", vec![K::TableCommentChanged]),
        ("COMMENT ON COLUMN t.a IS 'x'", vec![K::ColumnCommentChanged]),
        ("ALTER TABLE t ALTER a DROP NOT NULL", vec![K::BecameNullable]),
        ("ALTER TABLE t ALTER b SET DEFAULT 3", vec![K::DefaultChanged]),
        ("CREATE FUNCTION f(int) RETURNS int LANGUAGE sql AS ''", vec![K::RoutineAdded]),
        ("CREATE SCHEMA s", vec![K::SchemaAdded]),
        ("CREATE VIEW v AS SELECT a FROM t", vec![K::TableAdded]),
    ];
    for (statement, expected) in cases {
        let change = between(base, &format!("{base} {statement}"));
        let (mut found, mut expected) = (kinds(&change), expected);
        found.sort();
        expected.sort();
        assert_eq!(found, expected, "{statement}");
        assert!(change.changes.iter().all(|c| !c.line().is_empty() && !c.line().contains('\n')));
    }
}

#[test]
fn labels_and_views() {
    let sql = |labels, query| {
        format!(
            "CREATE TYPE mood AS ENUM ({labels}); CREATE TABLE t (m mood, a int); CREATE VIEW v AS {query}"
        )
    };
    let change =
        between(&sql("'sad','ok'", "SELECT a FROM t"), &sql("'ok','happy'", "SELECT a FROM t WHERE a > 1"));
    let found = kinds(&change);
    assert_eq!(found, [K::LabelsRemoved, K::LabelsAdded, K::ViewTextChanged]);
    assert_eq!(change.severity(), Some(Severity::Breaking));
}

#[test]
fn renderings() {
    let change = between(PET, "CREATE TABLE pet (id int PRIMARY KEY, name text, born date)");
    let text = change.to_text();
    assert!(text.starts_with("breaking   public.pet.owner: column removed (was integer)\n"), "{text}");
    assert!(change.to_markdown().starts_with("### breaking (1)\n\n- public.pet.owner"));
    let json = serde_json::to_string(&change).unwrap();
    assert_eq!(serde_json::from_str::<Diff>(&json).unwrap(), change);
    assert_eq!(Diff::default().to_text(), "no changes\n");
}

#[test]
fn ten_thousand_tables() {
    let mut old = read(PET);
    let template = old.tables.remove(0);
    old.tables.extend((0..10_000).map(|i| catalog::Table { name: format!("t{i}"), ..template.clone() }));
    let mut new = old.clone();
    new.tables[77].columns[1].nullable = false;
    assert_eq!(kinds(&diff(&old, &new)), [K::BecameRequired]);
}

/// Names of all tables and columns after the changes were applied to the old names.
fn applied(old: &Snapshot, diff: &Diff) -> BTreeSet<String> {
    let mut names = common::names(old);
    let tables = diff.changes.iter().filter(|c| c.kind == K::TableRenamed);
    let new_name = |table: &str| {
        let renamed = tables.clone().find(|c| c.object() == table);
        renamed.and_then(|c| c.after.clone()).unwrap_or_else(|| table.to_owned())
    };
    for change in &diff.changes {
        let table = format!("{}.{}", change.schema, change.table.clone().unwrap_or_default());
        match change.kind {
            K::ColumnRemoved => drop(names.remove(&change.object())),
            K::ColumnAdded => drop(names.insert(change.object())),
            K::ColumnRenamed => {
                names.remove(&change.object());
                names.insert(format!("{table}.{}", change.after.as_deref().unwrap()));
            }
            K::TableRemoved => names.retain(|n| *n != table && !n.starts_with(&format!("{table}."))),
            _ => {}
        }
    }
    names
        .into_iter()
        .map(|n| {
            let parts = n.splitn(3, '.').collect::<Vec<_>>();
            let table = new_name(&format!("{}.{}", parts[0], parts[1]));
            parts.get(2).map_or(table.clone(), |c| format!("{table}.{c}"))
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_snapshot_does_not_differ_from_itself(a in common::snapshot()) {
        prop_assert!(diff(&a, &a).is_empty());
    }

    #[test]
    fn differing_is_having_another_fingerprint(a in common::snapshot(), b in common::snapshot()) {
        let same = fingerprint::snapshot(&a) == fingerprint::snapshot(&b);
        prop_assert_eq!(diff(&a, &b).is_empty(), same);
    }

    #[test]
    fn applied_to_the_old_names_it_gives_the_new(a in common::snapshot(), b in common::snapshot()) {
        let change = diff(&a, &b);
        let mut names = applied(&a, &change);
        let added = change.changes.iter().filter(|c| c.kind == K::TableAdded);
        for table in added {
            let found = b.table(&table.schema, table.table.as_deref().unwrap()).unwrap();
            names.insert(found.full_name());
            names.extend(found.columns.iter().map(|c| format!("{}.{}", found.full_name(), c.name)));
        }
        prop_assert_eq!(names, common::names(&b));
    }
}
