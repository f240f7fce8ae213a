//! What a team does together: chats with members, review of queries. Several people of different roles, on both stores.

mod chats;
mod review;

use std::sync::Arc;

use querent::access::{Caller, Kind, SystemRole, Who, WorkspaceRole};
use querent::app::Desk;
use querent::model::ids::DEFAULT_WORKSPACE;
use querent::model::{Id, clock, new_id};
use querent::store::Conn;

use crate::test_app::TestApp;

/// Instantiates each case once per backend. A case is an `async fn(TestApp)` of the calling module.
macro_rules! team_suite {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() { super::$case(crate::test_app::TestApp::start().await).await; })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                crate::harness::on_postgres(|store| async move {
                    super::$case(crate::test_app::TestApp::with(&[("database_url", &store.place)]).await).await;
                })
                .await;
            })+
        }
    };
}
pub(crate) use team_suite;

/// Somebody of the first workspace besides its owner.
pub struct Person {
    /// Key.
    pub id: Id,
    /// The daemon's parts as they use them.
    pub desk: Desk,
}

/// A new member of the first workspace.
pub async fn person(app: &TestApp, name: &str, role: WorkspaceRole) -> Person {
    let (db, id, now) = (app.desk().db.everywhere(), new_id(), clock::now());
    let sql = "INSERT INTO users (id, kind, name, system_role, created_at, updated_at) \
               VALUES ($1, 'person', $2, 'analyst', $3, $3)";
    db.execute(sql, &[id.into(), name.into(), now.into()]).await.unwrap();
    let sql = "INSERT INTO memberships (workspace_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)";
    let args = [DEFAULT_WORKSPACE.into(), id.into(), role.as_str().into(), now.into()];
    db.execute(sql, &args).await.unwrap();
    let who = Who { user: id, kind: Kind::Person, system_role: SystemRole::Analyst };
    let desk = app.app.desk(Arc::new(Caller::new(who, DEFAULT_WORKSPACE, Some(role))));
    Person { id, desk }
}
