//! The gateway before DocumentDB, under the cases; or a real MongoDB, which has to be started with its test commands.

use async_trait::async_trait;
use mongodb::Client;
use mongodb::bson::{Bson, Document, doc};

use super::bench::{Bench, Denied, Held, own_name};

/// Steps are commands as JSON.
pub struct DocumentsBench {
    name: String,
    admin: Client,
}

fn server_url() -> String {
    let real = std::env::var("QUERENT_TEST_MONGODB_URL").ok().filter(|url| !url.is_empty());
    real.or_else(|| std::env::var("QUERENT_TEST_DOCUMENTS_URL").ok()).unwrap_or_else(|| {
        panic!("QUERENT_TEST_DOCUMENTS_URL is not set: run tests/servers/documents.sh start and export what it prints")
    })
}

impl DocumentsBench {
    pub async fn new() -> DocumentsBench {
        DocumentsBench { name: own_name(), admin: Client::with_uri_str(server_url()).await.unwrap() }
    }

    /// Lets commands on a collection go wrong until this is said again with other words.
    pub async fn fail(&self, collection: &str, mode: Bson, mut data: Document) {
        data.insert("namespace", format!("{}.{collection}", self.name));
        let command = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": data };
        self.admin.database("admin").run_command(command).await.unwrap();
    }

    async fn command(&self, command: Document) -> Document {
        let answer = self.admin.database(&self.name).run_command(command.clone()).await;
        let answer = answer.unwrap_or_else(|e| panic!("{command}: {e}"));
        assert!(!answer.contains_key("writeErrors"), "{answer}");
        answer
    }
}

#[async_trait]
impl Bench for DocumentsBench {
    fn url(&self) -> String {
        let server = server_url();
        let (base, params) = server.split_once('?').unwrap_or((&server, ""));
        format!("{}/{}?connect_timeout=2&{params}", base.trim_end_matches('/'), self.name)
    }

    fn schema(&self) -> String {
        self.name.clone()
    }

    async fn run(&self, step: &str) {
        let value: serde_json::Value = serde_json::from_str(step).unwrap();
        let Ok(Bson::Document(command)) = Bson::try_from(value) else { panic!("no command: {step}") };
        self.command(command).await;
    }

    fn shelf(&self, number: usize) -> Vec<String> {
        let shelf = format!("shelf_{number}");
        vec![
            serde_json::json!({ "create": shelf, "validator": { "$jsonSchema": { "properties": {
                "title": { "bsonType": "string" }, "room": { "bsonType": "int" } } } } })
            .to_string(),
            serde_json::json!({ "insert": shelf, "documents": [
                { "_id": 1, "title": "untitled", "room": 1, "placed_on": { "$date": "2024-01-02T00:00:00Z" } }] })
            .to_string(),
        ]
    }

    fn widened(&self, number: usize) -> String {
        let set = serde_json::json!({ "q": { "_id": 1 }, "u": { "$set": { "height": 7 } } });
        serde_json::json!({ "update": format!("shelf_{number}"), "updates": [set] }).to_string()
    }

    fn filled(&self, number: usize, rows: usize) -> Vec<String> {
        let document = |n| {
            serde_json::json!({ "_id": n, "title": format!("title {n}"), "room": n,
                "placed_on": { "$date": "2024-01-02T00:00:00Z" } })
        };
        let documents: Vec<_> = (2..rows + 2).map(document).collect();
        vec![serde_json::json!({ "insert": format!("shelf_{number}"), "documents": documents }).to_string()]
    }

    fn comings_and_goings(&self) -> Vec<String> {
        let update = |change| serde_json::json!({ "update": "shelf_1", "updates": [{ "q": { "_id": 1 }, "u": change }] });
        [
            serde_json::json!({ "insert": "passing", "documents": [{ "_id": 1, "a": 1, "b": "one" }] }),
            serde_json::json!({ "createIndexes": "passing", "indexes": [{ "key": { "a": 1 }, "name": "by_a" }] }),
            serde_json::json!({ "create": "seen", "viewOn": "passing", "pipeline": [{ "$project": { "a": 1 } }] }),
            update(serde_json::json!({ "$set": { "passing": 7 } })),
            serde_json::json!({ "drop": "seen" }),
            serde_json::json!({ "drop": "passing" }),
            update(serde_json::json!({ "$unset": { "passing": "" } })),
        ]
        .map(|command| command.to_string())
        .to_vec()
    }

    fn of_passing(&self) -> &'static [&'static str] {
        &["_id", "a", "b"]
    }

    fn broken_view(&self) -> Vec<String> {
        let share = serde_json::json!({ "$divide": ["$room", { "$subtract": ["$room", "$room"] }] });
        let pipeline = [serde_json::json!({ "$project": { "share": share } })];
        vec![serde_json::json!({ "create": "broken", "viewOn": "shelf_0", "pipeline": pipeline }).to_string()]
    }

    async fn deny_before(&self) {
        let commands = ["collStats", "count", "listIndexes", "aggregate"];
        let data = doc! { "failCommands": commands.to_vec(), "errorCode": 13 };
        self.fail("shelf_1", Bson::String("alwaysOn".to_owned()), data).await;
    }

    fn denied(&self) -> Denied {
        Denied::LeavesOut("shelf_1")
    }

    async fn allow(&self) {
        self.fail("shelf_1", Bson::String("off".to_owned()), doc! {}).await;
    }

    async fn hold(&self) -> Box<dyn Held> {
        let data = doc! { "failCommands": ["listIndexes"], "blockConnection": true, "blockTimeMS": 600_000 };
        self.fail("shelf_1", Bson::String("alwaysOn".to_owned()), data.clone()).await;
        Box::new(Blocked(DocumentsBench { name: self.name.clone(), admin: self.admin.clone() }))
    }

    async fn at_work(&self) -> usize {
        let found = self.admin.database("admin").run_command(doc! { "currentOp": 1 }).await.unwrap();
        let operations = found.get_array("inprog").unwrap().iter();
        let ours = |operation: &&Bson| {
            let command = operation.as_document().and_then(|o| o.get_document("command").ok());
            command.and_then(|c| c.get_str("$db").ok()) == Some(&self.name)
        };
        operations.filter(ours).count()
    }

    async fn close(&self) {
        self.admin.database(&self.name).drop().await.unwrap();
    }
}

struct Blocked(DocumentsBench);

#[async_trait]
impl Held for Blocked {
    async fn release(self: Box<Self>) {
        self.0.fail("shelf_1", Bson::String("off".to_owned()), doc! {}).await;
    }
}
