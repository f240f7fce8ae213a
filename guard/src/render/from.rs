//! FROM as text.

use super::Writer;
use crate::tree::{FromItem, Ident, JoinKind, JoinOn, TableAlias, TypeName};

impl Writer {
    pub(super) fn source(&mut self, item: &FromItem) {
        match item {
            FromItem::Table { name, alias } => {
                self.name(name);
                self.alias(alias.as_ref(), &[]);
            }
            FromItem::Derived { lateral, query, alias } => {
                self.text(if *lateral && !self.mssql() { "LATERAL " } else { "" });
                self.nested(query);
                self.alias(alias.as_ref(), &[]);
            }
            FromItem::Function { lateral, call, ordinality, alias, column_types } => {
                self.text(if *lateral { "LATERAL " } else { "" });
                self.call(call);
                self.text(if *ordinality { " WITH ORDINALITY" } else { "" });
                self.alias(alias.as_ref(), column_types);
            }
            FromItem::JsonTable(table) => self.json_table(table),
            FromItem::Form(form) => self.form(form),
            FromItem::Join { kind, left, right, on } => self.join(*kind, left, right, on),
        }
    }

    fn join(&mut self, kind: JoinKind, left: &FromItem, right: &FromItem, on: &JoinOn) {
        self.join_left(left);
        self.line();
        self.text(if *on == JoinOn::Natural { "NATURAL " } else { "" });
        self.text(match kind {
            JoinKind::Inner => "JOIN ",
            JoinKind::Left => "LEFT JOIN ",
            JoinKind::Right => "RIGHT JOIN ",
            JoinKind::Full => "FULL JOIN ",
            JoinKind::Cross => "CROSS JOIN ",
            JoinKind::CrossApply => "CROSS APPLY ",
            JoinKind::OuterApply => "OUTER APPLY ",
        });
        let nested = matches!(right, FromItem::Join { .. });
        self.text(if nested { "(" } else { "" });
        self.source(right);
        self.text(if nested { ")" } else { "" });
        match on {
            JoinOn::None | JoinOn::Natural => {}
            JoinOn::On(condition) => {
                self.text(" ON ");
                self.expr(condition);
            }
            JoinOn::Using(columns) => {
                self.text(" USING ");
                self.names(columns);
            }
        }
    }

    pub(super) fn alias(&mut self, alias: Option<&TableAlias>, types: &[(Ident, TypeName)]) {
        let Some(TableAlias { name, columns }) = alias else { return };
        self.text(" AS ");
        self.ident(name);
        if !columns.is_empty() {
            self.text(" ");
            self.names(columns);
        }
        if !types.is_empty() {
            self.text(" (");
            self.list(types, |w, (name, ty)| {
                w.ident(name);
                w.text(" ");
                w.type_name(ty);
            });
            self.text(")");
        }
    }

    /// The array brackets and arguments stand where the type's name wants them.
    pub(super) fn type_name(&mut self, ty: &TypeName) {
        let TypeName { name, args, dims } = ty;
        let args = args.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let (head, tail) = match name.split_once(' ') {
            Some((head, tail)) if tail.ends_with("time zone") => (head, tail),
            _ => (name.as_str(), ""),
        };
        self.text(head);
        if !args.is_empty() {
            self.text("(");
            self.text(&args);
            self.text(")");
        }
        if !tail.is_empty() {
            self.text(" ");
            self.text(tail);
        }
        for _ in 0..*dims {
            self.text("[]");
        }
    }
}
