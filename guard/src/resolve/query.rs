//! Queries and SELECT blocks: which clause sees which names.

use catalog::Engine;

use crate::finding::{Code, Finding};
use crate::tree::{Distinct, Expr, Ident, OrderItem, Query, Select, SelectItem, SetExpr, WindowSpec};

use super::ctes::SelfName;
use super::scope::{Info, Namespace, Output, Scope};
use super::{Outer, Resolver};

impl<'a> Resolver<'a, '_> {
    /// Resolves a query and gives its output columns.
    pub(crate) fn query(&mut self, query: &mut Query, outer: &Outer) -> Vec<Output<'a>> {
        self.query_as(query, outer, None)
    }

    pub(super) fn query_as(
        &mut self,
        query: &mut Query,
        outer: &Outer,
        itself: Option<SelfName>,
    ) -> Vec<Output<'a>> {
        if self.in_filter {
            self.refuse(Finding::new(Code::G400, "a filter is no place for sub-queries"));
            return Vec::new();
        }
        let mark = self.ctes.len();
        self.with(query.recursive, &mut query.with);
        let outputs = match &mut query.body {
            SetExpr::Select(select) => {
                let outputs = self.select(select, &mut query.order_by);
                let scope = self.scopes.pop().filter(|_| *outer == Outer::Top);
                if let Some(scope) = scope {
                    let limited = query.limit.is_some();
                    let found = crate::warn::top(select, &query.order_by, limited, &scope.names);
                    found.into_iter().for_each(|w| self.warn(w));
                }
                outputs
            }
            SetExpr::Values(rows) => {
                let outputs = self.values(rows);
                self.order_of_outputs(&mut query.order_by, &outputs, &[]);
                outputs
            }
            SetExpr::Query(inner) => {
                let outputs = self.query(inner, &Outer::Inner);
                self.order_of_outputs(&mut query.order_by, &outputs, &[]);
                outputs
            }
            SetExpr::SetOp { .. } => {
                let (outputs, others) = self.set_arms(&mut query.body, itself.as_ref());
                self.order_of_outputs(&mut query.order_by, &outputs, &others);
                outputs
            }
        };
        let wide = self.wide && !super::bounds::few_rows(query);
        for bound in [&mut query.limit, &mut query.offset].into_iter().flatten() {
            self.expr(bound);
        }
        self.wide = wide;
        if self.ctes.iter().skip(mark).any(|c| c.endless) && !super::bounds::takes_first_rows(query) {
            let message = "nothing ends the recursion";
            let hint = "add a condition to the recursive part, or a LIMIT";
            self.refuse(Finding::new(Code::G303, message).hint(hint));
        }
        self.ctes.truncate(mark);
        match &query.tail.output {
            Some(output) if !outputs.iter().any(|o| o.key == "*") => self.as_text(output, &outputs),
            _ => outputs,
        }
    }

    /// Resolves a SELECT block with its ORDER BY. Leaves the block's scope on the stack for the caller to pop.
    pub(super) fn select(&mut self, select: &mut Select, order: &mut [OrderItem]) -> Vec<Output<'a>> {
        let names = self.from(&mut select.from);
        self.expand_wildcards(select, &names);
        let aliases = self.engine == Engine::Sqlite;
        let mysql = self.mysql();
        let windows = select.windows.iter().map(|(name, _)| self.key(name)).collect();
        self.scopes.push(Scope { names, outputs: Vec::new(), aliases, windows, ..Scope::default() });
        let outputs = self.items(&mut select.items);
        if let Some(scope) = self.scopes.last_mut() {
            scope.outputs.clone_from(&outputs);
        }
        if let Some(condition) = &mut select.selection
            && self.expr(condition).folded
        {
            let message = "WHERE is applied before rows are aggregated";
            self.refuse(
                Finding::new(Code::G310, message).hint("put the condition on the aggregate into HAVING"),
            );
        }
        if let Some(scope) = self.scopes.last_mut().filter(|_| mysql) {
            scope.aliases = true;
        }
        self.group_by(&mut select.group_by, &outputs);
        if let Some(condition) = &mut select.having {
            self.having(condition, &select.group_by, &outputs);
        }
        for (name, spec) in &mut select.windows {
            self.pin_new(name);
            self.window(spec);
        }
        if let Distinct::On(keys) = &mut select.distinct {
            keys.iter_mut().for_each(|key| self.sort_key(key, &outputs));
        }
        for item in order.iter_mut() {
            self.sort_key(&mut item.expr, &outputs);
        }
        self.check_groups(select, order, &outputs);
        self.check_product(select);
        let found = self.scopes.last().map(|s| crate::warn::select(self.engine, select, &s.names));
        found.into_iter().flatten().for_each(|w| self.warn(w));
        let folded = select.group_by.is_empty() && outputs.iter().any(|o| o.info.folded);
        self.wide =
            !folded && self.scopes.last().is_some_and(|s| s.names.entries.iter().any(|e| e.is_wide()));
        outputs
    }

    /// Columns beside aggregates must be grouped.
    fn check_groups(&mut self, select: &Select, order: &[OrderItem], outputs: &[Output<'a>]) {
        let aggregated = select.having.is_some() || outputs.iter().any(|o| o.info.folded);
        let names = self.scopes.last().map(|s| &s.names);
        let found = names
            .and_then(|names| crate::warn::grouping::check(self.engine, select, order, names, aggregated));
        match found {
            Some(finding) if finding.code.is_error() => self.refuse(finding),
            Some(finding) => self.warn(finding),
            None => {}
        }
    }

    /// Some tables side by side may be meant; many without any condition are a product that nothing can finish.
    fn check_product(&mut self, select: &Select) {
        let most = super::bounds::most_apart(self.engine);
        let Some(scope) = self.scopes.last().filter(|s| s.names.entries.len() >= most) else {
            return;
        };
        let apart = crate::warn::unconnected(self.engine, select, &scope.names);
        if apart >= most {
            let message = format!("{apart} tables are joined without any condition");
            self.refuse(Finding::new(Code::G303, message).hint("join them on their keys"));
        }
    }

    /// A wildcard over tables with hidden columns is spelled out: the server's own would give them.
    fn expand_wildcards(&mut self, select: &mut Select, names: &Namespace<'a>) {
        let cut = names.entries.iter().any(|e| e.cut);
        let has_wildcard = select.items.iter().any(|i| !matches!(i, SelectItem::Expr { .. }));
        if self.in_view && cut && has_wildcard {
            self.refuse(Finding::new(Code::G101, "the view's wildcard cannot be read"));
        }
        if (!cut && !self.policy.cuts_columns()) || names.opaque() {
            return;
        }
        let mut items = Vec::with_capacity(select.items.len());
        for item in std::mem::take(&mut select.items) {
            match item {
                SelectItem::Expr { .. } => items.push(item),
                SelectItem::Wildcard(_) => items.extend(names.slots.iter().map(|s| {
                    let single = match s.from.as_slice() {
                        [(entry, _)] if !entry.name.is_empty() => Some(entry.name.as_str()),
                        _ => None,
                    };
                    spelled(single, &s.name)
                })),
                SelectItem::QualifiedWildcard(name) => {
                    let key = name.last().map(|i| self.key(i)).unwrap_or_default();
                    match names.entries.iter().find(|e| e.key == key) {
                        Some(entry) => {
                            items.extend(entry.fields.iter().map(|f| spelled(Some(&entry.name), &f.name)))
                        }
                        None => items.push(SelectItem::QualifiedWildcard(name)),
                    }
                }
            }
        }
        select.items = items;
    }

    fn items(&mut self, items: &mut [SelectItem]) -> Vec<Output<'a>> {
        let mut outputs = Vec::new();
        for item in items {
            match item {
                SelectItem::Expr { expr, alias } => {
                    let output = self.item(expr, alias.as_mut());
                    if alias.is_none() && output.aliased {
                        *alias = Some(Ident::quoted(output.name.clone()));
                    }
                    outputs.push(output);
                }
                SelectItem::Wildcard(_) => self.wildcard(&mut outputs),
                SelectItem::QualifiedWildcard(name) => self.qualified_wildcard(name, &mut outputs),
            }
        }
        outputs
    }

    fn item(&mut self, expr: &mut Expr, alias: Option<&mut Ident>) -> Output<'a> {
        let mark = self.replaced.len();
        let info = self.expr(expr);
        let (name, aliased) = match alias {
            Some(alias) => {
                self.pin_new(alias);
                (alias.value.clone(), true)
            }
            None => self.own_name(expr, mark),
        };
        Output { key: self.engine.stored_key(&name), name, aliased, info }
    }

    /// The name that an item gives itself; the old one, as an alias, where a replaced column gave it.
    fn own_name(&self, expr: &Expr, mark: usize) -> (String, bool) {
        let name = super::output::name(self.engine, expr);
        let mut since = self.replaced.iter().skip(mark);
        match since.find(|(new, _)| *new == name) {
            Some((_, old)) => (old.clone(), true),
            None => (name, false),
        }
    }

    fn wildcard(&mut self, outputs: &mut Vec<Output<'a>>) {
        let Some(scope) = self.scopes.last() else { return };
        if scope.names.opaque() {
            outputs.push(anything());
            return;
        }
        let slots: Vec<Output<'a>> = scope
            .names
            .slots
            .iter()
            .map(|s| Output { name: s.name.clone(), key: s.key.clone(), aliased: false, info: s.info() })
            .collect();
        if slots.is_empty() {
            self.refuse(Finding::new(Code::G103, "a wildcard needs a FROM"));
        }
        for output in slots {
            self.read_columns(&output.info, crate::tree::Span::default());
            outputs.push(output);
        }
    }

    fn qualified_wildcard(&mut self, name: &mut crate::tree::ObjectName, outputs: &mut Vec<Output<'a>>) {
        let entry = self.scopes.last().and_then(|scope| {
            let entries = &scope.names.entries;
            match name.0.as_slice() {
                [qualifier] => {
                    let key = self.key(qualifier);
                    entries.iter().find(|e| e.key == key)
                }
                [schema, table] => {
                    let (schema, key) = (self.key(schema), self.key(table));
                    entries.iter().find(|e| {
                        let of_schema = |t: &catalog::Table| self.engine.stored_key(&t.schema) == schema;
                        e.bare && e.key == key && e.table.is_some_and(of_schema)
                    })
                }
                _ => None,
            }
            .map(std::rc::Rc::clone)
        });
        let Some(entry) = entry else {
            let mut whole = name.clone();
            whole.0.push(Ident::quoted("*"));
            self.unknown_qualifier(&whole);
            outputs.push(anything());
            return;
        };
        let span = name.span();
        name.0 = vec![Ident { value: entry.name.clone(), quoted: true, span }];
        if entry.opaque {
            outputs.push(anything());
            return;
        }
        for field in &entry.fields {
            self.read_columns(&field.info, span);
            let (name, key) = (field.name.clone(), field.key.clone());
            outputs.push(Output { name, key, aliased: false, info: field.info.clone() });
        }
    }

    /// A window's parts.
    pub(super) fn window(&mut self, spec: &mut WindowSpec) -> Info<'a> {
        if let Some(base) = &mut spec.base {
            self.named_window(base);
        }
        let mut info = Info::default();
        for expr in &mut spec.partition_by {
            let part = self.expr(expr);
            info.absorb(&part);
        }
        for item in &mut spec.order_by {
            let part = self.expr(&mut item.expr);
            info.absorb(&part);
        }
        if let Some(frame) = &mut spec.frame {
            self.frame_bound(&mut frame.start);
            if let Some(end) = &mut frame.end {
                self.frame_bound(end);
            }
        }
        info
    }

    fn frame_bound(&mut self, bound: &mut crate::tree::FrameBound) {
        use crate::tree::FrameBound as B;
        match bound {
            B::CurrentRow | B::UnboundedPreceding | B::UnboundedFollowing => {}
            B::Preceding(expr) | B::Following(expr) => {
                self.expr(expr);
            }
        }
    }

    pub(super) fn named_window(&mut self, name: &mut Ident) {
        let key = self.key(name);
        if !self.scopes.last().is_some_and(|s| s.windows.contains(&key)) {
            let message = format!("there is no window {}", name.value);
            self.refuse(Finding::new(Code::G103, message).at(name.span).subject(&name.value));
        }
        self.pin_new(name);
    }
}

fn spelled(qualifier: Option<&str>, column: &str) -> SelectItem {
    let parts = qualifier.into_iter().chain(std::iter::once(column));
    SelectItem::Expr { expr: Expr::Column(crate::tree::ObjectName::quoted(parts)), alias: None }
}

fn anything<'a>() -> Output<'a> {
    Output { name: "*".to_owned(), key: "*".to_owned(), aliased: false, info: Info::default() }
}
