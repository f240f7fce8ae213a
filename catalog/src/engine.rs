//! The engines that Querent speaks, and how each treats the case of names.

use serde::{Deserialize, Serialize};

/// A database engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Engine {
    Postgres,
    Mysql,
    Mariadb,
    Mssql,
    #[default]
    Sqlite,
    Mongodb,
}

impl Engine {
    /// All engines, in the order in which they are listed to people.
    pub const ALL: [Engine; 6] =
        [Engine::Postgres, Engine::Mysql, Engine::Mariadb, Engine::Mssql, Engine::Sqlite, Engine::Mongodb];

    /// The name used in options, the API and the store.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Postgres => "postgres",
            Engine::Mysql => "mysql",
            Engine::Mariadb => "mariadb",
            Engine::Mssql => "mssql",
            Engine::Sqlite => "sqlite",
            Engine::Mongodb => "mongodb",
        }
    }

    /// Reads a name as people write it (`postgresql`, `sqlserver` ...).
    pub fn parse(text: &str) -> Option<Engine> {
        match text.to_ascii_lowercase().as_str() {
            "postgres" | "postgresql" | "pg" => Some(Engine::Postgres),
            "mysql" => Some(Engine::Mysql),
            "mariadb" => Some(Engine::Mariadb),
            "mssql" | "sqlserver" | "tsql" => Some(Engine::Mssql),
            "sqlite" | "sqlite3" => Some(Engine::Sqlite),
            "mongodb" | "mongo" => Some(Engine::Mongodb),
            _ => None,
        }
    }

    /// How an identifier of a statement is looked up: the key under which `Catalog` stores names.
    ///
    /// PostgreSQL folds unquoted names to lower case and keeps quoted ones; the others compare without case.
    pub fn fold(self, name: &str, quoted: bool) -> String {
        match self {
            Engine::Postgres if quoted => name.to_owned(),
            Engine::Postgres => name.to_lowercase(),
            Engine::Mongodb => name.to_owned(),
            Engine::Mysql | Engine::Mariadb | Engine::Mssql | Engine::Sqlite => name.to_lowercase(),
        }
    }

    /// The key of a name as it is stored in the database (always as if quoted).
    pub fn stored_key(self, name: &str) -> String {
        self.fold(name, true)
    }
}

impl std::fmt::Display for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
