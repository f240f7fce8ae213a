//! What the server can call, against what the guard has judged: a function that nobody has judged is unknown to the
//! guard and refused, but it should be refused knowingly.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use catalog::Engine;
use guard::functions::{self, Judgement};
use mysql_async::prelude::Queryable;

#[tokio::test]
async fn every_function_of_the_server_is_judged() {
    let mut admin = support::admin(None).await;
    let built_in = "SELECT LOWER(FUNCTION) FROM information_schema.SQL_FUNCTIONS";
    let plugins = "SELECT LOWER(PLUGIN_NAME) FROM information_schema.PLUGINS WHERE PLUGIN_TYPE = 'FUNCTION'";
    let mut names: Vec<String> = admin.query(built_in).await.unwrap();
    assert!(names.len() > 200, "the server lists its functions");
    names.extend(admin.query::<String, _>(plugins).await.unwrap());
    let judged = functions::of(Engine::Mariadb);
    names.retain(|name| judged.judge(name) == Judgement::Unknown);
    names.sort();
    assert!(names.is_empty(), "not judged: {}", names.join(" "));
}

/// What servers have from 11.1 on.
const NEWER: &[&str] = &["json_schema_valid"];

#[tokio::test]
async fn every_allowed_function_is_one_of_the_servers() {
    let database = support::Database::new(&[]).await;
    // the server says by one error that it knows no such function, by others that the arguments do not fit
    let mut admin = database.admin.lock().await;
    let mut unknown = Vec::new();
    let scalar = functions::judged(Engine::Mariadb).filter(|f| f.kind == functions::Kind::Scalar);
    for function in scalar.filter(|f| !NEWER.contains(&f.name)) {
        let arguments = vec!["NULL"; function.min_args].join(", ");
        let prepared = admin.prep(format!("SELECT {}({arguments})", function.name)).await;
        if let Err(mysql_async::Error::Server(error)) = prepared
            && matches!(error.code, 1305 | 1630)
        {
            unknown.push(function.name);
        }
    }
    assert!(unknown.is_empty(), "the server has no {}", unknown.join(" "));
}
