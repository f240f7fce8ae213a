//! Changes for people: one line each, as text and as Markdown. (JSON comes from serde.)

use super::{Change, ChangeKind, Diff, Severity};

/// Longest before or after value in a line.
const LONGEST: usize = 120;

impl Change {
    /// The change in one line.
    pub fn line(&self) -> String {
        let mut line = format!("{}: {}", self.object(), self.happening());
        if let Some(evidence) = &self.evidence {
            line.push_str(&format!(" (likeness {:.2}: {})", evidence.score, evidence.evidence.join(", ")));
        }
        line
    }

    fn happening(&self) -> String {
        use ChangeKind as K;
        let name = self.name.as_deref().map(|n| format!(" {n}")).unwrap_or_default();
        let from_to = self.both_values();
        match self.kind {
            K::SearchPathChanged => format!("search path changed{from_to}"),
            K::SchemaRemoved => "schema removed".to_owned(),
            K::SchemaAdded => "schema added".to_owned(),
            K::SchemaCommentChanged | K::TableCommentChanged | K::ColumnCommentChanged => {
                format!("comment changed{from_to}")
            }
            K::TableRemoved => format!("{} removed", self.before.as_deref().unwrap_or("table")),
            K::TableAdded => format!("{} added", self.after.as_deref().unwrap_or("table")),
            K::TableRenamed | K::ColumnRenamed => format!("renamed to {}", short(&self.after)),
            K::TableKindChanged => format!("kind changed{from_to}"),
            K::ViewTextChanged => "text of the view changed".to_owned(),
            K::PartitioningChanged => format!("partitioning changed{from_to}"),
            K::ColumnRemoved => format!("column removed (was {})", short(&self.before)),
            K::ColumnAdded => format!("column added ({})", short(&self.after)),
            K::ColumnMoved => format!("position changed{from_to}"),
            K::TypeNarrowed => format!("type narrowed{from_to}"),
            K::TypeWidened => format!("type widened{from_to}"),
            K::TypeChanged => format!("type changed{from_to}"),
            K::BecameNullable => "may be NULL now".to_owned(),
            K::BecameRequired => "may not be NULL any more".to_owned(),
            K::DefaultChanged => format!("default changed{from_to}"),
            K::GeneratedChanged => format!("generation changed{from_to}"),
            K::LabelsRemoved => format!("labels removed: {}", short(&self.before)),
            K::LabelsAdded => format!("labels added: {}", short(&self.after)),
            K::LabelsReordered => "order of labels changed".to_owned(),
            K::PrimaryKeyRemoved => format!("primary key{name} removed (was {})", short(&self.before)),
            K::PrimaryKeyAdded => format!("primary key{name} added ({})", short(&self.after)),
            K::PrimaryKeyChanged => format!("primary key{name} changed{from_to}"),
            K::ForeignKeyRemoved => format!("foreign key{name} removed (was {})", short(&self.before)),
            K::ForeignKeyAdded => format!("foreign key{name} added ({})", short(&self.after)),
            K::ForeignKeyChanged => format!("foreign key{name} changed{from_to}"),
            K::UniqueRemoved => format!("unique key{name} removed (was {})", short(&self.before)),
            K::UniqueAdded => format!("unique key{name} added ({})", short(&self.after)),
            K::UniqueChanged => format!("unique key{name} changed{from_to}"),
            K::IndexRemoved => format!("index{name} removed (was {})", short(&self.before)),
            K::IndexAdded => format!("index{name} added ({})", short(&self.after)),
            K::IndexChanged => format!("index{name} changed{from_to}"),
            K::CheckRemoved => format!("check{name} removed (was {})", short(&self.before)),
            K::CheckAdded => format!("check{name} added ({})", short(&self.after)),
            K::CheckChanged => format!("check{name} changed{from_to}"),
            K::RoutineRemoved => format!("routine{name} removed"),
            K::RoutineAdded => format!("routine{name} added"),
            K::RoutineChanged => format!("routine{name} changed{from_to}"),
        }
    }

    fn both_values(&self) -> String {
        match (&self.before, &self.after) {
            (None, None) => String::new(),
            (before, after) => format!(" from {} to {}", short(before), short(after)),
        }
    }
}

fn short(text: &Option<String>) -> String {
    let Some(text) = text else { return "none".to_owned() };
    let flat = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat.chars().count() <= LONGEST {
        return flat;
    }
    let cut = flat.chars().take(LONGEST).collect::<String>();
    format!("{cut}...")
}

impl Severity {
    /// Word for lists.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Breaking => "breaking",
            Severity::Caution => "caution",
            Severity::Compatible => "compatible",
            Severity::Info => "info",
        }
    }
}

const WORST_FIRST: [Severity; 4] =
    [Severity::Breaking, Severity::Caution, Severity::Compatible, Severity::Info];

impl Diff {
    /// One line per change, the worst first.
    pub fn to_text(&self) -> String {
        if self.is_empty() {
            return "no changes\n".to_owned();
        }
        let lines =
            WORST_FIRST.into_iter().flat_map(|s| self.changes.iter().filter(move |c| c.severity == s));
        lines.map(|c| format!("{:<10} {}\n", c.severity.word(), c.line())).collect()
    }

    /// A section per severity, the worst first.
    pub fn to_markdown(&self) -> String {
        if self.is_empty() {
            return "No changes.\n".to_owned();
        }
        let mut out = String::new();
        for severity in WORST_FIRST {
            let lines = self.changes.iter().filter(|c| c.severity == severity).collect::<Vec<_>>();
            if lines.is_empty() {
                continue;
            }
            out.push_str(&format!("### {} ({})\n\n", severity.word(), lines.len()));
            out.extend(lines.into_iter().map(|c| format!("- {}\n", escape(&c.line()))));
            out.push('\n');
        }
        out
    }
}

/// Names and comments come from a database: they must not become markup.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
