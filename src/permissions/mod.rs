//! Who may see what of a connection: grants are checked, kept and taken away, each with its audit line.

pub mod explain;

use std::collections::BTreeMap;

use guard::Policy;
use guard::policy::RowFilter;
use serde_json::json;

use crate::access::{Grant, GrantEffect, GrantTerms};
use crate::error::{Class, Error, Result};
use crate::model::{Id, clock};
use crate::sources::{Source, Sources};
use crate::store::{self, Conn, Db, Tx};

/// Longest glob, in characters.
const MAX_GLOB: usize = 300;
/// Longest condition, in bytes.
const MAX_PREDICATE: usize = 4_000;
/// Tables that a condition is tried on.
const TRIED: usize = 20;

/// Grants something, with its audit line. A condition is tried on the tables that it is for.
///
/// # Errors
/// `P001` when the parts do not fit together; `P002` when the user is no member of the workspace; `P003` when the condition
/// cannot be used; not found; a conflict when there are too many grants.
pub async fn grant(db: &Db, sources: &Sources, connection: Id, terms: GrantTerms, by: &str) -> Result<Grant> {
    check(&terms)?;
    if let Some(user) = terms.user_id
        && store::permissions::member(db, user).await?.is_none()
    {
        return Err(no_member());
    }
    store::connections::get(db, connection).await?;
    if terms.effect == GrantEffect::Filter {
        try_filter(&sources.get(connection).await?, &terms).await?;
    }
    let tx = db.begin().await?;
    store::connections::lock(&tx, connection).await?;
    let grant = store::permissions::create(&tx, connection, &terms, by).await?;
    audit(&tx, "permission.grant", &grant, json!({ "before": null, "after": grant.terms })).await?;
    tx.commit().await?;
    Ok(grant)
}

/// Takes a grant away, with its audit line.
///
/// # Errors
/// Not found.
pub async fn revoke(db: &Db, connection: Id, id: Id) -> Result<()> {
    let tx = db.begin().await?;
    let grant = store::permissions::delete(&tx, connection, id).await?;
    audit(&tx, "permission.revoke", &grant, json!({ "before": grant.terms, "after": null })).await?;
    Ok(tx.commit().await?)
}

async fn audit(tx: &Tx, action: &str, grant: &Grant, mut details: serde_json::Value) -> Result<()> {
    if let Some(fields) = details.as_object_mut() {
        fields.insert("connection".to_owned(), json!(grant.connection_id));
    }
    Ok(store::audits::add(tx, tx.by(), action, &grant.id.to_string(), details).await?)
}

/// Nobody of that key works in the workspace.
pub fn no_member() -> Error {
    Error::new("P002", Class::NotFound, "no such user is a member of the workspace")
        .hint("Name a member, or grant to a role or to everybody.")
}

/// Whether the parts of a grant fit together.
fn check(terms: &GrantTerms) -> Result<()> {
    let wrong =
        |why: &str| Err(Error::new("P001", Class::BadInput, format!("the grant cannot be kept: {why}")));
    if terms.user_id.is_some() && terms.role.is_some() {
        return wrong("it is for a user or for a role, not for both");
    }
    let globs = [&terms.schema, &terms.table, &terms.column];
    if globs.into_iter().flatten().any(|g| g.trim().is_empty() || g.chars().count() > MAX_GLOB) {
        return wrong("a glob is empty or longer than 300 characters");
    }
    if (terms.effect == GrantEffect::Mask) != terms.mask.is_some() {
        return wrong("a mask, and nothing else, says how values are replaced");
    }
    if (terms.effect == GrantEffect::Filter) != terms.predicate.is_some() {
        return wrong("a filter, and nothing else, has a condition");
    }
    if terms.effect == GrantEffect::Filter && (terms.table.is_none() || terms.column.is_some()) {
        return wrong("a filter is for tables: name a table, and no column");
    }
    if terms.predicate.as_ref().is_some_and(|p| p.trim().is_empty() || p.len() > MAX_PREDICATE) {
        return wrong("its condition is empty or longer than 4000 bytes");
    }
    if terms.expires_at.is_some_and(|end| end <= clock::now()) {
        return wrong("it would have expired already");
    }
    Ok(())
}

/// Tries a condition on the tables of the latest version that it is for; before the first crawl there are none.
async fn try_filter(source: &Source, terms: &GrantTerms) -> Result<()> {
    let (Some((_, index)), Some(predicate)) = (&source.schema, terms.predicate.clone()) else {
        return Ok(());
    };
    let table = terms.table.clone().unwrap_or_default();
    let glob =
        terms.schema.as_ref().map_or(table.clone(), |schema| format!("{schema}.{table}")).to_lowercase();
    let catalog = index.catalog().clone();
    let work = move || {
        let caller: BTreeMap<String, Option<String>> =
            ["user_id", "user_email", "role"].map(|name| (name.to_owned(), Some("1".to_owned()))).into();
        let row_filters = vec![RowFilter { table: glob.clone(), predicate }];
        let policy = Policy { row_filters, caller, ..Policy::default() };
        let fits = |t: &&catalog::Table| {
            let names = [t.name.to_lowercase(), t.full_name().to_lowercase()];
            names.iter().any(|name| guard::resolve::glob(&glob, name))
        };
        for table in catalog.snapshot().tables.iter().filter(fits).take(TRIED) {
            let Some(column) = table.columns.first() else { continue };
            let engine = catalog.engine();
            let name = |parts: &[&str]| {
                let parts = parts.iter().filter(|part| !part.is_empty()).copied();
                let name = guard::tree::ObjectName::quoted(parts);
                guard::render_expr(&guard::tree::Expr::Column(name), engine)
            };
            let sql =
                format!("SELECT {} FROM {}", name(&[&column.name]), name(&[&table.schema, &table.name]));
            if let Err(findings) = guard::check(&sql, &catalog, &policy) {
                let why = findings.first().map(ToString::to_string).unwrap_or_default();
                return Err(format!("{}: {why}", table.full_name()));
            }
        }
        Ok(())
    };
    let tried = tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Error::new("X098", Class::Internal, format!("trying the condition stopped: {e}")))?;
    tried.map_err(|why| {
        Error::new("P003", Class::BadInput, format!("the condition cannot be used on {why}"))
            .hint("It is over the table's own columns, without sub-queries; :user_id, :user_email and :role stand for the caller's.")
    })
}
