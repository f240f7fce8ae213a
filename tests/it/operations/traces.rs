//! Traces: a collector of the test's own takes what the daemon sends by OTLP, and a scripted model sees the trace go on.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use reqwest::StatusCode;
use serde_json::json;

use super::{Process, client};
use crate::cli::Desk;

const QUESTION: &str = "How many authors live in Norway?";
const SQL: &str = "SELECT count(*) AS n FROM authors WHERE country = 'Norway'";
/// What the client of these cases began.
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";

/// What arrived.
#[derive(Default)]
struct Arrived {
    batches: Mutex<Vec<ExportTraceServiceRequest>>,
    authorization: Mutex<Vec<String>>,
    traceparents: Mutex<Vec<String>>,
}

fn header(request: &HttpRequest, name: &str) -> String {
    request.headers().get(name).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
}

async fn collect(request: HttpRequest, body: web::Bytes, arrived: web::Data<Arrived>) -> HttpResponse {
    assert_eq!(header(&request, "content-type"), "application/x-protobuf");
    arrived.authorization.lock().unwrap().push(header(&request, "authorization"));
    arrived.batches.lock().unwrap().push(ExportTraceServiceRequest::decode(body).unwrap());
    HttpResponse::Ok().content_type("application/x-protobuf").finish()
}

async fn reply(request: HttpRequest, arrived: web::Data<Arrived>) -> HttpResponse {
    arrived.traceparents.lock().unwrap().push(header(&request, "traceparent"));
    HttpResponse::Ok().json(json!({
        "model": "scripted",
        "choices": [{ "index": 0, "finish_reason": "stop",
                      "message": { "role": "assistant", "content": format!("```sql\n{SQL}\n```") } }],
        "usage": { "prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120 },
    }))
}

/// A collector and a model on one address.
fn serve() -> (Arc<Arrived>, SocketAddr, ServerHandle) {
    let arrived = web::Data::new(Arrived::default());
    let data = arrived.clone();
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .route("/v1/traces", web::post().to(collect))
            .route("/chat/completions", web::post().to(reply))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    let server = server.run();
    let handle = server.handle();
    tokio::spawn(server);
    (arrived.into_inner(), address, handle)
}

fn spans(arrived: &Arrived) -> Vec<Span> {
    let batches = arrived.batches.lock().unwrap();
    let resources = batches.iter().flat_map(|batch| &batch.resource_spans);
    let of_ours = |r: &&opentelemetry_proto::tonic::trace::v1::ResourceSpans| {
        let attributes = &r.resource.as_ref().unwrap().attributes;
        attributes.iter().any(|a| a.key == "service.name" && format!("{:?}", a.value).contains("querent"))
    };
    resources.filter(of_ours).flat_map(|r| &r.scope_spans).flat_map(|s| s.spans.clone()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn attribute(span: &Span, key: &str) -> Option<Any> {
    span.attributes.iter().find(|a| a.key == key)?.value.clone()?.value
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_one_trace_from_the_client_to_the_model_and_the_database() {
    let (arrived, address, server) = serve();
    let desk = Desk::new();
    desk.registered();
    let endpoint = format!("http://{address}");
    let mut daemon = Process::start(
        &desk,
        &[
            ("QUERENT_TRACES_ENDPOINT", &endpoint),
            ("QUERENT_TRACES_HEADERS", "authorization=Bearer for-the-collector"),
            ("QUERENT_MODEL_PROVIDER", "openai"),
            ("QUERENT_MODEL_BASE_URL", &endpoint),
            ("QUERENT_MODEL_NAME", "scripted"),
            ("QUERENT_LOG_LEVEL", "querent=debug"),
        ],
    );
    let client = client();
    let chat = daemon.chat(&client).await;
    let ask = client.post(&chat).json(&json!({ "text": QUESTION }));
    let ask = ask.header("traceparent", format!("00-{TRACE}-{PARENT}-01"));
    let answer = daemon.expect(ask, StatusCode::OK).await;
    assert_eq!(answer["rows"]["rows"], json!([[1]]), "{answer}");
    daemon.signal("-TERM");
    assert!(daemon.ended().await.success());

    let all = spans(&arrived);
    let ours: Vec<&Span> = all.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let named = |name: &str| {
        let found = ours.iter().find(|span| span.name == name);
        *found
            .unwrap_or_else(|| panic!("no {name} in {:?}", ours.iter().map(|s| &s.name).collect::<Vec<_>>()))
    };
    let request = named("POST /api/v1/chats/{id}/messages");
    assert_eq!(hex(&request.parent_span_id), PARENT);
    assert_eq!(request.kind, 2, "a server's");
    assert_eq!(attribute(request, "http.response.status_code"), Some(Any::IntValue(200)));
    let question = named("question");
    assert_eq!(question.parent_span_id, request.span_id);
    let propose = named("propose");
    assert_eq!(propose.parent_span_id, question.span_id);
    let model = named("model call");
    assert_eq!(model.parent_span_id, propose.span_id);
    assert_eq!(attribute(model, "output_tokens"), Some(Any::IntValue(20)));
    let execution = named("execution");
    assert_eq!(execution.parent_span_id, question.span_id);
    assert_eq!(attribute(execution, "db.response.rows"), Some(Any::IntValue(1)));
    assert_eq!(attribute(execution, "db.system"), Some(Any::StringValue("sqlite".into())));
    named("store transaction");
    let passed_on = arrived.traceparents.lock().unwrap().clone();
    assert_eq!(passed_on, [format!("00-{TRACE}-{}-01", hex(&model.span_id))]);

    // nothing of what was asked and found
    let told = format!("{all:?}");
    for secret in ["Norway", "How many", "SELECT", "authors", &daemon.token, "for-the-collector"] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
    assert!(all.iter().all(|span| span.events.is_empty()));
    assert!(arrived.authorization.lock().unwrap().iter().all(|a| a == "Bearer for-the-collector"));
    assert!(!daemon.log().contains("for-the-collector"));
    server.stop(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_decides_whether_it_is_traced_and_a_lost_collector_stops_nothing() {
    let (arrived, address, server) = serve();
    let desk = Desk::new();
    let endpoint = format!("http://{address}");
    let settings = [("QUERENT_TRACES_ENDPOINT", endpoint.as_str()), ("QUERENT_TRACES_SAMPLE", "0.0")];
    let mut daemon = Process::start(&desk, &settings);
    let client = client();
    let get = |flags: &'static str| {
        let get = client.get(format!("{}/healthz", daemon.base));
        get.header("traceparent", format!("00-{TRACE}-{PARENT}-{flags}")).send()
    };
    get("00").await.unwrap();
    get("01").await.unwrap();
    get("zz").await.unwrap();
    daemon.signal("-TERM");
    assert!(daemon.ended().await.success());
    let names: Vec<String> = spans(&arrived).into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["GET /healthz"], "the one that was to be traced");
    server.stop(false).await;

    let mut daemon = Process::start(&desk, &[("QUERENT_TRACES_ENDPOINT", &endpoint)]);
    client.get(format!("{}/healthz", daemon.base)).send().await.unwrap();
    daemon.signal("-TERM");
    assert!(daemon.ended().await.success(), "{}", daemon.log());
}
