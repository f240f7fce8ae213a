//! What the login may do beyond reading, from the privileges that the server lists, and the statements that would make a
//! login that cannot. What is not known to be harmless counts: an action that a new version invents is reported.

use std::collections::BTreeMap;

use bson::{Bson, Document, doc};
use connector_api::{ConnectorError, Privileges};
use mongodb::Database;

use crate::error::{While, from_driver};
use crate::pool::Sessions;

/// Actions that only show things, or end what the login itself began.
const HARMLESS: &[&str] = &[
    "find",
    "listCollections",
    "listDatabases",
    "listIndexes",
    "listSearchIndexes",
    "collStats",
    "dbStats",
    "dbHash",
    "indexStats",
    "planCacheRead",
    "changeStream",
    "killCursors",
    "connPoolStats",
    "serverStatus",
    "hostInfo",
    "top",
    "inprog",
    "listSessions",
    "viewRole",
    "viewUser",
    "validate",
];

/// Sentences at the most.
const MOST: usize = 40;

/// Asks and judges.
pub(crate) async fn privileges(
    sessions: &Sessions,
    database: &Database,
) -> Result<Privileges, ConnectorError> {
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Connecting);
    let status = database.run_command(doc! { "connectionStatus": 1, "showPrivileges": true });
    let status = status.await.map_err(driver)?;
    let readable = readable(database).await?;
    let (login, can_write) = judge(&status);
    let fixes = if can_write.is_empty() { Vec::new() } else { fixes(&sessions.settings.database) };
    Ok(Privileges { login, can_write, fixes, readable_tables: readable.len() as u64 })
}

/// Names of the collections and views that the login may read.
pub(crate) async fn readable(database: &Database) -> Result<Vec<String>, ConnectorError> {
    let list = doc! { "listCollections": 1, "nameOnly": true, "authorizedCollections": true };
    let driver = |e: mongodb::error::Error| from_driver(&e, While::Working);
    let mut cursor = database.run_cursor_command(list).await.map_err(driver)?;
    let mut names = Vec::new();
    while cursor.advance().await.map_err(driver)? {
        let document: Document = cursor.deserialize_current().map_err(driver)?;
        match document.get_str("name") {
            Ok(name) if !name.starts_with("system.") => names.push(name.to_owned()),
            _ => {}
        }
    }
    names.sort();
    Ok(names)
}

/// The login's name and what it could write, one sentence for each thing.
fn judge(status: &Document) -> (String, Vec<String>) {
    let nothing = Document::new();
    let info = status.get_document("authInfo").unwrap_or(&nothing);
    let list = |name: &str| info.get_array(name).map(Vec::as_slice).unwrap_or_default();
    let user = list("authenticatedUsers").first().and_then(Bson::as_document);
    let Some(user) = user else {
        let sentence =
            "the server knows no login: who reaches it may do everything, or the connection is not logged in";
        return (String::new(), vec![sentence.to_owned()]);
    };
    let login =
        format!("{}@{}", user.get_str("user").unwrap_or_default(), user.get_str("db").unwrap_or_default());
    let mut by_place: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for privilege in list("authenticatedUserPrivileges").iter().filter_map(Bson::as_document) {
        let actions = privilege.get_array("actions").map(Vec::as_slice).unwrap_or_default();
        let harmful = actions.iter().filter_map(Bson::as_str).filter(|action| !HARMLESS.contains(action));
        let place = place(privilege.get_document("resource").unwrap_or(&nothing));
        by_place.entry(place).or_default().extend(harmful.map(str::to_owned));
    }
    let mut sentences = Vec::new();
    for (place, mut actions) in by_place.into_iter().filter(|(_, actions)| !actions.is_empty()) {
        actions.sort();
        actions.dedup();
        let shown = actions.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
        let more = if actions.len() > 8 { format!(" and {} more", actions.len() - 8) } else { String::new() };
        sentences.push(format!("the login may {shown}{more} on {place}"));
    }
    if list("authenticatedUserPrivileges").is_empty() && !list("authenticatedUserRoles").is_empty() {
        sentences.push("the login has roles whose privileges the server did not tell".to_owned());
    }
    sentences.truncate(MOST);
    (login, sentences)
}

fn place(resource: &Document) -> String {
    if resource.get_bool("anyResource").unwrap_or(false) {
        return "everything".to_owned();
    }
    if resource.get_bool("cluster").unwrap_or(false) {
        return "the cluster".to_owned();
    }
    match (resource.get_str("db").unwrap_or_default(), resource.get_str("collection").unwrap_or_default()) {
        ("", "") => "all databases".to_owned(),
        ("", collection) => format!("{collection} of all databases"),
        (database, "") => format!("all collections of {database}"),
        (database, collection) => format!("{database}.{collection}"),
    }
}

/// A login that reads this database and nothing else, for the shell.
fn fixes(database: &str) -> Vec<String> {
    let name = serde_json::Value::from(database);
    vec![
        format!(
            "db.getSiblingDB(\"admin\").createUser({{user: \"querent_reader\", pwd: passwordPrompt(), roles: [{{role: \"read\", db: {name}}}]}})"
        ),
        "restart mongod with security.authorization: enabled, if it runs without (and security.javascriptEnabled: false)"
            .to_owned(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(privileges: Vec<Bson>) -> Document {
        doc! { "authInfo": {
            "authenticatedUsers": [{ "user": "ada", "db": "admin" }],
            "authenticatedUserRoles": [{ "role": "read", "db": "shop" }],
            "authenticatedUserPrivileges": privileges,
        }, "ok": 1.0 }
    }

    #[test]
    fn the_role_read_can_write_nothing() {
        let read = bson::bson!({
            "resource": { "db": "shop", "collection": "" },
            "actions": ["changeStream", "collStats", "dbHash", "dbStats", "find", "killCursors",
                "listCollections", "listIndexes", "listSearchIndexes", "planCacheRead"],
        });
        assert_eq!(judge(&status(vec![read])), ("ada@admin".to_owned(), Vec::new()));
    }

    #[test]
    fn what_is_not_known_to_be_harmless_is_told() {
        let write = bson::bson!({
            "resource": { "db": "shop", "collection": "orders" }, "actions": ["find", "insert", "remove"],
        });
        let cluster = bson::bson!({ "resource": { "cluster": true }, "actions": ["somethingNew"] });
        let (_, said) = judge(&status(vec![write, cluster]));
        assert_eq!(
            said,
            ["the login may insert, remove on shop.orders", "the login may somethingNew on the cluster"]
        );
    }

    #[test]
    fn a_server_without_access_control_lets_everybody_write() {
        let open = doc! { "authInfo": { "authenticatedUsers": [], "authenticatedUserRoles": [] } };
        assert_eq!(judge(&open).1.len(), 1);
        assert!(fixes("my \"shop\"")[0].contains(r#"db: "my \"shop\"""#));
    }
}
