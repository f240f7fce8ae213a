//! One case per trap that is known to fool SQL checkers.

// Helpers of tests fail by panicking.
#![allow(clippy::expect_used, clippy::panic)]

use catalog::{Catalog, Engine};
use guard::{Code, Finding, Policy, check};

fn policy() -> Policy {
    Policy { syntax_only: true, ..Policy::default() }
}

fn refusal(engine: Engine, sql: &str) -> Finding {
    match check(sql, &Catalog::empty(engine), &policy()) {
        Ok(read) => panic!("accepted {sql:?} as {:?}", read.sql()),
        Err(findings) => findings.into_iter().next().expect("a finding"),
    }
}

fn rendered(engine: Engine, sql: &str) -> String {
    match check(sql, &Catalog::empty(engine), &policy()) {
        Ok(read) => read.sql().to_owned(),
        Err(findings) => panic!("refused {sql:?}: {findings:?}"),
    }
}

fn refused_with(engine: Engine, code: Code, cases: &[&str]) {
    for sql in cases {
        let finding = refusal(engine, sql);
        assert_eq!(finding.code, code, "{sql:?}: {finding}");
    }
}

#[test]
fn text_after_a_bare_end_is_not_dropped() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        refused_with(
            engine,
            Code::G011,
            &["SELECT 1 END, version()", "SELECT 1 END; DROP TABLE t", "SELECT 1 END"],
        );
    }
}

#[test]
fn stacked_statements_are_refused_and_a_trailing_semicolon_is_not() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let cases =
            ["SELECT 1; SELECT 2", "SELECT 1; DROP TABLE t", "SELECT 1;;SELECT 2", "SELECT 1 SELECT 2"];
        refused_with(engine, Code::G011, &cases);
        assert_eq!(rendered(engine, "SELECT 1 ; ;"), "SELECT 1");
    }
}

#[test]
fn statements_that_are_no_query_are_named() {
    let cases = [
        "INSERT INTO t VALUES (1)",
        "  ( DELETE FROM t )",
        "update t set a = 1",
        "MERGE INTO t USING s ON true WHEN MATCHED THEN DELETE",
        "COPY t TO PROGRAM 'x'",
        "DO $$ BEGIN END $$",
        "CALL p()",
        "BEGIN",
        "COMMIT",
        "SET ROLE postgres",
        "LOCK TABLE t",
        "VACUUM",
        "PREPARE p AS SELECT 1",
        "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
        "PRAGMA query_only = 0",
        "ATTACH 'x' AS y",
        "/* a comment */ DROP TABLE t",
    ];
    for engine in [Engine::Postgres, Engine::Sqlite] {
        refused_with(engine, Code::G200, &cases);
        refused_with(engine, Code::G201, &["EXPLAIN ANALYZE SELECT 1", "SHOW ALL"]);
        refused_with(engine, Code::G012, &["", "  \n", "-- nothing"]);
    }
}

#[test]
fn clauses_that_write_or_lock_are_refused_at_any_depth() {
    let cases = [
        "SELECT * INTO t FROM s",
        "SELECT 1 UNION SELECT a INTO t FROM s",
        "WITH x AS (DELETE FROM t RETURNING *) SELECT 1",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING *) SELECT * FROM x",
        "WITH x AS (UPDATE t SET a = 1 RETURNING *) SELECT * FROM x",
        "SELECT * FROM t FOR UPDATE",
        "SELECT * FROM (SELECT * FROM t FOR SHARE) s",
        "SELECT (SELECT a FROM t LIMIT 1 FOR NO KEY UPDATE)",
        "WITH x AS (SELECT * FROM t FOR KEY SHARE SKIP LOCKED) SELECT * FROM x",
    ];
    for sql in cases {
        let finding = refusal(Engine::Postgres, sql);
        assert!(matches!(finding.code, Code::G200 | Code::G010 | Code::G011), "{sql:?}: {finding}");
    }
}

#[test]
fn characters_that_engines_read_differently_are_refused() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let cases = [
            "SELECT 1\0",
            "SELECT '\0'",
            "SELECT 1 -- x\0\n",
            "SELECT 1 --\rDROP TABLE t",
            "SELECT\u{a0}1",
            "SELECT 1\u{200b}",
            "SELECT 1 \u{2028} ",
            "SELECT \u{7f}1",
            "SELECT '\u{1}'",
        ];
        refused_with(engine, Code::G001, &cases);
        assert_eq!(rendered(engine, "SELECT 'a\u{a0}b',\r\n\t\"Ñ\" FROM größe"), {
            "SELECT 'a\u{a0}b', \"Ñ\" FROM \"größe\""
        });
    }
}

#[test]
fn comments_are_dropped_or_refused() {
    for engine in [Engine::Postgres, Engine::Sqlite] {
        let cases = [
            "SELECT /*! 1 */ 2",
            "SELECT /*M! 1 */ 2",
            "SELECT /*+ SET_VAR(x=1) */ 2",
            "SELECT /* /* */ 2 */ 3",
            "SELECT 1 /* no end",
        ];
        refused_with(engine, Code::G003, &cases);
        assert_eq!(rendered(engine, "SELECT/**/1-- two\n+/* three */2"), "SELECT 1 + 2");
    }
    assert_eq!(rendered(Engine::Postgres, "SELECT '/*!' AS \"--\""), "SELECT '/*!' AS \"--\"");
}

#[test]
fn literals_keep_their_value() {
    let cases = [
        (r"SELECT '\', ' , pg_sleep(5) -- '", r"SELECT '\', ' , pg_sleep(5) -- '"),
        (r"SELECT E'it\'s \\ \n'", "SELECT 'it''s \\ \n'"),
        (r"SELECT E'\x41\u00e9\101'", "SELECT 'AéA'"),
        ("SELECT $$it's$$, $q$a $$ b$q$", "SELECT 'it''s', 'a $$ b'"),
        ("SELECT 'it''s'", "SELECT 'it''s'"),
        ("SELECT X'1F', B'01'", "SELECT X'1F', B'01'"),
        ("SELECT 1.5e-3, .5", "SELECT 1.5e-3, .5"),
    ];
    for (sql, expected) in cases {
        assert_eq!(rendered(Engine::Postgres, sql), expected, "{sql}");
    }
    // A line end joins two texts on PostgreSQL; on SQLite the second one is an alias.
    for gap in ["\n", " \r\n\t", " -- why\n "] {
        let sql = format!("SELECT 'it''s'{gap}' b' FROM t WHERE a = 'x'");
        assert_eq!(
            rendered(Engine::Postgres, &sql),
            "SELECT 'it''s b' FROM \"t\" WHERE \"a\" = 'x'",
            "{sql}"
        );
    }
    assert_eq!(rendered(Engine::Sqlite, "SELECT 'a'\n'b'"), "SELECT 'a' AS \"b\"");
    assert_eq!(rendered(Engine::Sqlite, r"SELECT '\', 0x1F, x'1f'"), r"SELECT '\', 0x1F, X'1f'");
}

#[test]
fn literals_with_two_readings_are_refused() {
    let cases = [
        "SELECT 'a' 'b'",
        "SELECT 'a' /*\n*/ 'b'",
        "SELECT E'a'\n'b'",
        "SELECT 0x1F",
        "SELECT U&'\\0041'",
        "SELECT U&\"\\0041\"(1)",
        "SELECT 1_000",
        "SELECT 1a",
        "SELECT N'x'",
    ];
    for sql in cases {
        let finding = refusal(Engine::Postgres, sql);
        assert!(matches!(finding.code, Code::G201 | Code::G010), "{sql:?}: {finding}");
    }
    refused_with(
        Engine::Postgres,
        Code::G010,
        &["SELECT 'a", "SELECT \"a", "SELECT $$a", r"SELECT E'\'", "SELECT $a$ $b$"],
    );
    refused_with(Engine::Postgres, Code::G001, &[r"SELECT E'\b'"]);
}

#[test]
fn names_are_quoted_with_their_quotes_doubled() {
    assert_eq!(rendered(Engine::Postgres, "SELECT A AS \"x\"\"; DROP\" FROM T"), {
        "SELECT \"a\" AS \"x\"\"; DROP\" FROM \"t\""
    });
    assert_eq!(rendered(Engine::Sqlite, "SELECT [a b], `c``d` 'e' FROM T"), {
        "SELECT \"a b\", \"c`d\" AS \"e\" FROM \"T\""
    });
    refused_with(Engine::Sqlite, Code::G010, &["SELECT 1 AS [x]]; DROP TABLE t; --]"]);
    refused_with(Engine::Postgres, Code::G201, &["SELECT 1 AS 'x'"]);
}

#[test]
fn user_code_by_operator_and_type_is_refused() {
    refused_with(
        Engine::Postgres,
        Code::G202,
        &["SELECT 1 OPERATOR(public.+) 2", "SELECT a <<< b", "SELECT a == b"],
    );
    let types = [
        "SELECT 'x'::public.mood",
        "SELECT 'x'::mood",
        "SELECT 'pg_class'::regclass",
        "SELECT CAST('x' AS regproc)",
        "SELECT '1'::\"char\"",
        "SELECT * FROM f() AS t(a mood)",
        "SELECT cast(x AS text[][][][])",
    ];
    refused_with(Engine::Postgres, Code::G203, &types);
    refused_with(
        Engine::Sqlite,
        Code::G201,
        &["SELECT 1::int", "SELECT date '2020-01-01'", "SELECT interval '1 day'"],
    );
}

#[test]
fn findings_say_where_and_what_next() {
    let finding = refusal(Engine::Postgres, "SELECT 'é', 1; SELECT 2");
    let span = finding.span.expect("a span");
    assert_eq!((span.start, span.end), (16, 22));
    assert!(finding.hint.is_some());
    let finding = refusal(Engine::Postgres, "WITH x AS (SELECT 1)\nDELETE FROM x");
    assert_eq!(finding.subject.as_deref(), Some("DELETE"));
}

#[test]
fn the_row_cap_sets_lowers_or_wraps() {
    let capped = |engine, sql: &str| {
        let policy = Policy { max_rows: Some(100), ..policy() };
        let read = check(sql, &Catalog::empty(engine), &policy).expect("accepted");
        (read.sql().to_owned(), read.report().capped_rows)
    };
    let (pg, lite) = (Engine::Postgres, Engine::Sqlite);
    assert_eq!(capped(pg, "SELECT a FROM t"), ("SELECT \"a\" FROM \"t\" LIMIT 100".into(), Some(100)));
    assert_eq!(capped(pg, "SELECT 1 LIMIT 7"), ("SELECT 1 LIMIT 7".into(), None));
    assert_eq!(capped(pg, "SELECT 1 LIMIT 700 OFFSET 3"), ("SELECT 1 LIMIT 100 OFFSET 3".into(), Some(100)));
    assert_eq!(capped(pg, "SELECT 1 LIMIT ALL"), ("SELECT 1 LIMIT 100".into(), Some(100)));
    let wrapped = "SELECT * FROM (SELECT 1 LIMIT 1 + 1) AS \"capped\" LIMIT 100";
    assert_eq!(capped(pg, "SELECT 1 LIMIT 1 + 1"), (wrapped.into(), Some(100)));
    let wrapped = "SELECT * FROM (SELECT 1 ORDER BY 1 FETCH FIRST 5 ROWS WITH TIES) AS \"capped\" LIMIT 100";
    assert_eq!(capped(pg, "SELECT 1 ORDER BY 1 FETCH FIRST 5 ROWS WITH TIES"), (wrapped.into(), Some(100)));
    let wrapped = "SELECT * FROM (VALUES (1), (2)) AS \"capped\" LIMIT 100";
    assert_eq!(capped(lite, "VALUES (1), (2)"), (wrapped.into(), Some(100)));
    assert_eq!(capped(lite, "SELECT 1 LIMIT 5, 700"), ("SELECT 1 LIMIT 100 OFFSET 5".into(), Some(100)));
    assert_eq!(capped(lite, "SELECT 1 LIMIT -1").1, Some(100));
}
