//! SQL Server's own forms: TOP, FOR JSON and FOR XML, hints, calls with types and words among their arguments.

use sqlparser::ast;

use super::query::refuse_some;
use super::refuse::{self, unproven};
use super::{Converter, prepass_mssql};
use crate::finding::Finding;
use crate::tree::{
    Expr, ForOutput, Ident, Literal, ObjectName, Query, SetExpr, SpecialCall, Tail, TypedCall, XmlShape,
};

type Converted = Result<Expr, Finding>;

/// Parts of a date, and their short forms.
const PARTS: [&str; 39] = [
    "year",
    "yy",
    "yyyy",
    "quarter",
    "qq",
    "q",
    "month",
    "mm",
    "m",
    "dayofyear",
    "dy",
    "y",
    "day",
    "dd",
    "d",
    "week",
    "wk",
    "ww",
    "weekday",
    "dw",
    "w",
    "hour",
    "hh",
    "minute",
    "mi",
    "n",
    "second",
    "ss",
    "s",
    "millisecond",
    "ms",
    "microsecond",
    "mcs",
    "nanosecond",
    "ns",
    "tzoffset",
    "tz",
    "iso_week",
    "isowk",
];

/// Functions whose first argument is such a part.
const BY_PARTS: [&str; 7] =
    ["dateadd", "datediff", "datediff_big", "datename", "datepart", "datetrunc", "date_bucket"];

/// Hints of a table that say how to read it, not what comes out when nobody writes meanwhile.
const READ_HINTS: [&str; 10] = [
    "nolock",
    "readuncommitted",
    "readcommitted",
    "readcommittedlock",
    "readpast",
    "index",
    "forceseek",
    "forcescan",
    "noexpand",
    "fastfirstrow",
];

impl Converter<'_> {
    /// The whole statement; on SQL Server WITH and OPTION stand around it and nowhere else.
    pub(super) fn statement(
        &self,
        mut query: ast::Query,
        options: prepass_mssql::Options,
    ) -> Result<Query, Finding> {
        if !self.mssql() {
            return self.query(query);
        }
        let (recursive, with) = match query.with.take() {
            Some(with) => self.with(with)?,
            None => (false, Vec::new()),
        };
        refuse_some(recursive, "RECURSIVE")?;
        let mut out = self.whole_query(query)?;
        refuse_some(!out.with.is_empty(), "WITH inside a query")?;
        out.with = with;
        out.tail.max_recursion = options.max_recursion;
        Ok(out)
    }

    /// TOP belongs to one SELECT: its query's limit.
    pub(super) fn top(&self, top: ast::Top, out: &mut Query) -> Result<(), Finding> {
        let ast::Top { with_ties, percent, quantity } = top;
        refuse_some(out.limit.is_some() || out.offset.is_some(), "TOP together with OFFSET or FETCH")?;
        let quantity = match quantity {
            Some(ast::TopQuantity::Constant(n)) => {
                Expr::Literal(Literal::Number(n.to_string()), Default::default())
            }
            Some(ast::TopQuantity::Expr(expr)) => self.expr(expr)?,
            None => return Err(unproven("TOP without a number")),
        };
        let whole = |text: &str| percent || text.bytes().all(|b| b.is_ascii_digit());
        let number = matches!(&quantity, Expr::Literal(Literal::Number(text), _) if whole(text));
        refuse_some(!number, "TOP of something other than a number")?;
        refuse_some(with_ties && out.order_by.is_empty(), "WITH TIES without ORDER BY")?;
        out.limit = Some(Box::new(quantity));
        out.with_ties = with_ties;
        out.tail.percent = percent;
        Ok(())
    }

    /// An arm of a set operation that has a TOP of its own.
    pub(super) fn topped(&self, mut select: ast::Select) -> Result<SetExpr, Finding> {
        let Some(top) = select.top.take() else {
            return self.select(select).map(|s| SetExpr::Select(Box::new(s)));
        };
        let body = SetExpr::Select(Box::new(self.select(select)?));
        let mut query = Query { body, ..Query::default() };
        self.top(top, &mut query)?;
        Ok(SetExpr::Query(Box::new(query)))
    }

    /// What SQL Server lets no inner query have.
    pub(super) fn check_nested(&self, query: &Query) -> Result<(), Finding> {
        if !self.mssql() {
            return Ok(());
        }
        refuse_some(!query.with.is_empty(), "WITH inside a query")?;
        let cut = query.limit.is_some() || query.offset.is_some() || query.tail.output.is_some();
        refuse_some(!query.order_by.is_empty() && !cut, "ORDER BY in an inner query without TOP or OFFSET")
    }

    /// OFFSET and FETCH need ORDER BY, and plain numbers.
    pub(super) fn check_paging(&self, query: &Query) -> Result<(), Finding> {
        if !self.mssql() || query.offset.is_none() {
            return Ok(());
        }
        refuse_some(query.order_by.is_empty(), "OFFSET without ORDER BY")?;
        let number = matches!(query.offset.as_deref(), Some(Expr::Literal(Literal::Number(_), _)));
        refuse_some(!number, "OFFSET of something other than a number")
    }

    pub(super) fn for_clause(&self, clause: Option<ast::ForClause>) -> Result<Tail, Finding> {
        let Some(clause) = clause else { return Ok(Tail::default()) };
        refuse_some(!self.mssql(), "FOR XML or FOR JSON")?;
        let output = match clause {
            ast::ForClause::Browse => return Err(refuse::writes("FOR BROWSE")),
            ast::ForClause::Json { for_json, root, include_null_values, without_array_wrapper } => {
                ForOutput::Json {
                    auto: match for_json {
                        ast::ForJson::Auto => true,
                        ast::ForJson::Path => false,
                    },
                    root,
                    nulls: include_null_values,
                    unwrapped: without_array_wrapper,
                }
            }
            ast::ForClause::Xml { for_xml, elements, binary_base64, root, r#type } => ForOutput::Xml {
                shape: match for_xml {
                    ast::ForXml::Raw(name) => XmlShape::Raw(name),
                    ast::ForXml::Auto => XmlShape::Auto,
                    ast::ForXml::Path(name) => XmlShape::Path(name),
                    ast::ForXml::Explicit => return Err(unproven("FOR XML EXPLICIT")),
                },
                elements,
                base64: binary_base64,
                root,
                typed: r#type,
            },
        };
        Ok(Tail { output: Some(output), ..Tail::default() })
    }

    /// The hints after a table: dropped when they only say how to read, refused when they lock.
    pub(super) fn table_hints(&self, hints: Vec<ast::Expr>) -> Result<(), Finding> {
        for hint in hints {
            let name = match hint {
                ast::Expr::Identifier(name) => name.value,
                ast::Expr::Function(ast::Function { name, .. }) => name.to_string(),
                ast::Expr::BinaryOp { left, .. } => left.to_string(),
                _ => String::new(),
            };
            refuse_some(!self.mssql() || !is_read_hint(&name), "This table hint")?;
        }
        Ok(())
    }

    /// `t (NOLOCK)`: an old way to write hints, which looks like a call.
    pub(super) fn old_hints(&self, args: Option<&ast::TableFunctionArgs>) -> bool {
        let Some(ast::TableFunctionArgs { args, settings: None }) = args else { return false };
        self.mssql() && !args.is_empty() && args.iter().all(is_hint_argument)
    }

    /// `CONVERT(type, x [, style])`.
    pub(super) fn typed_convert(
        &self,
        attempt: bool,
        expr: ast::Expr,
        to: Option<ast::DataType>,
        mut styles: Vec<ast::Expr>,
    ) -> Converted {
        refuse_some(!self.mssql() || styles.len() > 1, "CONVERT")?;
        let Some(to) = to else { return Err(unproven("CONVERT without a type")) };
        let style = styles.pop().map(|s| self.expr(s).map(Box::new)).transpose()?;
        let expr = Box::new(self.plain(expr)?);
        Ok(typed(TypedCall::Convert { to: self.type_name(to)?, expr, style, attempt }))
    }

    /// A call that is none: a part of a date, or a method of an XML value.
    pub(super) fn own_call(&self, function: &ast::Function) -> Result<Option<Expr>, Finding> {
        if !self.mssql() {
            return Ok(None);
        }
        let ast::FunctionArguments::List(list) = &function.args else { return Ok(None) };
        let plain = function.over.is_none()
            && function.filter.is_none()
            && function.within_group.is_empty()
            && function.null_treatment.is_none()
            && list.duplicate_treatment.is_none()
            && list.clauses.is_empty();
        let ast::ObjectName(parts) = &function.name;
        let names: Option<Vec<&ast::Ident>> = parts.iter().map(ast::ObjectNamePart::as_ident).collect();
        let names = names.unwrap_or_default();
        let Some((last, base)) = names.split_last() else { return Ok(None) };
        let lower = last.value.to_ascii_lowercase();
        if base.is_empty() && BY_PARTS.contains(&lower.as_str()) {
            refuse_some(!plain || last.quote_style.is_some(), "This call")?;
            return self.date_part(&lower, &list.args).map(Some);
        }
        let method = !base.is_empty() && is_xml_method(&last.value) && plain;
        let Some(args) = texts(&list.args).filter(|_| method) else { return Ok(None) };
        let name = base.iter().map(|i| self.ident((*i).clone())).collect::<Result<_, _>>()?;
        xml(Expr::Column(ObjectName(name)), &last.value, args).map(Some)
    }

    fn date_part(&self, function: &str, args: &[ast::FunctionArg]) -> Converted {
        let [ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Identifier(part))), rest @ ..] =
            args
        else {
            return Err(unproven("A date function without a part"));
        };
        let part_name = part.value.to_ascii_lowercase();
        let known = PARTS.contains(&part_name.as_str()) && part.quote_style.is_none();
        refuse_some(!known, "This part of a date")?;
        let args = self.args(rest.to_vec())?;
        let wanted = match function {
            "datepart" | "datename" | "datetrunc" => 1..=1,
            "date_bucket" => 2..=3,
            _ => 2..=2,
        };
        refuse_some(!wanted.contains(&args.len()), "This number of arguments")?;
        refuse_some(args.iter().any(|a| a.name.is_some() || a.variadic), "A named argument")?;
        let args = args.into_iter().map(|a| a.value).collect();
        Ok(typed(TypedCall::DatePart { function: function.to_owned(), part: part_name, args }))
    }

    /// `(x).value('path', 'type')`.
    pub(super) fn xml_method(&self, expr: Expr, link: ast::AccessExpr) -> Converted {
        let ast::AccessExpr::Dot(ast::Expr::Function(function)) = link else {
            return Err(unproven("This field"));
        };
        let ast::ObjectName(parts) = &function.name;
        let [ast::ObjectNamePart::Identifier(method)] = parts.as_slice() else {
            return Err(unproven("This method"));
        };
        let plain = function.over.is_none() && function.filter.is_none() && function.within_group.is_empty();
        let args = match &function.args {
            ast::FunctionArguments::List(list) if list.clauses.is_empty() && plain => texts(&list.args),
            ast::FunctionArguments::List(_)
            | ast::FunctionArguments::None
            | ast::FunctionArguments::Subquery(_) => None,
        };
        let Some(args) = args.filter(|_| is_xml_method(&method.value)) else {
            return Err(unproven("This method"));
        };
        xml(expr, &method.value, args)
    }

    /// A reserved word is no name without brackets: what it begins must not pass for one.
    pub(super) fn check_reserved(&self, ident: &ast::Ident) -> Result<(), Finding> {
        let bare = self.mssql() && ident.quote_style.is_none();
        if !bare || !super::dialect::reserved(&ident.value) {
            return Ok(());
        }
        Err(unproven("A reserved word as a name")
            .at(self.span(ident.span))
            .subject(&ident.value)
            .hint("Put the name in brackets."))
    }

    /// A function's name; some that are words of the grammar are called like any other.
    pub(super) fn function_name(&self, name: ast::ObjectName) -> Result<ObjectName, Finding> {
        let ast::ObjectName(parts) = &name;
        if let ([ast::ObjectNamePart::Identifier(one)], true) = (parts.as_slice(), self.mssql()) {
            let quoted = one.quote_style.is_some();
            let ident = Ident { value: one.value.clone(), quoted, span: self.span(one.span) };
            refuse_some(ident.value.contains('\0') || ident.value.is_empty(), "This name")?;
            return Ok(ObjectName(vec![ident]));
        }
        self.object_name(name)
    }
}

fn typed(call: TypedCall) -> Expr {
    Expr::Special(SpecialCall::Typed(call))
}

pub(super) fn is_read_hint(name: &str) -> bool {
    READ_HINTS.iter().any(|h| name.eq_ignore_ascii_case(h))
}

fn is_hint_argument(arg: &ast::FunctionArg) -> bool {
    matches!(arg, ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Identifier(name)))
        if name.quote_style.is_none() && is_read_hint(&name.value))
}

/// Names of methods keep their case.
fn is_xml_method(name: &str) -> bool {
    matches!(name, "value" | "query" | "exist")
}

/// A method's arguments, which can only be texts.
pub(super) fn texts(args: &[ast::FunctionArg]) -> Option<Vec<String>> {
    let text = |arg: &ast::FunctionArg| match arg {
        ast::FunctionArg::Unnamed(ast::FunctionArgExpr::Expr(ast::Expr::Value(value))) => {
            match &value.value {
                ast::Value::SingleQuotedString(text) | ast::Value::NationalStringLiteral(text) => {
                    Some(text.clone())
                }
                _ => None,
            }
        }
        _ => None,
    };
    args.iter().map(text).collect()
}

/// XQuery can name columns of the statement by `sql:column`, past all that is checked here.
pub(super) fn xquery(path: &str) -> Result<(), Finding> {
    let plain = path.bytes().all(|b| (0x20..0x7f).contains(&b));
    refuse_some(!plain || path.to_ascii_lowercase().contains("sql:"), "This XQuery")
}

fn xml(expr: Expr, method: &str, args: Vec<String>) -> Converted {
    let wanted = if method == "value" { 2 } else { 1 };
    refuse_some(args.len() != wanted, "This number of arguments")?;
    args.iter().try_for_each(|path| xquery(path))?;
    if let [_, ty] = args.as_slice() {
        let name = ty.split('(').next().unwrap_or_default().trim();
        let sized = ty.bytes().all(|b| b.is_ascii_alphanumeric() || b" (),".contains(&b));
        refuse_some(!sized || !super::types_mssql::known(name), "This type")?;
    }
    Ok(typed(TypedCall::Xml { expr: Box::new(expr), method: method.to_owned(), args }))
}
