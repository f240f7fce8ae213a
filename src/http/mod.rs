//! The daemon's HTTP surface: REST under `/api/v1`, streams, the API's description and its page.

pub mod api;
mod door;
mod export;
mod extract;
mod host;
mod idempotency;
mod may;
pub mod openapi;
mod pages;
mod problem;
pub mod routes;
mod stream;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{HttpServer, web};
use tokio::runtime::Handle;

use crate::app::App;
use crate::error::{Class, Error, Result};

/// What handlers get of the daemon.
pub(crate) type State = web::Data<App>;

/// Threads that read requests and write responses; the work itself goes on on the daemon's own runtime.
const WORKERS: usize = 2;
/// Connections of clients at the most, for each worker.
const CONNECTIONS: usize = 512;
/// A client must have sent its request's head by then.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// An idle connection is closed after that.
const IDLE_TIME: Duration = Duration::from_secs(75);
/// A client that is told to go must be gone by then.
const LEAVE_TIME: Duration = Duration::from_secs(5);
/// Seconds that running requests get when the daemon stops.
const DRAIN_SECONDS: u64 = 10;

/// Serves until `stop` is there; then running requests get a while to end. `ready` hears of the address once it is bound.
///
/// # Errors
/// When the address cannot be bound.
pub async fn serve_until(
    app: Arc<App>,
    listen: SocketAddr,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let (server, address) = bind(app, listen, stop)?;
    ready(address);
    server.await.map_err(|e| Error::new("H098", Class::Internal, format!("the HTTP server stopped: {e}")))
}

fn bind(
    app: Arc<App>,
    listen: SocketAddr,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(Server, SocketAddr)> {
    let max_body = app.config.server.max_body;
    let state: State = web::Data::from(app);
    let runtime = web::Data::new(Handle::current());
    let hosts = web::Data::new(host::Hosts::of(listen));
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(state.clone())
            .app_data(runtime.clone())
            .app_data(hosts.clone())
            .app_data(web::JsonConfig::default().limit(max_body))
            .app_data(web::PayloadConfig::new(max_body))
            .app_data(extract::path_config())
            .app_data(extract::query_config())
            .wrap(from_fn(door::door))
            .configure(routes::configure)
            .default_service(web::to(routes::unknown))
    })
    .workers(WORKERS)
    .max_connections(CONNECTIONS)
    .client_request_timeout(HEAD_TIME)
    .client_disconnect_timeout(LEAVE_TIME)
    .keep_alive(IDLE_TIME)
    // A client that closes its side went away: what was done for it is dropped.
    .h1_allow_half_closed(false)
    .shutdown_timeout(DRAIN_SECONDS)
    .shutdown_signal(stop)
    .bind(listen)
    .map_err(|e| cannot_listen(listen, &e))?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), address))
}

fn cannot_listen(listen: SocketAddr, error: &std::io::Error) -> Error {
    Error::new("H097", Class::Conflict, format!("cannot listen on {listen}: {error}"))
        .hint("Another program may use the port: choose one with --listen or server.listen.")
}

/// Waits until the process is told to stop.
pub async fn told_to_stop() {
    let interrupt = async {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::warn!(%error, "the interrupt signal cannot be heard");
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = terminated() => {}
    }
    tracing::info!("stopping");
}

#[cfg(unix)]
async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(error) => {
            tracing::warn!(%error, "the termination signal cannot be heard");
            std::future::pending().await
        }
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}
