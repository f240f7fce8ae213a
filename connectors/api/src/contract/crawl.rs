//! Contract cases of introspection and of the connection test.

use std::sync::Mutex;

use catalog::TableKind;

use super::fixture::Fixture;
use crate::CrawlOptions;

/// `test` names the engine, its version, and how much can be read.
pub async fn test_says_what_is_there(f: &Fixture) {
    let info = f.connector.test().await.expect("the test connects");
    assert_eq!(info.engine, f.engine);
    assert!(info.version.chars().next().is_some_and(|c| c.is_ascii_digit()), "{}", info.version);
    assert!(!info.database.is_empty());
    assert!(info.privileges.readable_tables >= 5, "{:?}", info.privileges);
    assert_eq!(
        info.privileges.can_write.is_empty(),
        info.privileges.fixes.is_empty(),
        "what could write comes with what would fix it"
    );
}

/// Tables and views are found, sorted, and views come with their text.
pub async fn introspects_tables_and_views(f: &Fixture) {
    let snapshot = f.snapshot().await;
    assert_eq!(snapshot.engine, f.engine);
    assert!(!snapshot.server_version.is_empty());
    assert!(snapshot.search_path.contains(&f.schema), "{:?}", snapshot.search_path);
    assert!(snapshot.schemas.iter().any(|s| s.name == f.schema));
    let ours: Vec<_> = snapshot.tables.iter().filter(|t| t.schema == f.schema).collect();
    let names: Vec<_> = ours.iter().map(|t| t.name.as_str()).filter(|n| n.starts_with("contract_")).collect();
    assert_eq!(
        names,
        [
            "contract_customers",
            "contract_lines",
            "contract_numbers",
            "contract_order_list",
            "contract_orders"
        ]
    );
    let view = f.table("contract_order_list").await;
    assert_eq!(view.kind, TableKind::View);
    assert!(view.view_text.expect("a view's text").to_lowercase().contains("contract_customers"));
    let numbers = f.table("contract_numbers").await;
    assert_eq!(numbers.kind, f.expected().kind);
    let estimate = numbers.row_estimate.expect("an estimate");
    assert!((10_000..=40_000).contains(&estimate), "{estimate}");
}

/// Columns come in order with type, class, nullability and default; those of views too.
pub async fn introspects_columns(f: &Fixture) {
    let table = f.table("contract_customers").await;
    let expected = f.expected();
    let found: Vec<_> = table.columns.iter().map(|c| (c.name.as_str(), c.class)).collect();
    assert_eq!(found, expected.customers);
    assert!(table.columns.iter().zip(1..).all(|(column, position)| column.position == position));
    let balance = table.column("balance").expect("balance");
    let native = balance.native_type.to_lowercase();
    assert!(expected.balance.iter().any(|known| native.contains(known)), "{native}");
    let default = balance.default.as_deref();
    assert_eq!(default.is_some_and(|d| d.starts_with('0')), expected.defaults, "{default:?}");
    assert!(!balance.nullable);
    assert!(table.column("born").expect("born").nullable);
    let view = f.table("contract_order_list").await;
    let names: Vec<_> = view.columns.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, expected.view);
}

/// Primary, unique and foreign keys, and indexes other than those behind keys.
pub async fn introspects_keys_and_indexes(f: &Fixture) {
    let expected = f.expected();
    let customers = f.table("contract_customers").await;
    assert_eq!(customers.primary_key.expect("a primary key").columns, expected.keys.0);
    let unique: Vec<_> = customers.unique_keys.iter().flat_map(|k| k.columns.clone()).collect();
    assert_eq!(unique, expected.unique);
    assert!(customers.indexes.is_empty(), "indexes behind keys are left out: {:?}", customers.indexes);
    let lines = f.table("contract_lines").await;
    assert_eq!(lines.primary_key.expect("a primary key").columns, expected.keys.1);
    let orders = f.table("contract_orders").await;
    let key = orders.foreign_keys.first().expect("a foreign key");
    assert_eq!(
        (key.columns.as_slice(), key.to_columns.as_slice()),
        (&["customer_id".to_owned()][..], &[expected.referred.to_owned()][..])
    );
    assert_eq!((key.to_schema.as_str(), key.to_table.as_str()), (f.schema.as_str(), "contract_customers"));
    assert_eq!(key.on_delete.as_deref(), expected.declared.then_some("CASCADE"));
    assert_eq!(key.on_update, None);
    assert_eq!(key.inferred.is_none(), expected.declared);
    let index = orders.indexes.first().expect("an index");
    assert_eq!(index.name, "contract_orders_by_customer");
    assert_eq!(index.columns, ["customer_id", "placed_at"]);
    assert!(!index.unique);
    assert_eq!(index.method, "btree");
}

/// Checks with their condition, comments of columns.
pub async fn introspects_checks_and_comments(f: &Fixture) {
    let table = f.table("contract_customers").await;
    let check = table.checks.first().expect("a check");
    assert_eq!(check.name.as_deref(), Some(f.expected().check));
    assert!(check.expression.contains("balance"), "{}", check.expression);
    let comment = table.column("email").expect("email").comment.clone();
    assert_eq!(comment.as_deref(), Some("where invoices go"));
}

/// Two crawls of the same database find the same.
pub async fn introspection_is_repeatable(f: &Fixture) {
    assert_eq!(f.snapshot().await, f.snapshot().await);
}

/// Include and exclude globs choose tables, with and without the schema.
pub async fn introspection_obeys_globs(f: &Fixture) {
    let options = CrawlOptions {
        include: vec![format!("{}.contract_o*", f.schema), "contract_numbers".to_owned()],
        exclude: vec!["*_list".to_owned()],
        ..CrawlOptions::default()
    };
    let snapshot = f.crawl(&options).await;
    let names: Vec<_> = snapshot.tables.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names, ["contract_numbers", "contract_orders"]);
}

/// Progress counts up to its end and names its steps.
pub async fn introspection_reports_progress(f: &Fixture) {
    let seen = Mutex::new(Vec::new());
    let note = |p: crate::Progress| seen.lock().expect("lock").push(p);
    f.connector.introspect(&CrawlOptions::default(), &note).await.expect("introspection works");
    let seen = seen.into_inner().expect("lock");
    assert!(seen.iter().all(|p| !p.step.is_empty() && p.done <= p.of), "{seen:?}");
    assert!(seen.windows(2).all(|w| w[0].done <= w[1].done), "{seen:?}");
    assert!(seen.last().is_some_and(|p| p.done == p.of), "{seen:?}");
}

/// Values of a column with few distinct ones are kept, within the options' bounds.
pub async fn introspection_collects_values_within_bounds(f: &Fixture) {
    let table = f.table("contract_orders").await;
    let statistics = table.column("status").and_then(|c| c.statistics.clone()).expect("statistics of status");
    let values: Vec<_> = statistics.common.iter().map(|v| v.value.as_str()).collect();
    assert!(values.contains(&"paid"), "{values:?}");
    assert_eq!(values.first(), Some(&"paid"), "most common first");
    let options = CrawlOptions { max_common_values: 1, max_value_length: 3, ..CrawlOptions::default() };
    let snapshot = f.crawl(&options).await;
    for column in snapshot.tables.iter().flat_map(|t| &t.columns) {
        let common = column.statistics.iter().flat_map(|s| &s.common);
        assert!(common.clone().count() <= 1, "{}", column.name);
        assert!(common.clone().all(|v| v.value.chars().count() <= 3), "{}", column.name);
    }
}

/// Without statistics no stored value gets into the snapshot.
pub async fn introspection_without_statistics_reads_no_values(f: &Fixture) {
    let options = CrawlOptions { statistics: false, ..CrawlOptions::default() };
    let snapshot = f.crawl(&options).await;
    assert!(snapshot.tables.iter().flat_map(|t| &t.columns).all(|c| c.statistics.is_none()));
}
