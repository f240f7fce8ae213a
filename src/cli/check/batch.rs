//! A batch of JSON lines: each comes back with its verdict.

use std::io::{BufRead, Read, Write};

use catalog::{Catalog, Engine};
use guard::Policy;
use serde_json::{Map, Value, json};

use super::MAX_LINE;
use super::input::unreadable;
use super::pipeline;
use crate::error::Result;
use crate::queries::verdict_fields;

/// Checks each line's `sql` (for MongoDB its `collection`, `pipeline` and `options`); a line that is no such object is answered with a verdict too, so that none is lost.
pub fn batch(
    mut input: impl BufRead,
    mut out: impl Write,
    catalog: &Catalog,
    policy: &Policy,
) -> Result<i32> {
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
    let mut fields = match object.get("sql").and_then(Value::as_str) {
        Some(sql) => verdict_fields(&guard::check(sql, catalog, policy)),
        None if catalog.engine() == Engine::Mongodb => pipeline::verdict(&object, catalog, policy),
        None => return bad_line(number, "the object has no text called `sql`"),
    };
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
