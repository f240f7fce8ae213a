//! Text as words for searching: split at case and signs, lower case, English plurals and endings cut.

/// The words of a text, stop words left out.
pub fn words(text: &str) -> Vec<String> {
    split(text).into_iter().filter(|w| !STOP.contains(&w.as_str())).map(|w| stem(&w)).collect()
}

/// Splits `orderItems`, `order_items` and `order items` alike.
fn split(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut word = String::new();
    let mut last_lower = false;
    for c in text.chars() {
        let breaks = !c.is_alphanumeric() || (c.is_uppercase() && last_lower);
        if breaks && !word.is_empty() {
            out.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        last_lower = c.is_lowercase() || c.is_numeric();
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// Cuts plural and verb endings; good enough that a question and a name meet, not linguistics.
fn stem(word: &str) -> String {
    let cut = |end: &str, put: &str| {
        word.strip_suffix(end).filter(|stem| stem.len() >= 3).map(|stem| format!("{stem}{put}"))
    };
    cut("ies", "y")
        .or_else(|| cut("sses", "ss"))
        .or_else(|| cut("ches", "ch"))
        .or_else(|| cut("ings", ""))
        .or_else(|| cut("ing", ""))
        .or_else(|| cut("ed", ""))
        .or_else(|| (!word.ends_with("ss") && !word.ends_with("us")).then(|| cut("s", "")).flatten())
        .unwrap_or_else(|| word.to_owned())
}

const STOP: &[&str] = &[
    "a", "an", "and", "are", "as", "at", "by", "do", "does", "each", "for", "from", "give", "has", "have",
    "how", "i", "in", "is", "it", "list", "many", "me", "much", "of", "on", "or", "show", "that", "the",
    "their", "there", "to", "was", "were", "what", "when", "where", "which", "who", "whose", "with",
];
