//! `querent check`: one statement for a person, or a batch of JSON lines for a program.

use std::io::{BufRead, BufReader, Read, Write};

use catalog::{Catalog, Engine};
use guard::{Finding, Policy, ReadOnly};
use serde_json::{Map, Value, json};

use super::args::CheckArgs;
use super::target;
use crate::app::Setup;
use crate::error::{Class, Error, Result};
use crate::queries::verdict_fields;

/// Longest line of a batch, in bytes.
const MAX_LINE: u64 = 4 * 1024 * 1024;

/// Code of the process when the one statement was refused.
const REFUSED: i32 = 1;

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: CheckArgs) -> Result<i32> {
    let catalog = catalog(setup, &args).await?;
    let syntax_only = args.ddl.is_none() && args.on.is_none();
    let policy = Policy { hidden_tables: args.hide.clone(), syntax_only, ..Policy::default() };
    if let Some(file) = &args.batch {
        let input = std::fs::File::open(file).map_err(|e| unreadable(&file.display().to_string(), &e))?;
        return batch(BufReader::new(input), std::io::stdout().lock(), &catalog, &policy);
    }
    let sql = statement(args.sql.as_deref())?;
    let verdict = guard::check(&sql, &catalog, &policy);
    if args.json {
        say!("{}", Value::Object(verdict_fields(&verdict)));
    } else {
        print_verdict(&sql, &verdict);
    }
    Ok(if verdict.is_ok() { 0 } else { REFUSED })
}

async fn catalog(setup: &Setup, args: &CheckArgs) -> Result<Catalog> {
    if let Some(on) = &args.on {
        return Ok(target::open(setup, on).await?.catalog(setup).await?.as_ref().clone());
    }
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

fn unreadable(what: &str, error: &std::io::Error) -> Error {
    Error::new("K002", Class::BadInput, format!("{what} cannot be read: {error}"))
        .hint("Check the path and its permissions.")
}

/// Checks each line's `sql`; a line that is no such object is answered with a verdict too, so that none is lost.
fn batch(mut input: impl BufRead, mut out: impl Write, catalog: &Catalog, policy: &Policy) -> Result<i32> {
    let mut line = String::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        let read =
            (&mut input).take(MAX_LINE).read_line(&mut line).map_err(|e| unreadable("the batch", &e))?;
        if read == 0 {
            return Ok(0);
        }
        number += 1;
        if line.trim().is_empty() {
            continue;
        }
        let answer = answer(&line, number, catalog, policy);
        writeln!(out, "{}", Value::Object(answer)).map_err(|e| unreadable("standard output", &e))?;
    }
}

fn answer(line: &str, number: u64, catalog: &Catalog, policy: &Policy) -> Map<String, Value> {
    let object = match serde_json::from_str::<Value>(line) {
        Ok(Value::Object(object)) => object,
        _ => return bad_line(number, "the line is no JSON object"),
    };
    let Some(sql) = object.get("sql").and_then(Value::as_str) else {
        return bad_line(number, "the object has no text called `sql`");
    };
    let mut fields = verdict_fields(&guard::check(sql, catalog, policy));
    // What came in stays, but for names that the answer needs.
    let mut answer: Map<String, Value> =
        object.into_iter().filter(|(k, _)| !fields.contains_key(k)).collect();
    answer.append(&mut fields);
    answer
}

fn bad_line(number: u64, why: &str) -> Map<String, Value> {
    let finding = json!([{ "code": "G012", "message": format!("line {number}: {why}") }]);
    Map::from_iter([("verdict".to_owned(), json!("reject")), ("findings".to_owned(), finding)])
}

fn print_verdict(sql: &str, verdict: &std::result::Result<ReadOnly, Vec<Finding>>) {
    match verdict {
        Ok(statement) => {
            say!("allowed: one read\n");
            say!("{}\n", guard::render_pretty(statement.tree(), statement.engine()));
            say!("{}", statement.report().reading);
            for warning in &statement.report().warnings {
                print_finding(sql, "warning", warning);
            }
        }
        Err(findings) => {
            say!("refused");
            for finding in findings {
                print_finding(sql, "error", finding);
            }
        }
    }
}

fn print_finding(sql: &str, kind: &str, finding: &Finding) {
    for line in finding_lines(sql, kind, finding) {
        say!("{line}");
    }
}

/// A finding with the place it is about.
pub fn finding_lines(sql: &str, kind: &str, finding: &Finding) -> Vec<String> {
    let mut lines = vec![format!("{kind}[{}]: {}", finding.code.as_str(), finding.message)];
    if let Some(excerpt) = finding.span.and_then(|s| sql.get(s.start as usize..s.end as usize)) {
        lines.push(format!("  at: {}", excerpt.chars().take(80).collect::<String>()));
    }
    if let Some(hint) = &finding.hint {
        lines.push(format!("  hint: {hint}"));
    }
    lines
}
