//! The door to a collection: whether it exists for the caller, what is known of its documents, and the stages that stand
//! before everything else so that what the caller may not see never enters the pipeline.

use catalog::{Catalog, Column, Table, TableKind};

use crate::finding::{Code, Finding};
use crate::policy::Policy;
use crate::resolve::nearest::nearest;
use crate::resolve::visible::Visibility;
use crate::resolve::visible_nested::may_begin;

use super::at::{At, shown};
use super::shape::{Kind, Lineage, Shape};
use super::tree::{Path, Projection, Stage};
use super::types;

/// A collection that may be read.
pub(super) struct Source {
    pub(super) schema: String,
    pub(super) name: String,
    /// Its documents, as far as the caller may see them.
    pub(super) shape: Shape,
    /// Stages that come first.
    pub(super) stages: Vec<Stage>,
}

/// What is kept out of a collection's documents.
struct Limits {
    /// Whether anything could be.
    some: bool,
    /// Paths that are hidden under the names of child tables.
    paths: Vec<String>,
}

/// Decides what exists for the caller.
pub(super) struct Door<'a> {
    catalog: &'a Catalog,
    policy: &'a Policy,
    visibility: Visibility,
}

impl<'a> Door<'a> {
    pub(super) fn new(catalog: &'a Catalog, policy: &'a Policy) -> Door<'a> {
        Door { catalog, policy, visibility: Visibility::new(policy) }
    }

    /// Opens a collection. What is hidden and what is not there give the same finding.
    pub(super) fn open(&self, name: &str, at: &At<'_>) -> Result<Source, Finding> {
        if self.policy.syntax_only {
            return self.unresolved(name, at);
        }
        let table = self.catalog.find_table(None, name).filter(|t| self.exists(t));
        let Some((table, source)) = table.and_then(|t| Some((t, self.source(t)?))) else {
            return Err(self.unknown(name, at));
        };
        if self.alters(table) {
            return Err(at
                .finding(Code::G400, "The policy masks fields or filters documents of this collection.")
                .hint("Pipelines cannot be proven to keep to that yet; ask for a collection without masks and filters."));
        }
        Ok(source)
    }

    /// Whether documents or values differ from what is stored. Never passed over: such a collection is refused whole.
    fn alters(&self, table: &Table) -> bool {
        let filtered = |t: &Table| self.visibility.filters(t).next().is_some();
        let masked = |t: &Table| t.columns.iter().any(|c| self.visibility.mask(t, c).is_some());
        if filtered(table) || self.arrays_of(table).any(|child| filtered(child) || masked(child)) {
            return true;
        }
        self.visibility.masks_anything()
            && (table.columns.iter().any(|c| self.visibility.mask(table, c).is_some())
                || self.any_masked(table, "", &types::fields(table)))
    }

    fn any_masked(&self, table: &Table, prefix: &str, fields: &[(String, Shape)]) -> bool {
        fields.iter().any(|(name, shape)| {
            let path = joined(prefix, name);
            let masked = |name: &str| {
                let column = Column { name: name.to_owned(), ..Column::default() };
                self.visibility.mask(table, &column).is_some()
            };
            masked(&path)
                || masked(name)
                || below(shape).is_some_and(|inner| self.any_masked(table, &path, inner))
        })
    }

    fn exists(&self, table: &Table) -> bool {
        // a view's definition is a pipeline that nobody has proven: it exists only where the operator says so
        let view = matches!(table.kind, TableKind::View | TableKind::MaterializedView);
        // the elements of an array are no collection: they are reached through their documents
        table.nested.is_none()
            && self.visibility.table(self.catalog.engine(), table)
            && (!view || self.visibility.view_allowed(table))
    }

    fn unknown(&self, name: &str, at: &At<'_>) -> Finding {
        let tables = &self.catalog.snapshot().tables;
        let known =
            tables.iter().filter(|t| self.exists(t) && self.source(t).is_some()).map(|t| t.name.as_str());
        at.finding(Code::G100, format!("The collection \"{}\" is not known.", shown(name)))
            .hint("Use a collection of the catalog; names count letter by letter.")
            .nearest(nearest(name, known))
    }

    /// Without a catalog nothing can be hidden inside a collection.
    fn unresolved(&self, name: &str, at: &At<'_>) -> Result<Source, Finding> {
        let stand_in = Table { name: name.to_owned(), ..Table::default() };
        if name.is_empty() || !self.exists(&stand_in) {
            return Err(self.unknown(name, at));
        }
        if self.policy.rewrites() {
            return Err(at
                .finding(Code::G400, "What may not be read cannot be kept out without a catalog.")
                .hint("Check against a crawled database or a schema file."));
        }
        Ok(Source { schema: String::new(), name: name.to_owned(), shape: Shape::open(), stages: Vec::new() })
    }

    /// The child tables of a collection's arrays.
    fn arrays_of<'t>(&'t self, table: &'t Table) -> impl Iterator<Item = &'t Table> {
        let tables = self.catalog.snapshot().tables.iter();
        tables.filter(|t| {
            t.schema == table.schema && t.nested.as_ref().is_some_and(|n| n.collection == table.name)
        })
    }

    /// Paths that are hidden under the names of child tables.
    fn hidden_in_arrays(&self, table: &Table) -> Vec<String> {
        let mut paths = Vec::new();
        for child in self.arrays_of(table) {
            let Some(nested) = &child.nested else { continue };
            if !self.visibility.table(self.catalog.engine(), child) {
                paths.push(nested.path.clone());
            }
            let fields = child.columns.iter().filter(|c| !catalog::nested::is_own_column(child, &c.name));
            let plain = |c: &Column| Column { class: catalog::TypeClass::Other, ..c.clone() };
            for field in fields.filter(|c| !self.visibility.column(child, &plain(c))) {
                let value = nested.scalar && field.name == catalog::nested::VALUE;
                paths.push(if value { nested.path.clone() } else { joined(&nested.path, &field.name) });
            }
        }
        paths
    }

    fn source(&self, table: &Table) -> Option<Source> {
        let paths = self.hidden_in_arrays(table);
        let limited = Limits { some: !paths.is_empty() || self.may_hide_below(table, ""), paths };
        let limited = &limited;
        let mut fields = types::fields(table);
        if !fields.iter().any(|(name, _)| name == "_id") {
            fields.insert(0, ("_id".to_owned(), Shape::open()));
        }
        let fields = self.visible(table, "", fields, limited);
        if fields.is_empty() {
            return None;
        }
        let stages = if limited.some { vec![keep_only(&fields)] } else { Vec::new() };
        let shape = Shape::document(fields);
        Some(Source { schema: table.schema.clone(), name: table.name.clone(), shape, stages })
    }

    /// The fields that exist for the caller, each with its lineage.
    fn visible(
        &self,
        table: &Table,
        prefix: &str,
        fields: Vec<(String, Shape)>,
        limited: &Limits,
    ) -> Vec<(String, Shape)> {
        let mut kept = Vec::with_capacity(fields.len());
        for (name, shape) in fields {
            let path = joined(prefix, &name);
            let hidden = |name: &str| {
                let column = Column { name: name.to_owned(), ..Column::default() };
                !self.visibility.column(table, &column)
            };
            if hidden(&path) || hidden(&name) || limited.paths.contains(&path) {
                continue;
            }
            if let Some(shape) = self.visible_value(table, &path, shape, limited) {
                kept.push((name, shape));
            }
        }
        kept
    }

    fn visible_value(&self, table: &Table, path: &str, shape: Shape, limited: &Limits) -> Option<Shape> {
        let from = Lineage::from([(table.name.clone(), path.to_owned())]);
        let kind = match shape.kind {
            Kind::Scalar(class) => Kind::Scalar(class),
            // what is below it is not known, so a hidden field could be
            Kind::Open if limited.some && path != "_id" && self.may_hide_below(table, path) => return None,
            Kind::Open => Kind::Open,
            Kind::Array(element) => {
                Kind::Array(Box::new(self.visible_value(table, path, *element, limited)?))
            }
            Kind::Document(fields) => {
                let fields = self.visible(table, path, fields, limited);
                return (!fields.is_empty()).then(|| Shape::document(fields));
            }
        };
        Some(Shape::new(kind).made_from(from))
    }

    /// Whether a hidden field could stand below a path (the whole document when it is empty).
    fn may_hide_below(&self, table: &Table, path: &str) -> bool {
        if self.visibility.masks_anything() || self.visibility.granted_in_part() {
            return true;
        }
        let below = if path.is_empty() { String::new() } else { format!("{}.", path.to_lowercase()) };
        let short = format!("{}.{below}", table.name.to_lowercase());
        let long = format!("{}.{short}", table.schema.to_lowercase());
        self.policy.hidden_columns.iter().map(|g| g.to_lowercase()).any(|glob| {
            // a name alone may stand at any depth
            !glob.contains('.')
                || may_begin(&glob, &short)
                || may_begin(&glob, &long)
                || (!below.is_empty() && may_begin(&glob, &below))
        })
    }
}

fn joined(prefix: &str, name: &str) -> String {
    if prefix.is_empty() { name.to_owned() } else { format!("{prefix}.{name}") }
}

/// A projection that keeps these fields and nothing else, whatever a document may hold besides.
fn keep_only(fields: &[(String, Shape)]) -> Stage {
    let mut kept = Vec::new();
    leaves(&[], fields, &mut kept);
    let mut entries: Vec<(Path, Projection)> =
        kept.into_iter().map(|p| (Path(p), Projection::Include)).collect();
    if !fields.iter().any(|(name, _)| name == "_id") {
        entries.push((Path(vec!["_id".to_owned()]), Projection::Exclude));
    }
    Stage::Project(entries)
}

fn leaves(prefix: &[String], fields: &[(String, Shape)], kept: &mut Vec<Vec<String>>) {
    for (name, shape) in fields {
        let mut path = prefix.to_vec();
        path.push(name.clone());
        match below(shape) {
            Some(inner) => leaves(&path, inner, kept),
            None => kept.push(path),
        }
    }
}

/// Fields of a document, or of the documents in an array.
fn below(shape: &Shape) -> Option<&[(String, Shape)]> {
    match &shape.kind {
        Kind::Document(fields) => Some(fields),
        Kind::Array(element) => below(element),
        Kind::Open | Kind::Scalar(_) => None,
    }
}
