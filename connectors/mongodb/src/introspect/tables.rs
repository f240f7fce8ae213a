//! From what was seen in a collection's documents to its table and the tables of its arrays.

use std::collections::HashSet;

use catalog::{Column, Key, Statistics, Table, TypeClass, nested};
use connector_api::CrawlOptions;

use super::field::{Field, Fields};
use super::kinds;

/// Columns of one table at the most; those of the rarest fields are left out.
const COLUMNS: usize = 500;

/// What is known beside the documents.
pub(super) struct About<'a> {
    pub options: &'a CrawlOptions,
    /// Whether the documents seen were all there are.
    pub whole: bool,
}

/// Fields that may refer to other collections: the table, the column, and what was seen in it.
pub(super) type Candidates<'f> = Vec<(String, String, &'f Field)>;

/// The collection's table and those of its arrays. `table` has its names and kind already.
pub(super) fn tables<'f>(
    mut table: Table,
    fields: &'f Fields,
    about: &About<'_>,
    taken: &mut HashSet<String>,
    candidates: &mut Candidates<'f>,
) -> Vec<Table> {
    let mut maker = Maker { about, candidates, rows: fields.documents };
    let mut arrays = Vec::new();
    maker.columns(&mut table, "", "", fields, &mut arrays);
    if table.columns.is_empty() && table.kind != catalog::TableKind::View {
        let (native_type, class) = ("objectId".to_owned(), TypeClass::Text);
        nested::push(&mut table, Column { name: "_id".to_owned(), native_type, class, ..Column::default() });
    }
    if table.column("_id").is_some() && table.kind != catalog::TableKind::View {
        table.primary_key = Some(Key { name: Some("_id_".to_owned()), columns: vec!["_id".to_owned()] });
    }
    let mut below = Vec::new();
    for (path, field) in arrays {
        child(&table, &table, &path, field, about, (taken, maker.candidates, &mut below));
    }
    below.insert(0, table);
    below
}

struct Maker<'a, 'c, 'f> {
    about: &'a About<'a>,
    candidates: &'c mut Candidates<'f>,
    /// Documents, or elements, that the fields were looked for in.
    rows: u64,
}

impl<'f> Maker<'_, '_, 'f> {
    /// Adds fields as columns, those of documents dotted; lists arrays with their path from the document's root.
    fn columns(
        &mut self,
        table: &mut Table,
        prefix: &str,
        root: &str,
        fields: &'f Fields,
        arrays: &mut Vec<(String, &'f Field)>,
    ) {
        let least = threshold(fields);
        for (name, field) in fields.list.iter().filter(|(_, field)| field.present >= least) {
            let name = joined(prefix, name);
            let only = |kind: &str| field.kinds.len() == 1 && field.kinds.contains_key(kind);
            // an _id that is a document is one key, not several columns
            let key = table.nested.is_none() && name == "_id";
            if only("object")
                && !key
                && !field.inner.unnamed
                && !field.inner.is_map()
                && !field.inner.list.is_empty()
            {
                self.columns(table, &name, root, &field.inner, arrays);
                continue;
            }
            if table.columns.len() >= COLUMNS || !self.column(table, &name, field) {
                continue;
            }
            if only("array") && field.elements.as_ref().is_some_and(|e| e.present > 0) {
                arrays.push((joined(root, &name), field));
            }
        }
    }

    fn column(&mut self, table: &mut Table, name: &str, field: &'f Field) -> bool {
        let (mut class, mut native_type) = kinds::widest(&field.kinds);
        let mut element = None;
        if class == TypeClass::Array {
            let (of, text) = field.elements.as_ref().map(|e| kinds::widest(&e.kinds)).unwrap_or_default();
            element = Some(of).filter(|of| *of != TypeClass::Other);
            native_type =
                if text.is_empty() || text == "null" { native_type } else { format!("array<{text}>") };
        } else if field.kinds.contains_key("object") {
            class = TypeClass::Json;
        }
        let nulls = self.rows.saturating_sub(field.present);
        let statistics = self.about.options.statistics.then(|| {
            let seen = field.tally.clone().statistics(class, self.rows, self.about.whole, self.about.options);
            // the fields of a document are counted where they are, not where they are not
            let nulls = nulls as f64 / self.rows.max(1) as f64;
            let ranged = !matches!(class, TypeClass::Text | TypeClass::Json);
            let (min, max) = (seen.min.filter(|_| ranged), seen.max.filter(|_| ranged));
            Statistics { null_share: Some(nulls), min, max, ..seen }
        });
        let column = Column {
            name: name.to_owned(),
            native_type,
            class,
            element,
            // what no document lacked so far, the next one may
            nullable: !(name == "_id" && table.nested.is_none()),
            statistics,
            ..Column::default()
        };
        let added = nested::push(table, column);
        if added {
            self.candidates.push((table.name.clone(), name.to_owned(), field));
        }
        added
    }
}

/// The table of one array, and those of the arrays in its elements.
fn child<'f>(
    collection: &Table,
    parent: &Table,
    path: &str,
    field: &'f Field,
    about: &About<'_>,
    (taken, candidates, made): (&mut HashSet<String>, &mut Candidates<'f>, &mut Vec<Table>),
) {
    let Some(elements) = field.elements.as_deref().filter(|_| nested::level(parent) < nested::DEEPEST) else {
        return;
    };
    let name = nested::name(&collection.name, path, taken);
    let documents = elements.kinds.len() == 1
        && elements.kinds.contains_key("object")
        && !elements.inner.unnamed
        && !elements.inner.is_map();
    let mut table = nested::child(collection, parent, path, name, !documents);
    let rows = field.element_count;
    table.row_estimate = parent
        .row_estimate
        .map(|estimate| if about.whole { rows } else { scaled(estimate, rows, field.present) });
    let mut maker = Maker { about, candidates, rows };
    let mut arrays = Vec::new();
    if documents {
        maker.columns(&mut table, "", path, &elements.inner, &mut arrays);
    } else {
        maker.column(&mut table, nested::VALUE, elements);
    }
    for (path, field) in arrays {
        child(collection, &table, &path, field, about, (&mut *taken, &mut *candidates, &mut *made));
    }
    made.push(table);
}

fn scaled(estimate: u64, elements: u64, arrays: u64) -> u64 {
    let all = u128::from(estimate) * u128::from(elements) / u128::from(arrays.max(1));
    u64::try_from(all).unwrap_or(u64::MAX)
}

/// How often a field has to be there so that no more than [`COLUMNS`] are.
fn threshold(fields: &Fields) -> u64 {
    if fields.list.len() <= COLUMNS {
        return 0;
    }
    let mut often: Vec<u64> = fields.list.iter().map(|(_, field)| field.present).collect();
    often.sort_unstable_by(|a, b| b.cmp(a));
    often.get(COLUMNS).copied().unwrap_or(0).min(often.first().copied().unwrap_or(0))
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}
