//! The catalog as the translator sees it: names split into words, roles of columns, and the graph of references.

use catalog::{Column, Engine, Table, TypeClass};
use std::collections::{HashMap, HashSet};

use super::text::{lemma, stem};
use super::words;
use crate::types::Ask;

/// A column: table and column index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Cid {
    /// Table.
    pub t: usize,
    /// Column in it.
    pub c: usize,
}

/// One word of a name.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Word {
    /// Its lemma.
    pub lemma: String,
    /// Its stem.
    pub stem: String,
    /// Its place in the schema's vocabulary.
    pub id: usize,
}

impl Word {
    fn new(text: &str) -> Word {
        let lemma = lemma(text);
        Word { stem: stem(&lemma), lemma, id: 0 }
    }
}

/// A column with what can be told from its name, type and values.
pub(crate) struct ColumnInfo<'a> {
    /// From the catalog.
    pub column: &'a Column,
    /// Words of the name without those of the table.
    pub words: Vec<Word>,
    /// Words of the name that the table's name has too.
    pub table_words: Vec<Word>,
    /// Other phrases for it: comments and glossary.
    pub aliases: Vec<Vec<Word>>,
    /// Holds numbers (whatever its type).
    pub numeric: bool,
    /// A key: primary, foreign, or named id.
    pub key: bool,
    /// Column it refers to.
    pub refers: Option<Cid>,
    /// The stored values for yes and no.
    pub flag: Option<(String, String)>,
}

/// A table.
pub(crate) struct TableInfo<'a> {
    /// From the catalog.
    pub table: &'a Table,
    /// Words of the name that mean something.
    pub words: Vec<Word>,
    /// Other phrases for it.
    pub aliases: Vec<Vec<Word>>,
    /// Its columns.
    pub columns: Vec<ColumnInfo<'a>>,
    /// Columns that name a row.
    pub naming: Vec<usize>,
    /// Column of a single-column primary key.
    pub pk: Option<usize>,
}

/// A reference usable for a join.
#[derive(Debug, Clone)]
pub(crate) struct Edge {
    /// Referring table.
    pub from: usize,
    /// Table referred to.
    pub to: usize,
    /// Pairs of columns (referring, referred to).
    pub pairs: Vec<(usize, usize)>,
    /// How costly it is to use.
    pub cost: f64,
}

/// Everything about the database.
pub(crate) struct Schema<'a> {
    /// Engine.
    pub engine: Engine,
    /// Tables.
    pub tables: Vec<TableInfo<'a>>,
    /// References.
    pub edges: Vec<Edge>,
    /// Edges by table.
    pub by_table: Vec<Vec<usize>>,
    /// Every different word of its names.
    pub vocabulary: Vec<Word>,
}

impl<'a> Schema<'a> {
    /// Reads the catalog.
    pub(crate) fn new(ask: &Ask<'a>) -> Schema<'a> {
        let snapshot = ask.catalog.snapshot();
        let vocabulary = vocabulary(&snapshot.tables);
        let mut tables: Vec<TableInfo<'a>> =
            snapshot.tables.iter().map(|t| table_info(t, &vocabulary)).collect();
        let index: HashMap<(&str, &str), usize> =
            snapshot.tables.iter().enumerate().map(|(i, t)| ((t.schema.as_str(), t.name.as_str()), i)).collect();
        let edges = edges(&mut tables, &index);
        let mut by_table = vec![Vec::new(); tables.len()];
        for (i, edge) in edges.iter().enumerate() {
            by_table[edge.from].push(i);
            if edge.to != edge.from {
                by_table[edge.to].push(i);
            }
        }
        let mut schema = Schema { engine: ask.catalog.engine(), tables, edges, by_table, vocabulary: Vec::new() };
        schema.add_roles();
        schema.add_glossary(ask);
        schema.number_words();
        schema
    }

    /// Numbers all words, equal ones alike.
    fn number_words(&mut self) {
        let mut known: HashMap<String, usize> = HashMap::new();
        let mut all: Vec<Word> = Vec::new();
        let mut number = |word: &mut Word| {
            word.id = *known.entry(word.lemma.clone()).or_insert_with(|| {
                all.push(Word { id: all.len(), ..word.clone() });
                all.len() - 1
            });
        };
        for table in &mut self.tables {
            table.words.iter_mut().chain(table.aliases.iter_mut().flatten()).for_each(&mut number);
            for column in &mut table.columns {
                let own = column.words.iter_mut().chain(&mut column.table_words);
                own.chain(column.aliases.iter_mut().flatten()).for_each(&mut number);
            }
        }
        self.vocabulary = all;
    }

    /// The column's description.
    pub(crate) fn col(&self, id: Cid) -> &ColumnInfo<'a> {
        &self.tables[id.t].columns[id.c]
    }

    /// Names like `student_id` call the table they refer to a student.
    fn add_roles(&mut self) {
        let mut found = Vec::new();
        for edge in &self.edges {
            let [(from, _)] = edge.pairs[..] else { continue };
            let column = &self.tables[edge.from].columns[from];
            let words: Vec<Word> =
                column.table_words.iter().chain(&column.words).filter(|w| w.lemma != "id" && w.lemma != "code").cloned().collect();
            if words.len() == 1 && words[0].lemma.len() > 3 {
                found.push((edge.to, words));
            }
        }
        for (table, words) in found {
            let known = self.tables.iter().any(|t| t.words == words);
            if !known && !self.tables[table].aliases.contains(&words) {
                self.tables[table].aliases.push(words);
            }
        }
    }

    fn add_glossary(&mut self, ask: &Ask<'a>) {
        for term in ask.glossary.iter().take(500) {
            let Some(expression) = &term.expression else { continue };
            let words: Vec<Word> = term.term.to_lowercase().split_whitespace().map(Word::new).collect();
            let parts: Vec<&str> = expression.split('.').map(|p| p.trim_matches(['"', '`', '[', ']'])).collect();
            for table in &mut self.tables {
                let named = |name: &str| table.table.name.eq_ignore_ascii_case(name);
                if parts.len() == 1 && named(parts[0]) {
                    table.aliases.push(words.clone());
                }
                let [.., t, c] = parts[..] else { continue };
                if !named(t) {
                    continue;
                }
                for column in &mut table.columns {
                    if column.column.name.eq_ignore_ascii_case(c) {
                        column.aliases.push(words.clone());
                    }
                }
            }
        }
    }

    /// The column of a table that best fits one of the concept words.
    pub(crate) fn concept(&self, table: usize, concepts: &[&str]) -> Option<usize> {
        for concept in concepts {
            let word = Word::new(concept);
            let fits = |c: &ColumnInfo<'_>| !c.key && c.words.iter().any(|w| w.lemma == word.lemma || w.stem == word.stem);
            if let Some(found) = self.tables[table].columns.iter().position(fits) {
                return Some(found);
            }
        }
        None
    }
}

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
            && previous.is_some_and(|p| p.is_lowercase() || p.is_ascii_digit() || (p.is_uppercase() && next_lower));
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
    "id", "name", "code", "date", "number", "type", "count", "year", "first", "last", "full", "price", "amount", "time", "status", "key", "no", "city",
    "country", "region", "life", "state", "title", "phone", "email", "address", "birth", "home", "air", "port", "line", "start", "end",
];

fn vocabulary(tables: &[Table]) -> HashSet<String> {
    let mut words: HashSet<String> = COMMON_PARTS.iter().map(|w| (*w).to_owned()).collect();
    let names = tables.iter().take(3000).map(|t| &t.name).chain(tables.iter().take(400).flat_map(|t| t.columns.iter().map(|c| &c.name)));
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
                tail && vocabulary.contains(a) || (a.len() > 3 && b.len() > 3 && vocabulary.contains(a) && vocabulary.contains(b))
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
    let glue = |w: &Word| matches!(w.lemma.as_str(), "of" | "by" | "the" | "in" | "from" | "to" | "and" | "for" | "a" | "on" | "at" | "is" | "if" | "has" | "be" | "have");
    if out.iter().any(|w| !glue(w)) {
        out.retain(|w| !glue(w));
    }
    out
}

fn table_info<'a>(table: &'a Table, vocabulary: &HashSet<String>) -> TableInfo<'a> {
    let all = name_words(&table.name, vocabulary, false);
    let mut meaning: Vec<Word> = all.iter().filter(|w| !words::is_noise(&w.lemma)).cloned().collect();
    if meaning.is_empty() {
        meaning = all;
    }
    let pk = table.primary_key.as_ref().filter(|k| k.columns.len() == 1);
    let pk = pk.and_then(|k| table.columns.iter().position(|c| c.name == k.columns[0]));
    let columns: Vec<ColumnInfo<'a>> = table.columns.iter().map(|c| column_info(table, c, &meaning, vocabulary)).collect();
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
    let foreign = |c: &ColumnInfo<'_>| info.table.foreign_keys.iter().any(|k| k.columns.contains(&c.column.name));
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

fn column_info<'a>(table: &Table, column: &'a Column, table_words: &[Word], vocabulary: &HashSet<String>) -> ColumnInfo<'a> {
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
    let (all, numbers) = values.fold((0, 0), |(n, k), v| (n + 1, k + usize::from(v.value.trim().parse::<f64>().is_ok())));
    column.class == TypeClass::Text && all >= 2 && numbers * 10 >= all * 8
}

/// Yes and no as they are stored, for a column that holds nothing else.
fn flag(column: &Column, words: &[Word]) -> Option<(String, String)> {
    const PAIRS: [(&str, &str); 6] = [("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"), ("1", "0"), ("on", "off")];
    if column.class == TypeClass::Boolean && column.statistics.is_none() {
        return Some(("true".to_owned(), "false".to_owned()));
    }
    let values: Vec<&str> = column.statistics.as_ref()?.common.iter().take(3).map(|v| v.value.as_str()).collect();
    if values.is_empty() || values.len() > 2 {
        return None;
    }
    let raw = raw_parts(&column.name);
    let named = raw.iter().any(|w| matches!(w.as_str(), "yn" | "is" | "if" | "flag" | "has")) || words.iter().any(|w| w.lemma == "yn");
    let (yes, no) = PAIRS.iter().find(|(y, n)| {
        values.iter().all(|v| v.eq_ignore_ascii_case(y) || v.eq_ignore_ascii_case(n))
    })?;
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
    let text = |c: &ColumnInfo<'_>| c.column.class == TypeClass::Text && !c.key && !c.numeric && c.flag.is_none();
    let own_name = |c: &ColumnInfo<'_>| text(c) && c.words.iter().any(|w| info.words.contains(w));
    let some_name = |c: &ColumnInfo<'_>| text(c) && c.words.last().is_some_and(|w| w.lemma == "name" || w.lemma == "title");
    let place = info.columns.iter().position(some_name).or_else(|| info.columns.iter().position(own_name));
    match place.or_else(|| info.columns.iter().position(text)).or(info.pk) {
        Some(c) => vec![c],
        None => (0..info.columns.len().min(4)).collect(),
    }
}

fn edges(tables: &mut [TableInfo<'_>], index: &HashMap<(&str, &str), usize>) -> Vec<Edge> {
    let mut edges = Vec::new();
    for from in 0..tables.len() {
        let table = tables[from].table;
        for key in &table.foreign_keys {
            let Some(&to) = index.get(&(key.to_schema.as_str(), key.to_table.as_str())) else { continue };
            let place = |t: &Table, name: &str| t.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name));
            let pairs: Option<Vec<(usize, usize)>> = key.columns.iter().zip(&key.to_columns)
                .map(|(a, b)| Some((place(table, a)?, place(tables[to].table, b)?))).collect();
            let Some(pairs) = pairs.filter(|p| !p.is_empty()) else { continue };
            if let [(a, b)] = pairs[..] {
                tables[from].columns[a].refers = Some(Cid { t: to, c: b });
            }
            // of two references to one table the first column is the plainer one
            let place = pairs.first().map_or(0.0, |p| p.0 as f64 * 0.002);
            let cost = place + if key.inferred.is_some() { 1.2 } else { 1.0 };
            edges.push(Edge { from, to, pairs, cost });
        }
    }
    infer(tables, &mut edges);
    edges
}

/// Most keys of one name that a column may refer to.
const MAX_TARGETS: usize = 4;

/// The entity that a key column speaks of: the word before `id`, or the table's own last word.
fn entity<'w>(column: &'w ColumnInfo<'_>, table: Option<&'w TableInfo<'_>>) -> Option<&'w str> {
    let mut words: Vec<&Word> = column.table_words.iter().chain(&column.words).collect();
    let last = words.pop()?;
    if !matches!(last.lemma.as_str(), "id" | "code" | "key") {
        return None;
    }
    let before = words.last().map(|w| w.lemma.as_str());
    before.or_else(|| table.and_then(|t| t.words.last()).map(|w| w.lemma.as_str()))
}

/// Columns named like the key of another table refer to it, where no key is declared between the two.
fn infer(tables: &[TableInfo<'_>], edges: &mut Vec<Edge>) {
    let mut by_name: HashMap<String, Vec<(usize, usize)>> = HashMap::new();
    let mut by_entity: HashMap<&str, Vec<(usize, usize)>> = HashMap::new();
    for (t, info) in tables.iter().enumerate() {
        let Some(pk) = info.pk.or_else(|| undeclared_key(info)) else { continue };
        let name = info.columns[pk].column.name.to_lowercase();
        if name.len() > 2 {
            by_name.entry(name).or_default().push((t, pk));
        }
        if let Some(entity) = entity(&info.columns[pk], Some(info)) {
            by_entity.entry(entity).or_default().push((t, pk));
        }
    }
    let joined: HashSet<(usize, usize)> = edges.iter().flat_map(|e| [(e.from, e.to), (e.to, e.from)]).collect();
    let mut made: HashSet<(usize, usize, usize)> = HashSet::new();
    for (from, info) in tables.iter().enumerate() {
        for (c, column) in info.columns.iter().enumerate().filter(|(_, c)| c.refers.is_none()) {
            let named = by_name.get(&column.column.name.to_lowercase()).map(|t| (t, 1.5));
            let spoken = entity(column, None).and_then(|e| by_entity.get(e)).map(|t| (t, 1.6));
            let both = named.into_iter().chain(spoken.filter(|_| info.pk != Some(c)));
            for (targets, cost) in both {
                for &(to, pk) in targets.iter().filter(|t| t.0 != from).take(MAX_TARGETS) {
                    let own_key = info.pk.or_else(|| undeclared_key(info)) == Some(c);
                    let twice = own_key && made.contains(&(to, pk, from));
                    if !joined.contains(&(from, to)) && !twice && made.insert((from, c, to)) {
                        edges.push(Edge { from, to, pairs: vec![(c, pk)], cost: cost + if own_key { 0.3 } else { 0.0 } });
                    }
                }
            }
        }
    }
}

/// The key of a table that declares none: a first column called id of something, or after the table.
fn undeclared_key(info: &TableInfo<'_>) -> Option<usize> {
    let named = |c: &ColumnInfo<'_>| {
        let own = info.words.last().is_some_and(|w| c.table_words.contains(w));
        let id = c.column.name.to_lowercase().ends_with("id") && c.column.name.len() <= 4;
        (own && c.words.iter().all(|w| matches!(w.lemma.as_str(), "id" | "name" | "code" | "no" | "number"))) || id
    };
    let initial = |c: &ColumnInfo<'_>| {
        let (a, b) = (c.column.name.chars().next(), info.table.name.chars().next());
        a.map(|x| x.to_ascii_lowercase()) == b.map(|x| x.to_ascii_lowercase())
    };
    let declared = info.table.primary_key.is_some();
    let first = info.columns.iter().position(|c| named(c) && (initial(c) || !c.table_words.is_empty()))?;
    (!declared).then_some(first)
}
