//! SQL Server: texts that its server reads otherwise than they look are refused, by name.

#![allow(clippy::expect_used, clippy::panic)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{Catalog, Engine};
use guard::{Code, Finding, Policy, check};

fn policy() -> Policy {
    Policy { syntax_only: true, ..Policy::default() }
}

fn read(sql: &str) -> Result<String, Finding> {
    let read = check(sql, &Catalog::empty(Engine::Mssql), &policy());
    read.map(|r| r.sql().to_owned()).map_err(|f| f.into_iter().next().expect("a finding"))
}

fn refusal(sql: &str) -> Finding {
    match read(sql) {
        Ok(text) => panic!("accepted {sql:?} as {text:?}"),
        Err(finding) => finding,
    }
}

/// Words that begin a statement, none of which needs a separator before it.
const STATEMENTS: [&str; 17] = [
    "SHUTDOWN",
    "CHECKPOINT",
    "REVERT",
    "COMMIT",
    "ROLLBACK",
    "RECONFIGURE",
    "SETUSER",
    "BREAK",
    "CONTINUE",
    "RETURN",
    "THROW",
    "BEGIN",
    "END",
    "KILL",
    "ENABLE",
    "DISABLE",
    "GO",
];

#[test]
fn a_word_that_begins_a_statement_is_no_alias() {
    for word in STATEMENTS {
        for word in [word.to_owned(), word.to_lowercase()] {
            refusal(&format!("SELECT 1 {word}"));
            refusal(&format!("SELECT a FROM t {word}"));
            refusal(&format!("SELECT a FROM t AS x JOIN u {word} ON 1 = 1"));
            refusal(&format!("SELECT a FROM (SELECT 1 AS a) {word}"));
            refusal(&format!("SELECT a FROM t\n{word}"));
        }
    }
}

#[test]
fn reserved_words_are_names_in_brackets_alone() {
    for word in ["shutdown", "user", "order", "key", "plan", "file", "current_user", "percent"] {
        refusal(&format!("SELECT 1 AS {word}"));
        refusal(&format!("SELECT {word} FROM t"));
        refusal(&format!("SELECT t.{word} FROM t"));
        refusal(&format!("SELECT a FROM {word}"));
        refusal(&format!("WITH {word} AS (SELECT 1 AS a) SELECT a FROM {word}"));
        refusal(&format!("SELECT x.a FROM (SELECT 1) AS x ({word})"));
        let quoted = read(&format!("SELECT t.[{word}] AS [{word}] FROM [{word}] AS t")).expect("accepted");
        assert_eq!(quoted, format!("SELECT [t].[{word}] AS [{word}] FROM [{word}] AS [t]"));
    }
}

#[test]
fn text_after_the_statement_is_refused() {
    let tails = [
        "DROP TABLE t",
        "; DROP TABLE t",
        "END, 2",
        "END DROP TABLE t",
        "EXEC p",
        "UPDATE t SET a = 1",
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        "IF 1 = 1 SELECT 2",
        "WAITFOR DELAY '0:0:9'",
        "USE master",
        "lbl: SELECT 2",
        "PRINT 'x'",
        "\nGO\nSELECT 2",
        "OPTION (RECOMPILE) SELECT 2",
        "; OPTION (RECOMPILE)",
    ];
    for tail in tails {
        refusal(&format!("SELECT a FROM t WHERE b = 1 {tail}"));
        refusal(&format!("SELECT 1 {tail}"));
    }
    refusal("SELECT 1; SELECT 2");
    assert_eq!(read(";;SELECT 1 AS a;").expect("accepted"), "SELECT 1 AS [a]");
}

#[test]
fn what_is_no_query_is_refused() {
    let statements = [
        "dbo.do_it",
        "xp_cmdshell 'x'",
        "EXEC ('SELECT 1')",
        "DECLARE @x int",
        "SET NOCOUNT ON",
        "BEGIN TRAN",
        "VALUES (1)",
        "TABLE t",
        "WITH x AS (SELECT 1 AS a) DELETE FROM x",
        "SELECT * INTO t2 FROM t",
        "SELECT * INTO #t FROM t",
        "SELECT a INTO t2 FROM t UNION SELECT a FROM t",
        "SELECT @x = 1",
        "SELECT @@VERSION",
        "SELECT * FROM #t",
        "SELECT * FROM @t",
        "SELECT NEXT VALUE FOR s",
        "DBCC TRACEON(1)",
        "{call p}",
        "SELECT $(x)",
        "SELECT $identity FROM t",
        "SELECT :x",
        "SELECT ?",
        "!!dir",
        ":r file.sql",
    ];
    for sql in statements {
        refusal(sql);
        refusal(&format!(";{sql}"));
    }
}

#[test]
fn locks_and_hints_that_change_results_are_refused() {
    for hint in
        ["UPDLOCK", "XLOCK", "TABLOCK", "TABLOCKX", "HOLDLOCK", "SERIALIZABLE", "REPEATABLEREAD", "PAGLOCK"]
    {
        refusal(&format!("SELECT a FROM t WITH ({hint})"));
        refusal(&format!("SELECT a FROM t WITH (NOLOCK, {hint})"));
        refusal(&format!("SELECT a FROM t ({hint})"));
        refusal(&format!("SELECT a FROM t AS x ({hint})"));
        refusal(&format!("SELECT a FROM t AS x (NOLOCK, {hint})"));
    }
    for option in ["QUERYTRACEON 9481", "MAXRECURSION 0", "USE HINT ('x')", "USE PLAN N'x'", "LABEL = 'x'"] {
        refusal(&format!("SELECT a FROM t OPTION ({option})"));
        refusal(&format!("SELECT a FROM t OPTION (RECOMPILE, {option})"));
    }
    refusal("SELECT a FROM t FOR BROWSE");
    refusal("SELECT a FROM t FOR UPDATE");
}

#[test]
fn other_servers_and_databases_are_out_of_reach() {
    let sources = [
        "OPENROWSET('SQLNCLI', 'Server=x', 'SELECT 1')",
        "OPENROWSET(BULK 'x', SINGLE_CLOB)",
        "OPENQUERY(s, 'SELECT 1')",
        "OPENDATASOURCE('x', 'y').d.dbo.t",
        "s.d.dbo.t",
        "d.dbo.t",
        "d..t",
        "OPENXML(1, '/x')",
        "sys.fn_dblog(NULL, NULL)",
        "sys.dm_os_file_exists('x')",
        "fn_trace_gettable('x', 1)",
        "dbo.f(1)",
        "CONTAINSTABLE(t, a, 'x')",
    ];
    for source in sources {
        refusal(&format!("SELECT * FROM {source} AS x"));
        refusal(&format!("SELECT * FROM t CROSS APPLY {source} AS x"));
    }
}

#[test]
fn functions_off_the_list_are_refused_everywhere() {
    for call in
        ["LOGINPROPERTY('a', 'b')", "OBJECT_DEFINITION(1)", "SESSION_CONTEXT(N'a')", "SUSER_SNAME()", "f(1)"]
    {
        for sql in [
            format!("SELECT {call}"),
            format!("SELECT a FROM t WHERE a = {call}"),
            format!("SELECT a FROM t ORDER BY {call}"),
            format!("SELECT COUNT(*) FROM t GROUP BY {call}"),
            format!("SELECT DATEADD(day, {call}, b) FROM t"),
            format!("SELECT CONVERT(int, {call})"),
            format!("SELECT a FROM t CROSS APPLY (SELECT {call} AS x) AS y"),
            format!("SELECT a FROM (VALUES ({call})) AS v (a)"),
        ] {
            assert!(matches!(refusal(&sql).code, Code::G300 | Code::G301), "{sql:?}");
        }
    }
    // in brackets a name is a user's
    refusal("SELECT [len]('x')");
}

#[test]
fn characters_that_servers_read_differently_are_refused() {
    for sql in [
        "SELECT\u{a0}1",
        "SELECT 1\u{2028}",
        "SELECT 1 -- a\rDROP TABLE t",
        "SELECT 1\u{0}",
        "SELECT 1\u{1f}+ 1",
        "SELECT 'a\\\nb'",
        "SELECT [a\\\r\nb] FROM t",
        "SELECT 1 /* a",
        "SELECT 'a",
        "SELECT [a",
        "SELECT [a]]",
    ] {
        refusal(sql);
    }
    // inside quotes they are the text's own
    assert_eq!(read("SELECT N'a\u{a0}b' AS x").expect("accepted"), "SELECT N'a\u{a0}b' AS [x]");
}

#[test]
fn comments_nest_before_the_statement_alone() {
    assert_eq!(read("/* a /* b */ c */ SELECT 1 AS a").expect("accepted"), "SELECT 1 AS [a]");
    for sql in [
        "SELECT 1 /* /* */ DROP TABLE t -- */",
        "SELECT 1 /* a /* b */ c */",
        "/* a /* b */ SELECT 1",
        "/* a /* -- */ */ SELECT 1",
        "/* a /*! b */ */ SELECT 1",
    ] {
        assert_eq!(refusal(sql).code, Code::G003, "{sql:?}");
    }
}

#[test]
fn forms_of_other_engines_are_refused() {
    for sql in [
        "SELECT 1::int",
        "SELECT a FROM t LIMIT 1",
        "SELECT a FROM t ORDER BY a LIMIT 1 OFFSET 2",
        "SELECT 'a' || 'b'",
        "SELECT a FROM t WHERE a ILIKE 'x'",
        "SELECT DISTINCT ON (a) a FROM t",
        "SELECT a FROM t, LATERAL (SELECT 1) AS x",
        "SELECT a FROM t NATURAL JOIN u",
        "SELECT a FROM t JOIN u USING (a)",
        "SELECT a FROM t JOIN u",
        "SELECT a FROM t ORDER BY a NULLS LAST",
        "SELECT COUNT(*) FILTER (WHERE a = 1) FROM t",
        "SELECT ARRAY[1]",
        "SELECT INTERVAL '1 day'",
        "SELECT POSITION('a' IN b) FROM t",
        "SELECT SUBSTRING(a FROM 1 FOR 2) FROM t",
        "SELECT OVERLAY(a PLACING b FROM 1) FROM t",
        "SELECT a FROM t UNION DISTINCT SELECT a FROM u",
        "WITH x AS MATERIALIZED (SELECT 1 AS a) SELECT a FROM x",
        "SELECT * FROM UNNEST(a) AS x",
        "SELECT DATE '2020-01-01'",
        "SELECT (1, 2)",
        "SELECT a FROM t WHERE (a, b) = (1, 2)",
        "SELECT EXTRACT(year FROM a) FROM t",
        "SELECT a IS TRUE FROM t",
        "WITH RECURSIVE x AS (SELECT 1 AS a) SELECT a FROM x",
        "SELECT a FROM t WINDOW w AS (ORDER BY a GROUPS 1 PRECEDING)",
        "SELECT {fn NOW()}",
        "SELECT geography::Point(1, 2, 3)",
        "SELECT a FROM t EXCEPT ALL SELECT a FROM u",
        "SELECT x'1F'",
        "SELECT U&'a'",
        "SELECT a FROM t WHERE a REGEXP 'x'",
        "SELECT a FROM t OFFSET 1 ROWS",
        "SELECT a FROM t ORDER BY a FETCH FIRST 1 ROWS ONLY",
        "SELECT a << 1 FROM t",
    ] {
        refusal(sql);
    }
}

#[test]
fn conditions_are_no_values_and_values_no_conditions() {
    for sql in [
        "SELECT 'x' = 1",
        "SELECT (a) = 1 FROM t",
        "SELECT a > 1 FROM t",
        "SELECT NOT a FROM t",
        "SELECT a FROM t WHERE b",
        "SELECT a FROM t WHERE b = c = d",
        "SELECT a FROM t WHERE b AND c = 1",
        "SELECT a FROM t ORDER BY b = 1",
        "SELECT SUM(a > 1) FROM t",
        "SELECT IIF(a, 1, 2) FROM t",
        "SELECT CASE WHEN a THEN 1 END FROM t",
        "SELECT a FROM t JOIN u ON t.b",
        "SELECT a FROM t WHERE (b IS NULL) = 1",
    ] {
        refusal(sql);
    }
    for sql in [
        "SELECT IIF(a > 1 AND b IS NULL, 1, 2) FROM t",
        "SELECT CASE a WHEN 1 THEN 2 END, CASE WHEN NOT a = 1 THEN 2 END FROM t",
        "SELECT a FROM t WHERE CONTAINS(b, 'x') OR EXISTS (SELECT 1)",
        "SELECT a FROM t WHERE NOT (b IN (1, 2) OR c LIKE 'x%')",
    ] {
        read(sql).unwrap_or_else(|f| panic!("{sql:?}: {f}"));
    }
}

#[test]
fn work_without_a_bound_is_refused() {
    for sql in [
        "SELECT COUNT(*) FROM GENERATE_SERIES(1, 1000000000000) AS s",
        "SELECT REPLICATE(CAST('x' AS varchar(max)), 1000000000)",
        "SELECT REPLICATE(REPLICATE('x', 8000), 8000)",
        "SELECT SPACE(900000000)",
        "SELECT FORMAT(1, 'D900000000')",
        "SELECT STRING_AGG(CAST(REPLICATE('x', 8000) AS varchar(max)), '') FROM t AS a, t AS b",
    ] {
        assert_eq!(refusal(sql).code, Code::G303, "{sql:?}");
    }
}

#[test]
fn xquery_reads_no_columns_past_the_check() {
    let read = read("SELECT d.x.value('(/a)[1]', 'int') AS v FROM d").expect("accepted");
    assert_eq!(read, "SELECT [d].[x].value('(/a)[1]', 'int') AS [v] FROM [d]");
    refusal("SELECT d.x.value('sql:column(\"d.secret\")', 'int') FROM d");
    refusal("SELECT d.x.value('(/a)[1]', 'dbo.mine') FROM d");
    refusal("SELECT d.x.query(d.path) FROM d");
    refusal("SELECT d.x.modify('delete /a') FROM d");
}
