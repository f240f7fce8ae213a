//! Words: names of tables and columns made readable.

/// `customer_id` and `CustomerID` become words: `customer id`.
pub fn humanise(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let chars: Vec<char> = name.chars().collect();
    for (i, c) in chars.iter().enumerate() {
        if matches!(c, '_' | '-' | '.' | ' ') {
            push_space(&mut words);
            continue;
        }
        let before = i.checked_sub(1).and_then(|p| chars.get(p));
        let after = chars.get(i + 1);
        let starts = c.is_uppercase()
            && (before.is_some_and(|b| b.is_lowercase() || b.is_ascii_digit())
                || before.is_some_and(|b| b.is_uppercase()) && after.is_some_and(|a| a.is_lowercase()));
        if starts {
            push_space(&mut words);
        }
        words.extend(c.to_lowercase());
    }
    words.trim().to_owned()
}

fn push_space(words: &mut String) {
    if !words.ends_with(' ') && !words.is_empty() {
        words.push(' ');
    }
}

/// `order` for `orders`, `category` for `categories`: the word for one row of a table.
pub fn singular(words: &str) -> String {
    if let Some(stem) = words.strip_suffix("ies").filter(|s| s.len() > 1) {
        return format!("{stem}y");
    }
    for ending in ["sses", "shes", "ches", "xes", "tuses", "iruses", "nuses"] {
        if words.ends_with(ending) {
            return words.strip_suffix("es").unwrap_or(words).to_owned();
        }
    }
    match words.strip_suffix('s') {
        Some(stem) if !stem.ends_with(['s', 'u', 'i']) && stem.len() > 1 => stem.to_owned(),
        _ => words.to_owned(),
    }
}

/// Words that are their own plural.
const PLURAL: [&str; 8] =
    ["people", "data", "staff", "information", "media", "news", "equipment", "children"];

/// `orders` for `order`: the word for the rows of a table.
pub fn plural(words: &str) -> String {
    if words.ends_with('s') || words.is_empty() || PLURAL.iter().any(|w| words.ends_with(w)) {
        return words.to_owned();
    }
    if let Some(stem) = words.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{stem}ies");
    }
    if words.ends_with('x') || words.ends_with("ch") || words.ends_with("sh") {
        return format!("{words}es");
    }
    format!("{words}s")
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String], last: &str) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., end] => format!("{} {last} {end}", first.join(", ")),
    }
}

/// First letter large, a full stop at the end.
pub fn sentence(text: &str) -> String {
    let text = text.trim();
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str()),
        None => String::new(),
    }
}
