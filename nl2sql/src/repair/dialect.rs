//! Calls and operators of other dialects, in the places that the guard refused.

use catalog::Engine;
use guard::{Code, Finding};

use super::functions::translate_call;
use super::{Edit, apply};
use crate::lexer::{Kind, Token, tokens};

/// Rewrites refused functions and operators by what they are called here.
pub(super) fn rewrite(sql: &str, findings: &[Finding], engine: Engine) -> Option<(String, Vec<String>)> {
    let all = tokens(sql, engine);
    let significant: Vec<Token<'_>> = all.into_iter().filter(|t| !t.is_blank()).collect();
    let refused = refused_functions(findings);
    let form = findings.iter().any(|f| matches!(f.code, Code::G010 | Code::G201 | Code::G202));
    let mut edits = Vec::new();
    for (i, token) in significant.iter().enumerate() {
        let upper = token.text.to_uppercase();
        let named = refused.contains(&upper);
        if named || (form && special_form(&upper)) {
            edits.extend(call(sql, significant.get(i..).unwrap_or_default(), engine));
        }
        if form && token.is("ILIKE") && engine != Engine::Postgres {
            let note = "ILIKE was written as LIKE".to_owned();
            edits.push(Edit { start: token.start, end: token.end(), text: "LIKE".to_owned(), note });
        }
    }
    apply(sql, outermost(edits))
}

/// Names in upper case.
fn refused_functions(findings: &[Finding]) -> Vec<String> {
    let about = |f: &&Finding| matches!(f.code, Code::G300 | Code::G301 | Code::G302);
    let name = |s: &String| s.rsplit('.').next().unwrap_or_default().trim_matches('"').to_uppercase();
    findings.iter().filter(about).filter_map(|f| f.subject.as_ref().map(name)).collect()
}

/// Functions that parsers read by a grammar of their own, so that they fail as form.
fn special_form(name: &str) -> bool {
    matches!(name, "IF" | "LEFT" | "RIGHT" | "GROUP_CONCAT" | "EXTRACT")
}

/// An inner call waits for the next round.
fn outermost(edits: Vec<Edit>) -> Vec<Edit> {
    let inside = |e: &Edit| edits.iter().any(|o| o.start < e.start && e.end <= o.end);
    edits.iter().filter(|e| !inside(e)).cloned().collect()
}

fn call(sql: &str, rest: &[Token<'_>], engine: Engine) -> Option<Edit> {
    let [name, open, inner @ ..] = rest else { return None };
    if name.kind != Kind::Word || !open.is_symbol("(") {
        return None;
    }
    let (args, end) = arguments(sql, open.end(), inner)?;
    let upper = name.text.to_uppercase();
    let text = match (upper.as_str(), args.as_slice()) {
        ("EXTRACT", [one]) if engine == Engine::Sqlite => extract(one)?,
        (known, args) => translate_call(known, args, engine)?,
    };
    let note = format!("{} was written as this database writes it", upper);
    Some(Edit { start: name.start, end, text, note })
}

/// `EXTRACT(YEAR FROM x)`
fn extract(argument: &str) -> Option<String> {
    let (part, value) = argument.split_once(char::is_whitespace)?;
    let value = value.trim_start();
    let value = value.get(..4).filter(|w| w.eq_ignore_ascii_case("from")).and_then(|_| value.get(4..))?;
    translate_call(&part.to_uppercase(), &[value.trim()], Engine::Sqlite)
}

/// The texts of a call's arguments and where the call ends.
fn arguments<'s>(sql: &'s str, start: usize, inner: &[Token<'_>]) -> Option<(Vec<&'s str>, usize)> {
    let (mut depth, mut from) = (0_i32, start);
    let mut args = Vec::new();
    for token in inner {
        let closes = token.is_symbol(")");
        if depth == 0 && (closes || token.is_symbol(",")) {
            let text = sql.get(from..token.start)?.trim();
            if !text.is_empty() {
                args.push(text);
            }
            from = token.end();
        }
        if depth == 0 && closes {
            return Some((args, token.end()));
        }
        depth += i32::from(token.is_symbol("(")) - i32::from(closes);
    }
    None
}
