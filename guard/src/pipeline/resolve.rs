//! Stage by stage: what is known of the documents before and after, and whether everything that is named is there.

use std::collections::BTreeSet;

use catalog::Catalog;

use crate::finding::Finding;
use crate::policy::Policy;
use crate::report::JoinRead;

use super::at::At;
use super::entry::Door;
use super::eval::{given, unknown_field};
use super::shape::{Kind, Lineage, Shape};
use super::tree::{Accumulated, Args, Bucket, Cut, Expr, FillBy, Path, Projection, Stage};
use catalog::TypeClass;

/// Findings that are listed; one is enough to refuse.
const LISTED: usize = 50;

/// What names mean at one place.
#[derive(Clone)]
pub(super) struct Scope {
    /// The document that fields are looked up in.
    pub(super) document: Shape,
    pub(super) vars: Vec<(String, Shape)>,
    /// Whether the variables of `$redact` may stand here.
    pub(super) redacts: bool,
}

impl Scope {
    /// With one more variable.
    pub(super) fn with(&self, name: &str, value: Shape) -> Scope {
        let mut inner = self.clone();
        inner.vars.push((name.to_owned(), value));
        inner
    }
}

/// Walks a pipeline and keeps what it finds.
pub(super) struct Resolver<'a> {
    pub(super) door: Door<'a>,
    pub(super) findings: Vec<Finding>,
    pub(super) warnings: Vec<Finding>,
    pub(super) columns: Lineage,
    /// (schema, collection).
    pub(super) collections: BTreeSet<(String, String)>,
    pub(super) operators: BTreeSet<String>,
    pub(super) joins: Vec<JoinRead>,
    pub(super) forbidden: &'a [String],
    pub(super) steps: u64,
    pub(super) loops: u64,
    pub(super) reduces: usize,
    /// Sizes are tried out: findings about size do not count.
    pub(super) probing: bool,
    /// Joins that pair every document with every other.
    pub(super) crosses: usize,
    /// How many documents one may become by `$unwind`, roughly.
    pub(super) fanout: u64,
}

impl<'a> Resolver<'a> {
    pub(super) fn new(catalog: &'a Catalog, policy: &'a Policy) -> Resolver<'a> {
        Resolver {
            door: Door::new(catalog, policy),
            findings: Vec::new(),
            warnings: Vec::new(),
            columns: Lineage::new(),
            collections: BTreeSet::new(),
            operators: BTreeSet::new(),
            joins: Vec::new(),
            forbidden: &policy.forbidden_functions,
            steps: 0,
            loops: 1,
            reduces: 0,
            probing: false,
            crosses: 0,
            fanout: 1,
        }
    }

    /// Keeps a finding, each once.
    pub(super) fn once(&mut self, finding: Finding) {
        if self.findings.len() < LISTED && !self.findings.contains(&finding) {
            self.findings.push(finding);
        }
    }

    /// Notes an operator, and refuses it where the connection does.
    pub(super) fn operator(&mut self, name: &'static str, at: &At<'_>) {
        let bare = name.trim_start_matches('$');
        if self.forbidden.iter().any(|f| f.trim_start_matches('$').eq_ignore_ascii_case(bare)) {
            self.once(
                at.finding(crate::Code::G400, format!("`{name}` is refused on this connection."))
                    .hint("Ask whoever set the policy, or say it without this operator."),
            );
        }
        self.operators.insert(name.to_owned());
    }

    /// Opens a collection, puts its entry stages before the pipeline and walks it. Gives the documents that come out.
    pub(super) fn pipeline(
        &mut self,
        collection: &str,
        stages: &mut Vec<Stage>,
        vars: &[(String, Shape)],
        at: &At<'_>,
    ) -> Shape {
        let document = match self.door.open(collection, at) {
            Err(finding) => {
                self.once(finding);
                Shape::open()
            }
            Ok(source) => {
                self.collections.insert((source.schema, source.name));
                if !stages.starts_with(&source.stages) {
                    stages.splice(0..0, source.stages);
                }
                source.shape
            }
        };
        self.stages(stages, Scope { document, vars: vars.to_vec(), redacts: false }, at)
    }

    /// Walks stages.
    pub(super) fn stages(&mut self, stages: &mut [Stage], mut scope: Scope, at: &At<'_>) -> Shape {
        for (i, stage) in stages.iter_mut().enumerate() {
            let here = at.index(i);
            scope.document = self.stage(stage, &scope, i == 0, &here);
        }
        scope.document
    }

    fn stage(&mut self, stage: &mut Stage, scope: &Scope, first: bool, at: &At<'_>) -> Shape {
        let mut document = scope.document.clone();
        match stage {
            Stage::Match(filter) => self.filter(filter, scope, first, &at.key("$match")),
            Stage::Project(fields) => return self.project(fields, scope, &at.key("$project")),
            Stage::Set(fields) => {
                for (path, value) in fields {
                    let value = self.eval(value, scope, &at.key("$set"));
                    document.set(&path.0, value);
                }
            }
            Stage::Unset(paths) => {
                for path in paths {
                    self.known(path, scope, &at.key("$unset"));
                    document.unset(&path.0);
                }
            }
            Stage::Group(id, fields) => {
                let at = at.key("$group");
                let id = self.eval(id, scope, &at);
                return self.grouped(id, fields, scope, &at);
            }
            Stage::Sort(fields) => self.order(fields, scope, &at.key("$sort")),
            Stage::Limit(_) | Stage::Skip(_) | Stage::Sample(_) => {}
            Stage::Count(name) => return counted(vec![(name.to_string(), count())]),
            Stage::SortByCount(by) => {
                let id = self.eval(by, scope, &at.key("$sortByCount"));
                return counted(vec![("_id".to_owned(), id), ("count".to_owned(), count())]);
            }
            Stage::Unwind(path, index, _) => {
                self.unwind(&mut document, path, index.as_ref(), &at.key("$unwind"))
            }
            Stage::Lookup(join) => self.lookup(&mut document, join, scope, &at.key("$lookup")),
            Stage::GraphLookup(walk) => self.graph(&mut document, walk, scope, &at.key("$graphLookup")),
            Stage::UnionWith(from, inner) => {
                return self.union(document, from, inner, scope, &at.key("$unionWith"));
            }
            Stage::Facet(arms) => {
                let at = at.key("$facet");
                let mut made = Vec::with_capacity(arms.len());
                for (name, inner) in arms {
                    let name = name.to_string();
                    let shape = self.stages(inner, scope.clone(), &at.key(&name));
                    made.push((name.clone(), Shape::array(shape)));
                }
                return Shape::document(made);
            }
            Stage::Bucket(bucket) => return self.bucket(bucket, scope, &at.key("$bucket")),
            Stage::ReplaceRoot(root) => return self.eval(root, scope, &at.key("$replaceRoot")),
            Stage::Window(partition, order, fields) => {
                let at = at.key("$setWindowFields");
                partition.iter().for_each(|p| drop(self.eval(p, scope, &at)));
                self.order(order, scope, &at);
                for field in fields {
                    let value = self.accumulated(field, scope, &at);
                    document.set(&field.field.0, value);
                }
            }
            Stage::Densify(gaps) => {
                let at = at.key("$densify");
                self.known(&gaps.field, scope, &at);
                gaps.partition.iter().for_each(|p| self.known(p, scope, &at));
            }
            Stage::Fill(partition, order, fields) => {
                let at = at.key("$fill");
                partition.iter().for_each(|p| drop(self.eval(p, scope, &at)));
                self.order(order, scope, &at);
                for (path, by) in fields {
                    match by {
                        FillBy::Value(value) => {
                            let value = self.eval(value, scope, &at);
                            document.set(&path.0, value);
                        }
                        FillBy::Method(_) => self.known(path, scope, &at),
                    }
                }
            }
            Stage::Redact(test) => {
                let mut inner = scope.clone();
                inner.redacts = true;
                self.eval(test, &inner, &at.key("$redact"));
            }
        }
        document
    }

    /// A path that must be known.
    pub(super) fn known(&mut self, path: &Path, scope: &Scope, at: &At<'_>) {
        match scope.document.find(path) {
            Some(found) => self.columns.extend(found.lineage()),
            None => self.once(unknown_field(&scope.document, path, at)),
        }
    }

    pub(super) fn order(&mut self, fields: &[(Path, bool)], scope: &Scope, at: &At<'_>) {
        fields.iter().for_each(|(path, _)| self.known(path, scope, at));
    }

    fn unwind(&mut self, document: &mut Shape, path: &Path, index: Option<&Path>, at: &At<'_>) {
        let array = self.below(&document.clone(), path, at);
        // what is stored is what it is; what was built up multiplies by its length
        self.fanout = self.fanout.saturating_mul((array.size / 10).max(1));
        if self.fanout > 10_000_000 {
            self.once(
                at.finding(crate::Code::G303, "Arrays are multiplied with each other without a bound.")
                    .hint("Unwind fewer arrays, or group between."),
            );
        }
        document.set(&path.0, array.element());
        if let Some(index) = index {
            document.set(&index.0, Shape::scalar(Some(TypeClass::Integer)));
        }
    }

    fn project(&mut self, fields: &[(Path, Projection)], scope: &Scope, at: &At<'_>) -> Shape {
        let excludes = super::stage::leaves(fields).iter().all(|(_, p)| matches!(p, Projection::Exclude));
        if excludes {
            let mut document = scope.document.clone();
            self.leave_out(&[], fields, &mut document, scope, at);
            return document;
        }
        let mut made = Shape::document(Vec::new());
        let id = Path(vec!["_id".to_owned()]);
        let drops = |(p, e): &(Path, Projection)| *p == id && matches!(e, Projection::Exclude);
        if let (false, Some(kept)) = (fields.iter().any(drops), scope.document.get(&id)) {
            made.set(&id.0, kept);
        }
        self.keep(&[], fields, &mut made, scope, at);
        made
    }

    fn keep(
        &mut self,
        prefix: &[String],
        fields: &[(Path, Projection)],
        made: &mut Shape,
        scope: &Scope,
        at: &At<'_>,
    ) {
        for (path, entry) in fields {
            let path = Path([prefix, path.0.as_slice()].concat());
            match entry {
                Projection::Include => {
                    let found = self.below(&scope.document, &path, at);
                    made.set(&path.0, found);
                }
                Projection::Exclude => {}
                Projection::Compute(value) => {
                    let value = self.eval(value, scope, at);
                    made.set(&path.0, value);
                }
                Projection::Nested(inner) => self.keep(&path.0, inner, made, scope, at),
            }
        }
    }

    fn leave_out(
        &mut self,
        prefix: &[String],
        fields: &[(Path, Projection)],
        document: &mut Shape,
        scope: &Scope,
        at: &At<'_>,
    ) {
        for (path, entry) in fields {
            let path = Path([prefix, path.0.as_slice()].concat());
            if let Projection::Nested(inner) = entry {
                self.leave_out(&path.0, inner, document, scope, at);
                continue;
            }
            // `_id` may be left out even where there is none
            if path.0.as_slice() != ["_id"] {
                self.known(&path, scope, at);
            }
            document.unset(&path.0);
        }
    }

    fn grouped(&mut self, id: Shape, fields: &[Accumulated], scope: &Scope, at: &At<'_>) -> Shape {
        let mut made = vec![("_id".to_owned(), id)];
        for field in fields {
            made.push((field.field.to_string(), self.accumulated(field, scope, at)));
        }
        Shape::document(made)
    }

    fn accumulated(&mut self, field: &Accumulated, scope: &Scope, at: &At<'_>) -> Shape {
        self.operator(field.op.name, at);
        if let Some(order) = &field.sort {
            self.order(order, scope, at);
        }
        let operands: Vec<Shape> = match &field.args {
            Args::One(one) => vec![self.eval(one, scope, at)],
            Args::List(items) => items.iter().map(|e| self.eval(e, scope, at)).collect(),
            Args::Named(named) => named.iter().map(|(_, e)| self.eval(e, scope, at)).collect(),
        };
        let mut made = given(field.op.gives, operands);
        made.aggregate = true;
        made
    }

    fn bucket(&mut self, bucket: &Bucket, scope: &Scope, at: &At<'_>) -> Shape {
        let by = self.eval(&bucket.by, scope, at);
        let id = match bucket.cut {
            Cut::At(..) => by,
            Cut::Into(..) => Shape::document(vec![("min".to_owned(), by.clone()), ("max".to_owned(), by)]),
        };
        match &bucket.output {
            Some(fields) => self.grouped(id, fields, scope, at),
            None => counted(vec![("_id".to_owned(), id), ("count".to_owned(), count())]),
        }
    }
}

fn count() -> Shape {
    let mut shape = Shape::scalar(Some(TypeClass::Integer));
    shape.aggregate = true;
    shape
}

fn counted(fields: Vec<(String, Shape)>) -> Shape {
    Shape::document(fields)
}

/// Whether an expression is the same for every document.
pub(super) fn is_constant(node: &Expr) -> bool {
    matches!(node, Expr::Literal(_) | Expr::Constant(_))
}

/// Whether documents of that shape can be taken apart into named fields.
pub(super) fn fields_of(shape: &Shape) -> &[(String, Shape)] {
    match &shape.kind {
        Kind::Document(fields) => fields,
        Kind::Open | Kind::Scalar(_) | Kind::Array(_) => &[],
    }
}
