//! Nearest names: which known name was probably meant. Runs only when something is unknown.

/// How many names are offered.
const OFFERED: usize = 3;
/// Names longer than this are compared by their start alone (the cost of a distance is quadratic).
const LONGEST: usize = 64;

/// The nearest of the names, best first, each once.
pub fn nearest<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Vec<String> {
    nearest_many(wanted, names, OFFERED)
}

/// As [`nearest`], so many at the most.
pub fn nearest_many<'a>(wanted: &str, names: impl Iterator<Item = &'a str>, most: usize) -> Vec<String> {
    let wanted = wanted.to_lowercase();
    let mut scored: Vec<(usize, &str)> = Vec::new();
    for name in names {
        let Some(score) = score(&wanted, &name.to_lowercase()) else { continue };
        scored.push((score, name));
    }
    scored.sort_unstable();
    scored.dedup_by(|a, b| a.1 == b.1);
    let mut found: Vec<String> = Vec::new();
    for (_, name) in scored {
        if found.len() == most {
            break;
        }
        if !found.iter().any(|f| f == name) {
            found.push(name.to_owned());
        }
    }
    found
}

/// Lower is nearer; `None` is too far.
fn score(wanted: &str, name: &str) -> Option<usize> {
    if wanted == name {
        return Some(0);
    }
    let letters = |s: &str| s.chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    let (a, b) = (letters(wanted), letters(name));
    if a == b && !a.is_empty() {
        return Some(1);
    }
    let distance = distance(&a, &b);
    let longest = a.chars().count().max(b.chars().count());
    if distance <= longest.div_ceil(3).min(4) && distance < longest {
        return Some(10 + distance * 10);
    }
    word_score(wanted, name)
}

/// Names that share whole words (`customer_name` and `name`), or one that starts the other.
fn word_score(wanted: &str, name: &str) -> Option<usize> {
    let words = |s: &str| -> Vec<String> {
        s.split(|c: char| !c.is_alphanumeric()).filter(|w| w.len() > 1).map(singular).collect()
    };
    let (a, b) = (words(wanted), words(name));
    let shared = a.iter().filter(|w| b.contains(w)).count();
    if shared > 0 {
        return Some(50 + 10 * (a.len().max(b.len()) - shared));
    }
    let starts =
        wanted.len() >= 3 && name.len() >= 3 && (name.starts_with(wanted) || wanted.starts_with(name));
    starts.then_some(90)
}

fn singular(word: &str) -> String {
    word.strip_suffix('s').unwrap_or(word).to_owned()
}

/// Damerau-Levenshtein distance (swaps of neighbours count one).
fn distance(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().take(LONGEST).collect();
    let b: Vec<char> = b.chars().take(LONGEST).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, cb) in b.iter().enumerate() {
            let change = usize::from(ca != cb);
            let mut best = (last[j + 1] + 1).min(row[j] + 1).min(last[j] + change);
            let swapped = i > 0 && j > 0 && *ca == b[j - 1] && a[i - 1] == *cb;
            if swapped {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
