//! Tree to text: the only way text that runs is made. Every name is quoted, every literal escaped here.

mod call;
mod expr;
mod from;
mod json_table;
mod mssql;
mod mssql_from;
mod mysql;
mod query;
mod symbols;
mod walk;

use catalog::Engine;

use crate::tree::{Expr, Ident, ObjectName, Query};

/// The canonical text of a tree, on one line.
pub fn render(query: &Query, engine: Engine) -> String {
    let mut writer = Writer { out: String::with_capacity(256), engine, pretty: false, indent: 0 };
    writer.query(query);
    writer.out
}

/// The same text on several lines, for people. It parses to the same tree.
pub fn render_pretty(query: &Query, engine: Engine) -> String {
    let mut writer = Writer { out: String::with_capacity(256), engine, pretty: true, indent: 0 };
    writer.query(query);
    writer.out
}

/// One expression, for messages and reports.
pub fn render_expr(expr: &Expr, engine: Engine) -> String {
    let mut writer = Writer { out: String::new(), engine, pretty: false, indent: 0 };
    writer.expr(expr);
    writer.out
}

/// Text under construction.
struct Writer {
    out: String,
    engine: Engine,
    pretty: bool,
    indent: usize,
}

impl Writer {
    fn text(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn sqlite(&self) -> bool {
        self.engine == Engine::Sqlite
    }

    fn mssql(&self) -> bool {
        self.engine == Engine::Mssql
    }

    /// Starts a clause: on a new line when pretty, after a space otherwise.
    fn line(&mut self) {
        if !self.pretty {
            self.out.push(' ');
            return;
        }
        self.out.push('\n');
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
    }

    /// Writes things with a comma between them.
    fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Writer, &T)) {
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.text(", ");
            }
            write(self, item);
        }
    }

    /// A query in parentheses, indented when pretty.
    fn nested(&mut self, query: &Query) {
        self.text("(");
        self.indent += 1;
        if self.pretty {
            self.line();
        }
        self.query(query);
        self.indent -= 1;
        if self.pretty {
            self.line();
        }
        self.text(")");
    }

    fn ident(&mut self, ident: &Ident) {
        self.quoted(&ident.value);
    }

    /// A name between the engine's quotes, the closing quote doubled.
    fn quoted(&mut self, name: &str) {
        let (open, close) = match self.engine {
            Engine::Postgres | Engine::Sqlite | Engine::Mongodb => ('"', '"'),
            Engine::Mysql | Engine::Mariadb => ('`', '`'),
            Engine::Mssql => ('[', ']'),
        };
        self.out.push(open);
        for c in name.chars() {
            if c == close {
                self.out.push(close);
            }
            self.out.push(c);
        }
        self.out.push(close);
    }

    fn name(&mut self, name: &ObjectName) {
        for (i, part) in name.0.iter().enumerate() {
            if i > 0 {
                self.text(".");
            }
            self.ident(part);
        }
    }

    fn names(&mut self, names: &[Ident]) {
        self.text("(");
        self.list(names, Writer::ident);
        self.text(")");
    }

    /// A text literal: quotes doubled.
    fn string(&mut self, text: &str) {
        if self.mysql() {
            return self.mysql_string(text);
        }
        self.out.push('\'');
        for c in text.chars() {
            if c == '\'' {
                self.out.push(c);
            }
            self.out.push(c);
        }
        self.out.push('\'');
    }
}
