//! Texts: functions that MongoDB would answer for NULL with an empty text or an error ask first.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::tree::{Expr, Literal};

use super::builder::{all, cond, present};
use super::frame::Val;
use super::{Compiler, Made, operator};

impl<'a> Compiler<'a> {
    /// A text, or something that is converted to one.
    pub(super) fn text(&mut self, expr: &'a Expr) -> Made<Val> {
        let val = self.value(expr)?;
        match val.class {
            None | Some(TypeClass::Text | TypeClass::Enum | TypeClass::Other) if !val.oid => Ok(val),
            _ => self.as_text(val),
        }
    }

    /// NULL where an operand is, and the expression over the operands elsewhere. Long operands are computed once.
    pub(super) fn unless_null(
        &mut self,
        operands: Vec<Val>,
        class: TypeClass,
        made: impl FnOnce(&[Value]) -> Value,
    ) -> Val {
        let mut vars = serde_json::Map::new();
        let mut tests = Vec::new();
        let mut names = Vec::with_capacity(operands.len());
        let nullable = operands.iter().any(|o| o.nullable);
        for operand in operands {
            let json =
                if operand.json.is_object() && operand.nullable && operand.json.get("$literal").is_none() {
                    let name = self.fresh("t");
                    vars.insert(name.clone(), operand.json);
                    json!(format!("$${name}"))
                } else {
                    operand.json
                };
            tests.extend(operand.nullable.then(|| present(&json)));
            names.push(json);
        }
        let body = made(&names);
        let json = if tests.is_empty() { body } else { cond(all(tests), body, Value::Null) };
        let json = if vars.is_empty() { json } else { json!({ "$let": { "vars": vars, "in": json } }) };
        Val::new(json, Some(class), nullable)
    }

    pub(super) fn substring(&mut self, text: Val, from: Val, length: Option<Val>) -> Made<Val> {
        let number = |v: &Val| match &v.literal {
            Some(Literal::Number(digits)) => digits.parse::<i64>().ok(),
            _ => None,
        };
        let start = if from.json == json!(1) { Some(1) } else { number(&from) };
        let counted = length.as_ref().map(number);
        Ok(match (start, counted) {
            (Some(start), None) => self.unless_null(
                vec![text],
                TypeClass::Text,
                |o| json!({ "$substrCP": [o[0], (start - 1).max(0), { "$strLenCP": o[0] }] }),
            ),
            (Some(start), Some(Some(count))) => {
                if count < 0 {
                    return Err(operator("substring of a negative length"));
                }
                // what stands before the first character counts, and gives nothing
                let end = (start - 1).saturating_add(count).max(0);
                let begin = (start - 1).max(0);
                self.unless_null(
                    vec![text],
                    TypeClass::Text,
                    |o| json!({ "$substrCP": [o[0], begin, (end - begin).max(0)] }),
                )
            }
            _ => {
                let rest = Val::new(json!(i32::MAX), Some(TypeClass::Integer), false);
                let operands = vec![text, from, length.unwrap_or(rest)];
                self.unless_null(operands, TypeClass::Text, |o| {
                    let begin = json!({ "$max": [{ "$subtract": [o[1], 1] }, 0] });
                    let end = json!({ "$add": [{ "$subtract": [o[1], 1] }, o[2]] });
                    json!({ "$substrCP": [o[0], begin, { "$max": [{ "$subtract": [end, begin] }, 0] }] })
                })
            }
        })
    }

    /// SQL trims spaces, MongoDB every kind of them unless told.
    pub(super) fn trim(&mut self, name: &str, text: Val, what: Option<Val>) -> Made<Val> {
        let chars = what.unwrap_or_else(|| super::expr::text_of(" "));
        let nullable = text.nullable || chars.nullable;
        let json = json!({ name: { "input": text.json, "chars": chars.json } });
        Ok(Val::new(json, Some(TypeClass::Text), nullable))
    }

    pub(super) fn position(&mut self, haystack: Val, needle: Val) -> Made<Val> {
        Ok(self.unless_null(
            vec![haystack, needle],
            TypeClass::Integer,
            |o| json!({ "$add": [{ "$indexOfCP": [o[0], o[1]] }, 1] }),
        ))
    }

    /// Functions of texts, by name.
    pub(super) fn text_call(&mut self, name: &str, args: &[&'a Expr]) -> Made<Option<Val>> {
        let class = TypeClass::Text;
        let arg = |i: usize| args.get(i).copied().ok_or_else(|| operator(name));
        Ok(Some(match name {
            "lower" | "upper" => {
                let text = self.text(arg(0)?)?;
                let op = if name == "lower" { "$toLower" } else { "$toUpper" };
                self.unless_null(vec![text], class, |o| json!({ op: o[0] }))
            }
            "length" | "char_length" | "character_length" => {
                let text = self.text(arg(0)?)?;
                self.unless_null(vec![text], TypeClass::Integer, |o| json!({ "$strLenCP": o[0] }))
            }
            "octet_length" => {
                let text = self.text(arg(0)?)?;
                self.unless_null(vec![text], TypeClass::Integer, |o| json!({ "$strLenBytes": o[0] }))
            }
            "btrim" | "trim" | "ltrim" | "rtrim" => {
                let text = self.text(arg(0)?)?;
                let what = args.get(1).map(|e| self.value(e)).transpose()?;
                let op = match name {
                    "ltrim" => "$ltrim",
                    "rtrim" => "$rtrim",
                    _ => "$trim",
                };
                self.trim(op, text, what)?
            }
            "substr" | "substring" => {
                let text = self.text(arg(0)?)?;
                let from = self.value(arg(1)?)?;
                let length = args.get(2).map(|e| self.value(e)).transpose()?;
                self.substring(text, from, length)?
            }
            "strpos" | "position" => {
                let (text, needle) = (self.text(arg(0)?)?, self.text(arg(1)?)?);
                self.position(text, needle)?
            }
            "starts_with" => {
                let (text, start) = (self.text(arg(0)?)?, self.text(arg(1)?)?);
                self.unless_null(
                    vec![text, start],
                    TypeClass::Boolean,
                    |o| json!({ "$eq": [{ "$indexOfCP": [o[0], o[1]] }, 0] }),
                )
            }
            "left" => {
                let text = self.text(arg(0)?)?;
                let count = self.whole(arg(1)?, "A length")?.max(0);
                self.unless_null(vec![text], class, |o| json!({ "$substrCP": [o[0], 0, count] }))
            }
            "right" => {
                let text = self.text(arg(0)?)?;
                let count = self.whole(arg(1)?, "A length")?.max(0);
                self.unless_null(vec![text], class, |o| {
                    let begin = json!({ "$max": [{ "$subtract": [{ "$strLenCP": o[0] }, count] }, 0] });
                    json!({ "$substrCP": [o[0], begin, count] })
                })
            }
            "replace" => {
                let all: Made<Vec<Val>> = args.iter().map(|e| self.text(e)).collect();
                self.unless_null(
                    all?,
                    class,
                    |o| json!({ "$replaceAll": { "input": o[0], "find": o[1], "replacement": o[2] } }),
                )
            }
            "concat" => {
                let all: Made<Vec<Val>> = args.iter().map(|e| self.text(e)).collect();
                let parts: Vec<Value> = all?
                    .into_iter()
                    .map(|v| if v.nullable { json!({ "$ifNull": [v.json, ""] }) } else { v.json })
                    .collect();
                Val::new(json!({ "$concat": parts }), Some(class), false)
            }
            "concat_ws" => self.concat_ws(args)?,
            "split_part" => {
                let (text, by) = (self.text(arg(0)?)?, self.text(arg(1)?)?);
                let at = self.whole(arg(2)?, "A part")?;
                if at < 1 {
                    return Err(operator("split_part from the end"));
                }
                self.unless_null(
                    vec![text, by],
                    class,
                    |o| json!({ "$ifNull": [{ "$arrayElemAt": [{ "$split": [o[0], o[1]] }, at - 1] }, ""] }),
                )
            }
            _ => return Ok(None),
        }))
    }

    /// Texts with a separator between those that are there.
    fn concat_ws(&mut self, args: &[&'a Expr]) -> Made<Val> {
        let Some((separator, rest)) = args.split_first() else { return Err(operator("concat_ws")) };
        let separator = self.text(separator)?;
        let texts: Made<Vec<Value>> = rest.iter().map(|e| Ok(self.text(e)?.json)).collect();
        let name = self.fresh("t");
        let texts = json!(texts?);
        Ok(self.unless_null(vec![separator], TypeClass::Text, |o| {
            super::accumulate::joined(&texts, &name, &o[0], json!(""))
        }))
    }
}
