//! `querent serve`: the daemon in the foreground.

use tokio_util::sync::CancellationToken;

use super::interrupt;
use crate::app::Setup;
use crate::error::Result;
use crate::{audit, http, store};

/// Runs the daemon until it is told to stop; gives the process's exit code.
pub async fn run(setup: &Setup) -> Result<i32> {
    let app = setup.app().await?.clone();
    // Held until the end: a second daemon on this folder would take running work for abandoned.
    let _claim = store::recover::claim_folder(&setup.config.data_dir)?;
    let interrupted = app.recover().await?;
    if interrupted.crawls + interrupted.messages + interrupted.executions > 0 {
        tracing::warn!(
            crawls = interrupted.crawls,
            messages = interrupted.messages,
            executions = interrupted.executions,
            "work that an earlier daemon left unfinished is marked as interrupted"
        );
    }
    let listen = setup.config.server.listen;
    let stop = CancellationToken::new();
    let signal = stop.clone();
    tokio::spawn(async move {
        http::told_to_stop().await;
        signal.cancel();
        // who asks again does not want to wait
        http::told_to_stop().await;
        tracing::warn!("ending at once: leases tell other daemons, or the next start, what was left");
        std::process::exit(interrupt::EXIT_CODE);
    });
    app.keeper.join().await?;
    let (keeper, told) = (app.keeper.clone(), stop.clone());
    let keeping = tokio::spawn(async move { keeper.run(told).await });
    let (worker, told) = (app.worker.clone(), stop.clone());
    let working = tokio::spawn(async move { worker.run(told).await });
    let sealing = tokio::spawn(audit::run(app.db.clone(), stop.clone()));
    let server = &setup.config.server;
    let scheme = if server.tls().is_some() { "https" } else { "http" };
    let place = |address| match server.public_url.trim_end_matches('/') {
        "" => format!("{scheme}://{address}"),
        url => url.to_owned(),
    };
    let ready = |address| match &app.token.link {
        Some(token) => say!("Querent listens. Open {}/docs#token={}", place(address), token.expose()),
        None => say!("Querent listens on {} (the owner's token was made on another machine)", place(address)),
    };
    let served = http::serve_until(app.clone(), listen, ready, stop.clone().cancelled_owned()).await;
    // Where the address could not be bound nobody has told the worker yet.
    stop.cancel();
    if working.await.is_err() {
        tracing::error!("the worker broke off");
    }
    if keeping.await.is_err() {
        tracing::error!("the keeper broke off");
    }
    app.keeper.leave().await;
    if sealing.await.is_err() {
        tracing::error!("the sealing of the audit trail broke off");
    }
    served.map(|()| 0)
}
