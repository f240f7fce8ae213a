//! `querent demo`: the sample shop, made, crawled, asked, and served.

use std::path::Path;

use super::args::{AskArgs, DemoArgs, OutputArgs, OutputFormat};
use super::{ask, crawl, progress, serve};
use crate::app::Setup;
use crate::error::{Class, Error, Result};
use crate::register::{self, Registration};
use crate::store;

/// Name under which the sample is registered.
const NAME: &str = "storefront";

/// What the demo asks.
const QUESTIONS: &[&str] = &[
    "How many orders were placed in 2025?",
    "What are the 5 most expensive products?",
    "Show the number of customers for each country, largest first",
    "Which products have no reviews?",
    "What is the average total of orders per status label?",
];

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: DemoArgs) -> Result<i32> {
    let app = &setup.desk().await?;
    let file = setup.config.data_dir.join("storefront.sqlite");
    if !file.exists() {
        generate(&file).await?;
    }
    if store::connections::find_by_name(&app.db, NAME).await?.is_none() {
        let absolute = std::path::absolute(&file).map_err(|e| failed(&e))?;
        let url = format!("sqlite:{}", absolute.display());
        let new = Registration { name: NAME.to_owned(), url: url.into(), ..Registration::default() };
        register::create(&app.db, &app.sources, new, "owner").await?;
    }
    crawl::run(setup, crawl::of(NAME)).await?;
    for question in QUESTIONS {
        say!("\n\x1b[1m? {question}\x1b[0m\n");
        let asked = ask::run(setup, ask_args(question)).await;
        if let Err(error) = asked {
            // One question that fails is shown; the others still have their turn.
            say!("{error} [{}]", error.code);
        }
    }
    if args.once {
        return Ok(0);
    }
    say!();
    serve::run(setup).await
}

async fn generate(file: &Path) -> Result<()> {
    let bar = progress::bar("making the sample shop");
    bar.set_length(7);
    let path = file.to_owned();
    let work = tokio::task::spawn_blocking(move || {
        let rows = storefront::generate(&path, storefront::SEED, &|_| bar.inc(1));
        bar.finish_and_clear();
        rows
    });
    let rows = work.await.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
    say!("made the sample shop: {rows} rows in {}", file.display());
    Ok(())
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::new("K040", Class::Internal, format!("the sample could not be made: {error}"))
        .hint("Check that the data folder is writable and the disk has room.")
}

fn ask_args(question: &str) -> AskArgs {
    AskArgs {
        question: question.to_owned(),
        on: NAME.to_owned(),
        explain: false,
        dry_run: false,
        policy: None,
        output: OutputArgs { format: OutputFormat::Table, out: None, show: 10 },
    }
}
