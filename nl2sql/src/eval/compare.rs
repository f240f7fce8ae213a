//! Whether two results say the same: multisets of rows, columns paired by what they hold.
//!
//! Every cell becomes a small number such that equal cells have equal numbers, then columns are paired by search. NULL
//! equals NULL, a text never equals a number, 1 equals 1.0. Two whole numbers are equal only if they are the same; as
//! soon as one of two numbers is a float, a relative difference up to [`NUMBER_TOLERANCE`] is none (sums and averages
//! depend on the order in which an engine adds).

use std::cmp::Ordering;
use std::collections::HashMap;

use catalog::Engine;

use crate::lexer::tokens;

/// Largest relative difference between two equal numbers of which one is a float.
pub const NUMBER_TOLERANCE: f64 = 1e-9;

/// Most steps of the search for a pairing; beyond it the results count as different.
const MAX_STEPS: usize = 5_000;

/// One cell of a result.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// NULL.
    Null,
    /// A whole number; booleans are 0 and 1.
    Int(i128),
    /// A number with a fraction.
    Float(f64),
    /// Text.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// Whether the outermost query of a statement fixes an order.
pub fn is_ordered(sql: &str) -> bool {
    let found = tokens(sql, Engine::Sqlite);
    let significant: Vec<_> = found.iter().filter(|t| !t.is_blank()).collect();
    let mut depth = 0;
    for pair in significant.windows(2) {
        let [a, b] = pair else { continue };
        depth += i32::from(a.is_symbol("(")) - i32::from(a.is_symbol(")"));
        if depth == 0 && a.is("ORDER") && b.is("BY") {
            return true;
        }
    }
    false
}

/// Whether two results are the same. `ordered`: the rows must also come in the same order.
pub fn same_result(gold: &[Vec<Cell>], other: &[Vec<Cell>], ordered: bool) -> bool {
    if gold.len() != other.len() {
        return false;
    }
    let width = gold.first().map_or(0, Vec::len);
    let all_wide = |rows: &[Vec<Cell>]| rows.iter().all(|r| r.len() == width);
    if !all_wide(gold) || !all_wide(other) {
        return false;
    }
    let ids = Ids::of(gold.iter().chain(other).flatten());
    let left = columns(gold, width, &ids);
    let right = columns(other, width, &ids);
    if ordered { same_multiset(left, right) } else { Pairing::new(left, right).exists() }
}

fn columns(rows: &[Vec<Cell>], width: usize, ids: &Ids<'_>) -> Vec<Vec<u32>> {
    (0..width).map(|i| rows.iter().map(|row| row.get(i).map_or(0, |c| ids.get(c))).collect()).collect()
}

fn same_multiset(mut left: Vec<Vec<u32>>, mut right: Vec<Vec<u32>>) -> bool {
    left.sort_unstable();
    right.sort_unstable();
    left == right
}

/// A number for every distinct cell. NULL is 0.
struct Ids<'a> {
    texts: HashMap<&'a [u8], u32>,
    bytes: HashMap<&'a [u8], u32>,
    /// Sorted by value; numbers that are equal share an id.
    numbers: Vec<(Number, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Number {
    Int(i128),
    Float(f64),
}

impl Number {
    fn of(cell: &Cell) -> Option<Number> {
        match cell {
            Cell::Int(i) => Some(Number::Int(*i)),
            Cell::Float(f) => Some(Number::Float(*f)),
            Cell::Null | Cell::Text(_) | Cell::Bytes(_) => None,
        }
    }

    fn value(self) -> f64 {
        match self {
            Number::Int(i) => i as f64,
            // -0.0 sorts before 0.0 and yet is the same
            Number::Float(f) => f + 0.0,
        }
    }

    fn order(&self, other: &Number) -> Ordering {
        let by_value = self.value().total_cmp(&other.value());
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a.cmp(b),
            (Number::Int(_), Number::Float(_)) => by_value.then(Ordering::Less),
            (Number::Float(_), Number::Int(_)) => by_value.then(Ordering::Greater),
            (Number::Float(_), Number::Float(_)) => by_value,
        }
    }

    fn equals(&self, other: &Number) -> bool {
        if let (Number::Int(a), Number::Int(b)) = (self, other) {
            return a == b;
        }
        let (a, b) = (self.value(), other.value());
        let finite = a.is_finite() && b.is_finite();
        a.total_cmp(&b).is_eq() || finite && (a - b).abs() <= NUMBER_TOLERANCE * a.abs().max(b.abs())
    }
}

impl<'a> Ids<'a> {
    fn of(cells: impl Iterator<Item = &'a Cell>) -> Ids<'a> {
        let mut ids = Ids { texts: HashMap::new(), bytes: HashMap::new(), numbers: Vec::new() };
        let mut next = 1;
        let mut numbers = Vec::new();
        for cell in cells {
            match cell {
                Cell::Null => {}
                Cell::Text(text) => add(&mut ids.texts, text.as_bytes(), &mut next),
                Cell::Bytes(bytes) => add(&mut ids.bytes, bytes, &mut next),
                Cell::Int(i) => numbers.push(Number::Int(*i)),
                Cell::Float(f) => numbers.push(Number::Float(*f)),
            }
        }
        numbers.sort_unstable_by(Number::order);
        let mut last: Option<Number> = None;
        for number in numbers {
            if !last.is_some_and(|l| l.equals(&number)) {
                next += 1;
            }
            last = Some(number);
            ids.numbers.push((number, next));
        }
        ids
    }

    fn get(&self, cell: &Cell) -> u32 {
        match cell {
            Cell::Null => 0,
            Cell::Text(text) => self.texts.get(text.as_bytes()).copied().unwrap_or_default(),
            Cell::Bytes(bytes) => self.bytes.get(bytes.as_slice()).copied().unwrap_or_default(),
            Cell::Int(_) | Cell::Float(_) => self.number(cell),
        }
    }

    fn number(&self, cell: &Cell) -> u32 {
        let Some(wanted) = Number::of(cell) else { return 0 };
        let at = self.numbers.partition_point(|(n, _)| n.order(&wanted).is_lt());
        self.numbers.get(at).map_or(0, |(_, id)| *id)
    }
}

fn add<'a>(known: &mut HashMap<&'a [u8], u32>, key: &'a [u8], next: &mut u32) {
    known.entry(key).or_insert_with(|| {
        *next += 1;
        *next
    });
}

/// The search for a pairing of columns under which the rows are the same multiset.
struct Pairing {
    left: Vec<Vec<u32>>,
    right: Vec<Vec<u32>>,
    /// For each left column the right ones that hold the same values.
    fitting: Vec<Vec<usize>>,
    steps: usize,
}

impl Pairing {
    fn new(left: Vec<Vec<u32>>, right: Vec<Vec<u32>>) -> Pairing {
        let sorted = |columns: &[Vec<u32>]| -> Vec<Vec<u32>> {
            let sort = |c: &Vec<u32>| {
                let mut c = c.clone();
                c.sort_unstable();
                c
            };
            columns.iter().map(sort).collect()
        };
        let (of_left, of_right) = (sorted(&left), sorted(&right));
        let fits = |l: &Vec<u32>| (0..of_right.len()).filter(|i| of_right.get(*i) == Some(l)).collect();
        let fitting = of_left.iter().map(fits).collect();
        Pairing { left, right, fitting, steps: 0 }
    }

    fn exists(mut self) -> bool {
        let rows = self.left.first().map_or(0, Vec::len);
        let mut order: Vec<usize> = (0..self.left.len()).collect();
        // columns with few partners first keep the search narrow
        order.sort_by_key(|i| self.fitting.get(*i).map_or(0, Vec::len));
        self.search(&order, &mut Vec::new(), &vec![0; rows], &vec![0; rows])
    }

    /// Pairs the next column. `left` and `right` name for each row the class of its cells so far.
    fn search(&mut self, order: &[usize], used: &mut Vec<usize>, left: &[u32], right: &[u32]) -> bool {
        let Some((first, rest)) = order.split_first() else { return true };
        let candidates = self.fitting.get(*first).cloned().unwrap_or_default();
        let mut tried: Vec<usize> = Vec::new();
        for candidate in candidates {
            let twin = tried.iter().any(|t| self.right.get(*t) == self.right.get(candidate));
            if used.contains(&candidate) || twin {
                continue;
            }
            tried.push(candidate);
            self.steps += 1;
            if self.steps > MAX_STEPS {
                return false;
            }
            let (Some(l), Some(r)) = (self.left.get(*first), self.right.get(candidate)) else { return false };
            let Some((next_left, next_right)) = refine(left, l, right, r) else { continue };
            used.push(candidate);
            if self.search(rest, used, &next_left, &next_right) {
                return true;
            }
            used.pop();
        }
        false
    }
}

/// Splits the classes of rows by one more column; `None` when the two sides no more have the same classes.
fn refine(left: &[u32], l: &[u32], right: &[u32], r: &[u32]) -> Option<(Vec<u32>, Vec<u32>)> {
    let mut classes: HashMap<(u32, u32), (u32, i64)> = HashMap::new();
    let mut next_left = Vec::with_capacity(left.len());
    for pair in left.iter().copied().zip(l.iter().copied()) {
        let fresh = u32::try_from(classes.len()).unwrap_or(u32::MAX);
        let entry = classes.entry(pair).or_insert((fresh, 0));
        entry.1 += 1;
        next_left.push(entry.0);
    }
    let mut next_right = Vec::with_capacity(right.len());
    for pair in right.iter().copied().zip(r.iter().copied()) {
        let entry = classes.get_mut(&pair)?;
        entry.1 -= 1;
        if entry.1 < 0 {
            return None;
        }
        next_right.push(entry.0);
    }
    Some((next_left, next_right))
}
