//! The pool's sessions: each remembers which workspace the server was told to show it, so that it is told on a change only.

use std::ops::{Deref, DerefMut};

use deadpool::managed;
use deadpool_postgres::{ClientWrapper, Manager, ManagerConfig, RecyclingMethod};
use tokio_postgres::{Config, Error};

use crate::model::Id;
use tokio_postgres_rustls::MakeRustlsConnect;

/// A pool of sessions.
pub type Pool = managed::Pool<Sessions>;
/// A session while somebody has it.
pub type Object = managed::Object<Sessions>;
/// Why there is no session.
pub type PoolError = managed::PoolError<Error>;

/// The setting that row security asks (migration 0010).
const SEE: &str = "SELECT set_config('querent.workspace', $1, false)";

/// Makes sessions and looks after them.
pub struct Sessions {
    manager: Manager,
}

impl Sessions {
    /// Sessions with that server.
    pub fn new(config: Config, tls: MakeRustlsConnect) -> Sessions {
        let habits = ManagerConfig { recycling_method: RecyclingMethod::Fast };
        Sessions { manager: Manager::from_config(config, tls, habits) }
    }
}

impl managed::Manager for Sessions {
    type Type = Session;
    type Error = Error;

    async fn create(&self) -> Result<Session, Error> {
        Ok(Session { client: self.manager.create().await?, seen: Seen::Nothing })
    }

    async fn recycle(
        &self,
        session: &mut Session,
        metrics: &managed::Metrics,
    ) -> managed::RecycleResult<Error> {
        self.manager.recycle(&mut session.client, metrics).await
    }
}

/// What the server was told to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Nothing,
    Everything,
    Workspace(Id),
}

/// A session with the server.
pub struct Session {
    client: ClientWrapper,
    seen: Seen,
}

impl Session {
    /// Tells the server which workspace's rows the session may see; `None`: all.
    pub async fn see(&mut self, workspace: Option<Id>) -> Result<(), Error> {
        let wanted = workspace.map_or(Seen::Everything, Seen::Workspace);
        if self.seen == wanted {
            return Ok(());
        }
        let value = workspace.map_or_else(|| "system".to_owned(), |id| id.to_string());
        // unknown until the server has answered: a caller may go away in between
        self.seen = Seen::Nothing;
        let statement = self.client.prepare_cached(SEE).await?;
        self.client.query(&statement, &[&value]).await?;
        self.seen = wanted;
        Ok(())
    }
}

impl Deref for Session {
    type Target = ClientWrapper;

    fn deref(&self) -> &ClientWrapper {
        &self.client
    }
}

impl DerefMut for Session {
    fn deref_mut(&mut self) -> &mut ClientWrapper {
        &mut self.client
    }
}
