//! `querent serve`: the daemon in the foreground.

use crate::app::Setup;
use crate::error::Result;
use crate::http;

/// Runs the daemon until it is told to stop; gives the process's exit code.
pub async fn run(setup: &Setup) -> Result<i32> {
    let app = setup.app().await?.clone();
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
        Some(token) => println!("Querent listens. Open http://{address}/docs#token={}", token.expose()),
        None => println!("Querent listens on http://{address} (the owner's token was made on another machine)"),
    })
    .await?;
    Ok(0)
}
