//! Links spans of the question to tables, columns and stored values; what is left are words of the language.

use super::schema::{Cid, Schema, Word};
use super::text::{Kind, Token, one_edit};
use super::values::{self, Hit};
use super::words;

/// A span of the question with all that it may mean.
#[derive(Debug, Clone, Default)]
pub(crate) struct Item {
    /// First token.
    pub start: usize,
    /// One past the last token.
    pub end: usize,
    /// As written.
    pub text: String,
    /// In lower case.
    pub lower: String,
    /// Lemma (of the last word).
    pub lemma: String,
    /// Tables, best first.
    pub tables: Vec<(usize, f64)>,
    /// Columns, best first.
    pub cols: Vec<(Cid, f64)>,
    /// Stored values.
    pub vals: Vec<Hit>,
    /// A number.
    pub number: Option<f64>,
    /// Stood in quotes.
    pub quoted: bool,
    /// A mark.
    pub mark: Option<char>,
    /// Followed by `'s`.
    pub possessive: bool,
}

impl Item {
    /// Score of the best table.
    pub(crate) fn table_score(&self) -> f64 {
        self.tables.first().map_or(0.0, |t| t.1)
    }

    /// Score of the best column.
    pub(crate) fn col_score(&self) -> f64 {
        self.cols.iter().map(|c| c.1).fold(0.0, f64::max)
    }

    /// Score of the best value.
    pub(crate) fn val_score(&self) -> f64 {
        self.vals.iter().map(|v| v.score).fold(0.0, f64::max)
    }
}

const MAX_SPAN: usize = 5;

/// How alike a word of the question and a word of a name are, 0 to 1.
pub(crate) fn alike(token: &Token, word: &Word) -> f64 {
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

/// How well content words of a span cover a name: all of them must belong to it. `core` words count, `extra` may occur.
fn cover(span: &[&Token], core: &[Word], extra: &[Word]) -> f64 {
    let mut taken = vec![false; core.len()];
    let mut quality = 0.0;
    let mut hits = 0;
    for token in span {
        let best = (0..core.len()).filter(|i| !taken[*i]).map(|i| (alike(token, &core[i]), i)).max_by(|a, b| a.0.total_cmp(&b.0));
        match best {
            Some((score, i)) if score > 0.0 => {
                taken[i] = true;
                quality += score;
                hits += 1;
            }
            _ if extra.iter().any(|w| alike(token, w) >= 0.75) => {}
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
    } else if named && core.iter().any(|w| !generic(w)) && !core.iter().any(|w| matches!(w.lemma.as_str(), "first" | "last" | "full")) {
        0.88
    } else { 0.35 + 0.4 * share + if head { 0.1 } else { 0.0 } };
    quality * cover
}

/// `highschooler` for `high schooler`, `mpg` for `miles per gallon`.
fn glued(span: &[&Token], all: &[Token], words: &[Word]) -> f64 {
    if let ([token], true) = (span, words.len() > 1) {
        let joined: String = words.iter().map(|w| w.lemma.as_str()).collect();
        return if joined == token.lemma || joined == token.lower { 1.0 } else { 0.0 };
    }
    let [word] = words else { return 0.0 };
    if span.len() < 2 {
        return 0.0;
    }
    let joined: String = span.iter().map(|t| t.lemma.as_str()).collect();
    if joined == word.lemma || (joined.len() > 6 && word.lemma.starts_with(&joined)) {
        return 1.0;
    }
    let initials: String = all.iter().filter_map(|t| t.lower.chars().next()).collect();
    if all.len() >= 3 && initials == word.lemma { 1.0 } else { 0.0 }
}

fn table_score(schema: &Schema<'_>, t: usize, span: &[&Token], all: &[Token]) -> f64 {
    let info = &schema.tables[t];
    // `courses offered` is no name of a table of course offerings
    let verb = |t: &&Token| t.lower.ends_with("ed") && !info.words.iter().any(|w| w.lemma == t.lower);
    if span.len() > 1 && span.iter().any(verb) {
        return 0.0;
    }
    let own = cover(span, &info.words, &[]).max(glued(span, all, &info.words));
    info.aliases.iter().map(|a| 0.85 * cover(span, a, &info.words)).fold(own, f64::max)
}

fn column_score(schema: &Schema<'_>, id: Cid, span: &[&Token], all: &[Token]) -> f64 {
    let column = schema.col(id);
    if only_counts(span, all, &column.words) {
        return 0.0;
    }
    let table = &column.table_words;
    let mut own = cover(span, &column.words, table).max(glued(span, all, &column.words));
    if !column.table_words.is_empty() && span.len() > 1 && own >= 0.99 {
        own += 0.02;
    }
    column.aliases.iter().map(|a| 0.95 * cover(span, a, &schema.tables[id.t].words)).fold(own, f64::max)
}

/// `number of X` names a column only when X is part of the column's own name.
fn only_counts(span: &[&Token], all: &[Token], core: &[Word]) -> bool {
    let of = all.iter().any(|t| t.lower == "of");
    let counting = span.first().is_some_and(|t| matches!(t.lemma.as_str(), "number" | "count" | "total" | "amount"));
    of && counting && !span.iter().skip(1).any(|t| core.iter().any(|w| alike(t, w) > 0.0))
}

/// Links the tokens: a segmentation of highest total weight.
pub(crate) fn link(schema: &Schema<'_>, tokens: &[Token]) -> Vec<Item> {
    let hits = values::find(schema, tokens);
    let mut best: Vec<(f64, Option<Item>)> = vec![(0.0, None); tokens.len() + 1];
    for end in 1..=tokens.len() {
        best[end] = (best[end - 1].0, Some(plain(tokens, end - 1)));
        for start in end.saturating_sub(12)..end {
            let Some((weight, item)) = span_item(schema, tokens, start, end, &hits) else { continue };
            let total = best[start].0 + weight;
            if total > best[end].0 + 1e-9 {
                best[end] = (total, Some(item));
            }
        }
    }
    let mut items = Vec::new();
    let mut at = tokens.len();
    while at > 0 {
        let Some(item) = best[at].1.take() else { break };
        at = item.start;
        items.push(item);
    }
    items.reverse();
    items
}

fn plain(tokens: &[Token], at: usize) -> Item {
    let token = &tokens[at];
    let mut item = Item {
        start: at,
        end: at + 1,
        text: token.text.clone(),
        lower: token.lower.clone(),
        lemma: token.lemma.clone(),
        possessive: token.possessive,
        ..Item::default()
    };
    match token.kind {
        Kind::Number(n) => item.number = Some(n),
        Kind::Mark(c) => item.mark = Some(c),
        Kind::Quoted => item.quoted = true,
        Kind::Word => {}
    }
    item
}

fn span_item(schema: &Schema<'_>, tokens: &[Token], start: usize, end: usize, hits: &[Hit]) -> Option<(f64, Item)> {
    let span = &tokens[start..end];
    let mut item = plain(tokens, end - 1);
    item.start = start;
    item.number = item.number.filter(|_| end == start + 1);
    item.lower = span.iter().map(|t| t.lower.as_str()).collect::<Vec<_>>().join(" ");
    item.quoted = end == start + 1 && span[0].kind == Kind::Quoted;
    item.vals = hits.iter().filter(|h| h.start == start && h.end == end).cloned().collect();
    let mut weight = 0.0_f64;
    let mut size = end - start;
    if size <= MAX_SPAN && !item.quoted && span.iter().all(|t| t.kind == Kind::Word) {
        let content: Vec<&Token> = span.iter().filter(|t| !words::is_stop_form(&t.lower, &t.lemma) || named_word(&t.lemma)).collect();
        let ends_well = [&span[0], &span[span.len() - 1]].iter().all(|t| content.iter().any(|c| std::ptr::eq::<Token>(*c, *t)));
        let real = content.iter().any(|t| !words::is_stop_form(&t.lower, &t.lemma)) && !breaks(span);
        if ends_well && real {
            link_names(schema, &content, span, &mut item);
            let best = item.table_score().max(item.col_score());
            weight = if best > 0.0 { best * best * (content.len() as f64).powf(1.25) + 0.02 * (size - content.len()) as f64 } else { 0.0 };
            size = content.len();
        }
    }
    let value = item.val_score();
    if value > 0.0 {
        let length = if item.quoted { 6.0 } else { size as f64 };
        weight = weight.max(value * value * length.powf(1.3));
    }
    (weight > 0.0).then_some((weight, item))
}

/// Words of the language that are also parts of names (`number of products`, `first name`).
fn named_word(lemma: &str) -> bool {
    matches!(lemma, "number" | "count" | "total" | "average" | "first" | "last" | "order" | "detail" | "from" | "by" | "maximum" | "minimum" | "top" | "value" | "show")
}

/// Spans do not run over words that separate parts of a question.
fn breaks(span: &[Token]) -> bool {
    let glue = ["of", "the", "a", "per", "s", "in", "for"];
    let inner = span.iter().enumerate().any(|(i, t)| {
        i > 0 && i + 1 < span.len() && words::is_stop(&t.lemma) && !glue.contains(&t.lower.as_str()) && !named_word(&t.lemma)
    });
    inner || span.iter().take(span.len() - 1).any(|t| t.possessive)
}

fn link_names(schema: &Schema<'_>, content: &[&Token], span: &[Token], item: &mut Item) {
    for t in 0..schema.tables.len() {
        let score = table_score(schema, t, content, span);
        if score > 0.3 {
            item.tables.push((t, score));
        }
        for c in 0..schema.tables[t].columns.len() {
            let id = Cid { t, c };
            let score = column_score(schema, id, content, span);
            if score > 0.3 {
                item.cols.push((id, score));
            }
        }
    }
    item.tables.sort_by(|a, b| b.1.total_cmp(&a.1));
    item.cols.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (best_table, best_col) = (item.table_score(), item.col_score());
    item.tables.retain(|t| t.1 > best_table - 0.3);
    item.tables.truncate(12);
    item.cols.retain(|c| c.1 > best_col - 0.4);
    item.cols.truncate(40);
}
