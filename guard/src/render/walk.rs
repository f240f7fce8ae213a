//! SEARCH and CYCLE as text.

use super::Writer;
use crate::tree::{Cycle, Ident, Search, Walk};

impl Writer {
    pub(super) fn walk(&mut self, walk: &Walk) {
        let Walk { search, cycle } = walk;
        if let Some(Search { breadth, by, column }) = search {
            self.text(if *breadth { " SEARCH BREADTH FIRST BY " } else { " SEARCH DEPTH FIRST BY " });
            self.list(by, Writer::ident);
            self.set(column);
        }
        if let Some(Cycle { by, mark, values, path }) = cycle {
            self.text(" CYCLE ");
            self.list(by, Writer::ident);
            self.set(mark);
            if let Some((marked, other)) = values {
                self.text(" TO ");
                self.expr(marked);
                self.text(" DEFAULT ");
                self.expr(other);
            }
            self.text(" USING ");
            self.ident(path);
        }
    }

    fn set(&mut self, column: &Ident) {
        self.text(" SET ");
        self.ident(column);
    }
}
