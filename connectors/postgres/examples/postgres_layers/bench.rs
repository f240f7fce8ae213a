//! PostgreSQL under attack: databases copied from a template, the two logins, a watching session of its own.

use std::time::Duration;

use async_trait::async_trait;
use catalog::Catalog;
use connector_api::layers::{Arguments, Bench, Login, Ran, State, ran, shown};
use connector_api::{Connector, CrawlOptions, Limits};
use connector_postgres::PostgresConnector;
use guard::{Policy, ReadOnly};
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use crate::{files, state};

const TEMPLATE: &str = "querent_layers_template";
const VICTIM: &str = "querent_layers_victim";
/// The login of the privilege check's recommendation.
const READER: &str = "querent_reader";

/// The bench. Two connectors with one session each, so that what a session was left with is seen.
pub struct Postgres {
    url: String,
    server: Client,
    watcher: Client,
    privileged: PostgresConnector,
    recommended: PostgresConnector,
    hidden: Vec<String>,
    catalog: Catalog,
    policy: Policy,
    data: String,
}

fn told(error: tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |e| e.message().to_owned())
}

/// The URL with another database and login.
fn url_for(url: &str, login: Option<&str>, database: &str) -> Result<String, String> {
    let (scheme, rest) = url.split_once("://").ok_or("the URL has no scheme")?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (own, host) = authority.rsplit_once('@').ok_or("the URL names no login")?;
    Ok(format!("{scheme}://{}@{host}/{database}", login.unwrap_or(own)))
}

async fn connect(url: &str, database: &str) -> Result<Client, String> {
    let mut config: Config = url_for(url, None, database)?.parse().map_err(told)?;
    config.application_name(state::OURS);
    let (client, connection) = config.connect(NoTls).await.map_err(told)?;
    tokio::spawn(connection);
    Ok(client)
}

fn connector(url: &str, login: Option<&str>) -> Result<PostgresConnector, String> {
    let url = url_for(url, login, VICTIM)?;
    let url = format!("{url}?sslmode=disable&pool_size=1&application_name={}", state::OURS);
    PostgresConnector::new(&url).map_err(|e| e.to_string())
}

fn limits() -> Limits {
    Limits { timeout: Duration::from_secs(2), max_rows: 10_000, ..Limits::default() }
}

impl Postgres {
    pub async fn new(arguments: &Arguments) -> Result<Postgres, String> {
        let url = arguments.url.clone().ok_or("--url is missing: postgres://superuser@host:port/postgres")?;
        let server = connect(&url, "postgres").await?;
        for database in [VICTIM, TEMPLATE] {
            let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
            server.batch_execute(&drop).await.map_err(told)?;
        }
        server.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).await.map_err(told)?;
        let template = connect(&url, TEMPLATE).await?;
        template.batch_execute(&arguments.schema).await.map_err(told)?;
        drop(template);
        copy(&server).await?;
        let data = server.query_one("SHOW data_directory", &[]).await.map_err(told)?;
        let privileged = connector(&url, None)?;
        let options = CrawlOptions::default();
        let snapshot = privileged.introspect(&options, &|_| {}).await.map_err(|e| e.to_string())?;
        Ok(Postgres {
            watcher: connect(&url, VICTIM).await?,
            recommended: connector(&url, Some(READER))?,
            policy: Policy { hidden_tables: arguments.hidden.clone(), ..Policy::default() },
            hidden: arguments.hidden.clone(),
            catalog: Catalog::new(snapshot),
            data: data.try_get(0).map_err(told)?,
            server,
            privileged,
            url,
        })
    }

    /// Removes what was made on the server.
    pub async fn leave(&self) -> Result<(), String> {
        for database in [VICTIM, TEMPLATE] {
            let drop = format!("DROP DATABASE IF EXISTS {database} WITH (FORCE)");
            self.server.batch_execute(&drop).await.map_err(told)?;
        }
        self.server.batch_execute(&format!("DROP ROLE IF EXISTS {READER}")).await.map_err(told)
    }

    /// Does what the privilege check recommends, then hides what is to be hidden.
    async fn recommend(&self) -> Result<(), String> {
        let info = self.privileged.test().await.map_err(|e| e.to_string())?;
        let known = self.server.query("SELECT FROM pg_roles WHERE rolname = $1", &[&READER]).await;
        let known = !known.map_err(told)?.is_empty();
        for fix in info.privileges.fixes.iter().filter(|fix| !(known && fix.starts_with("CREATE ROLE"))) {
            self.watcher.batch_execute(fix).await.map_err(|e| format!("{fix}: {}", told(e)))?;
        }
        for table in &self.hidden {
            let revoke = format!("REVOKE ALL ON {table} FROM {READER}");
            self.watcher.batch_execute(&revoke).await.map_err(told)?;
        }
        Ok(())
    }
}

/// A victim as new. The template is given up by whoever copied from it last before this returns.
async fn copy(server: &Client) -> Result<(), String> {
    server.batch_execute(&format!("DROP DATABASE IF EXISTS {VICTIM} WITH (FORCE)")).await.map_err(told)?;
    // the session that loaded the schema may still be on its way out
    for _ in 0..50 {
        let made = server.batch_execute(&format!("CREATE DATABASE {VICTIM} TEMPLATE {TEMPLATE}")).await;
        match made {
            Err(error) if error.code() == Some(&tokio_postgres::error::SqlState::OBJECT_IN_USE) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            other => return other.map_err(told),
        }
    }
    Err("the template stays in use".to_owned())
}

/// The values of a message, each with a space behind.
fn texts(message: &SimpleQueryMessage) -> Vec<String> {
    let SimpleQueryMessage::Row(row) = message else { return Vec::new() };
    (0..row.len()).filter_map(|i| row.get(i).map(|value| format!("{value} "))).collect()
}

#[async_trait]
impl Bench for Postgres {
    async fn fresh(&mut self) -> Result<(), String> {
        if self.server.is_closed() {
            self.server = connect(&self.url, "postgres").await?;
        }
        copy(&self.server).await?;
        self.watcher = connect(&self.url, VICTIM).await?;
        self.privileged = connector(&self.url, None)?;
        self.recommended = connector(&self.url, Some(READER))?;
        self.recommend().await
    }

    async fn state(&mut self) -> Result<State, String> {
        let mut lost = false;
        if self.watcher.is_closed() || self.server.is_closed() {
            (self.watcher, lost) = (connect(&self.url, VICTIM).await?, true);
        }
        let privileged = shown(self.privileged.query_unguarded(state::SESSION, &limits()).await).await;
        let recommended = shown(self.recommended.query_unguarded(state::SESSION, &limits()).await).await;
        let mut state = state::of(&self.watcher).await.map_err(told)?;
        state.insert("session as superuser".to_owned(), privileged);
        state.insert("session as reader".to_owned(), recommended);
        state.insert("files".to_owned(), files::listing(&self.data));
        state.insert("other sessions ended".to_owned(), lost.to_string());
        Ok(state)
    }

    async fn session(&mut self, login: Login, sql: &str) -> Ran {
        let connector = match login {
            Login::Privileged => &self.privileged,
            Login::Recommended => &self.recommended,
        };
        ran(connector.query_unguarded(sql, &limits()).await).await
    }

    fn guard(&self, sql: &str) -> Result<ReadOnly, String> {
        guard::check(sql, &self.catalog, &self.policy)
            .map_err(|found| found.first().map(ToString::to_string).unwrap_or_default())
    }

    async fn bare(&mut self, statement: &ReadOnly) -> Ran {
        let client = match connect(&self.url, VICTIM).await {
            Ok(client) => client,
            Err(error) => return Ran::Refused(error),
        };
        let rows = tokio::time::timeout(limits().timeout, client.simple_query(statement.sql())).await;
        match rows {
            Ok(Ok(messages)) => Ran::Gave(messages.iter().flat_map(texts).collect()),
            Ok(Err(error)) => Ran::Refused(told(error)),
            Err(_) => {
                let _ = client.cancel_token().cancel_query(NoTls).await;
                Ran::TimedOut
            }
        }
    }

    async fn whole(&mut self, statement: &ReadOnly) -> Ran {
        ran(self.recommended.query(statement, &limits()).await).await
    }
}
