//! SQL Server's dialect: its precedence, and its rule of what may be a name. The language needs no separator between
//! statements, so a word that begins one must never pass for an alias.

use std::any::TypeId;
use std::collections::HashSet;
use std::sync::LazyLock;

use sqlparser::ast::{Expr, UnaryOperator};
use sqlparser::dialect::{Dialect, MsSqlDialect, Precedence};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::Token;

use super::super::prepass::LIST;
use super::{Parsed, after_mark, collate, unary, word_is};

/// SQL Server as its server reads it.
#[derive(Debug)]
pub(in crate::parse) struct Mssql;

/// Levels of precedence: `+ - & ^ |` and the signs are one level.
mod level {
    pub const OR: u8 = 10;
    pub const AND: u8 = 20;
    pub const NOT: u8 = 30;
    pub const TEST: u8 = 40;
    pub const SUM: u8 = 70;
    pub const PRODUCT: u8 = 80;
    pub const COMPLEMENT: u8 = 90;
    pub const SUFFIX: u8 = 100;
    pub const PERIOD: u8 = 200;
}

/// Words that cannot be names without brackets, by SQL Server's list.
const RESERVED: &str = " add all alter and any as asc authorization backup begin between break browse bulk by cascade \
    case check checkpoint close clustered coalesce collate column commit compute constraint contains containstable \
    continue convert create cross current current_date current_time current_timestamp current_user cursor database \
    dbcc deallocate declare default delete deny desc disk distinct distributed double drop dump else end errlvl escape \
    except exec execute exists exit external fetch file fillfactor for foreign freetext freetexttable from full \
    function goto grant group having holdlock identity identity_insert identitycol if in index inner insert intersect \
    into is join key kill left like lineno load merge national nocheck nonclustered not null nullif of off offsets on \
    open opendatasource openquery openrowset openxml option or order outer over percent pivot plan precision primary \
    print proc procedure public raiserror read readtext reconfigure references replication restore restrict return \
    revert revoke right rollback rowcount rowguidcol rule save schema securityaudit select semantickeyphrasetable \
    semanticsimilaritydetailstable semanticsimilaritytable session_user set setuser shutdown some statistics \
    system_user table tablesample textsize then to top tran transaction trigger truncate try_convert tsequal union \
    unique unpivot update updatetext use user values varying view waitfor when where while with writetext ";

/// Words that may be names but also begin a statement, or are a tool's directive: no alias without AS.
const STARTS: &str = " disable enable get go move receive send throw ";

/// The words of a list, to be looked up: every word of a statement is.
fn words(list: &'static str) -> HashSet<&'static str> {
    list.split_ascii_whitespace().collect()
}

static RESERVED_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| words(RESERVED));
static START_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| words(STARTS));

fn listed(list: &HashSet<&str>, word: &str) -> bool {
    list.contains(word.to_ascii_lowercase().as_str())
}

/// Whether the word can only be a name in brackets.
pub(in crate::parse) fn reserved(word: &str) -> bool {
    listed(&RESERVED_WORDS, word)
}

/// The alias that the parser has just taken: whether it may be one.
fn is_alias(explicit: bool, plain: bool, parser: &Parser) -> bool {
    let Token::Word(word) = &parser.get_current_token().token else { return false };
    if word.quote_style.is_some() {
        return true;
    }
    !reserved(&word.value) && (explicit || (plain && !listed(&START_WORDS, &word.value)))
}

impl Dialect for Mssql {
    fn dialect(&self) -> TypeId {
        MsSqlDialect {}.dialect()
    }
    fn identifier_quote_style(&self, _: &str) -> Option<char> {
        Some('[')
    }
    fn is_delimited_identifier_start(&self, ch: char) -> bool {
        matches!(ch, '"' | '[')
    }
    fn is_identifier_start(&self, ch: char) -> bool {
        MsSqlDialect {}.is_identifier_start(ch)
    }
    fn is_identifier_part(&self, ch: char) -> bool {
        MsSqlDialect {}.is_identifier_part(ch)
    }
    fn convert_type_before_value(&self) -> bool {
        true
    }
    fn supports_try_convert(&self) -> bool {
        true
    }
    fn supports_dollar_as_money_prefix(&self) -> bool {
        true
    }
    fn supports_eq_alias_assignment(&self) -> bool {
        true
    }
    fn supports_boolean_literals(&self) -> bool {
        false
    }
    fn supports_nested_comments(&self) -> bool {
        true
    }
    fn supports_group_by_expr(&self) -> bool {
        true
    }
    fn supports_group_by_with_modifier(&self) -> bool {
        true
    }
    fn supports_table_versioning(&self) -> bool {
        true
    }
    fn supports_in_empty_list(&self) -> bool {
        false
    }
    fn supports_left_associative_joins_without_parens(&self) -> bool {
        false
    }

    fn is_select_item_alias(&self, explicit: bool, kw: &Keyword, parser: &mut Parser) -> bool {
        let plain = self.is_column_alias(kw, parser);
        is_alias(explicit, plain, parser)
    }

    fn is_table_factor_alias(&self, explicit: bool, kw: &Keyword, parser: &mut Parser) -> bool {
        let plain = self.is_table_alias(kw, parser);
        is_alias(explicit, plain, parser)
    }

    fn prec_value(&self, prec: Precedence) -> u8 {
        match prec {
            Precedence::Or | Precedence::Xor => level::OR,
            Precedence::And => level::AND,
            Precedence::UnaryNot => level::NOT,
            Precedence::Is | Precedence::Like | Precedence::Between | Precedence::Eq => level::TEST,
            Precedence::Pipe | Precedence::Ampersand | Precedence::Caret | Precedence::PlusMinus => {
                level::SUM
            }
            Precedence::MulDivModOp => level::PRODUCT,
            Precedence::PgOther | Precedence::Colon | Precedence::AtTz | Precedence::DoubleColon => {
                level::SUFFIX
            }
            Precedence::Period => level::PERIOD,
        }
    }

    fn get_next_precedence(&self, parser: &Parser) -> Option<Result<u8, ParserError>> {
        match &parser.peek_token_ref().token {
            // a colon begins no operator here, and a name in brackets is an alias
            Token::Colon => Some(Ok(0)),
            Token::Word(w) if w.quote_style.is_some() => Some(Ok(0)),
            Token::Word(w) if w.keyword == Keyword::COLLATE => Some(Ok(level::SUFFIX)),
            _ => None,
        }
    }

    fn parse_prefix(&self, parser: &mut Parser) -> Parsed {
        let (op, place) = match &parser.peek_token_ref().token {
            Token::Minus => (UnaryOperator::Minus, level::SUM),
            Token::Plus => (UnaryOperator::Plus, level::SUM),
            Token::Tilde => (UnaryOperator::BitwiseNot, level::COMPLEMENT),
            token if word_is(token, LIST) => return Some(after_mark(parser)),
            _ => return None,
        };
        Some(unary(parser, op, place))
    }

    fn parse_infix(&self, parser: &mut Parser, expr: &Expr, _precedence: u8) -> Parsed {
        word_is(&parser.peek_token_ref().token, "collate").then(|| collate(parser, expr))
    }
}
