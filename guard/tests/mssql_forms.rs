//! SQL Server: what honest forms become, and that the canonical text is read back as the same tree.

#![allow(clippy::expect_used, clippy::panic)] // helpers of tests fail by panicking, like the tests themselves

use catalog::{Catalog, Engine};
use guard::{Code, Policy, check, parse_tree, render, render_pretty};

fn both_ways(sql: &str, expected: &str) {
    let policy = Policy::default();
    let tree = parse_tree(sql, Engine::Mssql, &policy).unwrap_or_else(|f| panic!("{sql:?}: {f}"));
    let text = render(&tree, Engine::Mssql);
    assert_eq!(text, expected, "{sql:?}");
    for again in [text, render_pretty(&tree, Engine::Mssql)] {
        let read = parse_tree(&again, Engine::Mssql, &policy).unwrap_or_else(|f| panic!("{again:?}: {f}"));
        assert_eq!(read, tree, "{again:?}");
    }
}

fn all(cases: &[(&str, &str)]) {
    cases.iter().for_each(|(sql, expected)| both_ways(sql, expected));
}

#[test]
fn operators_bind_as_the_server_does() {
    all(&[
        ("SELECT 1 + 2 * 3 - 4", "SELECT 1 + 2 * 3 - 4"),
        ("SELECT 1 | 2 & 3 ^ 4", "SELECT ((1 | 2) & 3) ^ 4"),
        ("SELECT 1 + 2 & 3", "SELECT (1 + 2) & 3"),
        ("SELECT -1 * 2, - -1, 3 - -2", "SELECT -(1 * 2), -(-1), 3 - (-2)"),
        ("SELECT ~1 * 2", "SELECT (~1) * 2"),
        ("SELECT a FROM t WHERE NOT b = 1 AND c < 2 OR d > 3", {
            "SELECT [a] FROM [t] WHERE NOT [b] = 1 AND [c] < 2 OR [d] > 3"
        }),
        ("SELECT a FROM t WHERE a !< 1 AND b !> 2 AND c != 3", {
            "SELECT [a] FROM [t] WHERE [a] >= 1 AND [b] <= 2 AND [c] <> 3"
        }),
        (
            "SELECT a + 'x' COLLATE Latin1_General_BIN2 FROM t",
            "SELECT [a] + ('x' COLLATE Latin1_General_BIN2) FROM [t]",
        ),
        ("SELECT a AT TIME ZONE 'UTC' FROM t", "SELECT [a] AT TIME ZONE 'UTC' FROM [t]"),
    ]);
    let read = parse_tree("SELECT 8 / -4 * 2", Engine::Mssql, &Policy::default());
    assert_eq!(read.expect_err("unclear").code, Code::G201);
}

#[test]
fn names_aliases_and_literals() {
    all(&[
        ("SELECT \"a\"\"b\", [c]]d] FROM [x y]", "SELECT [a\"b], [c]]d] FROM [x y]"),
        ("SELECT total = a, [b c] = 2 FROM t", "SELECT [a] AS [total], 2 AS [b c] FROM [t]"),
        ("SELECT a AS 'The total', b x FROM t", "SELECT [a] AS [The total], [b] AS [x] FROM [t]"),
        ("SELECT N'é', 'it''s', 0xFf, 0x, 1.5e3, $12.50", "SELECT N'é', 'it''s', 0xFf, 0x, 1.5e3, $12.50"),
        (
            "SELECT {d '2024-01-01'}, {ts '2024-01-01 10:00:00'}",
            "SELECT {d '2024-01-01'}, {ts '2024-01-01 10:00:00'}",
        ),
        ("SELECT a FROM d.t", "SELECT [a] FROM [d].[t]"),
    ]);
}

#[test]
fn rows_are_cut_by_top_and_by_offset() {
    all(&[
        ("SELECT TOP 5 a FROM t ORDER BY a", "SELECT TOP (5) [a] FROM [t] ORDER BY [a]"),
        ("SELECT DISTINCT TOP (5) a FROM t", "SELECT DISTINCT TOP (5) [a] FROM [t]"),
        ("SELECT TOP 10 PERCENT a FROM t", "SELECT TOP (10) PERCENT [a] FROM [t]"),
        (
            "SELECT TOP (3) WITH TIES a FROM t ORDER BY a DESC",
            "SELECT TOP (3) WITH TIES [a] FROM [t] ORDER BY [a] DESC",
        ),
        ("SELECT a FROM t ORDER BY a OFFSET 5 ROWS", "SELECT [a] FROM [t] ORDER BY [a] OFFSET 5 ROWS"),
        ("SELECT a FROM t ORDER BY a OFFSET 5 ROWS FETCH NEXT 3 ROWS ONLY", {
            "SELECT [a] FROM [t] ORDER BY [a] OFFSET 5 ROWS FETCH NEXT 3 ROWS ONLY"
        }),
        ("SELECT TOP 3 a FROM t UNION ALL SELECT TOP 4 a FROM u ORDER BY a", {
            "(SELECT TOP (3) [a] FROM [t]) UNION ALL (SELECT TOP (4) [a] FROM [u]) ORDER BY [a]"
        }),
        ("SELECT a FROM (SELECT TOP 1 a FROM t ORDER BY b) AS x", {
            "SELECT [a] FROM (SELECT TOP (1) [a] FROM [t] ORDER BY [b]) AS [x]"
        }),
        ("SELECT 1 UNION SELECT 2 INTERSECT SELECT 3", "SELECT 1 UNION (SELECT 2 INTERSECT SELECT 3)"),
    ]);
    for sql in [
        "SELECT a FROM (SELECT a FROM t ORDER BY a) AS x",
        "SELECT TOP 5 a FROM t ORDER BY a OFFSET 1 ROWS",
        "SELECT TOP 5 WITH TIES a FROM t",
        "SELECT TOP (SELECT 1) a FROM t",
        "SELECT a FROM (WITH x AS (SELECT 1 AS a) SELECT a FROM x) AS y",
        "(SELECT TOP 1 a FROM t ORDER BY a) UNION ALL SELECT a FROM u",
    ] {
        assert!(parse_tree(sql, Engine::Mssql, &Policy::default()).is_err(), "{sql:?}");
    }
}

#[test]
fn from_and_its_hints() {
    all(&[
        ("SELECT * FROM a CROSS APPLY (SELECT TOP 1 x FROM b WHERE b.i = a.i) AS c", {
            "SELECT * FROM [a] CROSS APPLY (SELECT TOP (1) [x] FROM [b] WHERE [b].[i] = [a].[i]) AS [c]"
        }),
        (
            "SELECT * FROM a OUTER APPLY string_split(a.s, ',') AS c",
            "SELECT * FROM [a] OUTER APPLY string_split([a].[s], ',') AS [c]",
        ),
        ("SELECT v.a FROM (VALUES (1, N'x'), (2, N'y')) AS v (a, b)", {
            "SELECT [v].[a] FROM (VALUES (1, N'x'), (2, N'y')) AS [v] ([a], [b])"
        }),
        (
            "SELECT * FROM a WITH (NOLOCK) JOIN b (NOLOCK) ON a.i = b.i",
            "SELECT * FROM [a] JOIN [b] ON [a].[i] = [b].[i]",
        ),
        (
            "SELECT * FROM a AS x (NOLOCK), b y WITH (READPAST, INDEX(0))",
            "SELECT * FROM [a] AS [x], [b] AS [y]",
        ),
        ("SELECT * FROM a INNER HASH JOIN b ON a.i = b.i LEFT OUTER LOOP JOIN c ON a.i = c.i", {
            "SELECT * FROM [a] JOIN [b] ON [a].[i] = [b].[i] LEFT JOIN [c] ON [a].[i] = [c].[i]"
        }),
        ("SELECT a FROM t OPTION (RECOMPILE, MAXDOP 1, HASH JOIN)", "SELECT [a] FROM [t]"),
        ("SELECT a FROM t OPTION (MAXRECURSION 50, FAST 10)", "SELECT [a] FROM [t] OPTION (MAXRECURSION 50)"),
        (
            "SELECT a FROM hash JOIN loop ON hash.i = loop.i",
            "SELECT [a] FROM [hash] JOIN [loop] ON [hash].[i] = [loop].[i]",
        ),
    ]);
}

#[test]
fn rows_out_of_json_and_xml_and_turned_tables() {
    all(&[
        ("SELECT a.x FROM OPENJSON(N'{}', '$.a') WITH (x int '$.x', y nvarchar(max) AS JSON) AS a", {
            "SELECT [a].[x] FROM openjson(N'{}', '$.a') WITH ([x] int '$.x', [y] nvarchar(max) AS JSON) AS [a]"
        }),
        (
            "SELECT [key] FROM t CROSS APPLY OPENJSON(t.j)",
            "SELECT [key] FROM [t] CROSS APPLY openjson([t].[j])",
        ),
        ("SELECT x.n.value('@id', 'int') FROM d CROSS APPLY d.b.nodes('/a/b') AS x(n)", {
            "SELECT [x].[n].value('@id', 'int') FROM [d] CROSS APPLY [d].[b].nodes('/a/b') AS [x] ([n])"
        }),
        ("SELECT * FROM (SELECT y, m, v FROM t) AS s PIVOT (SUM(v) FOR m IN ([1], [2])) AS p ORDER BY y", {
            "SELECT * FROM (SELECT [y], [m], [v] FROM [t]) AS [s] PIVOT (sum([v]) FOR [m] IN ([1], [2])) AS [p] ORDER BY [y]"
        }),
        (
            "SELECT k, v FROM t UNPIVOT (v FOR k IN (a, b)) u",
            "SELECT [k], [v] FROM [t] UNPIVOT ([v] FOR [k] IN ([a], [b])) AS [u]",
        ),
        (
            "SELECT a FROM t FOR SYSTEM_TIME AS OF '2024-01-01' AS x",
            "SELECT [a] FROM [t] FOR SYSTEM_TIME AS OF '2024-01-01' AS [x]",
        ),
        (
            "SELECT a FROM t FOR SYSTEM_TIME ALL JOIN u FOR SYSTEM_TIME BETWEEN '2024' AND '2025' AS v ON 1 = 1",
            {
                "SELECT [a] FROM [t] FOR SYSTEM_TIME ALL JOIN [u] FOR SYSTEM_TIME BETWEEN '2024' AND '2025' AS [v] ON 1 = 1"
            },
        ),
        (
            "SELECT a FROM t FOR SYSTEM_TIME CONTAINED IN ('2024', '2025')",
            "SELECT [a] FROM [t] FOR SYSTEM_TIME CONTAINED IN ('2024', '2025')",
        ),
        (
            "SELECT a FROM t AS x TABLESAMPLE (10 PERCENT) REPEATABLE (5)",
            "SELECT [a] FROM [t] AS [x] TABLESAMPLE (10 PERCENT) REPEATABLE (5)",
        ),
    ]);
    for sql in [
        "SELECT * FROM t JOIN u PIVOT (SUM(v) FOR m IN ([1])) AS p ON 1 = 1",
        "SELECT * FROM t PIVOT (f(v) FOR m IN ([1])) AS p",
        "SELECT * FROM t PIVOT (SUM(v + 1) FOR m IN ([1])) AS p",
        "SELECT * FROM t PIVOT (SUM(v) FOR m IN (SELECT 1)) AS p",
        "SELECT * FROM t PIVOT (SUM(v) FOR m IN ([1]))",
        "SELECT * FROM d CROSS APPLY d.b.nodes('sql:column(\"x\")') AS x(n)",
        "SELECT * FROM d CROSS APPLY d.b.nodes('/a') AS x",
        "SELECT * FROM t FOR SYSTEM_TIME AS OF f(1)",
        "SELECT * FROM OPENJSON('{}') WITH (x dbo.mine)",
    ] {
        assert!(parse_tree(sql, Engine::Mssql, &Policy::default()).is_err(), "{sql:?}");
    }
}

#[test]
fn calls_with_types_and_words() {
    all(&[
        ("SELECT DATEADD(MONTH, -1, a), DATEDIFF(dd, a, b), DATEPART(WEEKDAY, a) FROM t", {
            "SELECT dateadd(month, -1, [a]), datediff(dd, [a], [b]), datepart(weekday, [a]) FROM [t]"
        }),
        ("SELECT CONVERT(varchar(10), a, 120), TRY_CONVERT(int, b), CONVERT(NVARCHAR(MAX), c) FROM t", {
            "SELECT CONVERT(varchar(10), [a], 120), TRY_CONVERT(int, [b]), CONVERT(nvarchar(max), [c]) FROM [t]"
        }),
        ("SELECT CAST(a AS decimal(10, 2)), TRY_CAST(b AS datetime2(3)) FROM t", {
            "SELECT CAST([a] AS decimal(10, 2)), TRY_CAST([b] AS datetime2(3)) FROM [t]"
        }),
        (
            "SELECT TRIM(a), TRIM('x' FROM a), SUBSTRING(a, 1, 2), LEFT(a, 1), CEILING(b), CURRENT_TIMESTAMP FROM t",
            {
                "SELECT trim([a]), TRIM('x' FROM [a]), substring([a], 1, 2), LEFT([a], 1), CEILING([b]), CURRENT_TIMESTAMP FROM [t]"
            },
        ),
        (
            "SELECT STUFF((SELECT ',' + b FROM u FOR XML PATH(''), TYPE).value('.', 'nvarchar(max)'), 1, 1, '') AS x",
            {
                "SELECT STUFF((SELECT ',' + [b] FROM [u] FOR XML PATH(''), TYPE).value('.', 'nvarchar(max)'), 1, 1, '') AS [x]"
            },
        ),
        ("SELECT STRING_AGG(a, ', ') WITHIN GROUP (ORDER BY a) FROM t", {
            "SELECT STRING_AGG([a], ', ') WITHIN GROUP (ORDER BY [a]) FROM [t]"
        }),
        (
            "SELECT a FROM t FOR JSON PATH, ROOT('r'), INCLUDE_NULL_VALUES",
            "SELECT [a] FROM [t] FOR JSON PATH, ROOT('r'), INCLUDE_NULL_VALUES",
        ),
    ]);
}

#[test]
fn grouping_and_windows() {
    all(&[
        ("SELECT a, COUNT(*) FROM t GROUP BY GROUPING SETS ((a, b), (a), ())", {
            "SELECT [a], COUNT(*) FROM [t] GROUP BY GROUPING SETS (([a], [b]), [a], ())"
        }),
        ("SELECT a FROM t GROUP BY a, b WITH ROLLUP", "SELECT [a] FROM [t] GROUP BY ROLLUP ([a], [b])"),
        (
            "SELECT a FROM t GROUP BY CUBE (a, b), ROLLUP ((a, c))",
            "SELECT [a] FROM [t] GROUP BY CUBE ([a], [b]), ROLLUP (([a], [c]))",
        ),
        ("SELECT SUM(a) OVER (PARTITION BY b ORDER BY c ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM t", {
            "SELECT SUM([a]) OVER (PARTITION BY [b] ORDER BY [c] ROWS BETWEEN 2 PRECEDING AND CURRENT ROW) FROM [t]"
        }),
    ]);
}

#[test]
fn the_row_cap_is_top_fetch_or_a_derived_table() {
    let capped = |sql: &str| {
        let policy = Policy { max_rows: Some(100), syntax_only: true, ..Policy::default() };
        let read = check(sql, &Catalog::empty(Engine::Mssql), &policy);
        read.map(|r| (r.sql().to_owned(), r.report().capped_rows)).map_err(|f| f.first().map(|f| f.code))
    };
    let cases = [
        ("SELECT a FROM t", "SELECT TOP (100) [a] FROM [t]", Some(100)),
        (
            "SELECT DISTINCT a FROM t ORDER BY a",
            "SELECT DISTINCT TOP (100) [a] FROM [t] ORDER BY [a]",
            Some(100),
        ),
        ("SELECT TOP 7 a FROM t", "SELECT TOP (7) [a] FROM [t]", None),
        ("SELECT TOP 700 a FROM t", "SELECT TOP (100) [a] FROM [t]", Some(100)),
        (
            "SELECT a FROM t ORDER BY a OFFSET 5 ROWS",
            { "SELECT [a] FROM [t] ORDER BY [a] OFFSET 5 ROWS FETCH NEXT 100 ROWS ONLY" },
            Some(100),
        ),
        (
            "SELECT 1 AS a UNION SELECT 2 ORDER BY a",
            { "SELECT 1 AS [a] UNION SELECT 2 ORDER BY [a] OFFSET 0 ROWS FETCH NEXT 100 ROWS ONLY" },
            Some(100),
        ),
        (
            "WITH x AS (SELECT 1 AS a) SELECT a FROM x UNION ALL SELECT 2 OPTION (MAXRECURSION 9)",
            {
                "WITH [x] AS (SELECT 1 AS [a]) SELECT TOP (100) [capped].[c1] AS [a] FROM (SELECT [x].[a] FROM [x] UNION ALL SELECT 2) AS [capped] ([c1]) OPTION (MAXRECURSION 9)"
            },
            Some(100),
        ),
        (
            "SELECT TOP 5 WITH TIES a AS k, b FROM t ORDER BY k DESC, b",
            {
                "SELECT TOP (100) [capped].[c1] AS [k], [capped].[c2] AS [b] FROM (SELECT TOP (5) WITH TIES [a] AS [k], [b] FROM [t] ORDER BY [k] DESC, [b]) AS [capped] ([c1], [c2]) ORDER BY [capped].[c1] DESC, [capped].[c2]"
            },
            Some(100),
        ),
    ];
    for (sql, expected, rows) in cases {
        assert_eq!(capped(sql), Ok((expected.to_owned(), rows)), "{sql:?}");
    }
    // sorted by what is not in the list: the derived table cannot be sorted so
    assert_eq!(capped("SELECT TOP 50 PERCENT a AS k FROM t ORDER BY b + 1"), Err(Some(Code::G201)));
}

#[test]
fn any_name_and_any_text_survive() {
    let pieces = [
        "]", "[", "'", "\"", ";", "--", "/*", "*/", "\\", "@", "#", "$", "%", " ", "é", "N'", "0x", "\u{a0}",
        "a",
    ];
    for (i, first) in pieces.iter().enumerate() {
        for (j, second) in pieces.iter().enumerate() {
            let third = pieces[(i * 7 + j * 3) % pieces.len()];
            let text = format!("x{first}{second}{third}y");
            let name = text.replace(']', "]]");
            let literal = text.replace('\'', "''");
            let sql = format!(
                "SELECT [{name}] AS [{name}], '{literal}', N'{literal}' FROM [{name}].[{name}] AS [{name}]"
            );
            both_ways(&sql, &sql);
        }
    }
}
