//! Calls as text.

use catalog::Engine;

use super::Writer;
use super::expr::SUM;
use crate::tree::{Arg, Call, ObjectName, Over, SpecialCall, TrimSide};

impl Writer {
    pub(super) fn call(&mut self, call: &Call) {
        let Call {
            name,
            args,
            star,
            distinct,
            bare,
            order_by,
            separator,
            within_group,
            filter,
            ignore_nulls,
            over,
        } = call;
        self.function_name(name);
        if *bare {
            return;
        }
        self.text("(");
        self.text(if *distinct { "DISTINCT " } else { "" });
        self.text(if *star { "*" } else { "" });
        self.list(args, Writer::arg);
        if !order_by.is_empty() {
            self.text(" ORDER BY ");
            self.order_items(order_by);
        }
        if let Some(separator) = separator {
            self.text(" SEPARATOR ");
            self.separator(separator);
        }
        self.text(")");
        if !within_group.is_empty() {
            self.text(" WITHIN GROUP (ORDER BY ");
            self.order_items(within_group);
            self.text(")");
        }
        if let Some(filter) = filter {
            self.text(" FILTER (WHERE ");
            self.expr(filter);
            self.text(")");
        }
        self.text(match ignore_nulls {
            None => "",
            Some(true) => " IGNORE NULLS",
            Some(false) => " RESPECT NULLS",
        });
        match over {
            None => {}
            Some(Over::Name(name)) => {
                self.text(" OVER ");
                self.ident(name);
            }
            Some(Over::Spec(spec)) => {
                self.text(" OVER ");
                self.window(spec);
            }
        }
    }

    /// Built-in names stand bare (some of them are grammar: `coalesce`), all others in quotes.
    fn function_name(&mut self, name: &ObjectName) {
        let [one] = name.0.as_slice() else { return self.name(name) };
        let mut bytes = one.value.bytes();
        let start = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_');
        let upper = self.engine == Engine::Postgres && one.value.bytes().any(|b| b.is_ascii_uppercase());
        if start && !upper && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            self.text(&one.value);
        } else {
            self.name(name);
        }
    }

    fn arg(&mut self, arg: &Arg) {
        let Arg { name, variadic, value } = arg;
        if let Some(name) = name {
            self.ident(name);
            self.text(" => ");
        }
        self.text(if *variadic { "VARIADIC " } else { "" });
        self.expr(value);
    }

    pub(super) fn special(&mut self, call: &SpecialCall) {
        match call {
            SpecialCall::ConvertUsing { .. }
            | SpecialCall::TimestampDiff { .. }
            | SpecialCall::MatchAgainst { .. } => return self.mysql_special(call),
            SpecialCall::Trim { side: _, what: None, expr: _ } if self.mysql() => {
                return self.mysql_special(call);
            }
            SpecialCall::Substring { expr, from, length } => {
                self.text("SUBSTRING(");
                self.operand(expr, SUM);
                if let Some(from) = from {
                    self.text(" FROM ");
                    self.operand(from, SUM);
                }
                if let Some(length) = length {
                    self.text(" FOR ");
                    self.operand(length, SUM);
                }
            }
            SpecialCall::Trim { side, what, expr } => {
                self.text(match side {
                    TrimSide::Both if self.mssql() => "TRIM(",
                    TrimSide::Both => "TRIM(BOTH ",
                    TrimSide::Leading => "TRIM(LEADING ",
                    TrimSide::Trailing => "TRIM(TRAILING ",
                });
                if let Some(what) = what {
                    self.operand(what, SUM);
                    self.text(" FROM ");
                }
                self.operand(expr, SUM);
            }
            SpecialCall::Position { needle, haystack } => {
                self.text("POSITION(");
                self.operand(needle, SUM);
                self.text(" IN ");
                self.operand(haystack, SUM);
            }
            SpecialCall::Typed(call) => return self.typed_call(call),
            SpecialCall::Overlay { expr, with, from, length } => {
                self.text("OVERLAY(");
                self.operand(expr, SUM);
                self.text(" PLACING ");
                self.operand(with, SUM);
                self.text(" FROM ");
                self.operand(from, SUM);
                if let Some(length) = length {
                    self.text(" FOR ");
                    self.operand(length, SUM);
                }
            }
        }
        self.text(")");
    }
}
