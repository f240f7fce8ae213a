//! SQL Server's spelling: TOP, OFFSET and FETCH, FOR JSON and FOR XML, OPTION, and calls with types or words.

use super::Writer;
use super::expr::UNARY;
use crate::tree::{Expr, ForOutput, ObjectName, Query, SetExpr, Tail, TypedCall, XmlShape};

impl Writer {
    pub(super) fn mssql_query(&mut self, query: &Query) {
        let Query { recursive: _, with, body, order_by, limit, offset, with_ties: _, tail } = query;
        if !with.is_empty() {
            self.text("WITH ");
            self.list(with, Writer::cte);
            self.line();
        }
        let top = limit.is_some() && offset.is_none();
        match body {
            SetExpr::Select(select) if top => self.select(select, Some(query)),
            body => self.set_expr(body),
        }
        if !order_by.is_empty() {
            self.line();
            self.text("ORDER BY ");
            self.order_items(order_by);
        }
        let Tail { percent: _, output, max_recursion } = tail;
        if let Some(offset) = offset {
            self.line();
            self.text("OFFSET ");
            self.operand(offset, UNARY);
            self.text(" ROWS");
            if let Some(limit) = limit {
                self.text(" FETCH NEXT ");
                self.operand(limit, UNARY);
                self.text(" ROWS ONLY");
            }
        }
        if let Some(output) = output {
            self.line();
            self.output(output);
        }
        if let Some(levels) = max_recursion {
            self.line();
            self.text("OPTION (MAXRECURSION ");
            self.text(&levels.to_string());
            self.text(")");
        }
    }

    /// `TOP (n) PERCENT WITH TIES `, after SELECT and DISTINCT.
    pub(super) fn top(&mut self, query: &Query) {
        let Some(limit) = &query.limit else { return };
        self.text("TOP (");
        self.expr(limit);
        self.text(if query.tail.percent { ") PERCENT " } else { ") " });
        self.text(if query.with_ties { "WITH TIES " } else { "" });
    }

    fn output(&mut self, output: &ForOutput) {
        match output {
            ForOutput::Json { auto, root, nulls, unwrapped } => {
                self.text(if *auto { "FOR JSON AUTO" } else { "FOR JSON PATH" });
                self.root(root.as_deref());
                self.text(if *nulls { ", INCLUDE_NULL_VALUES" } else { "" });
                self.text(if *unwrapped { ", WITHOUT_ARRAY_WRAPPER" } else { "" });
            }
            ForOutput::Xml { shape, elements, base64, root, typed } => {
                let (word, element) = match shape {
                    XmlShape::Raw(name) => ("FOR XML RAW", name.as_deref()),
                    XmlShape::Auto => ("FOR XML AUTO", None),
                    XmlShape::Path(name) => ("FOR XML PATH", name.as_deref()),
                };
                self.text(word);
                self.named_in_brackets(element);
                self.text(if *elements { ", ELEMENTS" } else { "" });
                self.text(if *base64 { ", BINARY BASE64" } else { "" });
                self.root(root.as_deref());
                self.text(if *typed { ", TYPE" } else { "" });
            }
        }
    }

    fn root(&mut self, root: Option<&str>) {
        self.text(if root.is_some() { ", ROOT" } else { "" });
        self.named_in_brackets(root);
    }

    fn named_in_brackets(&mut self, name: Option<&str>) {
        let Some(name) = name else { return };
        self.text("(");
        self.string(name);
        self.text(")");
    }

    pub(super) fn typed_call(&mut self, call: &TypedCall) {
        match call {
            TypedCall::DatePart { function, part, args } => {
                self.text(function);
                self.text("(");
                self.text(part);
                self.text(", ");
                self.list(args, Writer::expr);
                self.text(")");
            }
            TypedCall::Convert { to, expr, style, attempt } => {
                self.text(if *attempt { "TRY_CONVERT(" } else { "CONVERT(" });
                self.type_name(to);
                self.text(", ");
                self.expr(expr);
                if let Some(style) = style {
                    self.text(", ");
                    self.expr(style);
                }
                self.text(")");
            }
            TypedCall::Xml { expr, method, args } => {
                self.xml_base(expr);
                self.text(".");
                self.text(method);
                self.text("(");
                self.list(args, |w, text| w.string(text));
                self.text(")");
            }
        }
    }

    /// What a method of an XML value stands after.
    fn xml_base(&mut self, expr: &Expr) {
        if matches!(expr, Expr::Column(_) | Expr::Subquery(_)) {
            return self.expr(expr);
        }
        self.text("(");
        self.expr(expr);
        self.text(")");
    }

    /// A collation is a word and stands in no brackets.
    pub(super) fn collation(&mut self, name: &ObjectName) {
        match name.0.as_slice() {
            [one] if self.mssql() && one.value.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                self.text(&one.value);
            }
            _ => self.name(name),
        }
    }
}
