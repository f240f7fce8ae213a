//! Rewrites of the token list for honest forms that sqlparser cannot read. Marks are names that start with NUL, which
//! no text can hold (see `lex`), so nothing written by a person can pass for one.

use catalog::Engine;
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token, TokenWithSpan, Whitespace, Word};

use crate::finding::{Code, Finding};

/// Mark of a window frame's EXCLUDE: `\0exclude:ties:base`.
pub(super) const EXCLUDE: &str = "\0exclude:";
/// Mark of SQLite's MATERIALIZED on a common table expression's name: `\0cte:yes:name`.
pub(super) const CTE: &str = "\0cte:";

/// Mark after `IN (`: a list of values follows, though it begins with a sub-query.
pub(super) const LIST: &str = "\0list";

/// Applies all rewrites that the engine needs.
///
/// # Errors
/// Tokens that the engine does not have, or reads differently from sqlparser.
pub(super) fn rewrite(
    tokens: Vec<TokenWithSpan>,
    source: &[u8],
    starts: &super::Lines,
    engine: Engine,
) -> Result<Vec<TokenWithSpan>, Finding> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len() + 8);
    let mut parens: Vec<usize> = Vec::new();
    let mut gap = Gap::default();
    let mut rest = tokens.into_iter().peekable();
    while let Some(mut token) = rest.next() {
        if let Token::Whitespace(space) = &token.token {
            gap.widen(space);
            continue;
        }
        let gap = std::mem::take(&mut gap);
        vet(&mut token, source, starts, engine)?;
        match &token.token {
            Token::LParen => parens.push(out.len()),
            Token::RParen => {
                let open = parens.pop();
                if matches!(engine, Engine::Postgres | Engine::Mongodb | Engine::Sqlite) {
                    exclude(&mut out, open);
                }
                in_list(&mut out, open, engine);
            }
            Token::SingleQuotedString(text)
                if matches!(engine, Engine::Postgres | Engine::Mongodb)
                    && gap.joins()
                    && continued(&mut out, text, token.span) =>
            {
                continue;
            }
            Token::Word(w) if plain(w, "table") && at_query_start(&out) && has_table_command(engine) => {
                while rest.next_if(|t| matches!(t.token, Token::Whitespace(_))).is_some() {}
                if matches!(rest.peek().map(|t| &t.token), Some(Token::Word(_))) {
                    select_star(&mut out, token.span);
                    continue;
                }
            }
            Token::Word(w) if plain(w, "indexed") && engine == Engine::Sqlite && not_indexed(&out) => {
                out.pop();
                continue;
            }
            _ => {}
        }
        if engine == Engine::Sqlite && matches!(token.token, Token::LParen) {
            materialized(&mut out, &mut parens);
        }
        out.push(token);
    }
    Ok(out)
}

/// What stands between two tokens.
#[derive(Default)]
struct Gap {
    line_end: bool,
    block_comment: bool,
}

impl Gap {
    fn widen(&mut self, space: &Whitespace) {
        match space {
            Whitespace::Newline => self.line_end = true,
            Whitespace::SingleLineComment { comment, prefix: _ } => self.line_end |= comment.ends_with('\n'),
            Whitespace::MultiLineComment(_) => self.block_comment = true,
            Whitespace::Space | Whitespace::Tab => {}
        }
    }

    /// Whether PostgreSQL joins two texts over it: a line end, and no comment but those that run to one.
    fn joins(&self) -> bool {
        self.line_end && !self.block_comment
    }
}

/// PostgreSQL: `'a'`, a line end and `'b'` are one text.
fn continued(out: &mut [TokenWithSpan], text: &str, span: Span) -> bool {
    let Some(TokenWithSpan { token: Token::SingleQuotedString(before), span: whole }) = out.last_mut() else {
        return false;
    };
    before.push_str(text);
    whole.end = span.end;
    true
}

/// `IN ((SELECT ...), 2)`: marked, for sqlparser takes whatever begins with a sub-query for nothing else.
fn in_list(out: &mut Vec<TokenWithSpan>, open: Option<usize>, engine: Engine) {
    let Some(open) = open else { return };
    let after_in = open.checked_sub(1).is_some_and(|at| is_word(out.get(at), "in"));
    let Some(inside) = out.get(open + 1..) else { return };
    if !after_in || inside.first().map(|t| &t.token) != Some(&Token::LParen) {
        return;
    }
    // SQLite has no query in parentheses: a second pair makes a value of it, the first row's.
    if engine == Engine::Sqlite || !one_query(inside) {
        let span = out.get(open).map(|t| t.span).unwrap_or_else(Span::empty);
        out.insert(open + 1, word(LIST, Keyword::NoKeyword, span));
    }
}

/// Whether tokens that begin with brackets are one query, as in `((SELECT ...)) UNION SELECT ...`.
fn one_query(tokens: &[TokenWithSpan]) -> bool {
    let brackets = tokens.iter().take_while(|t| t.token == Token::LParen).count();
    let starts = |w| is_word(tokens.get(brackets), w);
    if !["select", "with", "values"].into_iter().any(starts) {
        return false;
    }
    let (mut level, mut depth) = (brackets, brackets);
    let mut rest = tokens.iter().skip(brackets).peekable();
    while let Some(token) = rest.next() {
        match token.token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth < level {
            // A bracket that the query began with is closed: only what goes on with a query may follow.
            level = depth;
            if !rest.peek().is_none_or(|next| continues_query(next)) {
                return false;
            }
        }
    }
    true
}

fn continues_query(token: &TokenWithSpan) -> bool {
    const WORDS: [&str; 7] = ["union", "except", "intersect", "order", "limit", "offset", "fetch"];
    token.token == Token::RParen || WORDS.iter().any(|w| is_word(Some(token), w))
}

fn plain(word: &Word, text: &str) -> bool {
    word.quote_style.is_none() && word.value.eq_ignore_ascii_case(text)
}

pub(super) fn is_word(token: Option<&TokenWithSpan>, text: &str) -> bool {
    matches!(token.map(|t| &t.token), Some(Token::Word(w)) if plain(w, text))
}

pub(super) fn word(value: &str, keyword: Keyword, span: Span) -> TokenWithSpan {
    TokenWithSpan { token: Token::Word(Word { value: value.to_owned(), quote_style: None, keyword }), span }
}

/// Refuses tokens that sqlparser reads in another way than the engine; turns SQLite's hex integers into numbers.
fn vet(
    token: &mut TokenWithSpan,
    source: &[u8],
    lines: &super::Lines,
    engine: Engine,
) -> Result<(), Finding> {
    let span = token.span;
    let refuse = |code, message: &str| Err(Finding::new(code, message).at(lines.span(source, span)));
    match &token.token {
        Token::HexStringLiteral(digits) => {
            let at = lines.span(source, span).start as usize;
            let prefixed = source.get(at) == Some(&b'0');
            if engine == Engine::Mssql && !prefixed {
                return refuse(Code::G201, "A name runs into a text.");
            }
            if !prefixed || engine == Engine::Mssql {
                return Ok(());
            }
            if matches!(engine, Engine::Mysql | Engine::Mariadb) {
                return Ok(());
            }
            if engine != Engine::Sqlite {
                return refuse(
                    Code::G201,
                    "Integers in hexadecimal are read differently by server versions.",
                );
            }
            token.token = Token::Number(format!("0x{digits}"), false);
            Ok(())
        }
        Token::DoubleEq if matches!(engine, Engine::Postgres | Engine::Mongodb) => {
            refuse(Code::G202, "PostgreSQL has no operator ==.")
        }
        Token::Neq | Token::LtEq | Token::GtEq => Ok(()),
        Token::Number(text, long) if *long || text.contains('_') => {
            refuse(Code::G201, "Numbers are written with digits, a point and an exponent only.")
        }
        _ => Ok(()),
    }
}

/// `TABLE t` as a query.
fn has_table_command(engine: Engine) -> bool {
    matches!(engine, Engine::Postgres | Engine::Mysql)
}

/// Whether a query may start here, so that TABLE is a command and not a column.
fn at_query_start(out: &[TokenWithSpan]) -> bool {
    match out.last().map(|t| &t.token) {
        None | Some(Token::LParen) => true,
        Some(Token::RParen) => in_with(out),
        Some(Token::Word(w)) if w.quote_style.is_none() => {
            matches!(w.keyword, Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::ALL)
        }
        Some(_) => false,
    }
}

/// After the last common table expression: `WITH x AS (...) TABLE x`.
fn in_with(out: &[TokenWithSpan]) -> bool {
    is_word(out.first(), "with")
}

fn select_star(out: &mut Vec<TokenWithSpan>, span: Span) {
    out.push(word("SELECT", Keyword::SELECT, span));
    out.push(TokenWithSpan { token: Token::Mul, span });
    out.push(word("FROM", Keyword::FROM, span));
}

/// `table NOT INDEXED`: forbids an index, changes no result.
fn not_indexed(out: &[TokenWithSpan]) -> bool {
    let before = out.len().checked_sub(2).and_then(|i| out.get(i)).map(|t| &t.token);
    let named = matches!(before, Some(Token::Word(w)) if w.keyword == Keyword::NoKeyword);
    is_word(out.last(), "not") && named
}

/// `ROWS ... EXCLUDE TIES )`: taken out, and marked as the first word of the window.
fn exclude(out: &mut Vec<TokenWithSpan>, open: Option<usize>) {
    const FORMS: [(&[&str], &str); 4] = [
        (&["exclude", "current", "row"], "row"),
        (&["exclude", "group"], "group"),
        (&["exclude", "ties"], "ties"),
        (&["exclude", "no", "others"], "none"),
    ];
    let Some(open) = open else { return };
    for (words, name) in FORMS {
        let Some(start) = out.len().checked_sub(words.len()) else { continue };
        let tail = out.get(start..).unwrap_or_default();
        let matches = tail.iter().zip(words).all(|(t, w)| is_word(Some(t), w));
        if !matches || start <= open + 1 || !ends_frame(out.get(start - 1)) {
            continue;
        }
        let span = out.get(start).map(|t| t.span).unwrap_or_else(Span::empty);
        out.truncate(start);
        if name != "none" {
            mark_window(out, open + 1, name, span);
        }
        return;
    }
}

fn ends_frame(token: Option<&TokenWithSpan>) -> bool {
    ["row", "preceding", "following"].iter().any(|w| is_word(token, w))
}

fn mark_window(out: &mut Vec<TokenWithSpan>, first: usize, name: &str, span: Span) {
    if let Some(TokenWithSpan { token: Token::Word(w), .. }) = out.get_mut(first)
        && w.keyword == Keyword::NoKeyword
    {
        w.value = format!("{EXCLUDE}{name}:{}", w.value);
        return;
    }
    out.insert(first, word(&format!("{EXCLUDE}{name}:"), Keyword::NoKeyword, span));
}

/// SQLite: `name AS [NOT] MATERIALIZED (` becomes a marked name and `AS (`.
fn materialized(out: &mut Vec<TokenWithSpan>, parens: &mut [usize]) {
    if !is_word(out.last(), "materialized") {
        return;
    }
    let negated = is_word(out.len().checked_sub(2).and_then(|i| out.get(i)), "not");
    let words = if negated { 2 } else { 1 };
    let Some(as_at) = out.len().checked_sub(words + 1) else { return };
    if !is_word(out.get(as_at), "as") {
        return;
    }
    let Some(name_at) = name_before(out, as_at) else { return };
    let Some(TokenWithSpan { token: Token::Word(w), .. }) = out.get_mut(name_at) else { return };
    w.value = format!("{CTE}{}:{}", if negated { "no" } else { "yes" }, w.value);
    w.keyword = Keyword::NoKeyword;
    out.truncate(as_at + 1);
    if let Some(open) = parens.last_mut() {
        *open = out.len();
    }
}

/// Index of the name before `AS`, over a column list if there is one.
fn name_before(out: &[TokenWithSpan], as_at: usize) -> Option<usize> {
    let mut at = as_at.checked_sub(1)?;
    if out.get(at)?.token == Token::RParen {
        while out.get(at)?.token != Token::LParen {
            at = at.checked_sub(1)?;
        }
        at = at.checked_sub(1)?;
    }
    Some(at)
}
