//! `querent connection`: registered databases.

use catalog::Engine;
use connector_api::ServerInfo;

use super::connection_args::{ConnectionCommand, ConnectionFlags};
use super::target;
use crate::app::Setup;
use crate::error::Result;
use crate::model::PageRequest;
use crate::register::{self, Change, Registration};
use crate::store;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: ConnectionCommand) -> Result<i32> {
    match command {
        ConnectionCommand::Add { name, url, require_read_only, flags } => {
            let policy = flags.policy.as_deref().map(target::policy_value).transpose()?;
            let options = flags.options();
            let app = &setup.desk().await?;
            let registration = Registration {
                name,
                url: url.into(),
                policy,
                privacy: flags.privacy,
                options,
                require_read_only,
            };
            let (connection, info) = register::create(&app.db, &app.sources, registration, "owner").await?;
            print_info(&info);
            say!("registered as {:?}; next: querent crawl --on {}", connection.name, connection.name);
        }
        ConnectionCommand::Set { name, rename, url, flags } => set(setup, &name, rename, url, flags).await?,
        ConnectionCommand::Show { name } => show(setup, &name).await?,
        ConnectionCommand::List => list(setup).await?,
        ConnectionCommand::Test { on } => {
            let target = target::open(setup, &on).await?;
            print_info(&target.connector().test().await?);
        }
        ConnectionCommand::Remove { name } => {
            let app = &setup.desk().await?;
            let connection = app.sources.record(&name).await?;
            register::delete(&app.db, &app.sources, connection.id, "owner").await?;
            say!("removed {name:?}");
        }
    }
    Ok(0)
}

async fn set(
    setup: &Setup,
    name: &str,
    rename: Option<String>,
    url: Option<String>,
    flags: ConnectionFlags,
) -> Result<()> {
    let policy = flags.policy.as_deref().map(target::policy_value).transpose()?;
    let options = flags.options();
    let app = &setup.desk().await?;
    let id = app.sources.record(name).await?.id;
    let change = Change { name: rename, url: url.map(Into::into), privacy: flags.privacy, policy, options };
    let connection = register::update(&app.db, &app.sources, id, change, "owner").await?;
    show(setup, &connection.name).await
}

async fn show(setup: &Setup, name: &str) -> Result<()> {
    let connection = setup.desk().await?.sources.record(name).await?;
    say!("{}  {}  {}", connection.name, connection.engine, connection.display_uri);
    say!("privacy: {}", connection.privacy);
    for (what, document) in [("options", &connection.options), ("policy", &connection.policy)] {
        let fields = document.as_object().filter(|fields| !fields.is_empty());
        let Some(fields) = fields else {
            say!("{what}: none set");
            continue;
        };
        say!("{what}:");
        for (field, value) in fields {
            say!("    {field}: {value}");
        }
    }
    Ok(())
}

async fn list(setup: &Setup) -> Result<()> {
    let app = &setup.desk().await?;
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
        // statements of a server can be pasted into its client as they are printed; a file's are commands and advice
        let end = if matches!(info.engine, Engine::Sqlite | Engine::Mongodb) { "" } else { ";" };
        for statement in &info.privileges.fixes {
            say!("  {statement}{end}");
        }
    }
}
