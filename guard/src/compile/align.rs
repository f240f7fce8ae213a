//! Operands of a comparison brought to one type: MongoDB compares across types by their rank, which SQL never means.

use catalog::TypeClass;
use serde_json::json;

use crate::finding::{Code, Finding};
use crate::tree::Literal;

use super::frame::Val;
use super::{Compiler, Made, time};

/// Families of classes that compare with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Text,
    Date,
    Boolean,
    Uuid,
    Other,
}

fn family(class: Option<TypeClass>) -> Option<Family> {
    use TypeClass as T;
    Some(match class? {
        T::Integer | T::Decimal | T::Float => Family::Number,
        T::Text | T::Enum => Family::Text,
        T::Date | T::Timestamp | T::TimestampTz => Family::Date,
        T::Boolean => Family::Boolean,
        T::Uuid => Family::Uuid,
        T::Other => return None,
        _ => Family::Other,
    })
}

impl Compiler<'_> {
    /// Makes two operands comparable: a constant takes the type of what it meets.
    pub(super) fn align(&mut self, left: &mut Val, right: &mut Val) -> Made<()> {
        constant_as(right, left)?;
        constant_as(left, right)?;
        if left.oid != right.oid && left.literal.is_none() && right.literal.is_none() {
            let text = if left.oid { &mut *left } else { &mut *right };
            text.json = json!({ "$toString": text.json });
            text.oid = false;
        }
        match (family(left.class), family(right.class)) {
            (Some(a), Some(b)) if a != b => Err(mismatch(&format!("{} and {}", named(a), named(b)))),
            _ => Ok(()),
        }
    }
}

/// Reads a constant as what it is compared with.
fn constant_as(constant: &mut Val, other: &Val) -> Made<()> {
    let Some(literal) = &constant.literal else { return Ok(()) };
    match (literal, family(other.class)) {
        (Literal::String(text), Some(Family::Date)) => {
            let Some(millis) = time::millis(text) else {
                return Err(mismatch(&format!("A date and the text {text:?}, which is none,"))
                    .hint("Write a date as '2024-05-31' or '2024-05-31 18:00:00'."));
            };
            constant.json = time::date(millis);
            constant.class = other.class;
        }
        (Literal::String(text), Some(Family::Number)) => {
            let text = text.trim();
            if text.parse::<f64>().is_ok_and(f64::is_finite) {
                constant.json = number(text, other.class);
                constant.class = other.class;
            }
        }
        (Literal::String(text), Some(Family::Boolean)) => {
            let truth = match text.to_ascii_lowercase().as_str() {
                "t" | "true" | "yes" | "on" | "1" => true,
                "f" | "false" | "no" | "off" | "0" => false,
                _ => return Ok(()),
            };
            constant.json = json!(truth);
            constant.class = Some(TypeClass::Boolean);
        }
        (Literal::String(text), Some(Family::Text)) if other.oid && is_oid(text) => {
            constant.json = json!({ "$oid": text });
            constant.oid = true;
        }
        (Literal::String(text), Some(Family::Uuid)) => {
            constant.json = json!({ "$uuid": text });
            constant.class = Some(TypeClass::Uuid);
        }
        (Literal::Number(text), Some(Family::Number)) if other.class == Some(TypeClass::Decimal) => {
            constant.json = number(text, other.class);
        }
        _ => {}
    }
    Ok(())
}

/// A number as the class that it meets: decimals stay exact, others are as the database stores them.
pub(super) fn number(text: &str, class: Option<TypeClass>) -> serde_json::Value {
    match text.parse::<i64>() {
        Ok(whole) => json!(whole),
        Err(_) if class == Some(TypeClass::Decimal) => json!({ "$numberDecimal": text }),
        Err(_) => json!(text.parse::<f64>().unwrap_or_default()),
    }
}

fn is_oid(text: &str) -> bool {
    text.len() == 24 && text.bytes().all(|b| b.is_ascii_hexdigit())
}

fn mismatch(what: &str) -> Finding {
    let message = format!("{what} cannot be compared: MongoDB would compare them by their types.");
    Finding::new(Code::G602, message).hint("Convert one side with CAST.")
}

fn named(family: Family) -> &'static str {
    match family {
        Family::Number => "a number",
        Family::Text => "a text",
        Family::Date => "a date",
        Family::Boolean => "a truth value",
        Family::Uuid => "a UUID",
        Family::Other => "a value without an order",
    }
}
