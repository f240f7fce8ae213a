//! `querent query`: SQL of one's own, through the same guard and the same door.

use guard::{Finding, ReadOnly};

use super::args::QueryArgs;
use super::{check, output, review, target};
use crate::app::Setup;
use crate::error::{Class, Error, Result};
use crate::exec;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: QueryArgs) -> Result<i32> {
    if let Some(command) = args.review {
        return review::run(setup, command).await;
    }
    let target = target::open(setup, args.on.as_deref().unwrap_or_default()).await?;
    let catalog = target.catalog(setup).await?;
    let sql = check::statement(args.sql.as_deref())?;
    let policy = target.policy(args.policy.as_deref())?;
    let statement = match guard::check(&sql, &catalog, &policy) {
        Ok(statement) => statement,
        Err(findings) => return Err(refused(&sql, &findings)),
    };
    if args.explain {
        explain(&statement);
        let estimate = target.reader()?.explain(&statement).await?;
        eprintln!("{}\n", estimate.plan);
    }
    exec::within_cost(target.reader()?, &statement, None, &policy).await?;
    let limits = exec::limits_under(&setup.limits(), &policy);
    let stream = exec::stream(target.reader()?, &statement, &limits).await?;
    let printed = output::print(stream, &args.output).await?;
    output::tell_cut(printed.cut.as_deref());
    Ok(0)
}

/// Shows what runs and what it means, on standard error.
pub fn explain(statement: &ReadOnly) {
    eprintln!("{}\n", guard::render_pretty(statement.tree(), statement.engine()));
    eprintln!("{}\n", statement.report().reading);
    for warning in &statement.report().warnings {
        eprintln!("warning[{}]: {}", warning.code.as_str(), warning.message);
    }
}

fn refused(sql: &str, findings: &[Finding]) -> Error {
    for line in findings.iter().flat_map(|finding| check::finding_lines(sql, "error", finding)) {
        eprintln!("{line}");
    }
    Error::new("A011", Class::BadInput, "the guard refused the statement").hint("Querent runs reads only.")
}
