//! Whether two results are the same: multisets of rows, columns paired by what they hold.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

/// Rows with cells in a comparable form.
pub type Rows = Vec<Vec<String>>;

/// Runs a statement; `Err` holds the engine's words.
pub fn run(connection: &Connection, sql: &str) -> Result<Rows, String> {
    let mut statement = connection.prepare(sql).map_err(|e| e.to_string())?;
    let columns = statement.column_count();
    let mut rows = statement.query([]).map_err(|e| e.to_string())?;
    let mut out = Vec::new();
    while let Some(row) = rows.next().map_err(|e| e.to_string())? {
        out.push((0..columns).map(|i| row.get_ref(i).map(cell).unwrap_or_default()).collect());
        if out.len() > 200_000 {
            return Err("too many rows".to_owned());
        }
    }
    Ok(out)
}

fn cell(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "n".to_owned(),
        ValueRef::Integer(i) => format!("#{}", i as f64),
        ValueRef::Real(r) => format!("#{}", (r * 1e6).round() / 1e6),
        ValueRef::Text(t) => format!("'{}", String::from_utf8_lossy(t)),
        ValueRef::Blob(b) => format!("x{b:?}"),
    }
}

/// Whether the results are equal; `ordered`: row order counts.
pub fn same(gold: &Rows, other: &Rows, ordered: bool) -> bool {
    if gold.len() != other.len() || gold.first().map(Vec::len) != other.first().map(Vec::len) {
        return false;
    }
    let Some(width) = gold.first().map(Vec::len) else { return true };
    if width > 40 {
        return false;
    }
    let mut order = Vec::new();
    pair(gold, other, ordered, width, &mut order)
}

fn column(rows: &Rows, c: usize) -> Vec<&str> {
    let mut cells: Vec<&str> = rows.iter().map(|r| r[c].as_str()).collect();
    cells.sort_unstable();
    cells
}

fn pair(gold: &Rows, other: &Rows, ordered: bool, width: usize, order: &mut Vec<usize>) -> bool {
    let at = order.len();
    if at == width {
        let mut left: Vec<Vec<&str>> = gold.iter().map(|r| r.iter().map(String::as_str).collect()).collect();
        let mut right: Vec<Vec<&str>> =
            other.iter().map(|r| order.iter().map(|&c| r[c].as_str()).collect()).collect();
        if !ordered {
            left.sort_unstable();
            right.sort_unstable();
        }
        return left == right;
    }
    let want = column(gold, at);
    for c in 0..width {
        if order.contains(&c) || column(other, c) != want {
            continue;
        }
        order.push(c);
        if pair(gold, other, ordered, width, order) {
            return true;
        }
        order.pop();
    }
    false
}
