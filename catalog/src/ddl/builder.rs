//! What has been read so far, and how names lead to it.

use std::collections::HashMap;

use super::cursor::ObjectName;
use crate::{Engine, Routine, Schema, Table, TypeClass};

/// A user-defined type.
#[derive(Debug, Clone)]
pub(super) enum UserType {
    /// Its labels.
    Enum(Vec<String>),
    /// The type below a domain.
    Domain(String),
}

/// A view whose columns are worked out when all tables are known.
pub(super) struct PendingView {
    pub table: usize,
    pub query: String,
    pub named: Vec<String>,
    pub default_schema: String,
}

/// The catalog in the making.
pub(super) struct Builder {
    pub engine: Engine,
    pub database: String,
    pub default_schema: String,
    pub set_path: Vec<String>,
    pub schemas: Vec<Schema>,
    /// `None` where a table was dropped again.
    pub tables: Vec<Option<Table>>,
    pub routines: Vec<Routine>,
    pub types: HashMap<String, UserType>,
    pub views: Vec<PendingView>,
    /// Partitions that are folded into their parent, by key.
    pub folded: HashMap<(String, String), usize>,
    by_name: HashMap<(String, String), usize>,
}

/// The schema of names that name none.
pub(super) fn default_schema(engine: Engine) -> &'static str {
    match engine {
        Engine::Postgres => "public",
        Engine::Mssql => "dbo",
        Engine::Sqlite => "main",
        Engine::Mysql | Engine::Mariadb | Engine::Mongodb => "",
    }
}

impl Builder {
    pub fn new(engine: Engine) -> Builder {
        Builder {
            engine,
            database: String::new(),
            default_schema: default_schema(engine).to_owned(),
            set_path: Vec::new(),
            schemas: Vec::new(),
            tables: Vec::new(),
            routines: Vec::new(),
            types: HashMap::new(),
            views: Vec::new(),
            folded: HashMap::new(),
            by_name: HashMap::new(),
        }
    }

    /// The schema that a name means.
    pub fn schema_of(&self, name: &ObjectName) -> String {
        name.schema.clone().unwrap_or_else(|| self.default_schema.clone())
    }

    fn key(&self, schema: &str, name: &str) -> (String, String) {
        (self.engine.stored_key(schema), self.engine.stored_key(name))
    }

    /// Where a table stands; an unqualified name is also looked for in the engine's default schema.
    pub fn position(&self, name: &ObjectName) -> Option<usize> {
        let found = |schema: &str| self.by_name.get(&self.key(schema, &name.name)).copied();
        match &name.schema {
            Some(schema) => found(schema),
            None => found(&self.default_schema)
                .or_else(|| found(default_schema(self.engine)))
                .or_else(|| self.set_path.iter().find_map(|s| found(s))),
        }
    }

    /// The table of that name.
    pub fn table(&self, name: &ObjectName) -> Option<&Table> {
        self.tables.get(self.position(name)?)?.as_ref()
    }

    /// The table of that name, to change it. A partition leads nowhere: it is folded.
    pub fn table_mut(&mut self, name: &ObjectName) -> Option<&mut Table> {
        let position = self.position(name)?;
        self.tables.get_mut(position)?.as_mut()
    }

    /// Whether the name is that of a folded partition.
    pub fn is_folded(&self, name: &ObjectName) -> bool {
        self.folded.contains_key(&self.key(&self.schema_of(name), &name.name))
    }

    /// Adds a table; one of the same name is replaced.
    pub fn put(&mut self, table: Table) -> usize {
        let key = self.key(&table.schema, &table.name);
        if let Some(old) = self.by_name.get(&key) {
            let old = *old;
            self.views.retain(|v| v.table != old);
            if let Some(slot) = self.tables.get_mut(old) {
                *slot = Some(table);
            }
            return old;
        }
        self.tables.push(Some(table));
        let position = self.tables.len() - 1;
        self.by_name.insert(key, position);
        position
    }

    /// Takes a table away.
    pub fn remove(&mut self, name: &ObjectName) -> Option<Table> {
        let position = self.position(name)?;
        let table = self.tables.get_mut(position)?.take()?;
        self.by_name.remove(&self.key(&table.schema, &table.name));
        self.views.retain(|v| v.table != position);
        Some(table)
    }

    /// Makes `child` a partition of `parent`: it is counted there and is no table of its own.
    pub fn fold(&mut self, child: &ObjectName, parent: &ObjectName, leaf: bool) -> Option<()> {
        let position = self
            .position(parent)
            .or_else(|| self.folded.get(&self.key(&self.schema_of(parent), &parent.name)).copied())?;
        self.remove(child);
        let key = self.key(&self.schema_of(child), &child.name);
        self.folded.insert(key, position);
        let table = self.tables.get_mut(position)?.as_mut()?;
        if leaf {
            table.partitioning.get_or_insert_default().partitions += 1;
        }
        Some(())
    }

    /// The key under which a type is kept.
    pub fn type_key(name: &str) -> String {
        name.rsplit('.').next().unwrap_or(name).trim_matches('"').to_lowercase()
    }

    /// Class, element class and labels of a type, user-defined ones included.
    pub fn classify(&self, native: &str) -> (TypeClass, Option<TypeClass>, Vec<String>) {
        self.classify_deep(native, 0)
    }

    fn classify_deep(&self, native: &str, depth: u8) -> (TypeClass, Option<TypeClass>, Vec<String>) {
        let (class, element) = crate::types::classify(self.engine, native);
        let array = class == TypeClass::Array;
        let name = native.split(['[', '(']).next().unwrap_or_default();
        if depth > 8 || (class != TypeClass::Other && element != Some(TypeClass::Other)) {
            return (class, element, Vec::new());
        }
        match self.types.get(&Self::type_key(name.trim())) {
            Some(UserType::Enum(_)) if array => (class, Some(TypeClass::Enum), Vec::new()),
            Some(UserType::Enum(labels)) => (TypeClass::Enum, None, labels.clone()),
            Some(UserType::Domain(below)) if array => {
                (class, Some(self.classify_deep(below, depth + 1).0), Vec::new())
            }
            Some(UserType::Domain(below)) => self.classify_deep(below, depth + 1),
            None => (class, element, Vec::new()),
        }
    }

    /// Notes a schema, once.
    pub fn add_schema(&mut self, name: &str) -> Option<&mut Schema> {
        let key = self.engine.stored_key(name);
        let engine = self.engine;
        let found = self.schemas.iter().position(|s| engine.stored_key(&s.name) == key);
        if found.is_none() {
            self.schemas.push(Schema { name: name.to_owned(), comment: None });
        }
        let last = self.schemas.len().saturating_sub(1);
        self.schemas.get_mut(found.unwrap_or(last))
    }
}
