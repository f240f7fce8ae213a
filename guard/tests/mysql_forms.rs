//! Reads that MySQL and MariaDB have, with the text that runs for them; any text in a literal or name survives.

// Helpers of tests fail by panicking.
#![allow(clippy::expect_used, clippy::panic)]

use catalog::{Catalog, Engine};
use guard::tree::{Expr, Literal, SelectItem, SetExpr};
use guard::{Policy, check};
use proptest::prelude::*;

fn canonical(engine: Engine, sql: &str) -> String {
    let policy = Policy { syntax_only: true, ..Policy::default() };
    match check(sql, &Catalog::empty(engine), &policy) {
        Ok(read) => read.sql().to_owned(),
        Err(findings) => panic!("refused {sql:?}: {findings:?}"),
    }
}

/// What is written, and what runs: the same on both servers, and the same again when it is checked once more.
fn become_same(cases: &[(&str, &str)]) {
    for (sql, expected) in cases {
        for engine in [Engine::Mysql, Engine::Mariadb] {
            assert_eq!(canonical(engine, sql), *expected, "{engine}: {sql}");
            assert_eq!(canonical(engine, expected), *expected, "{engine}");
        }
    }
}

#[test]
fn operators_bind_as_on_the_servers() {
    become_same(&[
        ("SELECT 1 OR 0 XOR 1 AND 0", "SELECT 1 OR 0 XOR 1 AND 0"),
        ("SELECT (1 OR 0) XOR 1", "SELECT (1 OR 0) XOR 1"),
        ("SELECT 2 ^ 3 * 2", "SELECT (2 ^ 3) * 2"),
        ("SELECT 1 | 2 & 3 << 1 + 4", "SELECT 1 | (2 & (3 << (1 + 4)))"),
        ("SELECT 7 DIV 2 MOD 3", "SELECT 7 DIV 2 % 3"),
        ("SELECT - 2 ^ 2", "SELECT (-2) ^ 2"),
        ("SELECT 1 = 2 IN (0)", "SELECT 1 = (2 IN (0))"),
        ("SELECT 1 = 2 IS NULL", "SELECT (1 = 2) IS NULL"),
        ("SELECT 1 <=> NULL", "SELECT 1 <=> NULL"),
        ("SELECT NOT 1 = 2", "SELECT NOT (1 = 2)"),
        ("SELECT ! 1 = 2", "SELECT (NOT 1) = 2"),
        ("SELECT 'a' REGEXP NULL", "SELECT 'a' REGEXP NULL"),
        ("SELECT 'a' NOT RLIKE 'b'", "SELECT 'a' NOT REGEXP 'b'"),
        ("SELECT 'a' SOUNDS LIKE 'b'", "SELECT soundex('a') = soundex('b')"),
        ("SELECT BINARY 'a' = 'A'", "SELECT CAST('a' AS binary) = 'A'"),
        ("SELECT 'a' COLLATE utf8mb4_bin = 'b'", "SELECT 'a' COLLATE `utf8mb4_bin` = 'b'"),
    ]);
}

#[test]
fn dates_and_intervals() {
    become_same(&[
        ("SELECT d + INTERVAL 1 DAY FROM t", "SELECT `d` + INTERVAL 1 DAY FROM `t`"),
        ("SELECT INTERVAL n + 1 hour + d FROM t", "SELECT INTERVAL (`n` + 1) HOUR + `d` FROM `t`"),
        ("SELECT d - INTERVAL '1-2' YEAR_MONTH FROM t", "SELECT `d` - INTERVAL '1-2' YEAR_MONTH FROM `t`"),
        (
            "SELECT INTERVAL(5, 1, 3), INTERVAL (3) DAY + d FROM t",
            "SELECT interval(5, 1, 3), INTERVAL 3 DAY + `d` FROM `t`",
        ),
        ("SELECT DATE_ADD(d, INTERVAL -1 WEEK) FROM t", "SELECT date_add(`d`, INTERVAL (-1) WEEK) FROM `t`"),
        ("SELECT TIMESTAMPDIFF(MONTH, a, b) FROM t", "SELECT TIMESTAMPDIFF(MONTH, `a`, `b`) FROM `t`"),
        ("SELECT TIMESTAMPADD(SQL_TSI_DAY, 2, a) FROM t", "SELECT date_add(`a`, INTERVAL 2 DAY) FROM `t`"),
        ("SELECT EXTRACT(DAY_HOUR FROM d) FROM t", "SELECT EXTRACT(day_hour FROM `d`) FROM `t`"),
        (
            "SELECT DATE '2024-01-01', TIMESTAMP'2024-01-01 10:00:00'",
            "SELECT date '2024-01-01', timestamp '2024-01-01 10:00:00'",
        ),
        ("SELECT CURRENT_DATE, UTC_TIMESTAMP, NOW(6)", "SELECT current_date, utc_timestamp, now(6)"),
    ]);
}

#[test]
fn calls_with_words_in_them() {
    become_same(&[
        (
            "SELECT GROUP_CONCAT(DISTINCT a, b ORDER BY a DESC SEPARATOR '; ') FROM t",
            "SELECT group_concat(DISTINCT `a`, `b` ORDER BY `a` DESC SEPARATOR '; ') FROM `t`",
        ),
        (
            r"SELECT GROUP_CONCAT(a SEPARATOR '\\') FROM t",
            r"SELECT group_concat(`a` SEPARATOR X'5C') FROM `t`",
        ),
        (
            "SELECT CONVERT(a, CHAR(3)), CONVERT(a USING utf8mb4) FROM t",
            "SELECT CAST(`a` AS char(3)), CONVERT(`a` USING utf8mb4) FROM `t`",
        ),
        (
            "SELECT CAST(a AS CHAR(3) CHARACTER SET utf8mb4), CAST(a AS UNSIGNED INTEGER) FROM t",
            "SELECT CAST(`a` AS char(3)), CAST(`a` AS unsigned integer) FROM `t`",
        ),
        (
            "SELECT TRIM(a), TRIM(LEADING 'x' FROM a), POSITION('b' IN a) FROM t",
            "SELECT TRIM(`a`), TRIM(LEADING 'x' FROM `a`), POSITION('b' IN `a`) FROM `t`",
        ),
        (
            "SELECT a->'$.x', t.a->>'$.y' FROM t",
            "SELECT json_extract(`a`, '$.x'), json_unquote(json_extract(`t`.`a`, '$.y')) FROM `t`",
        ),
        (
            "SELECT MATCH (a, t.b) AGAINST ('+x -y' IN BOOLEAN MODE) FROM t",
            "SELECT MATCH (`a`, `t`.`b`) AGAINST ('+x -y' IN BOOLEAN MODE) FROM `t`",
        ),
        (
            "SELECT MATCH (a) AGAINST ('x' IN NATURAL LANGUAGE MODE) FROM t",
            "SELECT MATCH (`a`) AGAINST ('x') FROM `t`",
        ),
        (
            "SELECT COUNT(DISTINCT a, b), IF(a, 1, 2), LEFT(a, 1), INSERT(a, 1, 1, 'x') FROM t",
            "SELECT count(DISTINCT `a`, `b`), if(`a`, 1, 2), left(`a`, 1), insert(`a`, 1, 1, 'x') FROM `t`",
        ),
    ]);
}

#[test]
fn rows_out_of_json() {
    become_same(&[
        (
            "SELECT j.v FROM t, JSON_TABLE(t.a, '$.x[*]' COLUMNS (n FOR ORDINALITY, v INT PATH '$.v' DEFAULT '0' ON EMPTY NULL ON ERROR)) j",
            "SELECT `j`.`v` FROM `t`, JSON_TABLE(`t`.`a`, '$.x[*]' COLUMNS (`n` FOR ORDINALITY, `v` int PATH '$.v' DEFAULT '0' ON EMPTY NULL ON ERROR)) AS `j`",
        ),
        (
            "SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (a VARCHAR(9) PATH '$.a', b INT EXISTS PATH '$.b', NESTED PATH '$.c[*]' COLUMNS (d DATE PATH '$'))) x",
            "SELECT * FROM JSON_TABLE('[]', '$[*]' COLUMNS (`a` varchar(9) PATH '$.a', `b` int EXISTS PATH '$.b', NESTED PATH '$.c[*]' COLUMNS (`d` date PATH '$'))) AS `x`",
        ),
    ]);
}

#[test]
fn clauses() {
    become_same(&[
        ("SELECT a FROM t LIMIT 2, 3", "SELECT `a` FROM `t` LIMIT 3 OFFSET 2"),
        ("SELECT 1 FROM DUAL", "SELECT 1"),
        ("SELECT 1 FROM dual WHERE 1", "SELECT 1 FROM DUAL WHERE 1"),
        ("SELECT a FROM t GROUP BY a, b WITH ROLLUP", "SELECT `a` FROM `t` GROUP BY `a`, `b` WITH ROLLUP"),
        (
            "SELECT STRAIGHT_JOIN DISTINCT a FROM t USE INDEX (i) STRAIGHT_JOIN u ON t.a = u.a",
            "SELECT DISTINCT `a` FROM `t` JOIN `u` ON `t`.`a` = `u`.`a`",
        ),
        ("SELECT DISTINCTROW SQL_NO_CACHE a FROM t FORCE INDEX FOR JOIN (i)", "SELECT DISTINCT `a` FROM `t`"),
        ("SELECT 1 FROM t CROSS JOIN u ON t.a = u.a", "SELECT 1 FROM `t` JOIN `u` ON `t`.`a` = `u`.`a`"),
        (
            "SELECT 1 FROM t JOIN u JOIN v ON v.a = t.a",
            "SELECT 1 FROM (`t` CROSS JOIN `u`) JOIN `v` ON `v`.`a` = `t`.`a`",
        ),
        (
            "(SELECT 1 LIMIT 1) UNION DISTINCT (SELECT 2 LIMIT 1) ORDER BY 1",
            "(SELECT 1 LIMIT 1) UNION (SELECT 2 LIMIT 1) ORDER BY 1",
        ),
        (
            "SELECT a FROM t EXCEPT SELECT b FROM t INTERSECT SELECT c FROM t",
            "SELECT `a` FROM `t` EXCEPT (SELECT `b` FROM `t` INTERSECT SELECT `c` FROM `t`)",
        ),
        (
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT * FROM n",
            "WITH RECURSIVE `n` (`i`) AS (SELECT 1 UNION ALL SELECT `n`.`i` + 1 FROM `n` WHERE `n`.`i` < 5) SELECT * FROM `n`",
        ),
        (
            "SELECT RANK() OVER w FROM t WINDOW w AS (PARTITION BY a ORDER BY b ROWS 1 PRECEDING)",
            "SELECT rank() OVER `w` FROM `t` WINDOW `w` AS (PARTITION BY `a` ORDER BY `b` ROWS 1 PRECEDING)",
        ),
        (
            "SELECT * FROM t WHERE (a, b) IN ((1, 2), (3, 4)) AND ROW(a, b) = (1, 2)",
            "SELECT * FROM `t` WHERE (`a`, `b`) IN ((1, 2), (3, 4)) AND (`a`, `b`) = (1, 2)",
        ),
        ("SELECT ? FROM t WHERE a > ? LIMIT ?", "SELECT ? FROM `t` WHERE `a` > ? LIMIT ?"),
    ]);
    assert_eq!(
        canonical(Engine::Mysql, "TABLE t ORDER BY a LIMIT 3"),
        "SELECT * FROM `t` ORDER BY `a` LIMIT 3"
    );
    assert_eq!(
        canonical(Engine::Mysql, "SELECT 'a' MEMBER OF(b) FROM t"),
        "SELECT 'a' MEMBER OF (`b`) FROM `t`"
    );
}

fn escaped(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\\' => r"\\".to_owned(),
            '\'' => r"\'".to_owned(),
            '\n' => r"\n".to_owned(),
            other => other.to_string(),
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn texts_survive(text in "[ -~\n\té漢😀]{0,20}") {
        let policy = Policy { syntax_only: true, ..Policy::default() };
        let sql = format!("SELECT '{}'", escaped(&text));
        let read = check(&sql, &Catalog::empty(Engine::Mysql), &policy).expect("accepted");
        let SetExpr::Select(select) = &read.tree().body else { panic!("a select") };
        let Some(SelectItem::Expr { expr: Expr::Literal(Literal::String(found), _), .. }) = select.items.first()
        else {
            panic!("a text: {}", read.sql())
        };
        prop_assert_eq!(found, &text);
        // What runs holds no backslash that a mode could read: neither an escape nor the end of a text.
        prop_assert!(!read.sql().contains('\\'), "{}", read.sql());
    }

    #[test]
    fn names_survive(name in "[ -_a-~é漢]{0,12}x") {
        let policy = Policy { syntax_only: true, ..Policy::default() };
        let sql = format!("SELECT 1 AS `{}`", name.replace('`', "``"));
        let read = check(&sql, &Catalog::empty(Engine::Mariadb), &policy).expect("accepted");
        prop_assert_eq!(read.report().output.first().map(|o| o.name.as_str()), Some(name.as_str()));
    }
}
