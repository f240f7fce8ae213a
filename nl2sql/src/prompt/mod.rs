//! Requests to a model, rendered from the templates in `prompts/`.
//!
//! The templates are compiled in; a folder given at run time overrides them file by file. Text from the database is
//! data: it is quoted, bounded in length and fenced, and a privacy level decides which of it is in the prompt at all.

mod schema;
mod text;

use std::path::Path;

use catalog::Engine;
use guard::Finding;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use serde::{Deserialize, Serialize};

use crate::Ask;
use crate::model::{Message, RecordedKey, Request, Role};

const MAX_QUESTION: usize = 4_000;
const MAX_TURN: usize = 1_500;
const MAX_TURNS: usize = 6;
const MAX_TERMS: usize = 60;
const MAX_FINDINGS: usize = 12;
const MAX_TEMPLATE_BYTES: u64 = 256 * 1024;

/// What may leave the house. Each level holds what the one before it does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// Names, types and keys.
    NamesOnly,
    /// And comments, counts and shares.
    #[default]
    Statistics,
    /// And stored values, except those of sensitive columns.
    SampleValues,
    /// And rows of results (for explanations; never part of these prompts).
    ResultRows,
}

/// How prompts are built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptLimits {
    /// What may be in them.
    pub privacy: Privacy,
    /// Tokens that the schema may take (estimated).
    pub schema_tokens: u64,
    /// Tokens that the reply may have.
    pub reply_tokens: u32,
}

impl Default for PromptLimits {
    fn default() -> PromptLimits {
        PromptLimits { privacy: Privacy::default(), schema_tokens: 6_000, reply_tokens: 1_500 }
    }
}

/// A template that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the prompt template {name} cannot be used (prompt_template): {reason}")]
pub struct PromptError {
    /// Which file.
    pub name: String,
    /// Why, with the line where one is known.
    pub reason: String,
}

const TEMPLATES: [(&str, &str); 3] = [
    ("system.j2", include_str!("../../../prompts/system.j2")),
    ("question.j2", include_str!("../../../prompts/question.j2")),
    ("repair.j2", include_str!("../../../prompts/repair.j2")),
];

const DIALECTS: [(Engine, &str, &str, &str); 6] = [
    (
        Engine::Postgres,
        "PostgreSQL",
        "dialects/postgres.md",
        include_str!("../../../prompts/dialects/postgres.md"),
    ),
    (Engine::Mysql, "MySQL", "dialects/mysql.md", include_str!("../../../prompts/dialects/mysql.md")),
    (Engine::Mariadb, "MariaDB", "dialects/mariadb.md", include_str!("../../../prompts/dialects/mariadb.md")),
    (Engine::Mssql, "SQL Server", "dialects/mssql.md", include_str!("../../../prompts/dialects/mssql.md")),
    (Engine::Sqlite, "SQLite", "dialects/sqlite.md", include_str!("../../../prompts/dialects/sqlite.md")),
    (Engine::Mongodb, "MongoDB", "dialects/mongodb.md", include_str!("../../../prompts/dialects/mongodb.md")),
];

/// The templates, ready to render.
#[derive(Debug)]
pub struct Prompts {
    templates: Environment<'static>,
}

impl Prompts {
    /// The templates that are compiled in.
    ///
    /// # Errors
    /// A template that does not parse (which a test rules out).
    pub fn built_in() -> Result<Prompts, PromptError> {
        Prompts::load(|_| Ok(None))
    }

    /// As [`Prompts::built_in`], with the files of a folder in place of those of the same name.
    ///
    /// # Errors
    /// A file that cannot be read, is too large, or does not parse.
    pub fn with_folder(folder: &Path) -> Result<Prompts, PromptError> {
        Prompts::load(|name| read_override(folder, name))
    }

    fn load(get: impl Fn(&str) -> Result<Option<String>, PromptError>) -> Result<Prompts, PromptError> {
        let mut templates = Environment::new();
        let syntax = SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build();
        templates.set_syntax(syntax.map_err(|e| failed("syntax", &e))?);
        templates.set_undefined_behavior(UndefinedBehavior::Strict);
        templates.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
        let files = TEMPLATES.iter().map(|(n, t)| (*n, *t)).chain(DIALECTS.iter().map(|d| (d.2, d.3)));
        for (name, text) in files {
            let text = get(name)?.unwrap_or_else(|| text.to_owned());
            templates.add_template_owned(name, text).map_err(|e| failed(name, &e))?;
        }
        Ok(Prompts { templates })
    }

    /// The request for a question.
    ///
    /// # Errors
    /// A template (of the folder) that asks for what there is not.
    pub fn question(&self, ask: &Ask<'_>, limits: &PromptLimits) -> Result<Request, PromptError> {
        let schema = schema::render(ask.catalog, limits);
        let question = text::fenced(ask.question, MAX_QUESTION);
        let skip = ask.history.len().saturating_sub(MAX_TURNS);
        let history: Vec<Turn> = ask.history.iter().skip(skip).map(Turn::of).collect();
        let glossary: Vec<Term> = ask.glossary.iter().take(MAX_TERMS).map(Term::of).collect();
        let system = self.system(ask)?;
        let user = self.render(
            "question.j2",
            context! {
                schema => schema.text,
                glossary => Value::from(Serde(&glossary)),
                history => Value::from(Serde(&history)),
                question => question.as_str(),
                today => ask.today,
            },
        )?;
        let mut bytes = schema.bytes;
        bytes.question = question.len() as u64;
        bytes.history = history.iter().map(Turn::bytes).sum();
        let known = bytes.total();
        bytes.instructions = ((system.len() + user.len()) as u64).saturating_sub(known);
        let message = |role, content: String| Message { role, content: content.trim().to_owned() };
        Ok(Request {
            messages: vec![message(Role::System, system), message(Role::User, user)],
            max_tokens: limits.reply_tokens,
            temperature: Some(0.0),
            bytes,
            key: RecordedKey {
                question: ask.question.to_owned(),
                dialect: Some(ask.catalog.engine().name().to_owned()),
                ..RecordedKey::default()
            },
        })
    }

    /// The request that follows a refused statement: what was asked, what came, and what the guard says.
    ///
    /// # Errors
    /// As [`Prompts::question`].
    pub fn repair(&self, before: &Request, sql: &str, findings: &[Finding]) -> Result<Request, PromptError> {
        let said: Vec<String> =
            findings.iter().take(MAX_FINDINGS).map(|f| text::fenced(&f.to_string(), 400)).collect();
        let sql = text::fenced(sql, 8_000);
        let content = self.render("repair.j2", context! { sql => sql.as_str(), findings => said })?;
        let mut request = before.clone();
        request.messages.truncate(2);
        request.messages.push(Message { role: Role::Assistant, content: format!("```sql\n{sql}\n```") });
        request.bytes.instructions += (content.len() + sql.len()) as u64;
        request.messages.push(Message { role: Role::User, content: content.trim().to_owned() });
        Ok(request)
    }

    fn system(&self, ask: &Ask<'_>) -> Result<String, PromptError> {
        let engine = ask.catalog.engine();
        let dialect = DIALECTS.iter().find(|d| d.0 == engine);
        let (engine_name, file) = dialect.map_or((engine.name(), ""), |d| (d.1, d.2));
        let dialect_notes = if file.is_empty() { String::new() } else { self.render(file, context! {})? };
        self.render(
            "system.j2",
            context! { engine_name, dialect_notes => dialect_notes.trim(), today => ask.today },
        )
    }

    fn render(&self, name: &str, values: Value) -> Result<String, PromptError> {
        let template = self.templates.get_template(name).map_err(|e| failed(name, &e))?;
        template.render(values).map_err(|e| failed(name, &e))
    }
}

fn failed(name: &str, error: &minijinja::Error) -> PromptError {
    let line = error.line().map(|l| format!(" in line {l}")).unwrap_or_default();
    PromptError { name: name.to_owned(), reason: format!("{}{line}", error.kind()) }
}

fn read_override(folder: &Path, name: &str) -> Result<Option<String>, PromptError> {
    let path = folder.join(name);
    let bad = |reason: String| PromptError { name: name.to_owned(), reason };
    let Ok(found) = std::fs::metadata(&path) else { return Ok(None) };
    if found.len() > MAX_TEMPLATE_BYTES {
        return Err(bad(format!("it is larger than {MAX_TEMPLATE_BYTES} bytes")));
    }
    std::fs::read_to_string(&path).map(Some).map_err(|e| bad(e.kind().to_string()))
}

#[derive(Debug, Serialize)]
struct Turn {
    question: String,
    sql: Option<String>,
}

impl Turn {
    fn of(turn: &crate::Turn) -> Turn {
        let sql = turn.sql.as_ref().map(|s| text::one_line(s, MAX_TURN));
        Turn { question: text::one_line(&turn.question, MAX_TURN), sql }
    }

    fn bytes(&self) -> u64 {
        (self.question.len() + self.sql.as_ref().map_or(0, String::len)) as u64
    }
}

#[derive(Debug, Serialize)]
struct Term {
    term: String,
    definition: String,
    expression: Option<String>,
}

impl Term {
    fn of(term: &crate::GlossaryTerm) -> Term {
        Term {
            term: text::one_line(&term.term, 100),
            definition: text::one_line(&term.definition, 400),
            expression: term.expression.as_ref().map(|e| text::one_line(e, 300)),
        }
    }
}
