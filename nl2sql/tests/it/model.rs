//! Model clients against a scripted server: both wire forms, every way in which a call can go wrong.

use std::time::Duration;

use nl2sql::model::{
    Client, ModelCode, Recorded, RecordedKey, Request, Retry, SseDecoder, estimate_tokens, wait_before_retry,
};

use crate::server::{Server, Step, openai, status, stream};

async fn ask(client: &Client) -> (Result<nl2sql::model::Reply, nl2sql::model::ModelError>, String) {
    let mut heard = String::new();
    let outcome = client.complete(&Request::of_text("how many?"), &mut |t| heard.push_str(t)).await;
    (outcome, heard)
}

#[tokio::test]
async fn an_openai_stream_is_read_with_its_tokens_and_cost() {
    let server = Server::start(vec![openai("SELECT 1")]).await;
    let mut config = server.config();
    config.organisation = Some("org-7".to_owned());
    let client = Client::open_ai(config).expect("a client");
    let (reply, heard) = ask(&client).await;
    let reply = reply.expect("a reply");
    assert_eq!((reply.text.as_str(), heard.as_str()), ("SELECT 1", "SELECT 1"));
    assert_eq!((reply.call.usage.input, reply.call.usage.output), (100, 20));
    assert!(!reply.call.usage.estimated && !reply.truncated);
    assert!((reply.call.cost.expect("a cost") - 0.0003).abs() < 1e-12);
    assert_eq!((reply.call.model.as_str(), reply.call.tries), ("test-model-0613", 1));
    assert_eq!(reply.call.outcome, "ok");
    assert_eq!(reply.call.prompt.question, 9);
    let sent = server.requests().remove(0);
    let lower = sent.to_lowercase();
    assert!(sent.starts_with("POST /v1/chat/completions "), "{sent}");
    assert!(
        lower.contains("authorization: bearer sk-very-secret")
            && lower.contains("openai-organization: org-7")
    );
    assert!(sent.contains("\"stream\":true") && sent.contains("\"model\":\"test-model\""));
}

#[tokio::test]
async fn an_anthropic_stream_is_read() {
    let events = [
        "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"model\":\"claude-x\",\"usage\":{\"input_tokens\":11}}}\n\n",
        "event: ping\ndata: {\"type\":\"ping\"}\n\n",
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"thinking_delta\",\"thinking\":\"hm\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\"SELECT\"}}\n\n",
        "data: {\"type\":\"content_block_delta\",\"delta\":{\"type\":\"text_delta\",\"text\":\" 2\"}}\n\n",
        "data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"max_tokens\"},\"usage\":{\"output_tokens\":5}}\n\n",
        "data: {\"type\":\"message_stop\"}\n\n",
    ];
    let server = Server::start(vec![stream(&events)]).await;
    let client = Client::anthropic(server.config()).expect("a client");
    let (reply, heard) = ask(&client).await;
    let reply = reply.expect("a reply");
    assert_eq!((reply.text.as_str(), heard.as_str()), ("SELECT 2", "SELECT 2"));
    assert_eq!((reply.call.usage.input, reply.call.usage.output, reply.truncated), (11, 5, true));
    assert_eq!(reply.call.outcome, "length");
    let sent = server.requests().remove(0);
    assert!(sent.starts_with("POST /v1/messages "));
    assert!(sent.contains("x-api-key: sk-very-secret") && sent.contains("anthropic-version:"));
}

#[tokio::test]
async fn a_reply_that_is_not_streamed_is_read_too() {
    let body = r#"{"model":"m","choices":[{"message":{"content":"SELECT 3"},"finish_reason":"stop"}]}"#;
    let server = Server::start(vec![status("200 OK", "content-type: application/json\r\n", body)]).await;
    let (reply, heard) = ask(&Client::open_ai(server.config()).expect("a client")).await;
    let reply = reply.expect("a reply");
    assert_eq!((reply.text.as_str(), heard.as_str()), ("SELECT 3", "SELECT 3"));
    assert!(reply.call.usage.estimated, "the server counted nothing");
    assert!(reply.call.usage.input > 0 && reply.call.usage.output > 0);
}

#[tokio::test]
async fn a_limit_and_a_fault_are_tried_again() {
    let answers = vec![
        status("429 Too Many Requests", "retry-after: 0\r\n", r#"{"error":{"message":"slow down"}}"#),
        status("529 Overloaded", "", ""),
        openai("SELECT 4"),
    ];
    let server = Server::start(answers).await;
    let (reply, _) = ask(&Client::open_ai(server.config()).expect("a client")).await;
    assert_eq!(reply.expect("a reply").call.tries, 3);
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn tries_end_and_the_error_says_what_to_do() {
    let fault = || status("500 Internal Server Error", "", r#"{"error":{"message":"boom sk-very-secret"}}"#);
    let server = Server::start(vec![fault(), fault(), fault(), openai("too late")]).await;
    let client = Client::open_ai(server.config()).expect("a client");
    let (reply, heard) = ask(&client).await;
    let error = reply.expect_err("an error");
    assert_eq!(error.code, ModelCode::ModelServer);
    assert!(error.to_string().contains("500") && error.to_string().contains("boom"), "{error}");
    assert!(!error.to_string().contains("sk-very-secret"), "a key that the server echoes is removed");
    assert!(!format!("{client:?}{error:?}").contains("sk-very-secret"));
    assert_eq!(error.call.expect("a record").tries, 3);
    assert_eq!((server.requests().len(), heard.as_str()), (3, ""));
}

#[tokio::test]
async fn a_wait_longer_than_the_call_may_take_is_not_begun() {
    let limit = status("429 Too Many Requests", "retry-after: 3600\r\n", "");
    let server = Server::start(vec![limit, openai("never")]).await;
    let (reply, _) = ask(&Client::open_ai(server.config()).expect("a client")).await;
    let error = reply.expect_err("an error");
    assert_eq!((error.code, error.retryable), (ModelCode::ModelRateLimited, true));
    assert_eq!(error.retry_after, Some(Duration::from_secs(3600)));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn an_http_date_to_wait_for_is_honoured() {
    let headers = "date: Tue, 29 Oct 2024 16:56:02 GMT\r\nretry-after: Tue, 29 Oct 2024 17:56:02 GMT\r\n";
    let server = Server::start(vec![status("503 Service Unavailable", headers, "")]).await;
    let (reply, _) = ask(&Client::open_ai(server.config()).expect("a client")).await;
    assert_eq!(reply.expect_err("an error").retry_after, Some(Duration::from_secs(3600)));
}

#[tokio::test]
async fn half_a_stream_is_an_error_even_after_a_whole_statement() {
    let piece = "data: {\"choices\":[{\"delta\":{\"content\":\"SELECT 5;\"}}]}\n\n";
    let server = Server::start(vec![stream(&[piece]), openai("SELECT 6")]).await;
    let (reply, heard) = ask(&Client::open_ai(server.config()).expect("a client")).await;
    let error = reply.expect_err("an error");
    assert_eq!((error.code, error.retryable), (ModelCode::ModelCutOff, true));
    assert_eq!(
        heard, "SELECT 5;",
        "what was heard cannot be taken back, so the caller decides about another try"
    );
    assert_eq!(error.call.expect("a record").outcome, "model_cut_off");
}

#[tokio::test]
async fn a_stream_that_breaks_before_any_text_is_tried_again() {
    let server = Server::start(vec![stream(&[": hello\n\n"]), openai("SELECT 7")]).await;
    let (reply, _) = ask(&Client::open_ai(server.config()).expect("a client")).await;
    assert_eq!(reply.expect("a reply").text, "SELECT 7");
}

#[tokio::test]
async fn a_silent_server_runs_into_the_time_out_of_its_phase() {
    let silent = || vec![Step::Hang];
    let stalled = || {
        let mut steps = stream(&["data: {\"choices\":[{\"delta\":{\"content\":\"SEL\"}}]}\n\n"]);
        steps.push(Step::Hang);
        steps
    };
    for (answer, phase) in [(silent(), "begin to answer"), (stalled(), "stood still")] {
        let server = Server::start(vec![answer]).await;
        let mut config = server.config();
        config.retry.tries = 1;
        config.timeouts.first_byte = Duration::from_millis(60);
        config.timeouts.idle = Duration::from_millis(60);
        let (reply, _) = ask(&Client::open_ai(config).expect("a client")).await;
        let error = reply.expect_err("an error");
        assert_eq!(error.code, ModelCode::ModelTimeout);
        assert!(error.message.contains(phase), "{error}");
    }
}

#[tokio::test]
async fn the_whole_call_is_bounded() {
    let server = Server::start(vec![vec![Step::Hang]]).await;
    let mut config = server.config();
    config.timeouts.total = Duration::from_millis(60);
    let (reply, _) = ask(&Client::open_ai(config).expect("a client")).await;
    assert_eq!(reply.expect_err("an error").code, ModelCode::ModelTimeout);
}

#[tokio::test]
async fn prose_and_pages_are_not_replies() {
    for body in ["Sorry, I am only a web server.", "<html>Welcome</html>", "{\"hello\": 1}"] {
        let server = Server::start(vec![status("200 OK", "", body)]).await;
        let (reply, _) = ask(&Client::open_ai(server.config()).expect("a client")).await;
        let error = reply.expect_err("an error");
        assert_eq!(error.code, ModelCode::ModelBadReply, "{body}");
        assert!(error.hint.contains("base URL"));
    }
}

#[tokio::test]
async fn refusals_have_codes_of_their_own_and_are_not_tried_again() {
    let cases = [
        ("401 Unauthorized", "{}", ModelCode::ModelAuth),
        (
            "404 Not Found",
            r#"{"error":{"message":"The model `test-model` does not exist"}}"#,
            ModelCode::ModelNotFound,
        ),
        (
            "400 Bad Request",
            r#"{"error":{"message":"maximum context length is 8192"}}"#,
            ModelCode::ModelContextTooLong,
        ),
        ("302 Found", "", ModelCode::ModelNotFound),
    ];
    for (line, body, code) in cases {
        let server = Server::start(vec![status(line, "location: http://192.0.2.1/\r\n", body)]).await;
        let (reply, _) = ask(&Client::open_ai(server.config()).expect("a client")).await;
        let error = reply.expect_err("an error");
        assert_eq!((error.code, error.retryable), (code, false), "{line}");
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn an_error_inside_the_stream_is_the_calls_error() {
    let event = "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\n\n";
    let server = Server::start(vec![stream(&[event])]).await;
    let mut config = server.config();
    config.retry.tries = 1;
    let (reply, _) = ask(&Client::anthropic(config).expect("a client")).await;
    assert_eq!(reply.expect_err("an error").code, ModelCode::ModelServer);
}

#[tokio::test]
async fn a_reply_is_bounded() {
    let long = format!("data: {{\"choices\":[{{\"delta\":{{\"content\":\"{}\"}}}}]}}\n\n", "x".repeat(5000));
    let server = Server::start(vec![stream(&[&long])]).await;
    let mut config = server.config();
    config.max_reply_bytes = 1000;
    let (reply, _) = ask(&Client::open_ai(config).expect("a client")).await;
    assert_eq!(reply.expect_err("an error").code, ModelCode::ModelReplyTooLarge);
}

#[tokio::test]
async fn parts_that_a_server_does_not_know_are_left_out_from_then_on() {
    let refusal = r#"{"error":{"message":"Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."}}"#;
    let answers = vec![status("400 Bad Request", "", refusal), openai("SELECT 8"), openai("SELECT 9")];
    let server = Server::start(answers).await;
    let client = Client::open_ai(server.config()).expect("a client");
    assert_eq!(ask(&client).await.0.expect("a reply").text, "SELECT 8");
    assert_eq!(ask(&client).await.0.expect("a reply").text, "SELECT 9");
    let sent = server.requests();
    assert!(sent[0].contains("\"max_tokens\"") && sent[1].contains("\"max_completion_tokens\""));
    assert!(sent[2].contains("\"max_completion_tokens\""), "it is remembered");
}

#[tokio::test]
async fn nobody_there_is_said_plainly() {
    let server = Server::start(Vec::new()).await;
    let mut config = server.config();
    config.base_url = "http://127.0.0.1:1/v1".to_owned();
    let client = Client::open_ai(config).expect("a client");
    let error = ask(&client).await.0.expect_err("an error");
    assert_eq!(error.code, ModelCode::ModelUnreachable);
    assert!(error.message.contains("127.0.0.1"));
    assert!(!client.probe().await.reachable);
}

#[tokio::test]
async fn a_base_url_must_be_one() {
    for url in ["", "localhost:11434", "ftp://host/v1", "http://"] {
        let config = nl2sql::model::ModelConfig::new(url, "m");
        assert_eq!(Client::open_ai(config).expect_err("an error").code, ModelCode::ModelConfig, "{url}");
    }
}

#[tokio::test]
async fn a_probe_reads_what_the_server_lists() {
    let body = r#"{"data":[{"id":"test-model","max_model_len":32768,"supported_parameters":["response_format"]},{"id":"other"}]}"#;
    let server = Server::start(vec![status("200 OK", "", body)]).await;
    let probe = Client::open_ai(server.config()).expect("a client").probe().await;
    assert_eq!((probe.reachable, probe.model_known), (true, Some(true)));
    assert_eq!((probe.context_length, probe.json_mode), (Some(32768), Some(true)));
    assert!(server.requests()[0].starts_with("GET /v1/models "));
}

#[tokio::test]
async fn a_probe_degrades() {
    let cases = [
        ("404 Not Found", "", None),
        ("200 OK", "hello", None),
        ("200 OK", r#"{"data":[{"id":"x"}]}"#, Some(false)),
    ];
    for (line, body, known) in cases {
        let server = Server::start(vec![status(line, "", body)]).await;
        let probe = Client::open_ai(server.config()).expect("a client").probe().await;
        assert_eq!((probe.reachable, probe.model_known), (true, known), "{line} {body}");
        assert!(!probe.notes.is_empty());
    }
}

#[test]
fn waits_double_are_jittered_and_never_shorter_than_asked() {
    let retry = Retry { tries: 4, base: Duration::from_secs(1), cap: Duration::from_secs(3) };
    let long = Duration::from_secs(600);
    let wait = |made, asked, random| wait_before_retry(&retry, made, asked, long, random);
    assert_eq!(wait(1, None, 1.0), Some(Duration::from_secs(1)));
    assert_eq!(wait(2, None, 0.5), Some(Duration::from_secs(1)));
    assert_eq!(wait(3, None, 1.0), Some(Duration::from_secs(3)), "bounded by the cap");
    assert_eq!(wait(1, None, 0.0), Some(Duration::ZERO));
    assert_eq!(wait(1, Some(Duration::from_secs(9)), 0.0), Some(Duration::from_secs(9)));
    assert_eq!(wait(4, None, 0.5), None, "the tries are used up");
    assert_eq!(wait_before_retry(&retry, 1, None, Duration::from_millis(10), 1.0), None);
}

#[test]
fn events_may_be_cut_anywhere() {
    let text = ": note\r\nevent: a\r\ndata: één\r\ndata: two\r\n\r\ndata:[DONE]\n\ndata: last";
    let mut whole = Vec::new();
    let mut decoder = SseDecoder::default();
    decoder.push(text.as_bytes(), &mut whole);
    decoder.finish(&mut whole);
    let datas: Vec<&str> = whole.iter().map(|e| e.data.as_str()).collect();
    assert_eq!(datas, ["één\ntwo", "[DONE]", "last"]);
    assert_eq!(whole[0].name, "a");
    let mut pieces = Vec::new();
    let mut decoder = SseDecoder::default();
    text.as_bytes().iter().for_each(|b| decoder.push(&[*b], &mut pieces));
    decoder.finish(&mut pieces);
    assert_eq!(pieces, whole);
}

#[test]
fn tokens_are_estimated() {
    assert_eq!(estimate_tokens(""), 0);
    assert_eq!(estimate_tokens("SELECT * FROM t"), 4);
    assert_eq!(estimate_tokens("日本"), 2);
}

#[test]
fn recorded_answers_are_found_by_id_and_by_question() {
    let text = r#"{"id": 7, "db_id": "a", "question": "How many?", "predicted_sql": "SELECT 1", "dialect": "sqlite"}
{"id": 7, "db_id": "a", "question": "How many?", "predicted_sql": "SELECT 2", "dialect": "mysql"}

{"id": "x", "db_id": "b", "question": "How  many?", "predicted_sql": "SELECT 3", "model": "m"}"#;
    let recorded = Recorded::parse(text).expect("answers");
    let find = |id: Option<&str>, db: Option<&str>, dialect: Option<&str>| {
        let key = RecordedKey {
            id: id.map(str::to_owned),
            db_id: db.map(str::to_owned),
            question: "how many?".to_owned(),
            dialect: dialect.map(str::to_owned),
            sample: 0,
        };
        recorded.answer(&key).map(str::to_owned)
    };
    assert_eq!(find(Some("7"), None, Some("mysql")).as_deref(), Some("SELECT 2"));
    assert_eq!(find(Some("x"), None, None).as_deref(), Some("SELECT 3"));
    assert_eq!(find(None, Some("b"), None).as_deref(), Some("SELECT 3"));
    assert_eq!(find(None, Some("a"), None).as_deref(), Some("SELECT 1"));
    assert_eq!(find(None, Some("c"), None), None);
    let error = Recorded::parse("{\"id\": 1}\n").expect_err("a line without an answer");
    assert_eq!(error.code, ModelCode::RecordedFile);
    assert!(error.message.contains("line 1"));
}
