//! One command, one function of the extension.

use std::time::Duration;

use bson::{Document, RawBsonRef, doc};
use deadpool_postgres::Object;
use tokio_postgres::types::ToSql;

use crate::cursors::Cursor;
use crate::failure::{self, Failure};
use crate::postgres::{self, Bytes};
use crate::running::Running;
use crate::serve::Gateway;
use crate::wire::Request;
use crate::{administer, failpoint, plan};

type Answer = Result<Vec<u8>, Failure>;

/// A command, with what the functions need of it.
pub(crate) struct Command<'a> {
    pub gateway: &'a Gateway,
    pub request: &'a Request,
    pub running: &'a Running,
}

/// The first key of a command is its name.
pub(crate) fn name(request: &Request) -> &str {
    request.command.iter().next().and_then(Result::ok).map_or("", |(key, _)| key.as_str())
}

/// Runs a command and gives the answer's bytes.
pub(crate) async fn answer(gateway: &Gateway, request: &Request, running: &Running) -> Answer {
    let command = Command { gateway, request, running };
    failpoint::meet(&command).await?;
    match running.command.as_str() {
        "find" => command.first_page("find_cursor_first_page").await,
        "aggregate" if administer::asks_for_operations(request) => administer::operations(gateway),
        "aggregate" => command.first_page("aggregate_cursor_first_page").await,
        "listCollections" => command.first_page("list_collections_cursor_first_page").await,
        "listIndexes" => command.first_page("list_indexes_cursor_first_page").await,
        "getMore" => command.next_page().await,
        "killCursors" => command.kill_cursors().await,
        "insert" => command.write("insert", "documents").await,
        "update" => command.write("update", "updates").await,
        "delete" => command.write("delete", "deletes").await,
        "findAndModify" | "findandmodify" => command.whole("find_and_modify($1, $2)").await,
        "count" => command.whole("count_query($1, $2)").await,
        "distinct" => command.whole("distinct_query($1, $2)").await,
        "validate" => command.whole("validate($1, $2)").await,
        "create" => command.alone("documentdb_api.create_collection_view($1, $2)").await,
        "createIndexes" => {
            command.alone("documentdb_api_internal.create_indexes_non_concurrently($1, $2, true)").await
        }
        "dropIndexes" => command.drop_indexes().await,
        "collMod" => command.named("documentdb_api.coll_mod($1, $3, $2)").await,
        "drop" => command.named("documentdb_api.drop_collection($1, $3)").await.map(|_| administer::fine()),
        "dropDatabase" => command.drop_database().await,
        "collStats" => command.named("documentdb_api.coll_stats($1, $3)").await,
        "dbStats" => command.statistics().await,
        "listDatabases" => command.server("documentdb_api.list_databases($1)").await,
        "renameCollection" => command.server("documentdb_api.rename_collection($1)").await,
        "explain" => plan::explain(&command).await,
        other => administer::answer(gateway, request, other).await,
    }
}

impl Command<'_> {
    fn spec(&self) -> Bytes {
        Bytes::from(&self.request.command)
    }

    /// The value of the command's first key: a collection's name.
    pub(crate) fn target(&self) -> Result<&str, Failure> {
        let first = self.request.command.iter().next().and_then(Result::ok);
        match first {
            Some((_, RawBsonRef::String(name))) => Ok(name),
            _ => Err(Failure::bad_value("the command names no collection")),
        }
    }

    /// `maxTimeMS`, or `None`.
    fn limit(&self) -> Option<Duration> {
        let given = self.request.command.get("maxTimeMS").ok().flatten();
        let number = match given {
            Some(RawBsonRef::Int32(n)) => i64::from(n),
            Some(RawBsonRef::Int64(n)) => n,
            // a driver sends whole numbers, a person may not
            Some(RawBsonRef::Double(n)) => n as i64,
            _ => 0,
        };
        u64::try_from(number).ok().filter(|n| *n > 0).map(Duration::from_millis)
    }

    /// A connection that works for this command, and is ended with it.
    pub(crate) async fn connection(&self) -> Result<Object, Failure> {
        let client = postgres::connection(&self.gateway.pool, self.limit().unwrap_or_default()).await?;
        self.on(&client)?;
        Ok(client)
    }

    fn on(&self, client: &Object) -> Result<(), Failure> {
        if self.running.on(client.cancel_token()) { Ok(()) } else { Err(Failure::interrupted()) }
    }

    async fn row(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Answer {
        let client = self.connection().await?;
        postgres::document(&postgres::call(&client, sql, parameters).await?, 0)
    }

    /// A function of database and command, with the answer in its first column.
    async fn whole(&self, call: &str) -> Answer {
        let sql = format!("SELECT * FROM documentdb_api.{call}");
        self.row(&sql, &[&self.running.database, &self.spec()]).await
    }

    /// As [`Command::whole`], for functions that give the document itself.
    async fn alone(&self, call: &str) -> Answer {
        self.row(&format!("SELECT {call}"), &[&self.running.database, &self.spec()]).await
    }

    /// A function that takes the collection's name beside the command.
    async fn named(&self, call: &str) -> Answer {
        let (sql, name) = (format!("SELECT {call}, $2::documentdb_core.bson"), self.target()?);
        let client = self.connection().await?;
        let row = postgres::call(&client, &sql, &[&self.running.database, &self.spec(), &name]).await?;
        // a drop gives whether there was something
        if row.columns().first().is_some_and(|c| c.type_().name() == "bson") {
            return postgres::document(&row, 0);
        }
        Ok(administer::fine())
    }

    /// A function of the command alone.
    async fn server(&self, call: &str) -> Answer {
        self.row(&format!("SELECT {call}"), &[&self.spec()]).await
    }

    async fn statistics(&self) -> Answer {
        self.row("SELECT documentdb_api.db_stats($1)", &[&self.running.database]).await
    }

    async fn drop_indexes(&self) -> Answer {
        let sql = "CALL documentdb_api.drop_indexes($1, $2, NULL)";
        self.row(sql, &[&self.running.database, &self.spec()]).await
    }

    async fn drop_database(&self) -> Answer {
        let client = self.connection().await?;
        let sql = "SELECT documentdb_api.drop_database($1)::text";
        postgres::call(&client, sql, &[&self.running.database]).await?;
        postgres::bytes(&doc! { "dropped": &self.running.database, "ok": 1.0 })
    }

    /// Documents to write come beside the command or in it.
    async fn write(&self, function: &str, argument: &str) -> Answer {
        let beside = self.request.sequences.iter().find(|(name, _)| name == argument);
        let beside = beside.map(|(_, documents)| Bytes(documents.clone()));
        let sql = format!("SELECT * FROM documentdb_api.{function}($1, $2, $3)");
        let answer = self.row(&sql, &[&self.running.database, &self.spec(), &beside]).await?;
        let mut read = Document::from_reader(answer.as_slice())
            .map_err(|_| Failure::bad_value("the engine's answer cannot be read"))?;
        failure::write_errors(&mut read);
        postgres::bytes(&read)
    }

    /// Begins a result.
    async fn first_page(&self, function: &str) -> Answer {
        let client = self.connection().await?;
        postgres::plain(&client, "BEGIN").await?;
        let sql = format!("SELECT cursorpage, continuation, cursorid FROM documentdb_api.{function}($1, $2)");
        let started = tokio::time::Instant::now();
        let row = match postgres::call(&client, &sql, &[&self.running.database, &self.spec()]).await {
            Ok(row) => row,
            Err(failure) => {
                let _ = postgres::plain(&client, "ROLLBACK").await;
                return Err(failure);
            }
        };
        let id: i64 = row.try_get(2).map_err(|e| Failure::from_postgres(&e))?;
        let continuation: Option<Bytes> = row.try_get(1).map_err(|e| Failure::from_postgres(&e))?;
        let page = postgres::document(&row, 0)?;
        let Some(Bytes(continuation)) = continuation.filter(|_| id != 0) else {
            postgres::plain(&client, "COMMIT").await?;
            return Ok(page);
        };
        // the state says whether the rest lives in this transaction
        let held = bson::RawDocument::from_bytes(&continuation).and_then(|state| state.get_bool("qp"));
        let connection = if held.unwrap_or(true) {
            Some(client)
        } else {
            postgres::plain(&client, "COMMIT").await?;
            None
        };
        let left = self.limit().map(|limit| limit.saturating_sub(started.elapsed()));
        self.keep(Cursor { id, session: self.running.session.clone(), continuation, connection, left }).await;
        Ok(page)
    }

    async fn keep(&self, cursor: Cursor) {
        if let Some(oldest) = self.gateway.cursors.keep(cursor) {
            oldest.close().await;
        }
    }

    /// Goes on with a result. It is in nobody else's hands meanwhile.
    async fn next_page(&self) -> Answer {
        let id = match self.request.command.get("getMore").ok().flatten() {
            Some(RawBsonRef::Int64(id)) => id,
            _ => return Err(Failure::bad_value("getMore names no cursor")),
        };
        let mut cursor = self.gateway.cursors.take(id).ok_or_else(|| Failure::no_cursor(id))?;
        match self.page_of(&mut cursor).await {
            Ok((page, Some(continuation))) => {
                self.keep(Cursor { continuation, ..cursor }).await;
                Ok(page)
            }
            Ok((page, None)) => {
                cursor.close().await;
                Ok(page)
            }
            Err(failure) => {
                cursor.close().await;
                Err(failure)
            }
        }
    }

    async fn page_of(&self, cursor: &mut Cursor) -> Result<(Vec<u8>, Option<Vec<u8>>), Failure> {
        if cursor.left.is_some_and(|left| left < Duration::from_millis(1)) {
            return Err(Failure { code: 50, message: "operation exceeded time limit".to_owned() });
        }
        let limit = cursor.left.unwrap_or_default();
        let own;
        let client = match &cursor.connection {
            Some(held) => {
                postgres::limit(held, limit).await?;
                held
            }
            None => {
                own = postgres::connection(&self.gateway.pool, limit).await?;
                &own
            }
        };
        self.on(client)?;
        let sql = "SELECT cursorpage, continuation FROM documentdb_api.cursor_get_more($1, $2, $3)";
        let state = Bytes(cursor.continuation.clone());
        let started = tokio::time::Instant::now();
        let row = postgres::call(client, sql, &[&self.running.database, &self.spec(), &state]).await?;
        cursor.left = cursor.left.map(|left| left.saturating_sub(started.elapsed()));
        let continuation: Option<Bytes> = row.try_get(1).map_err(|e| Failure::from_postgres(&e))?;
        Ok((postgres::document(&row, 0)?, continuation.map(|bytes| bytes.0)))
    }

    async fn kill_cursors(&self) -> Answer {
        let mut killed = bson::Array::new();
        let mut missing = bson::Array::new();
        let ids = self.request.command.get_array("cursors");
        for id in ids.into_iter().flatten().filter_map(Result::ok) {
            let RawBsonRef::Int64(id) = id else { continue };
            match self.gateway.cursors.take(id) {
                Some(cursor) => {
                    cursor.close().await;
                    killed.push(id.into());
                }
                None => missing.push(id.into()),
            }
        }
        postgres::bytes(&doc! {
            "cursorsKilled": killed, "cursorsNotFound": missing, "cursorsAlive": [], "cursorsUnknown": [], "ok": 1.0
        })
    }
}
