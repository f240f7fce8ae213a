//! References between collections, proposed from names and DBRefs and looked for among values. Nothing in MongoDB
//! declares one.

use std::time::Duration;

use bson::{Bson, Document, doc};
use catalog::{ForeignKey, Inference, Table, TableKind, TypeClass};
use connector_api::{ConnectorError, ErrorKind};
use mongodb::Database;

use super::field::Field;
use crate::error::{While, from_driver};

/// Looks into other collections, in all, at the most.
const PROBES: usize = 200;
/// The best score, in hundredths: what is concluded is never as sure as what is declared.
const MOST: f64 = 95.0;
/// The longest one.
const TIMEOUT: Duration = Duration::from_secs(2);

/// A field that may refer: its table and column, the collections that DBRefs name, some values.
pub(super) struct Candidate {
    table: String,
    column: String,
    targets: Vec<(String, u64)>,
    present: u64,
    examples: Vec<Bson>,
}

impl Candidate {
    /// What of a field is needed; `None` when its name and values say nothing of a reference.
    pub(super) fn of(table: &str, column: &str, field: &Field) -> Option<Candidate> {
        if field.targets.is_empty() && stem(column).is_none() && column != catalog::nested::VALUE {
            return None;
        }
        Some(Candidate {
            table: table.to_owned(),
            column: column.to_owned(),
            targets: field.targets.iter().map(|(name, count)| (name.clone(), *count)).collect(),
            present: field.present,
            examples: field.examples.clone(),
        })
    }
}

/// The name before `_id`, `Id`, `_ids`, `Ids` in the last part of a path, in lower case without underscores.
fn stem(column: &str) -> Option<String> {
    let last = column.rsplit('.').next().unwrap_or(column);
    let stem = ["_ids", "_id", "Ids", "Id", "ID"].iter().find_map(|end| last.strip_suffix(end))?;
    let stem: String = stem.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    Some(stem).filter(|stem| stem.chars().count() >= 2)
}

/// How well a stem names a collection: 1 for the name itself or its plural, less when it only ends with it.
fn named(stem: &str, collection: &str) -> Option<f64> {
    let plain: String =
        collection.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let mut forms = vec![stem.to_owned(), format!("{stem}s"), format!("{stem}es")];
    forms.extend(stem.strip_suffix('y').map(|root| format!("{root}ies")));
    forms.extend(stem.strip_suffix("person").map(|root| format!("{root}people")));
    if forms.contains(&plain) {
        return Some(1.0);
    }
    // billing_customer_id, and contract_customers for customer_id
    let apart = |long: &str, short: &str| short.chars().count() >= 4 && long.ends_with(short);
    let near = forms.iter().any(|form| apart(form, &plain) || apart(&plain, form));
    near.then_some(0.7)
}

/// Adds proposed references. With `database` values are looked for, otherwise names alone speak.
///
/// # Errors
/// When the server went away meanwhile: what was not looked for would count as not there.
pub(super) async fn propose(
    tables: &mut [Table],
    candidates: &[Candidate],
    database: Option<&Database>,
) -> Result<(), ConnectorError> {
    let mut probes = PROBES;
    for candidate in candidates {
        let Some(from) = tables.iter().find(|t| t.name == candidate.table) else { continue };
        if from.kind == TableKind::View {
            continue;
        }
        let Some(key) = best(from, tables, candidate, database, &mut probes).await? else { continue };
        let taken = |table: &Table| table.foreign_keys.iter().any(|known| known.columns == key.columns);
        if let Some(table) = tables.iter_mut().find(|t| t.name == candidate.table && !taken(t)) {
            table.foreign_keys.push(key);
        }
    }
    Ok(())
}

async fn best(
    from: &Table,
    tables: &[Table],
    candidate: &Candidate,
    database: Option<&Database>,
    probes: &mut usize,
) -> Result<Option<ForeignKey>, ConnectorError> {
    if let Some((target, count)) = candidate.targets.iter().max_by_key(|(_, count)| *count) {
        let Some(to) = tables.iter().find(|t| t.name == *target && t.nested.is_none()) else {
            return Ok(None);
        };
        let evidence = format!("{count} of {} values are DBRefs to {target}", candidate.present);
        let score = *count as f64 / candidate.present.max(1) as f64;
        return Ok(Some(key(candidate, to, "_id", score, vec![evidence])));
    }
    let name = match candidate.column.as_str() {
        // an array of ids: the name is the array's
        catalog::nested::VALUE => from.nested.as_ref().and_then(|n| stem(&n.path)),
        column => stem(column),
    };
    let (Some(name), Some(column)) = (name, from.column(&candidate.column)) else { return Ok(None) };
    let mut found: Option<(f64, ForeignKey)> = None;
    for to in tables.iter().filter(|t| t.nested.is_none() && t.kind == TableKind::Collection) {
        let Some(likeness) = named(&name, &to.name) else { continue };
        for target in
            keys(to).filter(|target| (&to.name, *target) != (&candidate.table, candidate.column.as_str()))
        {
            if !fits(column, to, target) {
                continue;
            }
            let mut evidence = vec![format!("the name of {} fits {}", candidate.column, to.name)];
            let mut score = 0.5 * likeness;
            if let Some(database) = database.filter(|_| *probes > 0 && !candidate.examples.is_empty()) {
                *probes -= 1;
                let Some(hits) = probe(database, &to.name, target, &candidate.examples).await? else {
                    continue;
                };
                let asked = candidate.examples.len();
                if hits * 2 < asked {
                    continue;
                }
                evidence.push(format!("{hits} of {asked} values looked for are in {}.{target}", to.name));
                score += 0.5 * hits as f64 / asked as f64;
            }
            if found.as_ref().is_none_or(|(before, _)| score > *before) {
                found = Some((score, key(candidate, to, target, score, evidence)));
            }
        }
    }
    Ok(found.map(|(_, key)| key))
}

/// What a reference may refer to: `_id`, and other keys of one column.
fn keys(table: &Table) -> impl Iterator<Item = &str> {
    let unique = table.unique_keys.iter().filter_map(|key| match key.columns.as_slice() {
        [one] => Some(one.as_str()),
        _ => None,
    });
    std::iter::once("_id").chain(unique)
}

fn fits(column: &catalog::Column, to: &Table, target: &str) -> bool {
    use TypeClass::{Decimal, Float, Integer};
    let Some(target) = to.column(target) else { return false };
    let number = |class| matches!(class, Integer | Float | Decimal);
    column.native_type == target.native_type || (number(column.class) && number(target.class))
}

/// How many of the values are there; `None` when it could not be found out.
async fn probe(
    database: &Database,
    collection: &str,
    field: &str,
    values: &[Bson],
) -> Result<Option<usize>, ConnectorError> {
    let pipeline = vec![
        doc! { "$match": { field: { "$in": values } } },
        doc! { "$group": { "_id": format!("${field}") } },
        doc! { "$count": "n" },
    ];
    let collection = database.collection::<Document>(collection);
    let counted = async {
        let mut cursor = collection.aggregate(pipeline).max_time(TIMEOUT).await?;
        let counted = if cursor.advance().await? {
            cursor.deserialize_current()?
        } else {
            doc! { "n": 0 }
        };
        Ok(counted)
    };
    match counted.await.map_err(|e: mongodb::error::Error| from_driver(&e, While::Working)) {
        Ok(counted) => Ok(counted.get("n").and_then(crate::query::number).map(|n| n as usize)),
        Err(error) if matches!(error.kind, ErrorKind::Broken | ErrorKind::Unreachable) => Err(error),
        Err(_) => Ok(None),
    }
}

fn key(candidate: &Candidate, to: &Table, target: &str, score: f64, evidence: Vec<String>) -> ForeignKey {
    ForeignKey {
        columns: vec![candidate.column.clone()],
        to_schema: to.schema.clone(),
        to_table: to.name.clone(),
        to_columns: vec![target.to_owned()],
        inferred: Some(Inference { score: (score * 100.0).round().min(MOST) / 100.0, evidence }),
        ..ForeignKey::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_fields_point_at_collections() {
        for (column, collection, fits) in [
            ("customer_id", "customers", true),
            ("customerId", "customer", true),
            ("meta.categoryId", "categories", true),
            ("billing_customer_id", "customers", true),
            ("customer_id", "contract_customers", true),
            ("paid", "pa", false),
            ("_id", "ids", false),
            ("order_id", "orders", true),
            ("order_id", "borders", true),
            ("user_id", "invoices", false),
        ] {
            let found = stem(column).and_then(|stem| named(&stem, collection)).is_some();
            assert_eq!(found, fits, "{column} {collection}");
        }
    }
}
