//! Figures about stored values, from a bounded look at each table: SQLite keeps no statistics of values of its own.
//!
//! At most `sample_rows` rows per table are read, and at most [`ALL_ROWS`] in all tables together; of a larger table
//! equal stripes over its row numbers, so that old and new rows are both seen. When the whole table was seen the figures
//! are exact. Long values and byte strings are never read whole. A table that fails or takes too long is left without
//! figures. Views and virtual tables are not looked at: reading them may cost anything.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use catalog::{Column, CommonValue, Snapshot, Statistics, Table, TableKind, TypeClass};
use connector_api::{ConnectorError, CrawlOptions, ErrorKind};
use rusqlite::types::ValueRef;

use super::counts::rowid_name;
use super::facts::{Facts, Reader, identifier};
use crate::arrow::text;

/// Rows read in all tables together, at the most.
const ALL_ROWS: u64 = 1_000_000;
/// Rows read of each table even when there are very many tables.
const LEAST_ROWS: u64 = 100;
/// Parts of a large table that are looked at.
const STRIPES: u64 = 8;
/// Distinct values of a column that are told apart.
const DISTINCT: usize = 2_000;

/// Fills in statistics, and the class of columns whose declared type says nothing or something else than the values.
pub(crate) fn collect(
    reader: &mut Reader<'_>,
    snapshot: &mut Snapshot,
    facts: &Facts,
    options: &CrawlOptions,
) -> Result<(), ConnectorError> {
    let Some(most) = options.sample_rows else { return Ok(()) };
    let stored = snapshot.tables.iter().filter(|t| t.kind == TableKind::Table).count().max(1) as u64;
    let rows = most.min((ALL_ROWS / stored).max(LEAST_ROWS));
    let without_rowid: HashSet<&str> =
        facts.relations.iter().filter(|r| r.without_rowid).map(|r| r.name.as_str()).collect();
    let analyzed: HashSet<&str> = facts.stats.iter().map(|s| s.table.as_str()).collect();
    let distinct = analyzed_distinct(facts);
    for table in snapshot.tables.iter_mut().filter(|t| t.kind == TableKind::Table) {
        let has_rowid = !without_rowid.contains(table.name.as_str());
        let sample = match look(reader, table, has_rowid, rows, options) {
            Ok(sample) => sample,
            Err(error) if matches!(error.kind, ErrorKind::Statement | ErrorKind::Timeout) => {
                tracing::warn!(
                    table = table.name,
                    code = error.kind.code(),
                    "its values could not be sampled"
                );
                continue;
            }
            Err(error) => return Err(error),
        };
        if sample.whole && !analyzed.contains(table.name.as_str()) {
            table.row_estimate = Some(sample.rows);
        }
        describe(table, &sample, options);
        for column in &mut table.columns {
            let analyzed = distinct.get(&(table.name.as_str(), column.name.as_str()));
            if let Some(figures) = column.statistics.as_mut().filter(|s| s.distinct.is_none()) {
                figures.distinct = analyzed.copied();
            }
        }
    }
    Ok(())
}

/// Distinct values by table and column, for leading columns of indexes that ANALYZE has seen: rows over rows per value.
fn analyzed_distinct(facts: &Facts) -> HashMap<(&str, &str), f64> {
    let mut leading: HashMap<&str, &str> = HashMap::new();
    for fact in facts.indexes.iter().filter(|f| !f.partial) {
        // facts are in key order, so the first of an index leads
        leading.entry(fact.index.as_str()).or_insert(fact.column.as_deref().unwrap_or_default());
    }
    let figures = facts.stats.iter().filter_map(|line| {
        let column = leading.get(line.index.as_deref()?)?;
        let mut figures = line.stat.split(' ').map(str::parse::<f64>);
        let (rows, per_value) = (figures.next()?.ok()?, figures.next()?.ok()?);
        (per_value > 0.0).then(|| ((line.table.as_str(), *column), (rows / per_value).round()))
    });
    figures.collect()
}

struct Sample {
    rows: u64,
    whole: bool,
    columns: Vec<Tally>,
}

fn look(
    reader: &mut Reader<'_>,
    table: &Table,
    has_rowid: bool,
    most: u64,
    options: &CrawlOptions,
) -> Result<Sample, ConnectorError> {
    let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let rowid = rowid_name(&names).filter(|_| has_rowid);
    let sql = statement(table, &names, rowid, most, options.max_value_length);
    let mut columns: Vec<Tally> = names.iter().map(|_| Tally::default()).collect();
    let counted = reader.all(&sql, |row| {
        for (index, tally) in columns.iter_mut().enumerate() {
            tally.note(row.get_ref(index)?, options.max_value_length);
        }
        Ok(())
    })?;
    let rows = counted.len() as u64;
    // without a row number there is no telling where the table ends, unless fewer rows came than asked for
    let striped = rowid.is_some() && table.row_estimate.is_some_and(|estimate| estimate > most);
    Ok(Sample { rows, whole: !striped && rows < most, columns })
}

fn statement(table: &Table, names: &[&str], rowid: Option<&str>, most: u64, longest: usize) -> String {
    let columns: Vec<String> = names.iter().map(|name| cell(&identifier(name), longest)).collect();
    let select = format!("SELECT {} FROM main.{}", columns.join(", "), identifier(&table.name));
    let last = table.row_estimate.unwrap_or(0);
    let Some(rowid) = rowid.filter(|_| last > most) else { return format!("{select} LIMIT {most}") };
    let width = last / STRIPES + 1;
    let stripes = (0..STRIPES).map(|stripe| {
        let (from, to) = (stripe * width, (stripe + 1) * width);
        let rows = (most / STRIPES).max(1);
        format!("SELECT * FROM ({select} WHERE {rowid} >= {from} AND {rowid} < {to} LIMIT {rows})")
    });
    stripes.collect::<Vec<_>>().join(" UNION ALL ")
}

/// A value, or a mark in its place: `x'62'` for bytes, `x'74'` for text too long to be kept (its length is known
/// without reading it).
fn cell(column: &str, longest: usize) -> String {
    let bytes = longest.saturating_mul(4);
    format!(
        "CASE WHEN typeof({column}) = 'blob' THEN x'62' WHEN octet_length({column}) > {bytes} THEN x'74' ELSE {column} END"
    )
}

/// What was seen of one column.
#[derive(Default)]
struct Tally {
    nulls: u64,
    integers: u64,
    floats: u64,
    texts: u64,
    dates: u64,
    blobs: u64,
    /// How often each value was seen, until there are too many.
    values: HashMap<String, u64>,
    overflow: bool,
    numbers: Option<(f64, String, f64, String)>,
    words: Option<(String, String)>,
}

impl Tally {
    fn note(&mut self, value: ValueRef<'_>, longest: usize) {
        match value {
            ValueRef::Null => self.nulls += 1,
            ValueRef::Integer(n) => {
                self.integers += 1;
                self.number(n as f64, || n.to_string());
                self.value(text(value), longest);
            }
            ValueRef::Real(x) => {
                self.floats += 1;
                self.number(x, || text(value));
                self.value(text(value), longest);
            }
            ValueRef::Text(bytes) => {
                self.texts += 1;
                if let Ok(word) = std::str::from_utf8(bytes) {
                    self.word(word);
                    self.value(word.to_owned(), longest);
                }
            }
            ValueRef::Blob(b"t") => self.texts += 1,
            ValueRef::Blob(_) => self.blobs += 1,
        }
    }

    fn number(&mut self, x: f64, shown: impl Fn() -> String) {
        let (low, low_text, high, high_text) = self.numbers.get_or_insert_with(|| (x, shown(), x, shown()));
        if x < *low {
            (*low, *low_text) = (x, shown());
        }
        if x > *high {
            (*high, *high_text) = (x, shown());
        }
    }

    fn word(&mut self, word: &str) {
        if !is_date(word) {
            return;
        }
        self.dates += 1;
        let (low, high) = self.words.get_or_insert_with(|| (word.to_owned(), word.to_owned()));
        if word < low.as_str() {
            word.clone_into(low);
        }
        if word > high.as_str() {
            word.clone_into(high);
        }
    }

    fn value(&mut self, value: String, longest: usize) {
        if value.chars().count() > longest || value.is_empty() {
            return;
        }
        if let Some(count) = self.values.get_mut(&value) {
            *count += 1;
        } else if self.values.len() < DISTINCT {
            self.values.insert(value, 1);
        } else {
            self.overflow = true;
        }
    }

    fn present(&self) -> u64 {
        self.integers + self.floats + self.texts + self.blobs
    }

    /// The class that the values show.
    fn class(&self) -> TypeClass {
        let numbers = self.integers + self.floats;
        if self.blobs > self.texts + numbers {
            TypeClass::Bytes
        } else if self.texts >= numbers {
            if self.dates == self.texts && self.texts > 0 { TypeClass::Date } else { TypeClass::Text }
        } else if self.floats > 0 {
            TypeClass::Float
        } else {
            TypeClass::Integer
        }
    }
}

/// `2024-01-31`, with or without a time behind it.
fn is_date(word: &str) -> bool {
    let bytes = word.as_bytes();
    let digits = |range: std::ops::Range<usize>| {
        bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit))
    };
    let ends = bytes.get(10).is_none_or(|b| matches!(b, b' ' | b'T'));
    word.len() <= 35
        && digits(0..4)
        && digits(5..7)
        && digits(8..10)
        && ends
        && bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
}

fn describe(table: &mut Table, sample: &Sample, options: &CrawlOptions) {
    if sample.rows == 0 {
        return;
    }
    for (column, tally) in table.columns.iter_mut().zip(&sample.columns) {
        if disagrees(column.class, tally) {
            column.class = tally.class();
        }
        column.statistics = Some(statistics(column, tally, sample, options));
    }
}

/// Whether the declared class says nothing about the values, or something else than most of them show.
fn disagrees(class: TypeClass, tally: &Tally) -> bool {
    let present = tally.present();
    if present == 0 {
        return false;
    }
    use TypeClass::{Boolean, Date, Decimal, Float, Integer, Other, Time, Timestamp, TimestampTz};
    match class {
        Other => true,
        Integer | Decimal | Float | Boolean => tally.texts * 2 > present,
        Date | Time | Timestamp | TimestampTz => (tally.integers + tally.floats) * 2 > present,
        _ => false,
    }
}

fn statistics(column: &Column, tally: &Tally, sample: &Sample, options: &CrawlOptions) -> Statistics {
    let share = |count: u64| count as f64 / sample.rows as f64;
    let (min, max) = range(tally, options.max_value_length);
    let known = !tally.overflow && (sample.whole || tally.values.len() as u64 * 10 < sample.rows);
    Statistics {
        null_share: Some(share(tally.nulls)),
        distinct: known.then_some(tally.values.len() as f64),
        common: common(column, tally, options.max_common_values, share),
        min,
        max,
    }
}

/// Smallest and largest of numbers and of dates; other text has no range worth a stored value.
fn range(tally: &Tally, longest: usize) -> (Option<String>, Option<String>) {
    let found = match (&tally.numbers, &tally.words) {
        (Some((_, low, _, high)), _) if tally.texts == 0 => Some((low, high)),
        (_, Some((low, high))) if tally.dates == tally.texts && tally.integers + tally.floats == 0 => {
            Some((low, high))
        }
        _ => None,
    };
    let kept = |text: &String| (text.chars().count() <= longest).then(|| text.clone());
    match found {
        Some((low, high)) => (kept(low), kept(high)),
        None => (None, None),
    }
}

/// All values when they are few; else, of text, those seen more than once.
fn common(column: &Column, tally: &Tally, most: usize, share: impl Fn(u64) -> f64) -> Vec<CommonValue> {
    let few = tally.values.len() <= most && !tally.overflow;
    if !few && column.class != TypeClass::Text {
        return Vec::new();
    }
    let mut values: Vec<(&String, u64)> = tally
        .values
        .iter()
        .map(|(value, count)| (value, *count))
        .filter(|(_, count)| few || *count > 1)
        .collect();
    values.sort_by(|a, b| match b.1.cmp(&a.1) {
        Ordering::Equal => a.0.cmp(b.0),
        other => other,
    });
    values.truncate(most);
    values
        .into_iter()
        .map(|(value, count)| CommonValue { value: value.clone(), share: Some(share(count)) })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_told_from_other_text() {
        for date in ["2024-01-31", "2024-01-31 10:00:00", "2024-01-31T10:00:00.5Z"] {
            assert!(is_date(date), "{date}");
        }
        for other in ["2024-1-31", "20240131", "2024-01-31x", "phone 2024", "", "éééé-éé-éé"] {
            assert!(!is_date(other), "{other}");
        }
    }
}
