//! A chart for a result: a Vega-Lite specification, chosen from the columns' types and the number of rows.
//!
//! Data is not in the specification: it names the columns, and the page binds the rows it already has.

use arrow::datatypes::{DataType, Field, Schema};
use serde_json::{Value, json};

use super::{is_number, unique_names};

/// Most bars that a person can still read.
const MAX_BARS: u64 = 60;
/// Most points worth drawing.
const MAX_POINTS: u64 = 5_000;

#[derive(Clone, Copy, PartialEq)]
enum Role {
    Number,
    Time,
    Name,
    Other,
}

/// A fitting chart, or `None` where a table says it better: no rows, one value, or columns that no mark shows.
///
/// One name or time column and one number: bars or a line. Two numbers: points. A second name column gives the colour.
pub fn suggest(schema: &Schema, rows: u64, title: &str) -> Option<Value> {
    if !(2..=MAX_POINTS).contains(&rows) || schema.fields().len() > 4 {
        return None;
    }
    // The rows are bound under these names, so that doubled ones stay apart.
    let columns = unique_names(schema);
    let with = |role| {
        let fields = schema.fields().iter().zip(&columns);
        fields.filter(move |(f, _)| role_of(f) == role).map(|(_, name)| name.as_str())
    };
    let numbers: Vec<&str> = with(Role::Number).collect();
    let times: Vec<&str> = with(Role::Time).collect();
    let names: Vec<&str> = with(Role::Name).collect();
    let (mark, encoding) = match (times.first(), names.first(), numbers.as_slice()) {
        (Some(time), name, [value, ..]) => ("line", axes(time, "temporal", value, name.copied())),
        (None, Some(name), [value, ..]) if rows <= MAX_BARS => {
            ("bar", axes(name, "nominal", value, names.get(1).copied()))
        }
        (None, None, [x, y, ..]) => ("point", axes(x, "quantitative", y, None)),
        _ => return None,
    };
    Some(json!({
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "title": title,
        "data": { "name": "rows", "format": { "parse": parse(&encoding) } },
        "mark": { "type": mark, "tooltip": true },
        "encoding": encoding,
    }))
}

/// Decimals and large integers are strings in the rows; a quantitative axis needs them as numbers.
fn parse(encoding: &Value) -> Value {
    let axes = ["x", "y"].iter().filter_map(|axis| encoding.get(axis));
    axes.filter(|axis| axis["type"] == "quantitative")
        .filter_map(|axis| Some((axis["field"].as_str()?.to_owned(), Value::from("number"))))
        .collect()
}

fn axes(x: &str, x_type: &str, y: &str, color: Option<&str>) -> Value {
    let mut encoding = json!({
        "x": { "field": escape(x), "type": x_type, "title": x },
        "y": { "field": escape(y), "type": "quantitative", "title": y },
    });
    if x_type == "nominal" {
        // Bars keep the order of the rows: the statement has sorted them, or not, on purpose.
        encoding["x"]["sort"] = Value::Null;
    }
    if let Some(color) = color {
        encoding["color"] = json!({ "field": escape(color), "type": "nominal", "title": color });
    }
    encoding
}

/// Vega-Lite reads dots and brackets in a field as paths.
fn escape(field: &str) -> String {
    field.replace('\\', "\\\\").replace('.', "\\.").replace('[', "\\[").replace(']', "\\]")
}

fn role_of(field: &Field) -> Role {
    let lower = field.name().to_lowercase();
    let number = is_number(field);
    match field.data_type() {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Role::Time,
        _ if number && (lower == "year" || lower == "month") => Role::Name,
        _ if number && (lower == "id" || lower.ends_with("_id")) => Role::Other,
        _ if number => Role::Number,
        DataType::Utf8 | DataType::LargeUtf8 if is_moment(field.name()) => Role::Time,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Boolean => Role::Name,
        _ => Role::Other,
    }
}

/// Whether a text column's name says that it holds moments: `placed_at`, `date`, `birth_date`, `orderDate`, but not `candidate`.
fn is_moment(name: &str) -> bool {
    let words: Vec<&str> = name.split(['_', ' ', '-']).collect();
    words.iter().any(|word| word.eq_ignore_ascii_case("date"))
        || words.last().is_some_and(|word| words.len() > 1 && word.eq_ignore_ascii_case("at"))
        || name.ends_with("Date")
        || name.ends_with("At")
}
