//! Aggregates as accumulators: NULLs are left out, and sums of nothing are NULL.

use catalog::TypeClass;
use serde_json::{Value, json};

use crate::tree::Call;

use super::builder::{cond, present, settled};
use super::expr::null;
use super::frame::Val;
use super::{Compiler, Made, form, operator};

/// The fields that an aggregate needs, each with what it is without any row, and the value made of them.
pub(super) struct Accumulated {
    pub(super) fields: Vec<(String, Value, Value)>,
    pub(super) val: Val,
}

impl<'a> Compiler<'a> {
    /// The accumulators of an aggregate.
    pub(super) fn accumulated(&mut self, call: &'a Call) -> Made<Accumulated> {
        let name = call.name.last().map(|i| i.value.clone()).unwrap_or_default();
        let made = self.by_aggregate(&name, call);
        made.map_err(|f| if f.span.is_none() { f.at(call.name.span()) } else { f })
    }

    fn by_aggregate(&mut self, name: &str, call: &'a Call) -> Made<Accumulated> {
        if !call.within_group.is_empty() {
            return Err(form("WITHIN GROUP"));
        }
        if !call.order_by.is_empty() {
            return Err(form("ORDER BY inside of an aggregate"));
        }
        let filter = call.filter.as_deref().map(|f| self.truth(f, true)).transpose()?;
        let arg = match call.args.first() {
            Some(arg) => self.value(&arg.value)?,
            None => null(),
        };
        let counts_rows = call.star || call.args.is_empty();
        // what the filter leaves out is NULL, which aggregates pass over
        let val = match &filter {
            Some(test) if !counts_rows => Val {
                json: cond(test.clone(), arg.json.clone(), Value::Null),
                nullable: true,
                literal: None,
                ..arg.clone()
            },
            _ => arg,
        };
        if counts_rows {
            let one = filter.map_or(json!(1), |test| cond(test, json!(1), json!(0)));
            return Ok(self.one(json!({ "$sum": one }), json!(0), Some(TypeClass::Integer), false));
        }
        if call.distinct {
            return self.distinct_aggregate(name, &val);
        }
        self.plain_aggregate(name, call, val)
    }

    fn plain_aggregate(&mut self, name: &str, call: &'a Call, val: Val) -> Made<Accumulated> {
        use TypeClass as T;
        Ok(match name {
            "count" => self.one(json!({ "$sum": counted(&val) }), json!(0), Some(T::Integer), false),
            "sum" => {
                super::arithmetic::numeric(&val)?;
                let (sum, count) = (self.fresh("a"), self.fresh("a"));
                let there = json!({ "$gt": [format!("${count}"), 0] });
                let json = cond(there, json!(format!("${sum}")), Value::Null);
                Accumulated {
                    fields: vec![
                        (sum, json!({ "$sum": val.json }), json!(0)),
                        (count, json!({ "$sum": counted(&val) }), json!(0)),
                    ],
                    val: Val::new(json, val.class, true),
                }
            }
            "avg" => {
                super::arithmetic::numeric(&val)?;
                let class = if val.class == Some(T::Decimal) { T::Decimal } else { T::Float };
                self.one(json!({ "$avg": val.json }), Value::Null, Some(class), true)
            }
            "min" | "max" => {
                if matches!(val.class, Some(T::Array | T::Json)) {
                    return Err(operator("min or max of arrays or documents"));
                }
                let op = format!("${name}");
                let made = self.one(json!({ op.as_str(): val.json }), Value::Null, val.class, true);
                Accumulated { val: Val { oid: val.oid, ..made.val }, ..made }
            }
            "bool_and" | "every" => {
                self.one(json!({ "$min": val.json }), Value::Null, Some(T::Boolean), true)
            }
            "bool_or" => self.one(json!({ "$max": val.json }), Value::Null, Some(T::Boolean), true),
            "stddev" | "stddev_samp" | "stddev_pop" | "variance" | "var_samp" | "var_pop" => {
                super::arithmetic::numeric(&val)?;
                let op = if name.ends_with("_pop") { "$stdDevPop" } else { "$stdDevSamp" };
                let made = self.one(json!({ op: val.json }), Value::Null, Some(T::Float), true);
                if name.starts_with("std") {
                    return Ok(made);
                }
                let json = json!({ "$pow": [made.val.json, 2] });
                Accumulated { val: Val { json, ..made.val }, ..made }
            }
            "array_agg" => {
                let field = self.fresh("a");
                let json = json!(format!("${field}"));
                let json = cond(json!({ "$eq": [json, []] }), Value::Null, json);
                Accumulated {
                    fields: vec![(field, json!({ "$push": settled(&val.json) }), json!([]))],
                    val: Val::new(json, Some(T::Array), true),
                }
            }
            "string_agg" => {
                let Some(separator) = call.args.get(1) else { return Err(operator("string_agg")) };
                let separator = self.value(&separator.value)?;
                if separator.literal.is_none() {
                    return Err(form("string_agg with a separator that is not written out"));
                }
                let text = self.as_text(val)?;
                let field = self.fresh("a");
                let name = self.fresh("t");
                let list = json!(format!("${field}"));
                let json = joined(&list, &name, &separator.json, Value::Null);
                Accumulated {
                    fields: vec![(field, json!({ "$push": settled(&text.json) }), json!([]))],
                    val: Val::new(json, Some(T::Text), true),
                }
            }
            other => return Err(operator(&format!("The aggregate {other}"))),
        })
    }

    /// Aggregates over different values: they are gathered once each.
    fn distinct_aggregate(&mut self, name: &str, val: &Val) -> Made<Accumulated> {
        use TypeClass as T;
        let field = self.fresh("a");
        let set = json!({ "$setDifference": [format!("${field}"), [null_json()]] });
        let empty = json!({ "$eq": [set, []] });
        let (json, class, nullable) = match name {
            "count" => (json!({ "$size": set }), Some(T::Integer), false),
            "sum" => (cond(empty, Value::Null, json!({ "$sum": set })), val.class, true),
            "avg" => (json!({ "$avg": set }), Some(T::Float), true),
            "min" => (json!({ "$min": set }), val.class, true),
            "max" => (json!({ "$max": set }), val.class, true),
            "array_agg" => (json!(format!("${field}")), Some(T::Array), true),
            _ => return Err(form(&format!("{name}(DISTINCT ...)"))),
        };
        let gathered = json!({ "$addToSet": settled(&val.json) });
        Ok(Accumulated { fields: vec![(field, gathered, json!([]))], val: Val::new(json, class, nullable) })
    }

    fn one(
        &mut self,
        accumulator: Value,
        of_none: Value,
        class: Option<TypeClass>,
        nullable: bool,
    ) -> Accumulated {
        let field = self.fresh("a");
        let val = Val::new(json!(format!("${field}")), class, nullable);
        Accumulated { fields: vec![(field, accumulator, of_none)], val }
    }
}

fn null_json() -> Value {
    Value::Null
}

/// One for a value, nothing for NULL.
pub(super) fn counted(val: &Val) -> Value {
    if val.nullable { cond(present(&val.json), json!(1), json!(0)) } else { json!(1) }
}

/// The texts of a list with a separator between them, NULLs left out; nothing where there is none.
pub(super) fn joined(list: &Value, name: &str, separator: &Value, of_none: Value) -> Value {
    let there = json!({ "$filter": { "input": list, "as": "e", "cond": { "$gt": ["$$e", null] } } });
    let all = format!("$${name}");
    // `$slice` refuses to take no elements, and DocumentDB 1.0 keeps a `$reduce` that begins with null
    let rest = cond(
        json!({ "$gt": [{ "$size": all }, 1] }),
        json!({ "$slice": [all, 1, { "$size": all }] }),
        json!([]),
    );
    let step = json!({ "$concat": ["$$value", separator, "$$this"] });
    let first = json!({ "$arrayElemAt": [all, 0] });
    let text = json!({ "$reduce": { "input": rest, "initialValue": first, "in": step } });
    let text = cond(json!({ "$gt": [{ "$size": all }, 0] }), text, of_none);
    json!({ "$let": { "vars": { name: there }, "in": text } })
}
