//! A verdict as text for people.

use guard::{Finding, ReadOnly};

use super::{Checked, place};

/// Prints what was found in files, each with its place, and a line that sums up.
pub fn print_all(all: &[Checked]) {
    for checked in all {
        let piece = &checked.piece;
        let (kind, findings) = checked.findings();
        for finding in findings {
            let at = place::of(&piece.text, piece.start, finding.span);
            let file = piece.file.as_deref().unwrap_or("statement");
            say_raw!("{file}:{}:{}: ", at.line, at.column);
            print_finding(&piece.text, kind, finding);
        }
    }
    let refused = all.iter().filter(|c| c.verdict.is_err()).count();
    let warnings: usize = all.iter().map(|c| c.warnings().len()).sum();
    let (total, accepted) = (all.len(), all.len() - refused);
    say!("statements: {total}, accepted: {accepted}, refused: {refused}, warnings: {warnings}");
}

/// Prints the verdict on one statement.
pub fn print_verdict(sql: &str, verdict: &std::result::Result<ReadOnly, Vec<Finding>>) {
    match verdict {
        Ok(statement) => {
            say!("allowed: one read\n");
            say!("{}\n", guard::render_pretty(statement.tree(), statement.engine()));
            if let Some(pipeline) = statement.pipeline() {
                say!("db.{}.aggregate([", pipeline.collection);
                for stage in &pipeline.stages {
                    say!("  {stage},");
                }
                say!("])\n");
            }
            say!("{}", statement.report().reading);
            for warning in &statement.report().warnings {
                print_finding(sql, "warning", warning);
            }
        }
        Err(findings) => {
            say!("refused");
            for finding in findings {
                print_finding(sql, "error", finding);
            }
        }
    }
}

fn print_finding(sql: &str, kind: &str, finding: &Finding) {
    for line in finding_lines(sql, kind, finding) {
        say!("{line}");
    }
}

/// A finding with the place it is about.
pub fn finding_lines(sql: &str, kind: &str, finding: &Finding) -> Vec<String> {
    let mut lines = vec![format!("{kind}[{}]: {}", finding.code.as_str(), finding.message)];
    if let Some(excerpt) = finding.span.and_then(|s| sql.get(s.start as usize..s.end as usize)) {
        lines.push(format!("  at: {}", excerpt.chars().take(80).collect::<String>()));
    }
    if let Some(hint) = &finding.hint {
        lines.push(format!("  hint: {hint}"));
    }
    lines
}
