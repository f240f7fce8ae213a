//! The sample is the same for the same seed, and keeps what it promises.

// tests are meant to stop at the first thing that is not as it should be
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use rusqlite::Connection;

fn sample(seed: u64) -> (tempfile::TempDir, Connection, u64) {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("storefront.sqlite");
    let rows = storefront::generate(&file, seed, &|_| {}).unwrap();
    let db = Connection::open(&file).unwrap();
    (dir, db, rows)
}

fn number(db: &Connection, sql: &str) -> i64 {
    db.query_row(sql, [], |r| r.get(0)).unwrap()
}

#[test]
fn holds_about_two_hundred_thousand_rows_with_whole_references() {
    let (_dir, db, rows) = sample(storefront::SEED);
    assert!((180_000..=230_000).contains(&rows), "{rows} rows");
    assert_eq!(number(&db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    assert_eq!(
        number(&db, "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"),
        15
    );
    let counted: i64 =
        ["customers", "orders", "order_items", "payments", "reviews", "inventory", "product_tags"]
            .iter()
            .map(|t| number(&db, &format!("SELECT count(*) FROM {t}")))
            .sum();
    assert!(counted as u64 <= rows);
}

#[test]
fn has_the_traps_of_real_schemas() {
    let (_dir, db, _) = sample(storefront::SEED);
    assert!(number(&db, "SELECT count(*) FROM orders WHERE shipped_at IS NULL") > 0);
    assert!(number(&db, "SELECT count(*) FROM orders WHERE deleted_at IS NOT NULL") > 0);
    assert_eq!(number(&db, "SELECT count(*) FROM employees WHERE manager_id IS NULL"), 1);
    assert!(
        number(&db, "SELECT count(*) FROM products WHERE id NOT IN (SELECT product_id FROM reviews)") > 0
    );
    assert_eq!(number(&db, "SELECT count(*) FROM orders WHERE shipped_at < placed_at"), 0);
}

#[test]
fn is_the_same_for_the_same_seed() {
    let total = "SELECT CAST(round(sum(total) * 100) AS INTEGER) FROM orders";
    let (_a, first, _) = sample(7);
    let (_b, second, _) = sample(7);
    let (_c, other, _) = sample(8);
    assert_eq!(number(&first, total), number(&second, total));
    assert_ne!(number(&first, total), number(&other, total));
}
