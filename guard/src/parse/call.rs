//! Function calls, and calls with words between their arguments.

use catalog::Engine;
use sqlparser::ast;

use super::query::refuse_some;
use super::refuse::unproven;
use super::{Converter, dialect, mysql};
use crate::finding::Finding;
use crate::tree::{Arg, Call, Expr, Ident, ObjectName, Over, SpecialCall, TrimSide};

type Converted = Result<Expr, Finding>;
type Maybe = Option<Box<ast::Expr>>;

/// A field of EXTRACT or a unit of INTERVAL, in lower case.
pub(super) fn field(field: ast::DateTimeField) -> Result<String, Finding> {
    let text = field.to_string().to_ascii_lowercase();
    let text = text.trim_matches('\'').to_owned();
    let word = !text.is_empty() && text.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    if word { Ok(text) } else { Err(unproven("This field of a date")) }
}

fn named(name: &str) -> ObjectName {
    ObjectName(vec![Ident { value: name.to_owned(), ..Ident::default() }])
}

pub(super) fn simple(name: &str, args: Vec<Expr>) -> Expr {
    let args = args.into_iter().map(Arg::plain).collect();
    Expr::Call(Box::new(Call { name: named(name), args, ..Call::default() }))
}

impl Converter<'_> {
    pub(super) fn function(&self, function: ast::Function) -> Converted {
        if let Some(own) = self.own_call(&function)? {
            return Ok(own);
        }
        let ast::Function {
            name,
            uses_odbc_syntax,
            parameters,
            args,
            within_group,
            filter,
            null_treatment,
            over,
        } = function;
        refuse_some(uses_odbc_syntax, "ODBC syntax")?;
        refuse_some(parameters != ast::FunctionArguments::None, "Parameters before arguments")?;
        refuse_some(self.mssql() && filter.is_some(), "FILTER")?;
        let mut call = Call { name: self.function_name(name)?, ..Call::default() };
        match args {
            ast::FunctionArguments::None => call.bare = true,
            ast::FunctionArguments::Subquery(query) => return self.array_subquery(&call, *query),
            ast::FunctionArguments::List(list) => self.arguments(list, &mut call)?,
        }
        call.within_group = self.order_items(within_group)?;
        call.filter = filter.map(|f| self.expr(*f).map(Box::new)).transpose()?;
        if let Some(treatment) = null_treatment {
            call.ignore_nulls = Some(nulls(treatment));
        }
        call.over = match over {
            None => None,
            Some(ast::WindowType::NamedWindow(name)) => Some(Over::Name(self.ident(name)?)),
            Some(ast::WindowType::WindowSpec(spec)) => Some(Over::Spec(self.window_spec(spec)?)),
        };
        if call.bare {
            call.bare = match self.engine {
                Engine::Sqlite => is_clock(&call),
                Engine::Mysql | Engine::Mariadb => mysql::is_clock(&call),
                Engine::Postgres | Engine::Mssql | Engine::Mongodb => true,
            };
            refuse_some(!call.bare || call.name.0.len() != 1, "A call without parentheses")?;
        }
        if self.mysql() {
            let foreign =
                !call.within_group.is_empty() || call.filter.is_some() || call.ignore_nulls.is_some();
            refuse_some(foreign, "This clause after a call")?;
            return match row(call) {
                Expr::Call(call) => self.with_unit(*call),
                other => Ok(other),
            };
        }
        self.check_arguments(&call)?;
        Ok(if self.mssql() { Expr::Call(Box::new(call)) } else { row(call) })
    }

    fn array_subquery(&self, call: &Call, query: ast::Query) -> Converted {
        let array =
            call.name.0.len() == 1 && call.name.last().is_some_and(|n| n.value == "array" && !n.quoted);
        refuse_some(!array || !self.postgres(), "A query as the only argument")?;
        Ok(Expr::ArraySubquery(Box::new(self.query(query)?)))
    }

    fn arguments(&self, list: ast::FunctionArgumentList, call: &mut Call) -> Result<(), Finding> {
        let ast::FunctionArgumentList { duplicate_treatment, args, clauses } = list;
        call.distinct = duplicate_treatment == Some(ast::DuplicateTreatment::Distinct);
        if let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Wildcard)] = args.as_slice() {
            call.star = true;
        } else {
            call.args = self.args(args)?;
        }
        for clause in clauses {
            self.clause(clause, call)?;
        }
        Ok(())
    }

    fn clause(&self, clause: ast::FunctionArgumentClause, call: &mut Call) -> Result<(), Finding> {
        match clause {
            ast::FunctionArgumentClause::OrderBy(items) => {
                refuse_some(!call.order_by.is_empty(), "A second ORDER BY")?;
                refuse_some(self.mssql(), "ORDER BY among arguments")?;
                call.order_by = self.order_items(items)?;
                Ok(())
            }
            ast::FunctionArgumentClause::Separator(value) if self.mysql() => {
                refuse_some(call.separator.is_some(), "A second SEPARATOR")?;
                call.separator = Some(self.separator(value)?);
                Ok(())
            }
            ast::FunctionArgumentClause::IgnoreOrRespectNulls(_)
            | ast::FunctionArgumentClause::Where(_)
            | ast::FunctionArgumentClause::Limit(_)
            | ast::FunctionArgumentClause::OnOverflow(_)
            | ast::FunctionArgumentClause::Having(_)
            | ast::FunctionArgumentClause::Separator(_)
            | ast::FunctionArgumentClause::JsonNullClause(_)
            | ast::FunctionArgumentClause::JsonReturningClause(_) => {
                Err(unproven("This clause among arguments"))
            }
        }
    }

    pub(super) fn args(&self, args: Vec<ast::FunctionArg>) -> Result<Vec<Arg>, Finding> {
        args.into_iter().map(|a| self.arg(a)).collect()
    }

    fn arg(&self, arg: ast::FunctionArg) -> Result<Arg, Finding> {
        match arg {
            ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Prefixed { prefix, value }))
                if prefix.value == dialect::VARIADIC =>
            {
                Ok(Arg { name: None, variadic: true, value: self.expr(*value)? })
            }
            ast::FunctionArg::Unnamed(value) => Ok(Arg::plain(self.arg_value(value)?)),
            ast::FunctionArg::Named { name, arg, operator } => {
                let arrow = match operator {
                    ast::FunctionArgOperator::RightArrow => true,
                    ast::FunctionArgOperator::Equals
                    | ast::FunctionArgOperator::Assignment
                    | ast::FunctionArgOperator::Colon
                    | ast::FunctionArgOperator::Value
                    | ast::FunctionArgOperator::Space => false,
                };
                refuse_some(!arrow || !self.postgres(), "A named argument")?;
                Ok(Arg { name: Some(self.ident(name)?), variadic: false, value: self.arg_value(arg)? })
            }
            ast::FunctionArg::ExprNamed { name: _, arg: _, operator: _ } => {
                Err(unproven("An argument named by a value"))
            }
        }
    }

    fn arg_value(&self, value: ast::FunctionArgExpr) -> Converted {
        match value {
            ast::FunctionArgExpr::Expr(expr) => self.expr(expr),
            ast::FunctionArgExpr::QualifiedWildcard(_)
            | ast::FunctionArgExpr::Wildcard
            | ast::FunctionArgExpr::WildcardWithOptions(_) => Err(unproven("A star among arguments")),
        }
    }

    pub(super) fn extract(
        &self,
        date_field: ast::DateTimeField,
        syntax: ast::ExtractSyntax,
        expr: ast::Expr,
    ) -> Converted {
        refuse_some(self.sqlite() || self.mssql() || syntax != ast::ExtractSyntax::From, "EXTRACT")?;
        if self.mysql() {
            return Ok(Expr::Extract {
                field: mysql::unit_of(date_field)?,
                expr: Box::new(self.expr(expr)?),
            });
        }
        Ok(Expr::Extract { field: field(date_field)?, expr: Box::new(self.expr(expr)?) })
    }

    pub(super) fn rounding(&self, name: &str, expr: ast::Expr, field: ast::CeilFloorKind) -> Converted {
        match field {
            ast::CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) => {
                Ok(simple(name, vec![self.expr(expr)?]))
            }
            ast::CeilFloorKind::DateTimeField(_) | ast::CeilFloorKind::Scale(_) => {
                Err(unproven("This rounding"))
            }
        }
    }

    pub(super) fn position(&self, needle: ast::Expr, haystack: ast::Expr) -> Converted {
        refuse_some(self.sqlite() || self.mssql(), "POSITION(... IN ...)")?;
        Ok(Expr::Special(SpecialCall::Position {
            needle: Box::new(self.expr(needle)?),
            haystack: Box::new(self.expr(haystack)?),
        }))
    }

    pub(super) fn substring(
        &self,
        expr: ast::Expr,
        from: Maybe,
        length: Maybe,
        special: bool,
        shorthand: bool,
    ) -> Converted {
        let expr = self.expr(expr)?;
        let from = from.map(|e| self.expr(*e)).transpose()?;
        let length = length.map(|e| self.expr(*e)).transpose()?;
        if special {
            let name = if shorthand { "substr" } else { "substring" };
            return Ok(simple(name, [Some(expr), from, length].into_iter().flatten().collect()));
        }
        refuse_some(self.sqlite() || self.mssql() || shorthand && !self.mysql(), "SUBSTRING(... FROM ...)")?;
        Ok(Expr::Special(SpecialCall::Substring {
            expr: Box::new(expr),
            from: from.map(Box::new),
            length: length.map(Box::new),
        }))
    }

    pub(super) fn trim(
        &self,
        side: Option<ast::TrimWhereField>,
        what: Maybe,
        expr: ast::Expr,
        characters: Option<Vec<ast::Expr>>,
    ) -> Converted {
        let expr = self.expr(expr)?;
        let what = what.map(|e| self.expr(*e)).transpose()?;
        if let Some(characters) = characters {
            refuse_some(!self.sqlite() || side.is_some() || what.is_some(), "TRIM with a list")?;
            let mut args = vec![expr];
            args.extend(self.exprs(characters)?);
            return Ok(simple("trim", args));
        }
        if self.mssql() && side.is_none() && what.is_none() {
            return Ok(simple("trim", vec![expr]));
        }
        if self.sqlite() {
            refuse_some(side.is_some() || what.is_some(), "TRIM(... FROM ...)")?;
            return Ok(simple("trim", vec![expr]));
        }
        let side = match side {
            None | Some(ast::TrimWhereField::Both) => TrimSide::Both,
            Some(ast::TrimWhereField::Leading) => TrimSide::Leading,
            Some(ast::TrimWhereField::Trailing) => TrimSide::Trailing,
        };
        Ok(Expr::Special(SpecialCall::Trim { side, what: what.map(Box::new), expr: Box::new(expr) }))
    }

    pub(super) fn overlay(
        &self,
        expr: ast::Expr,
        with: ast::Expr,
        from: ast::Expr,
        length: Maybe,
    ) -> Converted {
        refuse_some(!self.postgres(), "OVERLAY")?;
        Ok(Expr::Special(SpecialCall::Overlay {
            expr: Box::new(self.expr(expr)?),
            with: Box::new(self.expr(with)?),
            from: Box::new(self.expr(from)?),
            length: length.map(|e| self.expr(*e).map(Box::new)).transpose()?,
        }))
    }
}

fn nulls(treatment: ast::NullTreatment) -> bool {
    match treatment {
        ast::NullTreatment::IgnoreNulls => true,
        ast::NullTreatment::RespectNulls => false,
    }
}

/// SQLite's only calls without parentheses.
fn is_clock(call: &Call) -> bool {
    const CLOCKS: [&str; 3] = ["current_date", "current_time", "current_timestamp"];
    call.name.last().is_some_and(|n| CLOCKS.iter().any(|c| n.value.eq_ignore_ascii_case(c)))
}

/// `ROW(a, b)` is a row and no call.
fn row(call: Call) -> Expr {
    let row = call.name.0.len() == 1
        && call.name.last().is_some_and(|n| n.value.eq_ignore_ascii_case("row") && !n.quoted);
    let plain = call.within_group.is_empty() && call.filter.is_none() && call.over.is_none() && !call.star;
    if row && plain && call.args.len() > 1 && call.args.iter().all(|a| a.name.is_none() && !a.variadic) {
        return Expr::Row(call.args.into_iter().map(|a| a.value).collect());
    }
    Expr::Call(Box::new(call))
}
