//! How well a span of the question names a table or a column. Every word of the question is compared once with every
//! different word of the schema, so that large schemas cost look-ups, not comparisons of texts.

use std::collections::HashMap;

use super::schema::{Cid, Schema, Word};
use super::text::{Token, one_edit};
use super::words;

/// What a word of the schema belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Named {
    Table(usize),
    Column(Cid),
}

/// Tables and columns with their scores.
pub(crate) type Scores = (Vec<(usize, f64)>, Vec<(Cid, f64)>);

/// Scores of names against the words of one question.
pub(crate) struct Names<'s, 'a> {
    schema: &'s Schema<'a>,
    tokens: &'s [Token],
    /// By token and word of the schema.
    alike: Vec<Vec<f32>>,
    /// Tables and columns with a word like the token.
    touched: Vec<Vec<Named>>,
    /// Names whose words, joined, are one word.
    joined: HashMap<String, Vec<Named>>,
}

impl<'s, 'a> Names<'s, 'a> {
    /// Compares all words.
    pub(crate) fn new(schema: &'s Schema<'a>, tokens: &'s [Token]) -> Names<'s, 'a> {
        let alike: Vec<Vec<f32>> =
            tokens.iter().map(|t| schema.vocabulary.iter().map(|w| alike(t, w) as f32).collect()).collect();
        let mut by_word: Vec<Vec<Named>> = vec![Vec::new(); schema.vocabulary.len()];
        let mut joined: HashMap<String, Vec<Named>> = HashMap::new();
        for (t, table) in schema.tables.iter().enumerate() {
            for word in table.words.iter().chain(table.aliases.iter().flatten()) {
                by_word[word.id].push(Named::Table(t));
            }
            joined.entry(join(&table.words)).or_default().push(Named::Table(t));
            for (c, column) in table.columns.iter().enumerate() {
                let id = Cid { t, c };
                for word in
                    column.words.iter().chain(&column.table_words).chain(column.aliases.iter().flatten())
                {
                    by_word[word.id].push(Named::Column(id));
                }
                if !column.aliases.is_empty() {
                    table.words.iter().for_each(|word| by_word[word.id].push(Named::Column(id)));
                }
                joined.entry(join(&column.words)).or_default().push(Named::Column(id));
            }
        }
        let touched = alike.iter().map(|row| {
            let mut all: Vec<Named> = row
                .iter()
                .zip(&by_word)
                .filter(|(s, _)| **s > 0.0)
                .flat_map(|(_, n)| n.iter().copied())
                .collect();
            all.sort_unstable();
            all.dedup();
            all
        });
        Names { schema, tokens, touched: touched.collect(), alike, joined }
    }

    fn score(&self, token: usize, word: &Word) -> f64 {
        f64::from(self.alike[token][word.id])
    }

    /// Tables and columns that a span names, with scores. `content`: its words that mean something.
    pub(crate) fn of(&self, content: &[usize], span: &[Token]) -> Scores {
        let Some(first) = content.first() else { return (Vec::new(), Vec::new()) };
        let mut found = self.touched[*first].clone();
        let joined: String = content.iter().map(|i| self.tokens[*i].lemma.as_str()).collect();
        let initials: String = span.iter().filter_map(|t| t.lower.chars().next()).collect();
        for key in [&joined, &initials, &span[0].lower] {
            found.extend(self.joined.get(key.as_str()).into_iter().flatten());
        }
        if joined.len() > 6 && content.len() > 1 {
            let longer = self.joined.iter().filter(|(k, _)| k.starts_with(&joined));
            found.extend(longer.flat_map(|(_, n)| n.iter().copied()));
        }
        found.sort_unstable();
        found.dedup();
        let (mut tables, mut columns) = (Vec::new(), Vec::new());
        for named in found {
            match named {
                Named::Table(t) => tables.push((t, self.table(t, content, span))),
                Named::Column(id) => columns.push((id, self.column(id, content, span))),
            }
        }
        (tables, columns)
    }

    /// How well content words of a span cover a name: all of them must belong to it. `core` words count, `extra` may occur.
    fn cover(&self, span: &[usize], core: &[Word], extra: &[Word]) -> f64 {
        let mut taken = vec![false; core.len()];
        let mut quality = 0.0;
        let mut hits = 0;
        for &token in span {
            let best = (0..core.len())
                .filter(|i| !taken[*i])
                .map(|i| (self.score(token, &core[i]), i))
                .max_by(|a, b| a.0.total_cmp(&b.0));
            match best {
                Some((score, i)) if score > 0.0 => {
                    taken[i] = true;
                    quality += score;
                    hits += 1;
                }
                _ if extra.iter().any(|w| self.score(token, w) >= 0.75) => {}
                _ => return 0.0,
            }
        }
        if hits == 0 {
            return 0.0;
        }
        let quality = quality / f64::from(hits);
        let head = taken.last().copied().unwrap_or(false);
        let share = f64::from(hits) / core.len() as f64;
        let generic = |w: &Word| matches!(w.lemma.as_str(), "name" | "title");
        let named = (0..core.len()).all(|i| taken[i] || generic(&core[i]));
        let cover = if share >= 1.0 {
            1.0
        } else if named
            && core.iter().any(|w| !generic(w))
            && !core.iter().any(|w| matches!(w.lemma.as_str(), "first" | "last" | "full"))
        {
            0.88
        } else {
            0.35 + 0.4 * share + if head { 0.1 } else { 0.0 }
        };
        quality * cover
    }

    /// `highschooler` for `high schooler`, `mpg` for `miles per gallon`.
    fn glued(&self, span: &[usize], all: &[Token], words: &[Word]) -> f64 {
        if let ([token], true) = (span, words.len() > 1) {
            let token = &self.tokens[*token];
            let joined: String = words.iter().map(|w| w.lemma.as_str()).collect();
            return if joined == token.lemma || joined == token.lower { 1.0 } else { 0.0 };
        }
        let [word] = words else { return 0.0 };
        if span.len() < 2 {
            return 0.0;
        }
        let joined: String = span.iter().map(|i| self.tokens[*i].lemma.as_str()).collect();
        if joined == word.lemma || (joined.len() > 6 && word.lemma.starts_with(&joined)) {
            return 1.0;
        }
        let initials: String = all.iter().filter_map(|t| t.lower.chars().next()).collect();
        if all.len() >= 3 && initials == word.lemma { 1.0 } else { 0.0 }
    }

    fn table(&self, t: usize, span: &[usize], all: &[Token]) -> f64 {
        let info = &self.schema.tables[t];
        // `courses offered` is no name of a table of course offerings
        let verb = |i: &usize| {
            self.tokens[*i].lower.ends_with("ed")
                && !info.words.iter().any(|w| w.lemma == self.tokens[*i].lower)
        };
        if span.len() > 1 && span.iter().any(verb) {
            return 0.0;
        }
        let own = self.cover(span, &info.words, &[]).max(self.glued(span, all, &info.words));
        info.aliases.iter().map(|a| 0.85 * self.cover(span, a, &info.words)).fold(own, f64::max)
    }

    fn column(&self, id: Cid, span: &[usize], all: &[Token]) -> f64 {
        let column = self.schema.col(id);
        if self.only_counts(span, all, &column.words) {
            return 0.0;
        }
        let table = &column.table_words;
        let mut own = self.cover(span, &column.words, table).max(self.glued(span, all, &column.words));
        if !column.table_words.is_empty() && span.len() > 1 && own >= 0.99 {
            own += 0.02;
        }
        column
            .aliases
            .iter()
            .map(|a| {
                0.95 * self.whole(span.len(), a.len(), id.t)
                    * self.cover(span, a, &self.schema.tables[id.t].words)
            })
            .fold(own, f64::max)
    }

    /// `car id` fits the key of `cars` better than that of `car_makers`.
    fn whole(&self, said: usize, alias: usize, t: usize) -> f64 {
        let extra = said.saturating_sub(alias) as f64;
        let table = self.schema.tables[t].words.len().max(1) as f64;
        if extra == 0.0 { 1.0 } else { 0.8 + 0.2 * (extra / table).min(1.0) }
    }

    /// `number of X` names a column only when X is part of the column's own name.
    fn only_counts(&self, span: &[usize], all: &[Token], core: &[Word]) -> bool {
        let of = all.iter().any(|t| t.lower == "of");
        let counting = span.first().is_some_and(|i| {
            matches!(self.tokens[*i].lemma.as_str(), "number" | "count" | "total" | "amount")
        });
        of && counting && !span.iter().skip(1).any(|i| core.iter().any(|w| self.score(*i, w) > 0.0))
    }
}

fn join(words: &[Word]) -> String {
    words.iter().map(|w| w.lemma.as_str()).collect()
}

/// How alike a word of the question and a word of a name are, 0 to 1.
fn alike(token: &Token, word: &Word) -> f64 {
    if token.lemma == word.lemma || token.lower == word.lemma {
        return 1.0;
    }
    let (t, w) = (token.lemma.as_str(), word.lemma.as_str());
    if token.stem.len() > 2 && token.stem == word.stem {
        return 0.9;
    }
    if words::synonymous(t, &token.stem, w, &word.stem) {
        return 0.8;
    }
    let prefix = w.len() >= 3 && t.len() > w.len() + 1 && t.starts_with(w) && !is_derived(t, w);
    if prefix && w != "id" {
        return if w.len() >= 4 { 0.75 } else { 0.6 };
    }
    if t.len() >= 6 && w.len() >= 5 && t.as_bytes()[0] == w.as_bytes()[0] && one_edit(t, w) {
        return 0.8;
    }
    0.0
}

fn is_derived(long: &str, short: &str) -> bool {
    matches!(&long[short.len()..], "er" | "or" | "ing" | "ed" | "est") && short.len() < 4
}
