//! Stages that read another collection, resolved: each opens it by the same door and walks it by the same rules.

use crate::finding::Code;
use crate::report::JoinRead;

use super::at::At;
use super::resolve::{Resolver, Scope, is_constant};
use super::shape::Shape;
use super::tree::{Condition, GraphLookup, Lookup, Path, Stage};
use super::walk;

/// Documents that a joined pipeline may give when nothing ties them to the outer document.
const UNTIED: i64 = 1_000;
/// Joins in one pipeline.
const JOINS: usize = 12;

impl Resolver<'_> {
    pub(super) fn lookup(&mut self, document: &mut Shape, join: &mut Lookup, scope: &Scope, at: &At<'_>) {
        if self.joins.len() >= JOINS {
            self.once(at.finding(Code::G002, "The pipeline joins too often."));
            return;
        }
        if let Some((local, foreign)) = join.keys.clone() {
            self.known(&local, scope, &at.key("localField"));
            self.foreign(&join.from, &foreign, &at.key("foreignField"));
        }
        let inner = self.bind(&join.vars, scope, &at.key("let"));
        self.judge_pairs(join, at);
        let mut stages = join.pipeline.take().unwrap_or_default();
        let had = join.keys.is_none() || !stages.is_empty();
        let made = self.pipeline(&join.from, &mut stages, &inner.vars, &at.key("pipeline"));
        // the plain form stays plain where nothing has to stand before the join's documents
        join.pipeline = (had || !stages.is_empty()).then_some(stages);
        document.set(&join.into.0, Shape::array(made));
    }

    /// The key of the other collection, as the caller may see it.
    fn foreign(&mut self, from: &str, path: &Path, at: &At<'_>) {
        // a collection that is not known is reported where its pipeline is walked
        let Ok(source) = self.door.open(from, at) else { return };
        let scope = Scope { document: source.shape, vars: Vec::new(), redacts: false };
        self.known(path, &scope, at);
    }

    /// A join that nothing ties multiplies all documents with all others: one is warned of, a second refused.
    fn judge_pairs(&mut self, join: &Lookup, at: &At<'_>) {
        let stages = join.pipeline.as_deref().unwrap_or_default();
        let variables: Vec<String> = join.vars.iter().map(|(name, _)| name.clone()).collect();
        let tied = join.keys.is_some() || stages.iter().any(|s| is_tied(s, &variables));
        self.joins.push(JoinRead {
            left: "the documents".to_owned(),
            right: join.from.clone(),
            condition: join
                .keys
                .as_ref()
                .map(|(l, f)| format!("{l} = {}.{f}", join.from))
                .unwrap_or_default(),
            ..JoinRead::default()
        });
        if tied || stages.iter().any(is_small) {
            return;
        }
        self.crosses += 1;
        let hint = "Tie it by `localField` and `foreignField`, by `$eq` with a variable of `let`, or add a `$limit`.";
        if self.crosses > 1 {
            self.once(
                at.finding(
                    Code::G303,
                    "Collections are joined whole, each with the others, without a bound.",
                )
                .hint(hint),
            );
            return;
        }
        let warning =
            at.finding(Code::W100, "Nothing ties the joined documents to the outer ones.").hint(hint);
        self.warnings.push(warning);
    }

    pub(super) fn graph(&mut self, document: &mut Shape, walk: &GraphLookup, scope: &Scope, at: &At<'_>) {
        self.eval(&walk.start, scope, &at.key("startWith"));
        let mut shape = match self.door.open(&walk.from, &at.key("from")) {
            Err(finding) => {
                self.once(finding);
                Shape::open()
            }
            Ok(source) if !source.stages.is_empty() => {
                self.once(
                    at.finding(
                        Code::G400,
                        "A walk gives whole documents, and parts of these may not be read.",
                    )
                    .hint("Use `$lookup`, once for each step."),
                );
                source.shape
            }
            Ok(source) => {
                self.collections.insert((source.schema, source.name));
                source.shape
            }
        };
        let inner = Scope { document: shape.clone(), vars: scope.vars.clone(), redacts: false };
        self.known(&walk.connect_from, &inner, &at.key("connectFromField"));
        self.known(&walk.connect_to, &inner, &at.key("connectToField"));
        if let Some(filter) = &walk.restrict {
            self.filter(filter, &inner, false, &at.key("restrictSearchWithMatch"));
        }
        if let Some(depth) = &walk.depth_field {
            shape.set(&depth.0, Shape::scalar(Some(catalog::TypeClass::Integer)));
        }
        document.set(&walk.into.0, Shape::array(shape));
    }

    pub(super) fn union(
        &mut self,
        document: Shape,
        from: &str,
        inner: &mut Option<Vec<Stage>>,
        scope: &Scope,
        at: &At<'_>,
    ) -> Shape {
        let mut stages = inner.take().unwrap_or_default();
        let made = self.pipeline(from, &mut stages, &scope.vars, &at.key("pipeline"));
        *inner = (!stages.is_empty()).then_some(stages);
        document.or(made)
    }
}

/// Whether a stage keeps only documents that a variable ties to the outer one.
fn is_tied(stage: &Stage, variables: &[String]) -> bool {
    let Stage::Match(filter) = stage else { return false };
    filter.0.iter().any(|c| matches!(c, Condition::Expr(test) if walk::ties(variables, test)))
}

/// Whether a stage leaves few documents.
fn is_small(stage: &Stage) -> bool {
    match stage {
        Stage::Limit(n) => *n <= UNTIED,
        Stage::Sample(n) => *n <= UNTIED,
        Stage::Group(id, _) => is_constant(id),
        Stage::Count(_) => true,
        _ => false,
    }
}
