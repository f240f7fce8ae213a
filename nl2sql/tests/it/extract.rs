//! Statements out of replies of every shape.

use nl2sql::extract::{NoSql, extract};
use proptest::prelude::*;

fn sql(reply: &str) -> String {
    extract(reply).unwrap_or_else(|e| panic!("{e:?} for {reply:?}")).sql
}

#[test]
fn shapes_of_replies() {
    let cases = [
        ("SELECT a FROM t", "SELECT a FROM t"),
        ("SELECT a FROM t;", "SELECT a FROM t"),
        ("```sql\nSELECT a FROM t;\n```", "SELECT a FROM t"),
        ("```\nSELECT a FROM t\n```", "SELECT a FROM t"),
        ("```SELECT a FROM t```", "SELECT a FROM t"),
        ("Here you are:\n\n```sql\nSELECT a FROM t\n```\nHope that helps!", "SELECT a FROM t"),
        ("SQL: SELECT a FROM t", "SELECT a FROM t"),
        ("With the schema in mind, the query is:\nSELECT a FROM t\n\nIt lists a.", "SELECT a FROM t"),
        ("The answer is SELECT a FROM t;", "SELECT a FROM t"),
        ("Select the rows you want as follows.\nSELECT a FROM t", "SELECT a FROM t"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH x AS (SELECT 1) SELECT * FROM x"),
        (
            "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT n FROM x LIMIT 3; done",
            "WITH RECURSIVE x(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM x) SELECT n FROM x LIMIT 3",
        ),
        ("<think>SELECT wrong FROM t</think>SELECT a FROM t", "SELECT a FROM t"),
        ("let me see ... SELECT wrong </think>\n```sql\nSELECT a FROM t\n```", "SELECT a FROM t"),
        ("{\"sql\": \"SELECT a\\nFROM t WHERE b = \\\"x\\\"\"}", "SELECT a\nFROM t WHERE b = \"x\""),
        (
            "{\"reasoning\": \"...\", \"sql\": \"SELECT a FROM t WHERE c = '\\u00e9'\"}",
            "SELECT a FROM t WHERE c = 'é'",
        ),
        ("```json\n{\"sql\": \"SELECT a FROM t\"}\n```", "SELECT a FROM t"),
        ("{\"sql\": \"SELECT a FROM t\\nWHERE b = 1", "SELECT a FROM t\nWHERE b = 1"),
        (" count(*) FROM t WHERE a > 1", "SELECT count(*) FROM t WHERE a > 1"),
        ("a, b AS c FROM t", "SELECT a, b AS c FROM t"),
        ("SELECT a FROM t WHERE b = 'x;y'; DROP TABLE t", "SELECT a FROM t WHERE b = 'x;y'"),
        ("SELECT a FROM t\n\n# Question: and b?\nSELECT b FROM t", "SELECT a FROM t"),
        ("SELECT a FROM t /* Answer the following: and b? */ SELECT b FROM t", "SELECT a FROM t"),
        ("SELECT a FROM t\nQuestion: how many b?\nSELECT b", "SELECT a FROM t"),
        ("SELECT a FROM t\nThis query lists every a.", "SELECT a FROM t"),
        ("SELECT a FROM t\n\nUNION\n\nSELECT b FROM u", "SELECT a FROM t\n\nUNION\n\nSELECT b FROM u"),
        (
            "SELECT CASE WHEN a > 1\nTHEN 'x'\nELSE 'Both have the same value'\nEND FROM t",
            "SELECT CASE WHEN a > 1\nTHEN 'x'\nELSE 'Both have the same value'\nEND FROM t",
        ),
        ("SELECT my\\_col FROM my\\_table", "SELECT my_col FROM my_table"),
        ("SELECT a; FROM t WHERE b = 1;", "SELECT a  FROM t WHERE b = 1"),
        ("SELECT a FROM t -- all of them", "SELECT a FROM t"),
        ("SELECT a FROM t\n```\n", "SELECT a FROM t"),
        ("SELECT a FROM t<|im_end|>", "SELECT a FROM t"),
        ("(SELECT a FROM t) UNION (SELECT b FROM u)", "(SELECT a FROM t) UNION (SELECT b FROM u)"),
    ];
    for (reply, expected) in cases {
        assert_eq!(sql(reply), expected, "for {reply:?}");
    }
}

#[test]
fn of_several_blocks_the_final_one_counts() {
    let draft = "First try:\n```sql\nSELECT 1 FROM a\n```\nThe final query:\n```sql\nSELECT 2 FROM b\n```\nor, simpler,\n```sql\nSELECT 3 FROM c\n```";
    assert_eq!(sql(draft), "SELECT 2 FROM b");
    let plain =
        "```sql\nSELECT 1 FROM a\n```\nbetter:\n```sql\nSELECT 2 FROM b\n```\nresult:\n```\n1 | 2\n```";
    assert_eq!(sql(plain), "SELECT 2 FROM b");
    let open = "```sql\nSELECT 1 FROM a\n```\n```sql\nSELECT 2 FR";
    assert_eq!(sql(open), "SELECT 1 FROM a", "a complete block is better than one that is cut off");
}

#[test]
fn what_is_left_out_is_told() {
    let notes = |reply: &str| extract(reply).expect("a statement").dropped.join("; ");
    assert!(notes("SELECT 1; DELETE FROM t").contains("left out"));
    assert!(notes("SELECT 1; SELECT 2").contains("more statements"));
    assert!(notes("Sure! SELECT a FROM t").contains("before the statement"));
    assert!(notes("SELECT a FROM t WHERE b IN (1, 2").contains("cut off"));
    assert!(notes("SELECT a FROM t WHERE").contains("cut off"));
    assert!(notes("{\"sql\": \"SELECT a FROM").contains("JSON that was cut off"));
    assert!(notes("<think>x</think>SELECT 1").contains("thinking"));
    assert_eq!(notes("```sql\nSELECT a FROM t\n```"), "");
}

#[test]
fn replies_without_sql_say_why() {
    assert_eq!(extract(""), Err(NoSql::Empty));
    assert_eq!(extract(" \n "), Err(NoSql::Empty));
    assert_eq!(extract("<think>I wonder"), Err(NoSql::Empty));
    let missing = extract("{\"unanswerable\": \"there are no weather data\"}");
    assert_eq!(missing, Err(NoSql::Unanswerable("there are no weather data".to_owned())));
    let fenced = extract("I looked.\n```json\n{\"unanswerable\": \"no prices\"}\n```");
    assert_eq!(fenced, Err(NoSql::Unanswerable("no prices".to_owned())));
    assert!(matches!(extract("I cannot get this data from the table."), Err(NoSql::Prose(_))));
    assert!(matches!(extract("SELECT"), Err(NoSql::Prose(_))));
}

#[test]
fn a_statement_that_writes_is_handed_on_for_the_guard_to_refuse() {
    assert_eq!(sql("DELETE FROM t WHERE a = 1"), "DELETE FROM t WHERE a = 1");
}

proptest! {
    #[test]
    fn nothing_makes_it_fail(reply in "\\PC{0,200}") {
        let _ = extract(&reply);
    }

    #[test]
    fn pieces_of_replies_in_any_order_are_survived(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "SELECT", "```", "```sql\n", "WITH x AS (", ")", "(", "'", "\"", "`", ";", "\n\n", "{\"sql\": \"", "\\", "\\u12",
            "<think>", "</think>", "FROM t", "é", "/*", "*/", "--", "CASE", "END", "Question:", "}", "\\_", " ",
        ]), 0..30)
    ) {
        let reply: String = pieces.concat();
        if let Ok(found) = extract(&reply) {
            prop_assert!(!found.sql.trim().is_empty());
        }
    }

    #[test]
    fn a_plain_statement_in_a_fence_comes_out_as_it_is(name in "[a-z]{1,8}", value in "[a-zA-Z ;]{0,12}") {
        let statement = format!("SELECT {name}_x FROM t_{name} WHERE v = '{value}'");
        let reply = format!("Here:\n```sql\n{statement}\n```\nDone.");
        prop_assert_eq!(extract(&reply).map(|e| e.sql), Ok(statement));
    }
}
