//! Functions that the catalog shows: vetted extensions' and users', by name and signature; and series without an end.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use catalog::{Catalog, Column, Engine, Routine, Snapshot, Table, TypeClass};
use guard::{Code, Policy, check};

fn catalog(routines: Vec<Routine>) -> Catalog {
    let column = |name: &str, class| Column { name: name.into(), class, ..Column::default() };
    let visits = Table {
        schema: "public".into(),
        name: "visits".into(),
        columns: vec![
            column("id", TypeClass::Integer),
            column("page", TypeClass::Text),
            column("at", TypeClass::TimestampTz),
            Column { native_type: "public.vector(3)".into(), ..column("place", TypeClass::Vector) },
            Column { native_type: "public.hstore".into(), ..column("tags", TypeClass::Other) },
            Column { native_type: "citext".into(), ..column("word", TypeClass::Text) },
        ],
        ..Table::default()
    };
    Catalog::new(Snapshot {
        engine: Engine::Postgres,
        tables: vec![visits],
        search_path: vec!["public".into()],
        routines,
        ..Snapshot::default()
    })
}

fn routine(schema: &str, name: &str, arguments: &str) -> Routine {
    Routine {
        schema: schema.into(),
        name: name.into(),
        arguments: arguments.into(),
        kind: "function".into(),
        language: Some("sql".into()),
        ..Routine::default()
    }
}

fn of_extension(schema: &str, name: &str) -> Routine {
    Routine { extension: Some("of_a_superuser".into()), ..routine(schema, name, "text, text") }
}

fn run(sql: &str, routines: Vec<Routine>, allowed: &[&str]) -> Result<String, Code> {
    let policy =
        Policy { allowed_functions: allowed.iter().map(|s| (*s).into()).collect(), ..Policy::default() };
    check(sql, &catalog(routines), &policy).map(|read| read.sql().to_owned()).map_err(|found| found[0].code)
}

#[test]
fn a_vetted_extension_is_called_in_its_schema() {
    let sql = "SELECT similarity(page, 'x') FROM visits";
    let text = run(sql, vec![of_extension("tools", "similarity")], &[]).expect("a read");
    assert!(text.contains(r#""tools"."similarity"("#), "{text}");
    let qualified = "SELECT tools.similarity(page, 'x') FROM visits";
    assert_eq!(run(qualified, vec![of_extension("tools", "similarity")], &[]), Ok(text));
    assert_eq!(run(qualified, vec![of_extension("public", "similarity")], &[]), Err(Code::G300));
}

#[test]
fn an_overload_that_anybody_made_takes_the_trust_from_its_neighbours() {
    let sql = "SELECT similarity(page, 'x') FROM visits";
    let own = routine("public", "similarity", "visits, text");
    assert_eq!(run(sql, vec![own.clone()], &[]), Err(Code::G300));
    assert_eq!(run(sql, vec![of_extension("public", "similarity"), own.clone()], &[]), Err(Code::G300));
    // unless the policy names it
    assert!(run(sql, vec![own.clone()], &["public.similarity"]).is_ok());
    // in another schema it is out of reach
    let text = run(sql, vec![own, of_extension("tools", "similarity")], &[]).expect("a read");
    assert!(text.contains(r#""tools"."similarity"("#), "{text}");
}

#[test]
fn a_signature_allows_one_overload() {
    let net = || vec![routine("public", "net", "amount numeric, rate numeric DEFAULT 0.2")];
    let sql = "SELECT net(id) FROM visits";
    assert!(run(sql, net(), &["public.net(numeric, numeric)"]).is_ok());
    assert!(run(sql, net(), &["net(numeric, numeric)"]).is_ok());
    for other in
        ["public.net(numeric)", "public.net(text, numeric)", "public.net()", "public.net(numeric, numeric"]
    {
        assert_eq!(run(sql, net(), &[other]), Err(Code::G300), "{other}");
    }
    // three arguments fit none of them
    assert_eq!(run("SELECT net(1, 2, 3)", net(), &["net(numeric, numeric)"]), Err(Code::G300));
}

#[test]
fn a_signature_does_not_allow_what_the_arguments_could_choose_instead() {
    let mut both = vec![routine("public", "net", "numeric"), routine("public", "net", "visits")];
    let sql = "SELECT net(id) FROM visits";
    assert_eq!(run(sql, both.clone(), &["public.net(numeric)"]), Err(Code::G300));
    assert!(run(sql, both.clone(), &["public.net(numeric)", "public.net(visits)"]).is_ok());
    // one that takes another number of arguments cannot be meant
    both[1].arguments = "visits, text".into();
    assert!(run(sql, both.clone(), &["public.net(numeric)"]).is_ok());
    both[1].arguments = "VARIADIC visits[]".into();
    assert_eq!(run(sql, both, &["public.net(numeric)"]), Err(Code::G300));
}

#[test]
fn types_of_several_words_are_read_in_signatures() {
    let routines = || {
        vec![routine(
            "public",
            "f",
            "at timestamp with time zone, OUT n integer, scale numeric(10,2) DEFAULT 'a,b'::text",
        )]
    };
    let entry = "public.f(timestamp with time zone, numeric(10,2))";
    assert!(run("SELECT f(at) FROM visits", routines(), &[entry]).is_ok());
}

#[test]
fn series_have_an_end() {
    let code = |series: &str| run(&format!("SELECT count(*) FROM {series} AS s(t)"), Vec::new(), &[]).err();
    for fine in [
        "generate_series(DATE '2020-01-01', DATE '2024-12-31', INTERVAL '1 day')",
        "generate_series('2020-01-01'::timestamptz, '2024-12-31'::timestamptz, '1 hour')",
        "generate_series(now() - INTERVAL '30 days', now(), INTERVAL '1 minute')",
        "generate_series((SELECT min(at) FROM visits), (SELECT max(at) FROM visits), INTERVAL '1 day')",
        "generate_series(current_date - 90, current_date, INTERVAL '1 week')",
        "generate_series(DATE '2020-01-01', now(), INTERVAL '1 month')",
        "generate_series(1, 1000)",
    ] {
        assert_eq!(code(fine), None, "{fine}");
    }
    for endless in [
        "generate_series(DATE '1900-01-01', DATE '2024-12-31', INTERVAL '1 second')",
        "generate_series('2020-01-01'::timestamp, '2024-12-31'::timestamp, '1 microsecond')",
        "generate_series('4713-01-01 BC'::timestamp, '2024-12-31'::timestamp, '1 day')",
        "generate_series('2020-01-01'::timestamp, 'infinity'::timestamp, '1 day')",
        "generate_series((SELECT min(at) FROM visits), now(), INTERVAL '1 second')",
        "generate_series(now() - INTERVAL '3000000 days', now(), INTERVAL '1 hour')",
        "generate_series(now(), now() + INTERVAL '1 day', INTERVAL '0 days')",
        "generate_series(1, 1000000000)",
    ] {
        assert_eq!(code(endless), Some(Code::G303), "{endless}");
    }
}

#[test]
fn operators_of_extensions_are_called_as_functions() {
    let routines =
        || ["l2_distance", "inner_product", "fetchval", "exist"].map(|n| of_extension("public", n)).to_vec();
    let read = |sql: &str| run(sql, routines(), &[]).expect(sql);
    let near = read("SELECT id FROM visits ORDER BY place <-> '[1,2,3]' LIMIT 5");
    assert!(near.contains(r#""public"."l2_distance"("#), "{near}");
    let turned = read("SELECT id, place <#> '[1,2,3]' FROM visits");
    assert!(
        turned.contains(r#"- "public"."inner_product"("#) || turned.contains(r#"-"public"."inner_product"("#),
        "{turned}"
    );
    let chained = read("SELECT (tags -> 'a') || (tags -> 'b') FROM visits WHERE tags ? 'a' AND page = 'x'");
    assert_eq!(chained.matches(r#""public"."fetchval"("#).count(), 2, "{chained}");
    assert!(chained.contains(r#""public"."exist"("#), "{chained}");
    // json keeps its own operators
    let json = read("SELECT '{}'::jsonb -> 'a'");
    assert!(!json.contains("fetchval"), "{json}");
}

#[test]
fn what_would_be_compared_as_another_type_is_refused() {
    for misread in [
        "SELECT id FROM visits WHERE word = 'X'",
        "SELECT id FROM visits WHERE 'X' < word",
        "SELECT id FROM visits WHERE word IN ('X', 'Y')",
        "SELECT id FROM visits WHERE page IN (SELECT word FROM visits)",
        "SELECT id FROM visits WHERE word LIKE 'x%'",
        "SELECT id FROM visits WHERE word BETWEEN 'a' AND 'b'",
        "SELECT id FROM visits WHERE word = ANY (ARRAY['x'])",
        "SELECT a.id FROM visits AS a JOIN visits AS b USING (word)",
        "SELECT CASE word WHEN 'x' THEN 1 END FROM visits",
        "SELECT id FROM (SELECT id, word AS w FROM visits) v WHERE w = 'x'",
    ] {
        assert_eq!(run(misread, Vec::new(), &[]), Err(Code::G202), "{misread}");
    }
    for fine in [
        "SELECT word, count(*) FROM visits GROUP BY word ORDER BY word",
        "SELECT id FROM visits WHERE lower(word) = 'x'",
        "SELECT id FROM visits WHERE word::text = 'x'",
        "SELECT id FROM visits WHERE word ILIKE 'x%' OR word IS NULL",
        "SELECT word || 'x' FROM visits",
    ] {
        assert!(run(fine, Vec::new(), &[]).is_ok(), "{fine}");
    }
}
