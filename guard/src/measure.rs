//! How deep the tree of a statement can get, bounded from its tokens before it is parsed.
//!
//! Left-associative chains (`1+1+1...`, UNION arms, joins, casts) do not count against a parser's recursion limit but
//! make trees as deep as they are long. The bound found here decides how much stack the check needs.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use crate::finding::{Code, Finding};
use crate::policy::Policy;

/// How large the tree of a statement can get.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Size {
    /// Links of the longest path: operators, set arms, joins, calls.
    pub(crate) links: usize,
    /// Brackets and CASEs open at once.
    pub(crate) brackets: usize,
}

impl Size {
    /// Of a tree that stands inside the other.
    pub(crate) fn and(self, other: Size) -> Size {
        Size {
            links: self.links.saturating_add(other.links),
            brackets: self.brackets.saturating_add(other.brackets),
        }
    }
}

/// One open bracket, CASE or the statement itself.
#[derive(Default)]
struct Level {
    /// CASE rather than a bracket: ends with END.
    case: bool,
    /// Operators since the last sibling boundary.
    run: usize,
    /// Deepest content of brackets since the last sibling boundary.
    inner: usize,
    /// Largest `run + inner` of all siblings so far.
    widest: usize,
    /// Set arms and joins, which chain across siblings.
    arms: usize,
}

impl Level {
    fn boundary(&mut self) {
        self.widest = self.widest.max(self.run + self.inner);
        self.run = 0;
        self.inner = 0;
    }

    fn depth(&self) -> usize {
        self.arms + self.widest.max(self.run + self.inner)
    }
}

/// Names have three parts at the most; a long run of dots only costs time.
const MOST_DOTS: usize = 200;

/// Bounds the size of the tree.
///
/// # Errors
/// G002 when brackets nest deeper, or chains are longer, than the policy allows.
pub(crate) fn size(tokens: &[TokenWithSpan], policy: &Policy) -> Result<Size, Finding> {
    let mut levels = vec![Level::default()];
    let mut after_operand = false;
    let mut brackets = 0;
    let mut dots = 0;
    for token in tokens {
        if matches!(token.token, Token::Whitespace(_)) {
            continue;
        }
        dots = match token.token {
            Token::Period => dots + 1,
            Token::Word(_) => dots,
            _ => 0,
        };
        if dots > MOST_DOTS {
            return Err(too_long(policy));
        }
        step(&token.token, &mut levels, after_operand);
        after_operand = ends_operand(&token.token);
        brackets = brackets.max(levels.len() - 1);
        if brackets > policy.max_depth {
            return Err(too_deep(policy));
        }
    }
    while levels.len() > 1 {
        close(&mut levels);
    }
    let links = levels.first().map(Level::depth).unwrap_or_default();
    if links > policy.max_chain { Err(too_long(policy)) } else { Ok(Size { links, brackets }) }
}

/// Whether an operand may end with this token. Only after such a token can a clause begin: a parser that takes
/// `limit` in `limit + limit + ...` for a column must not be mistaken for one that starts a clause there.
fn ends_operand(token: &Token) -> bool {
    match token {
        Token::Word(word) if word.quote_style.is_some() => true,
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::NoKeyword | Keyword::END | Keyword::NULL | Keyword::TRUE | Keyword::FALSE
        ),
        Token::Number(_, _) | Token::SingleQuotedString(_) | Token::RParen | Token::RBracket | Token::Mul => {
            true
        }
        _ => false,
    }
}

fn too_deep(policy: &Policy) -> Finding {
    Finding::new(Code::G002, format!("Brackets are nested deeper than {}.", policy.max_depth))
        .hint("Split the statement with WITH.")
}

fn too_long(policy: &Policy) -> Finding {
    Finding::new(
        Code::G002,
        format!("More than {} operators, set arms or joins in one chain.", policy.max_chain),
    )
    .hint("Use IN (...) or VALUES instead of a long chain.")
}

fn step(token: &Token, levels: &mut Vec<Level>, after_operand: bool) {
    match token {
        Token::LParen | Token::LBracket | Token::LBrace => open(levels, false),
        Token::RParen | Token::RBracket | Token::RBrace => close_bracket(levels),
        Token::Comma | Token::SemiColon => with_top(levels, Level::boundary),
        Token::Word(word) if word.quote_style.is_some() => {}
        Token::Word(word) if word.keyword == Keyword::NoKeyword => {
            // Operators of our own dialects that sqlparser does not know as words.
            if ["isnull", "symmetric", "variadic", "sounds"]
                .iter()
                .any(|w| word.value.eq_ignore_ascii_case(w))
            {
                with_top(levels, |l| l.run += 1);
            }
        }
        Token::Word(word) => keyword(word.keyword, levels, after_operand),
        // Names of many parts are flat; the converter allows three.
        Token::EOF | Token::Period => {}
        Token::Number(_, _) | Token::SingleQuotedString(_) => {}
        // Any other sign may chain: operators, casts, placeholders.
        _ => with_top(levels, |l| l.run += 1),
    }
}

fn keyword(word: Keyword, levels: &mut Vec<Level>, after_operand: bool) {
    match word {
        Keyword::CASE => open(levels, true),
        Keyword::END if levels.last().is_some_and(|l| l.case) => close(levels),
        Keyword::UNION | Keyword::EXCEPT | Keyword::INTERSECT | Keyword::JOIN => with_top(levels, |l| {
            if after_operand {
                l.boundary();
            }
            l.arms += 1;
        }),
        Keyword::FROM
        | Keyword::WHERE
        | Keyword::GROUP
        | Keyword::HAVING
        | Keyword::ORDER
        | Keyword::LIMIT
        | Keyword::WHEN
        | Keyword::THEN
        | Keyword::ELSE
        | Keyword::ON
            if after_operand =>
        {
            with_top(levels, Level::boundary);
        }
        // Words that may be operators or prefixes chain (NOT NOT, AND, OR, IS, LIKE, AT, COLLATE, WITH ...).
        _ => with_top(levels, |l| l.run += 1),
    }
}

fn with_top(levels: &mut [Level], change: impl FnOnce(&mut Level)) {
    if let Some(level) = levels.last_mut() {
        change(level);
    }
}

fn open(levels: &mut Vec<Level>, case: bool) {
    levels.push(Level { case, ..Level::default() });
}

/// A bracket closes any CASE left open inside it (a parse error in any case).
fn close_bracket(levels: &mut Vec<Level>) {
    while levels.len() > 1 && levels.last().is_some_and(|l| l.case) {
        close(levels);
    }
    close(levels);
}

fn close(levels: &mut Vec<Level>) {
    if levels.len() < 2 {
        return;
    }
    let Some(level) = levels.pop() else { return };
    with_top(levels, |l| {
        l.inner = l.inner.max(level.depth() + 1);
        // A closed bracket may be called, indexed or cast: it is one more link.
        l.run += 1;
    });
}
