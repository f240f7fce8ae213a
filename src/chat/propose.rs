//! Candidates for a question, proven by the guard: the part of an answer that needs no store.

use std::sync::Arc;

use catalog::Catalog;
use guard::Policy;
use guard::resolve::visible_catalog;
use nl2sql::model::CallRecord;
use nl2sql::prompt::Privacy;
use nl2sql::propose::{Event as Step, Translator};
use nl2sql::{Ask, Checked, NoAnswer, Turn};

use super::events::{Event, Events};
use crate::error::{Class, Error, Result};
use crate::index::Index;
use crate::model::clock;
use crate::telemetry::metrics;

/// Tables that one question is answered from at the most.
const TABLES: usize = 60;

/// What a question is about, of what the caller may see: all that retrieval hands to a translator or a prompt.
pub fn relevant(index: &Index, policy: &Policy, question: &str) -> Arc<Catalog> {
    if policy.restricts() {
        // Cut before the search, so that hidden words neither rank nor take a place.
        let visible = visible_catalog(index.catalog(), policy);
        return index.of_part(Arc::new(visible)).narrow(question, TABLES);
    }
    Arc::new(visible_catalog(&index.narrow(question, TABLES), policy))
}

/// What a question may be answered from.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// What retrieval found relevant of what the caller may see.
    pub catalog: &'a Catalog,
    /// The whole catalog, for the guard alone.
    pub whole: &'a Catalog,
    /// What the caller may read.
    pub policy: &'a Policy,
}

/// What was proposed.
pub struct Proposed {
    /// The best candidate.
    pub best: Checked,
    /// The others, best first.
    pub others: Vec<Checked>,
    /// Calls to models.
    pub calls: Vec<CallRecord>,
    /// What happened on the way, one sentence each.
    pub notes: Vec<String>,
}

/// Asks the translator and tells its steps as events.
///
/// # Errors
/// `A010` when nothing links to the question, `A011` when the guard refuses every candidate, `A012` when the schema
/// cannot answer it, `A013` when the model failed.
pub async fn propose(
    question: &str,
    history: &[Turn],
    seen: &Seen<'_>,
    translator: &Translator,
    events: &Events,
) -> Result<Proposed> {
    let today = clock::today();
    let Seen { catalog, whole, policy } = *seen;
    let ask = Ask { question, history, catalog, whole, policy, glossary: &[], today: &today };
    events.send(Event::Status(format!("Looking at {} tables", catalog.snapshot().tables.len())));
    let proposal = nl2sql::propose::propose(&ask, translator, &mut |step| tell(step, events))
        .await
        .map_err(no_answer)?;
    let mut checked = proposal.checked.into_iter();
    let best = checked.next().ok_or_else(|| no_answer(NoAnswer::NotLinked(question.to_owned())))?;
    Ok(Proposed { best, others: checked.collect(), calls: proposal.calls, notes: proposal.notes })
}

/// The candidate with filter values in the spelling that is stored; for one that found nothing.
pub fn respelled(best: &Checked, seen: &Seen<'_>) -> Option<Checked> {
    let (sql, repairs) = nl2sql::repair::stored_spelling(best.statement.asked(), seen.catalog)?;
    let statement = guard::check(&sql, seen.whole, seen.policy).ok()?;
    let candidate = nl2sql::Candidate { sql, tree: None, ..best.candidate.clone() };
    Some(Checked { candidate, statement, repairs })
}

/// The translator for one connection: what may leave is the stricter of the daemon's level and the connection's.
pub fn translator_for(translator: &Translator, connection_level: &str) -> Translator {
    let mut translator = translator.clone();
    if let Translator::Model(model) = &mut translator {
        let level = privacy(connection_level);
        if strictness(level) < strictness(model.limits.privacy) {
            model.limits.privacy = level;
        }
    }
    translator
}

/// A privacy level by its word; an unknown word is the strictest level.
pub fn privacy(word: &str) -> Privacy {
    match word {
        "rows" => Privacy::ResultRows,
        "values" => Privacy::SampleValues,
        "statistics" => Privacy::Statistics,
        _ => Privacy::NamesOnly,
    }
}

fn strictness(level: Privacy) -> u8 {
    match level {
        Privacy::NamesOnly => 0,
        Privacy::Statistics => 1,
        Privacy::SampleValues => 2,
        Privacy::ResultRows => 3,
    }
}

fn tell(step: Step, events: &Events) {
    match step {
        Step::ModelDelta(text) => events.send(Event::Delta(text)),
        Step::ModelRestarted => {
            events.send(Event::Status("The model's reply broke off; asking again".to_owned()))
        }
        Step::Findings { sql, findings } => events.send(Event::Findings { sql, findings }),
        Step::Repair { notes, .. } => events.send(Event::Repaired(notes.join(" "))),
        Step::Fallback { code, message } => {
            events
                .send(Event::Status(format!("{message} ({code}); the built-in translator answers instead")));
        }
        Step::Call(call) => events.send(Event::Usage(serde_json::json!(call))),
        Step::Candidate(_) => {}
    }
}

fn no_answer(reason: NoAnswer) -> Error {
    match reason {
        NoAnswer::NotLinked(words) => {
            Error::new("A010", Class::BadInput, format!("no table or column fits the question: {words}"))
                .hint("Name what you want to know with words of the schema, or look the schema up first.")
        }
        NoAnswer::Refused(findings) => {
            findings.iter().for_each(|finding| metrics::refusal(&finding.code.as_str()));
            let first = findings.first().map(ToString::to_string).unwrap_or_default();
            Error::new("A011", Class::BadInput, format!("every candidate was refused by the guard: {first}"))
                .hint("Ask in other words, or write the SQL yourself under /api/v1/queries.")
        }
        NoAnswer::Unanswerable(why) => Error::new("A012", Class::BadInput, why)
            .hint("The schema does not hold what the question asks for."),
        NoAnswer::Model(why) => Error::new("A013", Class::Upstream, why)
            .hint("Check model.* in the configuration; model.provider = \"builtin\" needs no model."),
    }
}
