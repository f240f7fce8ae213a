//! What the gateway answers itself: the handshake, what runs, and how it is ended.

use bson::{Bson, Document, RawBsonRef, doc};

use crate::failure::Failure;
use crate::postgres;
use crate::running::Running;
use crate::serve::Gateway;
use crate::wire::{LARGEST, Request};

type Answer = Result<Vec<u8>, Failure>;

/// `{ok: 1}`
pub(crate) fn fine() -> Vec<u8> {
    postgres::bytes(&doc! { "ok": 1.0 }).unwrap_or_default()
}

/// Commands that need no engine; an error when there is no such command.
pub(crate) async fn answer(gateway: &Gateway, request: &Request, name: &str) -> Answer {
    let document = match name {
        "hello" | "isMaster" | "ismaster" => hello(gateway),
        "buildInfo" | "buildinfo" => build(gateway),
        "ping" | "endSessions" => doc! { "ok": 1.0 },
        "connectionStatus" => nobody(),
        "currentOp" => doc! { "inprog": inprog(gateway), "ok": 1.0 },
        "configureFailPoint" => {
            gateway.points.configure(request)?;
            doc! { "ok": 1.0 }
        }
        "killOp" => kill_op(gateway, request).await,
        "killSessions" => kill_sessions(gateway, request).await,
        "getParameter" => doc! { "featureCompatibilityVersion": { "version": "7.0" }, "ok": 1.0 },
        other => return Err(Failure::unknown_command(other)),
    };
    postgres::bytes(&document)
}

fn hello(gateway: &Gateway) -> Document {
    doc! {
        "helloOk": true,
        "ismaster": true,
        "isWritablePrimary": true,
        "maxBsonObjectSize": 16 * 1024 * 1024,
        "maxMessageSizeBytes": i32::try_from(LARGEST).unwrap_or(i32::MAX),
        "maxWriteBatchSize": 25_000,
        "localTime": bson::DateTime::now(),
        "logicalSessionTimeoutMinutes": 30,
        "connectionId": gateway.number(),
        "minWireVersion": 0,
        // of 7.0, which the extension stands next to
        "maxWireVersion": 21,
        "readOnly": false,
        "ok": 1.0,
    }
}

fn build(gateway: &Gateway) -> Document {
    doc! {
        "version": "7.0.0",
        "versionArray": [7, 0, 0, 0],
        "modules": ["documentdb"],
        "documentdb": &gateway.version,
        "maxBsonObjectSize": 16 * 1024 * 1024,
        "ok": 1.0,
    }
}

/// As a server without access control answers.
fn nobody() -> Document {
    let authenticated = doc! {
        "authenticatedUsers": [], "authenticatedUserRoles": [], "authenticatedUserPrivileges": []
    };
    doc! { "authInfo": authenticated, "ok": 1.0 }
}

/// Whether an aggregation is over `$currentOp`.
pub(crate) fn asks_for_operations(request: &Request) -> bool {
    let first = request.command.get_array("pipeline").ok().and_then(|stages| stages.into_iter().next());
    match first {
        Some(Ok(RawBsonRef::Document(stage))) => matches!(stage.get("$currentOp"), Ok(Some(_))),
        _ => false,
    }
}

/// What runs, as the only page of a result. Later stages are not looked at.
pub(crate) fn operations(gateway: &Gateway) -> Answer {
    let page = doc! { "id": 0_i64, "ns": "admin.$cmd.aggregate", "firstBatch": inprog(gateway) };
    postgres::bytes(&doc! { "cursor": page, "ok": 1.0 })
}

fn inprog(gateway: &Gateway) -> Vec<Bson> {
    let show = |running: &Running| {
        let mut command = doc! { &running.command: 1, "$db": &running.database };
        if let Some(comment) = &running.comment {
            command.insert("comment", comment.clone());
        }
        doc! { "type": "op", "active": true, "op": "command", "opid": running.op, "command": command }
    };
    gateway.register.matching(|_| true).iter().map(|running| Bson::Document(show(running))).collect()
}

async fn kill_op(gateway: &Gateway, request: &Request) -> Document {
    let op = request.command.get_i32("op").unwrap_or_default();
    for running in gateway.register.matching(|running| running.op == op) {
        running.kill().await;
    }
    doc! { "info": "attempting to kill op", "ok": 1.0 }
}

async fn kill_sessions(gateway: &Gateway, request: &Request) -> Document {
    let sessions = request.command.get_array("killSessions");
    for session in sessions.into_iter().flatten().filter_map(Result::ok) {
        let RawBsonRef::Document(session) = session else { continue };
        let Ok(id) = session.get_binary("id") else { continue };
        let ours = |running: &Running| {
            running.session.as_deref() == Some(id.bytes) && running.command != "killSessions"
        };
        for running in gateway.register.matching(ours) {
            running.kill().await;
        }
        for cursor in gateway.cursors.of_session(id.bytes) {
            cursor.close().await;
        }
    }
    doc! { "ok": 1.0 }
}
