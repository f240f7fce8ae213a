//! What one workspace keeps is not there for another: by the statements on both stores, and on PostgreSQL by row security
//! for statements that forgot their clause.

use std::sync::Arc;

use querent::access::Caller;
use querent::model::{Id, PageRequest, new_id};
use querent::store::{Conn, Db, audits, chats, connections, jobs, notifications, queries, schedules};
use serde_json::json;

use super::store_suite;
use crate::harness::{self, TestStore};

store_suite!(records_of_another_workspace_are_not_there, a_name_can_be_taken_once_in_each_workspace);

/// A second workspace, and the store for its owner.
async fn other(store: &TestStore) -> Db {
    let id = new_id();
    let sql = "INSERT INTO workspaces (id, name, slug, created_at, updated_at) VALUES ($1, 'Other', 'other', $2, $2)";
    let now = querent::model::clock::now();
    store.db.execute(sql, &[id.into(), now.into()]).await.unwrap();
    store.db.acting(Arc::new(Caller::owner_in(id)))
}

async fn records_of_another_workspace_are_not_there(store: TestStore) {
    let other = other(&store).await;
    let connection = store.connection("shop").await;
    let chat = chats::create(&store.db, connection.id, "sales", Some("owner")).await.unwrap();
    audits::add(&store.db, "owner", "chat.create", &chat.id.to_string(), json!({})).await.unwrap();
    let page = PageRequest::first;

    assert_eq!(connections::list(&store.db, page()).await.unwrap().items.len(), 1);
    assert!(connections::get(&other, connection.id).await.is_err());
    assert!(connections::find_by_name(&other, "shop").await.unwrap().is_none());
    assert!(connections::delete(&other, connection.id, None).await.is_err());
    assert!(connections::list(&other, page()).await.unwrap().items.is_empty());
    assert!(chats::get(&other, chat.id).await.is_err());
    assert!(chats::rename(&other, chat.id, "mine").await.is_err());
    assert!(chats::list(&other, false, page()).await.unwrap().items.is_empty());
    assert!(queries::list(&other, None, page()).await.unwrap().items.is_empty());
    assert!(audits::list(&other, page()).await.unwrap().items.is_empty());
    assert!(notifications::list(&other, false, page()).await.unwrap().items.is_empty());
    assert!(schedules::list(&other, page()).await.unwrap().items.is_empty());
    assert!(jobs::list(&other, &jobs::Filter::default(), page()).await.unwrap().items.is_empty());
    // the daemon's own store belongs to no workspace, so it finds none of one either
    assert!(connections::get(&store.db.everywhere(), connection.id).await.is_err());
    assert_eq!(chats::get(&store.db, chat.id).await.unwrap().title, "sales");
}

async fn a_name_can_be_taken_once_in_each_workspace(store: TestStore) {
    let other = other(&store).await;
    let mine = store.connection("shop").await;
    let theirs = connections::create(&other, harness::new_connection("Shop")).await.unwrap();
    assert!(connections::create(&other, harness::new_connection("SHOP")).await.is_err());
    let found = |db: Db| async move { connections::find_by_name(&db, "shop").await.unwrap().unwrap().id };
    assert_eq!(found(store.db.clone()).await, mine.id);
    assert_eq!(found(other).await, theirs.id);
}

/// Tables that hold what belongs to a workspace: by a column that says so, or by what they belong to.
const OWNED: &str = "SELECT DISTINCT c.table_name AS name FROM information_schema.columns c \
                     JOIN information_schema.tables t USING (table_schema, table_name) \
                     WHERE table_schema = 'public' AND table_type = 'BASE TABLE' \
                     AND column_name IN ('workspace_id', 'connection_id', 'job_id') ORDER BY 1";

#[tokio::test(flavor = "multi_thread")]
async fn row_security_binds_every_table_of_a_workspace() {
    harness::on_postgres(|store| async move {
        let rows = store.db.everywhere().query(OWNED, &[]).await.unwrap();
        let tables: Vec<String> = rows.iter().map(|row| row.text("name").unwrap()).collect();
        assert!(tables.len() > 20, "{tables:?}");
        let sql = "SELECT relrowsecurity AND relforcerowsecurity AND EXISTS \
                   (SELECT 1 FROM pg_policy WHERE polrelid = pg_class.oid) AS bound \
                   FROM pg_class WHERE oid = to_regclass($1)";
        for table in tables {
            let row = &store.db.query(sql, &[table.as_str().into()]).await.unwrap()[0];
            assert!(
                row.bool("bound").unwrap(),
                "{table} has no row security: see migration 0010_row_security"
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_without_its_workspace_clause_finds_nothing() {
    harness::on_postgres(|store| async move {
        let other = other(&store).await;
        let connection = store.connection("shop").await;
        chats::create(&store.db, connection.id, "sales", None).await.unwrap();
        let count = |db: Db, table: &'static str| async move {
            db.query(&format!("SELECT count(*) AS n FROM {table}"), &[]).await.unwrap()[0].int("n").unwrap()
        };
        for table in ["connections", "chat_sessions"] {
            assert_eq!(count(store.db.clone(), table).await, 1);
            assert_eq!(count(store.db.everywhere(), table).await, 1);
            assert_eq!(count(other.clone(), table).await, 0, "{table}");
            let tx = other.begin().await.unwrap();
            assert_eq!(tx.execute(&format!("DELETE FROM {table}"), &[]).await.unwrap(), 0, "{table}");
            tx.rollback().await.unwrap();
        }
        let steal = "UPDATE chat_sessions SET workspace_id = $1";
        let stolen = store.db.execute(steal, &[other_id(&other).into()]).await;
        assert!(stolen.is_err(), "a row was given to a workspace that the session does not see");
        // sessions go back to the pool with what they saw: the next caller must not inherit it
        for _ in 0..20 {
            assert_eq!(count(other.clone(), "connections").await, 0);
            assert_eq!(count(store.db.clone(), "connections").await, 1);
        }
    })
    .await;
}

fn other_id(db: &Db) -> Id {
    db.workspace()
}
