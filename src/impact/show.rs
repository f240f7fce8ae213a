//! An impact for people: as text and as Markdown. (JSON comes from serde.)

use super::{Impacted, Judged};
use crate::model::ImpactState;

/// Longest name of a statement in a line, in characters.
const LONGEST: usize = 100;

impl Impacted {
    /// A paragraph a statement, the broken ones first.
    pub fn to_text(&self) -> String {
        let mut out = format!("{}\n", self.headline());
        for statement in &self.statements {
            out.push_str(&format!("\n{:<10} {}\n", statement.state.as_str(), title(statement)));
            let notes = notes(statement);
            out.extend(notes.iter().map(|(what, line)| format!("  {what:<8} {}\n", flat(line))));
        }
        out
    }

    /// A section a state, an item a statement.
    pub fn to_markdown(&self) -> String {
        let mut out = format!("{}.\n", self.headline());
        for state in [ImpactState::Broken, ImpactState::Changed] {
            let count = self.of(state).count();
            if count == 0 {
                continue;
            }
            out.push_str(&format!("\n### {state} ({count})\n\n"));
            for statement in self.of(state) {
                out.push_str(&format!("- {}\n", escape(&title(statement))));
                let (sql, notes): (Vec<_>, Vec<_>) =
                    notes(statement).into_iter().partition(|(what, _)| *what == "repair");
                out.extend(notes.iter().map(|(what, line)| format!("  - {what}: {}\n", escape(line))));
                out.extend(sql.iter().map(|(_, text)| fenced(text)));
            }
        }
        out
    }

    fn headline(&self) -> String {
        let (broken, changed) = (self.of(ImpactState::Broken).count(), self.of(ImpactState::Changed).count());
        let cut = if self.cut { ", more were not looked at" } else { "" };
        let versions = match (self.from.is_empty(), self.to.is_empty()) {
            (false, false) => format!("{} to {}: ", self.from, self.to),
            _ => String::new(),
        };
        format!("{versions}{} statements checked{cut}: {broken} broken, {changed} changed", self.checked)
    }
}

fn title(statement: &Judged) -> String {
    let kind = statement.subject_type.as_str().replace('_', " ");
    let name: String = flat(&statement.subject_name).chars().take(LONGEST).collect();
    format!("{kind}: {name}")
}

/// What there is to say of a statement, each with what it is.
fn notes(statement: &Judged) -> Vec<(&'static str, String)> {
    let mut notes: Vec<(&'static str, String)> = statement
        .findings
        .iter()
        .map(|f| ("finding", format!("{} {}", f.code.as_str(), f.message)))
        .collect();
    notes.extend(statement.causes.iter().map(|line| ("cause", line.clone())));
    notes.extend(statement.meaning.iter().map(|line| ("meaning", line.clone())));
    notes.extend(statement.repair.iter().map(|sql| ("repair", sql.clone())));
    notes
}

fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A statement as a block of code, with a fence longer than any run of backticks in it.
fn fenced(sql: &str) -> String {
    let longest = sql.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let body: String = sql.lines().map(|line| format!("    {line}\n")).collect();
    format!("  - repair:\n\n    {fence}sql\n{body}    {fence}\n\n")
}

/// Names come from a database and questions from people: they must not become markup.
fn escape(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in flat(line).chars() {
        if matches!(c, '\\' | '`' | '*' | '_' | '<' | '>' | '[' | ']' | '|' | '#') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
