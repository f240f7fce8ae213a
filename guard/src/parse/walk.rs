//! SEARCH and CYCLE after a recursive common table expression. sqlparser knows neither: the clause becomes a marked
//! expression after its own in WITH, `\0search:depth (a, b, column) AS (VALUES (1))`, which the converter takes back.

use sqlparser::ast;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::Converter;
use super::prepass::{is_word, word};
use super::query::refuse_some;
use super::refuse::unproven;
use crate::finding::Finding;
use crate::tree::{Cte, Cycle, Expr, Literal, Search, SetExpr, SetOp, Walk};

const DEPTH: &str = "\0search:depth";
const BREADTH: &str = "\0search:breadth";
const CYCLE: &str = "\0cycle";

/// A clause at the start of tokens: how many tokens it has, and what takes its place.
pub(super) fn clause(tokens: &[TokenWithSpan]) -> Option<(usize, Vec<TokenWithSpan>)> {
    let first = tokens.first()?;
    let is = |at: usize, text: &str| is_word(tokens.get(at), text);
    if is(0, "search") && (is(1, "depth") || is(1, "breadth")) && is(2, "first") && is(3, "by") {
        let mark = if is(1, "depth") { DEPTH } else { BREADTH };
        let (mut names, at) = names(tokens, 4)?;
        names.push(name(tokens.get(at + 1).filter(|_| is(at, "set"))?)?);
        return Some((at + 2, marked(mark, names, &[], first.span)));
    }
    if !is(0, "cycle") {
        return None;
    }
    let (mut names, mut at) = names(tokens, 1)?;
    names.push(name(tokens.get(at + 1).filter(|_| is(at, "set"))?)?);
    at += 2;
    let mut values = Vec::new();
    if is(at, "to") && is(at + 2, "default") {
        values = vec![tokens.get(at + 1)?.clone(), tokens.get(at + 3)?.clone()];
        at += 4;
    }
    names.push(name(tokens.get(at + 1).filter(|_| is(at, "using"))?)?);
    Some((at + 2, marked(CYCLE, names, &values, first.span)))
}

/// `a, b` and where it ends.
fn names(tokens: &[TokenWithSpan], mut at: usize) -> Option<(Vec<TokenWithSpan>, usize)> {
    let mut found = vec![name(tokens.get(at)?)?];
    at += 1;
    while tokens.get(at)?.token == Token::Comma {
        found.push(name(tokens.get(at + 1)?)?);
        at += 2;
    }
    Some((found, at))
}

fn name(token: &TokenWithSpan) -> Option<TokenWithSpan> {
    matches!(token.token, Token::Word(_)).then(|| token.clone())
}

fn marked(mark: &str, names: Vec<TokenWithSpan>, values: &[TokenWithSpan], span: Span) -> Vec<TokenWithSpan> {
    let sign = |token: Token| TokenWithSpan { token, span };
    let mut out = vec![sign(Token::Comma), word(mark, Keyword::NoKeyword, span)];
    let list = |items: Vec<TokenWithSpan>, out: &mut Vec<TokenWithSpan>| {
        out.push(sign(Token::LParen));
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                out.push(sign(Token::Comma));
            }
            out.push(item);
        }
        out.push(sign(Token::RParen));
    };
    list(names, &mut out);
    out.extend([word("AS", Keyword::AS, span), sign(Token::LParen), word("VALUES", Keyword::VALUES, span)]);
    let none = || vec![sign(Token::Number("1".to_owned(), false))];
    list(if values.is_empty() { none() } else { values.to_vec() }, &mut out);
    out.push(sign(Token::RParen));
    out
}

impl Converter<'_> {
    /// Whether an entry of WITH is a mark; if so it goes to the expression before it.
    pub(super) fn walk(
        &self,
        entry: &ast::Cte,
        before: &mut [Cte],
        recursive: bool,
    ) -> Result<bool, Finding> {
        let mark = entry.alias.name.value.as_str();
        if ![DEPTH, BREADTH, CYCLE].contains(&mark) {
            return Ok(false);
        }
        let wrong = || unproven("SEARCH or CYCLE here");
        let Some(cte) = before.last_mut() else { return Err(wrong()) };
        refuse_some(!recursive || !walks(&cte.query.body), "SEARCH or CYCLE without a recursion by UNION")?;
        let names = entry.alias.columns.iter().map(|c| self.ident(c.name.clone()));
        let mut names = names.collect::<Result<Vec<_>, _>>()?;
        let Walk { search, cycle } = &mut cte.walk;
        refuse_some(cycle.is_some() || (mark != CYCLE && search.is_some()), "SEARCH or CYCLE twice")?;
        let last = names.pop().ok_or_else(wrong)?;
        if mark != CYCLE {
            *search = Some(Search { breadth: mark == BREADTH, by: names, column: last });
            return Ok(true);
        }
        let mark = names.pop().ok_or_else(wrong)?;
        let SetExpr::Values(mut rows) = self.query(entry.query.as_ref().clone())?.body else {
            return Err(wrong());
        };
        let mut row = rows.pop().unwrap_or_default();
        let values = match (row.pop(), row.pop()) {
            (Some(other), Some(marked)) => Some((constant(marked)?, constant(other)?)),
            _ => None,
        };
        *cycle = Some(Cycle { by: names, mark, values, path: last });
        Ok(true)
    }
}

fn constant(expr: Expr) -> Result<Expr, Finding> {
    match expr {
        Expr::Literal(Literal::Bool(_) | Literal::Number(_) | Literal::String(_), _) => Ok(expr),
        _ => Err(unproven("CYCLE with anything but a constant")),
    }
}

/// Whether a body is one UNION of two blocks, which the server asks for.
fn walks(body: &SetExpr) -> bool {
    let SetExpr::SetOp { op: SetOp::Union, all: _, left, right } = body else { return false };
    matches!(**left, SetExpr::Select(_) | SetExpr::Values(_)) && matches!(**right, SetExpr::Select(_))
}
