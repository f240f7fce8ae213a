//! The daemon's HTTP surface: REST under `/api/v1`, streams, the API's description and its page.

pub mod api;
mod client;
mod cookies;
mod door;
mod drain;
mod export;
mod extract;
mod host;
mod idempotency;
mod may;
mod metrics;
pub mod openapi;
mod pages;
mod problem;
pub mod routes;
mod stream;
mod tls;

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::{HttpServer, web};
use tokio::runtime::Handle;

use self::drain::Drain;
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
/// Seconds that connections get to close when nothing goes on on them any more.
const CLOSE_SECONDS: u64 = 1;
/// What was cut off must have been stored by then.
const SETTLE: Duration = Duration::from_secs(5);

/// Whether the certificate and the key of the settings can be used.
///
/// # Errors
/// `H095` when they cannot.
pub fn certificate_holds(server: &crate::config::Server) -> Result<()> {
    let Some((chain, key)) = server.tls() else { return Ok(()) };
    tls::Certificate::open(chain.clone(), key.clone())?.config().map(|_| ())
}

/// Serves until `stop` is there; then running requests get `server.drain_seconds` to end. `ready` hears of the address
/// once it is bound.
///
/// # Errors
/// When an address cannot be bound or the certificate cannot be used.
pub async fn serve_until(
    app: Arc<App>,
    listen: SocketAddr,
    ready: impl FnOnce(SocketAddr),
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let own_metrics = app.config.metrics.address().map_err(unusable)?;
    let own_metrics = own_metrics.map(|at| metrics::serve(at, &app.config.metrics.token)).transpose()?;
    let certificate = match app.config.server.tls() {
        Some((chain, key)) => Some(tls::Certificate::open(chain.clone(), key.clone())?),
        None => None,
    };
    let signals = tokio::spawn(tls::follow_signals(certificate.clone()));
    let exec = app.running().clone();
    let (server, address) = bind(app, listen, certificate.as_ref(), stop)?;
    let own_metrics = own_metrics.map(|(server, address)| {
        tracing::info!(%address, "metrics are served");
        (server.handle(), tokio::spawn(server))
    });
    tracing::info!(%address, tls = certificate.is_some(), "listening");
    ready(address);
    let served = server.await;
    // what clients left behind when they were cut off is stored before the process ends
    exec.unsettled().settled(SETTLE).await;
    signals.abort();
    if let Some((handle, task)) = own_metrics {
        handle.stop(false).await;
        task.abort();
    }
    served.map_err(|e| Error::new("H098", Class::Internal, format!("the HTTP server stopped: {e}")))
}

fn bind(
    app: Arc<App>,
    listen: SocketAddr,
    certificate: Option<&Arc<tls::Certificate>>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<(Server, SocketAddr)> {
    let settings = &app.config.server;
    let max_body = settings.max_body;
    let drain: Arc<Drain> = Arc::default();
    let frame = web::Data::new(door::Frame {
        hosts: host::Hosts::of(listen, settings.names()),
        proxies: client::Proxies::of(settings).map_err(unusable)?,
        drain: drain.clone(),
    });
    let (exec, time) = (app.running().clone(), Duration::from_secs(settings.drain_seconds));
    // until that has ended it is reachable, so that what is in front of it sees that it is not ready
    let stop = async move {
        stop.await;
        drain.run(&exec, time).await;
    };
    let state: State = web::Data::from(app);
    let runtime = web::Data::new(Handle::current());
    let server = HttpServer::new(move || {
        actix_web::App::new()
            .app_data(state.clone())
            .app_data(runtime.clone())
            .app_data(frame.clone())
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
    .shutdown_timeout(CLOSE_SECONDS)
    .shutdown_signal(stop);
    let bound = match certificate {
        Some(certificate) => server.bind_rustls_0_23(listen, certificate.config()?),
        None => server.bind(listen),
    };
    let server = bound.map_err(|e| cannot_listen(listen, &e))?;
    let address = server.addrs().first().copied().unwrap_or(listen);
    Ok((server.run(), address))
}

fn unusable(message: String) -> Error {
    Error::new("H096", Class::BadInput, message)
        .hint("`querent config check` reads the settings as the daemon does.")
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
