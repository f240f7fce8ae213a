//! What a function of another dialect is called here: the call's text from its arguments.

use catalog::Engine;

use super::formats::{Style, translate};

/// A call in another dialect, as the engine's own text; `None` where it has no counterpart of the same meaning.
pub(super) fn translate_call(name: &str, args: &[&str], engine: Engine) -> Option<String> {
    match engine {
        Engine::Sqlite => sqlite(name, args),
        // SQL over documents is written as PostgreSQL's
        Engine::Postgres | Engine::Mongodb => postgres(name, args),
        Engine::Mysql | Engine::Mariadb => mysql(name, args),
        Engine::Mssql => mssql(name, args),
    }
}

/// A format argument in another style, quotes included.
fn format(text: &str, from: Style, to: Style) -> Option<String> {
    let inner = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    translate(inner, from, to).map(|f| format!("'{f}'"))
}

fn sqlite(name: &str, args: &[&str]) -> Option<String> {
    Some(match (name, args) {
        ("YEAR", [x]) => format!("CAST(strftime('%Y', {x}) AS INTEGER)"),
        ("MONTH", [x]) => format!("CAST(strftime('%m', {x}) AS INTEGER)"),
        ("DAY" | "DAYOFMONTH", [x]) => format!("CAST(strftime('%d', {x}) AS INTEGER)"),
        ("HOUR", [x]) => format!("CAST(strftime('%H', {x}) AS INTEGER)"),
        ("DATE_FORMAT", [x, f]) => format!("strftime({}, {x})", format(f, Style::Mysql, Style::Strftime)?),
        ("TO_CHAR", [x, f]) => format!("strftime({}, {x})", format(f, Style::ToChar, Style::Strftime)?),
        ("DATEDIFF", [a, b]) => format!("CAST(julianday(date({a})) - julianday(date({b})) AS INTEGER)"),
        ("CONCAT", [_, _, ..]) => format!("({})", args.join(" || ")),
        ("LEFT", [x, n]) => format!("substr({x}, 1, {n})"),
        ("RIGHT", [x, n]) => format!("substr({x}, -({n}))"),
        ("SUBSTRING", [_, _] | [_, _, _]) => format!("substr({})", args.join(", ")),
        ("NOW" | "GETDATE" | "CURRENT_TIMESTAMP", []) => "datetime('now')".to_owned(),
        ("CURDATE", []) => "date('now')".to_owned(),
        ("ISNULL" | "NVL", [a, b]) => format!("ifnull({a}, {b})"),
        ("LEN" | "CHAR_LENGTH" | "CHARACTER_LENGTH", [x]) => format!("length({x})"),
        ("IF", [a, b, c]) => format!("CASE WHEN {a} THEN {b} ELSE {c} END"),
        ("GREATEST", [_, _, ..]) => format!("max({})", args.join(", ")),
        ("LEAST", [_, _, ..]) => format!("min({})", args.join(", ")),
        ("STRING_AGG", [x, s]) => format!("group_concat({x}, {s})"),
        ("STRPOS", [x, y]) => format!("instr({x}, {y})"),
        ("DIVIDE", [a, b]) => format!("(1.0 * ({a}) / ({b}))"),
        ("SUBTRACT", [a, b]) => format!("(({a}) - ({b}))"),
        ("MULTIPLY", [a, b]) => format!("(({a}) * ({b}))"),
        _ => return None,
    })
}

fn postgres(name: &str, args: &[&str]) -> Option<String> {
    Some(match (name, args) {
        ("YEAR" | "MONTH" | "DAY" | "HOUR" | "MINUTE", [x]) => format!("EXTRACT({name} FROM {x})"),
        ("STRFTIME", [f, x]) => format!("to_char({x}, {})", format(f, Style::Strftime, Style::ToChar)?),
        ("DATE_FORMAT", [x, f]) => format!("to_char({x}, {})", format(f, Style::Mysql, Style::ToChar)?),
        ("IFNULL" | "ISNULL" | "NVL", [a, b]) => format!("COALESCE({a}, {b})"),
        ("IIF" | "IF", [a, b, c]) => format!("CASE WHEN {a} THEN {b} ELSE {c} END"),
        ("GROUP_CONCAT", [x]) => format!("string_agg(CAST({x} AS text), ',')"),
        ("GROUP_CONCAT", [x, s]) => format!("string_agg(CAST({x} AS text), {s})"),
        ("LEN", [x]) => format!("length({x})"),
        ("INSTR", [x, y]) => format!("strpos({x}, {y})"),
        ("DATEDIFF", [a, b]) => format!("(CAST({a} AS date) - CAST({b} AS date))"),
        ("GETDATE", []) => "CURRENT_TIMESTAMP".to_owned(),
        ("CURDATE", []) => "CURRENT_DATE".to_owned(),
        ("DATE" | "DATETIME", ["'now'"]) => {
            if name == "DATE" {
                "CURRENT_DATE".to_owned()
            } else {
                "CURRENT_TIMESTAMP".to_owned()
            }
        }
        ("DATE", [x]) => format!("CAST({x} AS date)"),
        ("DIVIDE", [a, b]) => format!("(CAST({a} AS numeric) / ({b}))"),
        ("SUBTRACT", [a, b]) => format!("(({a}) - ({b}))"),
        ("MULTIPLY", [a, b]) => format!("(({a}) * ({b}))"),
        ("TOTAL", [x]) => format!("COALESCE(SUM({x}), 0)"),
        _ => return None,
    })
}

fn mysql(name: &str, args: &[&str]) -> Option<String> {
    Some(match (name, args) {
        ("STRFTIME", [f, x]) => format!("DATE_FORMAT({x}, {})", format(f, Style::Strftime, Style::Mysql)?),
        ("TO_CHAR", [x, f]) => format!("DATE_FORMAT({x}, {})", format(f, Style::ToChar, Style::Mysql)?),
        ("IIF", [a, b, c]) => format!("IF({a}, {b}, {c})"),
        ("ISNULL" | "NVL", [a, b]) => format!("IFNULL({a}, {b})"),
        ("LEN", [x]) => format!("CHAR_LENGTH({x})"),
        ("GETDATE", []) => "NOW()".to_owned(),
        ("STRING_AGG", [x, s]) => format!("GROUP_CONCAT({x} SEPARATOR {s})"),
        ("STRPOS", [x, y]) => format!("INSTR({x}, {y})"),
        _ => return None,
    })
}

fn mssql(name: &str, args: &[&str]) -> Option<String> {
    Some(match (name, args) {
        ("LENGTH" | "CHAR_LENGTH", [x]) => format!("LEN({x})"),
        ("IFNULL" | "NVL", [a, b]) => format!("COALESCE({a}, {b})"),
        ("IF", [a, b, c]) => format!("IIF({a}, {b}, {c})"),
        ("SUBSTR", [x, from, n]) => format!("SUBSTRING({x}, {from}, {n})"),
        ("NOW", []) => "GETDATE()".to_owned(),
        ("CURDATE", []) => "CAST(GETDATE() AS date)".to_owned(),
        ("STRPOS" | "INSTR", [x, y]) => format!("CHARINDEX({y}, {x})"),
        _ => return None,
    })
}
