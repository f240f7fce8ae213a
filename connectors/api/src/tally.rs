//! What was seen of one column in a look at its rows, and the figures that follow from it; the same for every engine
//! whose rows are looked at.

use std::cmp::Ordering;
use std::collections::HashMap;

use catalog::{CommonValue, Statistics, TypeClass};

use crate::CrawlOptions;

/// Distinct values of a column that are told apart.
const DISTINCT: usize = 2_000;

/// Counts of one column.
#[derive(Clone, Default)]
pub struct Tally {
    nulls: u64,
    values: HashMap<String, u64>,
    overflow: bool,
    /// Whether some values were too long to be looked at.
    long: bool,
    ends: Option<(String, String)>,
}

impl Tally {
    /// Notes a NULL.
    pub fn null(&mut self) {
        self.nulls += 1;
    }

    /// Notes a value; an empty one stands for what is not to be kept.
    pub fn value(&mut self, value: &str, class: TypeClass, longest: usize) {
        if value.is_empty() || value.chars().count() > longest {
            self.long = true;
            return;
        }
        self.end(value, class);
        if let Some(count) = self.values.get_mut(value) {
            *count += 1;
        } else if self.values.len() < DISTINCT {
            self.values.insert(value.to_owned(), 1);
        } else {
            self.overflow = true;
        }
    }

    fn end(&mut self, value: &str, class: TypeClass) {
        if !has_range(class) {
            return;
        }
        let Some((low, high)) = &mut self.ends else {
            self.ends = Some((value.to_owned(), value.to_owned()));
            return;
        };
        if compare(value, low, class) == Ordering::Less {
            value.clone_into(low);
        }
        if compare(value, high, class) == Ordering::Greater {
            value.clone_into(high);
        }
    }

    /// The figures, from `rows` rows, which were the whole table or not.
    pub fn statistics(self, class: TypeClass, rows: u64, whole: bool, options: &CrawlOptions) -> Statistics {
        let share = |count: u64| count as f64 / rows.max(1) as f64;
        let known = !self.overflow && !self.long && (whole || self.values.len() as u64 * 10 < rows);
        let distinct = known.then_some(self.values.len() as f64);
        let few = self.values.len() <= options.max_common_values && !self.overflow;
        let (min, max) = self.ends.unzip();
        let mut common: Vec<(String, u64)> = match class {
            // all values when they are few; else, of text, those seen more than once
            _ if few => self.values.into_iter().collect(),
            TypeClass::Text | TypeClass::Enum => {
                self.values.into_iter().filter(|(_, count)| *count > 1).collect()
            }
            _ => Vec::new(),
        };
        common.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        common.truncate(options.max_common_values);
        let common = common
            .into_iter()
            .map(|(value, count)| CommonValue { value, share: Some(share(count)) })
            .collect();
        Statistics { null_share: Some(share(self.nulls)), distinct, common, min, max }
    }
}

/// Text has no range worth a stored value.
fn has_range(class: TypeClass) -> bool {
    use TypeClass::{Date, Decimal, Float, Integer, Timestamp, TimestampTz};
    matches!(class, Integer | Decimal | Float | Date | Timestamp | TimestampTz)
}

fn compare(a: &str, b: &str, class: TypeClass) -> Ordering {
    use TypeClass::{Decimal, Float, Integer};
    match (class, a.parse::<f64>(), b.parse::<f64>()) {
        (Integer | Decimal | Float, Ok(a), Ok(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        // dates as the servers print them sort as text
        _ => a.cmp(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_most_common_first_and_ranges_follow_numbers() {
        let mut tally = Tally::default();
        for value in ["9", "10", "9"] {
            tally.value(value, TypeClass::Integer, 80);
        }
        tally.null();
        let figures = tally.statistics(TypeClass::Integer, 4, true, &CrawlOptions::default());
        assert_eq!((figures.min.as_deref(), figures.max.as_deref()), (Some("9"), Some("10")));
        assert_eq!((figures.null_share, figures.distinct), (Some(0.25), Some(2.0)));
        assert_eq!(figures.common[0], CommonValue { value: "9".to_owned(), share: Some(0.5) });
    }

    #[test]
    fn long_values_are_left_out_and_distinct_ones_then_unknown() {
        let mut tally = Tally::default();
        tally.value("", TypeClass::Text, 3);
        tally.value("long", TypeClass::Text, 3);
        let figures = tally.statistics(TypeClass::Text, 2, true, &CrawlOptions::default());
        assert_eq!((figures.common.len(), figures.distinct, figures.min), (0, None, None));
    }
}
