//! Policy on SQL over documents: what is hidden, masked or filtered under one of its names is so under all.

use guard::Policy;
use guard::policy::{How, Mask, RowFilter};
use serde_json::{Value, json};

use super::judge;

fn hiding(columns: &[&str]) -> Policy {
    Policy { hidden_columns: columns.iter().map(|c| (*c).to_owned()).collect(), ..Policy::default() }
}

fn filtering(table: &str, predicate: &str) -> Policy {
    let filter = RowFilter { table: table.to_owned(), predicate: predicate.to_owned() };
    Policy { row_filters: vec![filter], ..Policy::default() }
}

fn masking(column: &str, how: How) -> Policy {
    let mask = Mask { columns: vec![column.to_owned()], sensitivity: Vec::new(), how };
    Policy { masks: vec![mask], ..Policy::default() }
}

fn code(sql: &str, policy: &Policy) -> String {
    judge(sql, policy).unwrap_err()[0].code.as_str()
}

fn text(sql: &str, policy: &Policy) -> String {
    let read = judge(sql, policy).unwrap();
    serde_json::to_string(&read.pipeline().unwrap().stages).unwrap()
}

#[test]
fn fields_of_elements_are_hidden_by_path_and_by_child_table() {
    for column in ["orders.lines.plant", "orders_lines.plant", "lines.plant"] {
        let policy = hiding(&[column]);
        assert_eq!(code("SELECT plant FROM orders_lines", &policy), "G101", "{column}");
        // the whole array would show it
        assert_eq!(code("SELECT lines FROM orders", &policy), "G101", "{column}");
        assert!(judge("SELECT count FROM orders_lines", &policy).is_ok(), "{column}");
        assert!(!text("SELECT * FROM orders_lines", &policy).contains("plant"), "{column}");
    }
    for policy in
        [hiding(&["orders.lines"]), Policy { hidden_tables: vec!["orders".into()], ..Policy::default() }]
    {
        assert_eq!(code("SELECT count FROM orders_lines", &policy), "G100");
        assert_eq!(code("SELECT why FROM orders_lines_cuts", &policy), "G100");
    }
    let policy = hiding(&["orders._id"]);
    assert_eq!(code("SELECT _parent_id FROM orders_lines", &policy), "G101");
}

#[test]
fn native_pipelines_keep_to_what_is_said_of_child_tables() {
    let request = |pipeline: Value| guard::pipeline::Request {
        collection: json!("orders"),
        pipeline,
        options: Value::Null,
    };
    let check = |pipeline: Value, policy: &Policy| {
        guard::pipeline::check(&request(pipeline), &super::garden(), policy)
    };
    let hidden = Policy { hidden_tables: vec!["orders_lines_cuts".into()], ..Policy::default() };
    for policy in [hiding(&["orders_lines_cuts.why", "orders_lines_cuts.off"]), hidden] {
        assert!(check(json!([{"$project": {"a": "$lines.cuts.why"}}]), &policy).is_err());
        let read = check(json!([]), &policy).unwrap();
        assert!(!read.pipeline().to_string().contains("cuts"), "{}", read.pipeline());
    }
    assert!(check(json!([]), &filtering("orders_lines", "count > 1")).is_err());
    assert!(check(json!([]), &masking("orders_lines.count", How::Null)).is_err());
    // the child table itself is no collection
    let child = guard::pipeline::Request { collection: json!("orders_lines"), ..request(json!([])) };
    assert!(guard::pipeline::check(&child, &super::garden(), &Policy::default()).is_err());
}

#[test]
fn masks_hold_on_every_way_to_a_field() {
    for column in ["customers.email", "email"] {
        let shown = text("SELECT email FROM customers", &masking(column, How::Partial { keep_last: 2 }));
        assert!(shown.contains("****") && shown.contains("$substrCP"), "{shown}");
    }
    let null = masking("orders.lines.plant", How::Null);
    let shown = text("SELECT l.plant FROM orders_lines l", &null);
    assert!(shown.contains("{\"$literal\":null}") && !shown.contains("lines.plant"), "{shown}");
    assert_eq!(code("SELECT lines FROM orders", &null), "G101");
    assert_eq!(code("SELECT email FROM customers", &masking("customers.email", How::Hash)), "G400");
}

#[test]
fn filters_of_a_collection_hold_for_its_elements() {
    let policy = filtering("orders", "total < 100");
    let shown = text("SELECT plant FROM orders_lines", &policy);
    assert!(
        shown.contains("\"$lookup\":{\"from\":\"orders\"") && shown.contains("\"total\":{\"$lt\":100}"),
        "{shown}"
    );
    assert_eq!(code("SELECT why FROM orders_lines_cuts", &policy), "G400");
    // a WITH of the collection's name would be read in its place
    let other = "WITH orders AS (SELECT _id FROM plants) SELECT plant FROM orders_lines, orders";
    assert_eq!(code(other, &policy), "G400");
    let plain = text("SELECT _id FROM orders", &policy);
    assert!(plain.starts_with("[{\"$match\":{\"total\":{\"$lt\":100}}}"), "{plain}");
    // an array whose elements are filtered is not shown whole
    assert_eq!(code("SELECT lines FROM orders", &filtering("orders_lines", "count > 1")), "G101");
}
