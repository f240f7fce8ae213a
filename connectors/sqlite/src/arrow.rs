//! From SQLite's values, which carry their own types, to Arrow columns, which have one.
//!
//! A column's type is chosen from all of its values (see `query`), never from its declaration alone:
//! - integers only: `Int64`, exact; `Boolean` when declared so and every value is 0 or 1;
//! - floats, or floats and integers that a double holds exactly: `Float64`;
//! - byte strings only: `Binary`;
//! - everything else `Utf8`: text as it is, numbers as SQLite writes them, bytes as the literal `X'..'`. Text that is no
//!   UTF-8 also comes as `X'..'` of its bytes: replacement characters would hide the damage;
//! - NULL only: by the declared affinity, else `Utf8`.
//!
//! Dates stay text, as they are stored. The field's metadata says what was declared and which storage classes were seen.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryBuilder, BooleanBuilder, Float64Builder, Int64Builder, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::record_batch::RecordBatch;
use connector_api::ConnectorError;
use rusqlite::types::ValueRef;

use crate::error::internal;

/// Integers up to this are exact as a double.
const EXACT: i64 = 1 << 53;

/// What a column's values have been so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Seen {
    name: String,
    declared: Option<String>,
    integers: bool,
    beyond_bits: bool,
    beyond_double: bool,
    floats: bool,
    texts: bool,
    blobs: bool,
}

impl Seen {
    /// A column by its name in the result and the declared type, where it is stored in a table.
    pub(crate) fn new(name: &str, declared: Option<&str>) -> Seen {
        Seen { name: name.to_owned(), declared: declared.map(str::to_owned), ..Seen::default() }
    }

    pub(crate) fn note(&mut self, value: ValueRef<'_>) {
        match value {
            ValueRef::Null => {}
            ValueRef::Integer(n) => {
                self.integers = true;
                self.beyond_bits |= n != 0 && n != 1;
                self.beyond_double |= !(-EXACT..=EXACT).contains(&n);
            }
            ValueRef::Real(_) => self.floats = true,
            ValueRef::Text(_) => self.texts = true,
            ValueRef::Blob(_) => self.blobs = true,
        }
    }

    /// Whether no later value can change the type: text holds everything.
    pub(crate) fn is_settled(&self) -> bool {
        self.data_type() == DataType::Utf8 && (self.texts || self.integers || self.floats || self.blobs)
    }

    pub(crate) fn data_type(&self) -> DataType {
        match (self.integers, self.floats, self.texts, self.blobs) {
            (false, false, false, false) => self.declared_type(),
            (true, false, false, false) if self.is_boolean() => DataType::Boolean,
            (true, false, false, false) => DataType::Int64,
            (false, true, false, false) => DataType::Float64,
            (true, true, false, false) if !self.beyond_double => DataType::Float64,
            (false, false, false, true) => DataType::Binary,
            _ => DataType::Utf8,
        }
    }

    fn is_boolean(&self) -> bool {
        let declared = self.declared.as_deref().unwrap_or_default().to_ascii_lowercase();
        declared.starts_with("bool") && !self.beyond_bits
    }

    fn declared_type(&self) -> DataType {
        match affinity(self.declared.as_deref().unwrap_or_default()) {
            _ if self.is_boolean() => DataType::Boolean,
            Affinity::Integer => DataType::Int64,
            Affinity::Real => DataType::Float64,
            Affinity::Blob if self.declared.is_some() => DataType::Binary,
            Affinity::Blob | Affinity::Text | Affinity::Numeric => DataType::Utf8,
        }
    }

    fn storage(&self) -> String {
        let classes =
            [(self.integers, "integer"), (self.floats, "real"), (self.texts, "text"), (self.blobs, "blob")];
        let seen: Vec<&str> = classes.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
        seen.join(" ")
    }

    fn field(&self) -> Field {
        let mut metadata = HashMap::from([("sqlite.storage".to_owned(), self.storage())]);
        if let Some(declared) = &self.declared {
            metadata.insert("sqlite.declared".to_owned(), declared.clone());
        }
        Field::new(&self.name, self.data_type(), true).with_metadata(metadata)
    }
}

/// SQLite's type affinities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

/// The affinity of a declared type, by SQLite's own rules in their order.
pub(crate) fn affinity(declared: &str) -> Affinity {
    let declared = declared.to_ascii_uppercase();
    let has = |word: &str| declared.contains(word);
    if has("INT") {
        Affinity::Integer
    } else if has("CHAR") || has("CLOB") || has("TEXT") {
        Affinity::Text
    } else if has("BLOB") || declared.trim().is_empty() {
        Affinity::Blob
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}

/// The Arrow schema of columns.
pub(crate) fn schema(columns: &[Seen]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(Seen::field).collect::<Vec<_>>()))
}

/// Collects rows into batches of one schema.
pub(crate) struct Batches {
    schema: SchemaRef,
    columns: Vec<ColumnBuilder>,
    rows: usize,
    bytes: usize,
    total_rows: u64,
}

impl Batches {
    pub(crate) fn new(schema: SchemaRef) -> Batches {
        let columns = schema.fields().iter().map(|f| ColumnBuilder::new(f.data_type())).collect();
        Batches { schema, columns, rows: 0, bytes: 0, total_rows: 0 }
    }

    /// Adds one value of the row being built; false when it does not fit its column's type.
    pub(crate) fn push(&mut self, column: usize, value: ValueRef<'_>) -> bool {
        self.bytes += size(value);
        self.columns.get_mut(column).is_some_and(|builder| builder.append(value))
    }

    /// Counts the row that was pushed.
    pub(crate) fn end_row(&mut self) {
        self.rows += 1;
        self.total_rows += 1;
    }

    /// How many columns there are.
    pub(crate) fn width(&self) -> usize {
        self.columns.len()
    }

    /// Rows of all batches so far.
    pub(crate) fn total_rows(&self) -> u64 {
        self.total_rows
    }

    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The batch collected so far; starts the next one.
    pub(crate) fn take(&mut self) -> Result<RecordBatch, ConnectorError> {
        let arrays: Vec<ArrayRef> = self.columns.iter_mut().map(ColumnBuilder::finish).collect();
        (self.rows, self.bytes) = (0, 0);
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
            .map_err(|_| internal("a batch of the result does not fit its schema"))
    }
}

/// Bytes that a value takes, about.
pub(crate) fn size(value: ValueRef<'_>) -> usize {
    match value {
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => 8,
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => 8 + bytes.len(),
    }
}

enum ColumnBuilder {
    Boolean(BooleanBuilder),
    Int(Int64Builder),
    Float(Float64Builder),
    Bytes(BinaryBuilder),
    Text(StringBuilder),
}

impl ColumnBuilder {
    fn new(data_type: &DataType) -> ColumnBuilder {
        match data_type {
            DataType::Boolean => ColumnBuilder::Boolean(BooleanBuilder::new()),
            DataType::Int64 => ColumnBuilder::Int(Int64Builder::new()),
            DataType::Float64 => ColumnBuilder::Float(Float64Builder::new()),
            DataType::Binary => ColumnBuilder::Bytes(BinaryBuilder::new()),
            _ => ColumnBuilder::Text(StringBuilder::new()),
        }
    }

    fn append(&mut self, value: ValueRef<'_>) -> bool {
        match (self, value) {
            (ColumnBuilder::Boolean(b), ValueRef::Null) => b.append_null(),
            (ColumnBuilder::Boolean(b), ValueRef::Integer(n @ (0 | 1))) => b.append_value(n == 1),
            (ColumnBuilder::Int(b), ValueRef::Null) => b.append_null(),
            (ColumnBuilder::Int(b), ValueRef::Integer(n)) => b.append_value(n),
            (ColumnBuilder::Float(b), ValueRef::Null) => b.append_null(),
            (ColumnBuilder::Float(b), ValueRef::Real(x)) => b.append_value(x),
            (ColumnBuilder::Float(b), ValueRef::Integer(n)) if (-EXACT..=EXACT).contains(&n) => {
                b.append_value(n as f64)
            }
            (ColumnBuilder::Bytes(b), ValueRef::Null) => b.append_null(),
            (ColumnBuilder::Bytes(b), ValueRef::Blob(bytes)) => b.append_value(bytes),
            (ColumnBuilder::Text(b), ValueRef::Null) => b.append_null(),
            (ColumnBuilder::Text(b), value) => b.append_value(text(value)),
            (
                ColumnBuilder::Boolean(_)
                | ColumnBuilder::Int(_)
                | ColumnBuilder::Float(_)
                | ColumnBuilder::Bytes(_),
                _,
            ) => return false,
        }
        true
    }

    fn finish(&mut self) -> ArrayRef {
        match self {
            ColumnBuilder::Boolean(b) => Arc::new(b.finish()),
            ColumnBuilder::Int(b) => Arc::new(b.finish()),
            ColumnBuilder::Float(b) => Arc::new(b.finish()),
            ColumnBuilder::Bytes(b) => Arc::new(b.finish()),
            ColumnBuilder::Text(b) => Arc::new(b.finish()),
        }
    }
}

/// Any value as text, without loss.
pub(crate) fn text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => String::new(),
        ValueRef::Integer(n) => n.to_string(),
        ValueRef::Real(x) => real_text(x),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => literal(bytes),
        },
        ValueRef::Blob(bytes) => literal(bytes),
    }
}

/// The shortest text that reads back as the same double, with a point so that it is seen to be one.
fn real_text(x: f64) -> String {
    let text = format!("{x:?}");
    text.replace("inf", "Inf")
}

fn literal(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len() * 2 + 3);
    out.push_str("X'");
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0').to_ascii_uppercase());
        }
    }
    out.push('\'');
    out
}
