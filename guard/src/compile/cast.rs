//! CAST, and the conversions to text that joining texts needs.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::resolve::class_of_type;
use crate::tree::{Literal, TypeName};

use super::builder::cond;
use super::frame::Val;
use super::{Compiler, Made, operator, time};

impl<'a> Compiler<'a> {
    /// A value as another type.
    pub(super) fn converted(&mut self, mut val: Val, to: &TypeName) -> Made<Val> {
        use TypeClass as T;
        let class = class_of_type(to).filter(|_| to.dims == 0);
        let Some(class) = class else { return Err(operator(&format!("CAST to {}", to.name))) };
        if val.literal == Some(Literal::Null) {
            return Ok(Val { class: Some(class), ..val });
        }
        if val.literal.is_some() && matches!(class, T::Date | T::Timestamp | T::TimestampTz) {
            let mut like = Val::new(Value::Null, Some(class), true);
            self.align(&mut val, &mut like)?;
            if class == T::Date
                && let Some(millis) = val.literal.as_ref().and_then(day_of)
            {
                val.json = time::date(millis);
            }
            return Ok(Val { class: Some(class), ..val });
        }
        match class {
            T::Text => {
                let text = self.as_text(val)?;
                Ok(cut(text, to))
            }
            T::Integer => whole(val),
            T::Float => number(val, "$toDouble", T::Float),
            T::Decimal => {
                let scale = to.args.get(1).copied().or(to.args.first().map(|_| 0));
                let val = number(val, "$toDecimal", T::Decimal)?;
                match scale {
                    Some(places) => self.rounded(val, i64::from(places)),
                    None => Ok(val),
                }
            }
            T::Boolean => boolean(val),
            T::Date => match val.class {
                Some(T::Date) => Ok(val),
                Some(T::Text) => Ok(time::truncated(&dated(val), "day")),
                None | Some(T::Timestamp | T::TimestampTz | T::Other) => Ok(time::truncated(&val, "day")),
                Some(_) => Err(operator("CAST of this to a date")),
            },
            T::Timestamp | T::TimestampTz => match val.class {
                Some(T::Text) => Ok(dated(val)),
                None | Some(T::Date | T::Timestamp | T::TimestampTz | T::Other) => {
                    Ok(Val { class: Some(T::TimestampTz), ..val })
                }
                Some(_) => Err(operator("CAST of this to a timestamp")),
            },
            _ => Err(operator(&format!("CAST to {}", to.name))),
        }
    }

    /// A value as text.
    pub(super) fn as_text(&mut self, val: Val) -> Made<Val> {
        use TypeClass as T;
        if let Some(Literal::Number(text)) = &val.literal {
            return Ok(super::expr::text_of(text));
        }
        let json = match val.class {
            Some(T::Text | T::Enum) if !val.oid => return Ok(val),
            Some(T::Date) => time::formatted(&val, "%Y-%m-%d"),
            Some(T::Timestamp | T::TimestampTz) => time::formatted(&val, "%Y-%m-%d %H:%M:%S"),
            Some(T::Array | T::Json | T::Bytes) => {
                return Err(operator("An array or document as text").hint("Name the fields that are meant."));
            }
            _ => json!({ "$toString": val.json }),
        };
        Ok(Val::new(json, Some(T::Text), val.nullable))
    }
}

/// The beginning of a constant's day.
fn day_of(literal: &Literal) -> Option<i64> {
    let Literal::String(text) = literal else { return None };
    time::millis(text).map(|m| m - m.rem_euclid(86_400_000))
}

fn dated(val: Val) -> Val {
    let json = json!({ "$dateFromString": { "dateString": val.json } });
    Val::new(json, Some(TypeClass::TimestampTz), val.nullable)
}

/// `varchar(10)` cuts.
fn cut(text: Val, to: &TypeName) -> Val {
    let Some(length) = to.args.first() else { return text };
    let part = json!({ "$substrCP": [text.json, 0, length] });
    let json =
        if text.nullable { cond(super::builder::present(&text.json), part, Value::Null) } else { part };
    Val { json, literal: None, ..text }
}

/// A whole number: fractions round, as PostgreSQL does.
fn whole(val: Val) -> Made<Val> {
    use TypeClass as T;
    let json = match val.class {
        Some(T::Integer) => return Ok(Val { literal: None, ..val }),
        Some(T::Float | T::Decimal) => json!({ "$toLong": { "$round": val.json } }),
        Some(T::Text) if val.oid => return Err(operator("CAST of an ObjectId to a number")),
        Some(T::Text | T::Boolean | T::Other) | None => json!({ "$toLong": val.json }),
        Some(_) => return Err(operator("CAST of this to a whole number")),
    };
    Ok(Val::new(json, Some(T::Integer), val.nullable))
}

fn number(val: Val, name: &str, class: TypeClass) -> Made<Val> {
    use TypeClass as T;
    match val.class {
        Some(found) if found == class => Ok(Val { literal: None, ..val }),
        Some(T::Integer | T::Float | T::Decimal | T::Other | T::Text | T::Boolean) | None if !val.oid => {
            Ok(Val::new(json!({ name: val.json }), Some(class), val.nullable))
        }
        _ => Err(operator("CAST of this to a number")),
    }
}

fn boolean(val: Val) -> Made<Val> {
    use TypeClass as T;
    match val.class {
        Some(T::Boolean) => Ok(val),
        Some(T::Integer) | None => {
            Ok(Val::new(json!({ "$toBool": val.json }), Some(T::Boolean), val.nullable))
        }
        Some(T::Text) => {
            let yes = json!({ "$in": [{ "$toLower": val.json }, ["t", "true", "yes", "on", "1"]] });
            let there = super::builder::present(&val.json);
            Ok(Val::new(cond(there, yes, Value::Null), Some(T::Boolean), val.nullable))
        }
        Some(_) => Err(operator("CAST of this to a truth value")),
    }
}
