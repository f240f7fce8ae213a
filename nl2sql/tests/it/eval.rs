//! Results are compared as multisets with columns paired by content; figures add up.

use nl2sql::eval::{
    Case, Cell, EvalError, Outcome, Report, is_ordered, prediction_line, read_questions, same_result,
};
use proptest::prelude::*;

fn int(i: i128) -> Cell {
    Cell::Int(i)
}

fn text(t: &str) -> Cell {
    Cell::Text(t.to_owned())
}

#[test]
fn cells_are_equal_by_value_not_by_form() {
    let same = |a: Cell, b: Cell| same_result(&[vec![a]], &[vec![b]], false);
    assert!(same(int(1), Cell::Float(1.0)));
    assert!(same(Cell::Float(0.1 + 0.2), Cell::Float(0.3)));
    assert!(same(Cell::Float(0.0), Cell::Float(-0.0)));
    assert!(same(Cell::Null, Cell::Null));
    assert!(same(Cell::Float(f64::NAN), Cell::Float(f64::NAN)));
    assert!(!same(int(1), text("1")));
    assert!(!same(Cell::Null, int(0)));
    assert!(!same(Cell::Null, text("")));
    assert!(!same(Cell::Float(1.0), Cell::Float(1.000_001)));
    assert!(!same(Cell::Float(f64::INFINITY), Cell::Float(5.0)));
    assert!(!same(int(9_007_199_254_740_993), int(9_007_199_254_740_992)), "whole numbers are exact");
    assert!(!same(text("a"), Cell::Bytes(b"a".to_vec())));
    assert!(!same(text("USA"), text("usa")));
}

#[test]
fn columns_are_paired_by_what_they_hold() {
    let gold = [vec![int(1), text("a")], vec![int(2), text("b")]];
    let swapped = [vec![text("b"), int(2)], vec![text("a"), int(1)]];
    let mixed = [vec![text("a"), int(2)], vec![text("b"), int(1)]];
    assert!(same_result(&gold, &swapped, false));
    assert!(!same_result(&gold, &mixed, false), "the same columns, but other rows");
    assert!(!same_result(&gold, &swapped, true), "the order counts when the gold orders");
    let in_order = [vec![text("a"), int(1)], vec![text("b"), int(2)]];
    assert!(same_result(&gold, &in_order, true));
    assert!(!same_result(&gold, &[vec![int(1)], vec![int(2)]], false), "one column is missing");
    assert!(!same_result(&gold, &gold[..1], false));
    assert!(same_result(&[], &[], true));
    let twice = [vec![int(1)], vec![int(1)], vec![int(2)]];
    let other = [vec![int(1)], vec![int(2)], vec![int(2)]];
    assert!(!same_result(&twice, &other, false), "rows are counted");
}

#[test]
fn a_pairing_is_found_among_many_like_columns_in_bounded_time() {
    // every column holds the same values, in its own row order
    let row = |i: i128| (0..9).map(|c| int((i * 7 + c * 3) % 11)).collect::<Vec<Cell>>();
    let gold: Vec<Vec<Cell>> = (0..11).map(row).collect();
    let turned: Vec<Vec<Cell>> = gold.iter().map(|r| r.iter().rev().cloned().collect()).collect();
    assert!(same_result(&gold, &turned, false));
    let zeros = vec![vec![int(0); 40]; 50];
    assert!(same_result(&zeros, &zeros.clone(), false));
}

#[test]
fn only_the_outermost_order_counts() {
    assert!(is_ordered("SELECT a FROM t ORDER BY a"));
    assert!(is_ordered("SELECT a FROM t UNION SELECT b FROM u order  by 1 LIMIT 3"));
    assert!(!is_ordered("SELECT a, rank() OVER (ORDER BY b) FROM t"));
    assert!(!is_ordered("SELECT a FROM (SELECT a FROM t ORDER BY a) x"));
    assert!(!is_ordered("SELECT 'ORDER BY' FROM t"));
}

#[test]
fn questions_are_read_and_bad_lines_named() {
    let lines = "{\"id\":1,\"db_id\":\"a\",\"question\":\"q\",\"gold_sql\":\"SELECT 1\",\"difficulty\":\"simple\"}\n\n{\"id\":\"x\",\"db_id\":\"a\",\"question\":\"r\",\"gold_sql\":\"SELECT 2\"}\n";
    let questions = read_questions(lines).expect("questions");
    assert_eq!((questions[0].id.as_str(), questions[0].hardness.as_deref()), ("1", Some("simple")));
    assert_eq!(questions[1].id, "x");
    assert_eq!(read_questions("{\"id\":1}"), Err(EvalError::Line(1)));
    assert_eq!(read_questions("\n"), Err(EvalError::Empty));
    let twice = format!("{0}\n{0}", lines.lines().next().expect("a line"));
    assert_eq!(read_questions(&twice), Err(EvalError::Id { line: 2, id: "1".to_owned() }));
    assert_eq!(prediction_line("a\"b", Some("SELECT 1")), r#"{"id":"a\"b","predicted_sql":"SELECT 1"}"#);
    assert_eq!(prediction_line("c", None), r#"{"id":"c","predicted_sql":""}"#);
}

fn case(id: usize, hardness: &str, outcome: Outcome) -> Case {
    Case {
        id: id.to_string(),
        db_id: if id.is_multiple_of(2) { "even" } else { "odd" }.to_owned(),
        hardness: Some(hardness.to_owned()),
        outcome,
        sql: None,
        message: Some("G101 there is no column x".to_owned()),
        latency_ms: id as f64,
    }
}

#[test]
fn a_report_counts() {
    let outcomes = [
        Outcome::Right,
        Outcome::Right,
        Outcome::Wrong,
        Outcome::Failed,
        Outcome::Refused,
        Outcome::NoAnswer,
    ];
    let mut cases: Vec<Case> = outcomes.iter().enumerate().map(|(i, o)| case(i + 1, "easy", *o)).collect();
    cases.extend((7..=100).map(|i| case(i, "hard", Outcome::Right)));
    let report = Report::of(&cases);
    assert_eq!((report.overall.questions, report.overall.right), (100, 96));
    assert!((report.by_hardness["easy"].accuracy - 2.0 / 6.0).abs() < 1e-9);
    assert_eq!(report.by_database["even"].questions, 50);
    assert_eq!(report.proposed, 99);
    assert!((report.accepted_share - 98.0 / 99.0).abs() < 1e-9);
    assert!((report.executed_share - 97.0 / 98.0).abs() < 1e-9);
    assert_eq!((report.latency_p50_ms, report.latency_p95_ms, report.latency_p99_ms), (50.0, 95.0, 99.0));
    assert_eq!(report.failures.len(), 4);
    let text = report.text(2);
    assert!(
        text.contains("execution accuracy") && text.contains("96.0 %") && text.contains("G101"),
        "{text}"
    );
    assert_eq!(text.matches("G101").count(), 2, "failures are bounded");
    let json = serde_json::to_string(&report).expect("JSON");
    let read: Report = serde_json::from_str(&json).expect("a report");
    assert_eq!((read.overall.right, read.failures.len()), (96, 4));
    assert_eq!(read.outcomes, report.outcomes);
    assert_eq!(Report::of(&[]).overall.accuracy, 0.0);
}

proptest! {
    #[test]
    fn shuffled_rows_and_columns_are_the_same_result(
        rows in prop::collection::vec(prop::collection::vec(0_i128..4, 3), 0..12),
        seed in 0_usize..6,
    ) {
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        let gold: Vec<Vec<Cell>> = rows.iter().map(|r| r.iter().map(|i| int(*i)).collect()).collect();
        let mut other: Vec<Vec<Cell>> =
            gold.iter().map(|r| orders[seed].iter().map(|i| r[*i].clone()).collect()).collect();
        prop_assert!(same_result(&gold, &other, true));
        other.reverse();
        prop_assert!(same_result(&gold, &other, false));
    }
}
