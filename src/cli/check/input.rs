//! What is checked, and against which tables: the argument, standard input, files, DDL.

use std::io::Read;

use catalog::{Catalog, Engine};
use guard::Policy;

use super::MAX_LINE;
use crate::app::Setup;
use crate::cli::args::CheckArgs;
use crate::cli::target;
use crate::error::{Class, Error, Result};

/// The tables that names are looked up in, and what the caller may read of them. Without tables only the form of a
/// statement is judged.
pub async fn against(setup: &Setup, args: &CheckArgs) -> Result<(Catalog, Policy)> {
    let file = args.policy.as_deref();
    let (catalog, mut policy) = match &args.on {
        Some(on) => {
            let target = target::open(setup, on).await?;
            (target.catalog(setup).await?.as_ref().clone(), target.policy(file)?)
        }
        None => (written(args)?, file.map(target::policy).transpose()?.unwrap_or_default()),
    };
    policy.hidden_tables.extend_from_slice(&args.hide);
    policy.syntax_only |= args.ddl.is_none() && args.on.is_none();
    Ok((catalog, policy))
}

/// The tables of the DDL, if any.
fn written(args: &CheckArgs) -> Result<Catalog> {
    let engine = engine(args.engine.as_deref())?;
    let Some(file) = &args.ddl else { return Ok(Catalog::empty(engine)) };
    let text = std::fs::read_to_string(file).map_err(|e| unreadable(&file.display().to_string(), &e))?;
    Ok(Catalog::new(catalog::ddl::read(&text, engine).snapshot))
}

/// Reads an engine's name.
pub fn engine(name: Option<&str>) -> Result<Engine> {
    let known = || Engine::ALL.map(Engine::name).join(", ");
    let Some(name) = name else {
        return Err(Error::new("K001", Class::BadInput, "which engine's rules hold is not said")
            .hint(format!("Add --engine ({}) or --on.", known())));
    };
    Engine::parse(name).ok_or_else(|| {
        Error::new("K001", Class::BadInput, format!("there is no engine called {name:?}"))
            .hint(format!("Known engines: {}.", known()))
    })
}

/// The statement from the argument, or from standard input when it is `-` or missing.
pub fn statement(sql: Option<&str>) -> Result<String> {
    if let Some(sql) = sql.filter(|s| *s != "-") {
        return Ok(sql.to_owned());
    }
    let mut text = String::new();
    std::io::stdin()
        .lock()
        .take(MAX_LINE)
        .read_to_string(&mut text)
        .map_err(|e| unreadable("standard input", &e))?;
    Ok(text)
}

/// A file or stream that cannot be read.
pub fn unreadable(what: &str, error: &std::io::Error) -> Error {
    Error::new("K002", Class::BadInput, format!("{what} cannot be read: {error}"))
        .hint("Check the path and its permissions.")
}
