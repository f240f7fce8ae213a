//! Chooses among tables and columns that a word may mean, by what stands around it and how near tables are.

use super::super::frame::What;
use super::super::join;
use super::super::schema::Cid;
use super::{Choice, Parser};

impl Parser<'_, '_> {
    /// The table an item means, if it means one rather than a column.
    pub(super) fn table_of(&self, at: usize, least: f64) -> Option<usize> {
        let item = self.items.get(at)?;
        let score = item.table_score();
        if score < least || score + 0.05 < item.col_score() || item.quoted {
            return None;
        }
        self.choose_table(at)
    }

    /// Among equally good tables the one nearest to what was named already.
    pub(super) fn choose_table(&self, at: usize) -> Option<usize> {
        let item = self.items.get(at)?;
        let top = item.table_score();
        let rate = |t: usize, score: f64| {
            let subject = if self.frame.subject == Some(t) { 0.1 } else { 0.0 };
            score + subject - 0.001 * t as f64
        };
        let best = item
            .tables
            .iter()
            .filter(|t| t.1 + 0.15 > top)
            .max_by(|a, b| rate(a.0, a.1).total_cmp(&rate(b.0, b.1)));
        best.map(|t| t.0)
    }

    pub(super) fn distance(&mut self, from: usize, to: usize) -> f64 {
        let schema = self.schema;
        let map = self.near.entry(from).or_insert_with(|| join::distances(schema, from));
        map.get(&to).copied().unwrap_or(6.0)
    }

    /// How much farther away counts against a column; what cannot be joined counts most.
    pub(super) fn remoteness(&mut self, from: usize, to: usize) -> f64 {
        let distance = self.distance(from, to);
        if distance >= 6.0 { 1.0 } else { 0.06 * distance }
    }

    /// The column an item means, given the table it seems to belong to.
    pub(super) fn pick(&mut self, at: usize, hint: Option<usize>) -> Option<Cid> {
        let alternatives: Vec<(Cid, f64)> = self.items.get(at)?.cols.clone();
        self.choose(at, &alternatives, hint)
    }

    pub(super) fn choose(
        &mut self,
        at: usize,
        alternatives: &[(Cid, f64)],
        hint: Option<usize>,
    ) -> Option<Cid> {
        let owned = hint.is_some();
        let hint = hint.or(self.frame.subject).or_else(|| self.first_named());
        let asks_key = self.items.get(at).is_some_and(|i| {
            i.lower.split(' ').any(|w| matches!(w, "id" | "ids" | "code" | "codes" | "number" | "numbers"))
        });
        let mut rated: Vec<(f64, Cid)> = Vec::new();
        for &(col, score) in alternatives {
            if self.banned == Some((at, col)) {
                continue;
            }
            let mut total = score;
            if let Some(hint) = hint {
                let strength = if owned { 0.5 } else { 0.3 };
                total += if hint == col.t { strength } else { -self.remoteness(hint, col.t) };
            }
            if self.named.contains_key(&col.t) {
                total += 0.15;
            }
            let info = self.schema.col(col);
            if info.key && !asks_key {
                total -= 0.12;
            }
            if asks_key && self.schema.tables[col.t].pk == Some(col.c) {
                total += 0.05;
            }
            rated.push((total, col));
        }
        rated.sort_by(|a, b| b.0.total_cmp(&a.0));
        let first = rated.first()?;
        let margin = rated.get(1).map_or(1.0, |s| first.0 - s.0);
        self.choices.push(Choice { item: at, col: first.1, margin });
        Some(first.1)
    }

    pub(super) fn first_named(&self) -> Option<usize> {
        let from = self.at.min(self.items.len());
        (from..self.items.len()).chain(0..from).find_map(|i| self.table_of(i, 0.6))
    }

    /// The table a column at `at` belongs to, by the words around it.
    pub(super) fn owner(&self, at: usize) -> Option<usize> {
        if let Some(t) = at.checked_sub(1).and_then(|p| self.owner_table(p)) {
            return Some(t);
        }
        let mut linked = false;
        for j in at + 1..(at + 12).min(self.items.len()) {
            let item = &self.items[j];
            if let (true, Some(t)) = (linked, self.owner_table(j)) {
                return Some(t);
            }
            // `id and names of the countries`: the next attribute says whose
            let whole = item.end > item.start + 1
                && item
                    .cols
                    .first()
                    .is_some_and(|c| c.1 > 1.0 && !self.schema.col(c.0).table_words.is_empty());
            if whole && j <= at + 3 {
                return item.cols.first().map(|c| c.0.t);
            }
            if self.is(j, &["of", "for", "from", "in", "on", "that", "which", "whose", "who", "do", "be"]) {
                linked = true;
                continue;
            }
            let ends = item.mark.is_some_and(|m| m != ',')
                || self.is(j, &["where", "when", "with", "order", "sort", "have"]);
            if ends {
                break;
            }
        }
        None
    }

    /// The table an owner's name means; a column of the same name may fit as well.
    pub(super) fn owner_table(&self, at: usize) -> Option<usize> {
        let item = self.items.get(at)?;
        if item.quoted || item.table_score() < 0.55 {
            return None;
        }
        let key_like = item.table_score() < 0.75
            && item
                .lower
                .split(' ')
                .any(|w| matches!(w, "id" | "ids" | "code" | "name" | "names" | "type" | "number"));
        if key_like { None } else { self.choose_table(at) }
    }

    /// The table in question: the subject, or that of what is shown, or the last one named.
    pub(super) fn focus(&self) -> Option<usize> {
        let mut shown = self.frame.select.iter().map(|s| match s.what {
            What::Col(c) => c.t,
            What::Rows(t) | What::Naming(t) | What::Star(t) => t,
        });
        self.frame
            .subject
            .or(shown.next_back())
            .or_else(|| self.nearest_table(self.at))
            .or_else(|| self.first_named())
    }
}
