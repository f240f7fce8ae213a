//! What things are called in the text: quoting, and schemas where the engine has them.

use crate::{Engine, Snapshot, Table};

/// How schemas and tables of a catalog are named in the text.
pub(super) struct Names {
    engine: Engine,
    home: String,
    others: Vec<String>,
}

impl Names {
    pub(super) fn new(snapshot: &Snapshot, engine: Engine) -> Names {
        let mut schemas: Vec<&str> = snapshot.tables.iter().map(|t| t.schema.as_str()).collect();
        schemas.sort_unstable();
        schemas.dedup();
        let home = match schemas.as_slice() {
            [only] => only,
            _ => snapshot.search_path.first().map_or("", String::as_str),
        };
        let others = schemas.iter().filter(|s| **s != home).map(|s| (*s).to_owned()).collect();
        Names { engine, home: home.to_owned(), others }
    }

    fn has_schemas(&self) -> bool {
        matches!(self.engine, Engine::Postgres | Engine::Mssql)
    }

    /// The statements that make the schemas.
    pub(super) fn schemas(&self) -> Vec<String> {
        if !self.has_schemas() {
            return Vec::new();
        }
        self.others.iter().map(|s| format!("CREATE SCHEMA {}", quoted(self.engine, s))).collect()
    }

    /// The schema that is said, where one has to be.
    pub(super) fn schema<'a>(&self, schema: &'a str) -> Option<&'a str> {
        Some(schema).filter(|s| self.has_schemas() && !s.is_empty() && *s != self.home)
    }

    /// The table's own name, without quotes.
    pub(super) fn bare(&self, schema: &str, name: &str) -> String {
        if self.has_schemas() || schema.is_empty() || schema == self.home {
            name.to_owned()
        } else {
            format!("{schema}_{name}")
        }
    }

    pub(super) fn table(&self, table: &Table) -> String {
        self.path(&table.schema, &table.name)
    }

    /// The table as statements name it.
    pub(super) fn path(&self, schema: &str, name: &str) -> String {
        let table = quoted(self.engine, &self.bare(schema, name));
        match self.schema(schema) {
            Some(schema) => format!("{}.{table}", quoted(self.engine, schema)),
            None => table,
        }
    }
}

/// A name in the engine's quotes.
pub(super) fn quoted(engine: Engine, name: &str) -> String {
    match engine {
        Engine::Mysql | Engine::Mariadb => format!("`{}`", name.replace('`', "``")),
        Engine::Mssql => format!("[{}]", name.replace(']', "]]")),
        _ => format!("\"{}\"", name.replace('"', "\"\"")),
    }
}

/// Names in a list.
pub(super) fn list(engine: Engine, names: &[String]) -> String {
    names.iter().map(|n| quoted(engine, n)).collect::<Vec<_>>().join(", ")
}

/// A text in quotes.
pub(super) fn text(engine: Engine, text: &str) -> String {
    let text = text.replace('\'', "''");
    match engine {
        Engine::Mysql | Engine::Mariadb => format!("'{}'", text.replace('\\', "\\\\")),
        Engine::Mssql => format!("N'{text}'"),
        _ => format!("'{text}'"),
    }
}
