//! Arithmetic as SQL does it: whole numbers divide to whole numbers, halves round away from zero, texts are joined.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::tree::{BinaryOp, Expr, Literal, UnaryOp};

use super::frame::Val;
use super::{Compiler, Made, operator, time};

impl<'a> Compiler<'a> {
    pub(super) fn unary(&mut self, op: UnaryOp, expr: &'a Expr) -> Made<Val> {
        let val = self.value(expr)?;
        match (op, &val.literal) {
            (UnaryOp::Minus, Some(Literal::Number(text))) => {
                let text = format!("-{text}");
                let json = super::align::number(&text, None);
                Ok(Val { json, literal: Some(Literal::Number(text)), ..val })
            }
            (UnaryOp::Minus, _) => {
                numeric(&val)?;
                Ok(Val { json: json!({ "$multiply": [-1, val.json] }), literal: None, ..val })
            }
            (UnaryOp::Plus, _) => Ok(val),
            (UnaryOp::Abs, _) => Ok(Val { json: json!({ "$abs": val.json }), literal: None, ..val }),
            (UnaryOp::SquareRoot, _) => {
                Ok(Val::new(json!({ "$sqrt": val.json }), Some(TypeClass::Float), val.nullable))
            }
            (UnaryOp::Not | UnaryOp::BitNot | UnaryOp::CubeRoot | UnaryOp::TsNot, _) => {
                Err(operator("This operator"))
            }
        }
    }

    pub(super) fn computed(&mut self, op: BinaryOp, left: &'a Expr, right: &'a Expr) -> Made<Val> {
        if matches!(op, BinaryOp::Plus | BinaryOp::Minus)
            && let Some(sum) = self.date_sum(op, left, right)?
        {
            return Ok(sum);
        }
        if let BinaryOp::JsonGet | BinaryOp::JsonGetText = op {
            return self.field_of(left, right, op == BinaryOp::JsonGetText);
        }
        if op == BinaryOp::Concat {
            let (left, right) = (self.value(left)?, self.value(right)?);
            if left.class == Some(TypeClass::Array) || right.class == Some(TypeClass::Array) {
                return Err(operator("|| of arrays"));
            }
            let nullable = left.nullable || right.nullable;
            let joined = joined_texts(vec![self.as_text(left)?.json, self.as_text(right)?.json]);
            return Ok(Val::new(joined, Some(TypeClass::Text), nullable));
        }
        let (left, right) = (self.value(left)?, self.value(right)?);
        if let Some(days) = date_and_days(op, &left, &right) {
            return days;
        }
        let (left, right) = (as_number(left)?, as_number(right)?);
        let whole = left.class == Some(TypeClass::Integer) && right.class == Some(TypeClass::Integer);
        let class = widest(left.class, right.class);
        let nullable = left.nullable || right.nullable;
        let pair = json!([left.json, right.json]);
        let json = match op {
            BinaryOp::Plus => json!({ "$add": pair }),
            BinaryOp::Minus => json!({ "$subtract": pair }),
            BinaryOp::Multiply => json!({ "$multiply": pair }),
            BinaryOp::Divide if whole => json!({ "$toLong": { "$trunc": { "$divide": pair } } }),
            BinaryOp::Divide => json!({ "$divide": pair }),
            BinaryOp::Modulo => json!({ "$mod": pair }),
            BinaryOp::Power => json!({ "$pow": pair }),
            _ => return Err(operator("This operator")),
        };
        Ok(Val::new(json, class, nullable))
    }

    /// `document -> 'field'`.
    fn field_of(&mut self, left: &'a Expr, right: &'a Expr, as_text: bool) -> Made<Val> {
        let val = self.value(left)?;
        let name = match right {
            Expr::Literal(Literal::String(name), _) if !name.is_empty() && !name.contains(['.', '$']) => name,
            _ => return Err(operator("-> with anything but the name of a field")),
        };
        let Some(text) = val.json.as_str().filter(|_| !matches!(val.class, Some(TypeClass::Array))) else {
            return Err(operator("-> on anything but a column"));
        };
        let found = Val::new(json!(format!("{text}.{name}")), Some(TypeClass::Json), true);
        if !as_text {
            return Ok(found);
        }
        Ok(Val::new(json!({ "$toString": found.json }), Some(TypeClass::Text), true))
    }

    /// Halves go away from zero; what floating point leaves behind the eighth place is no half.
    pub(super) fn rounded(&mut self, val: Val, places: i64) -> Made<Val> {
        numeric(&val)?;
        if val.class == Some(TypeClass::Integer) && places >= 0 {
            return Ok(val);
        }
        let factor = if places == 0 { None } else { Some(json!({ "$pow": [10, places] })) };
        let name = self.fresh("t");
        let here = json!(format!("$${name}"));
        let scaled = match &factor {
            None => json!({ "$abs": here }),
            Some(factor) => json!({ "$abs": { "$multiply": [here, factor] } }),
        };
        let floor = json!({ "$floor": { "$add": [{ "$round": [scaled, 8] }, 0.5] } });
        let back = match &factor {
            None => floor,
            Some(factor) => json!({ "$divide": [floor, factor] }),
        };
        let signed = json!({ "$cond": [{ "$lt": [here, 0] }, { "$multiply": [-1, back] }, back] });
        let there = json!({ "$cond": [{ "$gt": [here, null] }, signed, null] });
        let json = json!({ "$let": { "vars": { name: val.json }, "in": there } });
        Ok(Val { json, literal: None, ..val })
    }
}

/// Texts put together; NULL when one of them is.
pub(super) fn joined_texts(parts: Vec<Value>) -> Value {
    let mut flat = Vec::with_capacity(parts.len());
    for part in parts {
        match part {
            Value::Object(mut inner) if inner.len() == 1 && inner.contains_key("$concat") => {
                match inner.remove("$concat") {
                    Some(Value::Array(items)) => flat.extend(items),
                    other => flat.extend(other),
                }
            }
            other => flat.push(other),
        }
    }
    json!({ "$concat": flat })
}

/// A date with days added, or the days between two.
fn date_and_days(op: BinaryOp, left: &Val, right: &Val) -> Option<Made<Val>> {
    use TypeClass as T;
    let is_date = |v: &Val| matches!(v.class, Some(T::Date | T::Timestamp | T::TimestampTz));
    let nullable = left.nullable || right.nullable;
    match (op, is_date(left), is_date(right)) {
        (_, false, false) => None,
        (BinaryOp::Minus, true, true) if left.class == Some(T::Date) && right.class == Some(T::Date) => {
            Some(Ok(Val::new(time::days_between(right, left), Some(T::Integer), nullable)))
        }
        (BinaryOp::Plus | BinaryOp::Minus, true, false)
            if left.class == Some(T::Date) && right.class == Some(T::Integer) =>
        {
            let name = if op == BinaryOp::Plus { "$dateAdd" } else { "$dateSubtract" };
            let json = json!({ name: { "startDate": left.json, "unit": "day", "amount": right.json } });
            Some(Ok(Val { json, nullable, literal: None, ..left.clone() }))
        }
        _ => Some(Err(operator("This arithmetic of dates")
            .hint("Subtract EXTRACT(EPOCH FROM ...) of both, cast to date, or add an INTERVAL."))),
    }
}

/// A number, or a constant text that is one.
fn as_number(val: Val) -> Made<Val> {
    match &val.literal {
        Some(Literal::String(text)) if text.trim().parse::<f64>().is_ok_and(f64::is_finite) => {
            let json = super::align::number(text.trim(), None);
            let class = if json.is_i64() { TypeClass::Integer } else { TypeClass::Float };
            Ok(Val { json, class: Some(class), ..val })
        }
        _ => {
            numeric(&val)?;
            Ok(Val { literal: None, ..val })
        }
    }
}

pub(super) fn numeric(val: &Val) -> Made<()> {
    use TypeClass as T;
    match val.class {
        None | Some(T::Integer | T::Decimal | T::Float | T::Other) => Ok(()),
        Some(_) => Err(operator("Arithmetic with something that is no number").hint("Convert it with CAST.")),
    }
}

/// The class of what arithmetic gives.
pub(super) fn widest(left: Option<TypeClass>, right: Option<TypeClass>) -> Option<TypeClass> {
    use TypeClass as T;
    match (left, right) {
        (Some(T::Decimal), _) | (_, Some(T::Decimal)) => Some(T::Decimal),
        (Some(T::Float), _) | (_, Some(T::Float)) => Some(T::Float),
        (Some(T::Integer), Some(T::Integer)) => Some(T::Integer),
        (found, None) | (None, found) => found,
        _ => None,
    }
}
