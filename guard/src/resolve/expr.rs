//! Expressions: every node is visited, names inside are resolved, and what is known of the value comes back.

use catalog::{Engine, TypeClass};

use crate::finding::{Code, Finding};
use crate::tree::{BinaryOp, Expr, Ident, IsTest, LikeOp, Literal, ObjectName, Span, SpecialCall, TypeName};

use super::own_operators::Reading;
use super::scope::{Info, Shape};
use super::{Resolver, types};

impl<'a> Resolver<'a, '_> {
    /// Resolves an expression in place.
    pub(super) fn expr(&mut self, expr: &mut Expr) -> Info<'a> {
        match expr {
            Expr::Column(_) => self.column(expr),
            Expr::Literal(literal, _) => {
                self.know_caller(literal);
                let class = types::of_literal(literal);
                Info { class, nullable: *literal == Literal::Null, ..Info::default() }
            }
            Expr::Param(_) if self.in_filter => {
                self.refuse(Finding::new(Code::G400, "a filter is no place for parameters"));
                Info::default()
            }
            Expr::Param(_) => Info { nullable: true, ..Info::default() },
            Expr::Unary { op, expr } => {
                let info = self.value(expr);
                let class = types::of_unary(*op, info.class);
                info.with_class(class)
            }
            Expr::Binary { .. } => self.binary(expr),
            Expr::Is { expr, test, .. } => {
                // a row may be tested for NULL, its parts are not compared
                let info = if *test == IsTest::Null { self.expr(expr) } else { self.value(expr) };
                Info { nullable: false, ..info.with_class(Some(TypeClass::Boolean)) }
            }
            Expr::Between { expr, low, high, .. } => {
                let info = self.boolean_of([expr, low, high]);
                self.refuse_misread(&[&info]);
                info.with_class(Some(TypeClass::Boolean))
            }
            Expr::InList { expr, list, .. } => {
                let mut info = self.value(expr);
                for item in list {
                    let item = self.value(item);
                    info.own = info.own.or(item.own);
                    info.absorb(&item);
                }
                self.refuse_misread(&[&info]);
                info.with_class(Some(TypeClass::Boolean))
            }
            Expr::InSubquery { expr, query, negated } => {
                let width = width_of(expr);
                let mut info = self.value(expr);
                let rows = self.listed(query, width, Span::default());
                if let (true, true, Some(found)) = (*negated, rows.nullable, crate::warn::not_in(query)) {
                    self.warn(found);
                }
                self.refuse_misread(&[&info, &rows]);
                info.absorb(&rows);
                info.with_class(Some(TypeClass::Boolean))
            }
            Expr::Like { op, expr, pattern, escape, .. } => {
                let mut info = self.boolean_of([expr, pattern]);
                if *op != LikeOp::ILike {
                    self.refuse_misread(&[&info]);
                }
                info.own = None;
                if let Some(escape) = escape {
                    let escape = self.value(escape);
                    info.absorb(&escape);
                }
                info
            }
            Expr::Quantified { left, right, .. } => self.quantified(left, right),
            Expr::Case { operand, branches, otherwise } => self.case(operand, branches, otherwise),
            Expr::Cast { expr, to, .. } => self.cast(expr, to),
            Expr::Typed { ty, span, .. } => {
                self.check_type(ty, *span);
                let (class, element) = types::of_name(self.engine, ty);
                Info { class, element, ..Info::default() }
            }
            Expr::Interval { value, .. } => self.value(value).with_class(Some(TypeClass::Interval)),
            Expr::Call(call) => self.call_value(call),
            Expr::Extract { expr, .. } => self.value(expr).with_class(Some(TypeClass::Decimal)),
            Expr::Special(special) => self.special(special),
            Expr::AtTimeZone { expr, zone } => self.at_time_zone(expr, zone),
            Expr::Collate { expr, collation } => {
                self.collation(collation);
                self.value(expr)
            }
            Expr::Exists { query, .. } => {
                self.query(query, &super::Outer::Inner);
                Info::of(TypeClass::Boolean)
            }
            Expr::Subquery(query) => self.subquery(query, 1, Span::default()),
            Expr::Row(items) => {
                let mut info = Info { shape: Shape::Row, ..Info::default() };
                for item in items {
                    let item = self.value(item);
                    info.absorb(&item);
                }
                info.shape = Shape::Value;
                info
            }
            Expr::Array(items) => {
                let mut info = Info::default();
                for item in items {
                    let item = self.value(item);
                    info.element = types::widest(info.element, item.class);
                    info.absorb(&item);
                }
                Info { class: Some(TypeClass::Array), ..info }
            }
            Expr::ArraySubquery(query) => {
                let rows = self.subquery(query, 1, Span::default());
                let element = rows.class;
                Info { element, ..rows.with_class(Some(TypeClass::Array)) }
            }
            Expr::Subscript { expr, index, slice_to } => self.subscript(expr, index, slice_to),
            Expr::Field { expr, field } => self.field(expr, field),
        }
    }

    /// An expression where a whole row may not stand.
    pub(super) fn value(&mut self, expr: &mut Expr) -> Info<'a> {
        let info = self.expr(expr);
        if info.shape == Shape::Row {
            self.refuse_row(expr);
        }
        info
    }

    /// Rows can be converted, compared and handed to functions by user code that their type brings along.
    pub(super) fn refuse_row(&mut self, expr: &Expr) {
        let (written, span) = match expr {
            Expr::Column(name) => (name.last().map(|i| i.value.clone()).unwrap_or_default(), name.span()),
            _ => ("the sub-query".to_owned(), Span::default()),
        };
        let message = format!("{written} is a whole row and cannot be used as a value here");
        self.refuse(
            Finding::new(Code::G201, message)
                .at(span)
                .subject(&written)
                .hint("name the column that is meant"),
        );
    }

    /// Chains lean to the left and are walked in a loop, so that their length does not deepen the stack.
    fn binary(&mut self, expr: &mut Expr) -> Info<'a> {
        let mut rest: Vec<(BinaryOp, &mut Box<Expr>)> = Vec::new();
        let mut first: &mut Expr = expr;
        while let Expr::Binary { op, left, right } = first {
            rest.push((*op, right));
            first = left;
        }
        let mut width = width_of(first);
        let mut row = is_row_query(first).then_some(());
        let innermost_right = rest.last().map(|(_, right)| width_of(right)).unwrap_or(1);
        let mut info = match (row.take(), first) {
            (Some(()), Expr::Subquery(query)) => self.subquery(query, innermost_right, Span::default()),
            (_, first) => self.value(first),
        };
        let mut readings = Vec::with_capacity(rest.len());
        while let Some((op, right)) = rest.pop() {
            let other = match right.as_mut() {
                Expr::Subquery(query) => self.subquery(query, width, Span::default()),
                other => self.value(other),
            };
            width = 1;
            self.warn_division(op, &info, &other, right);
            readings.push(self.own_reading(op, &info, &other));
            let class = types::of_binary(op, info.class, other.class);
            let element = info.element.or(other.element);
            info.absorb(&other);
            info = info.with_class(class);
            if class == Some(TypeClass::Array) {
                info.element = element;
            }
        }
        if readings.iter().any(|reading| *reading != Reading::AsWritten) {
            self.rewrite_operators(expr, &readings);
        }
        info
    }

    /// Whole numbers divide to a whole number on these engines; a sum of bigint is no whole number on PostgreSQL.
    fn warn_division(&mut self, op: BinaryOp, left: &Info<'a>, right: &Info<'a>, divisor: &Expr) {
        let cuts = matches!(self.engine, Engine::Postgres | Engine::Sqlite | Engine::Mssql | Engine::Mongodb);
        let whole = |info: &Info<'a>| info.class == Some(TypeClass::Integer);
        let big = |info: &Info<'a>| {
            let native =
                |c: &super::scope::ColumnRef<'a>| c.table.columns.get(c.index).map(|c| &c.native_type);
            info.folded && info.lineage.iter().filter_map(native).any(|n| n.contains("bigint"))
        };
        if op == BinaryOp::Divide && cuts && whole(left) && whole(right) && !big(left) && !big(right) {
            crate::warn::whole_division(divisor).into_iter().for_each(|w| self.warn(w));
        }
    }

    fn case(
        &mut self,
        operand: &mut Option<Box<Expr>>,
        branches: &mut [(Expr, Expr)],
        otherwise: &mut Option<Box<Expr>>,
    ) -> Info<'a> {
        let mut info = Info { nullable: otherwise.is_none(), ..Info::default() };
        if let Some(operand) = operand {
            let part = self.value(operand);
            self.refuse_misread(&[&part]);
            info.absorb(&part);
        }
        let mut class = None;
        for (when, then) in branches {
            let condition = self.value(when);
            let result = self.value(then);
            class = types::widest(class, result.class);
            info.absorb(&condition);
            info.absorb(&result);
        }
        if let Some(otherwise) = otherwise {
            let result = self.value(otherwise);
            class = types::widest(class, result.class);
            info.absorb(&result);
        }
        info.with_class(class)
    }

    fn cast(&mut self, expr: &mut Expr, to: &TypeName) -> Info<'a> {
        self.check_type(to, Span::default());
        let info = self.value(expr);
        let (class, element) = types::of_name(self.engine, to);
        Info { element, ..info.with_class(class) }
    }

    /// Types that look names of the catalog up (`regclass`) are no data types.
    pub(super) fn check_type(&mut self, ty: &TypeName, span: Span) {
        if self.engine == Engine::Postgres && ty.name.starts_with("reg") {
            let message = format!("the type {} reads the system catalog", ty.name);
            self.refuse(Finding::new(Code::G203, message).at(span).subject(&ty.name));
        }
    }

    fn special(&mut self, special: &mut SpecialCall) -> Info<'a> {
        if let SpecialCall::Typed(call) = special {
            return self.typed_call(call);
        }
        let (class, parts): (TypeClass, Vec<&mut Expr>) = match special {
            SpecialCall::Typed(_) => return Info::default(),
            SpecialCall::Substring { expr, from, length } => {
                self.called("substring");
                (
                    TypeClass::Text,
                    [Some(expr), from.as_mut(), length.as_mut()]
                        .into_iter()
                        .flatten()
                        .map(AsMut::as_mut)
                        .collect(),
                )
            }
            SpecialCall::Trim { what, expr, side: _ } => {
                self.called("trim");
                (
                    TypeClass::Text,
                    [what.as_mut(), Some(expr)].into_iter().flatten().map(AsMut::as_mut).collect(),
                )
            }
            SpecialCall::Position { needle, haystack } => {
                self.called("position");
                (TypeClass::Integer, vec![needle, haystack])
            }
            SpecialCall::Overlay { expr, with, from, length } => {
                self.called("overlay");
                let all = [Some(expr), Some(with), Some(from), length.as_mut()];
                (TypeClass::Text, all.into_iter().flatten().map(AsMut::as_mut).collect())
            }
            SpecialCall::ConvertUsing { expr, charset: _ } => {
                self.called("convert");
                (TypeClass::Text, vec![expr])
            }
            SpecialCall::TimestampDiff { unit: _, from, to } => {
                self.called("timestampdiff");
                (TypeClass::Integer, vec![from, to])
            }
            SpecialCall::MatchAgainst { columns, words, mode: _ } => {
                self.called("match");
                (TypeClass::Float, columns.iter_mut().chain([words.as_mut()]).collect())
            }
        };
        let mut info = Info::default();
        for part in parts {
            let part = self.value(part);
            info.absorb(&part);
        }
        info.with_class(Some(class))
    }

    fn at_time_zone(&mut self, expr: &mut Expr, zone: &mut Expr) -> Info<'a> {
        let mut info = self.value(expr);
        let zone = self.value(zone);
        let class = match info.class {
            Some(TypeClass::TimestampTz) => Some(TypeClass::Timestamp),
            Some(TypeClass::Timestamp | TypeClass::Date) => Some(TypeClass::TimestampTz),
            other => other,
        };
        info.absorb(&zone);
        info.with_class(class)
    }

    fn subscript(
        &mut self,
        expr: &mut Expr,
        index: &mut Option<Box<Expr>>,
        slice_to: &mut Option<Option<Box<Expr>>>,
    ) -> Info<'a> {
        let mut info = self.value(expr);
        let (class, element) = (info.class, info.element);
        let bounds = [index.as_mut(), slice_to.as_mut().and_then(Option::as_mut)];
        for bound in bounds.into_iter().flatten() {
            let bound = self.value(bound);
            info.absorb(&bound);
        }
        info.nullable = true;
        if slice_to.is_some() || class == Some(TypeClass::Json) {
            return Info { element, ..info.with_class(class) };
        }
        info.with_class(element)
    }

    /// `(row).field`: PostgreSQL calls a function of that name when the row has no such column, so it must have.
    fn field(&mut self, expr: &mut Expr, field: &mut Ident) -> Info<'a> {
        let row = self.expr(expr);
        if let (Expr::Column(name), Shape::Row) = (&*expr, row.shape) {
            let mut full = name.clone();
            full.0.push(field.clone());
            let mut column = Expr::Column(full);
            let info = self.column(&mut column);
            if let Expr::Column(full) = &column
                && let Some(last) = full.last()
            {
                Self::pin(field, &last.value);
            }
            return info;
        }
        if self.policy.syntax_only {
            self.pin_new(field);
            return Info::default();
        }
        self.unknown_column(field);
        Info::default()
    }

    /// Collations are objects of the server: built-in ones pass, and ICU's and the system's by their form.
    fn collation(&mut self, collation: &mut ObjectName) {
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.@".contains(c));
        let known = match (self.engine, collation.0.as_slice()) {
            (Engine::Sqlite, [name]) => {
                matches!(name.value.to_lowercase().as_str(), "binary" | "nocase" | "rtrim")
            }
            (_, [name]) => plain(&name.value),
            (Engine::Postgres, [schema, name]) => self.key(schema) == "pg_catalog" && plain(&name.value),
            _ => false,
        };
        if !known {
            let name = collation.last().map(|i| i.value.clone()).unwrap_or_default();
            let message = format!("the collation {name} is not on the list");
            self.refuse(Finding::new(Code::G201, message).at(collation.span()).subject(name));
        }
        for part in &mut collation.0 {
            self.pin_new(part);
        }
    }
}

/// How many columns a sub-query compared with this must give.
pub(super) fn width_of(expr: &Expr) -> usize {
    match expr {
        Expr::Row(items) => items.len(),
        _ => 1,
    }
}

fn is_row_query(expr: &Expr) -> bool {
    matches!(expr, Expr::Subquery(_))
}
