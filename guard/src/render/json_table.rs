//! JSON_TABLE as text.

use super::Writer;
use crate::tree::{JsonColumn, JsonMissing, JsonTable};

impl Writer {
    pub(super) fn json_table(&mut self, table: &JsonTable) {
        let JsonTable { value, path, columns, alias } = table;
        self.text("JSON_TABLE(");
        self.expr(value);
        self.text(", ");
        self.string(path);
        self.text(" ");
        self.json_columns(columns);
        self.text(")");
        self.alias(Some(alias), &[]);
    }

    fn json_columns(&mut self, columns: &[JsonColumn]) {
        self.text("COLUMNS (");
        self.list(columns, Writer::json_column);
        self.text(")");
    }

    fn json_column(&mut self, column: &JsonColumn) {
        match column {
            JsonColumn::Ordinality(name) => {
                self.ident(name);
                self.text(" FOR ORDINALITY");
            }
            JsonColumn::Value { name, ty, path, exists, empty, error } => {
                self.ident(name);
                self.text(" ");
                self.type_name(ty);
                self.text(if *exists { " EXISTS PATH " } else { " PATH " });
                self.string(path);
                self.missing(empty, " ON EMPTY");
                self.missing(error, " ON ERROR");
            }
            JsonColumn::Nested { path, columns } => {
                self.text("NESTED PATH ");
                self.string(path);
                self.text(" ");
                self.json_columns(columns);
            }
        }
    }

    fn missing(&mut self, what: &JsonMissing, when: &str) {
        match what {
            JsonMissing::Unsaid => return,
            JsonMissing::Null => self.text(" NULL"),
            JsonMissing::Default(text) => {
                self.text(" DEFAULT ");
                self.string(text);
            }
        }
        self.text(when);
    }
}
