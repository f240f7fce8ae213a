//! Expressions and conditions.

use sqlparser::ast::{BinaryOperator, CastKind, Expr, Ident, Query, UnaryOperator, Value};

use super::kind::{arithmetic, common};
use super::literal::{as_stored, literal};
use super::scope::{Ex, Scope, Writer, text_literal};
use crate::error::{Result, SqlError};
use crate::types::Ty;

/// A condition, which is no value on the server but one in SQLite.
fn truth(sql: String) -> Ex {
    Ex::new(sql, Ty::Bit)
}

impl Writer<'_> {
    /// Writes an expression that stands alone as text, such as that of a computed column.
    pub(crate) fn expression_text(&mut self, text: &str, scope: &Scope<'_>) -> Result<Ex> {
        let query = super::parse_query(&format!("SELECT {text}"))?;
        let sqlparser::ast::SetExpr::Select(select) = &*query.body else {
            return Err(SqlError::syntax(text));
        };
        match select.projection.first() {
            Some(sqlparser::ast::SelectItem::UnnamedExpr(expr)) => self.expr(expr, scope),
            _ => Err(SqlError::syntax(text)),
        }
    }

    pub(crate) fn expr(&mut self, expr: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        match expr {
            Expr::Identifier(name) => self.name(name, scope),
            Expr::CompoundIdentifier(names) => {
                let mut parts: Vec<String> = names.iter().map(|n| n.value.clone()).collect();
                let last = parts.pop().unwrap_or_default();
                scope.find(&parts, &last)
            }
            Expr::Value(value) => literal(&value.value),
            Expr::Nested(inner) => {
                let ex = self.expr(inner, scope)?;
                Ok(Ex { sql: format!("({})", ex.sql), ..ex })
            }
            Expr::UnaryOp { op, expr } => self.unary(*op, expr, scope),
            Expr::BinaryOp { left, op, right } => self.binary(left, op, right, scope),
            Expr::IsNull(inner) => Ok(truth(format!("({} IS NULL)", self.expr(inner, scope)?.sql))),
            Expr::IsNotNull(inner) => Ok(truth(format!("({} IS NOT NULL)", self.expr(inner, scope)?.sql))),
            Expr::IsDistinctFrom(a, b) => self.compared(a, "IS NOT", b, scope),
            Expr::IsNotDistinctFrom(a, b) => self.compared(a, "IS", b, scope),
            Expr::Between { expr, negated, low, high } => {
                let low = self.compared(expr, ">=", low, scope)?.sql;
                let high = self.compared(expr, "<=", high, scope)?.sql;
                Ok(truth(format!("({}({low} AND {high}))", not(*negated))))
            }
            Expr::InList { expr, list, negated } => self.in_list(expr, list, *negated, scope),
            Expr::InSubquery { expr, subquery, negated } => {
                let left = self.expr(expr, scope)?;
                let left = collated(&left);
                let (text, _) = self.query(subquery, Some(scope))?;
                Ok(truth(format!("({left} {}IN ({text}))", not(*negated))))
            }
            Expr::Exists { subquery, negated } => {
                let (text, _) = self.query(subquery, Some(scope))?;
                Ok(truth(format!("({}EXISTS ({text}))", not(*negated))))
            }
            Expr::Subquery(query) => self.scalar(query, scope),
            Expr::Like { negated, expr, pattern, escape_char, .. } => {
                let (value, pattern) = (self.expr(expr, scope)?, self.expr(pattern, scope)?);
                let escape = match escape_char {
                    Some(escape) => self.expr(escape, scope)?.sql,
                    None => "NULL".to_owned(),
                };
                let exact = i32::from(value.collation.or(pattern.collation) == Some("BINARY"));
                let call = format!("tds_like({}, {}, {escape}, {exact})", value.sql, pattern.sql);
                Ok(truth(format!("({}{call})", not(*negated))))
            }
            Expr::Cast { kind, expr, data_type, .. } => {
                let attempt = matches!(kind, CastKind::TryCast | CastKind::SafeCast);
                self.converted(expr, &data_type.to_string(), None, attempt, scope)
            }
            Expr::Convert { is_try, expr, data_type: Some(ty), styles, .. } => {
                self.converted(expr, &ty.to_string(), styles.first(), *is_try, scope)
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref(), scope)
            }
            Expr::Collate { expr, collation } => {
                let ex = self.expr(expr, scope)?;
                let name = collation.to_string().to_lowercase();
                let exact = name.contains("_bin") || name.contains("_cs");
                Ok(Ex { collation: Some(if exact { "BINARY" } else { "NOCASE" }), ..ex })
            }
            Expr::Function(function) => self.call(function, scope),
            Expr::Substring { expr, substring_from: Some(from), substring_for: Some(length), .. } => {
                self.simple_call("substring", &[&**expr, &**from, &**length], scope)
            }
            Expr::Trim { expr, .. } => self.simple_call("trim", &[&**expr], scope),
            Expr::Ceil { expr, .. } => self.simple_call("ceiling", &[&**expr], scope),
            Expr::Floor { expr, .. } => self.simple_call("floor", &[&**expr], scope),
            Expr::AtTimeZone { timestamp, time_zone } => {
                let (moment, zone) = (self.expr(timestamp, scope)?, self.expr(time_zone, scope)?);
                let digits = moment.ty.measures().2.min(7);
                let from = text_literal(&moment.ty.text());
                let sql = format!("tds_at_zone({}, {from}, {})", moment.sql, zone.sql);
                Ok(Ex { nullable: moment.nullable, ..Ex::new(sql, Ty::DateTimeOffset(digits)) })
            }
            Expr::TypedString(typed) => {
                let text = typed.value.value.clone().into_string().unwrap_or_default();
                let ty = match typed.data_type.to_string().as_str() {
                    "DATE" => Ty::Date,
                    "TIME" => Ty::Time(7),
                    _ => Ty::DateTime,
                };
                let stored = as_stored(&text, &ty).ok_or_else(|| SqlError::syntax(&text))?;
                Ok(Ex::full(text_literal(&stored), ty))
            }
            other => Err(SqlError::unserved(format!("the expression {other}"))),
        }
    }

    fn name(&mut self, name: &Ident, scope: &Scope<'_>) -> Result<Ex> {
        if let Some(global) = name.value.strip_prefix("@@") {
            return self.global(global);
        }
        if name.value.starts_with('@') {
            let lower = name.value.to_lowercase();
            let Some(ty) = self.variables.get(&lower) else {
                return Err(SqlError::new(
                    137,
                    format!("Must declare the scalar variable \"{}\".", name.value),
                )
                .class(15));
            };
            return Ok(Ex::new(lower, ty.clone()));
        }
        if name.quote_style.is_none()
            && let Some(ex) = self.bare_word(&name.value)
        {
            return Ok(ex);
        }
        scope.find(&[], &name.value)
    }

    fn unary(&mut self, op: UnaryOperator, expr: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        let ex = self.expr(expr, scope)?;
        let sign = match op {
            UnaryOperator::Minus => "-",
            UnaryOperator::Plus => "+",
            UnaryOperator::BitwiseNot => "~",
            UnaryOperator::Not => return Ok(truth(format!("(NOT {})", ex.sql))),
            _ => return Err(SqlError::unserved("an operator")),
        };
        // the smallest bigint is written as one number
        if let (Expr::Value(v), UnaryOperator::Minus) = (expr, op)
            && let Value::Number(digits, _) = &v.value
            && digits.parse::<i64>().is_err()
            && format!("-{digits}").parse::<i64>().is_ok()
        {
            return Ok(Ex::full(format!("-{digits}"), ex.ty));
        }
        if let (UnaryOperator::Minus, Some(digits)) =
            (op, ex.sql.strip_prefix('\'').and_then(|s| s.strip_suffix('\'')))
            && ex.ty.scale().is_some()
        {
            return Ok(Ex { sql: format!("'-{digits}'"), ..ex });
        }
        Ok(Ex { sql: format!("({sign}{})", ex.sql), identity: false, ..ex })
    }

    fn binary(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        use BinaryOperator as B;
        let sign = match op {
            B::And | B::Or => {
                let (a, b) = (self.expr(left, scope)?, self.expr(right, scope)?);
                let word = if *op == B::And { "AND" } else { "OR" };
                return Ok(truth(format!("({} {word} {})", a.sql, b.sql)));
            }
            B::Eq => return self.compared(left, "=", right, scope),
            B::NotEq => return self.compared(left, "<>", right, scope),
            B::Lt => return self.compared(left, "<", right, scope),
            B::LtEq => return self.compared(left, "<=", right, scope),
            B::Gt => return self.compared(left, ">", right, scope),
            B::GtEq => return self.compared(left, ">=", right, scope),
            B::Plus => '+',
            B::Minus => '-',
            B::Multiply => '*',
            B::Divide => '/',
            B::Modulo => '%',
            B::BitwiseAnd => '&',
            B::BitwiseOr => '|',
            B::BitwiseXor => '^',
            other => return Err(SqlError::unserved(format!("the operator {other}"))),
        };
        let (a, b) = (self.expr(left, scope)?, self.expr(right, scope)?);
        let nullable = a.nullable || b.nullable;
        let ty = arithmetic(sign, &a.ty, &b.ty);
        if sign == '+' && (ty.is_text() || ty.is_binary()) {
            let (a, b) = (a.cast(&ty_of_part(&ty)), b.cast(&ty_of_part(&ty)));
            return Ok(Ex { nullable, ..Ex::new(format!("({} || {})", a.sql, b.sql), ty) });
        }
        if ty.is_time() {
            let (moment, days) = if a.ty.is_time() { (a, b) } else { (b, a) };
            let step = if sign == '-' { format!("-({})", days.sql) } else { days.sql };
            let from = text_literal(&moment.ty.text());
            return Ok(Ex {
                nullable,
                ..Ex::new(format!("tds_dateadd('day', {step}, {}, {from})", moment.sql), ty)
            });
        }
        let number = |ex: Ex| if ex.ty.is_text() { ex.cast(&ty) } else { ex };
        let (a, b) = (number(a).sql, number(b).sql);
        let sql = match sign {
            '/' | '%' => format!("tds_divide({a}, {b}, '{sign}', {})", i32::from(ty.is_integer())),
            '^' => format!("(({a} | {b}) - ({a} & {b}))"),
            _ => format!("({a} {sign} {b})"),
        };
        Ok(Ex { nullable, ..Ex::new(sql, ty) })
    }

    /// A comparison, both sides made comparable as the server does.
    fn compared(&mut self, left: &Expr, sign: &str, right: &Expr, scope: &Scope<'_>) -> Result<Ex> {
        let (a, b) = (self.expr(left, scope)?, self.expr(right, scope)?);
        let (a, b) = comparable(a, b);
        Ok(truth(format!("({} {sign} {})", collated(&a), b.sql)))
    }

    fn in_list(&mut self, expr: &Expr, list: &[Expr], negated: bool, scope: &Scope<'_>) -> Result<Ex> {
        let left = self.expr(expr, scope)?;
        let left = if is_padded(&left) { unpadded(left) } else { left };
        let mut items = Vec::new();
        for item in list {
            let item = self.expr(item, scope)?;
            items.push(comparable(left.clone(), item).1.sql);
        }
        Ok(truth(format!("({} {}IN ({}))", collated(&left), not(negated), items.join(", "))))
    }

    fn scalar(&mut self, query: &Query, scope: &Scope<'_>) -> Result<Ex> {
        let (text, columns) = self.query(query, Some(scope))?;
        match columns.as_slice() {
            [one] => Ok(Ex::new(format!("({text})"), one.ty.clone())),
            _ => {
                let said = "Only one expression can be specified in the select list when the subquery is not \
                            introduced with EXISTS.";
                Err(SqlError::new(116, said))
            }
        }
    }

    pub(crate) fn converted(
        &mut self,
        expr: &Expr,
        ty: &str,
        style: Option<&Expr>,
        attempt: bool,
        scope: &Scope<'_>,
    ) -> Result<Ex> {
        let to = self.type_of(ty)?;
        let ex = self.expr(expr, scope)?;
        let style = match style {
            Some(style) => self.expr(style, scope)?.sql,
            None => "0".to_owned(),
        };
        // without a length, CAST means 30 characters
        let to = match (ty.contains('('), to) {
            (false, Ty::Char(1)) => Ty::Char(30),
            (false, Ty::VarChar(1)) => Ty::VarChar(30),
            (false, Ty::NChar(1)) => Ty::NChar(30),
            (false, Ty::NVarChar(1)) => Ty::NVarChar(30),
            (false, Ty::VarBinary(1)) => Ty::VarBinary(30),
            (false, Ty::Binary(1)) => Ty::Binary(30),
            (_, other) => other,
        };
        let from = if ex.free { to.text() } else { ex.ty.text() };
        let (from, target) = (text_literal(&from), text_literal(&to.text()));
        let name = if attempt { "tds_try_cast" } else { "tds_cast" };
        let sql = format!("{name}({}, {from}, {target}, {style})", ex.sql);
        Ok(Ex { nullable: ex.nullable || attempt, ..Ex::new(sql, to) })
    }

    /// A type by its name, types of the database's own included.
    pub(crate) fn type_of(&self, text: &str) -> Result<Ty> {
        let own = || self.schema.types.get(&text.to_lowercase().replace(['[', ']', '"'], ""));
        Ty::read(text)
            .or_else(|| own().cloned())
            .ok_or_else(|| SqlError::new(243, format!("Type {text} is not a defined system type.")))
    }
}

fn ty_of_part(ty: &Ty) -> Ty {
    match ty {
        Ty::NVarChar(_) => Ty::NVarChar(0),
        Ty::VarChar(_) => Ty::VarChar(0),
        other => other.clone(),
    }
}

pub(crate) fn not(negated: bool) -> &'static str {
    if negated { "NOT " } else { "" }
}

/// The left side of a comparison: text compares without case unless something else was asked for.
fn collated(ex: &Ex) -> String {
    if ex.ty.is_text() || ex.ty == Ty::Guid {
        format!("{} COLLATE {}", ex.sql, ex.collation.unwrap_or("NOCASE"))
    } else {
        ex.sql.clone()
    }
}

/// Spaces at the end of a value of fixed length do not count.
fn unpadded(ex: Ex) -> Ex {
    Ex { sql: format!("rtrim({}, ' ')", ex.sql), ..ex }
}

fn is_padded(ex: &Ex) -> bool {
    matches!(ex.ty, Ty::Char(_) | Ty::NChar(_))
}

/// Both sides in the type that they are compared in.
pub(crate) fn comparable(a: Ex, b: Ex) -> (Ex, Ex) {
    if a.ty.is_text() && b.ty.is_text() && (is_padded(&a) || is_padded(&b)) {
        let collation = a.collation.or(b.collation);
        return (unpadded(Ex { collation, ..a }), unpadded(Ex { collation, ..b }));
    }
    if a.free || b.free || a.ty == b.ty {
        return (a, b);
    }
    let ty = common(&a.ty, &b.ty);
    let collation = a.collation.or(b.collation);
    let side = |ex: Ex| {
        let differs =
            ty.is_time() || (ty.is_number() && !ex.ty.is_number()) || (ty == Ty::Guid && ex.ty != Ty::Guid);
        if !differs || ex.ty == ty {
            return ex;
        }
        // text that is no date is refused when it is compared, not here
        let plain = ex.sql.strip_prefix('\'').and_then(|s| s.strip_suffix('\''));
        match plain.filter(|_| ty.is_time()).and_then(|text| as_stored(text, &ty)) {
            Some(stored) => Ex { sql: text_literal(&stored), ty: ty.clone(), ..ex },
            None => ex.cast(&ty),
        }
    };
    let (a, b) = (side(a), side(b));
    (Ex { collation, ..a }, Ex { collation, ..b })
}
