//! Words of the question that nothing took, or that were read as something of which nothing was made.

use super::super::frame::{Filter, What};
use super::super::link::Item;
use super::super::schema::Cid;
use super::super::text::stem;
use super::super::words;
use super::Parser;

impl Parser<'_, '_> {
    /// Content words that nothing took.
    pub(crate) fn unread(&self) -> Vec<String> {
        let fresh = |(i, item): (usize, &Item)| {
            let content =
                item.mark.is_none() && !self.read[i] && !words::is_stop(&item.lemma) && !is_verb(&item.lemma);
            content.then(|| item.lower.clone())
        };
        let mut words: Vec<String> = self.items.iter().enumerate().filter_map(fresh).collect();
        for word in self.dropped() {
            if !words.contains(&word) {
                words.push(word);
            }
        }
        words
    }

    /// Words that were read as a column of which nothing was made.
    fn dropped(&self) -> Vec<String> {
        let shown = |col: Cid| {
            let is = |w: What| matches!(w, What::Col(c) if c == col) || w == What::Star(col.t);
            let conds = |f: &Filter| match f {
                Filter::Cond(c) => c.col == col,
                Filter::Related(r) => r.tables.contains(&col.t) || r.conds.iter().any(|c| c.0.col.t == col.t),
                Filter::Having(h) => is(h.what) || h.what == What::Rows(col.t),
            };
            self.frame.select.iter().any(|s| is(s.what))
                || self.frame.order.iter().any(|o| is(o.what))
                || self.frame.groups.iter().any(|g| is(*g))
                || self.frame.filters.iter().any(|f| conds(&f.0))
        };
        let verb = |i: &Item| i.lower.ends_with("ed") || i.lemma != i.lower || is_verb(&i.lemma);
        self.idle
            .iter()
            .filter(|(i, col)| !shown(*col) && !verb(&self.items[*i]) && self.items[*i].table_score() < 0.6)
            .map(|(i, _)| self.items[*i].lower.clone())
            .collect()
    }
}

/// Verbs that only tie an entity to its attributes.
fn is_verb(lemma: &str) -> bool {
    const VERBS: &[&str] = &[
        "use",
        "make",
        "own",
        "owned",
        "live",
        "work",
        "produce",
        "produced",
        "come",
        "receive",
        "received",
        "perform",
        "performed",
        "play",
        "hire",
        "named",
        "name",
        "called",
        "located",
        "include",
        "contain",
        "take",
        "go",
        "run",
        "hold",
        "belong",
        "raise",
        "used",
        "using",
        "say",
        "get",
        "help",
        "provide",
        "describe",
        "stand",
        "note",
        "term",
        "based",
        "grouped",
        "group",
        "associated",
        "related",
        "year",
        "people",
        "person",
        "currently",
        "earn",
        "weigh",
        "correspond",
        "substring",
    ];
    let form = stem(lemma);
    VERBS.contains(&lemma) || (lemma.ends_with("ing") && VERBS.iter().any(|v| stem(v) == form))
}
