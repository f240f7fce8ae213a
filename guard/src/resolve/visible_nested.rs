//! What a policy says about arrays in documents: one array is a column of its collection, a path of it, and a child table,
//! and what is hidden, masked or filtered under one of these names is so under all.

use catalog::{Column, Table, TableKind, TypeClass, nested};

use crate::policy::How;

use super::visible::{Visibility, glob};

impl Visibility {
    /// Whether an array's child table is hidden by its collection, its path, or an array around it.
    pub(super) fn hides_array(&self, table: &Table) -> bool {
        let Some(found) = &table.nested else { return false };
        let collection = named(table, &found.collection);
        let parents = [found.collection.clone(), found.parent.clone()];
        let around = prefixes(&found.path).map(|p| child_name(&found.collection, p));
        if around.chain(parents).any(|name| self.hides_table(&named(table, &name))) {
            return true;
        }
        prefixes(&found.path).any(|path| {
            let column = Column { name: path.to_owned(), ..Column::default() };
            self.hides_column(&collection, &column) || self.masks_column(&collection, &column).is_some()
        })
    }

    /// Whether a child table's column is hidden under its path in the documents.
    pub(super) fn hides_in_document(&self, table: &Table, column: &Column) -> bool {
        in_document(table, column).is_some_and(|(collection, column)| self.hides_column(&collection, &column))
    }

    /// The mask of a child table's column under its path in the documents.
    pub(super) fn masks_in_document(&self, table: &Table, column: &Column) -> Option<How> {
        let (collection, column) = in_document(table, column)?;
        self.masks_column(&collection, &column)
    }

    /// Whether the whole of an array or document could show what the caller may not see.
    pub(super) fn may_show_restricted(&self, table: &Table, column: &Column) -> bool {
        let whole = matches!(column.class, TypeClass::Array | TypeClass::Json);
        if table.kind != TableKind::Collection || !whole {
            return false;
        }
        let (collection, path) = match &table.nested {
            Some(found) => (found.collection.clone(), format!("{}.{}", found.path, column.name)),
            None => (table.name.clone(), column.name.clone()),
        };
        let schema = table.schema.to_lowercase();
        let child = child_name(&collection, &path).to_lowercase();
        let below = format!("{}.", path.to_lowercase());
        let path = format!("{}.{below}", collection.to_lowercase());
        let starts = [format!("{schema}.{path}"), path, below, format!("{schema}.{child}"), child];
        // a sensitivity may be found in anything
        self.globs_of_values().any(|g| !g.contains('.') || starts.iter().any(|s| may_begin(g, s)))
            || self.masks_by_sensitivity()
            || self.globs_of_rows().any(|g| starts.iter().any(|s| may_begin(g, s)))
    }

    /// Whether the documents around an array are filtered.
    pub(super) fn filtered_above(&self, table: &Table) -> bool {
        let Some(found) = &table.nested else { return false };
        let around = prefixes(&found.path).map(|p| child_name(&found.collection, p));
        let others = [found.collection.clone(), found.parent.clone()];
        around
            .chain(others)
            .any(|name| name != table.name && self.filters(&named(table, &name)).next().is_some())
    }
}

/// A child table's column by its path from the collection.
fn in_document(table: &Table, column: &Column) -> Option<(Table, Column)> {
    let found = table.nested.as_ref()?;
    let name = if column.name == nested::PARENT_ID {
        "_id".to_owned()
    } else if nested::is_own_column(table, &column.name) || found.scalar && column.name == nested::VALUE {
        found.path.clone()
    } else {
        format!("{}.{}", found.path, column.name)
    };
    Some((named(table, &found.collection), Column { name, ..column.clone() }))
}

fn named(like: &Table, name: &str) -> Table {
    Table { schema: like.schema.clone(), name: name.to_owned(), ..Table::default() }
}

fn child_name(collection: &str, path: &str) -> String {
    format!("{collection}_{}", path.replace('.', "_"))
}

/// `a`, `a.b`, `a.b.c` of `a.b.c`.
fn prefixes(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('.').map(|(at, _)| at).chain([path.len()]).filter_map(|at| path.get(..at))
}

/// Whether some text that begins so matches the glob.
pub(crate) fn may_begin(pattern: &str, start: &str) -> bool {
    if glob(pattern, start) {
        return true;
    }
    let pattern: Vec<char> = pattern.chars().collect();
    let mut places = vec![0_usize];
    for c in start.chars() {
        let mut next = Vec::new();
        for place in with_stars(&pattern, &places) {
            match pattern.get(place) {
                Some('*') => next.push(place),
                Some(p) if *p == '?' || *p == c => next.push(place + 1),
                Some(_) | None => {}
            }
        }
        next.sort_unstable();
        next.dedup();
        places = next;
    }
    !places.is_empty()
}

/// Places in the pattern that are reached without a character: a star may stand for nothing.
fn with_stars(pattern: &[char], places: &[usize]) -> Vec<usize> {
    let mut all = Vec::new();
    for place in places {
        let mut place = *place;
        all.push(place);
        while pattern.get(place) == Some(&'*') {
            place += 1;
            all.push(place);
        }
    }
    all
}
