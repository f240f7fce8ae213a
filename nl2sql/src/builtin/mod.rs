//! The built-in translator: from a question to syntax trees without any model. It links words to the catalog, reads
//! phrases into a frame, and builds the tree over foreign keys; it never writes SQL text itself.

mod audit;
mod build;
mod compare;
mod degrees;
mod describe;
mod followup;
mod frame;
mod join;
mod link;
mod names;
mod notes;
mod parse;
mod period;
mod plan;
mod references;
mod schema;
mod scope;
mod sql;
mod synonyms;
mod text;
mod values;
mod words;

use std::collections::HashSet;

use crate::types::{Ask, Candidate, NoAnswer, Source};
use link::Item;
use parse::Parser;
use schema::{Cid, Schema};

/// Most candidates that are returned.
const MAX_CANDIDATES: usize = 5;

/// Translates a question; the best reading first.
///
/// # Errors
/// [`NoAnswer::NotLinked`] when no word of the question names anything in the catalog.
pub fn translate(ask: &Ask<'_>) -> Result<Vec<Candidate>, NoAnswer> {
    let asked = followup::resolve(ask.question, ask.history);
    let tokens = text::tokenize(asked.as_ref().map_or(ask.question, |a| a.question.as_str()));
    let schema = Schema::new(ask);
    let items = link::link(&schema, &tokens);
    let linked = items.iter().any(|i| i.table_score().max(i.col_score()).max(i.val_score()) >= 0.5);
    if !linked {
        let words: Vec<&str> = tokens
            .iter()
            .filter(|t| !matches!(t.kind, text::Kind::Mark(_)) && !words::is_stop(&t.lemma))
            .map(|t| t.text.as_str())
            .take(12)
            .collect();
        if words.is_empty() {
            return Err(NoAnswer::NotLinked("it names nothing that could be stored".to_owned()));
        }
        return Err(NoAnswer::NotLinked(words.join(", ")));
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut first = Parser::read(&schema, &items, None, ask.today);
    if asked.as_ref().is_some_and(|a| a.count) {
        first.count_rows();
        push(&schema, &items, &first, 1.0, ask, &mut candidates);
        tell(&mut candidates, asked.as_ref());
        return if candidates.is_empty() {
            Err(NoAnswer::NotLinked(unconnected(&schema, &first)))
        } else {
            Ok(candidates)
        };
    }
    let mut bans: Vec<(usize, Cid)> = close_choices(&first);
    push(&schema, &items, &first, 1.0, ask, &mut candidates);
    bans.truncate(MAX_CANDIDATES * 2);
    for (i, ban) in bans.into_iter().enumerate() {
        if candidates.len() >= MAX_CANDIDATES {
            break;
        }
        let other = Parser::read(&schema, &items, Some(ban), ask.today);
        push(&schema, &items, &other, 0.8 - 0.05 * i as f64, ask, &mut candidates);
    }
    if candidates.is_empty() {
        return Err(NoAnswer::NotLinked(unconnected(&schema, &first)));
    }
    tell(&mut candidates, asked.as_ref());
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    Ok(candidates)
}

/// Says how a follow-up was read.
fn tell(candidates: &mut [Candidate], asked: Option<&followup::Asked>) {
    let Some(asked) = asked else { return };
    let lead = if asked.count { "The number of rows of" } else { "Read together with what was asked before" };
    for candidate in candidates {
        candidate.notes.insert(0, format!("{lead}: {}", asked.question));
    }
}

/// The tables that a reading needs though no reference connects them.
fn unconnected(schema: &Schema<'_>, parser: &Parser<'_, '_>) -> String {
    let names: Vec<&str> =
        parser.tables().into_iter().map(|t| schema.tables[t].table.name.as_str()).collect();
    format!("no reference connects {}", names.join(", "))
}

/// Choices with a close second, closest first.
fn close_choices(parser: &Parser<'_, '_>) -> Vec<(usize, Cid)> {
    let mut close: Vec<_> = parser.choices.iter().filter(|c| c.margin < 0.35).collect();
    close.sort_by(|a, b| a.margin.total_cmp(&b.margin));
    let mut seen = HashSet::new();
    close.into_iter().map(|c| (c.item, c.col)).filter(|c| seen.insert(*c)).collect()
}

fn push(
    schema: &Schema<'_>,
    items: &[Item],
    parser: &Parser<'_, '_>,
    weight: f64,
    ask: &Ask<'_>,
    out: &mut Vec<Candidate>,
) {
    if parser.frame.select.is_empty() {
        return;
    }
    let prefer = named_edges(schema, items);
    let Some(tree) = build::Builder::build(schema, &parser.frame, prefer) else { return };
    if out.iter().any(|c| c.tree.as_ref() == Some(&tree)) {
        return;
    }
    let mut unread = parser.unread();
    let asked = audit::missing(schema, items, &parser.frame);
    let mut notes = notes::notes(schema, &parser.frame);
    if !asked.is_empty() {
        notes.push(format!("Had no effect, so this may not be what was asked: {}.", asked.join(", ")));
    }
    let operators = asked.len();
    unread.extend(asked.into_iter().filter(|w| parser.unread().iter().all(|u| u != w)));
    let links: Vec<f64> = items
        .iter()
        .map(|i| i.table_score().max(i.col_score()).max(i.val_score()))
        .filter(|s| *s > 0.0)
        .collect();
    let quality = links.iter().sum::<f64>() / links.len().max(1) as f64;
    let score = (weight
        * quality
        * 0.85_f64.powi(unread.len().min(20) as i32)
        * 0.6_f64.powi(operators.min(6) as i32))
    .clamp(0.0, 1.0);
    let sql = render(&tree, ask);
    out.push(Candidate { sql, tree: Some(tree), source: Source::Builtin, notes, unread, score });
}

fn render(tree: &guard::tree::Query, ask: &Ask<'_>) -> String {
    guard::render(tree, ask.catalog.engine())
}

/// References whose column the question names in so many words (`liked` for `liked_id`).
fn named_edges(schema: &Schema<'_>, items: &[Item]) -> HashSet<usize> {
    let mut named = HashSet::new();
    for (i, edge) in schema.edges.iter().enumerate() {
        let [(from, _)] = edge.pairs[..] else { continue };
        let column = schema.tables[edge.from].columns[from].column;
        let table = schema.tables[edge.from].table.name.to_lowercase();
        let parts: Vec<String> =
            column.name.split('_').map(str::to_lowercase).filter(|p| p.len() > 3 && *p != table).collect();
        if items.iter().any(|item| item.lower.split(' ').any(|w| parts.iter().any(|p| p == w))) {
            named.insert(i);
        }
    }
    named
}
