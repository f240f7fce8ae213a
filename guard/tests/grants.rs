//! Grants: what the most specific one comes to, compared with a reading of the rules that a person would do by hand.

#![allow(clippy::panic, clippy::expect_used)] // helpers of tests fail by panicking, like the tests themselves

use std::collections::BTreeMap;

use catalog::{Catalog, Column, Engine, Snapshot, Table, TypeClass};
use guard::grants::{Effect, Grants, Rule, Subject};
use guard::policy::{How, RowFilter};
use guard::resolve::visible_catalog;
use guard::{Policy, check};
use proptest::prelude::*;

const SCHEMAS: [&str; 2] = ["public", "pay"];
const TABLES: [&str; 3] = ["staff", "Staff", "shifts"];
const COLUMNS: [&str; 3] = ["id", "name", "pay"];

fn catalog() -> Catalog {
    let column = |name: &&str| Column { name: (*name).into(), class: TypeClass::Text, ..Column::default() };
    let table = |schema: &str, name: &&str| Table {
        schema: schema.into(),
        name: (*name).into(),
        columns: COLUMNS.iter().map(column).collect(),
        ..Table::default()
    };
    let tables = SCHEMAS.iter().flat_map(|schema| TABLES.iter().map(move |name| table(schema, name)));
    Catalog::new(Snapshot {
        engine: Engine::Postgres,
        search_path: vec!["public".into()],
        tables: tables.collect(),
        ..Snapshot::default()
    })
}

fn named(names: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    prop::option::of(prop::sample::select(names)).prop_map(|name| name.map(String::from))
}

fn effect() -> impl Strategy<Value = Effect> {
    let partial = (0..4_u8).prop_map(|keep_last| How::Partial { keep_last });
    let how = prop_oneof![Just(How::Null), Just(How::Hash), partial];
    prop_oneof![3 => Just(Effect::Allow), 3 => Just(Effect::Deny), 2 => how.prop_map(Effect::Mask)]
}

prop_compose! {
    fn rule()(
        schema in named(&["public", "pay", "p*", "*"]),
        table in named(&["staff", "STAFF", "s*", "shifts", "*"]),
        column in named(&["id", "pay", "PAY", "n*", "*"]),
        subject in prop::sample::select(vec![Subject::Everyone, Subject::Role, Subject::User]),
        effect in effect(),
    ) -> Rule {
        Rule { schema, table, column, subject, effect }
    }
}

/// Whether a pattern fits, by trying every length that a star can have.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_at_checked(1) {
        None => name.is_empty(),
        Some(("*", rest)) => (0..=name.len()).any(|at| fits(rest, &name[at..])),
        Some((first, rest)) => name.strip_prefix(first).is_some_and(|name| fits(rest, name)),
    }
}

/// The rules as the documentation says them: sort by how specific, look at the first ones.
fn by_hand(grants: &Grants, place: [&str; 2], column: Option<&str>) -> Effect {
    let covers = |rule: &&Rule| {
        let part = |pattern: &Option<String>, name: &str| match (pattern, rule.effect) {
            (None, _) => true,
            (Some(pattern), Effect::Allow) => fits(pattern, name),
            (Some(pattern), _) => fits(&pattern.to_lowercase(), &name.to_lowercase()),
        };
        let of_column = match column {
            Some(name) => part(&rule.column, name),
            None => rule.column.is_none(),
        };
        of_column && part(&rule.schema, place[0]) && part(&rule.table, place[1])
    };
    let level =
        |pattern: &Option<String>| pattern.as_ref().map_or(0, |p| if p.contains('*') { 1 } else { 2 });
    let specific = |rule: &Rule| (level(&rule.column), level(&rule.table), level(&rule.schema), rule.subject);
    let mut fitting: Vec<&Rule> = grants.rules.iter().filter(covers).collect();
    fitting.sort_by_key(|rule| std::cmp::Reverse(specific(rule)));
    let Some(first) = fitting.first().copied() else {
        return if grants.closed { Effect::Deny } else { Effect::Allow };
    };
    let alike: Vec<Effect> =
        fitting.iter().filter(|r| specific(r) == specific(first)).map(|r| r.effect).collect();
    if alike.contains(&Effect::Deny) {
        return Effect::Deny;
    }
    let strictness = |how: &How| match how {
        How::Null => 1_000,
        How::Hash => 500,
        How::Partial { keep_last } => 256 - i32::from(*keep_last),
    };
    let masks = alike.iter().filter_map(|effect| match effect {
        Effect::Mask(how) => Some(*how),
        Effect::Allow | Effect::Deny => None,
    });
    masks.max_by_key(strictness).map_or(Effect::Allow, Effect::Mask)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn grants_come_to_what_the_rules_say(closed: bool, rules in prop::collection::vec(rule(), 0..8)) {
        let grants = Grants { closed, documents: false, rules };
        let policy = Policy { grants: grants.clone(), ..Policy::default() };
        let (whole, seen) = (catalog(), visible_catalog(&catalog(), &policy));
        for table in &whole.snapshot().tables {
            let place = [table.schema.as_str(), table.name.as_str()];
            let shown: Vec<&str> = table.columns.iter().map(|c| c.name.as_str())
                .filter(|c| by_hand(&grants, place, Some(c)) != Effect::Deny).collect();
            let exists = by_hand(&grants, place, None) != Effect::Deny || !shown.is_empty();
            let found = seen.snapshot().table(&table.schema, &table.name);
            prop_assert_eq!(found.is_some(), exists, "{} {}", table.schema, table.name);
            let left: Vec<&str> = found.iter().flat_map(|t| &t.columns).map(|c| c.name.as_str()).collect();
            prop_assert_eq!(left, if exists { shown } else { Vec::new() });
            for column in &table.columns {
                let hand = by_hand(&grants, place, Some(&column.name));
                let sql = format!("SELECT \"{}\" FROM \"{}\".\"{}\"", column.name, table.schema, table.name);
                let verdict = check(&sql, &whole, &policy);
                prop_assert_eq!(verdict.is_ok(), hand != Effect::Deny && exists, "{}", sql);
                let Ok(read) = verdict else { continue };
                let how = match hand { Effect::Mask(how) => Some(how), Effect::Allow | Effect::Deny => None };
                prop_assert_eq!(read.report().output[0].masked, how, "{}", sql);
            }
        }
    }
}

fn filtered(predicate: &str, caller: &[(&str, Option<&str>)]) -> Policy {
    let caller: BTreeMap<_, _> =
        caller.iter().map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned))).collect();
    let row_filters = vec![RowFilter { table: "public.shifts".into(), predicate: predicate.into() }];
    Policy { row_filters, caller, ..Policy::default() }
}

fn run(policy: &Policy) -> Result<String, String> {
    check("SELECT id FROM public.shifts", &catalog(), policy)
        .map(|read| read.sql().to_owned())
        .map_err(|findings| findings[0].message.clone())
}

#[test]
fn a_filter_asks_for_the_caller_and_gets_a_value_in_the_tree() {
    let sly = "x' OR '1'='1";
    let policy = filtered("name = :user_email", &[("user_email", Some(sly))]);
    let sql = run(&policy).unwrap();
    assert!(sql.contains("= 'x'' OR ''1''=''1'"), "{sql}");
    // written in a text, behind a cast, or in a comment it stands for nothing
    let policy = filtered("name = ':user_id' AND pay::text <> 'a' /* :b */", &[]);
    assert!(run(&policy).unwrap().contains("':user_id'"));
}

#[test]
fn what_is_not_known_of_the_caller_is_null_and_an_unknown_name_breaks_the_filter() {
    let sql = run(&filtered("name = :user_email", &[("user_email", None)])).unwrap();
    assert!(sql.contains("= NULL"), "{sql}");
    let error = run(&filtered("name = :shoe_size", &[("user_id", Some("7"))])).unwrap_err();
    assert!(error.contains(":shoe_size") && error.contains(":user_id"), "{error}");
    let error = run(&filtered("name = :user_id", &[("user_id", Some("a\u{0}b"))])).unwrap_err();
    assert!(error.contains("control character"), "{error}");
}

#[test]
fn a_statement_has_no_words_for_the_caller() {
    let policy = filtered("name = :user_id", &[("user_id", Some("7"))]);
    assert!(check("SELECT id FROM public.shifts WHERE name = :user_id", &catalog(), &policy).is_err());
    let marked = "SELECT id FROM public.staff WHERE name = '\u{e000}user_id\u{e000}'";
    let sql = check(marked, &catalog(), &policy).unwrap().sql().to_owned();
    assert!(sql.contains('\u{e000}'), "a text of the statement was taken for a name: {sql}");
}
