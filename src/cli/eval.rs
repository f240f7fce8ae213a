//! `querent eval`: a translator measured on questions with known answers, through the whole pipeline: proposal, guard,
//! execution, comparison of results.

mod cells;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use catalog::Catalog;
use connector_api::{Connector, CrawlOptions};
use futures::StreamExt;
use guard::{Policy, ReadOnly};
use nl2sql::eval::{Case, Cell, Outcome, Question, Report, prediction_line, read_questions, same_result};
use nl2sql::model::{Client, Recorded};
use nl2sql::propose::{RecordedTranslator, Translator};

use super::args::EvalArgs;
use super::{progress, target};
use crate::app::{self, Setup};
use crate::chat::{self, Events};
use crate::error::{Class, Error, Result};
use crate::index::Index;
use crate::model::clock::Stopwatch;
use crate::{crawl, exec, sources};

/// Values of a column that are looked at, so that names in questions are found.
const VALUES: usize = 5_000;
/// Rows of a table that are looked at for values.
const SAMPLE: u64 = 100_000;
/// Failures that the printed report lists.
const LISTED: usize = 0;

/// Who answers.
enum Answerer {
    Translator(Translator),
    Recorded(Arc<Client>),
    Gold,
}

/// A database of the set, opened once.
struct Database {
    connector: Arc<dyn Connector>,
    index: Index,
}

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, args: EvalArgs) -> Result<i32> {
    let mut questions = questions(&args.questions)?;
    questions.truncate(args.limit.unwrap_or(usize::MAX));
    let answerer = answerer(setup, &args.translator)?;
    let mut predictions = args.predictions.as_deref().map(create).transpose()?;
    let mut databases = HashMap::new();
    let mut cases = Vec::with_capacity(questions.len());
    let bar = progress::bar("asking");
    bar.set_length(questions.len() as u64);
    for question in &questions {
        if !databases.contains_key(&question.db_id) {
            let opened = open(setup, &args.databases, &question.db_id).await?;
            databases.insert(question.db_id.clone(), opened);
        }
        let Some(database) = databases.get(&question.db_id) else { continue };
        let case = case(setup, database, question, &answerer).await;
        if let Some(out) = &mut predictions {
            writeln!(out, "{}", prediction_line(&case.id, case.sql.as_deref()))
                .map_err(|e| unwritable(&e))?;
        }
        cases.push(case);
        bar.inc(1);
    }
    bar.finish_and_clear();
    if let Some(mut out) = predictions {
        out.flush().map_err(|e| unwritable(&e))?;
    }
    let report = Report::of(&cases);
    say!("{}", report.text(LISTED));
    if let Some(path) = &args.report {
        serde_json::to_writer_pretty(create(path)?, &report).map_err(|e| unwritable(&e.into()))?;
    }
    Ok(0)
}

fn questions(path: &Path) -> Result<Vec<Question>> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Error::new("K002", Class::BadInput, format!("{} cannot be read: {e}", path.display()))
    })?;
    read_questions(&text).map_err(|e| Error::new("K011", Class::BadInput, e.to_string()))
}

fn create(path: &Path) -> Result<BufWriter<File>> {
    let made = File::create(path).map_err(|e| {
        Error::new("K003", Class::BadInput, format!("{} cannot be written: {e}", path.display()))
    });
    made.map(BufWriter::new)
}

fn unwritable(error: &std::io::Error) -> Error {
    Error::new("K003", Class::Internal, format!("the output cannot be written: {error}"))
}

fn answerer(setup: &Setup, name: &str) -> Result<Answerer> {
    if let Some(file) = name.strip_prefix("recorded:") {
        let recorded = Recorded::open(Path::new(file))
            .map_err(|e| Error::new("K031", Class::BadInput, e.to_string()))?;
        return Ok(Answerer::Recorded(Arc::new(Client::Recorded(recorded))));
    }
    match name {
        "builtin" => Ok(Answerer::Translator(Translator::Builtin)),
        "model" => Ok(Answerer::Translator(app::translator(&setup.config.model)?)),
        "gold" => Ok(Answerer::Gold),
        other => Err(Error::new("K012", Class::BadInput, format!("there is no translator {other:?}"))
            .hint("Use builtin, model, gold or recorded:FILE.")),
    }
}

async fn open(setup: &Setup, databases: &str, db_id: &str) -> Result<Database> {
    let url = if target::is_url(databases) {
        databases.replace("{db_id}", db_id)
    } else {
        format!("sqlite:{databases}/{db_id}/{db_id}.sqlite")
    };
    let connector = sources::open(&url, &setup.network())?;
    let options =
        CrawlOptions { max_common_values: VALUES, sample_rows: Some(SAMPLE), ..setup.crawl_options() };
    let snapshot = crawl::snapshot(connector.as_ref(), &options, &|_| {}).await?;
    Ok(Database { connector, index: Index::build(Arc::new(Catalog::new(snapshot))) })
}

async fn case(setup: &Setup, database: &Database, question: &Question, answerer: &Answerer) -> Case {
    let watch = Stopwatch::start();
    let proposed = propose(database, question, answerer).await;
    let latency_ms = watch.elapsed().as_secs_f64() * 1e3;
    let case = |outcome, sql: Option<String>, message: Option<String>| Case {
        id: question.id.clone(),
        db_id: question.db_id.clone(),
        hardness: question.hardness.clone(),
        outcome,
        sql,
        message,
        latency_ms,
    };
    let statement = match proposed {
        Ok(statement) => statement,
        Err(error) => {
            let outcome = if error.code == "A011" { Outcome::Refused } else { Outcome::NoAnswer };
            return case(outcome, None, Some(format!("{}: {error}", error.code)));
        }
    };
    let sql = Some(statement.sql().to_owned());
    let gold = match gold(database, question) {
        Ok(gold) => gold,
        Err(error) => return case(Outcome::GoldFailed, sql, Some(error.to_string())),
    };
    let gold_rows = match rows(setup, database, &gold).await {
        Ok(rows) => rows,
        Err(error) => return case(Outcome::GoldFailed, sql, Some(error.to_string())),
    };
    match rows(setup, database, &statement).await {
        Err(error) => case(Outcome::Failed, sql, Some(format!("{}: {error}", error.code))),
        Ok(rows) if same_result(&gold_rows, &rows, gold.report().ordered) => case(Outcome::Right, sql, None),
        Ok(_) => case(Outcome::Wrong, sql, None),
    }
}

async fn propose(database: &Database, question: &Question, answerer: &Answerer) -> Result<ReadOnly> {
    let translator = match answerer {
        Answerer::Gold => return gold(database, question),
        Answerer::Translator(translator) => translator.clone(),
        Answerer::Recorded(client) => Translator::Recorded(RecordedTranslator {
            client: client.clone(),
            id: Some(question.id.clone()),
            db_id: Some(question.db_id.clone()),
        }),
    };
    // A recorded answer may name any table, so it is checked against all of them.
    let catalog = match answerer {
        Answerer::Recorded(_) => database.index.catalog().clone(),
        _ => chat::relevant(&database.index, &Policy::default(), &question.question),
    };
    let (events, _) = Events::channel();
    let policy = Policy::default();
    let seen = chat::Seen { catalog: &catalog, whole: database.index.catalog(), policy: &policy };
    let proposed = chat::propose(&question.question, &[], &seen, &translator, &events).await?;
    Ok(proposed.best.statement)
}

fn gold(database: &Database, question: &Question) -> Result<ReadOnly> {
    guard::check(&question.gold_sql, database.index.catalog(), &Policy::default()).map_err(|findings| {
        let first = findings.first().map(ToString::to_string).unwrap_or_default();
        Error::new("A011", Class::BadInput, format!("the guard refused the known answer: {first}"))
    })
}

async fn rows(setup: &Setup, database: &Database, statement: &ReadOnly) -> Result<Vec<Vec<Cell>>> {
    let mut stream = exec::stream(database.connector.as_ref(), statement, &setup.limits()).await?;
    let mut rows = Vec::new();
    while let Some(batch) = stream.batches.next().await {
        cells::push(&batch?, &mut rows);
    }
    Ok(rows)
}
