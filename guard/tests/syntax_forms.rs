//! What honest forms become: the meaning that the server gives them, written out.

// Helpers of tests fail by panicking.
#![allow(clippy::expect_used, clippy::panic)]

use catalog::{Catalog, Engine};
use guard::{Policy, parse_tree, render, render_pretty};

fn both_ways(engine: Engine, sql: &str, expected: &str) {
    let policy = Policy::default();
    let tree = parse_tree(sql, engine, &policy).unwrap_or_else(|f| panic!("{sql:?}: {f}"));
    let text = render(&tree, engine);
    assert_eq!(text, expected, "{sql:?}");
    for again in [text, render_pretty(&tree, engine)] {
        let read = parse_tree(&again, engine, &policy).unwrap_or_else(|f| panic!("{again:?}: {f}"));
        assert_eq!(read, tree, "{again:?}");
    }
}

#[test]
fn postgres_binds_as_its_server_does() {
    let cases = [
        ("SELECT -2 ^ 2", "SELECT (-2) ^ 2"),
        ("SELECT 1 + 2 * 3 - 4", "SELECT 1 + 2 * 3 - 4"),
        ("SELECT (1 + 2) * 3, 1 - (2 - 3)", "SELECT (1 + 2) * 3, 1 - (2 - 3)"),
        ("SELECT 'a' ~ 'b' || 'c'", "SELECT ('a' ~ 'b') || 'c'"),
        ("SELECT NOT 1 = 2 AND 3 < 4 OR TRUE", "SELECT NOT 1 = 2 AND 3 < 4 OR TRUE"),
        ("SELECT NOT (1 = 2 AND 3 < 4)", "SELECT NOT (1 = 2 AND 3 < 4)"),
        ("SELECT @ 1 + 2", "SELECT @ (1 + 2)"),
        ("SELECT 1 IS DISTINCT FROM 2 AND TRUE", "SELECT 1 IS DISTINCT FROM 2 AND TRUE"),
        ("SELECT 1 BETWEEN SYMMETRIC 3 AND 0 AND TRUE", "SELECT 1 BETWEEN SYMMETRIC 3 AND 0 AND TRUE"),
        ("SELECT 1 ISNULL, 2 NOTNULL", "SELECT 1 IS NULL, 2 IS NOT NULL"),
        ("SELECT '1'::text::int[] ", "SELECT CAST(CAST('1' AS text) AS int[])"),
    ];
    for (sql, expected) in cases {
        both_ways(Engine::Postgres, sql, expected);
    }
}

#[test]
fn sqlite_binds_as_its_library_does() {
    let cases = [
        ("SELECT 1 || 2 * 3", "SELECT (1 || 2) * 3"),
        ("SELECT -1 || 2", "SELECT (-1) || 2"),
        ("SELECT 1 < 2 = 3 < 4", "SELECT (1 < 2) = (3 < 4)"),
        ("SELECT 1 << 2 + 3", "SELECT 1 << (2 + 3)"),
        ("SELECT 1 & 2 = 3", "SELECT 1 & 2 = 3"),
        ("SELECT a IS b, a IS NOT b FROM t", "SELECT \"a\" IS \"b\", \"a\" IS NOT \"b\" FROM \"t\""),
        ("SELECT a NOT NULL, a NOTNULL FROM t", "SELECT \"a\" IS NOT NULL, \"a\" IS NOT NULL FROM \"t\""),
        ("SELECT a NOT GLOB 'x' FROM t", "SELECT \"a\" NOT GLOB 'x' FROM \"t\""),
        ("SELECT a == 1 FROM t", "SELECT \"a\" = 1 FROM \"t\""),
        ("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", "SELECT 1 UNION SELECT 2 INTERSECT SELECT 3"),
        (
            "WITH a AS MATERIALIZED (SELECT 1), b(x) AS NOT MATERIALIZED (SELECT 2) SELECT * FROM a, b",
            "WITH \"a\" AS MATERIALIZED (SELECT 1), \"b\" (\"x\") AS NOT MATERIALIZED (SELECT 2) SELECT * FROM \"a\", \"b\"",
        ),
        ("SELECT * FROM t NOT INDEXED WHERE a MATCH 'x'", "SELECT * FROM \"t\" WHERE \"a\" MATCH 'x'"),
    ];
    for (sql, expected) in cases {
        both_ways(Engine::Sqlite, sql, expected);
    }
}

#[test]
fn postgres_forms_are_kept() {
    let cases = [
        ("TABLE a", "SELECT * FROM \"a\""),
        ("WITH x AS (TABLE a) TABLE x", "WITH \"x\" AS (SELECT * FROM \"a\") SELECT * FROM \"x\""),
        ("VALUES (1, 'a'), (2, 'b')", "VALUES (1, 'a'), (2, 'b')"),
        ("(SELECT 1)", "SELECT 1"),
        ("SELECT 1 UNION (SELECT 2 EXCEPT SELECT 3)", "SELECT 1 UNION (SELECT 2 EXCEPT SELECT 3)"),
        ("(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3", "(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3"),
        ("(SELECT 1 LIMIT 1) UNION ALL SELECT 2", "(SELECT 1 LIMIT 1) UNION ALL SELECT 2"),
        ("SELECT DISTINCT ON (a) b FROM t", "SELECT DISTINCT ON (\"a\") \"b\" FROM \"t\""),
        ("SELECT count(DISTINCT a) FILTER (WHERE b) FROM t", {
            "SELECT count(DISTINCT \"a\") FILTER (WHERE \"b\") FROM \"t\""
        }),
        ("SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY a DESC) FROM t", {
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY \"a\" DESC) FROM \"t\""
        }),
        ("SELECT sum(a) OVER (w ROWS 1 PRECEDING EXCLUDE TIES) FROM t WINDOW w AS (ORDER BY b)", {
            "SELECT sum(\"a\") OVER (\"w\" ROWS 1 PRECEDING EXCLUDE TIES) FROM \"t\" WINDOW \"w\" AS (ORDER BY \"b\")"
        }),
        (
            "SELECT rank() OVER (ORDER BY a GROUPS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM t",
            {
                "SELECT rank() OVER (ORDER BY \"a\" GROUPS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW EXCLUDE CURRENT ROW) FROM \"t\""
            },
        ),
        ("SELECT * FROM a, LATERAL f(a.x) WITH ORDINALITY AS y(p, q)", {
            "SELECT * FROM \"a\", LATERAL f(\"a\".\"x\") WITH ORDINALITY AS \"y\" (\"p\", \"q\")"
        }),
        (
            "SELECT * FROM f('[]') AS x(c text, s int[])",
            "SELECT * FROM f('[]') AS \"x\" (\"c\" text, \"s\" int[])",
        ),
        ("SELECT a[1], a[2:3], a[:4], (f()).x FROM t", {
            "SELECT \"a\"[1], \"a\"[2 : 3], \"a\"[ : 4], (f()).\"x\" FROM \"t\""
        }),
        ("SELECT now() AT TIME ZONE 'utc', INTERVAL '1' DAY, timestamp '2020-01-01'", {
            "SELECT now() AT TIME ZONE 'utc', INTERVAL '1' DAY, timestamp '2020-01-01'"
        }),
        ("SELECT extract(EPOCH FROM a), position('x' IN b), trim(LEADING 'x' FROM b) FROM t", {
            "SELECT EXTRACT(epoch FROM \"a\"), POSITION('x' IN \"b\"), TRIM(LEADING 'x' FROM \"b\") FROM \"t\""
        }),
        ("SELECT substring(a FROM 1 FOR 2), substring(a, 1, 2), overlay(a PLACING b FROM 1) FROM t", {
            "SELECT SUBSTRING(\"a\" FROM 1 FOR 2), substring(\"a\", 1, 2), OVERLAY(\"a\" PLACING \"b\" FROM 1) FROM \"t\""
        }),
        ("SELECT a = ANY ('{1}'::int[]), a > ALL (SELECT 1), (1, 2) = (3, 4) FROM t", {
            "SELECT \"a\" = ANY (CAST('{1}' AS int[])), \"a\" > ALL (SELECT 1), (1, 2) = (3, 4) FROM \"t\""
        }),
        ("SELECT f(x => 1, VARIADIC ARRAY[1, 2]), current_date, CASE a WHEN 1 THEN 2 ELSE 3 END FROM t", {
            "SELECT f(\"x\" => 1, VARIADIC ARRAY[1, 2]), current_date, CASE \"a\" WHEN 1 THEN 2 ELSE 3 END FROM \"t\""
        }),
        ("SELECT a FROM t GROUP BY GROUPING SETS ((a, b), (a), ()), ROLLUP (a, (b, c)), CUBE (a)", {
            "SELECT \"a\" FROM \"t\" GROUP BY GROUPING SETS ((\"a\", \"b\"), \"a\", ()), ROLLUP (\"a\", (\"b\", \"c\")), CUBE (\"a\")"
        }),
        ("SELECT * FROM a JOIN (b LEFT JOIN c USING (x)) ON a.i = b.i NATURAL JOIN d", {
            "SELECT * FROM \"a\" JOIN (\"b\" LEFT JOIN \"c\" USING (\"x\")) ON \"a\".\"i\" = \"b\".\"i\" NATURAL JOIN \"d\""
        }),
        ("SELECT a -> 'b' ->> 'c', a @> '{}', a ? 'k', b <-> '[1]', NOT EXISTS (SELECT 1) FROM t", {
            "SELECT \"a\" -> 'b' ->> 'c', \"a\" @> '{}', \"a\" ? 'k', \"b\" <-> '[1]', NOT EXISTS (SELECT 1) FROM \"t\""
        }),
        ("SELECT 1 FETCH FIRST ROW ONLY", "SELECT 1 LIMIT 1"),
        ("SELECT 'x' COLLATE \"C\", inet '::1' << '::/0'", "SELECT 'x' COLLATE \"C\", inet '::1' << '::/0'"),
    ];
    for (sql, expected) in cases {
        both_ways(Engine::Postgres, sql, expected);
    }
}

#[test]
fn candidates_that_say_the_same_compare_equal() {
    let policy = Policy { syntax_only: true, ..Policy::default() };
    let catalog = Catalog::empty(Engine::Postgres);
    let read = |sql: &str| guard::check(sql, &catalog, &policy).expect("accepted");
    assert_eq!(read("select A from T where (b = 1)").sql(), read("SELECT a FROM t\n WHERE b=1 ;").sql());
    assert_ne!(read("SELECT a FROM t").sql(), read("SELECT \"A\" FROM t").sql());
}

#[test]
fn an_in_list_may_begin_with_a_sub_query() {
    let cases = [
        ("SELECT a IN ((SELECT 1), 2)", "SELECT \"a\" IN ((SELECT 1), 2)"),
        ("SELECT a NOT IN ((SELECT 1) + 1)", "SELECT \"a\" NOT IN ((SELECT 1) + 1)"),
        ("SELECT a IN ((1), (2))", "SELECT \"a\" IN (1, 2)"),
        ("SELECT (a, b) IN ((1, 2), (3, 4))", "SELECT (\"a\", \"b\") IN ((1, 2), (3, 4))"),
        ("SELECT a IN (1, (SELECT 2))", "SELECT \"a\" IN (1, (SELECT 2))"),
        ("SELECT a IN (((SELECT 1)), 2)", "SELECT \"a\" IN ((SELECT 1), 2)"),
        (
            "SELECT a IN ((SELECT b IN ((SELECT 1), 2)), 3)",
            "SELECT \"a\" IN ((SELECT \"b\" IN ((SELECT 1), 2)), 3)",
        ),
    ];
    for (sql, expected) in cases {
        both_ways(Engine::Postgres, sql, expected);
        both_ways(Engine::Sqlite, sql, expected);
    }
    // One sub-query in a second pair of brackets: all its rows on PostgreSQL, its first row on SQLite.
    both_ways(Engine::Postgres, "SELECT a IN ((SELECT 1))", "SELECT \"a\" IN (SELECT 1)");
    both_ways(Engine::Sqlite, "SELECT a IN ((SELECT 1))", "SELECT \"a\" IN ((SELECT 1))");
    both_ways(
        Engine::Postgres,
        "SELECT a IN ((SELECT 1) UNION (SELECT 2) LIMIT 3)",
        "SELECT \"a\" IN (SELECT 1 UNION SELECT 2 LIMIT 3)",
    );
}
