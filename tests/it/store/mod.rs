//! The store's suite: every case runs on both backends.

mod audit_chain;
mod backup;
mod catalog;
mod chats;
mod connections;
mod crash;
mod drift;
mod embeddings;
mod idempotency;
mod impact;
mod impact_whole;
mod jobs;
mod kills;
mod migrations;
mod queue;
mod retention;
mod schedules;
mod snapshots;
mod takeover;
mod transactions;
mod understanding;
mod work;
mod workspaces;

/// Instantiates each case once per backend. A case is an `async fn(TestStore)` of the calling module.
macro_rules! store_suite {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::harness::on_sqlite(super::$case).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() { crate::harness::on_postgres(super::$case).await; })+
        }
    };
}
pub(crate) use store_suite;
