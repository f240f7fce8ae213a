//! The proof: the only place where a [`ReadPipeline`] is made, after its canonical JSON was read back to the same tree.

use std::sync::Arc;

use catalog::Catalog;
use serde_json::Value;

use crate::finding::{Code, Finding};
use crate::policy::Policy;
use crate::report::{ColumnRead, OutputColumn, Report, TableRead};

use super::at::At;
use super::options::{Options, longest};
use super::resolve::{Resolver, fields_of};
use super::shape::{Kind, Lineage, Shape};
use super::tree::Stage;
use super::{Request, names, reading, render_stage, stage};

/// An aggregation proven to be one read: what may be sent, and its report.
#[derive(Debug, Clone)]
pub struct ReadPipeline {
    collection: Arc<str>,
    pipeline: Arc<Value>,
    options: Arc<Value>,
    report: Arc<Report>,
}

impl ReadPipeline {
    /// The collection it starts from.
    pub fn collection(&self) -> &str {
        &self.collection
    }

    /// The canonical stages, made from the checked tree. Nothing else may be sent to a database.
    pub fn pipeline(&self) -> &Value {
        &self.pipeline
    }

    /// The options to send with it: never disk use, always a time limit.
    pub fn options(&self) -> &Value {
        &self.options
    }

    /// What it reads and what comes out.
    pub fn report(&self) -> &Report {
        &self.report
    }
}

/// Reads, resolves, caps, renders and reads back.
pub(super) fn prove(
    request: &Request,
    catalog: &Catalog,
    policy: &Policy,
) -> Result<ReadPipeline, Vec<Finding>> {
    let single = |f: Finding| vec![f];
    let at = At::root("collection");
    let collection = names::collection(&request.collection, &at).map_err(single)?;
    let root = At::root("pipeline");
    let mut stages = stage::pipeline(&request.pipeline, 0, &root).map_err(single)?;
    let options = Options::read(&request.options, longest(policy), &At::root("options")).map_err(single)?;
    let mut resolver = Resolver::new(catalog, policy);
    let documents = resolver.pipeline(&collection, &mut stages, &[], &root);
    if !resolver.findings.is_empty() {
        return Err(resolver.findings);
    }
    let capped = cap(&mut stages, policy.max_rows);
    let pipeline = render_stage::pipeline(&stages);
    read_back(&pipeline, &stages, &options).map_err(single)?;
    let report = report(resolver, &documents, &collection, &stages, capped, catalog);
    Ok(ReadPipeline {
        collection: collection.into(),
        pipeline: Arc::new(pipeline),
        options: Arc::new(options.json()),
        report: Arc::new(report),
    })
}

/// The canonical JSON must be read as the tree it was made from, and its text as that JSON.
fn read_back(pipeline: &Value, stages: &[Stage], options: &Options) -> Result<(), Finding> {
    let text = pipeline.to_string();
    let parsed: Value = serde_json::from_str(&text).map_err(|_| differs())?;
    let root = At::root("pipeline");
    let again = stage::pipeline(&parsed, 0, &root).map_err(|_| differs())?;
    let same_options =
        Options::read(&options.json(), options.max_time, &At::root("options")).is_ok_and(|o| o == *options);
    if again == stages && same_options { Ok(()) } else { Err(differs()) }
}

fn differs() -> Finding {
    Finding::new(Code::G500, "The checked pipeline could not be proven to mean the same.")
        .hint("Write the pipeline in a simpler way.")
}

/// Sets or lowers the last `$limit`. Gives the cap when it changed the pipeline.
fn cap(stages: &mut Vec<Stage>, max_rows: Option<u64>) -> Option<u64> {
    let max = max_rows?;
    // a limit of zero is an error on the server: one row is the least
    let most = i64::try_from(max.max(1)).unwrap_or(i64::MAX);
    match stages.last_mut() {
        Some(Stage::Limit(n)) if *n <= most => return None,
        Some(Stage::Limit(n)) => *n = most,
        Some(Stage::Count(_)) => return None,
        _ => stages.push(Stage::Limit(most)),
    }
    Some(max)
}

fn report(
    resolver: Resolver<'_>,
    documents: &Shape,
    collection: &str,
    stages: &[Stage],
    capped_rows: Option<u64>,
    catalog: &Catalog,
) -> Report {
    let schema_of = |name: &str| {
        resolver.collections.iter().find(|(_, c)| c == name).map(|(s, _)| s.clone()).unwrap_or_default()
    };
    let read = |(table, column): &(String, String)| {
        let known = catalog.find_table(None, table).and_then(|t| t.column(column));
        ColumnRead {
            schema: schema_of(table),
            table: table.clone(),
            column: column.clone(),
            class: known.map(|c| c.class).unwrap_or_default(),
            native_type: known.map(|c| c.native_type.clone()).unwrap_or_default(),
            ..ColumnRead::default()
        }
    };
    let all: Lineage = resolver.columns.union(&documents.lineage()).cloned().collect();
    let output = fields_of(documents).iter().map(|(name, shape)| {
        let lineage: Vec<ColumnRead> = shape.lineage().iter().map(read).collect();
        OutputColumn {
            name: name.clone(),
            class: class_of(shape),
            sensitivity: lineage.iter().filter_map(|c| sensitivity(c, catalog)).next(),
            lineage,
            aggregate: shape.aggregate,
            // any document may lack any field
            nullable: true,
            ..OutputColumn::default()
        }
    });
    Report {
        tables: resolver
            .collections
            .iter()
            .map(|(schema, table)| TableRead { schema: schema.clone(), table: table.clone(), span: None })
            .collect(),
        columns: all.iter().map(read).collect(),
        output: output.collect(),
        functions: resolver.operators.iter().cloned().collect(),
        reading: reading::read(collection, stages),
        ordered: stages.iter().rev().any(|s| matches!(s, Stage::Sort(_) | Stage::SortByCount(_))),
        capped_rows,
        joins: resolver.joins.clone(),
        warnings: resolver.warnings.clone(),
        ..Report::default()
    }
}

fn class_of(shape: &Shape) -> Option<catalog::TypeClass> {
    match &shape.kind {
        Kind::Scalar(class) => *class,
        Kind::Array(_) => Some(catalog::TypeClass::Array),
        Kind::Document(_) => Some(catalog::TypeClass::Json),
        Kind::Open => None,
    }
}

/// The sensitivity of a field, or of the document that holds it.
fn sensitivity(read: &ColumnRead, catalog: &Catalog) -> Option<catalog::Sensitivity> {
    let table = catalog.find_table(None, &read.table)?;
    let mut path = read.column.as_str();
    loop {
        if let Some(found) = table.column(path).and_then(|c| c.sensitivity) {
            return Some(found);
        }
        path = path.rsplit_once('.')?.0;
    }
}
