//! What speaks for and against a reference besides names: types, statistics, overlap of values.

use super::Proposal;
use super::targets::Target;
use crate::{Column, Statistics, TypeClass};

/// How many of a column's values are among a key's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overlap {
    /// Distinct values of the column that were looked for.
    pub looked_for: u64,
    /// Those that the key holds.
    pub found: u64,
}

impl Proposal {
    /// Weighs what a database said of the values.
    pub fn weigh(&mut self, overlap: Overlap) {
        let Overlap { looked_for, found } = overlap;
        if looked_for == 0 {
            return self.add(0.0, "the column holds no values".to_owned());
        }
        let share = found as f64 / looked_for as f64;
        let said = if found == looked_for {
            format!("all of {looked_for} values that were looked for are in the key")
        } else {
            format!("{found} of {looked_for} values that were looked for are in the key")
        };
        // few values are found by chance
        let weight = if looked_for < 5 { 0.5 } else { 1.0 };
        let worth = match share {
            s if s >= 0.999 => 0.15,
            s if s >= 0.95 => 0.08,
            s if s >= 0.8 => -0.1,
            s if s >= 0.5 => -0.3,
            _ => -0.6,
        };
        self.add(worth * weight, said);
    }
}

/// The two types.
pub(super) fn types(proposal: &mut Proposal, column: &Column, key: &Column) {
    if column.native_type.eq_ignore_ascii_case(&key.native_type) {
        let shown = if key.native_type.is_empty() { "none" } else { key.native_type.as_str() };
        proposal.add(0.03, format!("same type ({shown})"));
    } else if column.class != key.class {
        let (a, b) = (&column.native_type, &key.native_type);
        let text = column.class == TypeClass::Text || key.class == TypeClass::Text;
        proposal.add(if text { -0.2 } else { -0.1 }, format!("types differ ({a}, {b})"));
    }
}

/// What the statistics of both say; where they say nothing, nothing is concluded.
pub(super) fn statistics(proposal: &mut Proposal, column: &Column, target: &Target<'_>) {
    let rows = target.table.row_estimate;
    let Some(own) = &column.statistics else { return };
    // estimates are rough: only a clear excess counts
    if let (Some(distinct), Some(rows)) = (own.distinct, rows)
        && rows > 0
        && distinct > 1.5 * rows as f64 + 5.0
    {
        let reason =
            format!("about {distinct:.0} different values, but {} has about {rows} rows", target.table.name);
        proposal.add(-0.3, reason);
    }
    let Some(key) = &target.column.statistics else { return };
    match range(own, key, column.class) {
        Some(Range::Inside) => proposal.add(0.03, "the values lie within the key's range".to_owned()),
        Some(Range::Outside) => proposal.add(-0.3, "the values lie outside of the key's range".to_owned()),
        None => {}
    }
    common_values(proposal, own, key);
}

enum Range {
    Inside,
    Outside,
}

/// Where the values of a column lie against those of a key; `None` when that cannot be told.
fn range(own: &Statistics, key: &Statistics, class: TypeClass) -> Option<Range> {
    if !matches!(class, TypeClass::Integer | TypeClass::Decimal | TypeClass::Other) {
        return None;
    }
    let number = |text: &Option<String>| text.as_deref()?.parse::<f64>().ok().filter(|n| n.is_finite());
    let (low, high) = (number(&own.min)?, number(&own.max)?);
    let (from, to) = (number(&key.min)?, number(&key.max)?);
    // samples miss the ends
    let slack = ((to - from) * 0.1).max(1.0);
    if low >= from && high <= to {
        return Some(Range::Inside);
    }
    (low > to + slack || high < from - slack || high > to + 5.0 * slack).then_some(Range::Outside)
}

/// Whether the most common values are among the key's, where all of the key's values are known.
fn common_values(proposal: &mut Proposal, own: &Statistics, key: &Statistics) {
    let whole = key.distinct.is_some_and(|d| d >= 1.0 && d <= key.common.len() as f64);
    if !whole || own.common.len() < 2 {
        return;
    }
    let found = own.common.iter().filter(|v| key.common.iter().any(|k| k.value == v.value)).count();
    let count = own.common.len();
    if found == count {
        proposal.add(0.08, format!("all of {count} common values are in the key"));
    } else if found * 2 < count {
        proposal.add(-0.4, format!("{found} of {count} common values are in the key"));
    }
}
