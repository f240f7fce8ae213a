//! Counts how many statements of a JSON-lines file the guard accepts: `check_file ENGINE FILE [SHOW [SCHEMA.sql]]`.
//! Without a schema names are not resolved.

use std::collections::BTreeMap;
use std::time::Instant;

use catalog::{Catalog, Engine};
use guard::{Policy, check};

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let [_, engine, path, rest @ ..] = args.as_slice() else {
        eprintln!("usage: check_file ENGINE FILE [accepted|refused|rendered|json|count [SCHEMA.sql]]");
        return;
    };
    let Some(engine) = Engine::parse(engine) else {
        eprintln!("unknown engine {engine}");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let show = rest.first().map(String::as_str).unwrap_or_default();
    let schema = rest.get(1).map(|path| std::fs::read_to_string(path).unwrap_or_default());
    run(&text, engine, show, schema.as_deref());
}

fn run(text: &str, engine: Engine, show: &str, schema: Option<&str>) {
    let catalog = match schema {
        Some(ddl) => Catalog::new(catalog::ddl::read(ddl, engine).snapshot),
        None => Catalog::empty(engine),
    };
    let policy = Policy { syntax_only: schema.is_none(), ..Policy::default() };
    let (mut accepted, mut refused) = (0usize, 0usize);
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    let started = Instant::now();
    for line in text.lines() {
        let Ok(value) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        let key =
            ["sql", "gold_sql", "query"].into_iter().find(|k| value.get(k).is_some_and(|v| v.is_string()));
        let Some(sql) = key.and_then(|k| value[k].as_str()) else { continue };
        let id = value.get("id").map(|v| v.to_string()).unwrap_or_default();
        match check(sql, &catalog, &policy) {
            Ok(read) => {
                accepted += 1;
                match show {
                    "accepted" => {
                        println!("ACCEPT {id} {}", value.get("class").unwrap_or(&serde_json::Value::Null))
                    }
                    "rendered" => println!("{id}\n  {sql}\n  {}", read.sql()),
                    "json" => println!("{}", serde_json::json!({"id": id, "sql": sql, "text": read.sql()})),
                    _ => {}
                }
                if show == "accepted" {
                    println!("    {sql}");
                }
            }
            Err(findings) => {
                refused += 1;
                let first = findings.first().map(ToString::to_string).unwrap_or_default();
                if show == "refused" {
                    println!("REFUSE {id} {first}\n    {sql}");
                }
                let code = findings.first().map(|f| f.code.as_str()).unwrap_or_default();
                *reasons.entry(code).or_default() += 1;
            }
        }
    }
    println!("accepted {accepted}, refused {refused} {reasons:?}, {:?}", started.elapsed());
}
