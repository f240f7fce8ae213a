//! Impact: what a new version does to queries, glossary terms and evaluation cases, with cause, repair and notification.

use std::sync::Arc;

use catalog::{Engine, Snapshot, ddl};
use guard::Policy;
use querent::impact::{self, Impacted};
use querent::model::{
    Connection, Impact, ImpactState, Notification, PageRequest, Query, QueryState, SchemaVersion, new_id,
};
use querent::store::catalog as versions;
use querent::store::glossary::{self, NewTerm};
use querent::store::queries::{self, NewQuery};
use querent::store::{evaluation_cases, impacts, notifications};

use super::store_suite;
use crate::harness::TestStore;

store_suite!(
    a_renamed_column_breaks_and_is_repaired,
    every_sort_of_statement_is_checked,
    another_type_is_another_meaning_and_is_cast_back,
    a_wider_star_and_a_changed_view_are_told,
    what_is_not_read_is_not_felt,
    a_removed_table_has_no_repair,
    the_same_version_twice_changes_nothing,
    still_broken_keeps_its_cause,
    a_policy_holds_for_repairs_too,
);

const SHOP: &str = "CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, country text, born date);
    CREATE TABLE orders (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customers, total numeric(10,2) NOT NULL,
                         placed_on date NOT NULL);
    CREATE TABLE notes (id int PRIMARY KEY, body text);
    CREATE VIEW recent AS SELECT id, total FROM orders WHERE placed_on > '2024-01-01';";

fn read(sql: &str) -> Snapshot {
    ddl::read(sql, Engine::Postgres).snapshot
}

/// A shop with its first version.
struct Shop {
    store: TestStore,
    connection: Connection,
    last: SchemaVersion,
    found: Snapshot,
}

impl Shop {
    async fn new(store: TestStore) -> Shop {
        let connection = store.connection("shop").await;
        let found = read(SHOP);
        let last = publish(&store, &connection, &found).await;
        Shop { store, connection, last, found }
    }

    /// Stores a query that somebody keeps.
    async fn query(&self, sql: &str) -> Query {
        let catalog = catalog::Catalog::new(self.found.clone());
        let proof = guard::check(sql, &catalog, &Policy::read(&self.connection.policy).unwrap()).unwrap();
        let new = NewQuery {
            id: new_id(),
            connection_id: self.connection.id,
            chat_message_id: None,
            question: Some("What about it?".to_owned()),
            sql: sql.to_owned(),
            canonical_sql: proof.sql().to_owned(),
            schema_version_id: Some(self.last.id),
            reading: proof.report().reading.clone(),
            report: serde_json::to_value(proof.report()).unwrap(),
            source: "user".to_owned(),
            confidence: None,
            created_by: None,
        };
        queries::create(&self.store.db, new).await.unwrap()
    }

    /// Another version, and what it does.
    async fn becomes(&mut self, found: Snapshot) -> Impacted {
        let before = self.last.clone();
        self.last = publish(&self.store, &self.connection, &found).await;
        self.found = found;
        impact::check(&self.store.db, &self.connection, &before, &self.last).await.unwrap()
    }

    /// As [`Shop::becomes`], with a text of the schema replaced.
    async fn with(&mut self, old: &str, new: &str) -> Impacted {
        assert!(SHOP.contains(old));
        self.becomes(read(&SHOP.replace(old, new))).await
    }

    async fn impacts(&self) -> Vec<Impact> {
        impacts::list(&self.store.db, self.connection.id, PageRequest::first()).await.unwrap().items
    }

    async fn told(&self) -> Vec<Notification> {
        notifications::list(&self.store.db, true, PageRequest::first()).await.unwrap().items
    }

    async fn state(&self, query: &Query) -> QueryState {
        queries::get(&self.store.db, query.id).await.unwrap().state
    }
}

async fn publish(store: &TestStore, connection: &Connection, found: &Snapshot) -> SchemaVersion {
    let prepared = versions::prepare(Arc::new(found.clone())).await.unwrap();
    let tx = store.db.begin().await.unwrap();
    let published = versions::publish(&tx, connection.id, &prepared, None).await.unwrap();
    tx.commit().await.unwrap();
    assert!(published.is_new);
    published.version
}

/// A repair must be a read of the newer catalog.
fn holds(shop: &Shop, sql: &str) -> guard::ReadOnly {
    let catalog = catalog::Catalog::new(shop.found.clone());
    guard::check(sql, &catalog, &Policy::read(&shop.connection.policy).unwrap()).unwrap()
}

async fn a_renamed_column_breaks_and_is_repaired(store: TestStore) {
    let mut shop = Shop::new(store).await;
    let query = shop.query("SELECT name, country FROM customers WHERE country = 'Peru'").await;
    let untouched = shop.query("SELECT body FROM notes").await;
    let impacted = shop.with("country text", "nation text").await;
    assert_eq!((impacted.checked, impacted.statements.len()), (2, 1), "{impacted:#?}");
    let one = &impacted.statements[0];
    assert_eq!((one.state, one.subject_id), (ImpactState::Broken, query.id));
    assert_eq!(one.findings[0].code, guard::Code::G101);
    assert_eq!(one.causes.len(), 1, "{one:#?}");
    assert!(one.causes[0].starts_with("public.customers.country: renamed to nation"), "{one:#?}");
    let repaired = holds(&shop, one.repair.as_deref().unwrap());
    let names: Vec<_> = repaired.report().output.iter().map(|o| o.name.as_str()).collect();
    assert_eq!(names, ["name", "country"], "the result keeps its names");
    assert!(repaired.report().columns.iter().any(|c| c.column == "nation"));
    assert_eq!(shop.state(&query).await, QueryState::Broken);
    assert_eq!(shop.state(&untouched).await, QueryState::Draft);
    let told = shop.told().await;
    assert_eq!(told.len(), 1);
    assert!(told[0].title.contains("1 of 2 statements broken"), "{}", told[0].title);
    assert_eq!(told[0].subject_id, shop.last.id.to_string());

    // the old name comes back: the impact is over, the query is what it was
    let impacted = shop.with("country text", "country text").await;
    assert!(impacted.statements.is_empty(), "{impacted:#?}");
    let all = shop.impacts().await;
    assert_eq!((all.len(), all[0].state), (1, ImpactState::Ok));
    assert_eq!(all[0].resolved_version_id, Some(shop.last.id));
    assert_eq!(shop.state(&query).await, QueryState::Draft);
    assert_eq!(shop.told().await.len(), 1, "good news are not told");
}

async fn every_sort_of_statement_is_checked(store: TestStore) {
    let mut shop = Shop::new(store).await;
    let saved = shop.query("SELECT sum(total) AS revenue FROM orders").await;
    let (from, to) = (QueryState::Draft, QueryState::Approved);
    queries::set_state(&shop.store.db, saved.id, from, to, None).await.unwrap();
    let term = NewTerm {
        connection_id: shop.connection.id,
        term: "revenue".to_owned(),
        definition: "What was sold".to_owned(),
        table_name: Some("orders".to_owned()),
        expression: Some("sum(total)".to_owned()),
        row_filter: Some("total > 0".to_owned()),
        schema_version_id: Some(shop.last.id),
    };
    glossary::create(&shop.store.db, term, "owner").await.unwrap();
    let gold = "SELECT max(total) FROM orders";
    let id = shop.connection.id;
    evaluation_cases::create(&shop.store.db, id, "The largest?", gold, Some(shop.last.id), "owner")
        .await
        .unwrap();
    // a draft that only answered in a chat, and what somebody refused, are nobody's
    let refused = shop.query("SELECT total FROM orders").await;
    queries::set_state(&shop.store.db, refused.id, from, QueryState::Rejected, None).await.unwrap();
    let impacted = shop.with("total numeric(10,2) NOT NULL", "amount numeric(10,2) NOT NULL").await;
    let mut kinds: Vec<&str> = impacted.statements.iter().map(|s| s.subject_type.as_str()).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, ["evaluation_case", "glossary_term", "query"], "{impacted:#?}");
    for one in &impacted.statements {
        assert_eq!(one.state, ImpactState::Broken);
        holds(&shop, one.repair.as_deref().unwrap());
    }
    assert_eq!(shop.state(&saved).await, QueryState::Broken);
    let open = impacts::open(&shop.store.db, id).await.unwrap();
    assert_eq!(open.iter().filter_map(|i| i.state_before.as_deref()).collect::<Vec<_>>(), ["approved"]);
}

async fn another_type_is_another_meaning_and_is_cast_back(store: TestStore) {
    let mut shop = Shop::new(store).await;
    let plain = shop.query("SELECT born FROM customers").await;
    let compared = shop.query("SELECT id FROM orders WHERE total > 10").await;
    let found = read(&SHOP.replace("born date", "born text").replace("total numeric(10,2)", "total text"));
    let impacted = shop.becomes(found).await;
    let of = |q: &Query| impacted.statements.iter().find(|s| s.subject_id == q.id).unwrap();
    let changed = of(&plain);
    assert_eq!(changed.state, ImpactState::Changed);
    assert!(changed.causes[0].contains("type changed from date to text"), "{changed:#?}");
    assert!(changed.meaning.iter().any(|m| m.contains("born is text, it was date")), "{changed:#?}");
    let proof = holds(&shop, changed.repair.as_deref().unwrap());
    assert_eq!(proof.report().output[0].name, "born");
    assert_eq!(proof.report().output[0].class, Some(catalog::TypeClass::Date));
    // a text compared with a number fails on PostgreSQL
    let broken = of(&compared);
    assert_eq!(broken.state, ImpactState::Broken);
    let proof = holds(&shop, broken.repair.as_deref().unwrap());
    assert!(proof.sql().to_lowercase().contains("numeric(10"), "{}", proof.sql());
    assert_eq!(shop.state(&plain).await, QueryState::Draft, "it still runs");
}

async fn a_wider_star_and_a_changed_view_are_told(store: TestStore) {
    let mut shop = Shop::new(store).await;
    let star = shop.query("SELECT * FROM notes").await;
    let view = shop.query("SELECT total FROM recent").await;
    let nullable = shop.query("SELECT name FROM customers").await;
    let found = SHOP
        .replace("body text", "body text, seen boolean")
        .replace("2024-01-01", "2025-01-01")
        .replace("name text NOT NULL", "name text");
    let impacted = shop.becomes(read(&found)).await;
    assert_eq!(impacted.statements.len(), 3, "{impacted:#?}");
    assert!(impacted.statements.iter().all(|s| s.state == ImpactState::Changed));
    let of = |q: &Query| impacted.statements.iter().find(|s| s.subject_id == q.id).unwrap();
    assert_eq!(of(&star).meaning, ["the result has a new column seen"]);
    assert_eq!(of(&view).causes, ["public.recent: text of the view changed"]);
    assert!(of(&nullable).causes[0].contains("may be NULL now"));
    assert!(of(&nullable).meaning[0].contains("can be NULL now"));
    assert_eq!(shop.told().await[0].severity.as_str(), "info");
    // at the next version they are as they are: nothing more to say
    let impacted = shop.becomes(read(&found.replace("placed_on date", "placed_on date, via text"))).await;
    assert!(impacted.statements.is_empty(), "{impacted:#?}");
    assert!(impacts::open(&shop.store.db, shop.connection.id).await.unwrap().is_empty());
}

async fn what_is_not_read_is_not_felt(store: TestStore) {
    let mut shop = Shop::new(store).await;
    shop.query("SELECT id, name FROM customers").await;
    shop.query("SELECT count(*) FROM orders").await;
    let found = SHOP
        .replace("country text", "nation text")
        .replace("total numeric(10,2)", "total numeric(12,2)")
        .replace("CREATE TABLE notes", "CREATE TABLE more (id int); CREATE TABLE notes");
    let impacted = shop.becomes(read(&found)).await;
    assert!(impacted.statements.is_empty(), "{impacted:#?}");
    assert!(shop.told().await.is_empty() && shop.impacts().await.is_empty());
}

async fn a_removed_table_has_no_repair(store: TestStore) {
    let mut shop = Shop::new(store).await;
    shop.query("SELECT body FROM notes").await;
    let impacted = shop.with("CREATE TABLE notes (id int PRIMARY KEY, body text);", "").await;
    let one = &impacted.statements[0];
    assert_eq!((one.state, one.repair.as_deref()), (ImpactState::Broken, None));
    assert_eq!(one.causes, ["public.notes: table removed"]);
}

async fn the_same_version_twice_changes_nothing(store: TestStore) {
    let mut shop = Shop::new(store).await;
    shop.query("SELECT country FROM customers").await;
    shop.query("SELECT * FROM customers").await;
    let before = shop.last.clone();
    let first = shop.with("country text", "nation text").await;
    assert_eq!(first.statements.len(), 2);
    let stored = shop.impacts().await;
    let again = impact::check(&shop.store.db, &shop.connection, &before, &shop.last).await.unwrap();
    assert_eq!(again.statements, first.statements);
    let same = |i: &Impact| (i.id, i.state, i.causes.clone(), i.repair.clone(), i.state_before.clone());
    let now = shop.impacts().await;
    assert_eq!(now.iter().map(same).collect::<Vec<_>>(), stored.iter().map(same).collect::<Vec<_>>());
    assert_eq!(shop.told().await.len(), 1);
}

async fn still_broken_keeps_its_cause(store: TestStore) {
    let mut shop = Shop::new(store).await;
    let query = shop.query("SELECT country FROM customers").await;
    shop.with("country text", "nation text").await;
    let first = shop.impacts().await.remove(0);
    let found =
        read(&SHOP.replace("country text", "nation text").replace("body text", "body text, seen boolean"));
    let impacted = shop.becomes(found).await;
    assert_eq!(impacted.statements[0].state, ImpactState::Broken);
    let open = shop.impacts().await;
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].id, &open[0].causes, &open[0].repair), (first.id, &first.causes, &first.repair));
    assert_eq!(open[0].to_version_id, shop.last.id);
    // renamed once more: the repair follows
    let impacted = shop.with("country text", "land text").await;
    let repair = impacted.statements[0].repair.as_deref().unwrap();
    assert!(repair.contains("land"), "{repair}");
    holds(&shop, repair);
    // a query that is gone cannot be broken
    queries::delete(&shop.store.db, query.id, None).await.unwrap();
    shop.becomes(read(&SHOP.replace("country text", "state text"))).await;
    assert!(impacts::open(&shop.store.db, shop.connection.id).await.unwrap().is_empty());
}

async fn a_policy_holds_for_repairs_too(store: TestStore) {
    let mut shop = Shop::new(store).await;
    shop.connection.policy = serde_json::json!({ "hidden_columns": ["customers.nation"] });
    shop.query("SELECT country FROM customers").await;
    let impacted = shop.with("country text", "nation text").await;
    let one = &impacted.statements[0];
    assert_eq!((one.state, one.repair.as_deref()), (ImpactState::Broken, None), "{one:#?}");
}
