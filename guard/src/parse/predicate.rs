//! Predicates: IS with its tests, BETWEEN, LIKE and its relatives, ANY and ALL.

use sqlparser::ast;

use super::expr::Converted;
use super::query::refuse_some;
use super::refuse::unproven;
use super::{Converter, dialect, ops};
use crate::tree::{BinaryOp, Expr, IsTest, JsonShape, LikeOp, NormalForm};

impl Converter<'_> {
    pub(super) fn is(&self, expr: ast::Expr, test: IsTest, negated: bool) -> Converted {
        let absent = match test {
            IsTest::Json { .. } | IsTest::Normalized(_) => !self.postgres(),
            IsTest::Unknown => self.sqlite() || self.mssql(),
            IsTest::True | IsTest::False => self.mssql(),
            IsTest::Null => false,
        };
        refuse_some(absent, "This IS test")?;
        Ok(Expr::Is { expr: self.boxed(expr)?, test, negated })
    }

    /// `IS JSON`; without a kind it is any value.
    pub(super) fn is_json(
        &self,
        expr: ast::Expr,
        kind: Option<ast::JsonPredicateType>,
        keys: Option<ast::JsonKeyUniqueness>,
        negated: bool,
    ) -> Converted {
        let shape = match kind {
            None | Some(ast::JsonPredicateType::Value) => None,
            Some(ast::JsonPredicateType::Scalar) => Some(JsonShape::Scalar),
            Some(ast::JsonPredicateType::Array) => Some(JsonShape::Array),
            Some(ast::JsonPredicateType::Object) => Some(JsonShape::Object),
        };
        let unique = match keys {
            None | Some(ast::JsonKeyUniqueness::WithoutUniqueKeys) => false,
            Some(ast::JsonKeyUniqueness::WithUniqueKeys) => true,
        };
        self.is(expr, IsTest::Json { shape, unique }, negated)
    }

    /// `IS NORMALIZED`; without a form it is NFC.
    pub(super) fn is_normalized(
        &self,
        expr: ast::Expr,
        form: Option<ast::NormalizationForm>,
        negated: bool,
    ) -> Converted {
        let form = match form {
            None | Some(ast::NormalizationForm::NFC) => NormalForm::Nfc,
            Some(ast::NormalizationForm::NFD) => NormalForm::Nfd,
            Some(ast::NormalizationForm::NFKC) => NormalForm::Nfkc,
            Some(ast::NormalizationForm::NFKD) => NormalForm::Nfkd,
        };
        self.is(expr, IsTest::Normalized(form), negated)
    }

    pub(super) fn between(
        &self,
        expr: ast::Expr,
        low: ast::Expr,
        high: ast::Expr,
        negated: bool,
    ) -> Converted {
        let (low, symmetric) = match low {
            ast::Expr::Prefixed { prefix, value } if prefix.value == dialect::SYMMETRIC => (*value, true),
            low => (low, false),
        };
        let (expr, low, high) = (self.boxed(expr)?, self.boxed(low)?, self.boxed(high)?);
        Ok(Expr::Between { expr, low, high, negated, symmetric })
    }

    pub(super) fn like(
        &self,
        op: LikeOp,
        expr: ast::Expr,
        pattern: ast::Expr,
        escape: Option<Box<ast::Expr>>,
        negated: bool,
    ) -> Converted {
        let mut escape = escape.map(|e| self.boxed(*e)).transpose()?;
        if self.mysql() {
            escape = self.mysql_escape(op, escape)?;
        }
        Ok(Expr::Like { op, expr: self.boxed(expr)?, pattern: self.boxed(pattern)?, escape, negated })
    }

    /// LIKE, and PostgreSQL's `LIKE ANY (...)` and `LIKE ALL (...)`: there the operators `~~` and its relatives.
    pub(super) fn like_some(
        &self,
        op: LikeOp,
        expr: ast::Expr,
        pattern: ast::Expr,
        escape: Option<Box<ast::Expr>>,
        negated: bool,
        any: bool,
    ) -> Converted {
        let (all, patterns) = match (any, many_patterns(&pattern)) {
            (true, _) => (false, pattern),
            (false, Some((all, patterns))) if self.postgres() => (all, patterns),
            (false, _) => return self.like(op, expr, pattern, escape, negated),
        };
        refuse_some(!self.postgres() || escape.is_some(), "This LIKE ANY")?;
        let patterns = match patterns {
            ast::Expr::Nested(patterns) => *patterns,
            query @ ast::Expr::Subquery(_) => query,
            _ => return Err(unproven("LIKE ANY of anything but an array or a query")),
        };
        let op = match (op, negated) {
            (LikeOp::Like, false) => BinaryOp::LikeOp,
            (LikeOp::Like, true) => BinaryOp::NotLikeOp,
            (LikeOp::ILike, false) => BinaryOp::ILikeOp,
            (LikeOp::ILike, true) => BinaryOp::NotILikeOp,
            (LikeOp::SimilarTo | LikeOp::Glob | LikeOp::Regexp, _) => return Err(unproven("This LIKE ANY")),
        };
        Ok(Expr::Quantified { left: self.boxed(expr)?, op, all, right: self.boxed(patterns)? })
    }

    pub(super) fn quantified(
        &self,
        left: ast::Expr,
        op: ast::BinaryOperator,
        right: ast::Expr,
        all: bool,
    ) -> Converted {
        refuse_some(self.sqlite(), "ANY, SOME or ALL")?;
        let op = ops::binary(&op, self.engine)?;
        let right = self.boxed(right)?;
        let of_query = matches!(*right, Expr::Subquery(_));
        let only = self.mysql() || self.mssql();
        refuse_some(only && !of_query, "ANY, SOME or ALL of anything but a query")?;
        Ok(Expr::Quantified { left: self.boxed(left)?, op, all, right })
    }
}

/// `ALL (patterns)` and `SOME (patterns)`, which sqlparser takes for calls: whether it is ALL, and the patterns in brackets.
fn many_patterns(pattern: &ast::Expr) -> Option<(bool, ast::Expr)> {
    let ast::Expr::Function(call) = pattern else { return None };
    let [ast::ObjectNamePart::Identifier(name)] = call.name.0.as_slice() else { return None };
    let all = name.value.eq_ignore_ascii_case("all");
    let plain = call.over.is_none()
        && call.filter.is_none()
        && call.within_group.is_empty()
        && call.null_treatment.is_none()
        && !call.uses_odbc_syntax
        && call.parameters == ast::FunctionArguments::None;
    if name.quote_style.is_some() || !plain || !(all || name.value.eq_ignore_ascii_case("some")) {
        return None;
    }
    match &call.args {
        ast::FunctionArguments::Subquery(query) => Some((all, ast::Expr::Subquery(query.clone()))),
        ast::FunctionArguments::List(list)
            if list.duplicate_treatment.is_none() && list.clauses.is_empty() =>
        {
            match list.args.as_slice() {
                [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(array))] => {
                    Some((all, ast::Expr::Nested(Box::new(array.clone()))))
                }
                _ => None,
            }
        }
        ast::FunctionArguments::List(_) | ast::FunctionArguments::None => None,
    }
}
