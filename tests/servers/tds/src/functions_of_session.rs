//! Functions of SQLite whose answers depend on who asks.

use std::sync::Arc;

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;
use rusqlite::types::Value;

use crate::database::Database;
use crate::error::{Result, SqlError};
use crate::session::Context;
use crate::wire::value::text_of;

fn failed(error: rusqlite::Error) -> SqlError {
    SqlError::from_sqlite(&error)
}

/// Gives them to the connection of a session.
pub(crate) fn add(lite: &Connection, context: &Context, database: &Arc<Database>) -> Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8;
    let known = Arc::clone(database);
    lite.create_scalar_function("tds_object_id", 1, flags, move |c| {
        Ok(text_of(c.get_raw(0)).and_then(|name| known.object_id(&name)))
    })
    .map_err(failed)?;
    let shared = Arc::clone(&context.shared);
    lite.create_scalar_function("tds_db_id", 1, flags, move |c| {
        Ok(text_of(c.get_raw(0)).and_then(|name| shared.database_id(&name)))
    })
    .map_err(failed)?;
    let shared = Arc::clone(&context.shared);
    lite.create_scalar_function("tds_db_name", 1, flags, move |c| {
        let number = text_of(c.get_raw(0)).and_then(|n| n.parse().ok());
        Ok(number.and_then(|n| shared.database_name(n)))
    })
    .map_err(failed)?;
    lite.create_scalar_function("tds_suser_sname", 1, flags, |_| Ok(Value::Null)).map_err(failed)?;
    let shared = Arc::clone(&context.shared);
    lite.create_scalar_function("tds_has_dbaccess", 1, flags, move |c| {
        Ok(text_of(c.get_raw(0)).map(|name| i32::from(shared.database_id(&name).is_some())))
    })
    .map_err(failed)?;
    let (shared, user, name) = (Arc::clone(&context.shared), context.user.clone(), context.database.clone());
    lite.create_scalar_function("tds_has_perms", 4, flags, move |c| {
        let text = |at| text_of(c.get_raw(at)).unwrap_or_default();
        let column = text_of(c.get_raw(3));
        Ok(shared.access.has(&user, &name, (&text(0), &text(1), &text(2), column.as_deref())))
    })
    .map_err(failed)?;
    let (shared, known, user) = (Arc::clone(&context.shared), Arc::clone(database), context.user.clone());
    lite.create_scalar_function("tds_visible", 1, flags, move |c| {
        let number = text_of(c.get_raw(0)).and_then(|n| n.parse().ok()).unwrap_or(0);
        let named = known.object_name(number);
        let seen = named
            .as_deref()
            .and_then(|n| n.split_once('.'))
            .is_none_or(|o| shared.access.sees(&user, &known.name, o));
        Ok(i32::from(seen))
    })
    .map_err(failed)?;
    let (shared, user, name) = (Arc::clone(&context.shared), context.user.clone(), context.database.clone());
    lite.create_scalar_function("tds_is_rolemember", 2, flags, move |c| {
        let Some(role) = text_of(c.get_raw(0)) else { return Ok(None) };
        let member = text_of(c.get_raw(1)).unwrap_or_else(|| user.clone());
        Ok(shared.access.is_member(&name, &role, &member))
    })
    .map_err(failed)?;
    let (shared, login) = (Arc::clone(&context.shared), context.login.clone());
    lite.create_scalar_function("tds_is_srvrolemember", 2, flags, move |c| {
        let Some(role) = text_of(c.get_raw(0)) else { return Ok(None) };
        let member = text_of(c.get_raw(1)).unwrap_or_else(|| login.clone());
        Ok(shared.access.in_server_role(&role, &member))
    })
    .map_err(failed)
}
