//! SQL Server: rewrites of the token list, after the general ones. Variables and temporary tables are refused, hints
//! that change no result are dropped, and OPTION (...) is read here, for sqlparser cannot.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

use super::query::refuse_some;
use super::refuse::unproven;
use crate::finding::{Code, Finding};

/// Most levels that OPTION (MAXRECURSION n) may ask for.
const MOST_RECURSION: u32 = 10_000;

/// What OPTION (...) says that counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Options {
    pub(super) max_recursion: Option<u32>,
}

/// Applies the rewrites; `span` turns a token into the bytes that a finding names.
///
/// # Errors
/// What SQL Server has and no read needs.
pub(super) fn rewrite(
    tokens: Vec<TokenWithSpan>,
    span: impl Fn(&TokenWithSpan) -> crate::tree::Span,
) -> Result<(Vec<TokenWithSpan>, Options), Finding> {
    let mut out: Vec<TokenWithSpan> = Vec::with_capacity(tokens.len());
    let mut rest = tokens.into_iter().peekable();
    while let Some(mut token) = rest.next() {
        vet(&token).map_err(|f| f.at(span(&token)))?;
        if out.is_empty() && token.token == Token::SemiColon {
            continue;
        }
        if token.token == Token::ExclamationMark
            && let Some(next) = rest.next_if(|t| touches(&token, t) && negatable(&t.token).is_some())
        {
            token.token = negatable(&next.token).unwrap_or(token.token);
        }
        if word_of(&token, "join") && out.last().is_some_and(is_join_hint) && hinted(&out) {
            out.pop();
        }
        if out.last().is_some_and(|t| word_of(t, "as")) {
            text_as_name(&mut token);
        }
        out.push(token);
    }
    let mut out = system_time(out);
    let options = options(&mut out)?;
    Ok((out, options))
}

/// Words and signs that begin no read.
fn vet(token: &TokenWithSpan) -> Result<(), Finding> {
    if let Token::Word(w) = &token.token
        && w.quote_style.is_none()
    {
        let (what, hint) = match w.value.chars().next() {
            Some('@') => ("A variable", "Write the value itself."),
            Some('#') => ("A temporary table", "Use WITH or a sub-query."),
            Some(_) | None => return Ok(()),
        };
        return Err(unproven(what).subject(&w.value).hint(hint));
    }
    match &token.token {
        // `$identity` and its like, and what tools replace before the server sees it
        Token::Placeholder(text) if !money(text) => Err(unproven("A parameter").subject(text)),
        Token::Number(text, false) if text.starts_with("0x") => Err(unproven("This number")),
        Token::Number(_, true) => Err(unproven("A number with a suffix")),
        rest => refuse_some(matches!(rest, Token::AtSign | Token::Sharp), "This sign"),
    }
}

/// Whether a placeholder is an amount of money: `$` and digits.
pub(super) fn money(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('$') else { return false };
    digits.bytes().any(|b| b.is_ascii_digit()) && digits.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// `!<` is `>=` and `!>` is `<=`.
fn negatable(token: &Token) -> Option<Token> {
    match token {
        Token::Lt => Some(Token::GtEq),
        Token::Gt => Some(Token::LtEq),
        _ => None,
    }
}

fn touches(left: &TokenWithSpan, right: &TokenWithSpan) -> bool {
    left.span.end == right.span.start
}

fn word_of(token: &TokenWithSpan, text: &str) -> bool {
    matches!(&token.token, Token::Word(w) if w.quote_style.is_none() && w.value.eq_ignore_ascii_case(text))
}

fn one_of(token: &TokenWithSpan, words: &[&str]) -> bool {
    words.iter().any(|w| word_of(token, w))
}

fn is_join_hint(token: &TokenWithSpan) -> bool {
    one_of(token, &["loop", "hash", "merge"])
}

/// Whether the hint stands where only a hint can: after the kind of the join.
fn hinted(out: &[TokenWithSpan]) -> bool {
    let before = out.len().checked_sub(2).and_then(|i| out.get(i));
    before.is_some_and(|t| one_of(t, &["inner", "left", "right", "full", "outer"]))
}

/// `AS 'Total'`: SQL Server takes a text for an alias there.
fn text_as_name(token: &mut TokenWithSpan) {
    if let Token::SingleQuotedString(text) = &token.token
        && !text.is_empty()
    {
        let name = Word { value: text.clone(), quote_style: Some('['), keyword: Keyword::NoKeyword };
        token.token = Token::Word(name);
    }
}

/// Takes `OPTION (...)` off the end of the statement.
fn options(out: &mut Vec<TokenWithSpan>) -> Result<Options, Finding> {
    let ends = |t: &TokenWithSpan| matches!(t.token, Token::SemiColon | Token::EOF);
    let end = out.iter().rposition(|t| !ends(t)).map_or(0, |i| i + 1);
    let Some(at) = out.iter().position(|t| word_of(t, "option")) else { return Ok(Options::default()) };
    let hints = out.get(at..end).unwrap_or_default();
    let [option, open, inside @ .., close] = hints else { return Ok(Options::default()) };
    let closed = open.token == Token::LParen && close.token == Token::RParen;
    let after_end = at.checked_sub(1).and_then(|i| out.get(i)).is_none_or(|t| t.token == Token::SemiColon);
    if !closed || after_end || !word_of(option, "option") {
        return Ok(Options::default());
    }
    let mut found = Options::default();
    for hint in inside.split(|t| t.token == Token::Comma) {
        read_hint(hint, &mut found)?;
    }
    out.drain(at..end);
    Ok(found)
}

/// Hints that guide the plan alone are dropped; the depth of recursion is kept.
fn read_hint(hint: &[TokenWithSpan], found: &mut Options) -> Result<(), Finding> {
    const PLANS: [&[&str]; 18] = [
        &["recompile"],
        &["hash", "join"],
        &["loop", "join"],
        &["merge", "join"],
        &["hash", "group"],
        &["order", "group"],
        &["concat", "union"],
        &["hash", "union"],
        &["merge", "union"],
        &["force", "order"],
        &["keep", "plan"],
        &["keepfixed", "plan"],
        &["robust", "plan"],
        &["expand", "views"],
        &["optimize", "for", "unknown"],
        &["no_performance_spool"],
        &["ignore_nonclustered_columnstore_index"],
        &["disable_optimized_plan_forcing"],
    ];
    let same = |words: &&[&str]| {
        words.len() == hint.len() && words.iter().zip(hint).all(|(word, token)| word_of(token, word))
    };
    if PLANS.iter().any(same) {
        return Ok(());
    }
    let [name, value] = hint else { return Err(unproven("This OPTION")) };
    let Token::Number(digits, false) = &value.token else { return Err(unproven("This OPTION")) };
    let number = digits.parse::<u32>().map_err(|_| unproven("This OPTION"))?;
    if one_of(name, &["maxdop", "fast"]) {
        return Ok(());
    }
    if !word_of(name, "maxrecursion") {
        return Err(unproven("This OPTION"));
    }
    if number == 0 || number > MOST_RECURSION || found.max_recursion.is_some() {
        let message = "OPTION (MAXRECURSION) must give a number of levels.";
        return Err(Finding::new(Code::G303, message).hint(format!("Write 1 to {MOST_RECURSION}.")));
    }
    found.max_recursion = Some(number);
    Ok(())
}

/// `FOR SYSTEM_TIME` in its other forms, which sqlparser does not know: the times go into the text of `AS OF`, set
/// apart by NUL, which no text can hold.
fn system_time(tokens: Vec<TokenWithSpan>) -> Vec<TokenWithSpan> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut skip = 0;
    for (at, token) in tokens.iter().enumerate() {
        if skip > 0 {
            skip -= 1;
            continue;
        }
        out.push(token.clone());
        let before = at.checked_sub(1).and_then(|i| tokens.get(i));
        let here = word_of(token, "system_time") && before.is_some_and(|t| word_of(t, "for"));
        let Some((text, length)) = tokens.get(at + 1..).filter(|_| here).and_then(times) else { continue };
        let span = token.span;
        let word = |value: &str, keyword| {
            let word = Word { value: value.to_owned(), quote_style: None, keyword };
            TokenWithSpan { token: Token::Word(word), span }
        };
        let text = TokenWithSpan { token: Token::SingleQuotedString(text), span };
        out.extend([word("AS", Keyword::AS), word("OF", Keyword::OF), text]);
        skip = length;
    }
    out
}

/// The times after `FOR SYSTEM_TIME`, and how many tokens they take.
fn times(tokens: &[TokenWithSpan]) -> Option<(String, usize)> {
    let text = |token: &TokenWithSpan| match &token.token {
        Token::SingleQuotedString(text) => Some(text.clone()),
        _ => None,
    };
    match tokens {
        [all, ..] if word_of(all, "all") => Some(("\0all".to_owned(), 1)),
        [from, a, to, b, ..] if word_of(from, "from") && word_of(to, "to") => {
            Some((format!("\0from\0{}\0{}", text(a)?, text(b)?), 4))
        }
        [between, a, and, b, ..] if word_of(between, "between") && word_of(and, "and") => {
            Some((format!("\0between\0{}\0{}", text(a)?, text(b)?), 4))
        }
        [contained, within, open, a, comma, b, close, ..]
            if word_of(contained, "contained")
                && word_of(within, "in")
                && (&open.token, &comma.token, &close.token)
                    == (&Token::LParen, &Token::Comma, &Token::RParen) =>
        {
            Some((format!("\0contained\0{}\0{}", text(a)?, text(b)?), 7))
        }
        _ => None,
    }
}
