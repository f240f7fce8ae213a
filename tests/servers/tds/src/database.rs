//! One database: its file, what was defined in it, and the relations that queries see.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;

use catalog::{Engine, Snapshot, Table, TableKind, ddl};
use rusqlite::Connection;

use crate::error::{Result, SqlError};
use crate::functions;
use crate::schema::{Relation, RelationColumn, Schema};
use crate::session::Context;
use crate::sql::scope::{Writer, quote};
use crate::sql::split::Piece;
use crate::sys;
use crate::sys::facts::{Facts, folded, name_at};
use crate::sys::fill::Source;
use crate::sys::fill_types::type_of;
use crate::sys::objects::Ids;
use crate::sys::rows::{Rows, run};
use crate::sys::statistics::recount;
use crate::types::Ty;
use crate::wire::row::Column;

/// How long a statement waits for one that writes.
const BUSY: Duration = Duration::from_secs(5);

/// A database.
pub(crate) struct Database {
    pub(crate) name: String,
    path: PathBuf,
    defined: Mutex<Defined>,
    schema: RwLock<Arc<Schema>>,
    snapshots: AtomicBool,
}

/// What was defined, and the connection that writes the catalog.
struct Defined {
    lite: Connection,
    text: String,
    facts: Facts,
    ids: Ids,
    /// Whether definitions came since the catalog was filled.
    stale: bool,
    /// Tables whose rows changed since they were counted.
    uncounted: HashSet<String>,
    /// Columns of the tables that there are in SQLite.
    made: HashMap<String, Vec<String>>,
}

pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn failed(error: rusqlite::Error) -> SqlError {
    SqlError::from_sqlite(&error)
}

impl Database {
    pub(crate) fn create(name: &str, path: PathBuf) -> Result<Self> {
        let lite = open(&path)?;
        run(&lite, "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF")?;
        for relation in sys::relations() {
            let columns: Vec<String> = relation
                .columns
                .iter()
                .map(|c| format!("{} {}", quote(&c.column.name), c.column.ty.affinity()))
                .collect();
            run(&lite, &format!("CREATE TABLE {} ({})", quote(&relation.full_name()), columns.join(", ")))?;
        }
        for key in ["columns", "objects", "index_columns", "types", "dm_db_stats_histogram"] {
            let of = if key == "types" { "user_type_id" } else { "object_id" };
            run(&lite, &format!("CREATE INDEX \"by_{key}\" ON \"sys.{key}\" ({of})"))?;
        }
        let defined = Defined {
            lite,
            text: String::new(),
            facts: Facts::default(),
            ids: Ids::default(),
            stale: true,
            uncounted: HashSet::new(),
            made: HashMap::new(),
        };
        let schema = RwLock::new(Arc::new(sys::schema()));
        Ok(Database {
            name: name.to_owned(),
            path,
            defined: Mutex::new(defined),
            schema,
            snapshots: AtomicBool::new(false),
        })
    }

    /// A connection for a session.
    pub(crate) fn connect(&self) -> Result<Connection> {
        open(&self.path)
    }

    /// Whether transactions may ask for a snapshot.
    pub(crate) fn allow_snapshots(&self, on: bool) {
        self.snapshots.store(on, Ordering::SeqCst);
        self.refill();
    }

    pub(crate) fn snapshots(&self) -> bool {
        self.snapshots.load(Ordering::SeqCst)
    }

    /// Lets the catalog be filled again: logins or databases changed.
    pub(crate) fn refill(&self) {
        locked(&self.defined).stale = true;
    }

    /// Takes a definition in; it comes into force with the next statement that is none.
    pub(crate) fn define(&self, piece: &Piece) -> Result<()> {
        let mut defined = locked(&self.defined);
        defined.stale = true;
        defined.facts.note(piece);
        let words: Vec<&str> = piece.tokens.iter().take(2).map(|t| t.text.as_str()).collect();
        match words.as_slice() {
            [a, b] if a.eq_ignore_ascii_case("DROP") && b.eq_ignore_ascii_case("TABLE") => {
                drop_tables(&mut defined, piece)?;
            }
            [_, b] if b.to_lowercase().ends_with("sp_rename") => return rename(&mut defined, piece),
            _ => {}
        }
        let text = piece.text.replace("sp_updateextendedproperty", "sp_addextendedproperty");
        defined.text.push_str(&text);
        defined.text.push_str("\nGO\n");
        Ok(())
    }

    /// Remembers that a table's rows changed.
    pub(crate) fn changed(&self, table: &str) {
        locked(&self.defined).uncounted.insert(table.to_owned());
    }

    /// The relations as they are now. Definitions that came are carried out, and counts are made if they are asked for.
    pub(crate) fn schema(&self, context: &Context, counted: bool) -> Result<Arc<Schema>> {
        let mut defined = locked(&self.defined);
        if defined.stale {
            let schema = Arc::new(defined.carry_out(context)?);
            *self.schema.write().unwrap_or_else(PoisonError::into_inner) = schema;
            defined.stale = false;
        }
        let schema = Arc::clone(&self.schema.read().unwrap_or_else(PoisonError::into_inner));
        if counted {
            for name in std::mem::take(&mut defined.uncounted) {
                let Some((in_schema, table)) = name.split_once('.') else { continue };
                if let Some(relation) = schema.find(&[in_schema.to_owned(), table.to_owned()], &self.name) {
                    let object = defined.ids.of(&name);
                    recount(&defined.lite, &relation, object)?;
                }
            }
        }
        Ok(schema)
    }

    /// The name of an object by its number, `schema.name`.
    pub(crate) fn object_name(&self, id: i64) -> Option<String> {
        locked(&self.defined).ids.name(id).map(str::to_owned)
    }

    /// The number of an object by its name.
    pub(crate) fn object_id(&self, name: &str) -> Option<i64> {
        let tokens = crate::sql::lex::tokens(name);
        let (parts, _) = name_at(&tokens)?;
        let schema = Arc::clone(&self.schema.read().unwrap_or_else(PoisonError::into_inner));
        let relation = schema.find(&[parts.0, parts.1], &self.name)?;
        Some(locked(&self.defined).ids.of(&relation.full_name()))
    }
}

fn open(path: &PathBuf) -> Result<Connection> {
    let lite = Connection::open(path).map_err(failed)?;
    lite.busy_timeout(BUSY).map_err(failed)?;
    lite.set_prepared_statement_cache_capacity(64);
    functions::add(&lite).map_err(failed)?;
    Ok(lite)
}

fn drop_tables(defined: &mut Defined, piece: &Piece) -> Result<()> {
    let after = piece.tokens.iter().position(|t| t.is("EXISTS")).map_or(2, |at| at + 1);
    let rest = piece.tokens.get(after..).unwrap_or_default();
    for part in rest.split(|t| t.is(",")) {
        if let Some((name, _)) = name_at(part) {
            let full = format!("{}.{}", name.0, name.1);
            let stored = defined.made.keys().find(|k| k.eq_ignore_ascii_case(&full)).cloned();
            if let Some(stored) = stored {
                run(&defined.lite, &format!("DROP TABLE IF EXISTS {}", quote(&stored)))?;
                defined.made.remove(&stored);
            }
            defined.facts.statistics.retain(|n| *n != folded(&name));
        }
    }
    Ok(())
}

/// `EXEC sp_rename 'dbo.t.c', 'new', 'COLUMN'`, and of a table without the last word.
fn rename(defined: &mut Defined, piece: &Piece) -> Result<()> {
    use crate::sql::lex::{Kind, tokens};
    let texts: Vec<&str> =
        piece.tokens.iter().filter(|t| t.kind == Kind::Text).map(|t| t.text.as_str()).collect();
    let [from, to, kind @ ..] = texts.as_slice() else { return Err(SqlError::syntax("sp_rename")) };
    let parts: Vec<String> = tokens(from).into_iter().filter(|t| t.is_name()).map(|t| t.text).collect();
    let column = kind.first().is_some_and(|k| k.eq_ignore_ascii_case("COLUMN"));
    let (table, old) = match (column, parts.as_slice()) {
        (true, [schema, table, column]) => ((schema.clone(), table.clone()), column.clone()),
        (true, [table, column]) => (("dbo".to_owned(), table.clone()), column.clone()),
        (false, [schema, table]) => ((schema.clone(), table.clone()), String::new()),
        (false, [table]) => (("dbo".to_owned(), table.clone()), String::new()),
        _ => return Err(SqlError::syntax(from)),
    };
    let full = format!("{}.{}", table.0, table.1);
    let Some(stored) = defined.made.keys().find(|k| k.eq_ignore_ascii_case(&full)).cloned() else {
        return Err(SqlError::new(15_225, format!("No item by the name of '{from}' could be found.")));
    };
    if column {
        let change = format!("ALTER TABLE {} RENAME COLUMN {} TO {}", quote(&stored), quote(&old), quote(to));
        run(&defined.lite, &change)?;
        if let Some(columns) = defined.made.get_mut(&stored) {
            columns.iter_mut().filter(|c| c.eq_ignore_ascii_case(&old)).for_each(|c| (*to).clone_into(c));
        }
    } else {
        let new = format!("{}.{to}", table.0);
        run(&defined.lite, &format!("ALTER TABLE {} RENAME TO {}", quote(&stored), quote(&new)))?;
        if let Some(columns) = defined.made.remove(&stored) {
            defined.made.insert(new, columns);
        }
    }
    defined.facts.renames.push((folded(&table), old, (*to).to_owned()));
    Ok(())
}

impl Defined {
    fn carry_out(&mut self, context: &Context) -> Result<Schema> {
        let mut snapshot = ddl::read(&self.text, Engine::Mssql).snapshot;
        self.renamed(&mut snapshot);
        let mut schema = sys::schema();
        for own in &self.facts.types {
            let (name, base) = (own.name.to_lowercase(), own.base.clone());
            schema.types.insert(format!("{}.{name}", own.schema.to_lowercase()), base.clone());
            schema.types.insert(name, base);
        }
        for table in &snapshot.tables {
            let relation = self.relation(table);
            if relation.view.is_none() {
                self.make(table, &relation)?;
            }
            schema.add(relation);
        }
        let schema = self.with_view_types(schema, &snapshot, context);
        let transaction = self.lite.unchecked_transaction().map_err(failed)?;
        let rows = Rows::fresh(&self.lite)?;
        let ids = &mut self.ids;
        context.shared.access.fill(&rows, context, &mut |name| ids.of(name))?;
        let source = Source { snapshot: &snapshot, facts: &self.facts, schema: &schema, ids: &mut self.ids };
        sys::fill::fill(&self.lite, &rows, source)?;
        transaction.commit().map_err(failed)?;
        Ok(schema)
    }

    fn renamed(&self, snapshot: &mut Snapshot) {
        for ((schema, name), old, new) in &self.facts.renames {
            let same = |s: &str, n: &str| s.to_lowercase() == *schema && n.to_lowercase() == *name;
            for table in &mut snapshot.tables {
                for key in table.foreign_keys.iter_mut().filter(|k| same(&k.to_schema, &k.to_table)) {
                    if old.is_empty() {
                        key.to_table.clone_from(new);
                    }
                    rename_in(&mut key.to_columns, old, new);
                }
                if !same(&table.schema, &table.name) {
                    continue;
                }
                if old.is_empty() {
                    table.name.clone_from(new);
                    continue;
                }
                table.columns.iter_mut().filter(|c| c.name == *old).for_each(|c| c.name.clone_from(new));
                table.primary_key.iter_mut().for_each(|k| rename_in(&mut k.columns, old, new));
                table.unique_keys.iter_mut().for_each(|k| rename_in(&mut k.columns, old, new));
                table.indexes.iter_mut().for_each(|i| rename_in(&mut i.columns, old, new));
                table.foreign_keys.iter_mut().for_each(|k| rename_in(&mut k.columns, old, new));
            }
        }
    }

    fn relation(&self, table: &Table) -> Relation {
        let columns = table.columns.iter().map(|c| {
            let identity = c.generated.as_deref() == Some("identity");
            let column = Column {
                name: c.name.clone(),
                ty: type_of(&c.native_type, &self.facts),
                nullable: c.nullable,
                identity,
            };
            let computed = c.generated.clone().filter(|_| !identity);
            RelationColumn { column, computed, default: c.default.clone() }
        });
        let key = (table.schema.to_lowercase(), table.name.to_lowercase());
        let module = self.facts.modules.get(&key).filter(|_| table.kind == TableKind::View);
        Relation {
            schema: table.schema.clone(),
            name: table.name.clone(),
            columns: columns.collect(),
            view: module.and_then(|m| m.query.clone()),
            view_columns: module.map(|m| m.columns.clone()).unwrap_or_default(),
        }
    }

    /// The columns that views and computed columns really have.
    fn with_view_types(&self, schema: Schema, snapshot: &Snapshot, context: &Context) -> Schema {
        let known = Arc::new(schema.clone());
        let mut schema = schema;
        let variables = HashMap::new();
        for table in &snapshot.tables {
            let Some(relation) = known.find(&[table.schema.clone(), table.name.clone()], "") else {
                continue;
            };
            let computed = relation.columns.iter().any(|c| c.computed.is_some());
            if relation.view.is_none() && !computed {
                continue;
            }
            let mut writer = Writer {
                schema: &known,
                context,
                variables: &variables,
                with: Vec::new(),
                depth: 0,
                touched: Vec::new(),
            };
            let mut relation = Relation::clone(&relation);
            if relation.view.is_some() {
                if let Ok((_, columns)) = writer.relation(&relation) {
                    let plain = |column| RelationColumn { column, computed: None, default: None };
                    relation.columns = columns.into_iter().map(plain).collect();
                }
            } else {
                writer.computed_types(&mut relation);
            }
            schema.add(relation);
        }
        schema
    }

    /// Makes a table in SQLite, or gives it the columns that came and takes those that went.
    fn make(&mut self, table: &Table, relation: &Relation) -> Result<()> {
        let full = relation.full_name();
        let stored: Vec<&RelationColumn> = relation.columns.iter().filter(|c| c.computed.is_none()).collect();
        let names: Vec<String> = stored.iter().map(|c| c.column.name.clone()).collect();
        let lite = &self.lite;
        if let Some(made) = self.made.get(&full) {
            for column in stored.iter().filter(|c| !made.contains(&c.column.name)) {
                let (name, ty) = (quote(&column.column.name), column.column.ty.affinity());
                run(lite, &format!("ALTER TABLE {} ADD COLUMN {name} {ty}", quote(&full)))?;
            }
            for gone in made.iter().filter(|m| !names.contains(m)) {
                run(lite, &format!("ALTER TABLE {} DROP COLUMN {}", quote(&full), quote(gone)))?;
            }
            self.made.insert(full, names);
            return Ok(());
        }
        let key = table.primary_key.as_ref().map(|k| k.columns.clone()).unwrap_or_default();
        let mut parts = Vec::new();
        for RelationColumn { column, .. } in &stored {
            let alone = matches!(key.as_slice(), [only] if only.eq_ignore_ascii_case(&column.name));
            let mut part = format!("{} {}", quote(&column.name), column.ty.affinity());
            if alone && column.ty.is_integer() && column.ty != Ty::Bit {
                part = format!("{} INTEGER PRIMARY KEY", quote(&column.name));
            } else if !column.nullable && !column.identity {
                part.push_str(" NOT NULL");
            }
            parts.push(part);
        }
        let list = |columns: &[String]| columns.iter().map(|c| quote(c)).collect::<Vec<_>>().join(", ");
        if !key.is_empty() && !parts.iter().any(|p| p.ends_with("INTEGER PRIMARY KEY")) {
            parts.push(format!("PRIMARY KEY ({})", list(&key)));
        }
        run(lite, &format!("CREATE TABLE {} ({})", quote(&full), parts.join(", ")))?;
        self.made.insert(full, names);
        Ok(())
    }
}

fn rename_in(columns: &mut [String], old: &str, new: &str) {
    columns.iter_mut().filter(|c| c.as_str() == old).for_each(|c| new.clone_into(c));
}
