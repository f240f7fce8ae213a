//! When an unknown name is surely a slip for a known one: near, and nothing else is as near.

/// The one name that is meant, if there is one.
pub(super) fn only_close<'a>(wanted: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &'a str)> = None;
    let mut shared = false;
    for name in names {
        let Some(score) = score(wanted, name) else { continue };
        match best {
            Some((known, held)) if score == known => shared |= held != name,
            Some((known, _)) if score > known => {}
            _ => {
                best = Some((score, name));
                shared = false;
            }
        }
    }
    best.filter(|_| !shared).map(|(_, name)| name)
}

/// 0: the same letters; 1: the same stem; more: letters that differ. `None`: something else.
pub(super) fn score(wanted: &str, name: &str) -> Option<usize> {
    let (a, b) = (letters(wanted), letters(name));
    if a.is_empty() || b.is_empty() {
        return None;
    }
    if a == b {
        return Some(0);
    }
    if stem(&a) == stem(&b) {
        return Some(1);
    }
    // figures in names tell things apart: `amount1` is not `amount2`
    let figures = |s: &str| s.chars().filter(char::is_ascii_digit).collect::<String>();
    if figures(&a) != figures(&b) {
        return None;
    }
    let longest = a.chars().count().max(b.chars().count());
    let distance = distance(&a, &b);
    (longest >= 4 && distance * 5 <= longest).then_some(1 + distance)
}

fn letters(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Plural and singular are one.
pub(super) fn stem(word: &str) -> String {
    if let Some(base) = word.strip_suffix("ies") {
        return format!("{base}y");
    }
    let hissing = ["sses", "shes", "ches", "xes"].iter().any(|end| word.ends_with(end));
    if hissing {
        return word.trim_end_matches("es").to_owned();
    }
    match word.strip_suffix('s') {
        Some(base) if !base.ends_with('s') && base.len() > 2 => base.to_owned(),
        _ => word.to_owned(),
    }
}

fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (y, above) in b.iter().zip(row.iter().skip(1)) {
            let cost = (diagonal + usize::from(x != y)).min(left + 1).min(above + 1);
            diagonal = *above;
            left = cost;
            next.push(cost);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
