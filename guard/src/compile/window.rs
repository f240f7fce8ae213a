//! Window functions by `$setWindowFields`, one stage each.

use catalog::TypeClass;
use serde_json::{Map, Value, json};

use crate::tree::{
    Call, Expr, Frame, FrameBound, FrameExclude, FrameUnit, Literal, Over, Select, WindowSpec,
};

use super::accumulate::counted;
use super::builder::{cond, present, settled};
use super::frame::Val;
use super::order::Key;
use super::{Compiler, Made, form, operator, walk};

impl<'a> Compiler<'a> {
    /// Computes the windows that the list and ORDER BY name.
    pub(super) fn windows(&mut self, select: &'a Select, exprs: &[&'a Expr]) -> Made<()> {
        let mut calls: Vec<&'a Call> = Vec::new();
        let mut open: Vec<&'a Expr> = exprs.to_vec();
        while let Some(next) = open.pop() {
            match next {
                Expr::Call(call) if call.over.is_some() => {
                    if !calls.contains(&call.as_ref()) {
                        calls.push(call);
                    }
                }
                other => open.extend(walk::children(other)),
            }
        }
        for call in calls {
            let spec = match &call.over {
                Some(Over::Spec(spec)) => spec,
                Some(Over::Name(name)) => {
                    let found = select.windows.iter().find(|(n, _)| n.value == name.value);
                    found.map(|(_, spec)| spec).ok_or_else(|| form("This window"))?
                }
                None => continue,
            };
            let val = self
                .window(call, spec)
                .map_err(|f| if f.span.is_none() { f.at(call.name.span()) } else { f })?;
            self.top()?.windows.push((call.clone(), val));
        }
        Ok(())
    }

    fn window(&mut self, call: &'a Call, spec: &'a WindowSpec) -> Made<Val> {
        if spec.base.is_some() || call.distinct || call.ignore_nulls == Some(true) {
            return Err(form("This form of a window"));
        }
        let name = call.name.last().map(|i| i.value.clone()).unwrap_or_default();
        let ranks = matches!(name.as_str(), "rank" | "dense_rank");
        let mut body = Map::new();
        let partition: Made<Vec<Value>> =
            spec.partition_by.iter().map(|e| Ok(settled(&self.value(e)?.json))).collect();
        match partition?.as_slice() {
            [] => {}
            [one] => drop(body.insert("partitionBy".to_owned(), one.clone())),
            many => {
                let fields: Map<String, Value> =
                    many.iter().enumerate().map(|(i, v)| (format!("p{i}"), v.clone())).collect();
                body.insert("partitionBy".to_owned(), Value::Object(fields));
            }
        }
        let mut keys = Vec::with_capacity(spec.order_by.len());
        for item in &spec.order_by {
            keys.push(Key::new(self.value(&item.expr)?, item));
        }
        let frameless = ["row_number", "rank", "dense_rank", "lag", "lead"].contains(&name.as_str());
        let bounds = if frameless { None } else { bounds(spec.frame.as_ref(), &keys)? };
        if ranks {
            keys = vec![self.single(keys)?];
        }
        let (made, sorted) = self.sort_fields(keys)?;
        if !made.is_empty() {
            self.push(json!({ "$set": made }))?;
        }
        if !sorted.is_empty() {
            body.insert("sortBy".to_owned(), Value::Object(sorted));
        }
        let (output, val) = self.window_output(&name, call, bounds)?;
        body.insert("output".to_owned(), Value::Object(output));
        self.push(json!({ "$setWindowFields": body }))?;
        Ok(val)
    }

    /// Ranks go by one key alone: a document of where NULLs go and the value sorts as both would.
    fn single(&mut self, keys: Vec<Key>) -> Made<Key> {
        let one: [Key; 1] = keys.try_into().map_err(|_| {
            form("rank() over no key, or several").hint("Rank by one key, or use row_number().")
        })?;
        let [key] = one;
        if !key.needs_flag() {
            return Ok(key);
        }
        let nothing = json!(if key.nulls_first == key.up { 0 } else { 2 });
        let flag = cond(present(&key.val.json), json!(1), nothing);
        let json = json!({ "n": flag, "v": settled(&key.val.json) });
        Ok(Key { val: Val::new(json, None, false), ..key })
    }

    fn window_output(
        &mut self,
        name: &str,
        call: &'a Call,
        bounds: Option<Value>,
    ) -> Made<(Map<String, Value>, Val)> {
        use TypeClass as T;
        let field = self.fresh("_w");
        let here = json!(format!("${field}"));
        let plain = |body: Value, class: Option<T>, nullable: bool| {
            let output: Map<String, Value> = std::iter::once((field.clone(), body)).collect();
            Ok((output, Val::new(here.clone(), class, nullable)))
        };
        match name {
            // `$documentNumber` takes one key alone
            "row_number" => {
                let one = json!({ "$sum": 1, "window": { "documents": ["unbounded", "current"] } });
                return plain(one, Some(T::Integer), false);
            }
            "rank" => return plain(json!({ "$rank": {} }), Some(T::Integer), false),
            "dense_rank" => return plain(json!({ "$denseRank": {} }), Some(T::Integer), false),
            _ => {}
        }
        let arg = call.args.first().map(|a| self.value(&a.value)).transpose()?;
        if let "lag" | "lead" = name {
            let arg = arg.ok_or_else(|| operator(name))?;
            let by = call.args.get(1).map(|a| self.whole(&a.value, "A distance")).transpose()?.unwrap_or(1);
            let default = call.args.get(2).map(|a| self.value(&a.value)).transpose()?;
            let default = default.map_or(Value::Null, |d| d.json);
            let by = if name == "lag" { -by } else { by };
            let body = json!({ "$shift": { "output": arg.json, "by": by, "default": default } });
            return plain(body, arg.class, true);
        }
        let filter = call.filter.as_deref().map(|f| self.truth(f, true)).transpose()?;
        let windowed = |op: &str, operand: Value| {
            let mut body = Map::new();
            body.insert(op.to_owned(), operand);
            body.extend(bounds.clone().map(|b| ("window".to_owned(), b)));
            Value::Object(body)
        };
        let Some(arg) = arg.filter(|_| !call.star) else {
            let one = filter.map_or(json!(1), |test| cond(test, json!(1), json!(0)));
            return plain(windowed("$sum", one), Some(T::Integer), false);
        };
        let val = match filter {
            Some(test) => Val { json: cond(test, arg.json, Value::Null), nullable: true, ..arg },
            None => arg,
        };
        let op = match name {
            "count" => return plain(windowed("$sum", counted(&val)), Some(T::Integer), false),
            "sum" => {
                super::arithmetic::numeric(&val)?;
                let count = self.fresh("_w");
                let there = json!({ "$gt": [format!("${count}"), 0] });
                let (sum, counted) = (windowed("$sum", val.json.clone()), windowed("$sum", counted(&val)));
                let output: Map<String, Value> =
                    [(field.clone(), sum), (count, counted)].into_iter().collect();
                return Ok((output, Val::new(cond(there, here, Value::Null), val.class, true)));
            }
            "avg" => "$avg",
            "min" => "$min",
            "max" => "$max",
            "first_value" => "$first",
            "last_value" => "$last",
            other => return Err(operator(&format!("The window function {other}"))),
        };
        let class = if name == "avg" { Some(T::Float) } else { val.class };
        plain(windowed(op, val.json), class, true)
    }
}

/// The frame: the whole partition without an order, else what stands before and beside the row.
fn bounds(frame: Option<&Frame>, keys: &[Key]) -> Made<Option<Value>> {
    let Some(frame) = frame else {
        return if keys.is_empty() { Ok(None) } else { up_to_here(keys).map(Some) };
    };
    let Frame { unit, start, end, exclude } = frame;
    if *exclude != FrameExclude::NoOthers {
        return Err(form("EXCLUDE in a window"));
    }
    let end = end.as_ref().unwrap_or(&FrameBound::CurrentRow);
    match (unit, start, end) {
        (_, FrameBound::UnboundedPreceding, FrameBound::UnboundedFollowing) => Ok(None),
        (FrameUnit::Rows, start, end) => Ok(Some(json!({ "documents": [bound(start)?, bound(end)?] }))),
        (FrameUnit::Range, FrameBound::UnboundedPreceding, FrameBound::CurrentRow) => {
            up_to_here(keys).map(Some)
        }
        _ => Err(form("This frame of a window").hint("Use ROWS BETWEEN ... AND ...")),
    }
}

/// The rows before and all that are equal: a range, which the server knows over one number or date.
fn up_to_here(keys: &[Key]) -> Made<Value> {
    use TypeClass as T;
    let unique = keys.iter().any(|k| k.val.path() == Some("_id"));
    if unique {
        return Ok(json!({ "documents": ["unbounded", "current"] }));
    }
    match keys {
        [Key { val, up: true, .. }]
            if !val.nullable && matches!(val.class, Some(T::Integer | T::Float | T::Decimal)) =>
        {
            Ok(json!({ "range": ["unbounded", "current"] }))
        }
        _ => Err(form("A running window without a frame over this order")
            .hint("Write ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW, or order by _id.")),
    }
}

fn bound(bound: &FrameBound) -> Made<Value> {
    let number = |expr: &Expr| match expr {
        Expr::Literal(Literal::Number(digits), _) => digits.parse::<i64>().ok(),
        _ => None,
    };
    let unknown = || form("A window bound that is not written out as a whole number");
    Ok(match bound {
        FrameBound::CurrentRow => json!("current"),
        FrameBound::UnboundedPreceding | FrameBound::UnboundedFollowing => json!("unbounded"),
        FrameBound::Preceding(n) => json!(-number(n).ok_or_else(unknown)?),
        FrameBound::Following(n) => json!(number(n).ok_or_else(unknown)?),
    })
}
