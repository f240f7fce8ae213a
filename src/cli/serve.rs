//! `querent serve`: the daemon in the foreground.

use tokio_util::sync::CancellationToken;

use crate::app::Setup;
use crate::error::Result;
use crate::{http, store};

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
    });
    let (worker, told) = (app.worker.clone(), stop.clone());
    let working = tokio::spawn(async move { worker.run(told).await });
    let ready = |address| match &app.token.link {
        Some(token) => say!("Querent listens. Open http://{address}/docs#token={}", token.expose()),
        None => say!("Querent listens on http://{address} (the owner's token was made on another machine)"),
    };
    let served = http::serve_until(app.clone(), listen, ready, stop.clone().cancelled_owned()).await;
    // Where the address could not be bound nobody has told the worker yet.
    stop.cancel();
    if working.await.is_err() {
        tracing::error!("the worker broke off");
    }
    served.map(|()| 0)
}
