//! The catalog as SQLite gives it: a constant number of statements, whatever the number of tables.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use connector_api::{ConnectorError, timed_out};
use rusqlite::{Connection, Row};

use crate::error::{When, from_sqlite};
use crate::session::{Run, Session};

/// A row of the schema table.
pub(crate) struct Stored {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) sql: String,
}

/// A relation as `pragma_table_list` gives it.
pub(crate) struct Relation {
    pub(crate) name: String,
    /// `table`, `view`, `virtual`, `shadow`.
    pub(crate) kind: String,
    pub(crate) without_rowid: bool,
}

/// A column as `pragma_table_xinfo` gives it.
pub(crate) struct ColumnFact {
    pub(crate) table: String,
    pub(crate) name: String,
    pub(crate) declared: String,
    pub(crate) not_null: bool,
    pub(crate) default: Option<String>,
    /// Place in the primary key, from 1; 0 when it is not in it.
    pub(crate) key_place: i64,
    /// 0 plain, 1 hidden, 2 generated when read, 3 generated and stored.
    pub(crate) hidden: i64,
}

/// A column pair of a foreign key.
pub(crate) struct ReferenceFact {
    pub(crate) table: String,
    pub(crate) id: i64,
    pub(crate) to_table: String,
    pub(crate) from: String,
    pub(crate) to: Option<String>,
    pub(crate) on_update: String,
    pub(crate) on_delete: String,
}

/// A key column of an index.
pub(crate) struct IndexFact {
    pub(crate) table: String,
    pub(crate) index: String,
    pub(crate) unique: bool,
    /// `c` made by CREATE INDEX, `u` by UNIQUE, `pk` by PRIMARY KEY.
    pub(crate) origin: String,
    pub(crate) partial: bool,
    /// `None` for an expression.
    pub(crate) column: Option<String>,
}

/// A line of `sqlite_stat1`.
pub(crate) struct StatFact {
    pub(crate) table: String,
    pub(crate) index: Option<String>,
    /// Rows, then rows per value of each leading part of the index.
    pub(crate) stat: String,
}

/// All of them.
#[derive(Default)]
pub(crate) struct Facts {
    pub(crate) stored: Vec<Stored>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) columns: Vec<ColumnFact>,
    pub(crate) references: Vec<ReferenceFact>,
    pub(crate) indexes: Vec<IndexFact>,
    pub(crate) stats: Vec<StatFact>,
}

/// Runs the crawl's statements one after the other and counts them.
pub(crate) struct Reader<'a> {
    pub(crate) session: &'a mut Session,
    pub(crate) run: Arc<Run>,
    pub(crate) timeout: Duration,
    pub(crate) statements: u32,
}

impl Reader<'_> {
    /// All rows of one statement of ours.
    pub(crate) fn all<T>(
        &mut self,
        sql: &str,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, ConnectorError> {
        self.run.extend(self.timeout);
        self.statements += 1;
        self.session.own(|connection| collect(connection, sql, read)).map_err(|error| self.failed(&error))
    }

    /// An error while reading: late ones are time-outs unless the caller cancelled.
    pub(crate) fn failed(&self, error: &rusqlite::Error) -> ConnectorError {
        let error = from_sqlite(error, When::Running);
        if error.kind == connector_api::ErrorKind::Cancelled && !self.run.is_cancelled() {
            return timed_out(self.timeout);
        }
        error
    }
}

fn collect<T>(
    connection: &Connection,
    sql: &str,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    connection.prepare(sql)?.query_map([], read)?.collect()
}

const COLUMNS: &str = "SELECT m.name, x.name, x.type, x.\"notnull\", x.dflt_value, x.pk, x.hidden \
     FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name, 'main') AS x";

/// Relations and their definitions.
pub(crate) fn relations(reader: &mut Reader<'_>, facts: &mut Facts) -> Result<(), ConnectorError> {
    facts.stored = reader.all("SELECT type, name, sql FROM sqlite_schema ORDER BY rowid", |row| {
        Ok(Stored {
            kind: row.get(0)?,
            name: row.get(1)?,
            sql: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
        })
    })?;
    facts.relations = reader.all(
        "SELECT name, type, wr FROM pragma_table_list \
         WHERE schema = 'main' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name",
        |row| Ok(Relation { name: row.get(0)?, kind: row.get(1)?, without_rowid: row.get(2)? }),
    )?;
    Ok(())
}

/// Columns of tables, then of views and virtual tables (which store no page of their own).
pub(crate) fn columns(reader: &mut Reader<'_>, facts: &mut Facts) -> Result<(), ConnectorError> {
    let tables = format!("{COLUMNS} WHERE m.type = 'table' AND m.rootpage > 0 ORDER BY m.rowid, x.cid");
    facts.columns = reader.all(&tables, column)?;
    let computed = "m.type IN ('table', 'view') AND m.rootpage = 0";
    let others = reader.all(&format!("{COLUMNS} WHERE {computed} ORDER BY m.rowid, x.cid"), column);
    match others {
        Ok(others) => facts.columns.extend(others),
        Err(error) if error.kind == connector_api::ErrorKind::Statement => one_by_one(reader, facts)?,
        Err(error) => return Err(error),
    }
    Ok(())
}

/// A view over a table that is gone, or a virtual table whose module is not built in, fails the statement for all of
/// them. Only then each is asked alone, and the broken ones stay without columns.
fn one_by_one(reader: &mut Reader<'_>, facts: &mut Facts) -> Result<(), ConnectorError> {
    let computed: HashSet<&str> = facts
        .relations
        .iter()
        .filter(|r| r.kind != "table" && r.kind != "shadow")
        .map(|r| r.name.as_str())
        .collect();
    let mut found = Vec::new();
    for name in computed {
        let one = format!("{COLUMNS} WHERE m.name = {} ORDER BY x.cid", text_literal(name));
        match reader.all(&one, column) {
            Ok(columns) => found.extend(columns),
            Err(error) if error.kind == connector_api::ErrorKind::Statement => {
                tracing::warn!(relation = name, "its columns cannot be read; it is left out");
            }
            Err(error) => return Err(error),
        }
    }
    facts.columns.extend(found);
    Ok(())
}

fn column(row: &Row<'_>) -> rusqlite::Result<ColumnFact> {
    Ok(ColumnFact {
        table: row.get(0)?,
        name: row.get(1)?,
        declared: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
        not_null: row.get(3)?,
        default: row.get(4)?,
        key_place: row.get(5)?,
        hidden: row.get(6)?,
    })
}

/// Foreign keys, in the order in which they are written.
pub(crate) fn references(reader: &mut Reader<'_>, facts: &mut Facts) -> Result<(), ConnectorError> {
    facts.references = reader.all(
        "SELECT m.name, f.id, f.\"table\", f.\"from\", f.\"to\", f.on_update, f.on_delete FROM sqlite_schema AS m \
         JOIN pragma_foreign_key_list(m.name, 'main') AS f WHERE m.type = 'table' AND m.rootpage > 0 \
         ORDER BY m.rowid, f.id DESC, f.seq",
        |row| {
            Ok(ReferenceFact {
                table: row.get(0)?,
                id: row.get(1)?,
                to_table: row.get(2)?,
                from: row.get(3)?,
                to: row.get(4)?,
                on_update: row.get(5)?,
                on_delete: row.get(6)?,
            })
        },
    )?;
    Ok(())
}

/// Indexes with their key columns.
pub(crate) fn indexes(reader: &mut Reader<'_>, facts: &mut Facts) -> Result<(), ConnectorError> {
    facts.indexes = reader.all(
        "SELECT m.name, i.name, i.\"unique\", i.origin, i.partial, c.name FROM sqlite_schema AS m \
         JOIN pragma_index_list(m.name, 'main') AS i JOIN pragma_index_xinfo(i.name, 'main') AS c \
         WHERE m.type = 'table' AND m.rootpage > 0 AND c.key = 1 ORDER BY m.rowid, i.name, c.seqno",
        |row| {
            Ok(IndexFact {
                table: row.get(0)?,
                index: row.get(1)?,
                unique: row.get(2)?,
                origin: row.get(3)?,
                partial: row.get(4)?,
                column: row.get(5)?,
            })
        },
    )?;
    Ok(())
}

/// What ANALYZE left, when it was ever run.
pub(crate) fn stats(reader: &mut Reader<'_>, facts: &mut Facts) -> Result<(), ConnectorError> {
    if !facts.stored.iter().any(|s| s.name == "sqlite_stat1") {
        return Ok(());
    }
    facts.stats = reader.all("SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl IS NOT NULL", |row| {
        Ok(StatFact {
            table: row.get(0)?,
            index: row.get(1)?,
            stat: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
        })
    })?;
    Ok(())
}

/// A name as a quoted identifier.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as a literal.
pub(crate) fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
