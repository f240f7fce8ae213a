//! Listens, and attends to one client connection after the other's commands.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use deadpool_postgres::Pool;
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::{TcpListener, TcpStream};

use crate::cursors::Cursors;
use crate::failpoint::Points;
use crate::failure::Failure;
use crate::running::{Register, Running};
use crate::wire::{self, Request};
use crate::{commands, postgres};

/// What all client connections share.
pub struct Gateway {
    pub(crate) pool: Pool,
    pub(crate) cursors: Cursors,
    pub(crate) register: Register,
    pub(crate) points: Points,
    /// The extension's version.
    pub(crate) version: String,
    next: AtomicI32,
}

impl Gateway {
    /// Connects to PostgreSQL and makes the extension when it is not there.
    ///
    /// # Errors
    /// When that fails, in one sentence.
    pub async fn new(postgres_url: &str) -> Result<Gateway, String> {
        let pool = postgres::pool(postgres_url)?;
        let failed = |what: &str, why: String| format!("{what}: {why}");
        let client = pool.get().await.map_err(|e| failed("PostgreSQL cannot be reached", e.to_string()))?;
        client
            .batch_execute(
                "SET client_min_messages = warning; CREATE EXTENSION IF NOT EXISTS documentdb CASCADE",
            )
            .await
            .map_err(|e| failed("the extension cannot be made", format!("{:?}", e.as_db_error())))?;
        let row = client.query_one("SELECT documentdb_api.binary_version()", &[]).await;
        let version = row.map_err(|e| failed("the extension does not answer", e.to_string()))?.get(0);
        drop(client);
        let (cursors, register, points) = (Cursors::default(), Register::default(), Points::default());
        Ok(Gateway { pool, cursors, register, points, version, next: AtomicI32::new(1) })
    }

    pub(crate) fn number(&self) -> i32 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// Serves until the listener fails.
pub async fn serve(listener: TcpListener, gateway: Gateway) {
    let gateway = Arc::new(gateway);
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        tokio::spawn(attend(stream, Arc::clone(&gateway)));
    }
}

async fn attend(stream: TcpStream, gateway: Arc<Gateway>) {
    let (mut reader, mut writer) = stream.into_split();
    // what cannot be read ends the connection
    while let Ok(Some(request)) = wire::read(&mut reader).await {
        let Some(body) = run(&gateway, &request, &mut reader).await else { return };
        if request.silent {
            continue;
        }
        if wire::answer(&mut writer, gateway.number(), &request, &body).await.is_err() {
            return;
        }
    }
}

/// Runs one command to its end, which comes early when the client leaves: then there is nobody to answer.
async fn run(gateway: &Gateway, request: &Request, reader: &mut OwnedReadHalf) -> Option<Vec<u8>> {
    let entry = gateway.register.enter(describe(gateway, request));
    let work = commands::answer(gateway, request, &entry.running);
    tokio::pin!(work);
    tokio::select! {
        answer = &mut work => Some(answer.unwrap_or_else(|failure| told(&failure))),
        () = left(reader) => {
            // the work goes on to its end, which the cancel makes an early one: its connection stays usable
            tokio::select! {
                _ = &mut work => {}
                () = entry.running.kill() => {}
            }
            None
        }
    }
}

fn told(failure: &Failure) -> Vec<u8> {
    postgres::bytes(&failure.document()).unwrap_or_default()
}

/// Waits for the client to close its side. What it sends before it has its answer waits.
async fn left(reader: &mut OwnedReadHalf) {
    match reader.peek(&mut [0]).await {
        Ok(0) | Err(_) => {}
        Ok(_) => std::future::pending().await,
    }
}

fn describe(gateway: &Gateway, request: &Request) -> Running {
    let command = &request.command;
    let session = command.get_document("lsid").ok().and_then(|lsid| lsid.get_binary("id").ok());
    let comment = command.get("comment").ok().flatten().and_then(|c| bson::Bson::try_from(c).ok());
    Running::new(
        gateway.number(),
        commands::name(request).to_owned(),
        command.get_str("$db").unwrap_or("admin").to_owned(),
        session.map(|id| id.bytes.to_vec()),
        comment,
    )
}
