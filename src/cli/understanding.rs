//! `querent describe`, `relationships` and `coverage`: what people say of a database, and how much is described.

use clap::{Args, Subcommand, ValueEnum};

use super::connection_args::Switch;
use crate::app::Setup;
use crate::error::{Class, Error, Result};
use crate::model::understanding::{TAGS, Tag};
use crate::model::{Id, RelationshipState};
use crate::store::annotations::AnnotationChange;
use crate::{store, understand};

/// `describe`
#[derive(Debug, Args)]
pub struct DescribeArgs {
    /// Table or column: schema.table, table, schema.table.column or table.column.
    pub what: String,
    /// What it holds, in words; an empty text takes the description away.
    pub description: Option<String>,
    /// Registered name of the database.
    #[arg(long, value_name = "NAME")]
    pub on: String,
    /// What makes the values sensitive (email, phone, secret ...), none, or auto: as crawls find it.
    #[arg(long, value_name = "TAG")]
    pub sensitivity: Option<String>,
    /// Whether stored values of the column are kept, searched and shown to models.
    #[arg(long, value_name = "on|off")]
    pub values: Option<Switch>,
}

/// `relationships`
#[derive(Debug, Subcommand)]
pub enum RelationshipCommand {
    /// List references that nobody declared.
    List {
        /// Registered name of the database.
        #[arg(long, value_name = "NAME")]
        on: String,
        /// Only those of one state.
        #[arg(long)]
        state: Option<State>,
        /// Show why each was concluded.
        #[arg(long)]
        evidence: bool,
    },
    /// Say that references hold: questions join by them from now on.
    Approve {
        /// Keys as `list` shows them.
        #[arg(required = true)]
        ids: Vec<Id>,
    },
    /// Say that references do not hold: they are not proposed again.
    Reject {
        /// Keys as `list` shows them.
        #[arg(required = true)]
        ids: Vec<Id>,
    },
}

/// What people think of a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Nobody has looked at it.
    Proposed,
    /// It holds.
    Approved,
    /// It does not.
    Rejected,
}

/// `coverage`
#[derive(Debug, Args)]
pub struct CoverageArgs {
    /// Registered name of the database.
    #[arg(long, value_name = "NAME")]
    pub on: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Runs `describe`; gives the process's exit code.
pub async fn describe(setup: &Setup, args: DescribeArgs) -> Result<i32> {
    let app = &setup.desk().await?;
    let source = app.sources.named(&args.on).await?;
    let place = understand::place(&source, &args.what).await?;
    let change = AnnotationChange {
        description: args.description.map(Some),
        sensitivity: args.sensitivity.as_deref().map(tag).transpose()?,
        values: args.values.map(|v| v == Switch::On),
    };
    if change == AnnotationChange::default() {
        return Err(Error::new("K014", Class::BadInput, "nothing was said of it")
            .hint("Give a description, --sensitivity TAG or --values on|off."));
    }
    let id = source.connection.id;
    let said = understand::annotate(&app.db, &app.sources, id, &place, change, "owner").await?;
    say!("{}", understand::shown(&place));
    say!("    description: {}", said.description.as_deref().unwrap_or("none"));
    if place.column.is_some() {
        say!("    sensitivity: {}", said.sensitivity.map_or("as crawls find it".to_owned(), Tag::word));
        say!("    values: {}", if said.values { "kept" } else { "not kept" });
    }
    Ok(0)
}

fn tag(word: &str) -> Result<Option<Tag>> {
    if word == "auto" {
        return Ok(None);
    }
    Tag::parse(word).map(Some).ok_or_else(|| {
        Error::new("K015", Class::BadInput, format!("there is no tag {word:?}"))
            .hint(format!("{TAGS}; or auto"))
    })
}

/// Runs `relationships`; gives the process's exit code.
pub async fn relationships(setup: &Setup, command: RelationshipCommand) -> Result<i32> {
    match command {
        RelationshipCommand::List { on, state, evidence } => list(setup, &on, state, evidence).await?,
        RelationshipCommand::Approve { ids } => decide(setup, &ids, RelationshipState::Approved).await?,
        RelationshipCommand::Reject { ids } => decide(setup, &ids, RelationshipState::Rejected).await?,
    }
    Ok(0)
}

async fn list(setup: &Setup, on: &str, state: Option<State>, evidence: bool) -> Result<()> {
    let app = &setup.desk().await?;
    let connection = app.sources.record(on).await?;
    let mut all = store::relationships::all(&app.db, connection.id).await?;
    let wanted = state.map(|s| match s {
        State::Proposed => RelationshipState::Proposed,
        State::Approved => RelationshipState::Approved,
        State::Rejected => RelationshipState::Rejected,
    });
    all.retain(|r| wanted.is_none_or(|w| r.state == w));
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.line().cmp(&b.line())));
    for found in &all {
        say!("{}  {:<8}  {:.2}  {}", found.id, found.state, found.score, found.line());
        for reason in found.evidence.iter().filter(|_| evidence) {
            say!("    {reason}");
        }
    }
    if all.is_empty() {
        say!("none; a crawl looks for them");
    }
    Ok(())
}

async fn decide(setup: &Setup, ids: &[Id], state: RelationshipState) -> Result<()> {
    let app = &setup.desk().await?;
    for id in ids {
        let kept = understand::decide(&app.db, *id, state, "owner").await?;
        say!("{}: {}", kept.state, kept.line());
    }
    Ok(())
}

/// Runs `coverage`; gives the process's exit code.
pub async fn coverage(setup: &Setup, args: CoverageArgs) -> Result<i32> {
    let source = setup.desk().await?.sources.named(&args.on).await?;
    let coverage = understand::coverage(&source).await?;
    if args.json {
        say!("{}", serde_json::to_string_pretty(&coverage).unwrap_or_default());
        return Ok(0);
    }
    let (tables, columns) = (coverage.tables, coverage.columns);
    say!(
        "{:.0}% described: {} of {} tables, {} of {} columns",
        coverage.share * 100.0,
        tables.described,
        tables.all,
        columns.described,
        columns.all
    );
    if !coverage.undescribed.is_empty() {
        say!("nothing is said of: {}", coverage.undescribed.join(", "));
    }
    Ok(0)
}
