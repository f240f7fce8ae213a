//! Constants: what each spelling means on the engine, with all escapes undone.

use sqlparser::ast::{self, Value};

use super::refuse::unproven;
use super::{Converter, prepass_mssql};
use crate::finding::{Code, Finding};
use crate::tree::{Expr, Literal};

impl Converter<'_> {
    pub(super) fn value(&self, value: ast::ValueWithSpan) -> Result<Expr, Finding> {
        let ast::ValueWithSpan { value, span } = value;
        let span = self.span(span);
        let literal = match value {
            Value::Placeholder(text) if self.mssql() && prepass_mssql::money(&text) => {
                Literal::Money(number(text.trim_start_matches('$').to_owned())?)
            }
            Value::Placeholder(text) => return self.param(&text),
            Value::Null => Literal::Null,
            Value::Boolean(value) => Literal::Bool(value),
            Value::Number(text, false) => Literal::Number(number(text)?),
            Value::Number(_, true) => return Err(unproven("A number with a suffix")),
            Value::SingleQuotedString(text) => Literal::String(text),
            Value::EscapedStringLiteral(text) if self.postgres() => Literal::String(text),
            Value::DollarQuotedString(ast::DollarQuotedString { value, tag: _ }) if self.postgres() => {
                Literal::String(value)
            }
            Value::NationalStringLiteral(text) if self.mssql() => Literal::National(text),
            Value::HexStringLiteral(text) => Literal::Hex(hex(text)?),
            Value::SingleQuotedByteStringLiteral(text) if !self.sqlite() && !self.mssql() => {
                Literal::Bits(bits(text)?)
            }
            Value::EscapedStringLiteral(_)
            | Value::DollarQuotedString(_)
            | Value::SingleQuotedByteStringLiteral(_)
            | Value::DoubleQuotedString(_)
            | Value::TripleSingleQuotedString(_)
            | Value::TripleDoubleQuotedString(_)
            | Value::DoubleQuotedByteStringLiteral(_)
            | Value::TripleSingleQuotedByteStringLiteral(_)
            | Value::TripleDoubleQuotedByteStringLiteral(_)
            | Value::SingleQuotedRawStringLiteral(_)
            | Value::DoubleQuotedRawStringLiteral(_)
            | Value::TripleSingleQuotedRawStringLiteral(_)
            | Value::TripleDoubleQuotedRawStringLiteral(_)
            | Value::NationalStringLiteral(_)
            | Value::QuoteDelimitedStringLiteral(_)
            | Value::NationalQuoteDelimitedStringLiteral(_)
            | Value::UnicodeStringLiteral(_) => return Err(unproven("This kind of literal").at(span)),
        };
        if let Literal::String(text) | Literal::National(text) = &literal {
            printable(text).map_err(|f| f.at(span))?;
        }
        Ok(Expr::Literal(literal, span))
    }

    /// The text of a literal that must be a plain string.
    pub(super) fn text(&self, value: ast::ValueWithSpan) -> Result<(String, crate::tree::Span), Finding> {
        match self.value(value)? {
            Expr::Literal(Literal::String(text), span) => Ok((text, span)),
            _ => Err(unproven("Something other than a text after a type")),
        }
    }

    fn param(&self, text: &str) -> Result<Expr, Finding> {
        if self.mssql() {
            return Err(unproven("A parameter"));
        }
        let sign = if self.postgres() { '$' } else { '?' };
        let number = text.strip_prefix(sign).and_then(|n| n.parse::<u32>().ok());
        match number {
            Some(number) if number > 0 && number < 1000 => Ok(Expr::Param(number)),
            _ => Err(unproven("This kind of parameter")),
        }
    }
}

/// Control characters that an escape made: the rendered text may not hold them.
pub(super) fn printable(text: &str) -> Result<(), Finding> {
    match text.chars().find(|c| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r')) {
        None => Ok(()),
        Some(c) => {
            Err(Finding::new(Code::G001, format!("A text holds the control character U+{:04X}.", c as u32)))
        }
    }
}

fn number(text: String) -> Result<String, Finding> {
    let hex =
        text.strip_prefix("0x").is_some_and(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_hexdigit()));
    let digit = text.bytes().any(|b| b.is_ascii_digit());
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if hex || (digit && plain) { Ok(text) } else { Err(unproven("This number")) }
}

fn hex(text: String) -> Result<String, Finding> {
    if text.bytes().all(|b| b.is_ascii_hexdigit()) {
        Ok(text)
    } else {
        Err(unproven("This hexadecimal text"))
    }
}

fn bits(text: String) -> Result<String, Finding> {
    if text.bytes().all(|b| matches!(b, b'0' | b'1')) { Ok(text) } else { Err(unproven("This bit string")) }
}
