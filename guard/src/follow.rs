//! Following a schema's changes: a statement that was right before is written anew for what its tables and columns are
//! called and hold now.
//!
//! Names are followed where they are resolved, in the older catalog, so that a name is replaced where it means the
//! renamed column and nowhere else. What comes out keeps its column names: a renamed column gets its old name as alias.
//! The result is text that has proven nothing: it goes through [`crate::check`] against the newer catalog.

use std::collections::BTreeMap;

use catalog::{Catalog, Column, Engine, Table, TypeClass};

use crate::finding::Finding;
use crate::policy::Policy;
use crate::resolve::{ColumnRef, Entry, Field, followed};
use crate::tree::{Expr, Ident, TypeName};
use crate::{fault, parse, render, stack};

/// A column of the older catalog: schema, table, column.
type ColumnKey = (String, String, String);

/// What moved between two catalogs, by the names of the older one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Moves {
    tables: BTreeMap<(String, String), (String, String)>,
    columns: BTreeMap<ColumnKey, String>,
    casts: BTreeMap<ColumnKey, TypeName>,
}

impl Moves {
    /// Whether nothing moved.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty() && self.columns.is_empty() && self.casts.is_empty()
    }

    /// A table, as schema and name, is called something else.
    pub fn table(&mut self, old: (&str, &str), new: (&str, &str)) {
        self.tables.insert((old.0.to_owned(), old.1.to_owned()), (new.0.to_owned(), new.1.to_owned()));
    }

    /// A column is called something else.
    pub fn column(&mut self, schema: &str, table: &str, old: &str, new: &str) {
        self.columns.insert((schema.to_owned(), table.to_owned(), old.to_owned()), new.to_owned());
    }

    /// A column has another type: its values are converted to the older one. Gives whether that type can be written.
    pub fn cast(&mut self, engine: Engine, schema: &str, table: &str, column: &Column) -> bool {
        let Some(to) = castable(engine, column) else { return false };
        self.casts.insert((schema.to_owned(), table.to_owned(), column.name.clone()), to);
        true
    }

    /// What a table is called now, when that is something else.
    pub(crate) fn of_table(&self, table: &Table) -> Option<&(String, String)> {
        self.tables.get(&(table.schema.clone(), table.name.clone()))
    }

    /// What a column is called now and what it must be converted to, when it is named as the table itself names it.
    pub(crate) fn of_column(&self, entry: &Entry<'_>, field: &Field<'_>) -> Option<Step> {
        let table = entry.table?;
        if entry.fields.iter().take(entry.named_anew).any(|f| f.key == field.key) {
            return None;
        }
        let [ColumnRef { index, .. }] = field.info.lineage.as_slice() else { return None };
        let column = table.columns.get(*index).filter(|c| c.name == field.name)?;
        let key = (table.schema.clone(), table.name.clone(), column.name.clone());
        let step = Step {
            old: column.name.clone(),
            new: self.columns.get(&key).cloned(),
            cast: self.casts.get(&key).cloned(),
        };
        (step.new.is_some() || step.cast.is_some()).then_some(step)
    }
}

/// What happens to one mention of a column.
#[derive(Debug, Clone)]
pub(crate) struct Step {
    /// Its name before.
    pub(crate) old: String,
    new: Option<String>,
    cast: Option<TypeName>,
}

impl Step {
    /// Puts it into the tree; gives the old name.
    pub(crate) fn apply(self, expr: &mut Expr) -> String {
        if let (Some(new), Expr::Column(name)) = (self.new, &mut *expr)
            && let Some(last) = name.0.last_mut()
        {
            let span = last.span;
            *last = Ident { span, ..Ident::quoted(new) };
        }
        if let Some(to) = self.cast {
            let column = std::mem::replace(expr, Expr::Row(Vec::new()));
            *expr = Expr::Cast { expr: Box::new(column), to, try_cast: false };
        }
        self.old
    }
}

/// Writes a statement anew. Its names are looked up in the older catalog.
///
/// # Errors
/// What refuses the statement against the older catalog.
pub fn follow(sql: &str, older: &Catalog, policy: &Policy, moves: &Moves) -> Result<String, Vec<Finding>> {
    fault::contained(|| {
        let source = parse::read(sql, older.engine(), policy).map_err(|f| vec![f])?;
        let size = source.size;
        stack::with_room(size, || {
            let mut query = parse::parse(source).map_err(|f| vec![f])?;
            followed(&mut query, older, policy, moves)?;
            Ok(render::render(&query, older.engine()))
        })
    })
}

/// The type of a cast that gives what the column held.
fn castable(engine: Engine, column: &Column) -> Option<TypeName> {
    let native = column.native_type.to_lowercase();
    let plain = |name: &str| Some(TypeName::simple(name));
    match engine {
        Engine::Mysql | Engine::Mariadb => match column.class {
            TypeClass::Integer if native.contains("unsigned") => plain("unsigned"),
            TypeClass::Integer | TypeClass::Boolean => plain("signed"),
            TypeClass::Decimal => Some(TypeName { name: "decimal".to_owned(), ..written(&native)? }),
            TypeClass::Float => plain("double"),
            TypeClass::Text | TypeClass::Enum => plain("char"),
            TypeClass::Date => plain("date"),
            TypeClass::Time => plain("time"),
            TypeClass::Timestamp | TypeClass::TimestampTz => plain("datetime"),
            TypeClass::Json => plain("json"),
            _ => None,
        },
        Engine::Sqlite => match column.class {
            TypeClass::Integer | TypeClass::Boolean => plain("integer"),
            TypeClass::Float => plain("real"),
            TypeClass::Decimal => plain("numeric"),
            TypeClass::Text => plain("text"),
            _ => None,
        },
        Engine::Postgres | Engine::Mssql => written(&native),
        Engine::Mongodb => None,
    }
}

/// A type's text as a name with its numbers: `numeric(12,2)`, `timestamp(3) with time zone`, `integer[]`.
fn written(native: &str) -> Option<TypeName> {
    let mut name = native.trim().to_owned();
    let mut dims = 0_u8;
    while let Some(element) = name.strip_suffix("[]") {
        name = element.trim_end().to_owned();
        dims = dims.checked_add(1)?;
    }
    let mut args = Vec::new();
    if let Some((before, rest)) = name.clone().split_once('(') {
        let (inside, after) = rest.split_once(')')?;
        args = inside.split(',').map(|n| n.trim().parse().ok()).collect::<Option<Vec<u32>>>()?;
        name = format!("{} {}", before.trim_end(), after.trim_start()).trim_end().to_owned();
    }
    let wordy = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == ' ' || c == '_');
    wordy.then_some(TypeName { name, args, dims })
}
