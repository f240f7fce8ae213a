//! Rewrites of PostgreSQL's token list, for honest forms that sqlparser cannot read. Each is another way to say the
//! same, or a mark that begins with NUL, which no text can hold.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan};

use super::prepass::{is_word, word};

/// Applies them to tokens without spaces.
pub(super) fn rewrite(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter();
    loop {
        while let Some((length, marked)) = after_with(&out, rest.as_slice()) {
            out.extend(marked);
            rest.nth(length - 1);
        }
        let Some(token) = rest.next() else { return out };
        let span = token.span;
        let word_is = |text: &str| is_word(Some(&token), text);
        // duplicates of grouping sets stay anyway
        if word_is("all") && ends_with(&out, &["group", "by"]) {
            continue;
        }
        // EXISTS does not look at the list, which may be empty
        if word_is("from") && opens_exists(&out) {
            out.push(one(span));
        }
        if let Some(direction) = sorted_by(&token.token).filter(|_| is_word(out.last(), "using")) {
            out.pop();
            out.push(direction(span));
            continue;
        }
        out.push(token);
    }
}

/// SEARCH or CYCLE behind the closing bracket of an expression of WITH.
fn after_with(out: &[TokenWithSpan], rest: &[TokenWithSpan]) -> Option<(usize, Vec<TokenWithSpan>)> {
    let closed = out.last().is_some_and(|t| t.token == Token::RParen);
    if closed { super::walk::clause(rest) } else { None }
}

/// `USING >` and `USING <` are the other names of DESC and ASC.
fn sorted_by(operator: &Token) -> Option<fn(Span) -> TokenWithSpan> {
    if *operator == Token::Gt {
        return Some(|span| word("DESC", Keyword::DESC, span));
    }
    (*operator == Token::Lt).then_some(|span| word("ASC", Keyword::ASC, span))
}

/// `EXISTS (SELECT`
fn opens_exists(out: &[TokenWithSpan]) -> bool {
    let [.., exists, open, select] = out else { return false };
    is_word(Some(exists), "exists") && open.token == Token::LParen && is_word(Some(select), "select")
}

fn one(span: Span) -> TokenWithSpan {
    TokenWithSpan { token: Token::Number("1".to_owned(), false), span }
}

fn ends_with(out: &[TokenWithSpan], words: &[&str]) -> bool {
    let Some(start) = out.len().checked_sub(words.len()) else { return false };
    out.iter().skip(start).zip(words).all(|(token, text)| is_word(Some(token), text))
}
