//! What a table and its columns are, told from their names, types and stored values.

use std::collections::HashSet;

use catalog::{Column, Table, TypeClass};

use super::references::undeclared_key;
use super::schema::{ColumnInfo, TableInfo, Word};
use super::text::lemma;
use super::words;

/// Splits a name at underscores, blanks, case changes and digits.
fn raw_parts(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut parts = vec![String::new()];
    for (i, c) in chars.iter().enumerate() {
        if !c.is_alphanumeric() {
            parts.push(String::new());
            continue;
        }
        let previous = i.checked_sub(1).map(|p| chars[p]);
        let next_lower = chars.get(i + 1).is_some_and(|n| n.is_lowercase());
        let hump = c.is_uppercase()
            && previous
                .is_some_and(|p| p.is_lowercase() || p.is_ascii_digit() || (p.is_uppercase() && next_lower));
        let digit = previous.is_some_and(|p| p.is_ascii_digit() != c.is_ascii_digit() && p.is_alphanumeric());
        if hump || digit {
            parts.push(String::new());
        }
        if let Some(last) = parts.last_mut() {
            last.extend(c.to_lowercase());
        }
    }
    parts.retain(|p| !p.is_empty());
    parts
}

/// Words that often stand at an end of a run-together name.
const COMMON_PARTS: &[&str] = &[
    "id", "name", "code", "date", "number", "type", "count", "year", "first", "last", "full", "price",
    "amount", "time", "status", "key", "no", "city", "country", "region", "life", "state", "title", "phone",
    "email", "address", "birth", "home", "air", "port", "line", "start", "end",
];

pub(super) fn vocabulary(tables: &[Table]) -> HashSet<String> {
    let mut words: HashSet<String> = COMMON_PARTS.iter().map(|w| (*w).to_owned()).collect();
    let names = tables
        .iter()
        .take(3000)
        .map(|t| &t.name)
        .chain(tables.iter().take(400).flat_map(|t| t.columns.iter().map(|c| &c.name)));
    for name in names {
        for part in raw_parts(name) {
            if part.len() > 2 {
                words.insert(lemma(&part));
                words.insert(part);
            }
        }
    }
    words
}

/// Splits a name into words; run-together parts are cut where both halves are known words.
fn name_words(name: &str, vocabulary: &HashSet<String>, column: bool) -> Vec<Word> {
    let mut out = Vec::new();
    for part in raw_parts(name) {
        if let Some(long) = words::expand(&part) {
            out.extend(long.split(' ').map(Word::new));
            continue;
        }
        if part.len() >= 5 && part.is_ascii() {
            let cut = (2..part.len() - 1).rev().find(|&k| {
                let (a, b) = part.split_at(k);
                let tail = COMMON_PARTS.contains(&b) && a.len() > 2;
                tail && vocabulary.contains(a)
                    || (a.len() > 3 && b.len() > 3 && vocabulary.contains(a) && vocabulary.contains(b))
            });
            if let Some(k) = cut.filter(|_| !COMMON_PARTS.contains(&part.as_str())) {
                out.push(Word::new(&part[..k]));
                out.push(Word::new(&part[k..]));
                continue;
            }
        }
        out.push(Word::new(&part));
    }
    for i in 1..out.len() {
        if out[i].lemma == "name" {
            match out[i - 1].lemma.as_str() {
                "f" => out[i - 1] = Word::new("first"),
                "l" => out[i - 1] = Word::new("last"),
                _ => {}
            }
        }
    }
    if !column {
        return out;
    }
    let glue = |w: &Word| {
        matches!(
            w.lemma.as_str(),
            "of" | "by"
                | "the"
                | "in"
                | "from"
                | "to"
                | "and"
                | "for"
                | "a"
                | "on"
                | "at"
                | "is"
                | "if"
                | "has"
                | "be"
                | "have"
        )
    };
    if out.iter().any(|w| !glue(w)) {
        out.retain(|w| !glue(w));
    }
    out
}

pub(super) fn table_info<'a>(table: &'a Table, vocabulary: &HashSet<String>) -> TableInfo<'a> {
    let all = name_words(&table.name, vocabulary, false);
    let mut meaning: Vec<Word> = all.iter().filter(|w| !words::is_noise(&w.lemma)).cloned().collect();
    if meaning.is_empty() {
        meaning = all;
    }
    let pk = table.primary_key.as_ref().filter(|k| k.columns.len() == 1);
    let pk = pk.and_then(|k| table.columns.iter().position(|c| c.name == k.columns[0]));
    let columns: Vec<ColumnInfo<'a>> =
        table.columns.iter().map(|c| column_info(table, c, &meaning, vocabulary)).collect();
    let mut info = TableInfo { table, words: meaning, aliases: Vec::new(), columns, naming: Vec::new(), pk };
    info.pk = info.pk.or_else(|| guess_key(&info)).or_else(|| undeclared_key(&info));
    if let Some(pk) = info.pk.filter(|pk| info.columns[*pk].column.name.to_lowercase().ends_with("id")) {
        info.columns[pk].aliases.push(vec![Word::new("id")]);
    }
    info.naming = naming(&info);
    info.aliases.extend(table.comment.as_deref().and_then(phrase));
    info
}

fn guess_key(info: &TableInfo<'_>) -> Option<usize> {
    let composite = info.table.primary_key.as_ref().is_some_and(|k| k.columns.len() > 1);
    let foreign =
        |c: &ColumnInfo<'_>| info.table.foreign_keys.iter().any(|k| k.columns.contains(&c.column.name));
    let is_key = |c: &ColumnInfo<'_>| c.words.len() == 1 && c.words[0].lemma == "id" && !foreign(c);
    if composite { None } else { info.columns.iter().position(is_key) }
}

/// A short comment is a phrase for the thing; a long one is not.
fn phrase(comment: &str) -> Option<Vec<Word>> {
    let first = comment.split(['.', ';', '(', ',']).next()?.to_lowercase();
    let words: Vec<Word> = first.split_whitespace().filter(|w| !words::is_stop(w)).map(Word::new).collect();
    (1..=4).contains(&words.len()).then_some(words)
}

fn same(a: &Word, b: &Word) -> bool {
    let prefix = a.lemma.len() >= 3 && b.lemma.len() > a.lemma.len() + 1 && b.lemma.starts_with(&a.lemma);
    a.lemma == b.lemma || prefix
}

fn column_info<'a>(
    table: &Table,
    column: &'a Column,
    table_words: &[Word],
    vocabulary: &HashSet<String>,
) -> ColumnInfo<'a> {
    let mut own = Vec::new();
    let mut shared = Vec::new();
    for mut word in name_words(&column.name, vocabulary, true) {
        match table_words.iter().find(|t| same(&word, t)) {
            Some(t) => {
                word = t.clone();
                shared.push(word);
            }
            None => own.push(word),
        }
    }
    own.dedup();
    if own.is_empty() {
        own = std::mem::take(&mut shared);
    }
    let in_pk = table.primary_key.as_ref().is_some_and(|k| k.columns.contains(&column.name));
    let in_fk = table.foreign_keys.iter().any(|k| k.columns.contains(&column.name));
    let named_id = own.last().is_some_and(|w| w.lemma == "id");
    ColumnInfo {
        column,
        numeric: numeric(column),
        key: in_fk || named_id || (in_pk && column.class != TypeClass::Text),
        refers: None,
        flag: flag(column, &own),
        aliases: column.comment.as_deref().and_then(phrase).into_iter().collect(),
        words: own,
        table_words: shared,
    }
}

fn numeric(column: &Column) -> bool {
    if matches!(column.class, TypeClass::Integer | TypeClass::Decimal | TypeClass::Float) {
        return true;
    }
    let values = column.statistics.iter().flat_map(|s| &s.common).take(20);
    let (all, numbers) =
        values.fold((0, 0), |(n, k), v| (n + 1, k + usize::from(v.value.trim().parse::<f64>().is_ok())));
    column.class == TypeClass::Text && all >= 2 && numbers * 10 >= all * 8
}

/// Yes and no as they are stored, for a column that holds nothing else.
fn flag(column: &Column, words: &[Word]) -> Option<(String, String)> {
    const PAIRS: [(&str, &str); 6] =
        [("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"), ("on", "off")];
    if column.class == TypeClass::Boolean && column.statistics.is_none() {
        return Some(("true".to_owned(), "false".to_owned()));
    }
    let values: Vec<&str> =
        column.statistics.as_ref()?.common.iter().take(3).map(|v| v.value.as_str()).collect();
    if values.is_empty() || values.len() > 2 {
        return None;
    }
    let raw = raw_parts(&column.name);
    let named = raw.iter().any(|w| matches!(w.as_str(), "yn" | "is" | "if" | "flag" | "has"))
        || words.iter().any(|w| w.lemma == "yn");
    let (yes, no) = PAIRS
        .iter()
        .find(|(y, n)| values.iter().all(|v| v.eq_ignore_ascii_case(y) || v.eq_ignore_ascii_case(n)))?;
    if *yes == "1" && !named && column.class != TypeClass::Boolean {
        return None;
    }
    let stored = |want: &str| values.iter().find(|v| v.eq_ignore_ascii_case(want)).map(|v| (*v).to_owned());
    let upper = values.iter().all(|v| v.chars().all(|c| !c.is_lowercase()));
    let spell = |want: &str| if upper { want.to_uppercase() } else { want.to_owned() };
    Some((stored(yes).unwrap_or_else(|| spell(yes)), stored(no).unwrap_or_else(|| spell(no))))
}

fn naming(info: &TableInfo<'_>) -> Vec<usize> {
    let is = |c: &ColumnInfo<'_>, words: &[&str]| {
        c.words.len() == words.len() && c.words.iter().zip(words).all(|(w, x)| w.lemma == *x)
    };
    let find = |words: &[&str]| info.columns.iter().position(|c| is(c, words));
    for words in [&["name"][..], &["title"], &["full", "name"]] {
        if let Some(c) = find(words) {
            return vec![c];
        }
    }
    if let (Some(first), Some(last)) = (find(&["first", "name"]), find(&["last", "name"])) {
        return vec![first, last];
    }
    let text =
        |c: &ColumnInfo<'_>| c.column.class == TypeClass::Text && !c.key && !c.numeric && c.flag.is_none();
    let own_name = |c: &ColumnInfo<'_>| text(c) && c.words.iter().any(|w| info.words.contains(w));
    let some_name = |c: &ColumnInfo<'_>| {
        text(c) && c.words.last().is_some_and(|w| w.lemma == "name" || w.lemma == "title")
    };
    let place = info.columns.iter().position(some_name).or_else(|| info.columns.iter().position(own_name));
    // a label says more than the code that it stands for
    let told = |c: &ColumnInfo<'_>| {
        let said = |w: &Word| matches!(w.lemma.as_str(), "label" | "caption");
        text(c) && c.words.last().is_some_and(said)
    };
    let coded = info.pk.is_some_and(|k| text(&info.columns[k]));
    let place = place.or_else(|| if coded { info.columns.iter().position(told) } else { None });
    // what sorts rows into kinds does not name them
    let sorts = |c: &ColumnInfo<'_>| {
        let kind = |w: &Word| {
            matches!(w.lemma.as_str(), "state" | "status" | "method" | "currency" | "gender" | "sex")
        };
        c.words.last().is_some_and(kind)
    };
    let text = |c: &ColumnInfo<'_>| text(c) && !sorts(c);
    match place.or_else(|| info.columns.iter().position(text)).or(info.pk) {
        Some(c) => vec![c],
        None => (0..info.columns.len().min(4)).collect(),
    }
}
