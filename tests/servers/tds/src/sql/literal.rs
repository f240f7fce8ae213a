//! Literals and their types.

use sqlparser::ast::Value;

use super::kind::characters;
use super::scope::{Ex, text_literal};
use crate::calendar::Moment;
use crate::error::{Result, SqlError};
use crate::types::Ty;
use crate::wire::calls::stored;

/// A literal.
pub(crate) fn literal(value: &Value) -> Result<Ex> {
    Ok(match value {
        Value::Number(digits, _) => number(digits),
        Value::SingleQuotedString(text) => Ex::full(text_literal(text), Ty::VarChar(length(text, 8000))),
        Value::NationalStringLiteral(text) => Ex::full(text_literal(text), Ty::NVarChar(length(text, 4000))),
        Value::HexStringLiteral(digits) => {
            let even = if digits.len().is_multiple_of(2) { digits.clone() } else { format!("0{digits}") };
            let bytes = u16::try_from(even.len() / 2).unwrap_or(8000).clamp(1, 8000);
            Ex::full(format!("x'{even}'"), Ty::VarBinary(bytes))
        }
        Value::Null => Ex { free: true, ..Ex::new("NULL", Ty::Int) },
        other => return Err(SqlError::unserved(format!("the literal {other}"))),
    })
}

fn length(text: &str, most: u16) -> u16 {
    u16::try_from(text.encode_utf16().count()).ok().filter(|n| *n <= most).map_or(0, |n| n.max(1))
}

fn number(digits: &str) -> Ex {
    if let Some(amount) = digits.strip_prefix('$') {
        return Ex::full(amount, Ty::Money);
    }
    if digits.contains(['e', 'E']) {
        return Ex::full(digits, Ty::Float);
    }
    if digits.parse::<i32>().is_ok() {
        return Ex::full(digits, Ty::Int);
    }
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = whole.trim_start_matches('0');
    let scale = u8::try_from(fraction.len()).unwrap_or(38).min(38);
    let precision = u8::try_from(whole.len() + fraction.len()).unwrap_or(38).clamp(1, 38);
    // more digits than a double has are kept as text
    let exact = usize::from(precision) <= 15 || (fraction.is_empty() && digits.parse::<i64>().is_ok());
    let sql = if exact { digits.to_owned() } else { text_literal(digits) };
    Ex::full(sql, Ty::Numeric(precision, scale.min(precision)))
}

/// A string in a comparison with a date or a time, spelled as those are stored.
pub(crate) fn as_stored(text: &str, ty: &Ty) -> Option<String> {
    let moment = Moment::read(text)?;
    Some(match ty {
        Ty::Date => moment.date_text(),
        Ty::Time(_) => moment.time_text(),
        Ty::DateTimeOffset(_) => {
            let zoned = Moment { zone: Some(moment.zone.unwrap_or(0)), ..moment };
            format!("{} {}", stored(zoned), zoned.zone_text())
        }
        _ => stored(moment),
    })
}

/// Text that a value of a type can become.
pub(crate) fn text_type(ty: &Ty) -> Ty {
    match ty {
        t if t.is_text() => t.clone(),
        t => Ty::NVarChar(characters(t)),
    }
}
