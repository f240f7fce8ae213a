//! From a question to checked statements: ask the translator, take out the SQL, check, repair, and rank.

mod model;

use std::collections::HashMap;
use std::sync::Arc;

use guard::Finding;

use crate::model::{CallRecord, Client};
use crate::prompt::{PromptLimits, Prompts};
use crate::{Ask, Candidate, Checked, NoAnswer, Source, builtin, repair};

/// What turns a question into SQL.
#[derive(Debug, Clone)]
pub enum Translator {
    /// The built-in translator: no model, no network.
    Builtin,
    /// A model, with the built-in translator as the fallback.
    Model(ModelTranslator),
    /// Recorded answers, for tests and evaluation. No fallback, no second question.
    Recorded(RecordedTranslator),
}

/// How a model is asked.
#[derive(Debug, Clone)]
pub struct ModelTranslator {
    /// The model.
    pub client: Arc<Client>,
    /// The templates.
    pub prompts: Arc<Prompts>,
    /// What may be in a prompt.
    pub limits: PromptLimits,
    /// Answers to ask for; they vote. 1 asks once.
    pub samples: usize,
    /// Times that a refused statement is sent back with its findings (at most 2).
    pub repair_rounds: usize,
    /// Whether the built-in translator answers when the model cannot be reached or answers nonsense.
    pub fallback: bool,
}

/// Where a recorded answer is looked up.
#[derive(Debug, Clone)]
pub struct RecordedTranslator {
    /// The answers.
    pub client: Arc<Client>,
    /// Id of the question, when known.
    pub id: Option<String>,
    /// Name of the database in the file, when known.
    pub db_id: Option<String>,
}

/// What happens on the way, for streams and logs.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A piece of the model's reply.
    ModelDelta(String),
    /// The reply broke off and is asked for again: what came so far is void.
    ModelRestarted,
    /// A call ended, well or not.
    Call(CallRecord),
    /// A statement was proposed.
    Candidate(Candidate),
    /// The guard refused it.
    Findings {
        /// The statement as proposed.
        sql: String,
        /// Why.
        findings: Vec<Finding>,
    },
    /// It was repaired and accepted.
    Repair {
        /// The statement that was accepted.
        sql: String,
        /// One sentence for each repair.
        notes: Vec<String>,
    },
    /// The built-in translator takes over.
    Fallback {
        /// Code of the model's failure.
        code: String,
        /// What happened.
        message: String,
    },
}

/// Receives events as they happen.
pub type Events<'a> = &'a mut (dyn FnMut(Event) + Send);

/// What came out.
#[derive(Debug, Clone)]
pub struct Proposal {
    /// Accepted statements, best first, each different. `candidate.score` is the share of answers that agree.
    pub checked: Vec<Checked>,
    /// The calls that were made.
    pub calls: Vec<CallRecord>,
    /// What the user should know: fallbacks, text that was left out.
    pub notes: Vec<String>,
}

/// Proposes statements for a question.
///
/// # Errors
/// [`NoAnswer`]: nothing links, everything is refused, the schema cannot answer, or the model failed without fallback.
pub async fn propose(ask: &Ask<'_>, how: &Translator, events: Events<'_>) -> Result<Proposal, NoAnswer> {
    match how {
        Translator::Builtin => by_builtin(ask, events),
        Translator::Model(translator) => model::by_model(ask, translator, events).await,
        Translator::Recorded(translator) => model::by_record(ask, translator, events).await,
    }
}

/// The built-in translator's candidates, checked.
fn by_builtin(ask: &Ask<'_>, events: Events<'_>) -> Result<Proposal, NoAnswer> {
    let mut checked: Vec<Checked> = Vec::new();
    let mut refused = Vec::new();
    for candidate in builtin::translate(ask)? {
        events(Event::Candidate(candidate.clone()));
        let outcome = match &candidate.tree {
            Some(tree) => guard::check_tree(tree, ask.whole, ask.policy),
            None => guard::check(&candidate.sql, ask.whole, ask.policy),
        };
        match outcome {
            Ok(statement) if checked.iter().any(|c| meaning(&c.statement) == meaning(&statement)) => {}
            Ok(statement) => checked.push(Checked { candidate, statement, repairs: Vec::new() }),
            Err(findings) => {
                events(Event::Findings { sql: candidate.sql, findings: findings.clone() });
                refused.extend(findings);
            }
        }
    }
    if checked.is_empty() {
        return Err(NoAnswer::Refused(refused));
    }
    checked.sort_by(|a, b| b.candidate.score.total_cmp(&a.candidate.score));
    Ok(Proposal { checked, calls: Vec::new(), notes: Vec::new() })
}

/// Checks a candidate of text, with repairs from findings.
fn check(ask: &Ask<'_>, mut candidate: Candidate, events: Events<'_>) -> Result<Checked, Vec<Finding>> {
    events(Event::Candidate(candidate.clone()));
    match repair::check_against(&candidate.sql, ask.catalog, ask.whole, ask.policy) {
        Ok((statement, sql, repairs)) => {
            if !repairs.is_empty() {
                events(Event::Repair { sql: sql.clone(), notes: repairs.clone() });
            }
            candidate.sql = sql;
            Ok(Checked { candidate, statement, repairs })
        }
        Err(findings) => {
            events(Event::Findings { sql: candidate.sql, findings: findings.clone() });
            Err(findings)
        }
    }
}

fn candidate(sql: String, source: Source, notes: Vec<String>) -> Candidate {
    Candidate { sql, tree: None, source, notes, unread: Vec::new(), score: 1.0 }
}

/// What a statement means, as far as it can be told: equal for spellings of one statement.
fn meaning(statement: &guard::ReadOnly) -> String {
    let form = guard::canonical_form(statement, guard::Columns::InOrder);
    form.unwrap_or_else(|| statement.sql().to_owned())
}

/// Joins answers that mean the same; the more there are, the better. The first one stands for all.
fn vote(answers: Vec<Checked>, asked: usize) -> Vec<Checked> {
    let mut votes: HashMap<String, usize> = HashMap::new();
    let mut kept: Vec<Checked> = Vec::new();
    for answer in answers {
        let count = votes.entry(meaning(&answer.statement)).or_default();
        *count += 1;
        if *count == 1 {
            kept.push(answer);
        }
    }
    for answer in &mut kept {
        let count = votes.get(&meaning(&answer.statement)).copied().unwrap_or(1);
        answer.candidate.score = count as f64 / asked.max(1) as f64;
    }
    // stable: among equals the first stays first
    kept.sort_by(|a, b| b.candidate.score.total_cmp(&a.candidate.score));
    kept
}
