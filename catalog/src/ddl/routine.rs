//! Reads the head of functions, procedures and aggregates; bodies are passed over.

use super::builder::Builder;
use super::column::type_text;
use super::cursor::{Cursor, text_of};
use super::lex::Kind;
use super::{Reason, UNREADABLE};
use crate::{Engine, Routine, types};

/// Words after a routine's result type.
const AFTER_RETURNS: [&str; 26] = [
    "LANGUAGE",
    "AS",
    "IMMUTABLE",
    "STABLE",
    "VOLATILE",
    "STRICT",
    "CALLED",
    "SECURITY",
    "DETERMINISTIC",
    "NOT",
    "READS",
    "MODIFIES",
    "CONTAINS",
    "NO",
    "SQL",
    "COMMENT",
    "BEGIN",
    "RETURN",
    "COST",
    "ROWS",
    "PARALLEL",
    "WINDOW",
    "LEAKPROOF",
    "SET",
    "WITH",
    "RETURNS",
];

/// Passes the word for the kind of routine.
pub(super) fn kind(at: &mut Cursor<'_, '_>) -> Option<&'static str> {
    if at.eat("AGGREGATE FUNCTION") || at.eat("AGGREGATE") {
        return Some("aggregate");
    }
    if at.eat("FUNCTION") {
        return Some("function");
    }
    at.eat_any(&["PROCEDURE", "PROC"]).then_some("procedure")
}

/// After the word for the kind.
pub(super) fn create(builder: &mut Builder, mut at: Cursor<'_, '_>, kind: &str) -> Result<(), Reason> {
    at.eat("IF NOT EXISTS");
    let name = at.object_name().ok_or(UNREADABLE)?;
    let mut routine = Routine {
        schema: builder.schema_of(&name),
        name: name.name,
        kind: kind.to_owned(),
        arguments: arguments(&mut at),
        language: (builder.engine != Engine::Postgres).then(|| "sql".to_owned()),
        ..Routine::default()
    };
    attributes(&mut routine, &mut at);
    builder.routines.retain(|r| {
        (&r.schema, &r.name, &r.arguments) != (&routine.schema, &routine.name, &routine.arguments)
    });
    builder.routines.push(routine);
    Ok(())
}

/// The argument list; T-SQL procedures write it without parentheses.
fn arguments(at: &mut Cursor<'_, '_>) -> String {
    if let Some(group) = at.group() {
        return text_of(group);
    }
    let opens = at.peek().is_some_and(|t| t.kind == Kind::Word && t.raw.starts_with('@'));
    if !opens {
        return String::new();
    }
    text_of(at.run_until(|c| c.is(0, "AS") && !c.is_punct(1, "(") && !names_a_type(c)))
}

/// `@a AS int`: the `AS` inside a parameter is followed by a type, the one before the body is not.
fn names_a_type(c: &Cursor<'_, '_>) -> bool {
    let mut c = c.clone();
    c.bump();
    c.name().is_some_and(|n| types::classify(Engine::Mssql, &n).0 != crate::TypeClass::Other)
}

/// Result type, language and volatility: what stands before the body.
fn attributes(routine: &mut Routine, at: &mut Cursor<'_, '_>) {
    while let Some(token) = at.peek() {
        if at.is_any(&["BEGIN", "RETURN"]) || (at.is(0, "AS") && at.engine == Engine::Mssql) {
            return;
        }
        if at.eat("RETURNS NULL ON NULL INPUT") {
            continue;
        }
        if at.eat("RETURNS") {
            routine.returns = returns(at);
        } else if at.eat("LANGUAGE") {
            routine.language = at.name().map(|n| n.to_lowercase());
        } else if token.is("IMMUTABLE") || token.is("STABLE") || token.is("VOLATILE") {
            routine.volatility = Some(token.raw.to_lowercase());
            at.bump();
        } else {
            at.bump();
        }
    }
}

fn returns(at: &mut Cursor<'_, '_>) -> Option<String> {
    if at.is_any(&["TABLE"]) && at.is_punct(1, "(") {
        at.bump();
        return at.group().map(|g| format!("TABLE({})", text_of(g)));
    }
    let tokens = at.run_until(|c| c.is_any(&AFTER_RETURNS));
    let text = type_text(tokens, at.engine);
    let (set, plain) = match text.get(..6) {
        Some(word) if word.eq_ignore_ascii_case("setof ") => ("SETOF ", text.get(6..).unwrap_or_default()),
        _ => ("", text.as_str()),
    };
    Some(format!("{set}{}", types::canonical(at.engine, plain))).filter(|t| !t.is_empty())
}
