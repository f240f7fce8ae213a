//! A chart for a result: a Vega-Lite specification, chosen from the columns' types and the number of rows.
//!
//! Data is not in the specification: it names the columns, and the page binds the rows it already has.

use arrow::datatypes::{DataType, Field, Schema};
use serde_json::{Value, json};

use super::is_number;

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
    let with = |role| {
        schema.fields().iter().filter(move |f| role_of(f) == role).map(|f| f.name().as_str())
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
        "data": { "name": "rows" },
        "mark": { "type": mark, "tooltip": true },
        "encoding": encoding,
    }))
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
        DataType::Utf8 | DataType::LargeUtf8 if lower.ends_with("_at") || lower.contains("date") => Role::Time,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Boolean => Role::Name,
        _ => Role::Other,
    }
}
