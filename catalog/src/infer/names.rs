//! Words of names, brought to a form in which singular and plural, `OrderID` and `order_id` are the same.

/// Words that end a key's name without naming what it is the key of.
const SUFFIXES: [&str; 16] = [
    "id",
    "code",
    "key",
    "no",
    "nr",
    "num",
    "number",
    "nbr",
    "uuid",
    "guid",
    "ref",
    "fk",
    "pk",
    "sk",
    "ident",
    "identifier",
];
/// Words in front of table names that say what kind of table it is, not what is in it.
const TABLE_MARKS: [&str; 12] =
    ["tbl", "tb", "t", "dim", "fact", "ref", "lu", "lkp", "lookup", "stg", "raw", "tab"];
/// The same at the end.
const TABLE_ENDS: [&str; 5] = ["tbl", "table", "master", "mst", "info"];
/// Words in front of column names that only say that they refer.
const COLUMN_MARKS: [&str; 3] = ["fk", "ref", "fkey"];
/// Plurals that no rule knows.
const IRREGULAR: [(&str, &str); 8] = [
    ("people", "person"),
    ("persons", "person"),
    ("children", "child"),
    ("men", "man"),
    ("women", "woman"),
    ("indices", "index"),
    ("vertices", "vertex"),
    ("matrices", "matrix"),
];
/// Words of a name that are looked at.
const MOST_WORDS: usize = 8;

/// A column's name taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ColumnName {
    /// What it speaks of: the words without marks and without the suffix.
    pub base: Vec<String>,
    /// The last word, when it is one that ends the names of keys.
    pub suffix: Option<String>,
}

/// Takes a column's name apart.
pub(super) fn column(name: &str) -> ColumnName {
    let mut words = stems(name);
    if words.len() > 1 && words.first().is_some_and(|w| is_one_of(w, &COLUMN_MARKS)) {
        words.remove(0);
    }
    let suffix = words.pop_if(|w| is_one_of(w, &SUFFIXES));
    // customerid, stuid: nothing marks the bound
    if suffix.is_none()
        && let Some(last) = words.last_mut()
        && last.len() >= 5
        && let Some(rest) = last.strip_suffix("id").map(str::to_owned)
    {
        *last = stem(&rest);
        return ColumnName { base: words, suffix: Some("id".to_owned()) };
    }
    ColumnName { base: words, suffix }
}

/// The words of a table's name, without marks.
pub(super) fn table(name: &str) -> Vec<String> {
    let mut words = stems(name);
    while words.len() > 1 && words.first().is_some_and(|w| is_one_of(w, &TABLE_MARKS)) {
        words.remove(0);
    }
    while words.len() > 1 && words.last().is_some_and(|w| is_one_of(w, &TABLE_ENDS)) {
        words.pop();
    }
    words
}

/// Whether words that speak of a key speak of a table: by its name, its last word, or the beginning of that.
pub(super) fn speaks_of(base: &[String], table: &[String]) -> bool {
    let Some(last) = table.last() else { return false };
    match base {
        [one] => *one == *last || one.chars().count() >= 2 && last.starts_with(one.as_str()),
        several => several == table,
    }
}

/// Whether a stem is that of one of some words.
fn is_one_of(stemmed: &str, words: &[&str]) -> bool {
    words.iter().any(|w| stem(w) == stemmed)
}

/// The words of a name in their common form.
pub(super) fn stems(name: &str) -> Vec<String> {
    split(name).into_iter().map(|w| stem(&w)).collect()
}

/// The words of a name in lower case, cut at signs and changes of case.
fn split(name: &str) -> Vec<String> {
    let mut out: Vec<String> = vec![String::new()];
    let mut before = ' ';
    for c in name.chars().take(200) {
        let bound =
            !c.is_alphanumeric() || (c.is_uppercase() && (before.is_lowercase() || before.is_numeric()));
        if bound && out.last().is_some_and(|w| !w.is_empty()) {
            out.push(String::new());
        }
        if c.is_alphanumeric()
            && let Some(word) = out.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    out.retain(|w| !w.is_empty());
    out.truncate(MOST_WORDS);
    out
}

/// A form that a word's singular and plural share; good for comparing, not for showing.
pub(super) fn stem(word: &str) -> String {
    if let Some((_, singular)) = IRREGULAR.iter().find(|(plural, _)| *plural == word) {
        return stem(singular);
    }
    let without = |end: &str| word.strip_suffix(end).map(str::to_owned);
    let es = ["sses", "xes", "ches", "shes", "zes", "uses", "ies"].iter().any(|end| word.ends_with(end));
    let kept = ["ss", "us", "is"].iter().any(|end| word.ends_with(end)) || word.chars().count() <= 3;
    let mut stem = if es {
        without("es")
    } else if kept {
        None
    } else {
        without("s")
    }
    .unwrap_or_else(|| word.to_owned());
    if stem.chars().count() > 3 {
        if stem.ends_with('e') {
            stem.pop();
        } else if stem.ends_with('y') {
            stem.pop();
            stem.push('i');
        }
    }
    stem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn singular_and_plural_share_a_form() {
        for (one, many) in [
            ("order", "orders"),
            ("category", "categories"),
            ("movie", "movies"),
            ("house", "houses"),
            ("status", "statuses"),
            ("address", "addresses"),
            ("box", "boxes"),
            ("person", "people"),
            ("course", "courses"),
            ("cache", "caches"),
        ] {
            assert_eq!(stem(one), stem(many), "{one}");
        }
        assert_ne!(stem("bus"), stem("bu"));
    }

    #[test]
    fn names_are_taken_apart() {
        let of = |name: &str| {
            let name = column(name);
            (name.base.join(" "), name.suffix)
        };
        let id = Some("id".to_owned());
        assert_eq!(of("customer_id"), ("customer".into(), id.clone()));
        assert_eq!(of("CustomerID"), ("customer".into(), id.clone()));
        assert_eq!(of("StuID"), ("stu".into(), id.clone()));
        assert_eq!(of("fk_order_id"), ("order".into(), id.clone()));
        assert_eq!(of("stuid"), ("stu".into(), id.clone()));
        assert_eq!(of("CountryCode"), ("countri".into(), Some("cod".to_owned())));
        assert_eq!(of("id"), (String::new(), id));
        assert_eq!(of("owner"), ("owner".into(), None));
        assert_eq!(table("tbl_CustomerOrders"), ["customer", "order"]);
    }
}
