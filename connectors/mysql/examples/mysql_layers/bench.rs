//! MariaDB and MySQL under attack: a database made anew for every attack, the two logins, a watching session of its own.

use std::time::Duration;

use async_trait::async_trait;
use catalog::Catalog;
use connector_api::layers::{Arguments, Bench, Login, Ran, State, ran, shown};
use connector_api::{Connector, CrawlOptions, Limits};
use connector_mysql::MysqlConnector;
use guard::{Policy, ReadOnly};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Row};

use crate::state;

pub const VICTIM: &str = "querent_layers_victim";
/// The login of the privilege check's recommendation.
const READER: &str = "querent_reader";

/// The bench. Two connectors with one session each, so that what a session was left with is seen.
pub struct Mysql {
    url: String,
    watcher: Conn,
    mariadb: bool,
    privileged: MysqlConnector,
    recommended: MysqlConnector,
    schema: Vec<String>,
    hidden: Vec<String>,
    catalog: Catalog,
    policy: Policy,
    files: String,
}

fn told(error: mysql_async::Error) -> String {
    error.to_string()
}

async fn connect(url: &str, database: Option<&str>) -> Result<Conn, String> {
    let opts = Opts::from_url(url).map_err(|e| e.to_string())?;
    Conn::new(OptsBuilder::from_opts(opts).db_name(database).prefer_socket(false)).await.map_err(told)
}

fn connector(url: &str, login: Option<&str>) -> Result<MysqlConnector, String> {
    let (scheme, rest) = url.split_once("://").ok_or("the URL has no scheme")?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let (own, host) = authority.rsplit_once('@').ok_or("the URL names no login")?;
    let url = format!("{scheme}://{}@{host}/{VICTIM}?pool_size=1&ssl-mode=DISABLED", login.unwrap_or(own));
    MysqlConnector::in_database(&url).map_err(|e| e.to_string())
}

fn limits() -> Limits {
    Limits { timeout: Duration::from_secs(2), max_rows: 10_000, ..Limits::default() }
}

/// The statements of a script, as the command-line client takes it apart: `DELIMITER` changes what ends one.
fn statements(script: &str) -> Vec<String> {
    let (mut found, mut text, mut end) = (Vec::new(), String::new(), ";".to_owned());
    for line in script.lines().filter(|line| !line.trim_start().starts_with("--")) {
        if let Some(word) = line.trim().strip_prefix("DELIMITER ") {
            word.trim().clone_into(&mut end);
            continue;
        }
        text.push_str(line);
        text.push('\n');
        if line.trim_end().ends_with(&end) {
            let whole = text.trim_end();
            let whole = whole.strip_suffix(&end).unwrap_or(whole).trim();
            found.extend((!whole.is_empty()).then(|| whole.to_owned()));
            text.clear();
        }
    }
    found
}

impl Mysql {
    pub async fn new(arguments: &Arguments) -> Result<Mysql, String> {
        let url = arguments.url.clone().ok_or("--url is missing: mysql://root@host:port/")?;
        let mut watcher = connect(&url, None).await?;
        let schema = statements(&arguments.schema);
        renew(&mut watcher, &url, &schema).await?;
        let files: Option<Option<String>> =
            watcher.query_first("SELECT @@secure_file_priv").await.map_err(told)?;
        let version: Option<String> = watcher.query_first("SELECT VERSION()").await.map_err(told)?;
        let privileged = connector(&url, None)?;
        let options = CrawlOptions::default();
        let snapshot = privileged.introspect(&options, &|_| {}).await.map_err(|e| e.to_string())?;
        Ok(Mysql {
            watcher,
            mariadb: version.is_some_and(|version| version.contains("MariaDB")),
            recommended: connector(&url, Some(READER))?,
            policy: Policy { hidden_tables: arguments.hidden.clone(), ..Policy::default() },
            hidden: arguments.hidden.clone(),
            catalog: Catalog::new(snapshot),
            files: files.flatten().unwrap_or_default(),
            privileged,
            schema,
            url,
        })
    }

    /// Removes what was made on the server.
    pub async fn leave(&mut self) -> Result<(), String> {
        self.watcher.query_drop(format!("DROP DATABASE IF EXISTS {VICTIM}")).await.map_err(told)?;
        self.watcher.query_drop(format!("DROP USER IF EXISTS {READER}@'%'")).await.map_err(told)
    }

    /// Does what the privilege check recommends, then hides what is to be hidden: there is no way to take one table
    /// out of a grant of all, so the others are granted one by one.
    async fn recommend(&mut self) -> Result<(), String> {
        let info = self.privileged.test().await.map_err(|e| e.to_string())?;
        let mut sql = vec![format!("DROP USER IF EXISTS {READER}@'%'")];
        sql.extend(info.privileges.fixes.iter().map(|fix| fix.replace("'(choose one)'", "''")));
        if !self.hidden.is_empty() {
            let grants = sql.pop().ok_or("the privilege check recommends nothing")?;
            let (_, user) = grants.split_once(" TO ").ok_or("a grant to nobody")?;
            for table in self.readable().await? {
                sql.push(format!(
                    "GRANT SELECT, SHOW VIEW ON {VICTIM}.`{}` TO {user}",
                    table.replace('`', "``")
                ));
            }
        }
        for fix in sql {
            self.watcher.query_drop(&fix).await.map_err(|e| format!("{fix}: {e}"))?;
        }
        Ok(())
    }

    async fn readable(&mut self) -> Result<Vec<String>, String> {
        let all: Vec<String> = self
            .watcher
            .query(format!(
                "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = '{VICTIM}' \
                 AND TABLE_TYPE <> 'SEQUENCE'"
            ))
            .await
            .map_err(told)?;
        let hidden =
            |table: &String| self.hidden.iter().any(|h| h.rsplit('.').next() == Some(table.as_str()));
        Ok(all.into_iter().filter(|table| !hidden(table)).collect())
    }
}

/// A victim as new.
async fn renew(watcher: &mut Conn, url: &str, schema: &[String]) -> Result<(), String> {
    watcher.query_drop(format!("DROP DATABASE IF EXISTS {VICTIM}")).await.map_err(told)?;
    watcher.query_drop(format!("CREATE DATABASE {VICTIM}")).await.map_err(told)?;
    let mut loader = connect(url, Some(VICTIM)).await?;
    for statement in schema {
        loader.query_drop(statement).await.map_err(|e| format!("{statement}: {e}"))?;
    }
    loader.disconnect().await.map_err(told)
}

#[async_trait]
impl Bench for Mysql {
    async fn fresh(&mut self) -> Result<(), String> {
        if self.watcher.ping().await.is_err() {
            self.watcher = connect(&self.url, None).await?;
        }
        renew(&mut self.watcher, &self.url, &self.schema).await?;
        self.privileged = connector(&self.url, None)?;
        self.recommended = connector(&self.url, Some(READER))?;
        self.recommend().await
    }

    async fn state(&mut self) -> Result<State, String> {
        let lost = self.watcher.ping().await.is_err();
        if lost {
            self.watcher = connect(&self.url, None).await?;
        }
        let asked = state::session(self.mariadb);
        let privileged = shown(self.privileged.query_unguarded(asked, &limits()).await).await;
        let recommended = shown(self.recommended.query_unguarded(asked, &limits()).await).await;
        let mut state = state::of(&mut self.watcher, self.mariadb, &self.files).await.map_err(told)?;
        state.insert("session with all rights".to_owned(), privileged);
        state.insert("session as reader".to_owned(), recommended);
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
        let mut conn = match connect(&self.url, Some(VICTIM)).await {
            Ok(conn) => conn,
            Err(error) => return Ran::Refused(error),
        };
        let id = conn.id();
        let rows = tokio::time::timeout(limits().timeout, conn.query::<Row, _>(statement.sql())).await;
        match rows {
            Ok(Ok(rows)) => {
                let values = rows.into_iter().flat_map(Row::unwrap);
                Ran::Gave(values.map(|value| value.as_sql(true) + " ").collect())
            }
            Ok(Err(error)) => Ran::Refused(told(error)),
            Err(_) => {
                let _ = self.watcher.query_drop(format!("KILL {id}")).await;
                Ran::TimedOut
            }
        }
    }

    async fn whole(&mut self, statement: &ReadOnly) -> Ran {
        ran(self.recommended.query(statement, &limits()).await).await
    }
}
