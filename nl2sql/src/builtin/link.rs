//! Links spans of the question to tables, columns and stored values; what is left are words of the language.

use super::names::Names;
use super::schema::{Cid, Schema};
use super::text::{Kind, Token};
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

/// Links the tokens: a segmentation of highest total weight.
pub(crate) fn link(schema: &Schema<'_>, tokens: &[Token]) -> Vec<Item> {
    let hits = values::find(schema, tokens);
    let names = Names::new(schema, tokens);
    let mut best: Vec<(f64, Option<Item>)> = vec![(0.0, None); tokens.len() + 1];
    for end in 1..=tokens.len() {
        best[end] = (best[end - 1].0, Some(plain(tokens, end - 1)));
        for start in end.saturating_sub(12)..end {
            let Some((weight, item)) = span_item(&names, tokens, start, end, &hits) else { continue };
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

fn span_item(
    names: &Names<'_, '_>,
    tokens: &[Token],
    start: usize,
    end: usize,
    hits: &[Hit],
) -> Option<(f64, Item)> {
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
        let meant = |t: &Token| !words::is_stop_form(&t.lower, &t.lemma) || named_word(&t.lemma);
        let content: Vec<usize> = (start..end).filter(|i| meant(&tokens[*i])).collect();
        let ends_well = meant(&span[0]) && meant(&span[span.len() - 1]);
        let noun = noun_at(tokens, start);
        let real = span.iter().any(|t| !words::is_stop_form(&t.lower, &t.lemma)) && !breaks(span);
        let total = size == 1 && span[0].lower == "total";
        if ends_well && (real || noun || total) {
            link_names(names, &content, span, &mut item);
            if total {
                item.tables.clear();
                item.cols.retain(|c| c.1 >= 0.99);
            }
            if span.iter().any(|t| t.lower == "per") {
                // `orders per status` is no table of order statuses
                item.tables.clear();
                item.cols.retain(|c| c.1 >= 0.99);
            }
            let best = item.table_score().max(item.col_score());
            weight = if best > 0.0 {
                best * best * (content.len() as f64).powf(1.25) + 0.02 * (size - content.len()) as f64
            } else {
                0.0
            };
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

/// Whether a word that mostly gives an instruction stands as a noun here: `an order`, `the average order total`.
fn noun_at(tokens: &[Token], at: usize) -> bool {
    const BEFORE: &[&str] = &[
        "a", "an", "the", "each", "every", "per", "any", "no", "one", "average", "mean", "total", "largest",
        "smallest", "biggest", "highest", "lowest", "last", "first", "latest", "recent", "single", "placed",
        "this", "that",
    ];
    if !matches!(tokens[at].lower.as_str(), "order" | "report" | "share") {
        return false;
    }
    let before = |n: usize| at.checked_sub(n).map_or("", |p| tokens[p].lower.as_str());
    let after = tokens.get(at + 1).map_or("", |t| t.lower.as_str());
    let counted = at.checked_sub(1).is_some_and(|p| matches!(tokens[p].kind, Kind::Number(_)));
    (counted || BEFORE.contains(&before(1))) && before(2) != "in" && !matches!(after, "by" | "to")
}

/// Words of the language that are also parts of names (`number of products`, `first name`).
fn named_word(lemma: &str) -> bool {
    matches!(
        lemma,
        "number"
            | "count"
            | "total"
            | "average"
            | "first"
            | "last"
            | "order"
            | "detail"
            | "from"
            | "by"
            | "maximum"
            | "minimum"
            | "top"
            | "value"
            | "show"
    )
}

/// Spans do not run over words that separate parts of a question.
fn breaks(span: &[Token]) -> bool {
    let glue = ["of", "the", "a", "per", "s", "in", "for"];
    let inner = span.iter().enumerate().any(|(i, t)| {
        i > 0
            && i + 1 < span.len()
            && words::is_stop(&t.lemma)
            && !glue.contains(&t.lower.as_str())
            && !named_word(&t.lemma)
    });
    inner || span.iter().take(span.len() - 1).any(|t| t.possessive)
}

fn link_names(names: &Names<'_, '_>, content: &[usize], span: &[Token], item: &mut Item) {
    let (tables, columns) = names.of(content, span);
    item.tables = tables.into_iter().filter(|t| t.1 > 0.3).collect();
    item.cols = columns.into_iter().filter(|c| c.1 > 0.3).collect();
    item.tables.sort_by(|a, b| b.1.total_cmp(&a.1));
    item.cols.sort_by(|a, b| b.1.total_cmp(&a.1));
    let (best_table, best_col) = (item.table_score(), item.col_score());
    item.tables.retain(|t| t.1 > best_table - 0.3);
    item.tables.truncate(12);
    item.cols.retain(|c| c.1 > best_col - 0.4);
    item.cols.truncate(40);
}
