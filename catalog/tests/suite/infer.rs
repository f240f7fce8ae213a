//! References that nobody declared: what names, types, statistics and overlap conclude, and what they must not.

use catalog::infer::{self, Overlap, Proposal};
use catalog::{CommonValue, Engine, Snapshot, Statistics, ddl};

fn read(sql: &str) -> Snapshot {
    ddl::read(sql, Engine::Postgres).snapshot
}

fn found(sql: &str) -> Vec<String> {
    lines(&infer::settle(infer::candidates(&read(sql))))
}

fn lines(proposals: &[Proposal]) -> Vec<String> {
    let mut lines: Vec<String> = proposals
        .iter()
        .map(|p| format!("{}.{} -> {}.{}", p.table, p.columns.join("+"), p.to_table, p.to_columns.join("+")))
        .collect();
    lines.sort();
    lines
}

#[test]
fn names_tell_what_a_column_refers_to() {
    let sql = "CREATE TABLE customers (id int PRIMARY KEY, name text);
        CREATE TABLE categories (category_id int PRIMARY KEY, parent_category_id int);
        CREATE TABLE \"Countries\" (\"CountryCode\" text PRIMARY KEY);
        CREATE TABLE sales_reps (id int PRIMARY KEY);
        CREATE TABLE orders (id int PRIMARY KEY, customer_id int, billing_customer_id int, \"CategoryID\" int,
            \"CountryCode\" text, rep_id int, total int, code text);";
    assert_eq!(
        found(sql),
        [
            "categories.parent_category_id -> categories.category_id",
            "orders.CategoryID -> categories.category_id",
            "orders.CountryCode -> Countries.CountryCode",
            "orders.billing_customer_id -> customers.id",
            "orders.customer_id -> customers.id",
            "orders.rep_id -> sales_reps.id",
        ]
    );
}

#[test]
fn types_must_fit_and_names_must_say_something() {
    let sql = "CREATE TABLE customers (id uuid PRIMARY KEY, code text UNIQUE, name text);
        CREATE TABLE statuses (id int PRIMARY KEY);
        CREATE TABLE orders (id int PRIMARY KEY, customer_id int, code text, name text, status text, day date,
            paid boolean);";
    assert_eq!(found(sql), [] as [&str; 0]);
}

#[test]
fn a_key_does_not_refer_to_those_that_refer_to_it() {
    let sql = "CREATE TABLE customers (customer_id int PRIMARY KEY);
        CREATE TABLE customer_profiles (customer_id int PRIMARY KEY, bio text);
        CREATE TABLE visits (id int PRIMARY KEY, customer_id int);";
    assert_eq!(
        found(sql),
        [
            "customer_profiles.customer_id -> customers.customer_id",
            "visits.customer_id -> customers.customer_id"
        ]
    );
}

#[test]
fn what_is_declared_is_not_proposed() {
    let sql = "CREATE TABLE customers (id int PRIMARY KEY);
        CREATE TABLE orders (id int PRIMARY KEY, customer_id int REFERENCES customers (id));";
    assert_eq!(found(sql), [] as [&str; 0]);
}

#[test]
fn people_have_superiors_among_themselves() {
    let sql = "CREATE TABLE employees (id int PRIMARY KEY, manager_id int);
        CREATE TABLE departments (id int PRIMARY KEY, manager_id int);
        CREATE TABLE comments (id int PRIMARY KEY, parent_id int);";
    assert_eq!(found(sql), ["comments.parent_id -> comments.id", "employees.manager_id -> employees.id"]);
}

#[test]
fn a_wide_key_is_found_by_its_names() {
    let sql = "CREATE TABLE order_lines (order_no int, line_no int, PRIMARY KEY (order_no, line_no));
        CREATE TABLE returns (id int PRIMARY KEY, order_no int, line_no int, reason text);";
    assert_eq!(found(sql), ["returns.order_no+line_no -> order_lines.order_no+line_no"]);
}

#[test]
fn two_that_fit_alike_are_no_evidence() {
    let sql = "CREATE TABLE a.item (id int PRIMARY KEY);
        CREATE TABLE b.item (id int PRIMARY KEY);
        CREATE TABLE c.sale (id int PRIMARY KEY, item_id int);";
    let settled = infer::settle(infer::candidates(&read(sql)));
    assert!(settled.iter().all(|p| p.score < infer::RETRIEVAL), "{settled:?}");
    assert!(settled.iter().all(|p| p.evidence.iter().any(|e| e.contains("as well as each other"))));
}

#[test]
fn overlap_decides_and_is_never_as_sure_as_a_declaration() {
    let sql = "CREATE TABLE customers (id int PRIMARY KEY); CREATE TABLE orders (id int PRIMARY KEY, customer_id int);";
    let candidate = infer::candidates(&read(sql)).remove(0);
    let weighed = |looked_for, found| {
        let mut candidate = candidate.clone();
        candidate.weigh(Overlap { looked_for, found });
        candidate
    };
    let (all, most, few) = (weighed(1000, 1000), weighed(1000, 850), weighed(1000, 20));
    assert!(all.score > candidate.score && all.score < 1.0);
    assert!(most.score < candidate.score && few.score < infer::PROPOSED);
    assert!(all.evidence.iter().any(|e| e.contains("all of 1000 values")), "{:?}", all.evidence);
    assert_eq!(weighed(0, 0).score, candidate.score);
    assert!(infer::settle(vec![few]).is_empty());
}

#[test]
fn statistics_speak_against() {
    let sql =
        "CREATE TABLE colors (id int PRIMARY KEY); CREATE TABLE paints (id int PRIMARY KEY, color_id int);";
    let mut snapshot = read(sql);
    let range = |min: &str, max: &str| {
        Some(Statistics { min: Some(min.into()), max: Some(max.into()), ..Statistics::default() })
    };
    let set = |snapshot: &mut Snapshot, table: &str, column: &str, statistics: Option<Statistics>| {
        let table = snapshot.tables.iter_mut().find(|t| t.name == table).unwrap();
        table.columns.iter_mut().find(|c| c.name == column).unwrap().statistics = statistics;
    };
    set(&mut snapshot, "colors", "id", range("1", "20"));
    set(&mut snapshot, "paints", "color_id", range("1", "19"));
    assert_eq!(infer::settle(infer::candidates(&snapshot)).len(), 1);
    set(&mut snapshot, "paints", "color_id", range("70000", "90000"));
    let outside = infer::candidates(&snapshot);
    assert!(outside.iter().all(|p| p.score < infer::RETRIEVAL), "{outside:?}");

    let common = |values: &[&str]| {
        let common =
            values.iter().map(|v| CommonValue { value: (*v).into(), share: None }).collect::<Vec<_>>();
        Some(Statistics { distinct: Some(common.len() as f64), common, ..Statistics::default() })
    };
    set(&mut snapshot, "colors", "id", common(&["1", "2", "3"]));
    set(&mut snapshot, "paints", "color_id", common(&["7", "8", "9"]));
    assert!(infer::settle(infer::candidates(&snapshot)).is_empty());
}

#[test]
fn thousands_of_tables_are_no_square() {
    let mut sql = String::new();
    for n in 0..2_000 {
        sql.push_str(&format!(
            "CREATE TABLE thing{n}s (id int PRIMARY KEY, thing{}_id int, tenant_id int, name text, a int, b int);",
            (n * 7) % 2_000
        ));
    }
    let proposals = infer::settle(infer::candidates(&read(&sql)));
    assert!(proposals.len() >= 1_900, "{}", proposals.len());
}
