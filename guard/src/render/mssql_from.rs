//! SQL Server's own entries of FROM as text.

use super::Writer;
use crate::tree::{Form, FormKind, OpenJsonColumn, Period, Sample};

impl Writer {
    pub(super) fn form(&mut self, form: &Form) {
        let Form { kind, alias } = form;
        let mut sampled = None;
        match kind {
            FormKind::Json { json, path, columns } => {
                self.text("openjson(");
                self.expr(json);
                if let Some(path) = path {
                    self.text(", ");
                    self.expr(path);
                }
                self.text(") WITH (");
                self.list(columns, Writer::open_json_column);
                self.text(")");
            }
            FormKind::Nodes { xml, path } => {
                self.expr(xml);
                self.text(".nodes(");
                self.string(path);
                self.text(")");
            }
            FormKind::Pivot { input, function, value, column, values } => {
                self.source(input);
                self.text(" PIVOT (");
                self.text(function);
                self.text("(");
                self.ident(value);
                self.text(") FOR ");
                self.ident(column);
                self.text(" IN ");
                self.names(values);
                self.text(")");
            }
            FormKind::Unpivot { input, value, name, columns } => {
                self.source(input);
                self.text(" UNPIVOT (");
                self.ident(value);
                self.text(" FOR ");
                self.ident(name);
                self.text(" IN ");
                self.names(columns);
                self.text(")");
            }
            FormKind::Table { name, period, sample } => {
                self.name(name);
                if let Some(period) = period {
                    self.period(period);
                }
                sampled = sample.as_ref();
            }
        }
        self.alias(alias.as_ref(), &[]);
        if let Some(sample) = sampled {
            self.sample(sample);
        }
    }

    fn open_json_column(&mut self, column: &OpenJsonColumn) {
        let OpenJsonColumn { name, ty, path, as_json } = column;
        self.ident(name);
        self.text(" ");
        self.type_name(ty);
        if let Some(path) = path {
            self.text(" ");
            self.string(path);
        }
        self.text(if *as_json { " AS JSON" } else { "" });
    }

    fn period(&mut self, period: &Period) {
        let (words, first, middle, second, end) = match period {
            Period::All => return self.text(" FOR SYSTEM_TIME ALL"),
            Period::AsOf(at) => ("AS OF ", at, "", None, ""),
            Period::FromTo(a, b) => ("FROM ", a, " TO ", Some(b), ""),
            Period::Between(a, b) => ("BETWEEN ", a, " AND ", Some(b), ""),
            Period::ContainedIn(a, b) => ("CONTAINED IN (", a, ", ", Some(b), ")"),
        };
        self.text(" FOR SYSTEM_TIME ");
        self.text(words);
        self.string(first);
        self.text(middle);
        if let Some(second) = second {
            self.string(second);
        }
        self.text(end);
    }

    fn sample(&mut self, sample: &Sample) {
        let Sample { amount, rows, seed } = sample;
        self.text(" TABLESAMPLE (");
        self.text(amount);
        self.text(if *rows { " ROWS)" } else { " PERCENT)" });
        if let Some(seed) = seed {
            self.text(" REPEATABLE (");
            self.text(seed);
            self.text(")");
        }
    }
}
