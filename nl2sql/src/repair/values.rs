//! Stored spellings: `'usa'` where the column holds `USA`. Only for statements that gave no rows, and only where the
//! text is known not to be stored.

use catalog::{Catalog, Column, Statistics};

use super::blocks::{Relation, around, blocks};
use super::close::{score, stem};
use super::{Edit, apply};
use crate::lexer::{Kind, Token, tokens, unquote};

/// The statement with texts in the spelling that the compared column stores; `None` when nothing is to be changed.
pub fn stored_spelling(sql: &str, catalog: &Catalog) -> Option<(String, Vec<String>)> {
    let engine = catalog.engine();
    let all = blocks(sql, catalog);
    let texts = tokens(sql, engine);
    let significant: Vec<Token<'_>> = texts.into_iter().filter(|t| !t.is_blank()).collect();
    let mut edits = Vec::new();
    for (i, token) in significant.iter().enumerate().filter(|(_, t)| may_be_text(t)) {
        let before = significant.get(..i).unwrap_or_default();
        let chain = around(&all, token.start);
        let relations: Vec<&Relation<'_>> = chain.iter().flat_map(|b| &b.relations).collect();
        if token.kind == Kind::Quoted && is_column(token, &relations) {
            continue;
        }
        let Some(column) = compared_column(before, &relations) else { continue };
        let written = unquote(token.text);
        let Some(stored) = column.statistics.as_ref().and_then(|s| spelling(&written, s)) else { continue };
        let note = format!("'{written}' was read as '{stored}', as {} stores it", column.name);
        let text = format!("'{}'", stored.replace('\'', "''"));
        edits.push(Edit { start: token.start, end: token.end(), text, note });
    }
    apply(sql, edits)
}

/// SQLite and MySQL take `"usa"` for a text where it is no column's name.
fn may_be_text(token: &Token<'_>) -> bool {
    token.kind == Kind::Text || (token.kind == Kind::Quoted && token.text.starts_with('"'))
}

fn is_column(token: &Token<'_>, relations: &[&Relation<'_>]) -> bool {
    let name = unquote(token.text);
    let columns = relations.iter().filter_map(|r| r.table).flat_map(|t| &t.columns);
    columns.into_iter().any(|c| c.name.eq_ignore_ascii_case(&name))
}

/// The column of `column = 'text'`, `column <> 'text'` or `column IN ('text', ...`.
fn compared_column<'a>(before: &[Token<'_>], relations: &[&Relation<'a>]) -> Option<&'a Column> {
    let listed = |t: &&Token<'_>| may_be_text(t) || t.is_symbol(",");
    let skipped = before.iter().rev().take_while(listed).count();
    let head = before.get(..before.len() - skipped)?;
    let head = match head {
        [rest @ .., op]
            if skipped == 0 && (op.is_symbol("=") || op.is_symbol("<>") || op.is_symbol("!=")) =>
        {
            rest
        }
        [rest @ .., is_in, open] if open.is_symbol("(") && is_in.is("IN") => match rest {
            [more @ .., not] if not.is("NOT") => more,
            _ => rest,
        },
        _ => return None,
    };
    let (qualifier, column) = match head {
        [.., q, dot, c] if dot.is_symbol(".") => (q.name(), c.name()?),
        [.., c] => (None, c.name()?),
        [] => return None,
    };
    let named = |r: &&&Relation<'_>| {
        qualifier.as_ref().is_none_or(|q| r.qualifier.trim_matches('"').eq_ignore_ascii_case(q))
    };
    let has = |r: &&Relation<'a>| r.table?.columns.iter().find(|c| c.name.eq_ignore_ascii_case(&column));
    let mut found = relations.iter().filter(named).filter_map(has);
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// The stored value that is meant. A text that is stored as it is, or may be because the list is not complete and
/// nothing in it differs by case and spacing alone, is left alone.
fn spelling<'s>(written: &str, statistics: &'s Statistics) -> Option<&'s str> {
    let values = || statistics.common.iter().map(|c| c.value.as_str());
    if written.trim().is_empty() || values().any(|v| v == written) {
        return None;
    }
    let only = |rank: &dyn Fn(&str) -> bool| -> Option<&'s str> {
        let mut fitting = values().filter(|v| rank(v));
        let first = fitting.next()?;
        fitting.next().is_none().then_some(first)
    };
    if let Some(same) = only(&|v| score(written, v) == Some(0)) {
        return Some(same);
    }
    let complete = statistics.distinct.is_some_and(|d| d >= 0.0 && d <= statistics.common.len() as f64);
    if !complete {
        return None;
    }
    let lower = written.to_lowercase();
    only(&|v| stem(&v.to_lowercase()) == stem(&lower)).or_else(|| only(&|v| score(written, v).is_some()))
}
