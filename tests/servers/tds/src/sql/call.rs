//! Calls of built-in functions: scalar, aggregate, over windows.

use sqlparser::ast::{
    DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, WindowFrame,
    WindowFrameBound, WindowFrameUnits, WindowType,
};

use super::from::{names_of, plain_args};
use super::kind::exact;
use super::literal::text_type;
use super::scope::{Ex, Scope, Writer, text_literal};
use crate::error::{Result, SqlError};
use crate::types::{MAX, Ty};

/// The error for a number of arguments that a function does not take.
pub(crate) fn wrong_count(name: &str) -> SqlError {
    SqlError::new(174, format!("The {name} function requires another number of arguments.")).class(15)
}

impl Writer<'_> {
    pub(crate) fn call(&mut self, function: &Function, scope: &Scope<'_>) -> Result<Ex> {
        let names = names_of(&function.name)?;
        let name = names.last().map(|n| n.to_lowercase()).unwrap_or_default();
        let (args, distinct): (&[FunctionArg], bool) = match &function.args {
            FunctionArguments::None => (&[], false),
            FunctionArguments::Subquery(_) => return Err(SqlError::syntax("SELECT")),
            FunctionArguments::List(list) => {
                (&list.args, list.duplicate_treatment == Some(DuplicateTreatment::Distinct))
            }
        };
        if let Some(ex) = self.aggregate(&name, args, distinct, function, scope)? {
            return match &function.over {
                Some(over) => {
                    let window = self.window(over, scope)?;
                    Ok(Ex { sql: format!("{} OVER ({window})", ex.sql), ..ex })
                }
                None => Ok(ex),
            };
        }
        if names.len() > 1 && !names.first().is_some_and(|n| n.eq_ignore_ascii_case("sys")) {
            let said = format!(
                "Cannot find either column \"{}\" or the user-defined function or aggregate \"{}\".",
                names.join("."),
                names.join(".")
            );
            return Err(SqlError::new(4121, said));
        }
        let args = plain_args(args)?;
        self.simple_call(&name, &args, scope)
    }

    fn aggregate(
        &mut self,
        name: &str,
        args: &[FunctionArg],
        distinct: bool,
        function: &Function,
        scope: &Scope<'_>,
    ) -> Result<Option<Ex>> {
        if let ("count" | "count_big", [FunctionArg::Unnamed(FunctionArgExpr::Wildcard)]) = (name, args) {
            let ty = if name == "count" { Ty::Int } else { Ty::BigInt };
            return Ok(Some(Ex::full("count(*)", ty)));
        }
        if let "row_number" | "rank" | "dense_rank" | "ntile" | "percent_rank" | "cume_dist" = name {
            let args = plain_args(args)?;
            let list = args.iter().map(|a| Ok(self.expr(a, scope)?.sql)).collect::<Result<Vec<_>>>()?;
            let ty = if matches!(name, "percent_rank" | "cume_dist") { Ty::Float } else { Ty::BigInt };
            return Ok(Some(Ex::full(format!("{name}({})", list.join(", ")), ty)));
        }
        let known = [
            "count",
            "count_big",
            "sum",
            "avg",
            "min",
            "max",
            "string_agg",
            "stdev",
            "stdevp",
            "var",
            "varp",
            "lag",
            "lead",
            "first_value",
            "last_value",
        ];
        if !known.contains(&name) {
            return Ok(None);
        }
        let args = plain_args(args)?;
        let mut written = args.iter().map(|a| self.expr(a, scope)).collect::<Result<Vec<_>>>()?.into_iter();
        let first = written.next().ok_or_else(|| wrong_count(name))?;
        let rest: Vec<String> = written.map(|e| e.sql).collect();
        let ty = aggregate_type(name, &first.ty)?;
        let inner = if distinct { format!("DISTINCT {}", first.sql) } else { first.sql.clone() };
        let nullable = !matches!(name, "count" | "count_big");
        let collated = if first.ty.is_text() { " COLLATE NOCASE" } else { "" };
        let sql = match name {
            "count" | "count_big" => format!("count({inner}{collated})"),
            "avg" if ty.is_integer() => format!("CAST(avg({inner}) AS INTEGER)"),
            "min" | "max" => format!("{name}({inner}{collated})"),
            "string_agg" => {
                let separator = rest.first().ok_or_else(|| wrong_count(name))?;
                let order = function.within_group.iter().map(|o| self.order_item(o, scope));
                let order = order.collect::<Result<Vec<_>>>()?.join(", ");
                let order = if order.is_empty() { order } else { format!(" ORDER BY {order}") };
                format!("group_concat({inner}, {separator}{order})")
            }
            "stdev" | "stdevp" | "var" | "varp" => format!("tds_{name}({inner})"),
            _ => format!("{name}({})", [vec![inner], rest].concat().join(", ")),
        };
        Ok(Some(Ex { nullable, ..Ex::new(sql, ty) }))
    }

    fn window(&mut self, over: &WindowType, scope: &Scope<'_>) -> Result<String> {
        let WindowType::WindowSpec(spec) = over else { return Err(SqlError::unserved("WINDOW")) };
        let mut parts = Vec::new();
        if !spec.partition_by.is_empty() {
            let list =
                spec.partition_by.iter().map(|e| Ok(self.expr(e, scope)?.sql)).collect::<Result<Vec<_>>>()?;
            parts.push(format!("PARTITION BY {}", list.join(", ")));
        }
        if !spec.order_by.is_empty() {
            let list = spec.order_by.iter().map(|o| self.order_item(o, scope)).collect::<Result<Vec<_>>>()?;
            parts.push(format!("ORDER BY {}", list.join(", ")));
        }
        if let Some(frame) = &spec.window_frame {
            parts.push(self.frame(frame, scope)?);
        }
        Ok(parts.join(" "))
    }

    fn frame(&mut self, frame: &WindowFrame, scope: &Scope<'_>) -> Result<String> {
        let units = match frame.units {
            WindowFrameUnits::Rows => "ROWS",
            WindowFrameUnits::Range => "RANGE",
            WindowFrameUnits::Groups => return Err(SqlError::syntax("GROUPS")),
        };
        let start = self.bound(&frame.start_bound, scope)?;
        Ok(match &frame.end_bound {
            Some(end) => format!("{units} BETWEEN {start} AND {}", self.bound(end, scope)?),
            None => format!("{units} {start}"),
        })
    }

    fn bound(&mut self, bound: &WindowFrameBound, scope: &Scope<'_>) -> Result<String> {
        Ok(match bound {
            WindowFrameBound::CurrentRow => "CURRENT ROW".to_owned(),
            WindowFrameBound::Preceding(None) => "UNBOUNDED PRECEDING".to_owned(),
            WindowFrameBound::Following(None) => "UNBOUNDED FOLLOWING".to_owned(),
            WindowFrameBound::Preceding(Some(n)) => format!("{} PRECEDING", self.expr(n, scope)?.sql),
            WindowFrameBound::Following(Some(n)) => format!("{} FOLLOWING", self.expr(n, scope)?.sql),
        })
    }

    /// A function of plain arguments.
    pub(crate) fn simple_call(&mut self, name: &str, args: &[&Expr], scope: &Scope<'_>) -> Result<Ex> {
        match name {
            "coalesce" => return self.first_of(args, false, scope),
            "isnull" => return self.first_of(args, true, scope),
            "iif" => return self.iif(args, scope),
            "nullif" => return self.nullif(args, scope),
            "dateadd" | "datediff" | "datediff_big" | "datepart" | "datename" | "datetrunc" | "eomonth"
            | "year" | "month" | "day" | "datefromparts" => return self.date_call(name, args, scope),
            _ => {}
        }
        if let Some(ex) = self.system_call(name, args, scope)? {
            return Ok(ex);
        }
        let written = args.iter().map(|a| self.expr(a, scope)).collect::<Result<Vec<_>>>()?;
        let nullable = written.iter().any(|e| e.nullable);
        let list = |written: &[Ex]| written.iter().map(|e| e.sql.as_str()).collect::<Vec<_>>().join(", ");
        let first = written.first().cloned().unwrap_or_else(|| Ex::full("NULL", Ty::Int));
        let text = text_type(&first.ty);
        let as_text =
            |ex: &Ex| if ex.ty.is_text() { ex.sql.clone() } else { ex.clone().cast(&Ty::NVarChar(MAX)).sql };
        let (sql, ty) = match (name, written.as_slice()) {
            ("len", [a]) => (format!("length(rtrim({}, ' '))", as_text(a)), Ty::Int),
            ("datalength", [a]) => (format!("tds_bytes({}, {})", a.sql, text_literal(&a.ty.text())), Ty::Int),
            ("upper" | "lower" | "ltrim" | "rtrim" | "trim", [a, ..]) => {
                (format!("{name}({})", as_text(a)), text)
            }
            ("reverse", [a]) => (format!("tds_reverse({})", as_text(a)), text),
            ("left", [a, n]) => (format!("substr({}, 1, {})", as_text(a), n.sql), text),
            ("right", [a, n]) => (format!("tds_right({}, {})", as_text(a), n.sql), text),
            ("substring", [a, from, length]) if a.ty.is_binary() => {
                (format!("substr({}, {}, {})", a.sql, from.sql, length.sql), a.ty.clone())
            }
            ("substring", [a, from, length]) => {
                (format!("tds_substring({}, {}, {})", as_text(a), from.sql, length.sql), text)
            }
            ("replace", [_, _, _]) => (format!("replace({})", list(&written)), Ty::NVarChar(MAX)),
            ("charindex", [_, _] | [_, _, _]) => (format!("tds_charindex({})", list(&written)), Ty::Int),
            ("patindex", [pattern, a]) => (format!("tds_patindex({}, {})", pattern.sql, as_text(a)), Ty::Int),
            ("concat", [_, ..]) => {
                let parts: Vec<String> =
                    written.iter().map(|e| format!("coalesce({}, '')", as_text(e))).collect();
                return Ok(Ex::full(format!("({})", parts.join(" || ")), Ty::NVarChar(4000)));
            }
            ("concat_ws", [separator, rest @ ..]) => {
                let parts: Vec<String> = rest.iter().map(as_text).collect();
                (format!("concat_ws({}, {})", separator.sql, parts.join(", ")), Ty::NVarChar(4000))
            }
            ("replicate", [a, n]) => (format!("tds_replicate({}, {})", as_text(a), n.sql), text),
            ("space", [n]) => (format!("tds_replicate(' ', {})", n.sql), Ty::VarChar(8000)),
            ("char" | "nchar", [n]) => {
                (format!("char({})", n.sql), if name == "char" { Ty::Char(1) } else { Ty::NChar(1) })
            }
            ("ascii" | "unicode", [a]) => (format!("unicode({})", a.sql), Ty::Int),
            ("quotename", [a, ..]) => (format!("tds_quotename({})", list(&written)), {
                let _ = a;
                Ty::NVarChar(258)
            }),
            ("abs", [a]) => (format!("abs({})", a.sql), a.ty.clone()),
            ("sign", [a]) => (format!("sign({})", a.sql), a.ty.clone()),
            ("floor" | "ceiling", [a]) => {
                let whole = exact(&a.ty)
                    .map_or(Ty::Float, |(p, s)| if s == 0 { a.ty.clone() } else { Ty::Numeric(p, 0) });
                (format!("{}({})", if name == "floor" { "floor" } else { "ceil" }, a.sql), whole)
            }
            ("round", [a, n, ..]) => (format!("tds_round({}, {})", a.sql, n.sql), a.ty.clone()),
            ("power", [a, n]) => (format!("pow({}, {})", a.sql, n.sql), a.ty.clone()),
            ("sqrt" | "exp" | "sin" | "cos" | "tan" | "log10", [a]) => {
                (format!("{name}({})", a.sql), Ty::Float)
            }
            ("log", [a]) => (format!("ln({})", a.sql), Ty::Float),
            ("pi", []) => ("pi()".to_owned(), Ty::Float),
            ("isnumeric", [a]) => (format!("tds_isnumeric({})", a.sql), Ty::Int),
            ("isdate", [a]) => (format!("tds_isdate({})", a.sql), Ty::Int),
            ("isjson", [a]) => (format!("json_valid({})", a.sql), Ty::Int),
            ("json_value", [a, path]) => {
                (format!("json_extract({}, {})", a.sql, path.sql), Ty::NVarChar(4000))
            }
            ("newid", []) => ("tds_newid()".to_owned(), Ty::Guid),
            _ => {
                return Err(SqlError::new(
                    195,
                    format!("'{name}' is not a recognized built-in function name."),
                )
                .class(15));
            }
        };
        Ok(Ex { nullable, collation: first.collation, ..Ex::new(sql, ty) })
    }

    fn date_call(&mut self, name: &str, args: &[&Expr], scope: &Scope<'_>) -> Result<Ex> {
        let part = |expr: &Expr| text_literal(&expr.to_string().to_lowercase());
        let mut moment = |expr: &Expr| -> Result<(Ex, String)> {
            let ex = self.expr(expr, scope)?;
            let ex = if ex.ty.is_time() { ex } else { ex.cast(&Ty::DateTime) };
            let from = text_literal(&ex.ty.text());
            Ok((ex, from))
        };
        let (sql, ty) = match (name, args) {
            ("dateadd", [p, n, m]) => {
                let (m, from) = moment(m)?;
                let n = self.expr(n, scope)?.sql;
                (format!("tds_dateadd({}, {n}, {}, {from})", part(p), m.sql), m.ty)
            }
            ("datediff" | "datediff_big", [p, a, b]) => {
                let (a, b) = (moment(a)?.0, moment(b)?.0);
                let ty = if name == "datediff" { Ty::Int } else { Ty::BigInt };
                (format!("tds_datediff({}, {}, {})", part(p), a.sql, b.sql), ty)
            }
            ("datepart" | "datename", [p, m]) => {
                let m = moment(m)?.0;
                let ty = if name == "datepart" { Ty::Int } else { Ty::NVarChar(30) };
                (format!("tds_{name}({}, {})", part(p), m.sql), ty)
            }
            ("datetrunc", [p, m]) => {
                let (m, from) = moment(m)?;
                (format!("tds_datetrunc({}, {}, {from})", part(p), m.sql), m.ty)
            }
            ("year" | "month" | "day", [m]) => {
                (format!("tds_datepart('{name}', {})", moment(m)?.0.sql), Ty::Int)
            }
            ("eomonth", [m]) => (format!("tds_eomonth({})", moment(m)?.0.sql), Ty::Date),
            ("datefromparts", [y, m, d]) => {
                let parts = [y, m, d].map(|e| self.expr(e, scope));
                let parts = parts.into_iter().map(|e| Ok(e?.sql)).collect::<Result<Vec<_>>>()?;
                (format!("printf('%04d-%02d-%02d', {})", parts.join(", ")), Ty::Date)
            }
            _ => return Err(wrong_count(name)),
        };
        Ok(Ex::new(sql, ty))
    }
}

fn aggregate_type(name: &str, ty: &Ty) -> Result<Ty> {
    Ok(match (name, ty) {
        ("count", _) => Ty::Int,
        ("count_big", _) => Ty::BigInt,
        ("stdev" | "stdevp" | "var" | "varp", _) => Ty::Float,
        ("string_agg", t) if t.is_unicode() => Ty::NVarChar(4000),
        ("string_agg", _) => Ty::VarChar(8000),
        ("sum" | "avg", Ty::Bit) => {
            let said = format!("Operand data type bit is invalid for {name} operator.");
            return Err(SqlError::new(8117, said));
        }
        ("sum" | "avg", Ty::TinyInt | Ty::SmallInt) => Ty::Int,
        ("sum", Ty::Decimal(_, s)) => Ty::Decimal(38, *s),
        ("sum", Ty::Numeric(_, s)) => Ty::Numeric(38, *s),
        ("avg", Ty::Decimal(_, s)) => Ty::Decimal(38, (*s).max(6)),
        ("avg", Ty::Numeric(_, s)) => Ty::Numeric(38, (*s).max(6)),
        ("sum" | "avg", Ty::SmallMoney) => Ty::Money,
        ("sum" | "avg", Ty::Real) => Ty::Float,
        ("sum" | "avg", t) if !t.is_number() => {
            let said = format!("Operand data type {} is invalid for {name} operator.", t.name());
            return Err(SqlError::new(8117, said));
        }
        (_, t) => t.clone(),
    })
}
