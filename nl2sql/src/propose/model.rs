//! A model's part: ask (several times), take out the SQL, send refusals back, fall back.

use futures::future::join_all;
use guard::Finding;

use super::{
    Event, Events, ModelTranslator, Proposal, RecordedTranslator, by_builtin, candidate, check, vote,
};
use crate::extract::{NoSql, extract};
use crate::model::{CallRecord, Client, ModelCode, ModelError, RecordedKey, Reply, Request};
use crate::{Ask, Checked, NoAnswer, Source};

const MAX_SAMPLES: usize = 16;
const MAX_REPAIR_ROUNDS: usize = 2;
/// Warm enough that samples differ.
const SAMPLE_TEMPERATURE: f32 = 0.7;

/// How one answer ended.
enum Answer {
    Accepted(Box<Checked>),
    Refused(Vec<Finding>),
    None(NoSql),
}

/// What has been gathered over all answers.
#[derive(Default)]
struct Gathered {
    accepted: Vec<Checked>,
    refused: Vec<Finding>,
    unanswerable: Vec<String>,
    nonsense: Vec<String>,
    failed: Option<ModelError>,
    calls: Vec<CallRecord>,
}

impl Gathered {
    fn call(&mut self, call: &CallRecord, events: Events<'_>) {
        events(Event::Call(call.clone()));
        self.calls.push(call.clone());
    }

    fn fail(&mut self, error: ModelError, events: Events<'_>) {
        if let Some(call) = &error.call {
            self.call(call, events);
        }
        self.failed.get_or_insert(error);
    }

    fn take(&mut self, answer: Answer) {
        match answer {
            Answer::Accepted(checked) => self.accepted.push(*checked),
            Answer::Refused(findings) => self.refused.extend(findings),
            Answer::None(NoSql::Unanswerable(reason)) => self.unanswerable.push(reason),
            Answer::None(other) => self.nonsense.push(other.to_string()),
        }
    }
}

pub(super) async fn by_model(
    ask: &Ask<'_>,
    how: &ModelTranslator,
    events: Events<'_>,
) -> Result<Proposal, NoAnswer> {
    let request = how.prompts.question(ask, &how.limits).map_err(|e| NoAnswer::Model(e.to_string()))?;
    let samples = how.samples.clamp(1, MAX_SAMPLES);
    let mut gathered = Gathered::default();
    for reply in replies(&how.client, &request, samples, &mut gathered, events).await {
        match reply {
            Err(error) => gathered.fail(error, events),
            Ok(reply) => {
                gathered.call(&reply.call, events);
                let answer = read(ask, how, &request, &reply, &mut gathered, events).await;
                gathered.take(answer);
            }
        }
    }
    conclude(ask, how, gathered, samples, events)
}

/// The first reply streams; the others are asked for side by side, within the client's own bound.
async fn replies(
    client: &Client,
    request: &Request,
    samples: usize,
    gathered: &mut Gathered,
    events: Events<'_>,
) -> Vec<Result<Reply, ModelError>> {
    let first = stream(client, request, gathered, events).await;
    // a server that cannot be reached for one will not be for many
    if first.is_err() || samples == 1 {
        return vec![first];
    }
    let others = (1..samples).map(|sample| {
        let mut request = request.clone();
        request.temperature = Some(SAMPLE_TEMPERATURE);
        request.key.sample = sample;
        async move { client.complete(&request, &mut |_| {}).await }
    });
    let mut all = vec![first];
    all.extend(join_all(others).await);
    all
}

/// One reply; asked for once more when it broke off in the middle.
async fn stream(
    client: &Client,
    request: &Request,
    gathered: &mut Gathered,
    events: Events<'_>,
) -> Result<Reply, ModelError> {
    let first = client.complete(request, &mut |text| events(Event::ModelDelta(text.to_owned()))).await;
    match first {
        Err(error) if error.code == ModelCode::ModelCutOff => {
            if let Some(call) = &error.call {
                gathered.call(call, events);
            }
            events(Event::ModelRestarted);
            client.complete(request, &mut |text| events(Event::ModelDelta(text.to_owned()))).await
        }
        other => other,
    }
}

/// Takes out the SQL, checks it, and sends it back with its findings while rounds are left.
async fn read(
    ask: &Ask<'_>,
    how: &ModelTranslator,
    request: &Request,
    reply: &Reply,
    gathered: &mut Gathered,
    events: Events<'_>,
) -> Answer {
    let source = Source::Model(how.client.model().to_owned());
    let mut text = reply.text.clone();
    let mut rounds = how.repair_rounds.min(MAX_REPAIR_ROUNDS);
    let mut first_findings: Option<Vec<Finding>> = None;
    loop {
        let (sql, findings) = match judge(ask, &text, source.clone(), events) {
            Ok(checked) => return told(checked, first_findings.is_some()),
            Err(Judged::None(no)) => return first_findings.map_or(Answer::None(no), Answer::Refused),
            Err(Judged::Refused(sql, findings)) => (sql, findings),
        };
        first_findings.get_or_insert_with(|| findings.clone());
        let next = how.prompts.repair(request, &sql, &findings).ok().filter(|_| rounds > 0);
        let Some(next) = next else { break };
        rounds -= 1;
        match how.client.complete(&next, &mut |text| events(Event::ModelDelta(text.to_owned()))).await {
            Ok(reply) => {
                gathered.call(&reply.call, events);
                text = reply.text;
            }
            Err(error) => {
                gathered.fail(error, events);
                break;
            }
        }
    }
    Answer::Refused(first_findings.unwrap_or_default())
}

fn told(mut checked: Box<Checked>, sent_back: bool) -> Answer {
    if sent_back {
        checked.repairs.insert(0, "the model corrected its first statement".to_owned());
    }
    Answer::Accepted(checked)
}

enum Judged {
    Refused(String, Vec<Finding>),
    None(NoSql),
}

fn judge(ask: &Ask<'_>, text: &str, source: Source, events: Events<'_>) -> Result<Box<Checked>, Judged> {
    let extracted = extract(text).map_err(Judged::None)?;
    let sql = extracted.sql.clone();
    let proposed = candidate(extracted.sql, source, extracted.dropped);
    check(ask, proposed, events).map(Box::new).map_err(|findings| Judged::Refused(sql, findings))
}

fn conclude(
    ask: &Ask<'_>,
    how: &ModelTranslator,
    gathered: Gathered,
    samples: usize,
    events: Events<'_>,
) -> Result<Proposal, NoAnswer> {
    let Gathered { accepted, refused, unanswerable, nonsense, failed, calls } = gathered;
    // one voice of many that sees no answer does not outweigh those that found one
    if unanswerable.len() > accepted.len()
        && let Some(reason) = unanswerable.into_iter().next()
    {
        return Err(NoAnswer::Unanswerable(reason));
    }
    if !accepted.is_empty() {
        return Ok(Proposal { checked: vote(accepted, samples), calls, notes: Vec::new() });
    }
    if !refused.is_empty() {
        return Err(NoAnswer::Refused(refused));
    }
    let (code, message) = match (failed, nonsense.into_iter().next()) {
        (Some(error), _) => (error.code.as_str().to_owned(), error.to_string()),
        (None, Some(said)) => (ModelCode::ModelBadReply.as_str().to_owned(), said),
        (None, None) => (ModelCode::ModelBadReply.as_str().to_owned(), "the model gave no answer".to_owned()),
    };
    if !how.fallback {
        return Err(NoAnswer::Model(message));
    }
    events(Event::Fallback { code, message: message.clone() });
    let mut proposal = by_builtin(ask, events)?;
    proposal.calls = calls;
    proposal.notes.push(format!("the model did not answer, so the built-in translator did: {message}"));
    Ok(proposal)
}

pub(super) async fn by_record(
    ask: &Ask<'_>,
    how: &RecordedTranslator,
    events: Events<'_>,
) -> Result<Proposal, NoAnswer> {
    let mut request = Request::of_text(ask.question);
    request.key = RecordedKey {
        id: how.id.clone(),
        db_id: how.db_id.clone(),
        question: ask.question.to_owned(),
        dialect: Some(ask.catalog.engine().name().to_owned()),
        sample: 0,
    };
    let reply = how.client.complete(&request, &mut |text| events(Event::ModelDelta(text.to_owned()))).await;
    let reply = reply.map_err(|e| NoAnswer::Model(e.to_string()))?;
    events(Event::Call(reply.call.clone()));
    match judge(ask, &reply.text, Source::Recorded, events) {
        Ok(checked) => Ok(Proposal { checked: vec![*checked], calls: vec![reply.call], notes: Vec::new() }),
        Err(Judged::Refused(_, findings)) => Err(NoAnswer::Refused(findings)),
        Err(Judged::None(NoSql::Unanswerable(reason))) => Err(NoAnswer::Unanswerable(reason)),
        Err(Judged::None(other)) => Err(NoAnswer::Model(other.to_string())),
    }
}
