//! The command line's words: subcommands and flags.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod audit;
mod doctor;
mod jobs;
mod keys;
mod knowledge;
mod people;
mod review;
mod upkeep;

pub use audit::{AuditCommand, AuditFilter};
pub use doctor::{DoctorArgs, DoctorFormat};
pub use jobs::{JobsCommand, ScheduleCommand};
pub use keys::KeyCommand;
pub use knowledge::{CaseCommand, GlossaryCommand, ImpactCommand, NotificationArgs};
pub use people::{AddUser, ApiKeyCommand, UserCommand};
pub use review::ReviewCommand;
pub use upkeep::{BackupArgs, LockArgs, MigrateCommand, RestoreArgs};

use super::connection_args::ConnectionCommand;
use super::permission::PermissionCommand;
use super::understanding::{CoverageArgs, DescribeArgs, RelationshipCommand};

/// Ask your databases in plain language; every answer is SQL proven to be a read.
#[derive(Debug, Parser)]
#[command(name = "querent", version, about, disable_help_subcommand = true)]
pub struct Cli {
    /// Configuration file (TOML). Default: querent.toml in this folder, if there is one.
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Folder of the store, the results and the keys.
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Workspace to work in, by its slug or key. Default: the first one.
    #[arg(long, global = true, value_name = "NAME")]
    pub workspace: Option<String>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make the sample shop, crawl it, ask it a few questions, and serve it.
    Demo(DemoArgs),
    /// Run the daemon.
    Serve(ServeArgs),
    /// Ask a question in plain language.
    Ask(AskArgs),
    /// Read a database's catalog.
    Crawl(CrawlArgs),
    /// Say what changed between two schema versions.
    Diff(DiffArgs),
    /// Write a catalog as DDL, for its own engine or for another.
    Ddl(DdlArgs),
    /// Check SQL: is it one read, and what does it touch?
    Check(CheckArgs),
    /// Check SQL and run it.
    Query(QueryArgs),
    /// Measure a translator on questions with known answers.
    Eval(EvalArgs),
    /// Words of the business and what they mean in SQL.
    #[command(subcommand)]
    Glossary(GlossaryCommand),
    /// Questions about a registered database with their known answers.
    #[command(subcommand)]
    Case(CaseCommand),
    /// Statements that a schema version broke or changed: list them, accept a proposed repair.
    #[command(subcommand)]
    Impact(ImpactCommand),
    /// What people should know: broken statements and the like.
    Notifications(NotificationArgs),
    /// Describe a table or column, tag it, or keep its values out of the store.
    Describe(DescribeArgs),
    /// References that nobody declared: list, approve, reject.
    #[command(subcommand)]
    Relationships(RelationshipCommand),
    /// Say how much of a database is described.
    Coverage(CoverageArgs),
    /// Registered databases.
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// Who may see what of a registered database.
    #[command(subcommand)]
    Permission(PermissionCommand),
    /// When databases are crawled by themselves.
    #[command(subcommand)]
    Schedule(ScheduleCommand),
    /// Work that outlives a daemon.
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// People: who may come in, and as what.
    #[command(subcommand)]
    User(UserCommand),
    /// Keys for programs.
    #[command(subcommand)]
    ApiKey(ApiKeyCommand),
    /// The trail of what was done: show it, write it out, verify its chain.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Write the whole store into a file, while daemons work on it.
    Backup(BackupArgs),
    /// Restore a backup, into either backend.
    Restore(RestoreArgs),
    /// The master keys that secrets are sealed with: status, rotation.
    #[command(subcommand)]
    Key(KeyCommand),
    /// The store's own schema.
    #[command(subcommand)]
    Migrate(MigrateCommand),
    /// Settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Say what is set up, what works and what does not.
    Doctor(DoctorArgs),
    /// Ask the daemon of these settings whether it is ready; code 0 when it is. For health checks of containers.
    Health,
}

/// `demo`
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Answer the questions and end, without serving.
    #[arg(long)]
    pub once: bool,
    #[command(flatten)]
    pub serve: ServeArgs,
}

/// `serve`
#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub listen: Option<String>,
    /// Consent to an address that other machines can reach.
    #[arg(long)]
    pub allow_remote: bool,
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OutputFormat {
    /// A table for people.
    Table,
    /// Comma-separated values.
    Csv,
    /// An array of objects.
    Json,
    /// An object a line.
    Ndjson,
    /// Parquet, to a file or a pipe.
    Parquet,
    /// Arrow stream, to a file or a pipe.
    Arrow,
    /// A spreadsheet, to a file or a pipe.
    Xlsx,
}

/// Where results go.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Form of the result.
    #[arg(short = 'o', long, value_enum, default_value = "table")]
    pub format: OutputFormat,
    /// File to write; standard output without it.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Rows printed as a table at the most; other forms hold all.
    #[arg(long, default_value_t = 20)]
    pub show: usize,
}

/// `ask`
#[derive(Debug, Args)]
pub struct AskArgs {
    /// The question.
    pub question: String,
    /// Registered name or URL of the database.
    #[arg(long, value_name = "NAME|URL")]
    pub on: String,
    /// Show candidates, findings and the reading.
    #[arg(long)]
    pub explain: bool,
    /// Make the SQL, do not run it.
    #[arg(long)]
    pub dry_run: bool,
    /// Policy that holds instead of the registered one's (JSON). Nothing is stored then.
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `crawl`
#[derive(Debug, Args)]
pub struct CrawlArgs {
    /// Registered name or URL of the database. A registered one gets a new schema version when something changed.
    #[arg(long, value_name = "NAME|URL")]
    pub on: String,
    /// Write the catalog as JSON.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Tables to read, as globs over schema.table.
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// Tables to leave out.
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
    /// Read neither the engine's statistics nor samples of rows. For a URL; a registered database has options of its own.
    #[arg(long)]
    pub no_statistics: bool,
}

/// `diff`
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// Older and newer side: a catalog written by `crawl --out`, a .sql file of DDL, or a URL.
    #[arg(num_args = 0..=2, value_name = "OLD NEW")]
    pub sides: Vec<String>,
    /// A registered database: compares its two latest versions, or those named.
    #[arg(long, value_name = "NAME")]
    pub on: Option<String>,
    /// Older version, for example 1.0.
    #[arg(long, requires = "on")]
    pub from: Option<String>,
    /// Newer version.
    #[arg(long, requires = "on")]
    pub to: Option<String>,
    /// Engine of .sql files; two with a comma where the sides are of different ones.
    #[arg(long, value_name = "ENGINE[,ENGINE]")]
    pub engine: Option<String>,
    /// Compare the same database on two engines: names without case and `_`, types by class, keys and references.
    #[arg(long, conflicts_with_all = ["on", "impact"])]
    pub across_engines: bool,
    /// text, json or markdown.
    #[arg(long, default_value = "text")]
    pub format: String,
    /// End with code 3 when a change is breaking.
    #[arg(long)]
    pub fail_on_breaking: bool,
    /// Say which statements are broken or mean something else, why, and how to repair them: those stored for --on, or
    /// those of --queries.
    #[arg(long)]
    pub impact: bool,
    /// Statements to check when two sides are compared: a .sql file, JSON lines with a field `sql`, or a folder.
    #[arg(long, value_name = "FILE|DIR")]
    pub queries: Vec<PathBuf>,
    /// Policy that holds for --queries (JSON).
    #[arg(long, value_name = "FILE", requires = "queries")]
    pub policy: Option<PathBuf>,
    /// End with code 4 when a statement is broken.
    #[arg(long)]
    pub fail_on_impact: bool,
}

/// `ddl`
#[derive(Debug, Args)]
pub struct DdlArgs {
    /// A catalog written by `crawl --out`, a .sql file of DDL, or a URL.
    #[arg(value_name = "FILE|URL")]
    pub of: String,
    /// Engine of a .sql file.
    #[arg(long)]
    pub engine: Option<String>,
    /// Engine to write for (postgres, mysql, mariadb, sqlite, mssql); the catalog's own without it.
    #[arg(long, value_name = "ENGINE")]
    pub to: Option<String>,
    /// File to write; standard output without it. What is left out is told on standard error.
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// `check`
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A statement, a file, or a folder of .sql files; several can be named, `-` reads standard input.
    #[arg(value_name = "SQL|FILE|DIR")]
    pub inputs: Vec<String>,
    /// Engine whose rules hold (postgres, sqlite ...); known from --on.
    #[arg(long)]
    pub engine: Option<String>,
    /// Tables, as DDL text.
    #[arg(long, value_name = "FILE")]
    pub ddl: Option<PathBuf>,
    /// Tables, from a registered database or a URL.
    #[arg(long, value_name = "NAME|URL", conflicts_with = "ddl")]
    pub on: Option<String>,
    /// JSON lines with a field `sql`; each comes back with its verdict.
    #[arg(long, value_name = "FILE")]
    pub batch: Option<PathBuf>,
    /// Tables that do not exist for the caller, as globs over schema.table.
    #[arg(long, value_name = "GLOB")]
    pub hide: Vec<String>,
    /// Policy that holds instead of the registered one's (JSON).
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// How the verdicts are printed (a batch is always JSON lines).
    #[arg(long, value_enum, default_value = "human", conflicts_with = "batch")]
    pub format: CheckFormat,
    /// Short for --format json.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// What makes the code of the process 1.
    #[arg(long, value_enum, default_value = "error")]
    pub fail_on: FailOn,
    /// Prints the JSON Schema of a verdict (the form of --json, and of each statement of a batch) and does nothing else.
    #[arg(long, exclusive = true)]
    pub schema: bool,
    /// A statement or a file that must mean the same as every statement that is checked.
    #[arg(long, value_name = "SQL|FILE", conflicts_with = "batch")]
    pub same_as: Option<String>,
}

/// How `check` prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// Text for people.
    Human,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
}

/// What `check` fails on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// A statement that is refused.
    Error,
    /// A warning, too.
    Warning,
}

/// `query`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct QueryArgs {
    /// What to do with stored queries, in the place of running a statement.
    #[command(subcommand)]
    pub review: Option<ReviewCommand>,
    /// The statement; `-` reads standard input.
    #[arg(required = true)]
    pub sql: Option<String>,
    /// Registered name or URL of the database.
    #[arg(long, value_name = "NAME|URL", required = true)]
    pub on: Option<String>,
    /// Policy that holds instead of the registered one's (JSON).
    #[arg(long, value_name = "FILE")]
    pub policy: Option<PathBuf>,
    /// Show what runs, its reading and its plan first.
    #[arg(long)]
    pub explain: bool,
    #[command(flatten)]
    pub output: OutputArgs,
}

/// `eval`
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// JSON lines with id, db_id, question, gold_sql.
    #[arg(long, value_name = "FILE")]
    pub questions: PathBuf,
    /// Folder with DIR/<db_id>/<db_id>.sqlite, or a URL with {db_id} in it.
    #[arg(long, value_name = "DIR|URL")]
    pub databases: String,
    /// builtin, model, recorded:FILE, or gold (the known answers themselves).
    #[arg(long, default_value = "builtin")]
    pub translator: String,
    /// Write the predictions as JSON lines.
    #[arg(long, value_name = "FILE")]
    pub predictions: Option<PathBuf>,
    /// Write the report as JSON.
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Only the first N questions.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
}

/// `config`
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Print every setting with its default.
    Example,
    /// Read the settings as the daemon would and say whether they hold.
    Check,
    /// List engines and the parameters of their URLs.
    Connectors,
}
