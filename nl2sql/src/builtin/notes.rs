//! Says how a question was read, one sentence for each part of the frame.

use super::frame::{Agg, Filter, Frame, Op, Related, Rhs, Sel, Unit, What};
use super::schema::{Cid, Schema};

/// Sentences about a frame.
pub(crate) fn notes(schema: &Schema<'_>, frame: &Frame) -> Vec<String> {
    let mut out = Vec::new();
    let shown: Vec<String> = frame.select.iter().map(|s| selected(schema, s)).collect();
    let distinct = if frame.distinct { "the different values of " } else { "" };
    out.push(format!("Shows {distinct}{}.", shown.join(", ")));
    if let Some((a, b)) = frame.both {
        out.push(format!("Keeps what both {} and {} have.", table(schema, a), table(schema, b)));
    }
    for (filter, or) in &frame.filters {
        let lead = if *or { "Or keeps" } else { "Keeps" };
        out.push(format!("{lead} {}.", filtered(schema, filter)));
    }
    if !frame.groups.is_empty() {
        let groups: Vec<String> = frame.groups.iter().map(|g| what(schema, *g)).collect();
        out.push(format!("One row for each {}.", groups.join(", ")));
    }
    for (c, unit) in &frame.periods {
        let unit = match unit {
            Unit::Day => "day",
            Unit::Week => "week",
            Unit::Month => "month",
            Unit::Quarter => "quarter",
            Unit::Year => "year",
        };
        out.push(format!("By {unit} of {}.", col(schema, *c)));
    }
    if frame.share.is_some() {
        out.push("As a percentage of the rows.".to_owned());
    }
    for order in &frame.order {
        let direction = if order.desc { "largest first" } else { "smallest first" };
        let of = selected(schema, &Sel { agg: order.agg, what: order.what, distinct: false });
        out.push(format!("Sorted by {of}, {direction}."));
    }
    if let Some(limit) = frame.limit {
        out.push(format!("Only the first {limit}."));
    }
    out
}

fn table(schema: &Schema<'_>, t: usize) -> String {
    schema.tables[t].table.name.clone()
}

fn col(schema: &Schema<'_>, c: Cid) -> String {
    format!("{}.{}", schema.tables[c.t].table.name, schema.col(c).column.name)
}

fn what(schema: &Schema<'_>, w: What) -> String {
    match w {
        What::Col(c) => col(schema, c),
        What::Rows(t) => format!("rows of {}", table(schema, t)),
        What::Naming(t) => format!("{} (by its name)", table(schema, t)),
        What::Star(t) => format!("all columns of {}", table(schema, t)),
    }
}

fn selected(schema: &Schema<'_>, sel: &Sel) -> String {
    let of = what(schema, sel.what);
    match sel.agg {
        None => of,
        Some(Agg::Count) if sel.distinct => format!("the number of different {of}"),
        Some(Agg::Count) => format!("the number of {of}"),
        Some(Agg::Sum) => format!("the sum of {of}"),
        Some(Agg::Avg) => format!("the average of {of}"),
        Some(Agg::Min) => format!("the smallest {of}"),
        Some(Agg::Max) => format!("the largest {of}"),
    }
}

fn operator(op: Op) -> &'static str {
    match op {
        Op::Eq => "equal to",
        Op::NotEq => "other than",
        Op::Lt => "below",
        Op::LtEq => "at most",
        Op::Gt => "above",
        Op::GtEq => "at least",
        Op::Like => "like",
        Op::NotLike => "unlike",
    }
}

fn filtered(schema: &Schema<'_>, filter: &Filter) -> String {
    match filter {
        Filter::Cond(c) => {
            format!("rows with {} {} {}", col(schema, c.col), operator(c.op), right(schema, &c.rhs))
        }
        Filter::Related(r) => related(schema, r),
        Filter::Having(h) => format!(
            "groups with {} {} {}",
            selected(schema, &Sel { agg: Some(h.agg), what: h.what, distinct: false }),
            operator(h.op),
            h.value
        ),
    }
}

fn right(schema: &Schema<'_>, rhs: &Rhs) -> String {
    match rhs {
        Rhs::Number(n) => n.to_string(),
        Rhs::Text(t) => format!("'{t}'"),
        Rhs::Agg(agg, c) => selected(schema, &Sel { agg: Some(*agg), what: What::Col(*c), distinct: false }),
        Rhs::Ranked { col: c, by, desc } => {
            format!(
                "{} of the row with the {} {}",
                col(schema, *c),
                if *desc { "largest" } else { "smallest" },
                col(schema, *by)
            )
        }
        Rhs::Common { col: c, desc } => {
            format!("the {} common {}", if *desc { "most" } else { "least" }, col(schema, *c))
        }
        Rhs::Between(a, b) => format!("between {a} and {b}"),
        Rhs::Null => "nothing stored".to_owned(),
    }
}

fn related(schema: &Schema<'_>, r: &Related) -> String {
    let tables: Vec<String> = r.tables.iter().map(|t| table(schema, *t)).collect();
    let conds: Vec<String> = r
        .conds
        .iter()
        .map(|(c, _)| format!("{} {} {}", col(schema, c.col), operator(c.op), right(schema, &c.rhs)))
        .collect();
    let not = if r.negated { "without" } else { "with" };
    let with = if conds.is_empty() { String::new() } else { format!(" where {}", conds.join(" and ")) };
    let rows =
        if tables.is_empty() { "related rows".to_owned() } else { format!("rows of {}", tables.join(", ")) };
    format!("those {not} {rows}{with}")
}
