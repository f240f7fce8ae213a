//! Which changes of a diff a statement feels, by what it read under the older catalog.

use catalog::diff::{Change, ChangeKind as K, Diff};
use guard::{Code, Finding, Report};

/// Causes that are named for one statement at the most.
const MOST: usize = 20;

/// The changes that made a statement fail: those that the findings name, or all that can have.
pub fn of_failure<'d>(diff: &'d Diff, before: &Report, findings: &[Finding]) -> Vec<&'d Change> {
    let all: Vec<&Change> = diff.changes.iter().filter(|c| breaks(c, before, findings)).collect();
    let named: Vec<&Change> = all.iter().copied().filter(|c| findings.iter().any(|f| names(f, c))).collect();
    let mut causes = if named.is_empty() { all } else { named };
    causes.truncate(MOST);
    causes
}

/// The changes after which what a statement reads means something else.
pub fn of_meaning<'d>(diff: &'d Diff, before: &Report) -> Vec<&'d Change> {
    diff.changes.iter().filter(|c| alters(c, before)).take(MOST).collect()
}

/// Whether the change is about a function that the statement calls.
pub fn is_called(change: &Change, report: &Report) -> bool {
    if !matches!(change.kind, K::RoutineRemoved | K::RoutineAdded | K::RoutineChanged) {
        return false;
    }
    let signature = change.name.as_deref().unwrap_or_default();
    let name = signature.split('(').next().unwrap_or_default();
    let last = |called: &str| called.rsplit('.').next().is_some_and(|n| n.eq_ignore_ascii_case(name));
    report.functions.iter().any(|called| last(called))
}

fn reads_table(change: &Change, report: &Report) -> bool {
    let table = change.table.as_deref();
    report.tables.iter().any(|t| t.schema == change.schema && Some(t.table.as_str()) == table)
}

fn reads_column(change: &Change, report: &Report) -> bool {
    let (table, column) = (change.table.as_deref(), change.column.as_deref());
    report.columns.iter().any(|c| {
        c.schema == change.schema && Some(c.table.as_str()) == table && Some(c.column.as_str()) == column
    })
}

fn breaks(change: &Change, before: &Report, findings: &[Finding]) -> bool {
    match change.kind {
        K::TableRemoved | K::TableRenamed | K::TableKindChanged | K::ViewTextChanged => {
            reads_table(change, before)
        }
        K::ColumnRemoved
        | K::ColumnRenamed
        | K::TypeChanged
        | K::TypeNarrowed
        | K::TypeWidened
        | K::GeneratedChanged
        | K::LabelsRemoved => reads_column(change, before),
        // a new column or table can make a name ambiguous
        K::ColumnAdded => {
            reads_table(change, before) && findings.iter().any(|f| f.code == Code::G102 && names(f, change))
        }
        K::TableAdded => before.tables.iter().any(|t| Some(t.table.as_str()) == change.table.as_deref()),
        K::SearchPathChanged => true,
        K::SchemaRemoved => before.tables.iter().any(|t| t.schema == change.schema),
        K::RoutineRemoved | K::RoutineAdded | K::RoutineChanged => is_called(change, before),
        K::PrimaryKeyRemoved | K::PrimaryKeyChanged | K::UniqueRemoved | K::UniqueChanged => {
            // a grouping by the key allowed other columns beside it
            reads_table(change, before) && findings.iter().any(|f| f.code == Code::G310)
        }
        K::SchemaAdded
        | K::SchemaCommentChanged
        | K::TableCommentChanged
        | K::PartitioningChanged
        | K::ColumnMoved
        | K::BecameNullable
        | K::BecameRequired
        | K::DefaultChanged
        | K::LabelsAdded
        | K::LabelsReordered
        | K::ColumnCommentChanged
        | K::PrimaryKeyAdded
        | K::ForeignKeyRemoved
        | K::ForeignKeyAdded
        | K::ForeignKeyChanged
        | K::UniqueAdded
        | K::IndexRemoved
        | K::IndexAdded
        | K::IndexChanged
        | K::CheckRemoved
        | K::CheckAdded
        | K::CheckChanged => false,
    }
}

fn alters(change: &Change, before: &Report) -> bool {
    match change.kind {
        K::TableRenamed | K::TableKindChanged | K::ViewTextChanged => reads_table(change, before),
        K::ColumnRenamed
        | K::TypeChanged
        | K::TypeNarrowed
        | K::TypeWidened
        | K::BecameNullable
        | K::BecameRequired
        | K::GeneratedChanged
        | K::LabelsRemoved
        | K::LabelsAdded
        | K::LabelsReordered => reads_column(change, before),
        // rows of a join can multiply
        K::PrimaryKeyRemoved | K::PrimaryKeyChanged | K::UniqueRemoved | K::UniqueChanged => {
            !before.joins.is_empty() && reads_table(change, before) && change.before != change.after
        }
        K::TableAdded => before.tables.iter().any(|t| Some(t.table.as_str()) == change.table.as_deref()),
        K::SearchPathChanged => true,
        K::RoutineRemoved | K::RoutineAdded | K::RoutineChanged => is_called(change, before),
        K::TableRemoved
        | K::ColumnRemoved
        | K::ColumnAdded
        | K::SchemaRemoved
        | K::SchemaAdded
        | K::SchemaCommentChanged
        | K::TableCommentChanged
        | K::PartitioningChanged
        | K::ColumnMoved
        | K::DefaultChanged
        | K::ColumnCommentChanged
        | K::PrimaryKeyAdded
        | K::ForeignKeyRemoved
        | K::ForeignKeyAdded
        | K::ForeignKeyChanged
        | K::UniqueAdded
        | K::IndexRemoved
        | K::IndexAdded
        | K::IndexChanged
        | K::CheckRemoved
        | K::CheckAdded
        | K::CheckChanged => false,
    }
}

/// Whether a finding is about what the change is about.
fn names(finding: &Finding, change: &Change) -> bool {
    let Some(subject) = &finding.subject else { return false };
    let last = subject.rsplit('.').next().unwrap_or_default().trim_matches('"');
    let is = |name: &Option<String>| name.as_deref().is_some_and(|n| n.eq_ignore_ascii_case(last));
    match &change.column {
        Some(_) => is(&change.column),
        None => {
            is(&change.table) || change.name.as_deref().is_some_and(|n| n.split('(').next() == Some(last))
        }
    }
}
