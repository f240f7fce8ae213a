//! `querent crawl`: read a catalog; a registered database gets a new version when something changed.

use super::args::CrawlArgs;
use super::{progress, target};
use crate::app::Setup;
use crate::crawl;
use crate::error::{Class, Error, Result};
use crate::model::clock::Stopwatch;
use crate::sources;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: CrawlArgs) -> Result<i32> {
    match target::is_url(&args.on) {
        true => read(setup, &args).await?,
        false if !args.include.is_empty() || !args.exclude.is_empty() => {
            return Err(Error::new(
                "K013",
                Class::BadInput,
                "a registered database is crawled by its own globs",
            )
            .hint("Set them: querent connection set NAME --include GLOB --exclude GLOB"));
        }
        false => publish(setup, &args).await?,
    }
    Ok(0)
}

/// Crawls a registered database.
async fn publish(setup: &Setup, args: &CrawlArgs) -> Result<()> {
    let watch = Stopwatch::start();
    let app = &setup.desk().await?;
    let database = app.sources.database_named(&args.on).await?;
    let name = &database.connection.name;
    let _claim = setup.app().await?.recover_alone().await?;
    let record = app.crawler.begin(database.connection.id, Some("owner")).await?;
    let bar = progress::bar("connecting");
    let outcome = app.crawler.run(&database, record, &|step| progress::step(&bar, &step)).await;
    bar.finish_and_clear();
    let crawled = outcome?;
    let version = &crawled.version;
    let what = if crawled.changed { "new schema version" } else { "unchanged, still schema version" };
    say!(
        "{name}: {what} {} ({} tables, {} columns) in {} ms",
        version.number(),
        version.table_count,
        version.column_count,
        watch.millis()
    );
    if crawled.changed {
        say!("{}", version.summary);
    }
    if let Some(impact) = crawled.impact.as_ref().filter(|i| !i.statements.is_empty()) {
        say!();
        say_raw!("{}", impact.to_text());
    }
    if let Some(out) = &args.out {
        write(out, app.sources.named(name).await?.catalog()?.1.catalog().snapshot())?;
    }
    Ok(())
}

/// Reads the catalog of a database that only a URL names.
async fn read(setup: &Setup, args: &CrawlArgs) -> Result<()> {
    let watch = Stopwatch::start();
    let connector = sources::open(&args.on, &setup.network())?;
    let mut options = setup.crawl_options();
    options.include.clone_from(&args.include);
    options.exclude.clone_from(&args.exclude);
    if args.no_statistics {
        options.statistics = false;
        options.sample_rows = None;
    }
    let bar = progress::bar("connecting");
    let outcome = crawl::snapshot(connector.as_ref(), &options, &|step| progress::step(&bar, &step)).await;
    bar.finish_and_clear();
    let snapshot = outcome?;
    let columns: usize = snapshot.tables.iter().map(|t| t.columns.len()).sum();
    say!(
        "{} {}: {} tables, {columns} columns, fingerprint {} in {} ms",
        snapshot.engine,
        snapshot.database,
        snapshot.tables.len(),
        catalog::fingerprint::snapshot(&snapshot),
        watch.millis()
    );
    match &args.out {
        Some(out) => write(out, &snapshot),
        None => Ok(()),
    }
}

fn write(path: &std::path::Path, snapshot: &catalog::Snapshot) -> Result<()> {
    let failed = |e: std::io::Error| {
        Error::new("K003", Class::BadInput, format!("{} cannot be written: {e}", path.display()))
    };
    let file = std::fs::File::create(path).map_err(failed)?;
    let mut out = std::io::BufWriter::new(file);
    serde_json::to_writer_pretty(&mut out, snapshot).map_err(|e| failed(e.into()))?;
    std::io::Write::flush(&mut out).map_err(failed)
}

/// The command for one database with nothing else said.
pub fn of(name: &str) -> CrawlArgs {
    CrawlArgs {
        on: name.to_owned(),
        out: None,
        include: Vec::new(),
        exclude: Vec::new(),
        no_statistics: false,
    }
}
