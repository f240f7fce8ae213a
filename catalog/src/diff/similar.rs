//! How alike two names are, from 0 to 1.

use std::collections::HashSet;

/// Share of common letter pairs; a name inside the other counts as alike.
pub(super) fn names(a: &str, b: &str) -> f64 {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    if a == b {
        return 1.0;
    }
    let contained = a.len() >= 3 && b.len() >= 3 && (a.contains(&b) || b.contains(&a));
    let (x, y) = (pairs(&a), pairs(&b));
    let total = x.len() + y.len();
    if total == 0 {
        return 0.0;
    }
    let shared = 2.0 * x.intersection(&y).count() as f64 / total as f64;
    if contained { shared.max(0.6) } else { shared }
}

fn pairs(text: &str) -> HashSet<(char, char)> {
    text.chars().zip(text.chars().skip(1)).collect()
}
