//! The whole way from a question to checked statements, with models that answer well, badly, or not at all.

use std::sync::Arc;

use catalog::{Catalog, Engine};
use guard::Policy;
use nl2sql::model::{Client, Recorded};
use nl2sql::prompt::{PromptLimits, Prompts};
use nl2sql::propose::{Event, ModelTranslator, Proposal, RecordedTranslator, Translator, propose};
use nl2sql::{Ask, NoAnswer, Source};

use crate::catalogs::shop;
use crate::server::{Server, Step, openai, status, stream};

struct Run {
    outcome: Result<Proposal, NoAnswer>,
    events: Vec<Event>,
    server: Server,
}

async fn run(answers: Vec<Vec<Step>>, samples: usize) -> Run {
    let server = Server::start(answers).await;
    let mut config = server.config();
    config.retry.tries = 1;
    config.concurrency = 1;
    let translator = Translator::Model(ModelTranslator {
        client: Arc::new(Client::open_ai(config).expect("a client")),
        prompts: Arc::new(Prompts::built_in().expect("templates")),
        limits: PromptLimits::default(),
        samples,
        repair_rounds: 2,
        fallback: true,
    });
    let (outcome, events) = ask(&translator, "How many customers are there?").await;
    Run { outcome, events, server }
}

async fn ask(translator: &Translator, question: &str) -> (Result<Proposal, NoAnswer>, Vec<Event>) {
    let catalog: Catalog = shop(Engine::Sqlite);
    let policy = Policy::default();
    let ask = Ask {
        question,
        history: &[],
        catalog: &catalog,
        whole: &catalog,
        policy: &policy,
        glossary: &[],
        today: "2026-03-14",
    };
    let mut events = Vec::new();
    let mut listen = |event| events.push(event);
    let future = propose(&ask, translator, &mut listen);
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let outcome = is_send(future).await;
    (outcome, events)
}

fn first_sql(run: &Run) -> &str {
    run.outcome.as_ref().expect("a proposal").checked[0].statement.sql()
}

#[tokio::test]
async fn a_good_answer_is_streamed_and_checked() {
    let run = run(vec![openai("```sql\nSELECT count(*) FROM customer\n```")], 1).await;
    let proposal = run.outcome.as_ref().expect("a proposal");
    assert_eq!(proposal.checked.len(), 1);
    assert_eq!(proposal.checked[0].candidate.source, Source::Model("test-model".to_owned()));
    assert_eq!(proposal.calls.len(), 1);
    assert!(matches!(run.events[0], Event::ModelDelta(_)));
    assert!(run.events.iter().any(|e| matches!(e, Event::Candidate(c) if c.sql.contains("count"))));
}

#[tokio::test]
async fn a_slip_is_repaired_without_asking_again() {
    let run = run(vec![openai("SELECT count(*) FROM customers")], 1).await;
    assert!(first_sql(&run).contains("customer"));
    assert!(!run.outcome.as_ref().expect("a proposal").checked[0].repairs.is_empty());
    assert!(run.events.iter().any(|e| matches!(e, Event::Repair { .. })));
    assert_eq!(run.server.requests().len(), 1);
}

#[tokio::test]
async fn what_cannot_be_repaired_is_sent_back_with_its_findings() {
    let answers = vec![openai("SELECT weather FROM customer"), openai("SELECT count(*) FROM customer")];
    let run = run(answers, 1).await;
    assert!(first_sql(&run).to_lowercase().contains("count"));
    let sent = run.server.requests();
    assert!(sent[1].contains("G101") && sent[1].contains("SELECT weather FROM customer"), "{}", sent[1]);
    assert_eq!(run.outcome.expect("a proposal").calls.len(), 2);
}

#[tokio::test]
async fn after_two_rounds_the_refusal_stands() {
    let bad = || openai("SELECT weather FROM customer");
    let run = run(vec![bad(), bad(), bad(), bad()], 1).await;
    assert!(matches!(&run.outcome, Err(NoAnswer::Refused(findings)) if !findings.is_empty()));
    assert_eq!(run.server.requests().len(), 3);
}

#[tokio::test]
async fn samples_vote_by_their_canonical_text() {
    let answers = vec![
        openai("SELECT count(id) FROM customer"),
        openai("SELECT count(*) FROM customer"),
        openai("select COUNT(*)   from customer;"),
    ];
    let run = run(answers, 3).await;
    let proposal = run.outcome.as_ref().expect("a proposal");
    assert_eq!(proposal.checked.len(), 2);
    assert!((proposal.checked[0].candidate.score - 2.0 / 3.0).abs() < 1e-9);
    assert!(first_sql(&run).contains('*'), "the majority comes first");
}

#[tokio::test]
async fn a_model_that_sees_no_answer_is_believed() {
    let run = run(vec![openai("{\"unanswerable\": \"there is no weather here\"}")], 1).await;
    assert_eq!(
        run.outcome.expect_err("no answer"),
        NoAnswer::Unanswerable("there is no weather here".to_owned())
    );
}

#[tokio::test]
async fn half_a_stream_is_asked_for_again() {
    let half = stream(&["data: {\"choices\":[{\"delta\":{\"content\":\"SELECT count\"}}]}\n\n"]);
    let run = run(vec![half, openai("SELECT count(*) FROM customer")], 1).await;
    assert!(run.events.contains(&Event::ModelRestarted));
    let calls: Vec<String> = run.outcome.expect("a proposal").calls.into_iter().map(|c| c.outcome).collect();
    assert_eq!(calls, ["model_cut_off", "ok"]);
}

#[tokio::test]
async fn when_the_model_fails_the_built_in_translator_answers_and_it_is_said() {
    let failures = [
        status("429 Too Many Requests", "retry-after: 600\r\n", ""),
        status("500 Internal Server Error", "", ""),
        openai("I am sorry, I am only a language model."),
        openai(""),
    ];
    for failure in failures {
        let run = run(vec![failure], 1).await;
        let fell = run.events.iter().any(|e| matches!(e, Event::Fallback { .. }));
        assert!(fell, "{:?}", run.events);
        let proposal = run.outcome.expect("the built-in translator counts customers");
        assert_eq!(proposal.checked[0].candidate.source, Source::Builtin);
        assert!(proposal.notes.iter().any(|n| n.contains("built-in translator")));
        assert_eq!(proposal.calls.len(), 1, "the failed call is recorded");
    }
}

#[tokio::test]
async fn recorded_answers_take_the_same_way() {
    let text = r#"{"id":"q1","question":"a","predicted_sql":"SELECT count(*) FROM customers;\nSELECT 2"}
{"id":"q2","question":"b","predicted_sql":"DROP TABLE customer"}"#;
    let client = Arc::new(Client::Recorded(Recorded::parse(text).expect("answers")));
    let translator = |id: &str| {
        Translator::Recorded(RecordedTranslator {
            client: Arc::clone(&client),
            id: Some(id.to_owned()),
            db_id: None,
        })
    };
    let (good, _) = ask(&translator("q1"), "anything").await;
    let good = good.expect("a proposal");
    assert_eq!(good.checked[0].candidate.source, Source::Recorded);
    assert!(good.checked[0].candidate.notes.iter().any(|n| n.contains("more statements")));
    assert!(matches!(ask(&translator("q2"), "anything").await.0, Err(NoAnswer::Refused(_))));
    assert!(matches!(ask(&translator("q9"), "anything").await.0, Err(NoAnswer::Model(_))));
}
