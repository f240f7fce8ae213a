//! Expressions: every form of sqlparser's either becomes one of ours or is refused by name.

use catalog::Engine;
use sqlparser::ast;

use super::query::refuse_some;
use super::refuse::{operator, unproven};
use super::{Converter, ops};
use crate::finding::Finding;
use crate::tree::{BinaryOp, Expr, IsTest, LikeOp, ObjectName, TypeName, UnaryOp};

pub(super) type Converted = Result<Expr, Finding>;

impl Converter<'_> {
    pub(super) fn exprs(&self, exprs: Vec<ast::Expr>) -> Result<Vec<Expr>, Finding> {
        exprs.into_iter().map(|e| self.plain(e)).collect()
    }

    pub(super) fn boxed(&self, expr: ast::Expr) -> Result<Box<Expr>, Finding> {
        self.plain(expr).map(Box::new)
    }

    pub(super) fn expr(&self, expr: ast::Expr) -> Converted {
        use ast::Expr as E;
        match expr {
            E::Identifier(ident) => match self.clock(&ident) {
                Some(clock) => Ok(clock),
                None => Ok(Expr::Column(ObjectName(vec![self.ident(ident)?]))),
            },
            E::CompoundIdentifier(parts) => {
                let parts = parts.into_iter().map(|p| self.ident(p)).collect::<Result<Vec<_>, _>>()?;
                // SQL Server's may begin with the database, MongoDB's fields lie in documents
                let most = match self.engine {
                    Engine::Mssql => 4,
                    Engine::Mongodb => 16,
                    Engine::Postgres | Engine::Sqlite | Engine::Mysql | Engine::Mariadb => 3,
                };
                refuse_some(parts.len() > most, "A name of so many parts")?;
                Ok(Expr::Column(ObjectName(parts)))
            }
            E::CompoundFieldAccess { root, access_chain } => self.access(*root, access_chain),
            E::IsFalse(e) => self.is(*e, IsTest::False, false),
            E::IsNotFalse(e) => self.is(*e, IsTest::False, true),
            E::IsTrue(e) => self.is(*e, IsTest::True, false),
            E::IsNotTrue(e) => self.is(*e, IsTest::True, true),
            E::IsNull(e) => self.is(*e, IsTest::Null, false),
            E::IsNotNull(e) => self.is(*e, IsTest::Null, true),
            E::IsUnknown(e) => self.is(*e, IsTest::Unknown, false),
            E::IsNotUnknown(e) => self.is(*e, IsTest::Unknown, true),
            E::IsJson { expr, kind, unique_keys, negated } => self.is_json(*expr, kind, unique_keys, negated),
            E::IsDistinctFrom(a, b) => {
                refuse_some(self.mysql(), "IS DISTINCT FROM")?;
                self.pair(BinaryOp::Distinct, *a, *b)
            }
            E::IsNotDistinctFrom(a, b) => {
                refuse_some(self.mysql(), "IS NOT DISTINCT FROM")?;
                self.pair(BinaryOp::NotDistinct, *a, *b)
            }
            E::InList { expr, list, negated } => {
                refuse_some(list.is_empty(), "An empty IN list")?;
                Ok(Expr::InList { expr: self.boxed(*expr)?, list: self.exprs(list)?, negated })
            }
            E::InSubquery { expr, subquery, negated } => Ok(Expr::InSubquery {
                expr: self.boxed(*expr)?,
                query: Box::new(self.query(*subquery)?),
                negated,
            }),
            E::Between { expr, negated, low, high } => self.between(*expr, *low, *high, negated),
            E::BinaryOp { left, op, right } => self.binary(*left, op, *right),
            E::Like { negated, any, expr, pattern, escape_char } => {
                self.like_some(LikeOp::Like, *expr, *pattern, escape_char, negated, any)
            }
            E::ILike { negated, any, expr, pattern, escape_char } => {
                refuse_some(!self.postgres(), "ILIKE")?;
                self.like_some(LikeOp::ILike, *expr, *pattern, escape_char, negated, any)
            }
            E::SimilarTo { negated, expr, pattern, escape_char } => {
                refuse_some(!self.postgres(), "SIMILAR TO")?;
                self.like(LikeOp::SimilarTo, *expr, *pattern, escape_char, negated)
            }
            E::RLike { negated, expr, pattern, regexp } => {
                refuse_some(!self.mysql() && (self.postgres() || self.mssql() || !regexp), "RLIKE")?;
                self.like(LikeOp::Regexp, *expr, *pattern, None, negated)
            }
            E::AnyOp { left, compare_op, right, is_some: _ } => {
                self.quantified(*left, compare_op, *right, false)
            }
            E::AllOp { left, compare_op, right } => self.quantified(*left, compare_op, *right, true),
            E::UnaryOp { op, expr } => self.unary(op, *expr),
            E::Cast { kind, expr, data_type, format } => self.cast(kind, *expr, data_type, format),
            E::AtTimeZone { timestamp, time_zone } => {
                refuse_some(!self.postgres() && !self.mssql(), "AT TIME ZONE")?;
                Ok(Expr::AtTimeZone { expr: self.boxed(*timestamp)?, zone: self.boxed(*time_zone)? })
            }
            E::Extract { field, syntax, expr } => self.extract(field, syntax, *expr),
            E::Ceil { expr, field } => self.rounding("ceil", *expr, field),
            E::Floor { expr, field } => self.rounding("floor", *expr, field),
            E::Position { expr, r#in } => self.position(*expr, *r#in),
            E::Substring { expr, substring_from, substring_for, special, shorthand } => {
                self.substring(*expr, substring_from, substring_for, special, shorthand)
            }
            E::Trim { trim_where, trim_what, expr, trim_characters } => {
                self.trim(trim_where, trim_what, *expr, trim_characters)
            }
            E::Overlay { expr, overlay_what, overlay_from, overlay_for } => {
                self.overlay(*expr, *overlay_what, *overlay_from, overlay_for)
            }
            E::Collate { expr, collation } => {
                Ok(Expr::Collate { expr: self.boxed(*expr)?, collation: self.object_name(collation)? })
            }
            E::Nested(inner) => self.expr(*inner),
            E::Value(value) => self.value(value),
            E::TypedString(typed) => self.typed(typed),
            E::Function(function) => self.function(function),
            E::Case { case_token: _, end_token: _, operand, conditions, else_result } => {
                self.case(operand, conditions, else_result)
            }
            E::Exists { subquery, negated } => {
                Ok(Expr::Exists { query: Box::new(self.query(*subquery)?), negated })
            }
            E::Subquery(query) => Ok(Expr::Subquery(Box::new(self.query(*query)?))),
            E::Tuple(_) if self.mssql() => Err(unproven("A row of values")),
            E::Tuple(values) => Ok(Expr::Row(self.exprs(values)?)),
            E::Array(ast::Array { elem, named }) => {
                refuse_some(!self.postgres(), "An array")?;
                // Inner brackets of ARRAY[[1, 2], [3, 4]] are arrays themselves.
                let _ = named;
                Ok(Expr::Array(self.exprs(elem)?))
            }
            E::Interval(interval) => self.interval(interval),
            E::Prefixed { prefix: _, value: _ } => Err(unproven("A word before a literal")),
            E::JsonAccess { value: _, path: _ } => Err(unproven("A path after a colon")),
            E::IsNormalized { expr, form, negated } => self.is_normalized(*expr, form, negated),
            E::InUnnest { expr: _, array_expr: _, negated: _ } => Err(unproven("IN UNNEST")),
            E::Convert { is_try, expr, data_type, charset, target_before_value, styles } => {
                if self.mssql() {
                    refuse_some(charset.is_some() || !target_before_value, "CONVERT")?;
                    return self.typed_convert(is_try, *expr, data_type, styles);
                }
                refuse_some(is_try || target_before_value || !styles.is_empty(), "This CONVERT")?;
                self.convert(*expr, data_type, charset)
            }
            E::GroupingSets(_) | E::Cube(_) | E::Rollup(_) => Err(unproven("Grouping sets outside GROUP BY")),
            E::Struct { values: _, fields: _ } => Err(unproven("STRUCT")),
            E::Named { expr: _, name: _ } => Err(unproven("A named value")),
            E::Dictionary(_) | E::Map(_) => Err(unproven("A map")),
            E::MatchAgainst { columns, match_value, opt_search_modifier } => {
                self.match_against(columns, match_value, opt_search_modifier)
            }
            E::MemberOf(member) => self.member_of(member),
            E::Wildcard(_) | E::QualifiedWildcard(_, _) => Err(unproven("A star here")),
            E::OuterJoin(_) | E::Prior(_) | E::Lambda(_) => Err(unproven("This expression")),
        }
    }

    fn pair(&self, op: BinaryOp, left: ast::Expr, right: ast::Expr) -> Converted {
        let (left, right) = (self.operand_of(op, left)?, self.operand_of(op, right)?);
        Ok(Expr::Binary { op, left: Box::new(left), right: Box::new(right) })
    }

    fn binary(&self, left: ast::Expr, op: ast::BinaryOperator, right: ast::Expr) -> Converted {
        match op {
            ast::BinaryOperator::Glob if self.sqlite() => self.like(LikeOp::Glob, left, right, None, false),
            ast::BinaryOperator::Regexp if self.sqlite() => {
                self.like(LikeOp::Regexp, left, right, None, false)
            }
            ast::BinaryOperator::Arrow if self.mysql() => self.json_arrow(left, right, false),
            ast::BinaryOperator::LongArrow if self.mysql() => self.json_arrow(left, right, true),
            op => {
                refuse_some(self.mssql() && sign_in_product(&op, &right), "A sign inside a product")?;
                self.pair(ops::binary(&op, self.engine)?, left, right)
            }
        }
    }

    fn unary(&self, op: ast::UnaryOperator, expr: ast::Expr) -> Converted {
        if op == ast::UnaryOperator::BangNot && self.mysql() {
            return Ok(Expr::Unary { op: UnaryOp::Not, expr: self.boxed(expr)? });
        }
        if op != ast::UnaryOperator::BangNot {
            let op = ops::unary(op, self.engine)?;
            let expr = if op == UnaryOp::Not { self.condition(expr)? } else { self.plain(expr)? };
            return Ok(Expr::Unary { op, expr: Box::new(expr) });
        }
        // The mark that the dialect puts on `x NOT GLOB y` and its relatives.
        let ast::Expr::BinaryOp { left, op, right } = expr else { return Err(operator("!")) };
        match self.binary(*left, op, *right)? {
            Expr::Like { op, expr, pattern, escape, negated: _ } => {
                Ok(Expr::Like { op, expr, pattern, escape, negated: true })
            }
            found @ Expr::Binary { op: BinaryOp::SqliteMatch, left: _, right: _ } => {
                Ok(Expr::Unary { op: UnaryOp::Not, expr: Box::new(found) })
            }
            _ => Err(operator("!")),
        }
    }

    fn cast(
        &self,
        kind: ast::CastKind,
        expr: ast::Expr,
        ty: ast::DataType,
        format: Option<ast::CastFormat>,
    ) -> Converted {
        refuse_some(format.is_some(), "FORMAT in CAST")?;
        match &kind {
            ast::CastKind::Cast => {}
            ast::CastKind::DoubleColon => refuse_some(!self.postgres(), "The cast ::")?,
            ast::CastKind::TryCast => refuse_some(!self.mssql(), "TRY_CAST")?,
            ast::CastKind::SafeCast => return Err(unproven("SAFE_CAST")),
        }
        let try_cast = kind == ast::CastKind::TryCast;
        Ok(Expr::Cast { expr: self.boxed(expr)?, to: self.type_name(ty)?, try_cast })
    }

    fn case(
        &self,
        operand: Option<Box<ast::Expr>>,
        conditions: Vec<ast::CaseWhen>,
        otherwise: Option<Box<ast::Expr>>,
    ) -> Converted {
        let mut branches = Vec::with_capacity(conditions.len());
        for ast::CaseWhen { condition, result } in conditions {
            let when = if operand.is_some() { self.plain(condition)? } else { self.condition(condition)? };
            branches.push((when, self.plain(result)?));
        }
        Ok(Expr::Case {
            operand: operand.map(|o| self.boxed(*o)).transpose()?,
            branches,
            otherwise: otherwise.map(|o| self.boxed(*o)).transpose()?,
        })
    }

    fn typed(&self, typed: ast::TypedString) -> Converted {
        let ast::TypedString { data_type, value, uses_odbc_syntax } = typed;
        refuse_some(uses_odbc_syntax != self.mssql(), "This way to write a literal")?;
        refuse_some(self.sqlite(), "A type before a literal")?;
        let (value, span) = self.text(value)?;
        if self.mssql() {
            let digits = value.bytes().all(|b| b.is_ascii_digit() || b"-: .".contains(&b));
            refuse_some(!digits, "This date")?;
            let ty = match data_type {
                ast::DataType::Date => "d",
                ast::DataType::Time(None, _) => "t",
                ast::DataType::Timestamp(None, _) => "ts",
                _ => return Err(unproven("This way to write a literal")),
            };
            return Ok(Expr::Typed { ty: TypeName::simple(ty), value, span });
        }
        let ty = self.type_name(data_type)?;
        let clock = ty.args.is_empty() && matches!(ty.name.as_str(), "date" | "time" | "timestamp");
        refuse_some(self.mysql() && !clock, "This type before a literal")?;
        Ok(Expr::Typed { ty, value, span })
    }

    fn interval(&self, interval: ast::Interval) -> Converted {
        let ast::Interval {
            value,
            leading_field,
            leading_precision,
            last_field,
            fractional_seconds_precision,
        } = interval;
        refuse_some(self.sqlite() || self.mssql(), "INTERVAL")?;
        refuse_some(
            leading_precision.is_some() || fractional_seconds_precision.is_some(),
            "A precision in INTERVAL",
        )?;
        if self.mysql() {
            refuse_some(last_field.is_some(), "This INTERVAL")?;
            return self.mysql_interval(*value, leading_field);
        }
        let value = self.boxed(*value)?;
        refuse_some(!matches!(*value, Expr::Literal(_, _)), "INTERVAL of something other than a literal")?;
        let first = leading_field.map(super::call::field).transpose()?;
        let last = last_field.map(super::call::field).transpose()?;
        let unit = match (first, last) {
            (Some(first), Some(last)) => Some(format!("{first} to {last}")),
            (first, None) => first,
            (None, Some(_)) => return Err(unproven("This INTERVAL")),
        };
        Ok(Expr::Interval { value, unit })
    }

    /// `x[1]`, `x[1:2]`, `(row).field`.
    fn access(&self, root: ast::Expr, chain: Vec<ast::AccessExpr>) -> Converted {
        if self.mssql() {
            let root = self.expr(root)?;
            return chain.into_iter().try_fold(root, |expr, link| self.xml_method(expr, link));
        }
        refuse_some(!self.postgres(), "A subscript")?;
        let mut is_name = matches!(root, ast::Expr::Identifier(_) | ast::Expr::CompoundIdentifier(_));
        let mut expr = self.expr(root)?;
        for link in chain {
            is_name &= matches!(link, ast::AccessExpr::Dot(_));
            expr = self.link(expr, link, is_name)?;
        }
        Ok(expr)
    }

    /// One step; a dot continues a name, and is a field after anything else.
    fn link(&self, expr: Expr, link: ast::AccessExpr, is_name: bool) -> Converted {
        match link {
            ast::AccessExpr::Dot(ast::Expr::Identifier(field)) => {
                let field = self.ident(field)?;
                match expr {
                    Expr::Column(ObjectName(mut parts)) if is_name => {
                        parts.push(field);
                        refuse_some(parts.len() > 3, "A name of more than three parts")?;
                        Ok(Expr::Column(ObjectName(parts)))
                    }
                    expr => Ok(Expr::Field { expr: Box::new(expr), field }),
                }
            }
            ast::AccessExpr::Dot(_) => Err(unproven("This field")),
            ast::AccessExpr::Subscript(ast::Subscript::Index { index }) => {
                let index = Some(self.boxed(index)?);
                Ok(Expr::Subscript { expr: Box::new(expr), index, slice_to: None })
            }
            ast::AccessExpr::Subscript(ast::Subscript::Slice { lower_bound, upper_bound, stride }) => {
                refuse_some(stride.is_some(), "A stride")?;
                let index = lower_bound.map(|e| self.boxed(e)).transpose()?;
                let slice_to = Some(upper_bound.map(|e| self.boxed(e)).transpose()?);
                Ok(Expr::Subscript { expr: Box::new(expr), index, slice_to })
            }
        }
    }
}

/// `a / -b * c`: SQL Server's documents let the sign reach over `b * c`, people do not.
fn sign_in_product(op: &ast::BinaryOperator, right: &ast::Expr) -> bool {
    use ast::BinaryOperator as Op;
    let product = |op: &Op| matches!(op, Op::Multiply | Op::Divide | Op::Modulo);
    let ast::Expr::UnaryOp { op: ast::UnaryOperator::Minus | ast::UnaryOperator::Plus, expr } = right else {
        return false;
    };
    product(op) && matches!(expr.as_ref(), ast::Expr::BinaryOp { left: _, op, right: _ } if product(op))
}
