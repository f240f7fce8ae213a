//! What the guard makes of names, functions, types and policy, seen through `check` alone.

#![allow(clippy::panic, clippy::expect_used)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{
    Catalog, Column, Engine, ForeignKey, Key, Routine, Sensitivity, Snapshot, Table, TableKind, TypeClass,
};
use guard::{Code, Finding, Policy, ReadOnly, check};

fn column(name: &str, class: TypeClass) -> Column {
    Column { name: name.into(), class, nullable: name != "id", ..Column::default() }
}

fn table(schema: &str, name: &str, columns: Vec<Column>) -> Table {
    let primary_key = Some(Key { name: None, columns: vec!["id".into()] });
    Table { schema: schema.into(), name: name.into(), columns, primary_key, ..Table::default() }
}

fn view(schema: &str, name: &str, text: &str, columns: &[&str]) -> Table {
    let columns = columns.iter().map(|c| column(c, TypeClass::Text)).collect();
    Table {
        kind: TableKind::View,
        view_text: Some(text.into()),
        primary_key: None,
        ..table(schema, name, columns)
    }
}

fn library(engine: Engine) -> Catalog {
    let schema = if engine == Engine::Postgres { "public" } else { "main" };
    let mut email = column("email", TypeClass::Text);
    email.sensitivity = Some(Sensitivity::Email);
    let members = vec![
        column("id", TypeClass::Integer),
        column("name", TypeClass::Text),
        email,
        column("town", TypeClass::Text),
        column("pin", TypeClass::Text),
        Column { element: Some(TypeClass::Text), ..column("tags", TypeClass::Array) },
    ];
    let loans = vec![
        column("id", TypeClass::Integer),
        column("member_id", TypeClass::Integer),
        column("title", TypeClass::Text),
        column("fee", TypeClass::Decimal),
        column("lent_on", TypeClass::Date),
    ];
    let mut loans = table(schema, "loans", loans);
    loans.foreign_keys.push(ForeignKey {
        columns: vec!["member_id".into()],
        to_schema: schema.into(),
        to_table: "members".into(),
        to_columns: vec!["id".into()],
        ..ForeignKey::default()
    });
    let keys =
        table(schema, "vault", vec![column("id", TypeClass::Integer), column("code", TypeClass::Text)]);
    let routine = |name: &str, language: &str| Routine {
        schema: schema.into(),
        name: name.into(),
        language: Some(language.into()),
        ..Routine::default()
    };
    let tables = vec![
        table(schema, "members", members),
        loans,
        keys,
        table("archive", "loans", vec![column("id", TypeClass::Integer), column("year", TypeClass::Integer)]),
        view(schema, "towns", "SELECT town, count(*) AS n FROM members GROUP BY town", &["town", "n"]),
        view(schema, "codes", "SELECT code FROM vault", &["code"]),
        view(schema, "noisy", "SELECT ring(id) AS r FROM members", &["r"]),
        Table { kind: TableKind::Foreign, ..table(schema, "feed", vec![column("line", TypeClass::Text)]) },
    ];
    Catalog::new(Snapshot {
        engine,
        search_path: vec![schema.into()],
        tables,
        routines: vec![routine("ring", "plpgsql"), routine("upper", "plpgsql"), routine("similarity", "c")],
        ..Snapshot::default()
    })
}

fn pass(engine: Engine, sql: &str) -> ReadOnly {
    match check(sql, &library(engine), &Policy::default()) {
        Ok(read) => read,
        Err(findings) => panic!("{sql}: {findings:?}"),
    }
}

fn refused(engine: Engine, sql: &str, policy: &Policy) -> Vec<Finding> {
    match check(sql, &library(engine), policy) {
        Ok(read) => panic!("accepted {sql} as {}", read.sql()),
        Err(findings) => findings,
    }
}

fn code(engine: Engine, sql: &str) -> Code {
    refused(engine, sql, &Policy::default())[0].code
}

const PG: Engine = Engine::Postgres;
const LITE: Engine = Engine::Sqlite;

#[test]
fn relations_and_columns_are_pinned() {
    let read = pass(PG, "SELECT NAME FROM Members WHERE Town = 'Ulm'");
    assert_eq!(
        read.sql(),
        r#"SELECT "members"."name" FROM "public"."members" WHERE "members"."town" = 'Ulm'"#
    );
    let read = pass(LITE, "SELECT M.NAME FROM MEMBERS m");
    assert_eq!(read.sql(), r#"SELECT "m"."name" FROM "members" AS "m""#);
}

#[test]
fn postgres_keeps_the_case_of_quoted_names() {
    assert_eq!(code(PG, r#"SELECT "Name" FROM members"#), Code::G101);
    assert_eq!(code(PG, r#"SELECT name FROM "Members""#), Code::G100);
}

#[test]
fn scopes_reach_as_far_as_the_engine_lets_them() {
    pass(PG, "SELECT (SELECT count(*) FROM loans l WHERE l.member_id = m.id) FROM members m");
    pass(PG, "SELECT x.n FROM members m, LATERAL (SELECT count(*) AS n FROM loans WHERE member_id = m.id) x");
    assert_eq!(code(PG, "SELECT x.n FROM members m, (SELECT m.id AS n FROM loans) x"), Code::G103);
    pass(PG, "SELECT t FROM members m, unnest(m.tags) AS t");
    pass(PG, "WITH a AS (SELECT id AS i FROM members), b(j) AS (SELECT i FROM a) SELECT j FROM b");
    assert_eq!(code(PG, "WITH a AS (SELECT id FROM members) SELECT town FROM a"), Code::G101);
    pass(PG, "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 9) SELECT x FROM n");
    pass(PG, "SELECT public.members.name FROM members");
    assert_eq!(code(PG, "SELECT members.name FROM members m"), Code::G103);
    assert_eq!(code(PG, "SELECT id FROM members, loans"), Code::G102);
    pass(PG, "SELECT id, name, title FROM members JOIN loans USING (id)");
    assert_eq!(code(PG, "SELECT * FROM members, members"), Code::G104);
    pass(LITE, "SELECT m.name FROM members m JOIN loans l ON l.member_id = v.id JOIN vault v ON v.id = m.id");
}

#[test]
fn a_common_table_expression_hides_the_table_of_its_name() {
    let read = pass(PG, "WITH loans AS (SELECT 1 AS one) SELECT one FROM loans");
    assert!(read.report().tables.is_empty());
    // without RECURSIVE its own body still means the table
    let read = pass(PG, "WITH loans AS (SELECT title FROM loans) SELECT title FROM loans");
    assert_eq!(read.report().tables[0].table, "loans");
}

#[test]
fn output_aliases_are_seen_where_the_engine_sees_them() {
    pass(PG, "SELECT town AS t, count(*) AS n FROM members GROUP BY t ORDER BY n DESC");
    assert_eq!(code(PG, "SELECT town AS t FROM members WHERE t = 'Ulm'"), Code::G101);
    assert_eq!(code(PG, "SELECT town, count(*) AS n FROM members GROUP BY town HAVING n > 1"), Code::G101);
    pass(LITE, "SELECT town AS t, count(*) AS n FROM members WHERE t <> 'x' GROUP BY t HAVING n > 1");
    pass(PG, "SELECT name FROM members UNION SELECT title FROM loans ORDER BY name");
    assert_eq!(code(PG, "SELECT name FROM members ORDER BY 2"), Code::G105);
}

#[test]
fn widths_must_agree() {
    assert_eq!(code(PG, "SELECT id, name FROM members UNION SELECT id FROM loans"), Code::G105);
    assert_eq!(code(PG, "SELECT name FROM members WHERE id IN (SELECT id, title FROM loans)"), Code::G105);
    pass(PG, "SELECT name FROM members WHERE (id, name) IN (SELECT member_id, title FROM loans)");
    assert_eq!(code(PG, "WITH a(x, y) AS (SELECT 1) SELECT x FROM a"), Code::G105);
}

#[test]
fn unknown_names_offer_the_nearest() {
    let near = |sql: &str| refused(PG, sql, &Policy::default())[0].nearest.clone();
    assert_eq!(near("SELECT nmae FROM members")[0], "name");
    assert_eq!(near("SELECT name FROM member")[0], "members");
    assert_eq!(near("SELECT lowr(name) FROM members")[0], "lower");
    let findings = refused(PG, "SELECT fee FROM members", &Policy::default());
    assert!(findings[0].hint.as_deref().is_some_and(|h| h.contains("loans")), "{findings:?}");
    let span = findings[0].span.expect("a span");
    assert_eq!((span.start, span.end), (7, 10));
}

#[test]
fn sqlite_reads_unknown_double_quotes_as_text() {
    let read = pass(LITE, r#"SELECT name FROM members WHERE town = "Ulm""#);
    assert!(read.sql().ends_with("= 'Ulm'"), "{}", read.sql());
    assert!(read.report().warnings.is_empty());
    let read = pass(LITE, r#"SELECT "nmae" FROM members"#);
    assert_eq!(read.report().warnings[0].code, Code::W109);
    assert_eq!(read.report().warnings[0].nearest[0], "name");
    for other in ["Ulm", "[Ulm]", "`Ulm`"] {
        assert_eq!(code(LITE, &format!("SELECT name FROM members WHERE town = {other}")), Code::G101);
    }
    assert!(pass(LITE, "SELECT [name], `town` FROM [members]").report().warnings.is_empty());
}

fn hidden() -> Policy {
    Policy {
        hidden_tables: vec!["VAULT".into()],
        hidden_columns: vec!["members.pin".into(), "*.fee".into()],
        ..Policy::default()
    }
}

#[test]
fn what_is_hidden_reads_exactly_like_what_does_not_exist() {
    let pairs = [
        ("SELECT code FROM vault", "SELECT code FROM vaulz"),
        ("SELECT public.vault.code FROM vault", "SELECT public.vaulz.code FROM vaulz"),
        ("SELECT pin FROM members", "SELECT piz FROM members"),
        ("SELECT m.pin FROM members m", "SELECT m.piz FROM members m"),
        ("SELECT name FROM members ORDER BY pin", "SELECT name FROM members ORDER BY piz"),
        ("SELECT count(*) FROM members GROUP BY pin", "SELECT count(*) FROM members GROUP BY piz"),
        ("SELECT 1 FROM members JOIN vault USING (id)", "SELECT 1 FROM members JOIN vaulz USING (id)"),
        (
            "SELECT 1 FROM members a JOIN members b USING (pin)",
            "SELECT 1 FROM members a JOIN members b USING (piz)",
        ),
        ("SELECT (SELECT code FROM vault) FROM members", "SELECT (SELECT code FROM vaulz) FROM members"),
        ("SELECT * FROM codes", "SELECT * FROM codez"),
    ];
    for (secret, nothing) in pairs {
        let told = |sql: &str| {
            let findings = refused(PG, sql, &hidden());
            format!("{findings:?}").replace("vaulz", "vault").replace("piz", "pin").replace("codez", "codes")
        };
        assert_eq!(told(secret), told(nothing), "{secret}");
    }
}

#[test]
fn hidden_columns_do_not_come_out_by_the_back_door() {
    for sql in [
        "SELECT * FROM members",
        "SELECT m.* FROM members m",
        "SELECT * FROM members NATURAL JOIN members b",
        "SELECT * FROM (SELECT * FROM members) x",
        "WITH a AS (SELECT * FROM members) SELECT * FROM a",
        "SELECT * FROM members AS m(a, b)",
        "TABLE members",
    ] {
        let catalog = library(PG);
        let read = check(sql, &catalog, &hidden()).unwrap_or_else(|f| panic!("{sql}: {f:?}"));
        assert!(!read.sql().contains("pin") && !read.sql().contains('*'), "{sql}: {}", read.sql());
        assert!(read.report().columns.iter().all(|c| c.column != "pin"), "{sql}");
    }
    assert!(!refused(PG, "SELECT m FROM members m", &hidden()).is_empty());
    assert!(!refused(PG, "SELECT to_json(m) FROM members m", &hidden()).is_empty());
    assert!(!refused(PG, "SELECT (m).pin FROM members m", &hidden()).is_empty());
    // the engine would take the nearer, hidden column: the outer one must be named in full
    let catalog = library(PG);
    let sql = "SELECT (SELECT pin FROM members LIMIT 1) FROM (SELECT 'x' AS pin) o";
    let read = check(sql, &catalog, &hidden()).expect("the outer column is meant");
    assert!(read.sql().contains(r#""o"."pin""#), "{}", read.sql());
}

#[test]
fn views_exist_only_when_all_they_read_may_be_read() {
    pass(PG, "SELECT town FROM towns");
    pass(PG, "SELECT code FROM codes");
    assert_eq!(refused(PG, "SELECT code FROM codes", &hidden())[0].code, Code::G100);
    assert_eq!(code(PG, "SELECT r FROM noisy"), Code::G100);
    assert_eq!(code(PG, "SELECT line FROM feed"), Code::G100);
    let policy = Policy { allowed_foreign_tables: vec!["feed".into()], ..Policy::default() };
    assert!(check("SELECT line FROM feed", &library(PG), &policy).is_ok());
}

#[test]
fn the_servers_own_relations_are_unknown() {
    for sql in [
        "SELECT * FROM pg_class",
        "SELECT * FROM pg_catalog.pg_class",
        "SELECT * FROM information_schema.tables",
    ] {
        assert_eq!(code(PG, sql), Code::G100, "{sql}");
    }
    for sql in ["SELECT * FROM sqlite_master", "SELECT * FROM main.sqlite_schema"] {
        assert_eq!(code(LITE, sql), Code::G100, "{sql}");
    }
    assert_eq!(code(PG, "SELECT ctid FROM members"), Code::G101);
    pass(LITE, "SELECT rowid FROM members");
}

#[test]
fn a_refused_function_is_refused_wherever_it_stands() {
    let places = [
        "SELECT {f}",
        "SELECT * FROM {f}",
        "SELECT * FROM members, LATERAL (SELECT {f}) x",
        "SELECT * FROM members m JOIN loans l ON {f} IS NULL",
        "SELECT * FROM (VALUES ({f})) v",
        "VALUES ({f})",
        "SELECT id FROM members ORDER BY {f}",
        "SELECT count(*) FROM members GROUP BY {f}",
        "SELECT count(*) FROM members HAVING {f} IS NULL",
        "SELECT count(*) FILTER (WHERE {f} IS NULL) FROM members",
        "SELECT CASE WHEN {f} IS NULL THEN 1 END",
        "SELECT CASE 1 WHEN 1 THEN {f} END",
        "SELECT coalesce({f}, NULL)",
        "SELECT sum(id) OVER (PARTITION BY {f}) FROM members",
        "SELECT sum(id) OVER w FROM members WINDOW w AS (ORDER BY {f})",
        "SELECT string_agg(name, ',' ORDER BY {f}) FROM members",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY {f}) FROM members",
        "SELECT DISTINCT ON ({f}) id FROM members",
        "SELECT ARRAY[{f}]",
        "SELECT ARRAY(SELECT {f})",
        "SELECT ROW({f}, 1)",
        "SELECT (ARRAY[1])[{f}]",
        "SELECT 1 WHERE 1 IN (1, {f})",
        "SELECT 1 WHERE EXISTS (SELECT {f})",
        "SELECT 1 WHERE 1 = ANY (ARRAY[{f}])",
        "SELECT 1 WHERE 'a' LIKE {f}",
        "SELECT 1 WHERE 1 BETWEEN 0 AND {f}",
        "SELECT CAST({f} AS text)",
        "SELECT extract(day FROM {f})",
        "SELECT substring('abc' FROM {f})",
        "SELECT trim(both {f} from 'a')",
        "SELECT now() AT TIME ZONE {f}",
        "SELECT 1 LIMIT {f}",
        "SELECT 1 OFFSET {f}",
        "SELECT 1 UNION ALL SELECT {f}",
        "WITH a AS (SELECT {f}) SELECT 1",
        "SELECT make_interval(days => {f})",
    ];
    for place in places {
        for (function, wanted) in
            [("pg_sleep(1)", Code::G301), ("ring(1)", Code::G300), ("public.upper('a')", Code::G300)]
        {
            let sql = place.replace("{f}", function);
            let findings = refused(PG, &sql, &Policy::default());
            assert!(findings.iter().any(|f| f.code == wanted), "{sql}: {findings:?}");
        }
    }
}

#[test]
fn names_and_rows_do_not_call_user_code() {
    assert_eq!(code(PG, "SELECT m.ring FROM members m"), Code::G101);
    assert_eq!(code(PG, "SELECT (m).ring FROM members m"), Code::G101);
    pass(PG, "SELECT (m).name FROM members m");
    assert_eq!(code(PG, "SELECT upper(m) FROM members m"), Code::G201);
    assert_eq!(code(PG, "SELECT m::text FROM members m"), Code::G201);
    assert_eq!(code(PG, "SELECT m || '' FROM members m"), Code::G201);
    assert_eq!(code(PG, "SELECT (SELECT m FROM members m LIMIT 1)::text"), Code::G201);
    assert_eq!(code(PG, "SELECT x.r::text FROM (SELECT m AS r FROM members m) x"), Code::G201);
    assert_eq!(code(PG, "SELECT array_agg(m) FROM members m"), Code::G201);
    assert_eq!(code(PG, "SELECT CASE WHEN true THEN m END FROM members m"), Code::G201);
    pass(PG, "SELECT count(m), to_json(m) FROM members m GROUP BY m.id, m.name");
    assert_eq!(code(PG, "SELECT \"Lower\"('A')"), Code::G300);
    assert_eq!(code(PG, "SELECT \"coalesce\"(1, 2)"), Code::G300);
}

#[test]
fn user_functions_pass_by_policy_and_are_pinned_to_their_schema() {
    let policy = Policy { allowed_functions: vec!["ring".into()], ..Policy::default() };
    let read = check("SELECT ring(id) FROM members", &library(PG), &policy).expect("allowed");
    assert!(read.sql().contains(r#""public"."ring"("#), "{}", read.sql());
    let forbid = Policy { forbidden_functions: vec!["jsonb_*".into()], ..Policy::default() };
    assert_eq!(refused(PG, "SELECT jsonb_build_object('a', 1)", &forbid)[0].code, Code::G400);
    let read = pass(PG, "SELECT similarity(name, 'x') FROM members");
    assert!(read.sql().contains(r#""public"."similarity"("#), "{}", read.sql());
    assert_eq!(code(PG, "SELECT levenshtein(name, 'x') FROM members"), Code::G300);
}

#[test]
fn calls_have_the_right_shape() {
    assert_eq!(code(PG, "SELECT lower(name, name) FROM members"), Code::G302);
    assert_eq!(code(PG, "SELECT row_number() FROM members"), Code::G302);
    assert_eq!(code(PG, "SELECT lower(name) OVER () FROM members"), Code::G302);
    assert_eq!(code(PG, "SELECT * FROM sum(1)"), Code::G302);
    assert_eq!(code(PG, "SELECT name FROM members WHERE count(*) > 1"), Code::G310);
    assert_eq!(code(PG, "SELECT max(count(*)) FROM members GROUP BY town"), Code::G310);
    pass(PG, "SELECT max(n) FROM (SELECT count(*) AS n FROM members GROUP BY town) x");
}

#[test]
fn work_without_a_bound_is_refused() {
    for sql in [
        "SELECT repeat('x', 1000000000)",
        "SELECT repeat(repeat('x', 30000), 30000)",
        "SELECT repeat('x', (10 ^ 9)::int)",
        "SELECT lpad('x', 99999999)",
        "SELECT count(*) FROM generate_series(1, 300000000)",
        "SELECT array_fill(0, ARRAY[134217727])",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT count(*) FROM t",
        "SELECT count(*) FROM members a, members b, members c, members d",
    ] {
        assert_eq!(code(PG, sql), Code::G303, "{sql}");
    }
    assert_eq!(code(LITE, "SELECT printf('%.*c', 1000000000, 'x')"), Code::G303);
    assert_eq!(code(LITE, "SELECT zeroblob(1000000000)"), Code::G303);
    pass(PG, "SELECT repeat('*', id) FROM members");
    pass(PG, "SELECT n FROM generate_series(1, 100) n");
    pass(PG, "SELECT d FROM generate_series(DATE '2024-01-01', DATE '2024-02-01', INTERVAL '1 day') d");
    pass(PG, "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t) SELECT n FROM t LIMIT 10");
}

#[test]
fn the_report_tells_types_lineage_and_care() {
    let read = pass(
        PG,
        "SELECT town, count(email) AS n, max(email) AS e, sum(fee) AS f, lent_on + 1 AS d
        FROM members m JOIN loans l ON l.member_id = m.id GROUP BY town, lent_on ORDER BY n DESC",
    );
    let report = read.report();
    let names: Vec<&str> = report.output.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["town", "n", "e", "f", "d"]);
    let classes: Vec<Option<TypeClass>> = report.output.iter().map(|o| o.class).collect();
    use TypeClass as T;
    assert_eq!(classes, [Some(T::Text), Some(T::Integer), Some(T::Text), Some(T::Decimal), Some(T::Date)]);
    assert_eq!(report.output[1].sensitivity, None);
    assert_eq!(report.output[2].sensitivity, Some(Sensitivity::Email));
    assert_eq!(report.output[2].lineage[0].column, "email");
    assert!(report.output[1].aggregate && !report.output[0].aggregate && report.ordered);
    assert_eq!(report.functions, ["count", "max", "sum"]);
    assert!(report.joins[0].keyed, "{:?}", report.joins);
    let tables: Vec<&str> = report.tables.iter().map(|t| t.table.as_str()).collect();
    assert_eq!(tables, ["loans", "members"]);
}

#[test]
fn warnings_name_what_is_seldom_meant() {
    let warned = |sql: &str| pass(PG, sql).report().warnings.iter().map(|w| w.code).collect::<Vec<_>>();
    assert!(warned("SELECT m.id FROM members m, loans l").contains(&Code::W100));
    assert!(warned("SELECT id FROM members WHERE town = NULL").contains(&Code::W101));
    assert!(
        warned("SELECT id FROM members WHERE id NOT IN (SELECT member_id FROM loans)").contains(&Code::W102)
    );
    assert!(warned("SELECT name FROM members WHERE abs(id) = 3").contains(&Code::W103));
    assert!(warned("SELECT * FROM members").contains(&Code::W104));
    assert!(
        warned("SELECT name FROM members ORDER BY name").is_empty(),
        "nothing says that the table is large"
    );
    assert!(warned("SELECT name FROM members LIMIT 3").contains(&Code::W110));
    assert!(
        warned("SELECT sum(m.id) FROM members m JOIN loans l ON l.member_id = m.id").contains(&Code::W106)
    );
    assert!(warned("SELECT m.id FROM members m JOIN loans l ON l.title = m.name").contains(&Code::W107));
    assert!(warned("SELECT m.name FROM members m JOIN loans l ON l.member_id = m.id").is_empty());
}

#[test]
fn the_reading_is_plain() {
    let reading = |sql: &str| pass(PG, sql).report().reading.clone();
    assert_eq!(
        reading(
            "SELECT town, count(*) FROM members WHERE name LIKE 'A%' GROUP BY town ORDER BY 2 DESC LIMIT 10"
        ),
        "Counts members per town, where name starts with 'A', largest number of rows first, first 10 rows."
    );
    assert_eq!(
        reading(
            "SELECT m.name FROM members m JOIN loans l ON l.member_id = m.id WHERE l.lent_on > '2024-01-01'"
        ),
        "Lists the member name of members with loans, where loan lent on is after '2024-01-01'."
    );
    assert_eq!(
        reading("WITH a AS (SELECT town, avg(id) AS x FROM members GROUP BY town) SELECT max(x) FROM a"),
        "Builds a: averages id of members per town. Finds the largest x of as."
    );
}

#[test]
fn the_visible_catalog_holds_nothing_hidden() {
    let catalog = library(PG);
    let seen = guard::resolve::visible_catalog(&catalog, &hidden());
    let text = format!("{:?}", seen.snapshot());
    assert!(!text.contains("vault") && !text.contains("pin\"") && !text.contains("fee\""), "{text}");
    let names: Vec<&str> = seen.snapshot().tables.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["members", "loans", "loans", "towns"]);
    assert_eq!(seen.snapshot().tables[1].foreign_keys.len(), 1);
}

#[test]
fn every_line_of_the_function_lists_is_read() {
    for (engine, text) in [
        (PG, include_str!("../src/functions/postgres.txt")),
        (LITE, include_str!("../src/functions/sqlite.txt")),
    ] {
        let lines = text.lines().filter(|l| !l.is_empty() && !l.starts_with(['#', '!'])).count();
        assert_eq!(guard::functions::judged(engine).count(), lines, "{engine}");
    }
}

#[test]
fn full_text_search_of_sqlite_is_read() {
    let mut snapshot = library(LITE).snapshot().clone();
    let columns = vec![column("title", TypeClass::Text), column("body", TypeClass::Text)];
    snapshot.tables.push(Table {
        kind: TableKind::Virtual,
        primary_key: None,
        ..table("main", "docs", columns)
    });
    let catalog = Catalog::new(snapshot);
    for sql in [
        "SELECT title FROM docs WHERE docs MATCH 'rust' ORDER BY rank",
        "SELECT title, bm25(docs) FROM docs('rust')",
        "SELECT snippet(docs, 0, '<', '>', '...', 5) FROM docs WHERE docs MATCH 'rust'",
    ] {
        if let Err(findings) = check(sql, &catalog, &Policy::default()) {
            panic!("{sql}: {findings:?}");
        }
    }
}
