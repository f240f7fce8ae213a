//! Function calls that are neither aggregates nor windows.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::tree::{BinaryOp, Call, Expr, Literal};

use super::expr::{now, one_of, today};
use super::frame::Val;
use super::{Compiler, Made, form, operator, walk};

impl<'a> Compiler<'a> {
    /// A call as a value.
    pub(super) fn call(&mut self, call: &'a Call) -> Made<Val> {
        let name = call.name.last().map(|i| i.value.clone()).unwrap_or_default();
        let span = call.name.span();
        if walk::is_aggregate(call) {
            return Err(form(&format!("The aggregate {name} at this place")).at(span));
        }
        if call.over.is_some() {
            return Err(form("A window function at this place").at(span));
        }
        if call.args.iter().any(|a| a.name.is_some() || a.variadic) {
            return Err(form("A named argument").at(span));
        }
        let args: Vec<&Expr> = call.args.iter().map(|a| &a.value).collect();
        self.by_name(&name, &args).map_err(|f| if f.span.is_none() { f.at(span) } else { f })
    }

    fn by_name(&mut self, name: &str, args: &[&'a Expr]) -> Made<Val> {
        if let Some(text) = self.text_call(name, args)? {
            return Ok(text);
        }
        if let Some(number) = self.number_call(name, args)? {
            return Ok(number);
        }
        match (name, args) {
            ("coalesce", _) => {
                let vals = self.values(args)?;
                let last = vals.last().is_none_or(|v| v.nullable);
                let json = match vals.as_slice() {
                    [one] => one.json.clone(),
                    _ => json!({ "$ifNull": vals.iter().map(|v| &v.json).collect::<Vec<_>>() }),
                };
                Ok(Val { nullable: last && vals.iter().all(|v| v.nullable), ..one_of(json, &vals) })
            }
            ("nullif", [a, b]) => {
                let (a, b) = (self.value(a)?, self.value(b)?);
                let same = self.compare(BinaryOp::Eq, &a, &b, true)?;
                let json = super::builder::cond(same, Value::Null, a.json.clone());
                Ok(Val { json, nullable: true, literal: None, ..a })
            }
            ("greatest" | "least", _) => {
                let mut vals = self.values(args)?;
                if let Some((first, rest)) = vals.split_first_mut() {
                    for other in rest {
                        self.align(first, other)?;
                    }
                }
                let op = if name == "greatest" { "$max" } else { "$min" };
                let json = json!({ op: vals.iter().map(|v| &v.json).collect::<Vec<_>>() });
                Ok(Val { nullable: vals.iter().all(|v| v.nullable), ..one_of(json, &vals) })
            }
            ("now" | "current_timestamp", _) => Ok(now()),
            ("current_date", _) => Ok(today()),
            ("date_trunc" | "date_part", [Expr::Literal(Literal::String(unit), _), at]) => match name {
                "date_trunc" => self.date_trunc(unit, at),
                _ => self.extract(&unit.to_ascii_lowercase(), at),
            },
            ("extract", _) => {
                Err(operator("extract called as a function").hint("Write EXTRACT(year FROM x)."))
            }
            ("to_char", [at, Expr::Literal(Literal::String(format), _)]) => self.date_text(at, format),
            ("cardinality", [array]) | ("array_length", [array, _]) => {
                let array = self.value(array)?;
                let items = json!({ "$isArray": [array.json] });
                // an empty array has no length in PostgreSQL, and no elements
                let size = json!({ "$size": array.json });
                let size = if name == "array_length" {
                    json!({ "$cond": [{ "$eq": [array.json, []] }, null, size] })
                } else {
                    size
                };
                let json = super::builder::cond(items, size, Value::Null);
                Ok(Val::new(json, Some(TypeClass::Integer), true))
            }
            _ => Err(operator(&format!("This call of {name}"))),
        }
    }

    fn values(&mut self, args: &[&'a Expr]) -> Made<Vec<Val>> {
        args.iter().map(|e| self.value(e)).collect()
    }

    /// Functions of numbers.
    fn number_call(&mut self, name: &str, args: &[&'a Expr]) -> Made<Option<Val>> {
        use TypeClass as T;
        let (op, class) = match name {
            "abs" => ("$abs", None),
            "ceil" | "ceiling" => ("$ceil", None),
            "floor" => ("$floor", None),
            "exp" => ("$exp", Some(T::Float)),
            "ln" => ("$ln", Some(T::Float)),
            "log" | "log10" => ("$log10", Some(T::Float)),
            "sqrt" => ("$sqrt", Some(T::Float)),
            "mod" => ("$mod", None),
            "pow" | "power" => ("$pow", Some(T::Float)),
            "round" | "trunc" | "sign" => ("", None),
            _ => return Ok(None),
        };
        let vals = self.values(args)?;
        vals.iter().try_for_each(super::arithmetic::numeric)?;
        let nullable = vals.iter().any(|v| v.nullable);
        let places = || args.get(1).map(|e| e as &Expr);
        Ok(Some(match (name, vals.as_slice()) {
            ("round", [val, ..]) => {
                let places = places().map(|e| self.whole(e, "A number of places")).transpose()?;
                self.rounded(val.clone(), places.unwrap_or(0))?
            }
            ("trunc", [val, ..]) => {
                let places = places().map(|e| self.whole(e, "A number of places")).transpose()?;
                let json = json!({ "$trunc": [val.json, places.unwrap_or(0)] });
                Val { json, literal: None, ..val.clone() }
            }
            ("sign", [val]) => {
                self.unless_null(vec![val.clone()], T::Integer, |o| json!({ "$cmp": [o[0], 0] }))
            }
            (_, [val]) => Val::new(json!({ op: val.json }), class.or(val.class), nullable),
            (_, [a, b]) => {
                let class = class.or(super::arithmetic::widest(a.class, b.class));
                Val::new(json!({ op: [a.json, b.json] }), class, nullable)
            }
            _ => return Err(operator(name)),
        }))
    }
}
