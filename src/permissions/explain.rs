//! What somebody may see of a connection, and why: for those who keep the grants.

use guard::resolve::{Visibility, glob, visible_catalog};
use serde::Serialize;
use utoipa::ToSchema;

use super::no_member;
use crate::access::{Grant, Holder, Merged, WorkspaceRole};
use crate::error::{Class, Error, Result};
use crate::model::Id;
use crate::sources::{self, Sources};
use crate::store::{self, Db};

/// Tables that are told at the most.
const TABLES: usize = 200;

/// What a user may see.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Explained {
    /// The user.
    #[schema(value_type = String, format = Uuid)]
    pub user_id: Id,
    /// The user's role in the workspace.
    pub role: Option<WorkspaceRole>,
    /// Whether what no grant gives is not there.
    pub closed: bool,
    /// The grants that hold for the user now, filters left out.
    pub grants: Vec<Grant>,
    /// Tables of the latest schema version, 200 at the most.
    pub tables: Vec<ExplainedTable>,
    /// Whether there are more tables.
    pub cut: bool,
}

/// What a user may see of a table.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExplainedTable {
    /// Schema.
    pub schema: String,
    /// Table.
    pub table: String,
    /// Whether it is there for the user.
    pub exists: bool,
    /// What decided.
    pub why: String,
    /// Conditions that its rows must meet.
    pub filters: Vec<String>,
    /// Columns that are hidden or masked.
    pub columns: Vec<ExplainedColumn>,
}

/// What a user may see of a column that is not shown as it is stored.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ExplainedColumn {
    /// Column.
    pub column: String,
    /// `hidden`, or how it is masked.
    pub seen: String,
    /// What decided.
    pub why: String,
}

/// What a member may see of a connection now, and why; of tables whose name fits a glob, where there is one.
///
/// # Errors
/// Not found; `P002` when the user is no member of the workspace; `X001` before the first crawl.
pub async fn explain(
    db: &Db,
    sources: &Sources,
    connection: Id,
    user: Id,
    table: Option<&str>,
) -> Result<Explained> {
    let holder = store::permissions::member(db, user).await?.ok_or_else(no_member)?;
    let source = sources.get(connection).await?;
    let (_, index) = source.catalog()?;
    let merged = sources::held_for(db, &source.connection, holder.clone()).await?;
    let (catalog, wanted) = (index.catalog().clone(), table.map(str::to_lowercase));
    tokio::task::spawn_blocking(move || told(&catalog, merged, &holder, wanted.as_deref()))
        .await
        .map_err(|e| Error::new("X098", Class::Internal, format!("explaining stopped: {e}")))
}

fn told(catalog: &catalog::Catalog, merged: Merged, holder: &Holder, wanted: Option<&str>) -> Explained {
    let seen = visible_catalog(catalog, &merged.policy);
    let visibility = Visibility::new(&merged.policy);
    let fits = |t: &&catalog::Table| {
        let names = [t.name.to_lowercase(), t.full_name().to_lowercase()];
        wanted.is_none_or(|wanted| names.iter().any(|name| glob(wanted, name)))
    };
    let fitting: Vec<_> = catalog.snapshot().tables.iter().filter(fits).take(TABLES + 1).collect();
    let one = |table: &&catalog::Table| {
        let left = seen.snapshot().table(&table.schema, &table.name);
        let column = |column: &catalog::Column| {
            let kept = left.is_some_and(|t| t.column(&column.name).is_some());
            let seen = match (kept, visibility.mask(table, column)) {
                (true, None) => return None,
                (true, Some(how)) => serde_json::to_string(&how).unwrap_or_default().replace('"', ""),
                (false, _) => "hidden".to_owned(),
            };
            let why = why(&merged, table, Some(&column.name));
            Some(ExplainedColumn { column: column.name.clone(), seen, why })
        };
        ExplainedTable {
            schema: table.schema.clone(),
            table: table.name.clone(),
            exists: left.is_some(),
            why: why(&merged, table, None),
            filters: visibility.filters(table).map(str::to_owned).collect(),
            columns: left.iter().flat_map(|_| table.columns.iter().filter_map(column)).collect(),
        }
    };
    Explained {
        user_id: holder.user,
        role: holder.role,
        closed: merged.policy.grants.closed,
        tables: fitting.iter().take(TABLES).map(one).collect(),
        cut: fitting.len() > TABLES,
        grants: merged.grants,
    }
}

/// The grants that decide, or the default; the connection's own policy may take more.
fn why(merged: &Merged, table: &catalog::Table, column: Option<&str>) -> String {
    let deciding = merged.policy.grants.deciding(table, column);
    let grants: Vec<String> = deciding
        .iter()
        .filter_map(|at| merged.grants.get(*at))
        .map(|grant| format!("{} {}", grant.terms.effect.as_str(), grant.id))
        .collect();
    match (grants.is_empty(), merged.policy.grants.closed) {
        (false, _) => grants.join(", "),
        (true, true) => "the connection is closed and no grant covers it".to_owned(),
        (true, false) => "the connection is open; what its own policy takes is gone".to_owned(),
    }
}
