//! Two shapes of result beyond plain columns: dates cut to a stretch of time, and the percentage of rows that fulfil a condition.

use catalog::Engine;
use guard::tree::{BinaryOp, Expr, Query, Select};

use super::build::{Builder, combine};
use super::compare;
use super::frame::{Filter, Frame, Unit};
use super::plan::Plan;
use super::schema::Cid;
use super::scope::Scope;
use super::sql;

/// Whether a date can be cut to a stretch of time on the engine.
pub(super) fn writes(engine: Engine) -> bool {
    matches!(engine, Engine::Sqlite | Engine::Postgres | Engine::Mongodb)
}

impl Builder<'_, '_> {
    /// A column as it is shown and grouped: dates by their stretch of time.
    pub(super) fn shown(&self, scope: &Scope<'_, '_>, c: Cid) -> Expr {
        let column = scope.col(c);
        let Some((_, unit)) = self.periods.iter().find(|p| p.0 == c) else { return column };
        if matches!(self.schema.engine, Engine::Postgres | Engine::Mongodb) {
            return sql::apply("date_trunc", vec![sql::text(postgres_unit(*unit)), column]);
        }
        let part = |format: &str| sql::apply("strftime", vec![sql::text(format), column.clone()]);
        let format = match unit {
            Unit::Year => "%Y",
            Unit::Month => "%Y-%m",
            Unit::Week => "%Y-%W",
            Unit::Day => "%Y-%m-%d",
            Unit::Quarter => {
                let month = sql::binary(BinaryOp::Plus, part("%m"), sql::number(2.0));
                let quarter = sql::binary(BinaryOp::Divide, month, sql::number(3.0));
                let year = sql::binary(BinaryOp::Concat, part("%Y"), sql::text("-Q"));
                return sql::binary(BinaryOp::Concat, year, quarter);
            }
        };
        part(format)
    }

    /// `100.0 * avg(CASE WHEN condition THEN 1.0 ELSE 0.0 END)` over the rows that the question starts from.
    pub(super) fn share(&mut self, frame: &Frame, from: usize) -> Option<Query> {
        let mut base = frame.clone();
        let part = base.filters.split_off(from.min(base.filters.len()));
        if part.is_empty() {
            return None;
        }
        base.share = None;
        let mut asked = base.clone();
        asked.filters = part;
        let (base, asked) = (self.plan(&base), self.plan(&asked));
        if !base.having.is_empty() || !asked.having.is_empty() {
            return None;
        }
        let mut core = base.core.clone();
        core.extend(frame.subject.filter(|_| core.is_empty()));
        let rest: Vec<usize> = asked.core.iter().copied().filter(|t| !core.contains(t)).collect();
        core.extend(rest);
        let scope = Scope::new(self.schema, &core, &self.prefer, &mut self.aliases)?;
        let selection = self.all_of(&scope, &base)?;
        let condition = self.all_of(&scope, &asked)??;
        let case = Expr::Case {
            operand: None,
            branches: vec![(condition, decimal("1.0"))],
            otherwise: Some(Box::new(decimal("0.0"))),
        };
        let percent = sql::binary(BinaryOp::Multiply, decimal("100.0"), sql::call("avg", Some(case), false));
        Some(sql::query(Select {
            items: vec![sql::item(percent)],
            from: scope.from(),
            selection,
            ..Select::default()
        }))
    }

    /// The plan's conditions; the outer `None`: one cannot be written.
    fn all_of(&mut self, scope: &Scope<'_, '_>, plan: &Plan) -> Option<Option<Expr>> {
        let mut conditions = Vec::new();
        for (filter, or) in &plan.filters {
            let expr = match filter {
                Filter::Cond(cond) => compare::condition(self, scope, cond)?,
                Filter::Related(related) => self.related(scope, related)?,
                Filter::Having(_) => return None,
            };
            conditions.push((expr, *or));
        }
        Some(combine(conditions))
    }
}

fn decimal(digits: &str) -> Expr {
    Expr::Literal(guard::tree::Literal::Number(digits.to_owned()), Default::default())
}

fn postgres_unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Day => "day",
        Unit::Week => "week",
        Unit::Month => "month",
        Unit::Quarter => "quarter",
        Unit::Year => "year",
    }
}
