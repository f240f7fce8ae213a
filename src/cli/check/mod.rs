//! `querent check`: one statement for a person, or a batch of JSON lines for a program.

mod batch;
mod human;
mod input;

use std::io::BufReader;

use guard::Policy;
use serde_json::Value;

use super::args::CheckArgs;
use crate::app::Setup;
use crate::error::Result;
use crate::queries::verdict_fields;

pub use human::finding_lines;
pub use input::{engine, statement};

/// Longest line of a batch, in bytes.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// Code of the process when the one statement was refused.
const REFUSED: i32 = 1;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: CheckArgs) -> Result<i32> {
    let catalog = input::catalog(setup, &args).await?;
    let syntax_only = args.ddl.is_none() && args.on.is_none();
    let policy = Policy { hidden_tables: args.hide.clone(), syntax_only, ..Policy::default() };
    if let Some(file) = &args.batch {
        let input =
            std::fs::File::open(file).map_err(|e| input::unreadable(&file.display().to_string(), &e))?;
        return batch::batch(BufReader::new(input), std::io::stdout().lock(), &catalog, &policy);
    }
    let sql = input::statement(args.sql.as_deref())?;
    let verdict = guard::check(&sql, &catalog, &policy);
    if args.json {
        say!("{}", Value::Object(verdict_fields(&verdict)));
    } else {
        human::print_verdict(&sql, &verdict);
    }
    Ok(if verdict.is_ok() { 0 } else { REFUSED })
}
