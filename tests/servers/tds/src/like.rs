//! LIKE with its sets in brackets, and PATINDEX.

/// One element of a pattern.
enum Piece {
    Any,
    One,
    Set { negated: bool, ranges: Vec<(char, char)> },
    Char(char),
}

/// Whether text matches a pattern, without case unless `exact`.
pub(crate) fn matches(text: &str, pattern: &str, escape: Option<char>, exact: bool) -> bool {
    let fold = |t: &str| if exact { t.to_owned() } else { t.to_lowercase() };
    let text: Vec<char> = fold(text).chars().collect();
    run(&text, &read(&fold(pattern), escape))
}

/// The 1-based place where a pattern matches, or 0.
pub(crate) fn place(text: &str, pattern: &str) -> i64 {
    let open_start = pattern.starts_with('%');
    let inner = pattern.strip_prefix('%').unwrap_or(pattern).to_lowercase();
    let text: Vec<char> = text.to_lowercase().chars().collect();
    let pieces = read(&inner, None);
    let last = if open_start { text.len() } else { 0 };
    let at = (0..=last).find(|at| text.get(*at..).is_some_and(|rest| run(rest, &pieces)));
    at.map_or(0, |at| at as i64 + 1)
}

fn read(pattern: &str, escape: Option<char>) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        pieces.push(match c {
            c if Some(c) == escape => chars.next().map_or(Piece::Char(c), Piece::Char),
            '%' => Piece::Any,
            '_' => Piece::One,
            '[' => {
                let negated = chars.next_if_eq(&'^').is_some();
                let mut ranges = Vec::new();
                while let Some(first) = chars.next().filter(|c| *c != ']') {
                    let last = if chars.peek() == Some(&'-') {
                        chars.next();
                        chars.next_if(|c| *c != ']').unwrap_or('-')
                    } else {
                        first
                    };
                    ranges.push((first, last));
                }
                Piece::Set { negated, ranges }
            }
            c => Piece::Char(c),
        });
    }
    pieces
}

/// By the last `%` only, so that no pattern takes long.
fn run(text: &[char], pieces: &[Piece]) -> bool {
    let (mut t, mut p) = (0, 0);
    let mut back: Option<(usize, usize)> = None;
    loop {
        let fits = match (pieces.get(p), text.get(t)) {
            (None, None) => return true,
            (Some(Piece::Any), _) => {
                back = Some((t, p));
                p += 1;
                continue;
            }
            (Some(Piece::One), Some(_)) => true,
            (Some(Piece::Char(c)), Some(d)) => c == d,
            (Some(Piece::Set { negated, ranges }), Some(c)) => {
                ranges.iter().any(|(a, b)| a <= c && c <= b) != *negated
            }
            _ => false,
        };
        if fits {
            (t, p) = (t + 1, p + 1);
            continue;
        }
        match back {
            Some((from, any)) if from < text.len() => {
                back = Some((from + 1, any));
                (t, p) = (from + 1, any + 1);
            }
            _ => return false,
        }
    }
}
