//! One case per trap by which texts for MySQL and MariaDB are known to fool SQL checkers.

// Helpers of tests fail by panicking.
#![allow(clippy::expect_used, clippy::panic)]

use catalog::{Catalog, Engine};
use guard::{Code, Finding, Policy, check};

const BOTH: [Engine; 2] = [Engine::Mysql, Engine::Mariadb];

fn policy() -> Policy {
    Policy { syntax_only: true, ..Policy::default() }
}

fn refusal(engine: Engine, sql: &str) -> Finding {
    match check(sql, &Catalog::empty(engine), &policy()) {
        Ok(read) => panic!("accepted {sql:?} as {:?}", read.sql()),
        Err(findings) => findings.into_iter().next().expect("a finding"),
    }
}

fn rendered(sql: &str) -> String {
    let texts = BOTH.map(|engine| match check(sql, &Catalog::empty(engine), &policy()) {
        Ok(read) => read.sql().to_owned(),
        Err(findings) => panic!("refused {sql:?}: {findings:?}"),
    });
    assert_eq!(texts[0], texts[1]);
    texts[0].clone()
}

fn refused(code: Code, cases: &[&str]) {
    for engine in BOTH {
        for sql in cases {
            let finding = refusal(engine, sql);
            assert_eq!(finding.code, code, "{sql:?}: {finding}");
        }
    }
}

#[test]
fn text_after_a_bare_end_is_not_dropped() {
    refused(
        Code::G011,
        &["SELECT 1 END, load_file('x')", "SELECT 1 END", "SELECT 1 FROM t END WHERE sleep(1)"],
    );
}

#[test]
fn several_statements_are_refused() {
    refused(
        Code::G011,
        &["SELECT 1; SELECT 2", "SELECT 'a\\'; SELECT 2' ; DELETE FROM t", "SELECT 1;;SELECT 2"],
    );
    assert_eq!(rendered("SELECT 'a\\'; SELECT 2';"), "SELECT 'a''; SELECT 2'");
}

#[test]
fn comments_that_a_server_executes_are_refused() {
    let cases = [
        "SELECT 1 /*! , sleep(9) */",
        "SELECT 1 /*!50000 , 2 */",
        "SELECT 1 /*M!100100 , 2 */",
        "SELECT /*+ SET_VAR(sql_mode = '') */ 1",
        "SELECT 1 /* a /* b */",
        "SELECT 1 # x\n/*!1*/",
        "SELECT 5--1",
        "SELECT 1 /* never closed",
    ];
    refused(Code::G003, &cases);
    assert_eq!(rendered("SELECT 5 - -1 -- five\n # and\n /* one */"), "SELECT 5 - -1");
    assert_eq!(
        rendered("SELECT '/*! not a comment */', '--x' AS `#`"),
        "SELECT '/*! not a comment */', '--x' AS `#`"
    );
}

#[test]
fn a_text_ends_where_the_server_ends_it() {
    // Two texts, the first a single backslash; read without escapes it would run into a call.
    assert_eq!(rendered(r"SELECT '\\', ' , sleep(5) -- '"), "SELECT _utf8mb4 X'5C', ' , sleep(5) -- '");
    assert_eq!(refusal(Engine::Mysql, r#"SELECT "\" , ", sleep(5) , "x""#).code, Code::G301);
    assert_eq!(
        rendered(r#"SELECT "it's", 'say ""', "a""b", 'a''b'"#),
        r#"SELECT 'it''s', 'say ""', 'a"b', 'a''b'"#
    );
    assert_eq!(rendered("SELECT 'a' 'b'\n\"c\""), "SELECT 'abc'");
    assert_eq!(rendered(r"SELECT '\a\f\v\q\n'"), "SELECT 'afvq\n'");
    assert_eq!(rendered(r"SELECT '\%\_'"), "SELECT _utf8mb4 X'5C255C5F'");
    refused(Code::G001, &["SELECT 'a\u{0}b'", r"SELECT '\0'", r"SELECT '\Z'", "SELECT 1\r-- x\n, 2"]);
    refused(Code::G010, &[r"SELECT 'a\'", "SELECT `a", "SELECT \"a"]);
}

#[test]
fn names_keep_to_their_quotes() {
    assert_eq!(rendered("SELECT 1 AS `a``; DROP TABLE t; -- `"), "SELECT 1 AS `a``; DROP TABLE t; -- `");
    assert_eq!(rendered(r"SELECT 1 AS `a\`"), r"SELECT 1 AS `a\`");
    assert_eq!(
        rendered("SELECT a 'x`y', b AS \"into\" FROM t"),
        "SELECT `a` AS `x``y`, `b` AS `into` FROM `t`"
    );
    refused(Code::G201, &["SELECT 1 FROM t AS 'x'", "SELECT 1 FROM 't'"]);
}

#[test]
fn no_mode_reads_the_text_differently() {
    assert_eq!(rendered("SELECT a || b && c FROM t"), "SELECT `a` OR `b` AND `c` FROM `t`");
    assert_eq!(rendered("SELECT NOT a BETWEEN 1 AND 2 FROM t"), "SELECT NOT (`a` BETWEEN 1 AND 2) FROM `t`");
    assert_eq!(rendered("SELECT !a + 1 FROM t"), "SELECT (NOT `a`) + 1 FROM `t`");
    assert_eq!(rendered("SELECT COUNT (a) FROM t"), "SELECT count(`a`) FROM `t`");
    let escaped = r"SELECT `a` LIKE `b` ESCAPE _utf8mb4 X'5C' FROM `t`";
    assert_eq!(rendered("SELECT a LIKE b FROM t"), escaped);
    assert_eq!(rendered(r"SELECT a LIKE b ESCAPE '\\' FROM t"), escaped);
    assert_eq!(rendered("SELECT a LIKE 'x%' FROM t"), "SELECT `a` LIKE 'x%' FROM `t`");
    refused(Code::G201, &["SELECT a LIKE b ESCAPE '' FROM t", "SELECT a LIKE b ESCAPE 'xy' FROM t"]);
}

#[test]
fn variables_are_neither_read_nor_set() {
    let cases = [
        "SELECT @a",
        "SELECT @@version",
        "SELECT @a := 1",
        "SELECT 1 INTO @a",
        "SELECT @'x'",
        "SELECT 1 LIMIT @a",
    ];
    for engine in BOTH {
        for sql in cases {
            let finding = refusal(engine, sql);
            assert!(matches!(finding.code, Code::G200 | Code::G201), "{sql:?}: {finding}");
        }
    }
    refused(Code::G200, &["SELECT a := 1 FROM t"]);
}

#[test]
fn clauses_that_write_or_lock_are_refused_at_any_depth() {
    let cases = [
        "SELECT a FROM t INTO OUTFILE '/tmp/x'",
        "SELECT a INTO OUTFILE '/tmp/x' FROM t",
        "SELECT a FROM (SELECT 1 AS a) x INTO DUMPFILE '/tmp/x'",
        "SELECT a FROM t FOR UPDATE",
        "SELECT a FROM (SELECT a FROM t FOR SHARE) x",
        "SELECT a FROM t LOCK IN SHARE MODE",
        "SELECT a FROM t PROCEDURE ANALYSE(1, 1)",
        "SELECT SQL_CALC_FOUND_ROWS a FROM t",
        "SELECT HIGH_PRIORITY a FROM t",
        "SET STATEMENT max_statement_time = 0 FOR SELECT 1",
        "HANDLER t OPEN",
        "ANALYZE SELECT 1",
        "SELECT NEXT VALUE FOR s",
        "SELECT PREVIOUS VALUE FOR s",
        "SELECT a FROM t FOR SYSTEM_TIME ALL",
        "WITH x AS (DELETE FROM t) SELECT 1",
    ];
    for engine in BOTH {
        for sql in cases {
            refusal(engine, sql);
        }
    }
}

#[test]
fn functions_are_judged_however_they_are_written() {
    let cases = [
        "SELECT SLEEP(1)",
        "SELECT SLEEP (1)",
        "SELECT `sleep`(1)",
        "SELECT sleep\n(\n1)",
        "SELECT a FROM t ORDER BY benchmark(1, 1)",
        "SELECT 1 FROM t GROUP BY get_lock('a', 1)",
        "SELECT sum(load_file('x')) OVER () FROM t",
        "SELECT a FROM t WHERE b = INTERVAL sleep(1) DAY + c",
        "SELECT group_concat(a ORDER BY sleep(1)) FROM t",
        "SELECT extractvalue(1, concat(0x7e, a)) FROM t",
        "SELECT last_insert_id(5)",
        "SELECT user()",
        "SELECT nextval(s)",
    ];
    refused(Code::G301, &cases);
    refused(Code::G300, &["SELECT shop.f(1)", "SELECT bump(1)", "SELECT mysql.sleep(1)"]);
    refused(
        Code::G303,
        &[
            "SELECT repeat('x', 1000000000)",
            "SELECT space(1000000000)",
            "SELECT rpad('x', a * 1e9, 'y') FROM t",
        ],
    );
}

#[test]
fn a_name_before_a_text_is_a_character_set_or_refused() {
    assert_eq!(
        rendered("SELECT _utf8mb4'x', N'y', _utf8mb4 X'C3A9', _UTF8 \"z\""),
        "SELECT 'x', 'y', 'é', 'z'"
    );
    assert_eq!(rendered("SELECT _binary 'x'"), "SELECT CAST('x' AS binary)");
    refused(
        Code::G201,
        &[
            "SELECT _gbk'x'",
            "SELECT _latin1 X'41'",
            "SELECT _a 'x' FROM t",
            "SELECT _utf8mb4 X'FF'",
            "SELECT x'4'",
        ],
    );
    assert_eq!(rendered("SELECT x'4a', 0x7e, 0xF, b'101'"), "SELECT X'4A', 0x7E, 0xF, B'101'");
}

#[test]
fn forms_of_other_databases_are_refused() {
    let cases = [
        "SELECT 1::int",
        "SELECT a ILIKE 'x' FROM t",
        "SELECT DISTINCT ON (a) a FROM t",
        "SELECT a FROM t ORDER BY a NULLS FIRST",
        "SELECT a FROM t FULL JOIN u ON 1 = 1",
        "SELECT count(*) FILTER (WHERE a > 1) FROM t",
        "SELECT a FROM t FETCH FIRST 1 ROWS ONLY",
        "SELECT a IS DISTINCT FROM b FROM t",
        "SELECT ARRAY[1]",
        "SELECT a[1] FROM t",
        "SELECT * FROM unnest(a)",
        "SELECT * FROM f(1) AS x",
        "WITH x AS MATERIALIZED (SELECT 1) SELECT * FROM x",
        "SELECT 1 == 1",
        "SELECT a FROM t LIMIT 1 + 1",
        "SELECT a FROM t OFFSET 1",
        "SELECT {d '2020-01-01'}",
        "SELECT a AT TIME ZONE 'utc' FROM t",
        "SELECT sum(a) OVER (ORDER BY a GROUPS 1 PRECEDING) FROM t",
        "SELECT $$x$$",
        "SELECT int '1'",
    ];
    for engine in BOTH {
        for sql in cases {
            refusal(engine, sql);
        }
    }
    for sql in
        ["SELECT * FROM t, LATERAL (SELECT t.a) x", "TABLE t", "SELECT 1 MEMBER OF ('[1]')", "VALUES ROW(1)"]
    {
        refusal(Engine::Mariadb, sql);
        assert!(check(sql, &Catalog::empty(Engine::Mysql), &policy()).is_ok(), "{sql}");
    }
}

#[test]
fn readings_that_the_servers_do_not_share_need_parentheses() {
    let cases = [
        "SELECT a LIKE b IN (1) FROM t",
        "SELECT a BETWEEN 1 AND 2 IN (0, 1) FROM t",
        "SELECT a SOUNDS LIKE b LIKE c FROM t",
        "SELECT a REGEXP b NOT LIKE c FROM t",
    ];
    refused(Code::G010, &cases);
    refused(Code::G201, &["SELECT 1 FROM t JOIN u RIGHT JOIN v ON u.a = v.a"]);
}

#[test]
fn the_row_cap_is_a_limit() {
    let capped = |engine, sql: &str| {
        let policy = Policy { max_rows: Some(100), ..policy() };
        check(sql, &Catalog::empty(engine), &policy).expect("accepted").sql().to_owned()
    };
    assert_eq!(capped(Engine::Mysql, "SELECT a FROM t"), "SELECT `a` FROM `t` LIMIT 100");
    assert_eq!(capped(Engine::Mysql, "SELECT 1 LIMIT 5, 700"), "SELECT 1 LIMIT 100 OFFSET 5");
    assert_eq!(capped(Engine::Mysql, "VALUES ROW(1), ROW(2)"), "VALUES ROW(1), ROW(2) LIMIT 100");
    let wrapped = "SELECT * FROM (VALUES (1), (2)) AS `capped` LIMIT 100";
    assert_eq!(capped(Engine::Mariadb, "VALUES (1), (2)"), wrapped);
}
