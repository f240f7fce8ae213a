//! For the fuzz targets alone: where our own lexer and sqlparser's see quoted texts, quoted names and comments.

use catalog::Engine;
use sqlparser::tokenizer::{Token, Tokenizer, Whitespace};

use super::{Lines, dialect_of};
use crate::lex;

/// Start and end in bytes, opening quote to closing quote.
pub type Piece = (usize, usize);

/// The pieces as `lex` reads them; nothing when it refuses the text.
pub fn by_lexer(sql: &str, engine: Engine) -> Option<Vec<Piece>> {
    lex::scan(sql, engine, usize::MAX).ok()?;
    let mut at = 0;
    let mut pieces = Vec::new();
    while at < sql.len() {
        let end = lex::step_over(sql, engine, at).ok()?;
        pieces.extend(piece(sql, (at, end)));
        at = end.max(at + 1);
    }
    Some(pieces)
}

/// The pieces as sqlparser reads them; nothing when it refuses the text.
pub fn by_tokenizer(sql: &str, engine: Engine) -> Option<Vec<Piece>> {
    let dialect = dialect_of(engine).ok()?;
    let lines = Lines::new(sql);
    let tokens = Tokenizer::new(dialect, sql).tokenize_with_location().ok()?;
    let spans = tokens.iter().filter(|t| is_piece(&t.token)).map(|t| lines.span(sql.as_bytes(), t.span));
    Some(spans.filter_map(|s| piece(sql, (s.start as usize, s.end as usize))).collect())
}

/// Cuts what stands before the quote (`E`, `N`, `_utf8`) and a comment's line end; nothing when there is no quote.
fn piece(sql: &str, (start, end): Piece) -> Option<Piece> {
    let text = sql.get(start..end)?;
    let opens = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        let tag = at == 0 && rest.starts_with('$') && rest.len() > 1 && rest.ends_with('$');
        tag || ["'", "\"", "`", "[", "--", "/*", "#"].iter().any(|q| rest.starts_with(q))
    };
    let open = (0..text.len()).find(|at| opens(*at))?;
    // a lone bracket or sign is none
    (text.len() > open + 1).then(|| (start + open, start + text.trim_end_matches(['\r', '\n']).len()))
}

fn is_piece(token: &Token) -> bool {
    match token {
        Token::Word(word) => word.quote_style.is_some(),
        Token::Whitespace(space) => {
            matches!(space, Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_))
        }
        Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::DollarQuotedString(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::UnicodeStringLiteral(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_) => true,
        Token::HexStringLiteral(_) => true,
        _ => false,
    }
}
