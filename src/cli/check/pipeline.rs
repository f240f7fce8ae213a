//! MongoDB pipelines: a request as JSON, with `collection`, `pipeline` and `options`, and its verdict.

use catalog::Catalog;
use guard::pipeline::{ReadPipeline, Request, check};
use guard::{Finding, Policy};
use serde_json::{Map, Value, json};

use super::REFUSED;
use crate::cli::args::{CheckArgs, CheckFormat, FailOn};
use crate::error::{Class, Error, Result};

type Verdict = std::result::Result<ReadPipeline, Vec<Finding>>;

/// The verdict on one request, for a program.
pub fn verdict(object: &Map<String, Value>, catalog: &Catalog, policy: &Policy) -> Map<String, Value> {
    fields(&check(&Request::from_object(object), catalog, policy))
}

/// Checks the one request of an argument or of standard input.
pub fn run(args: &CheckArgs, text: &str, catalog: &Catalog, policy: &Policy) -> Result<i32> {
    let Ok(Value::Object(object)) = serde_json::from_str::<Value>(text) else {
        return Err(usage("a pipeline is checked as a JSON object")
            .hint("Write {\"collection\": \"...\", \"pipeline\": [...]}, or SQL."));
    };
    let verdict = check(&Request::from_object(&object), catalog, policy);
    match (args.json, args.format) {
        (true, _) | (false, CheckFormat::Json) => say!("{}", Value::Object(fields(&verdict))),
        (false, CheckFormat::Human) => print(&verdict),
        (false, CheckFormat::Sarif) => {
            return Err(usage("pipelines have no SARIF form").hint("Use --format json."));
        }
    }
    let warned = verdict.as_ref().is_ok_and(|read| !read.report().warnings.is_empty());
    let failed = verdict.is_err() || (warned && args.fail_on == FailOn::Warning);
    Ok(if failed { REFUSED } else { 0 })
}

fn usage(what: &str) -> Error {
    Error::new("K001", Class::BadInput, what)
}

fn fields(verdict: &Verdict) -> Map<String, Value> {
    let fields = match verdict {
        Err(findings) => json!({ "verdict": "reject", "findings": findings }),
        Ok(read) => {
            let report = read.report();
            let tables: Vec<&str> = report.tables.iter().map(|t| t.table.as_str()).collect();
            let columns: Vec<String> =
                report.columns.iter().map(|c| format!("{}.{}", c.table, c.column)).collect();
            json!({
                "verdict": "allow",
                "findings": report.warnings,
                "canonical": { "collection": read.collection(), "pipeline": read.pipeline(), "options": read.options() },
                "reading": report.reading,
                "tables": tables,
                "columns": columns,
                "output": report.output,
            })
        }
    };
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn print(verdict: &Verdict) {
    let (kind, findings) = match verdict {
        Ok(read) => {
            say!("allowed: one read\n");
            say!("{}.aggregate({}, {})\n", read.collection(), read.pipeline(), read.options());
            say!("{}", read.report().reading);
            ("warning", read.report().warnings.as_slice())
        }
        Err(findings) => {
            say!("refused");
            ("error", findings.as_slice())
        }
    };
    for finding in findings {
        say!("{kind}[{}]: {}", finding.code.as_str(), finding.message);
        finding.subject.iter().for_each(|place| say!("  at: {place}"));
        finding.hint.iter().for_each(|hint| say!("  hint: {hint}"));
    }
}
