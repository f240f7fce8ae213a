//! `querent permission`: who may see what of a registered database.

use clap::{Args, Subcommand, ValueEnum};
use guard::policy::How;
use jiff::Timestamp;

use crate::access::{Grant, GrantEffect, GrantTerms, WorkspaceRole};
use crate::app::{Desk, Setup};
use crate::error::{Class, Error, Result};
use crate::model::Id;
use crate::permissions::{self, explain};
use crate::store::{self, Conn};

/// `permission`
#[derive(Debug, Subcommand)]
pub enum PermissionCommand {
    /// List the grants.
    List {
        /// Registered database.
        #[arg(long, value_name = "NAME")]
        on: String,
    },
    /// Grant or deny something: to a user, to a role, or (neither) to everybody.
    Grant(GrantArgs),
    /// Take grants away.
    Revoke {
        /// Registered database.
        #[arg(long, value_name = "NAME")]
        on: String,
        /// Keys, as `list` prints them.
        #[arg(required = true)]
        ids: Vec<Id>,
    },
    /// Say what somebody may see, and which grants decide.
    Explain {
        /// Registered database.
        #[arg(long, value_name = "NAME")]
        on: String,
        /// A member's key or address; left out: you.
        #[arg(long, value_name = "USER")]
        user: Option<String>,
        /// Glob over tables, or over schema.table.
        #[arg(long, value_name = "GLOB")]
        table: Option<String>,
    },
}

/// What a grant gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Effect {
    /// It is there.
    Allow,
    /// It is not there.
    Deny,
    /// It is there, with its values replaced.
    Mask,
    /// Of its rows, those that meet a condition.
    Filter,
}

/// `permission grant`
#[derive(Debug, Args)]
pub struct GrantArgs {
    /// What it gives.
    pub effect: Effect,
    /// Registered database.
    #[arg(long, value_name = "NAME")]
    on: String,
    /// A member's key or address.
    #[arg(long, value_name = "USER", conflicts_with = "role")]
    user: Option<String>,
    /// Those with this role in the workspace: owner, admin, editor or viewer.
    #[arg(long)]
    role: Option<String>,
    /// Glob over schemas.
    #[arg(long, value_name = "GLOB")]
    schema: Option<String>,
    /// Glob over tables.
    #[arg(long, value_name = "GLOB")]
    table: Option<String>,
    /// Glob over columns.
    #[arg(long, value_name = "GLOB")]
    column: Option<String>,
    /// How values are replaced: null, hash, or last:N for the last N characters.
    #[arg(long, value_name = "HOW")]
    mask: Option<String>,
    /// Condition on rows; :user_id, :user_email and :role stand for the caller's.
    #[arg(long = "where", value_name = "SQL")]
    predicate: Option<String>,
    /// From when on it does not hold any more, for example 2030-01-31T12:00:00Z.
    #[arg(long, value_name = "TIME")]
    expires: Option<Timestamp>,
}

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: PermissionCommand) -> Result<i32> {
    let app = &setup.desk().await?;
    match command {
        PermissionCommand::List { on } => {
            let connection = app.sources.record(&on).await?;
            for grant in store::permissions::of_connection(&app.db, connection.id).await? {
                say!("{}", line(&grant));
            }
        }
        PermissionCommand::Grant(args) => {
            let connection = app.sources.record(&args.on).await?;
            let terms = terms(app, args).await?;
            let by = app.db.by();
            let grant = permissions::grant(&app.db, &app.sources, connection.id, terms, by).await?;
            say!("{}", line(&grant));
        }
        PermissionCommand::Revoke { on, ids } => {
            let connection = app.sources.record(&on).await?;
            for id in ids {
                permissions::revoke(&app.db, connection.id, id).await?;
                say!("revoked {id}");
            }
        }
        PermissionCommand::Explain { on, user, table } => {
            explain_for(app, &on, user.as_deref(), table.as_deref()).await?;
        }
    }
    Ok(0)
}

async fn terms(app: &Desk, args: GrantArgs) -> Result<GrantTerms> {
    let user_id = match &args.user {
        Some(named) => Some(user(app, named).await?),
        None => None,
    };
    let role = args.role.as_deref().map(|word| {
        let wrong = || Error::new("K101", Class::BadInput, format!("there is no role {word:?}"));
        WorkspaceRole::parse(word).ok_or_else(|| wrong().hint("Use owner, admin, editor or viewer."))
    });
    let effect = match args.effect {
        Effect::Allow => GrantEffect::Allow,
        Effect::Deny => GrantEffect::Deny,
        Effect::Mask => GrantEffect::Mask,
        Effect::Filter => GrantEffect::Filter,
    };
    Ok(GrantTerms {
        user_id,
        role: role.transpose()?,
        schema: args.schema,
        table: args.table,
        column: args.column,
        effect,
        mask: args.mask.as_deref().map(how).transpose()?,
        predicate: args.predicate,
        expires_at: args.expires,
    })
}

/// The member of that key or address.
async fn user(app: &Desk, named: &str) -> Result<Id> {
    let found = store::permissions::member_named(&app.db, named).await?;
    found.ok_or_else(permissions::no_member)
}

fn how(word: &str) -> Result<How> {
    let last = word.strip_prefix("last:").and_then(|n| n.parse().ok());
    match (word, last) {
        ("null", _) => Ok(How::Null),
        ("hash", _) => Ok(How::Hash),
        (_, Some(keep_last)) => Ok(How::Partial { keep_last }),
        _ => Err(Error::new("K102", Class::BadInput, format!("there is no mask {word:?}"))
            .hint("Use null, hash or last:4.")),
    }
}

/// A grant as a line.
fn line(grant: &Grant) -> String {
    let terms = &grant.terms;
    let whom = match (terms.user_id, terms.role) {
        (Some(user), _) => format!("user {user}"),
        (None, Some(role)) => format!("role {}", role.as_str()),
        (None, None) => "everybody".to_owned(),
    };
    let part = |part: &Option<String>| part.clone().unwrap_or_else(|| "*".to_owned());
    let place = [&terms.schema, &terms.table, &terms.column].map(part).join(".");
    let mut line = format!("{} {} {place} to {whom}", grant.id, terms.effect.as_str());
    if let Some(mask) = terms.mask {
        line.push_str(&format!(" as {}", serde_json::to_string(&mask).unwrap_or_default()));
    }
    if let Some(predicate) = &terms.predicate {
        line.push_str(&format!(" where {predicate}"));
    }
    if let Some(end) = terms.expires_at {
        line.push_str(&format!(" until {end}"));
    }
    line
}

async fn explain_for(app: &Desk, on: &str, named: Option<&str>, table: Option<&str>) -> Result<()> {
    let connection = app.sources.record(on).await?;
    let user = match named {
        Some(named) => user(app, named).await?,
        None => app.db.caller().map_or_else(Id::nil, |caller| caller.who().user),
    };
    let told = explain::explain(&app.db, &app.sources, connection.id, user, table).await?;
    for table in &told.tables {
        let dot = if table.schema.is_empty() { "" } else { "." };
        let exists = if table.exists { "there" } else { "not there" };
        say!("{}{dot}{}: {exists} ({})", table.schema, table.table, table.why);
        for filter in &table.filters {
            say!("    rows where {filter}");
        }
        for column in &table.columns {
            say!("    {}: {} ({})", column.column, column.seen, column.why);
        }
    }
    if told.cut {
        say!("... and more tables; name some with --table GLOB");
    }
    Ok(())
}
