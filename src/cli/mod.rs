//! The command line: one file a subcommand. Results go to standard output, everything about them to standard error.

/// Prints a line to standard output. A reader that closed the pipe has what it wanted: the program ends quietly.
macro_rules! say {
    () => { $crate::cli::print(format_args!("\n")) };
    ($($text:tt)*) => { $crate::cli::print(format_args!("{}\n", format_args!($($text)*))) };
}

/// As [`say`], without the line feed.
macro_rules! say_raw {
    ($($text:tt)*) => { $crate::cli::print(format_args!($($text)*)) };
}

mod args;
mod ask;
mod audit;
mod backup;
mod check;
mod connection;
mod connection_args;
mod crawl;
mod ddl;
mod demo;
mod diff;
mod doctor;
mod eval;
mod health;
mod impact;
mod impact_files;
mod interrupt;
mod jobs;
mod key;
mod knowledge;
mod migrate;
mod output;
mod people;
mod permission;
mod progress;
mod query;
mod review;
mod schedule;
mod serve;
mod settings;
mod target;
mod understanding;

use args::{Cli, Command, ServeArgs};
use clap::Parser;

use crate::app::Setup;
use crate::config;
use crate::error::{Class, Error, Result};
use crate::telemetry;

/// Reads the command line and runs it; gives the process's exit code.
pub fn main() -> i32 {
    let cli = Cli::parse();
    // for a check, 1 is an answer
    let failed = if matches!(cli.command, Command::Check(_)) { check::UNUSABLE } else { 1 };
    match start(cli) {
        Ok(code) => code,
        Err(error) if error.code == output::READER_GONE => 0,
        Err(error) if error.code == interrupt::INTERRUPTED => {
            eprintln!("{error}");
            interrupt::EXIT_CODE
        }
        Err(error) => {
            eprintln!("error[{}]: {error}", error.code);
            if let Some(hint) = &error.hint {
                eprintln!("  hint: {hint}");
            }
            failed
        }
    }
}

fn start(cli: Cli) -> Result<i32> {
    let settings = config::Sources::from_process(cli.config.clone(), flags(&cli));
    let config = config::load(&settings).map_err(|e| {
        Error::new("K000", Class::BadInput, e.to_string())
            .hint("`querent config example` prints every setting.")
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::new("K099", Class::Internal, format!("the runtime cannot start: {e}")))?;
    telemetry::start(&config.log, &config.traces, runtime.handle().clone())?;
    let setup = Setup::new(config);
    let own_signals = matches!(cli.command, Command::Serve(_) | Command::Demo(_));
    let work = async {
        let code = run(&setup, cli.command).await;
        setup.finish().await;
        code
    };
    let code = if own_signals { runtime.block_on(work) } else { runtime.block_on(interrupt::or(work)) };
    telemetry::traces::finish();
    // A driver may still be inside of a call that was given up; the process does not wait for it. Nor are tasks taken down one
    // by one: a driver's clean-up would find others gone, and panic. They end with the process.
    std::mem::forget(runtime);
    code
}

/// What [`say`] does.
fn print(text: std::fmt::Arguments<'_>) {
    use std::io::Write;
    if std::io::stdout().lock().write_fmt(text).is_err() {
        std::process::exit(0);
    }
}

/// Flags that are settings.
fn flags(cli: &Cli) -> Vec<(String, String)> {
    let mut flags = Vec::new();
    if let Some(dir) = &cli.data_dir {
        flags.push(("data_dir".to_owned(), dir.display().to_string()));
    }
    if let Some(workspace) = &cli.workspace {
        flags.push(("workspace".to_owned(), workspace.clone()));
    }
    let serve = match &cli.command {
        Command::Serve(serve) => Some(serve),
        Command::Demo(demo) => Some(&demo.serve),
        _ => None,
    };
    if let Some(ServeArgs { listen, allow_remote }) = serve {
        if let Some(listen) = listen {
            flags.push(("server.listen".to_owned(), listen.clone()));
        }
        if *allow_remote {
            flags.push(("server.allow_remote".to_owned(), "true".to_owned()));
        }
    }
    flags
}

async fn run(setup: &Setup, command: Command) -> Result<i32> {
    match command {
        Command::Demo(args) => demo::run(setup, args).await,
        Command::Serve(_) => serve::run(setup).await,
        Command::Ask(args) => ask::run(setup, args).await,
        Command::Crawl(args) => crawl::run(setup, args).await,
        Command::Diff(args) => diff::run(setup, args).await,
        Command::Ddl(args) => ddl::run(setup, args).await,
        Command::Check(args) => check::run(setup, args).await,
        Command::Query(args) => query::run(setup, args).await,
        Command::Eval(args) => eval::run(setup, args).await,
        Command::Glossary(command) => knowledge::glossary(setup, command).await,
        Command::Case(command) => knowledge::case(setup, command).await,
        Command::Impact(command) => impact::run(setup, command).await,
        Command::Notifications(args) => knowledge::notifications(setup, args).await,
        Command::Describe(args) => understanding::describe(setup, args).await,
        Command::Relationships(command) => understanding::relationships(setup, command).await,
        Command::Coverage(args) => understanding::coverage(setup, args).await,
        Command::Connection(command) => connection::run(setup, command).await,
        Command::Permission(command) => permission::run(setup, command).await,
        Command::Schedule(command) => schedule::run(setup, command).await,
        Command::User(command) => people::user(setup, command).await,
        Command::ApiKey(command) => people::api_key(setup, command).await,
        Command::Jobs(command) => jobs::run(setup, command).await,
        Command::Audit(command) => audit::run(setup, command).await,
        Command::Backup(args) => backup::save(setup, args).await,
        Command::Restore(args) => backup::restore(setup, args).await,
        Command::Key(command) => key::run(setup, command).await,
        Command::Migrate(command) => migrate::run(setup, command).await,
        Command::Config(command) => settings::run(setup, command),
        Command::Doctor(args) => doctor::run(setup, args).await,
        Command::Health => health::run(setup).await,
    }
}
