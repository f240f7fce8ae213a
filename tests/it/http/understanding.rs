//! Options of a connection, and what people say of its database, over the API: what a crawl and a question make of it.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::test_app::{TestApp, expect};

/// A library without a declared reference; `readers` sign up with mail addresses.
const LIBRARY: &str = "
    CREATE TABLE authors (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mood TEXT);
    CREATE TABLE books (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL, title TEXT NOT NULL);
    CREATE TABLE loans (id INTEGER PRIMARY KEY, book_id INTEGER NOT NULL, reader_id INTEGER NOT NULL);
    CREATE TABLE readers (id INTEGER PRIMARY KEY, login TEXT NOT NULL);
    CREATE TABLE scratch_imports (id INTEGER PRIMARY KEY, line TEXT);
    INSERT INTO authors VALUES (1, 'Ada Moor', 'gloomy'), (2, 'Ben Lark', 'gloomy'), (3, 'Cy Elder', 'cheerful');
    INSERT INTO books VALUES (1, 1, 'Tides'), (2, 1, 'Harbours'), (3, 3, 'Maize'), (4, 2, 'Wind'), (5, 2, 'Sand');
    INSERT INTO readers VALUES (71, 'ann@example.org'), (72, 'bob@example.org');
    INSERT INTO loans VALUES (1, 1, 901), (2, 2, 902), (3, 4, 903), (4, 5, 904), (5, 3, 905);
";

struct Library {
    app: TestApp,
    id: String,
}

impl Library {
    async fn with(options: Value) -> Library {
        let app = TestApp::start().await;
        let path = app.folder.path().join("library.db");
        rusqlite::Connection::open(&path).unwrap().execute_batch(LIBRARY).unwrap();
        let body =
            json!({ "name": "library", "url": format!("sqlite:{}", path.display()), "options": options });
        let (status, made) = app.post("/api/v1/connections", body).await;
        assert_eq!(status, StatusCode::CREATED, "{made}");
        let id = made["connection"]["id"].as_str().unwrap().to_owned();
        let library = Library { app, id };
        library.crawl().await;
        library
    }

    async fn crawl(&self) {
        let (_, run) = self.app.post(&format!("/api/v1/connections/{}/crawls", self.id), json!({})).await;
        let run = self.app.ended(&format!("/api/v1/crawls/{}", run["id"].as_str().unwrap())).await;
        assert_eq!(run["status"], "succeeded", "{run}");
    }

    fn path(&self, rest: &str) -> String {
        format!("/api/v1/connections/{}{rest}", self.id)
    }

    async fn patch(&self, rest: &str, body: Value) -> (StatusCode, Value) {
        let response = self.app.request(Method::PATCH, &self.path(rest)).json(&body).send().await.unwrap();
        (response.status(), response.json().await.unwrap())
    }

    async fn say(&self, body: Value) -> Value {
        let (status, said) = self.patch("/schema/annotations", body).await;
        assert_eq!(status, StatusCode::OK, "{said}");
        said
    }

    /// The references as `table.column`, with their keys, of one state.
    async fn references(&self, state: &str) -> Vec<(String, String)> {
        let page = self.app.get(&self.path(&format!("/schema/relationships?state={state}"))).await;
        let mut found: Vec<(String, String)> = page["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| {
                let column = r["from_columns"][0].as_str().unwrap();
                let from = format!("{}.{column}", r["from_table"].as_str().unwrap());
                (from, r["id"].as_str().unwrap().to_owned())
            })
            .collect();
        found.sort();
        found
    }

    async fn names(&self, state: &str) -> Vec<String> {
        self.references(state).await.into_iter().map(|(name, _)| name).collect()
    }

    /// The latest version's table, as the crawl stored it.
    async fn table(&self, name: &str) -> Value {
        let versions = self.app.get(&self.path("/schemas")).await;
        let version = versions["items"][0]["id"].as_str().unwrap().to_owned();
        self.app.get(&format!("/api/v1/schemas/{version}/tables/main.{name}")).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn options_are_kept_changed_and_used() {
    let library = Library::with(json!({ "exclude": ["scratch_*"], "statistics": false })).await;
    let versions = library.app.get(&library.path("/schemas")).await;
    assert_eq!(versions["items"][0]["table_count"], 4, "the scratch table is left out");
    let statistics =
        |table: &Value| table["columns"][1]["statistics"]["common"].as_array().map_or(0, Vec::len);
    assert_eq!(statistics(&library.table("authors").await), 0);

    let change = json!({ "options": { "exclude": null, "statistics": true, "crawl_sessions": 2 } });
    let (status, changed) = library.patch("", change).await;
    assert_eq!(status, StatusCode::OK, "{changed}");
    assert_eq!(changed["options"], json!({ "statistics": true, "crawl_sessions": 2 }));
    library.crawl().await;
    let versions = library.app.get(&library.path("/schemas")).await;
    assert_eq!(versions["items"][0]["table_count"], 5);
    assert!(statistics(&library.table("authors").await) > 0);

    for bad in [
        json!({ "exlude": ["x"] }),
        json!({ "exlude": null }),
        json!({ "crawl_sessions": 3 }),
        json!({ "statement_timeout_s": 0 }),
        json!({ "mode": "write-only" }),
        json!([1]),
    ] {
        let (status, problem) = library.patch("", json!({ "options": bad })).await;
        assert_eq!((status, &problem["code"]), (StatusCode::BAD_REQUEST, &json!("X015")), "{bad} {problem}");
    }
    library.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_but_crawls_runs_on_a_read_write_connection() {
    let library = Library::with(json!({})).await;
    let app = &library.app;
    let query = app.query(&library.id, "SELECT count(*) FROM books").await;
    let (status, _) = library.patch("", json!({ "options": { "mode": "read-write" } })).await;
    assert_eq!(status, StatusCode::OK);
    let chat = app.chat(&library.id).await;
    for (path, body) in [
        (format!("{chat}/messages"), json!({ "text": "How many books are there?" })),
        ("/api/v1/queries".to_owned(), json!({ "connection_id": library.id, "sql": "SELECT 1" })),
        (format!("{query}/executions"), json!({})),
    ] {
        let (status, problem) = app.post(&path, body).await;
        assert_eq!((status, &problem["code"]), (StatusCode::FORBIDDEN, &json!("X014")), "{path}: {problem}");
    }
    library.crawl().await;
    let (status, changed) = library.patch("", json!({ "options": { "mode": "read-only" } })).await;
    assert_eq!((status, &changed["options"]), (StatusCode::OK, &json!({})));
    let (status, reply) =
        app.post(&format!("{chat}/messages"), json!({ "text": "How many books are there?" })).await;
    assert_eq!((status, &reply["rows"]["rows"]), (StatusCode::OK, &json!([[5]])), "{reply}");
    library.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn references_are_proposed_and_a_persons_word_is_kept() {
    let library = Library::with(json!({ "probe": true })).await;
    // the readers of the loans are none of the table's: the database was asked
    assert_eq!(library.names("proposed").await, ["books.author_id", "loans.book_id"]);
    let page = library.app.get(&library.path("/schema/relationships")).await;
    let evidence = page["items"][0]["evidence"].to_string();
    assert!(evidence.contains("all of 5 values") || evidence.contains("all of 3 values"), "{evidence}");

    let proposed = library.references("proposed").await;
    let decide = |id: &str, word: &str| format!("/api/v1/relationships/{id}/{word}");
    let (status, approved) = library.app.post(&decide(&proposed[0].1, "approve"), json!({})).await;
    assert_eq!((status, &approved["state"]), (StatusCode::OK, &json!("approved")), "{approved}");
    let (status, _) = library.app.post(&decide(&proposed[1].1, "reject"), json!({})).await;
    assert_eq!(status, StatusCode::OK);
    library.crawl().await;
    assert_eq!(library.names("proposed").await, [] as [&str; 0]);
    assert_eq!(library.names("approved").await, ["books.author_id"]);
    assert_eq!(library.names("rejected").await, ["loans.book_id"]);

    let source = library.app.desk().sources.named("library").await.unwrap();
    let snapshot = source.catalog().unwrap().1.catalog().snapshot().clone();
    let books = snapshot.table("main", "books").unwrap();
    assert_eq!(books.foreign_keys.len(), 1);
    assert!(books.foreign_keys[0].inferred.as_ref().unwrap().is_certain());
    let loans = snapshot.table("main", "loans").unwrap();
    assert_eq!((loans.foreign_keys.len(), loans.rejected_keys.len()), (0, 1));

    let audits = library.app.get("/api/v1/audits").await.to_string();
    assert!(audits.contains("relationship.approve") && audits.contains("relationship.reject"));
    let nobody = decide("0190a000-0000-7000-8000-000000000000", "approve");
    let response = library.app.request(Method::POST, &nobody).send().await.unwrap();
    expect(response, StatusCode::NOT_FOUND).await;
    library.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_say_reaches_questions_and_survives_crawls_and_renames() {
    let library = Library::with(json!({})).await;
    let all = json!({ "described": 0, "all": 5 });
    assert_eq!(library.app.get(&library.path("/schema/coverage")).await["tables"], all);
    library
        .say(json!({ "schema": "main", "table": "readers", "description": "Members of the branch" }))
        .await;
    let column = json!({ "schema": "main", "table": "authors", "column": "mood" });
    let with = |fields: Value| {
        let mut body = column.clone();
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        body
    };
    let said =
        library.say(with(json!({ "description": "How the writer feels", "sensitivity": "health" }))).await;
    assert_eq!((&said["sensitivity"], &said["values"]), (&json!("health"), &json!(true)));
    let said = library.say(with(json!({ "sensitivity": null }))).await;
    assert_eq!((&said["sensitivity"], &said["description"]), (&Value::Null, &json!("How the writer feels")));

    let coverage = library.app.get(&library.path("/schema/coverage")).await;
    assert_eq!((&coverage["tables"]["described"], &coverage["columns"]["described"]), (&json!(1), &json!(1)));
    let found = library.app.get(&library.path("/search?q=members%20of%20the%20branch")).await;
    assert_eq!(found["tables"][0]["table"], "readers", "{found}");

    // the values of a column leave the store at once, and no crawl brings them back
    let values = |table: &Value| table["columns"][2]["statistics"]["common"].to_string();
    assert!(values(&library.table("authors").await).contains("gloomy"));
    library.say(with(json!({ "values": false }))).await;
    assert!(!values(&library.table("authors").await).contains("gloomy"));
    let db = rusqlite::Connection::open(library.app.folder.path().join("library.db")).unwrap();
    library.crawl().await;
    assert!(!values(&library.table("authors").await).contains("gloomy"));

    // a rename that a crawl notices takes the words along, and the values stay away
    db.execute_batch("ALTER TABLE authors RENAME COLUMN mood TO temper").unwrap();
    library.crawl().await;
    let table = library.table("authors").await;
    assert_eq!(table["columns"][2]["name"], "temper");
    assert!(!values(&table).contains("gloomy"), "{table}");
    let page = library.app.get(&library.path("/schema/annotations")).await.to_string();
    assert!(page.contains("temper") && page.contains("How the writer feels"), "{page}");

    let gone = json!({ "schema": "main", "table": "authors", "column": "mood", "description": "x" });
    let (status, problem) = library.patch("/schema/annotations", gone).await;
    assert_eq!((status, &problem["code"]), (StatusCode::NOT_FOUND, &json!("U001")), "{problem}");
    let long = json!({ "schema": "main", "table": "authors", "description": "x".repeat(2001) });
    let (_, problem) = library.patch("/schema/annotations", long).await;
    assert_eq!(problem["code"], "U002");
    let (_, problem) = library
        .patch("/schema/annotations", json!({ "schema": "main", "table": "authors", "sensitivity": "odd" }))
        .await;
    assert!(problem["detail"].to_string().contains("there is no tag"), "{problem}");
    library.app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tag_of_a_person_stands_over_the_crawls() {
    let library = Library::with(json!({})).await;
    let tag = async |column: &str| {
        let source = library.app.desk().sources.named("library").await.unwrap();
        let snapshot = source.catalog().unwrap().1.catalog().snapshot().clone();
        snapshot.table("main", "readers").unwrap().column(column).unwrap().sensitivity
    };
    assert_eq!(tag("login").await, Some(catalog::Sensitivity::Email), "told by the values");
    let say =
        |word: Value| json!({ "schema": "main", "table": "readers", "column": "login", "sensitivity": word });
    library.say(say(json!("none"))).await;
    assert_eq!(tag("login").await, None);
    library.crawl().await;
    assert_eq!(tag("login").await, None);
    library.say(say(json!("secret"))).await;
    assert_eq!(tag("login").await, Some(catalog::Sensitivity::Secret));
    library.app.stop().await;
}
