//! Renames: claimed with evidence, and never where several fit equally well.

use catalog::diff::{ChangeKind as K, Diff, diff};
use catalog::{Column, CommonValue, Engine, Snapshot, Statistics, Table, ddl};

fn read(sql: &str) -> Snapshot {
    ddl::read(sql, Engine::Postgres).snapshot
}

fn column<'s>(snapshot: &'s mut Snapshot, name: &str) -> &'s mut Column {
    snapshot.tables[0].columns.iter_mut().find(|c| c.name == name).unwrap()
}

fn figures(distinct: f64, values: &[&str]) -> Option<Statistics> {
    let common = values.iter().map(|v| CommonValue { value: (*v).to_owned(), share: Some(0.1) }).collect();
    Some(Statistics { distinct: Some(distinct), null_share: Some(0.0), common, ..Statistics::default() })
}

fn renames(diff: &Diff) -> Vec<(String, String)> {
    let renamed = diff.changes.iter().filter(|c| matches!(c.kind, K::ColumnRenamed | K::TableRenamed));
    renamed.map(|c| (c.object(), c.after.clone().unwrap())).collect()
}

fn pair(from: &str, to: &str) -> (String, String) {
    (from.to_owned(), to.to_owned())
}

#[test]
fn statistics_speak_against_what_only_stands_in_the_same_place() {
    let mut old = read("CREATE TABLE t (id int, color text, note date)");
    let mut new = read("CREATE TABLE t (id int, invoice text, note date)");
    assert_eq!(renames(&diff(&old, &new)), [pair("public.t.color", "invoice")]);
    column(&mut old, "color").statistics = figures(3.0, &["red", "green"]);
    column(&mut new, "invoice").statistics = figures(9000.0, &["A-1", "A-2"]);
    assert!(renames(&diff(&old, &new)).is_empty(), "other values: another column");
    column(&mut new, "invoice").statistics = figures(3.0, &["green", "red"]);
    let change = diff(&old, &new);
    assert_eq!(renames(&change), [pair("public.t.color", "invoice")]);
    let evidence = change.changes[0].evidence.as_ref().unwrap();
    for reason in ["same type", "same position", "same common values", "same statistics"] {
        assert!(evidence.evidence.iter().any(|e| e == reason), "{reason}: {evidence:?}");
    }
}

#[test]
fn keys_tell_columns_apart() {
    let old = read(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
         CREATE TABLE t (n text, x int REFERENCES a (id), y int REFERENCES b (id))",
    );
    let new = read(
        "CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY);
         CREATE TABLE t (n text, p int REFERENCES b (id), q int REFERENCES a (id))",
    );
    let found = renames(&diff(&old, &new));
    for (from, to) in &found {
        let right = [pair("public.t.x", "q"), pair("public.t.y", "p")];
        assert!(right.contains(&(from.clone(), to.clone())), "{found:?}");
    }
}

#[test]
fn several_that_fit_equally_are_none() {
    // one left, two came that are alike in everything but their place beside it
    let old = read("CREATE TABLE t (id int, a1 text, z date)");
    let mut new = read("CREATE TABLE t (id int, b1 text, b2 text, z date)");
    for column in &mut new.tables[0].columns {
        column.position = if column.name.starts_with('b') { 2 } else { column.position };
    }
    assert!(renames(&diff(&old, &new)).is_empty(), "{:?}", renames(&diff(&old, &new)));
}

#[test]
fn a_tie_at_the_top_is_not_settled_by_a_worse_candidate() {
    let wide = |name: &str, more: &str| {
        format!("CREATE TABLE {name} (k int PRIMARY KEY, a int, b int, c int{more});")
    };
    let old = read(&wide("zebra", ""));
    let new = read(&format!("{}{}{}", wide("m1", ""), wide("m2", ""), wide("q", ", d int, e int")));
    let found = diff(&old, &new);
    assert!(renames(&found).is_empty(), "{:?}", renames(&found));
    assert_eq!(found.changes.iter().filter(|c| c.kind == K::TableRemoved).count(), 1);
}

#[test]
fn rows_tell_twins_apart() {
    let rows = |snapshot: &mut Snapshot, counts: &[u64]| {
        for (table, count) in snapshot.tables.iter_mut().zip(counts) {
            table.row_estimate = Some(*count);
        }
    };
    let twin = |a: &str, b: &str| {
        read(&format!("CREATE TABLE {a} (k int, v int, day date); CREATE TABLE {b} (k int, v int, day date)"))
    };
    let (mut old, mut new) = (twin("alpha", "gamma"), twin("mu", "nu"));
    assert!(renames(&diff(&old, &new)).is_empty());
    rows(&mut old, &[10, 50_000]);
    rows(&mut new, &[50_100, 10]);
    let found = renames(&diff(&old, &new));
    assert_eq!(found, [pair("public.alpha", "public.nu"), pair("public.gamma", "public.mu")]);
}

#[test]
fn many_alike_at_once_take_no_time_worth_speaking_of() {
    let many = |prefix: &str| Snapshot {
        engine: Engine::Postgres,
        tables: (0..500)
            .map(|i| Table {
                name: format!("{prefix}{i}"),
                ..read("CREATE TABLE t (a int, b int)").tables.remove(0)
            })
            .collect(),
        ..Snapshot::default()
    };
    let found = diff(&many("x"), &many("y"));
    let count = |kind| found.changes.iter().filter(|c| c.kind == kind).count();
    // x17 became y17, where no other name shares as much
    assert_eq!(count(K::TableRenamed) + count(K::TableRemoved), 500);
    assert_eq!(count(K::TableRenamed) + count(K::TableAdded), 500);
}
