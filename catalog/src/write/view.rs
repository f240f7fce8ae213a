//! Views: as they are for the same engine, as their shape for another; each after those that it names.

use super::Writer;
use super::is_view;
use super::names::quoted;
use super::types::Use;
use crate::{Engine, Snapshot, Table, TableKind};

/// Views that are sorted; more come as they stand.
const MOST: usize = 2_000;

/// The views, those that others name first.
pub(super) fn ordered(snapshot: &Snapshot) -> Vec<&Table> {
    let mut open: Vec<&Table> = snapshot.tables.iter().filter(|t| is_view(t)).collect();
    let mut sorted = Vec::with_capacity(open.len());
    if open.len() > MOST {
        return open;
    }
    while !open.is_empty() {
        let names = |view: &Table, other: &Table| {
            let text = view.view_text.as_deref().unwrap_or_default().to_lowercase();
            view.full_name() != other.full_name() && text.contains(&other.name.to_lowercase())
        };
        let (ready, waiting): (Vec<&Table>, Vec<&Table>) =
            open.iter().partition(|view| !open.iter().any(|other| names(view, other)));
        // views that name each other, or seem to, come as they stand
        if ready.is_empty() {
            sorted.extend(waiting);
            break;
        }
        sorted.extend(ready);
        open = waiting;
    }
    sorted
}

impl Writer<'_> {
    pub(super) fn view(&mut self, view: &Table) {
        let query = match view.view_text.as_deref().filter(|_| self.same()) {
            Some(text) => text.trim().trim_end_matches(';').to_owned(),
            None => {
                self.note(format!(
                    "{}: written as a view without rows, with the same columns",
                    view.full_name()
                ));
                self.shape(view)
            }
        };
        let whole = query.get(..6).is_some_and(|w| w.eq_ignore_ascii_case("create"));
        let kind = match (view.kind, self.engine) {
            (TableKind::MaterializedView, Engine::Postgres) => "MATERIALIZED VIEW",
            _ => "VIEW",
        };
        let statement =
            if whole { query } else { format!("CREATE {kind} {} AS {query}", self.names.table(view)) };
        if self.engine == Engine::Mssql {
            self.written.sql.push_str(&format!("GO\n{statement}\nGO\n"));
            return;
        }
        self.say(&statement);
    }

    fn shape(&self, view: &Table) -> String {
        let column = |c: &crate::Column| {
            format!("CAST(NULL AS {}) AS {}", self.column_type(c, Use::Cast), quoted(self.engine, &c.name))
        };
        let columns: Vec<String> = view.columns.iter().map(column).collect();
        format!(
            "SELECT {}",
            if columns.is_empty() { "NULL AS nothing".to_owned() } else { columns.join(", ") }
        )
    }
}
