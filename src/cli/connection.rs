//! `querent connection`: registered databases.

use connector_api::ServerInfo;

use super::args::ConnectionCommand;
use super::target;
use crate::app::Setup;
use crate::error::Result;
use crate::model::PageRequest;
use crate::register::{self, Registration};
use crate::store;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: ConnectionCommand) -> Result<i32> {
    match command {
        ConnectionCommand::Add { name, url, policy } => {
            let policy = policy.as_deref().map(target::policy_value).transpose()?;
            let app = setup.app().await?;
            let registration = Registration { name, url, policy, ..Registration::default() };
            let (connection, info) = register::create(&app.db, &app.sources, registration, "owner").await?;
            print_info(&info);
            say!("registered as {:?}; next: querent crawl --on {}", connection.name, connection.name);
        }
        ConnectionCommand::List => list(setup).await?,
        ConnectionCommand::Test { on } => {
            let target = target::open(setup, &on).await?;
            print_info(&target.connector().test().await?);
        }
        ConnectionCommand::Remove { name } => {
            let app = setup.app().await?;
            let source = app.sources.named(&name).await?;
            store::connections::delete(&app.db, source.connection.id, Some("owner")).await?;
            say!("removed {name:?}");
        }
    }
    Ok(0)
}

async fn list(setup: &Setup) -> Result<()> {
    let app = setup.app().await?;
    let mut request = PageRequest::first();
    loop {
        let page = store::connections::list(&app.db, request).await?;
        for connection in &page.items {
            say!("{:<20} {:<10} {}", connection.name, connection.engine, connection.display_uri);
        }
        let Some(next) = page.next else { return Ok(()) };
        request = PageRequest::read(None, Some(&next))?;
    }
}

/// Shows what a server says of itself and of the login.
pub fn print_info(info: &ServerInfo) {
    let tls = info.tls.as_deref().unwrap_or("no TLS");
    say!(
        "{} {} database {:?}, {:?} round trip, {tls}",
        info.engine,
        info.version,
        info.database,
        info.latency
    );
    say!("login {:?} may read {} tables", info.privileges.login, info.privileges.readable_tables);
    for way in &info.privileges.can_write {
        say!("warning: {way}");
    }
    if !info.privileges.fixes.is_empty() {
        say!("a login that can only read is made by:");
        for statement in &info.privileges.fixes {
            say!("  {statement}");
        }
    }
}
