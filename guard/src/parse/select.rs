//! One SELECT block: list, FROM, WHERE, GROUP BY, HAVING, WINDOW.

use sqlparser::ast;

use super::query::refuse_some;
use super::refuse::{self, unproven};
use super::{Converter, mysql, prepass};
use crate::finding::Finding;
use crate::tree::{
    Distinct, Frame, FrameBound, FrameExclude, FrameUnit, FromItem, GroupItem, Ident, ObjectName, Select,
    SelectItem, WindowSpec,
};

impl Converter<'_> {
    pub(super) fn select(&self, select: ast::Select) -> Result<Select, Finding> {
        let ast::Select {
            select_token: _,
            optimizer_hints,
            distinct,
            select_modifiers,
            top,
            top_before_distinct: _,
            projection,
            exclude,
            into,
            from,
            lateral_views,
            prewhere,
            selection,
            connect_by,
            group_by,
            cluster_by,
            distribute_by,
            sort_by,
            having,
            named_window,
            qualify,
            window_before_qualify: _,
            value_table_mode,
            flavor,
        } = select;
        if into.is_some() {
            return Err(refuse::writes("SELECT INTO"));
        }
        refuse_some(!optimizer_hints.is_empty(), "An optimizer hint")?;
        self.modifiers(select_modifiers)?;
        refuse_some(top.is_some(), "TOP")?;
        refuse_some(exclude.is_some(), "EXCLUDE")?;
        refuse_some(!lateral_views.is_empty(), "LATERAL VIEW")?;
        refuse_some(prewhere.is_some(), "PREWHERE")?;
        refuse_some(!connect_by.is_empty(), "CONNECT BY")?;
        refuse_some(!cluster_by.is_empty(), "CLUSTER BY")?;
        refuse_some(!distribute_by.is_empty(), "DISTRIBUTE BY")?;
        refuse_some(!sort_by.is_empty(), "SORT BY")?;
        refuse_some(qualify.is_some(), "QUALIFY")?;
        refuse_some(value_table_mode.is_some(), "SELECT AS")?;
        match flavor {
            ast::SelectFlavor::Standard => {}
            ast::SelectFlavor::FromFirst | ast::SelectFlavor::FromFirstNoSelect => {
                return Err(unproven("FROM before SELECT"));
            }
        }
        refuse_some(projection.is_empty(), "An empty select list")?;
        Ok(Select {
            distinct: self.distinct(distinct)?,
            items: projection.into_iter().map(|i| self.select_item(i)).collect::<Result<_, _>>()?,
            from: self.tables(from)?,
            selection: selection.map(|e| self.condition(e)).transpose()?,
            group_by: self.group_by(group_by)?,
            having: having.map(|e| self.condition(e)).transpose()?,
            windows: named_window.into_iter().map(|w| self.named_window(w)).collect::<Result<_, _>>()?,
        })
    }

    /// Words after SELECT that say how to work; one that leaves something behind is refused.
    fn modifiers(&self, modifiers: Option<ast::SelectModifiers>) -> Result<(), Finding> {
        let Some(ast::SelectModifiers {
            high_priority,
            straight_join: _,
            sql_small_result: _,
            sql_big_result: _,
            sql_buffer_result: _,
            sql_no_cache: _,
            sql_calc_found_rows,
        }) = modifiers
        else {
            return Ok(());
        };
        refuse_some(!self.mysql(), "A modifier after SELECT")?;
        refuse_some(high_priority, "HIGH_PRIORITY")?;
        refuse_some(sql_calc_found_rows, "SQL_CALC_FOUND_ROWS")
    }

    fn tables(&self, from: Vec<ast::TableWithJoins>) -> Result<Vec<FromItem>, Finding> {
        let items: Vec<FromItem> =
            from.into_iter().map(|t| self.table_with_joins(t)).collect::<Result<_, _>>()?;
        let dual = self.mysql() && items.len() == 1 && items.iter().all(mysql::is_dual);
        Ok(if dual { Vec::new() } else { items })
    }

    fn distinct(&self, distinct: Option<ast::Distinct>) -> Result<Distinct, Finding> {
        match distinct {
            None | Some(ast::Distinct::All) => Ok(Distinct::No),
            Some(ast::Distinct::Distinct) => Ok(Distinct::Yes),
            Some(ast::Distinct::On(exprs)) if self.postgres() => Ok(Distinct::On(self.exprs(exprs)?)),
            Some(ast::Distinct::On(_)) => Err(unproven("DISTINCT ON")),
        }
    }

    fn select_item(&self, item: ast::SelectItem) -> Result<SelectItem, Finding> {
        match item {
            ast::SelectItem::UnnamedExpr(expr) => {
                Ok(SelectItem::Expr { expr: self.plain(expr)?, alias: None })
            }
            ast::SelectItem::ExprWithAlias { expr, alias } => {
                Ok(SelectItem::Expr { expr: self.plain(expr)?, alias: Some(self.alias(alias)?) })
            }
            ast::SelectItem::ExprWithAliases { expr: _, aliases: _ } => {
                Err(unproven("Several aliases of one value"))
            }
            ast::SelectItem::Wildcard(options) => {
                let span = self.span(options.wildcard_token.0.span);
                wildcard(options)?;
                Ok(SelectItem::Wildcard(span))
            }
            ast::SelectItem::QualifiedWildcard(kind, options) => {
                wildcard(options)?;
                match kind {
                    ast::SelectItemQualifiedWildcardKind::ObjectName(name) => {
                        Ok(SelectItem::QualifiedWildcard(self.object_name(name)?))
                    }
                    ast::SelectItemQualifiedWildcardKind::Expr(_) => Err(unproven("A star after a value")),
                }
            }
        }
    }

    fn group_by(&self, group_by: ast::GroupByExpr) -> Result<Vec<GroupItem>, Finding> {
        match group_by {
            ast::GroupByExpr::All(_) => Err(unproven("GROUP BY ALL")),
            ast::GroupByExpr::Expressions(exprs, modifiers) => {
                if let ([modifier], true) = (modifiers.as_slice(), self.mssql()) {
                    return self.grouped_with(exprs, modifier);
                }
                let items = exprs.into_iter().map(|e| self.group_item(e)).collect::<Result<_, _>>()?;
                match modifiers.as_slice() {
                    [] => Ok(items),
                    [ast::GroupByWithModifier::Rollup] if self.mysql() => self.with_rollup(items),
                    _ => Err(unproven("WITH after GROUP BY")),
                }
            }
        }
    }

    /// `GROUP BY a, b WITH ROLLUP`: the old way to write `ROLLUP (a, b)`.
    fn grouped_with(
        &self,
        exprs: Vec<ast::Expr>,
        modifier: &ast::GroupByWithModifier,
    ) -> Result<Vec<GroupItem>, Finding> {
        let sets = exprs.into_iter().map(|e| Ok(vec![self.plain(e)?])).collect::<Result<_, Finding>>()?;
        match modifier {
            ast::GroupByWithModifier::Rollup => Ok(vec![GroupItem::Rollup(sets)]),
            ast::GroupByWithModifier::Cube => Ok(vec![GroupItem::Cube(sets)]),
            ast::GroupByWithModifier::Totals | ast::GroupByWithModifier::GroupingSets(_) => {
                Err(unproven("This WITH after GROUP BY"))
            }
        }
    }

    fn group_item(&self, expr: ast::Expr) -> Result<GroupItem, Finding> {
        let sets =
            |sets: Vec<Vec<ast::Expr>>| sets.into_iter().map(|s| self.exprs(s)).collect::<Result<_, _>>();
        let many = self.postgres() || self.mssql();
        match expr {
            ast::Expr::Rollup(s) if many => sets(s).map(GroupItem::Rollup),
            ast::Expr::Cube(s) if many => sets(s).map(GroupItem::Cube),
            ast::Expr::GroupingSets(s) if many => sets(s).map(GroupItem::GroupingSets),
            ast::Expr::Tuple(values) if values.is_empty() && many => {
                Ok(GroupItem::GroupingSets(vec![Vec::new()]))
            }
            ast::Expr::Tuple(values) if values.is_empty() => Err(unproven("GROUP BY ()")),
            other => self.plain(other).map(GroupItem::Expr),
        }
    }

    fn named_window(&self, window: ast::NamedWindowDefinition) -> Result<(Ident, WindowSpec), Finding> {
        let ast::NamedWindowDefinition(name, spec) = window;
        match spec {
            ast::NamedWindowExpr::NamedWindow(_) => Err(unproven("A window that names another")),
            ast::NamedWindowExpr::WindowSpec(spec) => Ok((self.ident(name)?, self.window_spec(spec)?)),
        }
    }

    pub(super) fn window_spec(&self, spec: ast::WindowSpec) -> Result<WindowSpec, Finding> {
        let ast::WindowSpec { window_name, partition_by, order_by, window_frame } = spec;
        let (base, exclude) = match window_name {
            Some(name) => self.window_mark(name)?,
            None => (None, FrameExclude::NoOthers),
        };
        Ok(WindowSpec {
            base,
            partition_by: self.exprs(partition_by)?,
            order_by: self.order_items(order_by)?,
            frame: window_frame.map(|f| self.frame(f, exclude)).transpose()?,
        })
    }

    /// A window's first word: a name, or the mark of EXCLUDE that the pre-pass left.
    fn window_mark(&self, mut name: ast::Ident) -> Result<(Option<Ident>, FrameExclude), Finding> {
        let Some(rest) = name.value.strip_prefix(prepass::EXCLUDE) else {
            return Ok((Some(self.ident(name)?), FrameExclude::NoOthers));
        };
        let (kind, real) = rest.split_once(':').unwrap_or((rest, ""));
        let exclude = match kind {
            "row" => FrameExclude::CurrentRow,
            "group" => FrameExclude::Group,
            "ties" => FrameExclude::Ties,
            _ => return Err(unproven("This EXCLUDE")),
        };
        if real.is_empty() {
            return Ok((None, exclude));
        }
        name.value = real.to_owned();
        Ok((Some(self.ident(name)?), exclude))
    }

    fn frame(&self, frame: ast::WindowFrame, exclude: FrameExclude) -> Result<Frame, Finding> {
        let ast::WindowFrame { units, start_bound, end_bound } = frame;
        let unit = match units {
            ast::WindowFrameUnits::Rows => FrameUnit::Rows,
            ast::WindowFrameUnits::Range => FrameUnit::Range,
            ast::WindowFrameUnits::Groups if self.mysql() => return Err(unproven("GROUPS")),
            ast::WindowFrameUnits::Groups => FrameUnit::Groups,
        };
        let plain = exclude == FrameExclude::NoOthers && unit != FrameUnit::Groups;
        refuse_some(self.mssql() && !plain, "GROUPS or EXCLUDE")?;
        Ok(Frame {
            unit,
            start: self.bound(start_bound)?,
            end: end_bound.map(|b| self.bound(b)).transpose()?,
            exclude,
        })
    }

    fn bound(&self, bound: ast::WindowFrameBound) -> Result<FrameBound, Finding> {
        Ok(match bound {
            ast::WindowFrameBound::CurrentRow => FrameBound::CurrentRow,
            ast::WindowFrameBound::Preceding(None) => FrameBound::UnboundedPreceding,
            ast::WindowFrameBound::Following(None) => FrameBound::UnboundedFollowing,
            ast::WindowFrameBound::Preceding(Some(e)) => FrameBound::Preceding(Box::new(self.expr(*e)?)),
            ast::WindowFrameBound::Following(Some(e)) => FrameBound::Following(Box::new(self.expr(*e)?)),
        })
    }

    /// A name of one to three parts.
    pub(super) fn object_name(&self, name: ast::ObjectName) -> Result<ObjectName, Finding> {
        let ast::ObjectName(parts) = name;
        let mut out = Vec::with_capacity(parts.len());
        for part in parts {
            match part {
                ast::ObjectNamePart::Identifier(ident) => out.push(self.ident(ident)?),
                ast::ObjectNamePart::Function(_) => return Err(unproven("A function inside a name")),
            }
        }
        refuse_some(out.is_empty() || out.len() > 3, "A name of more than three parts")?;
        Ok(ObjectName(out))
    }

    /// A name, folded if the engine folds.
    pub(super) fn ident(&self, ident: ast::Ident) -> Result<Ident, Finding> {
        refuse_some(ident.quote_style == Some('\''), "A text in the place of a name")?;
        self.any_ident(ident)
    }

    /// An alias; SQLite and MySQL also take a text for one.
    pub(super) fn alias(&self, ident: ast::Ident) -> Result<Ident, Finding> {
        if self.sqlite() || self.mysql() { self.any_ident(ident) } else { self.ident(ident) }
    }

    fn any_ident(&self, ident: ast::Ident) -> Result<Ident, Finding> {
        self.check_reserved(&ident)?;
        let ast::Ident { value, quote_style, span } = ident;
        refuse_some(value.contains('\0') || value.is_empty(), "This name")?;
        // Only double quotes may fall back to a text on SQLite; its other quotes fold no case, so they say nothing.
        let quoted = if self.sqlite() { quote_style == Some('"') } else { quote_style.is_some() };
        let value =
            if self.engine == catalog::Engine::Postgres && !quoted { value.to_lowercase() } else { value };
        Ok(Ident { value, quoted, span: self.span(span) })
    }
}

/// A star without the extras of other databases.
pub(super) fn wildcard(options: ast::WildcardAdditionalOptions) -> Result<(), Finding> {
    let ast::WildcardAdditionalOptions {
        wildcard_token: _,
        opt_ilike,
        opt_exclude,
        opt_except,
        opt_replace,
        opt_rename,
        opt_alias,
    } = options;
    let extras = opt_ilike.is_some()
        || opt_exclude.is_some()
        || opt_except.is_some()
        || opt_replace.is_some()
        || opt_rename.is_some()
        || opt_alias.is_some();
    refuse_some(extras, "A star with EXCEPT, REPLACE or an alias")
}
