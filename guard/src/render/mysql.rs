//! What MySQL and MariaDB spell in their own way, so that no `sql_mode` can read it differently.

use super::Writer;
use super::expr::{OTHER, PRIMARY};
use crate::tree::{Expr, FromItem, GroupItem, JoinKind, LikeOp, Literal, MatchMode, Select, SpecialCall};

impl Writer {
    pub(super) fn mysql(&self) -> bool {
        matches!(self.engine, catalog::Engine::Mysql | catalog::Engine::Mariadb)
    }

    /// A text. With a backslash in it, it would depend on the mode: its bytes are written instead.
    pub(super) fn mysql_string(&mut self, text: &str) {
        if text.contains('\\') {
            self.text("_utf8mb4 ");
            return self.bytes_of(text);
        }
        self.out.push('\'');
        for c in text.chars() {
            if c == '\'' {
                self.out.push(c);
            }
            self.out.push(c);
        }
        self.out.push('\'');
    }

    fn bytes_of(&mut self, text: &str) {
        self.text("X'");
        for byte in text.bytes() {
            self.out.push_str(&format!("{byte:02X}"));
        }
        self.text("'");
    }

    /// SEPARATOR takes no introducer.
    pub(super) fn separator(&mut self, text: &str) {
        if self.mysql() && text.contains('\\') { self.bytes_of(text) } else { self.string(text) }
    }

    /// `LIKE pattern`, with the escape said wherever a backslash could be in the pattern.
    pub(super) fn mysql_like(&mut self, op: LikeOp, pattern: &Expr, escape: Option<&Expr>) {
        self.operand(pattern, if op == LikeOp::Like { PRIMARY } else { OTHER });
        let plain = matches!(pattern, Expr::Literal(Literal::String(text), _) if !text.contains('\\'));
        match escape {
            Some(escape) => {
                self.text(" ESCAPE ");
                self.operand(escape, PRIMARY);
            }
            None if op == LikeOp::Like && !plain => {
                self.text(" ESCAPE ");
                self.string("\\");
            }
            None => {}
        }
    }

    pub(super) fn member_of(&mut self, value: &Expr, array: &Expr) {
        self.operand(value, OTHER);
        self.text(" MEMBER OF (");
        self.expr(array);
        self.text(")");
    }

    /// `GROUP BY a, b WITH ROLLUP`.
    pub(super) fn group_by(&mut self, items: &[GroupItem]) {
        let [GroupItem::Rollup(sets)] = items else { return self.list(items, Writer::group_item) };
        if !self.mysql() {
            return self.list(items, Writer::group_item);
        }
        self.list(sets, |w, set| w.list(set, Writer::expr));
        self.text(" WITH ROLLUP");
    }

    /// Clauses after an empty FROM need a table to stand on.
    pub(super) fn dual(&mut self, select: &Select) {
        let Select { distinct: _, items: _, from, selection, group_by, having, windows } = select;
        let clauses = selection.is_some() || !group_by.is_empty() || having.is_some() || !windows.is_empty();
        if self.mysql() && from.is_empty() && clauses {
            self.line();
            self.text("FROM DUAL");
        }
    }

    /// The left side of a join. After one without a condition the servers would take in what follows first.
    pub(super) fn join_left(&mut self, left: &FromItem) {
        let apart = matches!(left, FromItem::Join { kind: JoinKind::Cross, left: _, right: _, on: _ });
        if !apart || !self.mysql() {
            return self.source(left);
        }
        self.text("(");
        self.source(left);
        self.text(")");
    }

    pub(super) fn mysql_special(&mut self, call: &SpecialCall) {
        match call {
            SpecialCall::ConvertUsing { expr, charset } => {
                self.text("CONVERT(");
                self.expr(expr);
                self.text(" USING ");
                self.text(charset);
            }
            SpecialCall::TimestampDiff { unit, from, to } => {
                self.text("TIMESTAMPDIFF(");
                self.text(&unit.to_ascii_uppercase());
                self.text(", ");
                self.expr(from);
                self.text(", ");
                self.expr(to);
            }
            SpecialCall::MatchAgainst { columns, words, mode } => {
                self.text("MATCH (");
                self.list(columns, Writer::expr);
                self.text(") AGAINST (");
                self.expr(words);
                self.text(match mode {
                    MatchMode::Natural => "",
                    MatchMode::Boolean => " IN BOOLEAN MODE",
                    MatchMode::Expansion => " WITH QUERY EXPANSION",
                });
            }
            SpecialCall::Trim { side: _, what: None, expr } => {
                self.text("TRIM(");
                self.expr(expr);
            }
            SpecialCall::Substring { .. }
            | SpecialCall::Trim { .. }
            | SpecialCall::Position { .. }
            | SpecialCall::Overlay { .. }
            | SpecialCall::Typed(_) => return,
        }
        self.text(")");
    }
}
