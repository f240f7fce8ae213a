//! One change: what kind, how bad, where, from what to what, and the line that says so.

use serde::{Deserialize, Serialize};

use crate::Inference;

/// How bad a change is for those who read the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Says more, changes nothing for queries.
    Info,
    /// Adds something; what ran still runs.
    Compatible,
    /// What ran still runs, but its answer may mean something else.
    Caution,
    /// Queries can fail.
    Breaking,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ChangeKind {
    SearchPathChanged,
    SchemaRemoved,
    SchemaAdded,
    SchemaCommentChanged,
    TableRemoved,
    TableAdded,
    TableRenamed,
    TableKindChanged,
    TableCommentChanged,
    ViewTextChanged,
    PartitioningChanged,
    ColumnRemoved,
    ColumnAdded,
    ColumnRenamed,
    ColumnMoved,
    TypeNarrowed,
    TypeWidened,
    TypeChanged,
    BecameNullable,
    BecameRequired,
    DefaultChanged,
    GeneratedChanged,
    LabelsRemoved,
    LabelsAdded,
    LabelsReordered,
    ColumnCommentChanged,
    PrimaryKeyRemoved,
    PrimaryKeyAdded,
    PrimaryKeyChanged,
    ForeignKeyRemoved,
    ForeignKeyAdded,
    ForeignKeyChanged,
    UniqueRemoved,
    UniqueAdded,
    UniqueChanged,
    IndexRemoved,
    IndexAdded,
    IndexChanged,
    CheckRemoved,
    CheckAdded,
    CheckChanged,
    RoutineRemoved,
    RoutineAdded,
    RoutineChanged,
}

impl ChangeKind {
    /// The severity that the kind has unless the change says otherwise.
    pub fn severity(self) -> Severity {
        use ChangeKind as K;
        match self {
            K::SchemaRemoved
            | K::TableRemoved
            | K::TableRenamed
            | K::ColumnRemoved
            | K::ColumnRenamed
            | K::TypeChanged
            | K::LabelsRemoved
            | K::RoutineRemoved
            | K::RoutineChanged => Severity::Breaking,
            K::SearchPathChanged
            | K::TableKindChanged
            | K::ViewTextChanged
            | K::TypeNarrowed
            | K::BecameNullable
            | K::GeneratedChanged
            | K::PrimaryKeyRemoved
            | K::PrimaryKeyChanged
            | K::ForeignKeyRemoved
            | K::ForeignKeyChanged
            | K::UniqueRemoved
            | K::LabelsReordered => Severity::Caution,
            K::SchemaAdded
            | K::TableAdded
            | K::ColumnAdded
            | K::TypeWidened
            | K::BecameRequired
            | K::LabelsAdded
            | K::PrimaryKeyAdded
            | K::ForeignKeyAdded
            | K::UniqueAdded
            | K::RoutineAdded => Severity::Compatible,
            K::SchemaCommentChanged
            | K::TableCommentChanged
            | K::PartitioningChanged
            | K::ColumnMoved
            | K::DefaultChanged
            | K::ColumnCommentChanged
            | K::UniqueChanged
            | K::IndexRemoved
            | K::IndexAdded
            | K::IndexChanged
            | K::CheckRemoved
            | K::CheckAdded
            | K::CheckChanged => Severity::Info,
        }
    }
}

/// One change. `table` and `column` are the names before the change, where there were any.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// How bad it is.
    pub severity: Severity,
    /// Schema of the object.
    pub schema: String,
    /// Table, unless the change is about a schema or a routine.
    pub table: Option<String>,
    /// Column, where the change is about one.
    pub column: Option<String>,
    /// Name of the key, index, check or routine.
    pub name: Option<String>,
    /// What was there before, as text.
    pub before: Option<String>,
    /// What is there now, as text.
    pub after: Option<String>,
    /// Why two names are taken for the same thing (renames only).
    pub evidence: Option<Inference>,
}

impl Change {
    /// A change with its kind's severity.
    pub(super) fn new(kind: ChangeKind, schema: &str) -> Change {
        Change {
            kind,
            severity: kind.severity(),
            schema: schema.to_owned(),
            table: None,
            column: None,
            name: None,
            before: None,
            after: None,
            evidence: None,
        }
    }

    pub(super) fn table(mut self, table: &str) -> Change {
        self.table = Some(table.to_owned());
        self
    }

    pub(super) fn column(mut self, column: &str) -> Change {
        self.column = Some(column.to_owned());
        self
    }

    pub(super) fn name(mut self, name: Option<&str>) -> Change {
        self.name = name.map(str::to_owned);
        self
    }

    pub(super) fn values(mut self, before: Option<String>, after: Option<String>) -> Change {
        self.before = before;
        self.after = after;
        self
    }

    pub(super) fn severity(mut self, severity: Severity) -> Change {
        self.severity = severity;
        self
    }

    /// The order in which changes are listed.
    pub(super) fn place(&self) -> impl Ord + use<> {
        let texts = (self.schema.clone(), self.table.clone(), self.column.clone());
        (texts, self.kind, self.name.clone(), self.before.clone(), self.after.clone())
    }

    /// Whether the change is about this table, under its old or its new name.
    pub(super) fn concerns(&self, schema: &str, table: &str) -> bool {
        let renamed_to = format!("{schema}.{table}");
        let new_name =
            self.kind == ChangeKind::TableRenamed && self.after.as_deref() == Some(renamed_to.as_str());
        new_name || (self.schema == schema && self.table.as_deref() == Some(table))
    }

    /// The object's full name.
    pub fn object(&self) -> String {
        let parts = [Some(self.schema.as_str()), self.table.as_deref(), self.column.as_deref()];
        let parts = parts.into_iter().flatten().filter(|p| !p.is_empty()).collect::<Vec<_>>();
        parts.join(".")
    }
}
