//! The schema block of a prompt: tables with columns and keys, and as much of the rest as privacy and budget allow.

use catalog::{Catalog, Column, Engine, Table};

use super::text::quoted;
use super::{Privacy, PromptLimits};
use crate::model::{PromptBytes, estimate_tokens};
use crate::repair::quote;

const MAX_COMMENT: usize = 200;
const MAX_VALUE: usize = 40;
const MAX_VALUES: usize = 6;
const MAX_NAME: usize = 128;

/// The block and what it is made of.
pub(super) struct Rendered {
    pub text: String,
    pub bytes: PromptBytes,
}

/// What goes into the block. Each step down leaves something out until it fits.
#[derive(Clone, Copy)]
struct Detail {
    comments: bool,
    statistics: bool,
    values: usize,
}

/// Renders within the budget.
pub(super) fn render(catalog: &Catalog, limits: &PromptLimits) -> Rendered {
    let level = limits.privacy;
    let full = Detail {
        comments: level >= Privacy::Statistics,
        statistics: level >= Privacy::Statistics,
        values: if level >= Privacy::SampleValues { MAX_VALUES } else { 0 },
    };
    let steps = [
        full,
        Detail { values: full.values.min(2), ..full },
        Detail { values: 0, ..full },
        Detail { values: 0, statistics: false, ..full },
        Detail { values: 0, statistics: false, comments: false },
    ];
    let mut last = Writer::new(catalog, full);
    for detail in steps {
        let mut writer = Writer::new(catalog, detail);
        let fits = writer.write(limits.schema_tokens);
        last = writer;
        if fits {
            break;
        }
    }
    Rendered { text: last.text.trim_end().to_owned(), bytes: last.bytes }
}

struct Writer<'a> {
    catalog: &'a Catalog,
    detail: Detail,
    text: String,
    bytes: PromptBytes,
}

enum Class {
    Names,
    Comment,
    Statistic,
    Value,
}

impl<'a> Writer<'a> {
    fn new(catalog: &'a Catalog, detail: Detail) -> Writer<'a> {
        Writer { catalog, detail, text: String::new(), bytes: PromptBytes::default() }
    }

    fn add(&mut self, class: Class, text: &str) {
        self.text.push_str(text);
        let count = match class {
            Class::Names => &mut self.bytes.schema_names,
            Class::Comment => &mut self.bytes.comments,
            Class::Statistic => &mut self.bytes.statistics,
            Class::Value => &mut self.bytes.sample_values,
        };
        *count += text.len() as u64;
    }

    /// Whether everything went in. Tables that no more fit are left out and counted.
    fn write(&mut self, budget: u64) -> bool {
        let catalog = self.catalog;
        let (mut left_out, mut spent) = (0_usize, 0);
        for table in catalog.snapshot().tables.iter().filter(|t| is_sayable(&t.name) && is_sayable(&t.schema))
        {
            let (length, bytes) = (self.text.len(), self.bytes);
            self.table(table);
            let cost = estimate_tokens(self.text.get(length..).unwrap_or_default());
            if spent + cost > budget {
                self.text.truncate(length);
                self.bytes = bytes;
                left_out += 1;
                continue;
            }
            spent += cost;
        }
        if left_out > 0 {
            self.add(Class::Names, &format!("({left_out} more tables are not shown)\n"));
        }
        left_out == 0
    }

    fn table(&mut self, table: &Table) {
        let engine = self.catalog.engine();
        let name = self.name_of(table);
        self.add(Class::Names, &format!("TABLE {name}"));
        if let (true, Some(rows)) = (self.detail.statistics, table.row_estimate) {
            self.add(Class::Statistic, &format!(" about {rows} rows"));
        }
        if let (true, Some(comment)) = (self.detail.comments, table.comment.as_deref()) {
            self.add(Class::Comment, &format!(" {}", quoted(comment, MAX_COMMENT)));
        }
        self.add(Class::Names, "\n");
        for column in table.columns.iter().filter(|c| is_sayable(&c.name)) {
            self.column(table, column);
        }
        for key in &table.foreign_keys {
            let to = self.referred(&key.to_schema, &key.to_table);
            let (from, there) = (list(engine, &key.columns), list(engine, &key.to_columns));
            let likely = key.inferred.as_ref().is_some_and(|i| !i.is_certain());
            let guess = if likely { " (likely)" } else { "" };
            self.add(Class::Names, &format!("  KEY ({from}) -> {to} ({there}){guess}\n"));
        }
    }

    fn column(&mut self, table: &Table, column: &Column) {
        let primary = table.primary_key.as_ref().is_some_and(|k| k.columns.contains(&column.name));
        let mark = if primary { " PRIMARY KEY" } else { "" };
        let name = quote(self.catalog.engine(), &column.name);
        let kind: String = column.native_type.chars().filter(|c| is_type_char(*c)).take(60).collect();
        self.add(Class::Names, format!("  {name} {kind}{mark}").trim_end());
        if let (true, Some(comment)) = (self.detail.comments, column.comment.as_deref()) {
            self.add(Class::Comment, &format!(" {}", quoted(comment, MAX_COMMENT)));
        }
        self.figures(column);
        self.values(column);
        self.add(Class::Names, "\n");
    }

    fn figures(&mut self, column: &Column) {
        let Some(statistics) = column.statistics.as_ref().filter(|_| self.detail.statistics) else { return };
        if let Some(share) = statistics.null_share.filter(|s| *s >= 0.005) {
            self.add(Class::Statistic, &format!(" {:.0}% null", share * 100.0));
        }
    }

    fn values(&mut self, column: &Column) {
        if self.detail.values == 0 || column.sensitivity.is_some() {
            return;
        }
        let labels = column.enum_labels.iter().map(String::as_str);
        let common = column.statistics.iter().flat_map(|s| &s.common).map(|c| c.value.as_str());
        let values: Vec<String> =
            labels.chain(common).take(self.detail.values).map(|v| quoted(v, MAX_VALUE)).collect();
        if !values.is_empty() {
            self.add(Class::Value, &format!(" values {}", values.join(", ")));
            return;
        }
        let range = column.statistics.as_ref().and_then(|s| Some((s.min.as_deref()?, s.max.as_deref()?)));
        if let Some((min, max)) = range {
            self.add(
                Class::Value,
                &format!(" from {} to {}", quoted(min, MAX_VALUE), quoted(max, MAX_VALUE)),
            );
        }
    }

    fn name_of(&self, table: &Table) -> String {
        self.referred(&table.schema, &table.name)
    }

    /// With its schema only where the search path does not find it.
    fn referred(&self, schema: &str, name: &str) -> String {
        let engine = self.catalog.engine();
        let found = self.catalog.find_table(None, &engine.stored_key(name));
        if found.is_some_and(|t| t.schema == schema) {
            return quote(engine, name);
        }
        format!("{}.{}", quote(engine, schema), quote(engine, name))
    }
}

fn list(engine: Engine, names: &[String]) -> String {
    names.iter().map(|n| quote(engine, n)).collect::<Vec<_>>().join(", ")
}

/// A name that could break out of its line or fence is not shown at all.
fn is_sayable(name: &str) -> bool {
    name.len() <= MAX_NAME && !name.chars().any(|c| c.is_control() || matches!(c, '<' | '>'))
}

fn is_type_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, ' ' | '_' | '(' | ')' | ',' | '[' | ']')
}
