//! Putting rows into a store that the migrations have just made.

use serde_json::Value as Json;

use super::cell;
use super::shape::Table;
use crate::store::db::{Conn, Dialect, Tx, args};
use crate::store::error::{Result, StoreError, StoreErrorKind};

/// Tables in which a store that nobody has used yet holds rows: what migrations and the first start put there.
const OF_A_NEW_STORE: &[&str] =
    &["settings", "workspaces", "users", "memberships", "audits", "audit_seals", "daemons"];

/// Whether nobody has used the store yet.
///
/// # Errors
/// When the store fails.
pub async fn is_empty(on: &impl Conn, tables: &[Table]) -> Result<bool> {
    for table in tables {
        // a new store has its owner, and nobody else
        let allowed = match table.name.as_str() {
            "users" => 1,
            name if OF_A_NEW_STORE.contains(&name) => continue,
            _ => 0,
        };
        let sql = format!("SELECT count(*) AS n FROM (SELECT 1 FROM \"{}\" LIMIT 2) AS few", table.name);
        if on.query_one("table", &sql, &[]).await?.int("n")? > allowed {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Lets references lead nowhere until [`check_references`]: rows come in the order of their keys. On SQLite they are off
/// for the whole transaction.
///
/// # Errors
/// When the store fails.
pub async fn put_off_references(tx: &Tx) -> Result<()> {
    if tx.dialect() == Dialect::Sqlite {
        return Ok(());
    }
    for (table, name) in references(tx).await? {
        tx.execute(
            &format!("ALTER TABLE \"{table}\" ALTER CONSTRAINT \"{name}\" DEFERRABLE INITIALLY DEFERRED"),
            &[],
        )
        .await?;
    }
    Ok(())
}

/// Checks all references, and has them checked at once from then on.
///
/// # Errors
/// When one leads nowhere.
pub async fn check_references(tx: &Tx) -> Result<()> {
    match tx.dialect() {
        Dialect::Sqlite => {
            let sql = "SELECT \"table\" AS t FROM pragma_foreign_key_check LIMIT 1";
            match tx.query_opt(sql, &[]).await? {
                None => Ok(()),
                Some(row) => {
                    let message = format!("rows of {} refer to rows that are not there", row.text("t")?);
                    Err(StoreError::new(StoreErrorKind::BrokenReference, message))
                }
            }
        }
        Dialect::Postgres => {
            tx.execute("SET CONSTRAINTS ALL IMMEDIATE", &[]).await?;
            for (table, name) in references(tx).await? {
                tx.execute(
                    &format!("ALTER TABLE \"{table}\" ALTER CONSTRAINT \"{name}\" NOT DEFERRABLE"),
                    &[],
                )
                .await?;
            }
            set_sequences(tx).await
        }
    }
}

async fn references(tx: &Tx) -> Result<Vec<(String, String)>> {
    let sql = "SELECT c.relname::text AS t, k.conname::text AS name FROM pg_constraint k \
               JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = current_schema() AND k.contype = 'f' ORDER BY 1, 2";
    let rows = tx.query(sql, &[]).await?;
    rows.iter().map(|row| Ok((row.text("t")?, row.text("name")?))).collect()
}

/// Numbers that the database gives out go on behind those that came.
async fn set_sequences(tx: &Tx) -> Result<()> {
    let sql = "SELECT c.relname::text AS t, a.attname::text AS name, \
               pg_get_serial_sequence(quote_ident(c.relname), a.attname) AS sequence FROM pg_attribute a \
               JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = current_schema() AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped \
               AND pg_get_serial_sequence(quote_ident(c.relname), a.attname) IS NOT NULL";
    for row in tx.query(sql, &[]).await? {
        let (table, name) = (row.text("t")?, row.text("name")?);
        let set = format!(
            "SELECT setval($1::text::regclass, coalesce(max(\"{name}\"), 0) + 1, false) FROM \"{table}\""
        );
        tx.query(&set, args![row.text("sequence")?]).await?;
    }
    Ok(())
}

/// Takes the rows away that migrations have put into the tables.
///
/// # Errors
/// When the store fails.
pub async fn clear(tx: &Tx, tables: &[Table]) -> Result<()> {
    for table in tables.iter().rev() {
        tx.execute(&format!("DELETE FROM \"{}\"", table.name), &[]).await?;
    }
    Ok(())
}

/// Adds rows; `columns` names what their cells are for.
///
/// # Errors
/// When a cell is not what its column takes, or the store fails.
pub async fn fill(tx: &Tx, table: &Table, rows: &[Vec<Json>]) -> Result<()> {
    let names: Vec<String> = table.columns.iter().map(|c| format!("\"{}\"", c.name)).collect();
    // a number that the database would give is taken as it comes
    let own = if tx.dialect() == Dialect::Postgres { " OVERRIDING SYSTEM VALUE" } else { "" };
    let into = format!("\"{}\" ({}){own}", table.name, names.join(", "));
    let decoded = rows.iter().map(|row| {
        let pairs = row.iter().zip(&table.columns);
        pairs.map(|(cell, column)| cell::decode(cell, column)).collect::<Result<Vec<_>>>()
    });
    tx.insert_many(&into, "", decoded.collect::<Result<Vec<_>>>()?).await
}
