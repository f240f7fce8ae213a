//! What a policy makes of statements: masks, row filters, and what of it shows.

#![allow(clippy::panic, clippy::expect_used)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{
    Catalog, Column, CommonValue, Engine, ForeignKey, Sensitivity, Snapshot, Statistics, Table, TableKind,
    TypeClass,
};
use guard::policy::{How, Mask, RowFilter};
use guard::resolve::visible_catalog;
use guard::{Code, Finding, Policy, ReadOnly, check};
use serde_json::json;

const PG: Engine = Engine::Postgres;
const LITE: Engine = Engine::Sqlite;

fn column(name: &str, class: TypeClass) -> Column {
    let statistics = Statistics {
        common: vec![CommonValue { value: format!("a value of {name}"), share: Some(0.5) }],
        ..Statistics::default()
    };
    Column { name: name.into(), class, nullable: true, statistics: Some(statistics), ..Column::default() }
}

fn table(schema: &str, name: &str, columns: Vec<Column>) -> Table {
    Table { schema: schema.into(), name: name.into(), columns, row_estimate: Some(77), ..Table::default() }
}

fn view(schema: &str, name: &str, text: &str, columns: &[&str]) -> Table {
    let columns = columns.iter().map(|c| column(c, TypeClass::Text)).collect();
    Table { kind: TableKind::View, view_text: Some(text.into()), ..table(schema, name, columns) }
}

fn clinic(engine: Engine) -> Catalog {
    let schema = if engine == PG { "public" } else { "main" };
    let mut email = column("email", TypeClass::Text);
    email.sensitivity = Some(Sensitivity::Email);
    let shown = Column { generated: Some("lower(email)".into()), ..column("handle", TypeClass::Text) };
    let patients = vec![
        column("id", TypeClass::Integer),
        column("name", TypeClass::Text),
        email,
        column("ward", TypeClass::Text),
        column("weight", TypeClass::Decimal),
        shown,
    ];
    let visits = vec![
        column("id", TypeClass::Integer),
        column("patient_id", TypeClass::Integer),
        column("cost", TypeClass::Decimal),
    ];
    let mut visits = table(schema, "visits", visits);
    visits.foreign_keys.push(ForeignKey {
        columns: vec!["patient_id".into()],
        to_schema: schema.into(),
        to_table: "patients".into(),
        to_columns: vec!["id".into()],
        ..ForeignKey::default()
    });
    let texts = vec![column("body", TypeClass::Text)];
    let tables = vec![
        table(schema, "patients", patients),
        visits,
        view(schema, "wards", "SELECT ward, count(*) FROM patients GROUP BY ward", &["ward", "n"]),
        view(schema, "contacts", "SELECT id, email FROM patients", &["who", "mail"]),
        view(schema, "mailing", "SELECT mail FROM contacts", &["mail"]),
        view(schema, "costs", "SELECT cost FROM visits", &["cost"]),
        Table {
            kind: TableKind::MaterializedView,
            ..view(schema, "ward_rows", "SELECT ward FROM patients", &["ward"])
        },
        Table { kind: TableKind::Virtual, ..table(schema, "notes", texts) },
    ];
    Catalog::new(Snapshot { engine, search_path: vec![schema.into()], tables, ..Snapshot::default() })
}

fn mask(columns: &str, how: How) -> Mask {
    Mask { columns: vec![columns.into()], sensitivity: Vec::new(), how }
}

fn filter(table: &str, predicate: &str) -> RowFilter {
    RowFilter { table: table.into(), predicate: predicate.into() }
}

fn filtered() -> Policy {
    Policy { row_filters: vec![filter("patients", "ward = 'north'")], ..Policy::default() }
}

fn masked(how: How) -> Policy {
    Policy { masks: vec![mask("patients.email", how)], ..Policy::default() }
}

fn pass(engine: Engine, sql: &str, policy: &Policy) -> ReadOnly {
    match check(sql, &clinic(engine), policy) {
        Ok(read) => read,
        Err(findings) => panic!("{sql}: {findings:?}"),
    }
}

fn refused(engine: Engine, sql: &str, policy: &Policy) -> Vec<Finding> {
    match check(sql, &clinic(engine), policy) {
        Ok(read) => panic!("accepted {sql} as {}", read.sql()),
        Err(findings) => findings,
    }
}

#[test]
fn a_filtered_table_is_read_through_a_fenced_stand_in() {
    assert_eq!(
        pass(PG, "SELECT name FROM patients", &filtered()).sql(),
        r#"SELECT "patients"."name" FROM (SELECT "patients"."id", "patients"."name", "patients"."email", "patients"."ward", "patients"."weight", "patients"."handle" FROM "public"."patients" WHERE "patients"."ward" = 'north' OFFSET 0) AS "patients""#
    );
    assert_eq!(
        pass(LITE, "SELECT v.cost FROM patients p JOIN visits v ON v.patient_id = p.id", &filtered()).sql(),
        r#"SELECT "v"."cost" FROM (SELECT "patients"."id", "patients"."name", "patients"."email", "patients"."ward", "patients"."weight", "patients"."handle" FROM "main"."patients" WHERE "patients"."ward" = 'north' LIMIT -1) AS "p" JOIN "visits" AS "v" ON "v"."patient_id" = "p"."id""#
    );
}

#[test]
fn masks_are_expressions_over_the_column() {
    let sql = "SELECT email FROM patients";
    let text = |how| pass(PG, sql, &masked(how)).sql().to_owned();
    assert!(text(How::Null).contains(r#"CASE WHEN 1 = 0 THEN "patients"."email" END AS "email""#));
    assert!(text(How::Hash).contains(
        r#"encode(sha256(convert_to(CAST("patients"."email" AS text), 'UTF8')), 'hex') AS "email""#
    ));
    assert!(text(How::Partial { keep_last: 3 }).contains(
        r#"CASE WHEN "patients"."email" IS NULL THEN NULL WHEN char_length(CAST("patients"."email" AS text)) > 3 THEN '****' || right(CAST("patients"."email" AS text), 3) ELSE '****' END AS "email""#
    ));
    let lite = pass(LITE, sql, &masked(How::Partial { keep_last: 3 }));
    assert!(
        lite.sql().contains(r#"'****' || substr(CAST("patients"."email" AS text), -3)"#),
        "{}",
        lite.sql()
    );
    assert_eq!(refused(LITE, sql, &masked(How::Hash))[0].code, Code::G400);
}

#[test]
fn the_strictest_mask_holds_and_tags_mask_too() {
    let by_tag = Mask {
        columns: Vec::new(),
        sensitivity: vec![Sensitivity::Email],
        how: How::Partial { keep_last: 4 },
    };
    let policy = Policy { masks: vec![by_tag, mask("*.email", How::Null)], ..Policy::default() };
    let read = pass(PG, "SELECT email, name FROM patients", &policy);
    assert!(read.sql().contains("CASE WHEN 1 = 0"), "{}", read.sql());
    let [email, name] = read.report().output.as_slice() else { panic!("two columns") };
    assert_eq!((email.masked, email.sensitivity), (Some(How::Null), None));
    assert_eq!((name.masked, name.sensitivity), (None, None));
    let partial = Policy { masks: vec![mask("email", How::Partial { keep_last: 4 })], ..Policy::default() };
    let read = pass(PG, "SELECT lower(email) AS e FROM patients", &partial);
    assert_eq!(read.report().output[0].sensitivity, Some(Sensitivity::Email));
    assert_eq!(read.report().masked.len(), 1);
}

#[test]
fn the_report_says_what_the_policy_took() {
    let policy = Policy { row_filters: filtered().row_filters, ..masked(How::Null) };
    let read = pass(PG, "SELECT p.email FROM patients p", &policy);
    assert_eq!(read.asked(), r#"SELECT "p"."email" FROM "public"."patients" AS "p""#);
    assert_eq!(read.report().filtered[0].table, "patients");
    assert_eq!(
        read.report().reading,
        "Lists the email of patients. Reads only the patients that the policy lets you see. Masked by the policy: email."
    );
    let again = pass(PG, read.asked(), &policy);
    assert_eq!(again.sql(), read.sql());
}

#[test]
fn what_is_made_of_restricted_columns_is_not_there() {
    for sql in ["SELECT handle FROM patients", "SELECT p FROM patients p", "SELECT ctid FROM patients"] {
        assert_eq!(refused(PG, sql, &masked(How::Null))[0].code, Code::G101, "{sql}");
    }
    for sql in ["SELECT rowid FROM patients", "SELECT v._rowid_ FROM visits v"] {
        pass(LITE, sql, &Policy::default());
        assert_eq!(refused(LITE, sql, &filtered())[0].code, Code::G101, "{sql}");
    }
    assert_eq!(refused(LITE, "SELECT body FROM notes('x')", &filtered())[0].code, Code::G300);
    assert_eq!(refused(LITE, "SELECT body FROM notes", &filtered())[0].code, Code::G100);
    let opened = Policy { allowed_views: vec!["notes".into()], ..filtered() };
    pass(LITE, "SELECT body FROM notes", &opened);
}

#[test]
fn views_over_restricted_tables_are_read_by_their_text() {
    for engine in [PG, LITE] {
        let policy = Policy { row_filters: filtered().row_filters, ..masked(How::Null) };
        let read = pass(engine, "SELECT w.n FROM wards w", &policy);
        assert!(!read.sql().contains(r#"."wards""#) && read.sql().contains("'north'"), "{}", read.sql());
        let read = pass(engine, "SELECT mail FROM mailing", &policy);
        assert!(read.sql().contains("1 = 0") && read.sql().contains("'north'"), "{}", read.sql());
        assert_eq!(read.report().output[0].masked, Some(How::Null));
        // its rows were computed without the filter
        assert_eq!(refused(engine, "SELECT ward FROM ward_rows", &policy)[0].code, Code::G100);
        assert!(pass(engine, "SELECT cost FROM costs", &policy).sql().contains(r#""costs""#));
        let opened = Policy { allowed_views: vec!["*ward*".into()], ..policy };
        assert!(pass(engine, "SELECT n FROM wards", &opened).sql().contains(r#""wards""#));
        pass(engine, "SELECT ward FROM ward_rows", &opened);
    }
    let sql = "WITH patients AS (SELECT 'mine' AS ward) SELECT wards.ward FROM wards, patients";
    let read = pass(LITE, sql, &filtered());
    assert!(read.sql().contains(r#"FROM "main"."patients" WHERE"#), "{}", read.sql());
}

#[test]
fn a_filter_may_use_what_is_hidden_and_nothing_beside_its_row() {
    let hidden = |predicate: &str| Policy {
        hidden_columns: vec!["patients.ward".into()],
        row_filters: vec![filter("patients", predicate)],
        ..Policy::default()
    };
    let read = pass(PG, "SELECT * FROM patients", &hidden("ward = 'north' AND weight > 3"));
    assert!(read.sql().contains(r#"WHERE "patients"."ward" = 'north'"#), "{}", read.sql());
    assert!(!read.report().output.iter().any(|o| o.name == "ward"));
    let both = Policy {
        row_filters: vec![filter("patients", "weight > 1 OR weight < 0"), filter("*.pat*", "id > 0")],
        ..Policy::default()
    };
    assert!(pass(PG, "SELECT id FROM patients", &both).sql().contains(
        r#"WHERE ("patients"."weight" > 1 OR "patients"."weight" < 0) AND "patients"."id" > 0 OFFSET 0"#
    ));
    for predicate in [
        "",
        "nothing = 1",
        "ward",
        "count(*) > 1",
        "row_number() OVER () = 1",
        "id IN (SELECT patient_id FROM visits)",
        "EXISTS (SELECT 1)",
        "id = (SELECT 1)",
        "id = ANY (SELECT 1)",
        "ward = $1",
        "visits.id = 1",
        "pg_sleep(1) IS NULL",
        "ring(ward) = 'x'",
        "id = 1 ORDER BY id",
        "id = 1 GROUP BY id",
        "id = 1 LIMIT 5",
        "id = 1 UNION SELECT 1",
        "id = 1; SELECT 1",
        "id = 1) OR (1 = 1",
        "patients IS NULL AND patients = patients",
    ] {
        for sql in ["SELECT id FROM patients", "SELECT 1 FROM visits WHERE EXISTS (SELECT 1 FROM patients)"] {
            let findings = refused(PG, sql, &hidden(predicate));
            assert_eq!(findings[0].code, Code::G400, "{predicate}: {findings:?}");
            assert!(findings[0].message.contains("policy"), "{findings:?}");
        }
        pass(PG, "SELECT id FROM visits", &hidden(predicate));
    }
    assert_eq!(refused(LITE, "SELECT id FROM patients", &hidden("\"wrad\" = 'north'"))[0].code, Code::G400);
}

#[test]
fn names_in_the_statement_cannot_reach_past_a_stand_in() {
    let policy = Policy { hidden_columns: vec!["patients.ward".into()], ..filtered() };
    for sql in [
        "SELECT ward FROM patients",
        "SELECT patients.ward FROM patients",
        "SELECT main.patients.ward FROM patients",
        "SELECT p.ward FROM patients AS p",
        "SELECT 1 FROM patients ORDER BY ward",
        "SELECT 1 FROM patients JOIN visits USING (ward)",
        "SELECT (SELECT p.ward) FROM patients p",
        "WITH x AS (SELECT * FROM patients) SELECT ward FROM x",
        "SELECT ward FROM (SELECT * FROM patients) x",
    ] {
        let findings = refused(LITE, sql, &policy);
        assert_eq!(findings[0].code, Code::G101, "{sql}: {findings:?}");
    }
    let read = pass(LITE, "WITH patients AS (SELECT 1 AS ward) SELECT ward FROM patients", &policy);
    assert!(!read.sql().contains("north"), "{}", read.sql());
    let read = pass(LITE, "WITH patients AS (SELECT 1 AS ward) SELECT id FROM main.patients", &policy);
    assert!(read.sql().contains("north"), "{}", read.sql());
}

#[test]
fn figures_about_unseen_values_are_cut_from_the_catalog() {
    let seen = visible_catalog(&clinic(PG), &masked(How::Hash));
    let patients = seen.snapshot().table("public", "patients").expect("seen");
    assert!(patients.column("email").expect("masked").statistics.is_none());
    assert!(patients.column("handle").is_none());
    assert!(patients.column("ward").expect("seen").statistics.is_some() && patients.row_estimate == Some(77));
    let seen = visible_catalog(&clinic(PG), &filtered());
    for name in ["patients", "wards", "contacts", "mailing"] {
        let table = seen.snapshot().table("public", name).expect(name);
        assert!(
            table.row_estimate.is_none() && table.columns.iter().all(|c| c.statistics.is_none()),
            "{name}"
        );
    }
    assert!(seen.snapshot().table("public", "ward_rows").is_none());
    assert_eq!(seen.snapshot().table("public", "visits").expect("seen").row_estimate, Some(77));
}

#[test]
fn a_stored_policy_with_a_wrong_key_says_the_nearest() {
    let policy = Policy::read(&json!({
        "masks": [{ "columns": ["email"], "how": { "partial": { "keep_last": 2 } } },
                  { "sensitivity": ["phone"], "how": "null" }],
        "row_filters": [{ "table": "patients", "predicate": "ward = 'north'" }],
        "max_cost": 1000, "max_result_bytes": 5, "max_seconds": 2
    }))
    .expect("a policy");
    assert_eq!(policy.masks[0].how, How::Partial { keep_last: 2 });
    assert_eq!(policy.masks[1].sensitivity, [Sensitivity::Phone]);
    assert_eq!(Policy::read(&json!(null)), Ok(Policy::default()));
    for (value, near) in [
        (json!({ "row_filter": [] }), "row_filters"),
        (json!({ "hiden_tables": [] }), "hidden_tables"),
        (json!({ "masks": [{ "column": ["a"], "how": "null" }] }), "columns"),
        (json!({ "masks": [{ "columns": ["a"], "how": "hashed" }] }), "hash"),
        (json!({ "masks": [{ "columns": ["a"], "how": { "partial": { "keep": 1 } } }] }), "keep_last"),
        (json!({ "masks": [{ "how": "null" }] }), "neither columns nor a sensitivity"),
        (json!({ "row_filters": [{ "table": "a" }] }), "predicate"),
    ] {
        let said = Policy::read(&value).expect_err("refused");
        assert!(said.contains(near), "{value}: {said}");
    }
}
