//! Indexes, and the unique keys among them.

use bson::{Bson, Document};
use catalog::{Index, Key, Table};
use mongodb::Database;

use crate::decode;
use crate::error::{While, from_driver};
use connector_api::ConnectorError;

/// Indexes of a collection as the server lists them.
pub(super) async fn list(database: &Database, collection: &str) -> Result<Vec<Document>, ConnectorError> {
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Working);
    let asked = bson::doc! { "listIndexes": collection };
    let mut cursor = database.run_cursor_command(asked).await.map_err(driver)?;
    let mut indexes = Vec::new();
    while cursor.advance().await.map_err(driver)? {
        indexes.push(cursor.deserialize_current().map_err(driver)?);
    }
    Ok(indexes)
}

/// Adds them to the collection's table.
pub(super) fn apply(table: &mut Table, indexes: &[Document]) {
    for index in indexes {
        let Ok(key) = index.get_document("key") else { continue };
        let name = index.get_str("name").unwrap_or_default().to_owned();
        if key.len() == 1 && key.contains_key("_id") {
            continue;
        }
        let (columns, method) = parts(key, index);
        let unique = index.get_bool("unique").unwrap_or(false);
        let predicate = predicate(index);
        if unique && predicate.is_none() && method == "btree" {
            table.unique_keys.push(Key { name: Some(name), columns });
        } else {
            table.indexes.push(Index { name, method, columns, unique, predicate });
        }
    }
    table.unique_keys.sort_by(|a, b| a.name.cmp(&b.name));
    table.indexes.sort_by(|a, b| a.name.cmp(&b.name));
}

/// Paths in order, and how they are indexed. A text index has its fields among its weights.
fn parts(key: &Document, index: &Document) -> (Vec<String>, String) {
    let special = key.iter().find_map(|(path, how)| match how {
        Bson::String(how) => Some(how.clone()),
        _ if path.contains("$**") => Some("wildcard".to_owned()),
        _ => None,
    });
    let method = special.unwrap_or_else(|| "btree".to_owned());
    let columns = match index.get_document("weights") {
        Ok(weights) if method == "text" => weights.keys().cloned().collect(),
        _ => key.keys().cloned().collect(),
    };
    (columns, method)
}

/// The condition of an index that does not hold every document.
fn predicate(index: &Document) -> Option<String> {
    if let Ok(filter) = index.get_document("partialFilterExpression") {
        return Some(decode::simple(Bson::Document(filter.clone())).to_string());
    }
    index.get_bool("sparse").unwrap_or(false).then(|| "the field exists".to_owned())
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;

    #[test]
    fn unique_ones_are_keys_unless_they_are_partial() {
        let mut table = Table::default();
        apply(
            &mut table,
            &[
                doc! { "key": { "_id": 1 }, "name": "_id_" },
                doc! { "key": { "email": 1 }, "name": "email_1", "unique": true },
                doc! { "key": { "code": 1 }, "name": "code_1", "unique": true, "sparse": true },
                doc! { "key": { "a": 1, "b.c": -1 }, "name": "a_b" },
                doc! { "key": { "_fts": "text", "_ftsx": 1 }, "name": "words", "weights": { "title": 1 } },
            ],
        );
        assert_eq!(table.unique_keys.len(), 1);
        let shown: Vec<_> =
            table.indexes.iter().map(|i| (i.name.as_str(), i.method.as_str(), i.unique)).collect();
        assert_eq!(shown, [("a_b", "btree", false), ("code_1", "btree", true), ("words", "text", false)]);
        assert_eq!(table.indexes[0].columns, ["a", "b.c"]);
        assert_eq!(table.indexes[2].columns, ["title"]);
    }
}
