//! Dotted fields of documents: `a.address.city` is the column `address.city` of `a` where nothing else fits.

use catalog::Engine;

use crate::tree::{Ident, ObjectName, Span};

use super::Resolver;

impl Resolver<'_, '_> {
    /// Puts the parts of a name together where they are one dotted column.
    pub(super) fn put_together(&self, name: &mut ObjectName) {
        if self.engine != Engine::Mongodb || name.0.len() < 2 || self.fits(name) {
            return;
        }
        for split in 1..name.0.len() {
            let (qualifier, column) = name.0.split_at(split);
            let joined = ObjectName(qualifier.iter().cloned().chain([together(column)]).collect());
            if joined.0.len() <= 3 && self.fits(&joined) {
                *name = joined;
                return;
            }
        }
        let whole = together(&name.0);
        let entries = self.scopes.iter().rev().flat_map(|s| &s.names.slots);
        if entries.into_iter().any(|s| s.key == whole.value) {
            name.0 = vec![whole];
        }
    }

    /// Whether a name is a column as it is written.
    fn fits(&self, name: &ObjectName) -> bool {
        let mut entries = self.scopes.iter().rev().flat_map(|s| &s.names.entries);
        match name.0.as_slice() {
            [entry, column] => {
                entries.any(|e| e.key == entry.value && (e.opaque || e.field(&column.value).is_some()))
            }
            [schema, entry, column] => entries.any(|e| {
                let here =
                    e.bare && e.key == entry.value && e.table.is_some_and(|t| t.schema == schema.value);
                here && e.field(&column.value).is_some()
            }),
            _ => false,
        }
    }
}

fn together(parts: &[Ident]) -> Ident {
    let value = parts.iter().map(|p| p.value.as_str()).collect::<Vec<_>>().join(".");
    let start = parts.first().map(|p| p.span.start).unwrap_or_default();
    let end = parts.last().map(|p| p.span.end).unwrap_or_default();
    Ident { value, quoted: true, span: Span { start, end } }
}
