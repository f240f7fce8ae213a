//! `querent serve`: the daemon in the foreground.

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
    http::serve(app.clone(), listen, |address| match &app.token.link {
        Some(token) => say!("Querent listens. Open http://{address}/docs#token={}", token.expose()),
        None => say!("Querent listens on http://{address} (the owner's token was made on another machine)"),
    })
    .await?;
    Ok(0)
}
