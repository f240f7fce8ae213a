//! The figures of an evaluation, as text for people and as JSON for programs.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};

/// How one question went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The result is that of the gold.
    Right,
    /// It ran and gave something else.
    Wrong,
    /// The guard accepted it, the database did not run it.
    Failed,
    /// The guard refused every candidate.
    Refused,
    /// Nothing was proposed.
    NoAnswer,
    /// The gold itself does not run; counted as not right.
    GoldFailed,
}

impl Outcome {
    fn accepted(self) -> bool {
        matches!(self, Outcome::Right | Outcome::Wrong | Outcome::Failed)
    }

    fn executed(self) -> bool {
        matches!(self, Outcome::Right | Outcome::Wrong)
    }
}

/// One question's line in the report.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// The question's id.
    pub id: String,
    /// Its database.
    pub db_id: String,
    /// Its hardness, when given.
    pub hardness: Option<String>,
    /// How it went.
    pub outcome: Outcome,
    /// What was proposed.
    pub sql: Option<String>,
    /// Code and sentence of what went wrong.
    pub message: Option<String>,
    /// From the question to the checked statement.
    pub latency_ms: f64,
}

/// Counts of a group of questions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Questions.
    pub questions: usize,
    /// Right ones.
    pub right: usize,
    /// `right / questions`.
    pub accuracy: f64,
}

/// The figures.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// All questions.
    pub overall: Group,
    /// By hardness.
    pub by_hardness: BTreeMap<String, Group>,
    /// By database.
    pub by_database: BTreeMap<String, Group>,
    /// Questions for which something was proposed.
    pub proposed: usize,
    /// Share of those that the guard accepted.
    pub accepted_share: f64,
    /// Share of the accepted ones that ran.
    pub executed_share: f64,
    /// Counts by outcome.
    pub outcomes: BTreeMap<Outcome, usize>,
    /// Half of the questions took at most this long.
    pub latency_p50_ms: f64,
    /// 95 %.
    pub latency_p95_ms: f64,
    /// 99 %.
    pub latency_p99_ms: f64,
    /// The longest.
    pub latency_max_ms: f64,
    /// Everything that was not right.
    pub failures: Vec<Case>,
}

impl Report {
    /// Counts.
    pub fn of(cases: &[Case]) -> Report {
        let mut report = Report::default();
        for case in cases {
            let right = case.outcome == Outcome::Right;
            report.overall.count(right);
            report.by_database.entry(case.db_id.clone()).or_default().count(right);
            if let Some(hardness) = &case.hardness {
                report.by_hardness.entry(hardness.clone()).or_default().count(right);
            }
            *report.outcomes.entry(case.outcome).or_default() += 1;
            if !right {
                report.failures.push(case.clone());
            }
        }
        let number = |test: fn(Outcome) -> bool| cases.iter().filter(|c| test(c.outcome)).count();
        let (accepted, executed) = (number(Outcome::accepted), number(Outcome::executed));
        report.proposed = accepted + number(|o| o == Outcome::Refused);
        report.accepted_share = share(accepted, report.proposed);
        report.executed_share = share(executed, accepted);
        report.set_latencies(cases);
        report
    }

    fn set_latencies(&mut self, cases: &[Case]) {
        let mut sorted: Vec<f64> = cases.iter().map(|c| c.latency_ms).collect();
        sorted.sort_by(f64::total_cmp);
        let rank = |percent: usize| {
            let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted.get(at).copied().unwrap_or_default()
        };
        self.latency_p50_ms = rank(50);
        self.latency_p95_ms = rank(95);
        self.latency_p99_ms = rank(99);
        self.latency_max_ms = rank(100);
    }

    /// The figures as text, with at most `failures` of what was not right.
    pub fn text(&self, failures: usize) -> String {
        let mut out = String::new();
        // writing to a String cannot fail
        let _ = self.write(&mut out, failures);
        out
    }

    fn write(&self, out: &mut String, failures: usize) -> std::fmt::Result {
        line(out, "execution accuracy", &self.overall)?;
        for (name, group) in &self.by_hardness {
            line(out, &format!("  {name}"), group)?;
        }
        for (name, group) in &self.by_database {
            line(out, &format!("  on {name}"), group)?;
        }
        let percent = |share: f64| share * 100.0;
        let total = self.overall.questions;
        writeln!(
            out,
            "{:<28} {:>6.1} %  ({} of {total})",
            "proposed",
            percent(share(self.proposed, total)),
            self.proposed
        )?;
        writeln!(out, "{:<28} {:>6.1} %", "accepted by the guard", percent(self.accepted_share))?;
        writeln!(out, "{:<28} {:>6.1} %", "executed", percent(self.executed_share))?;
        let [p50, p95, p99, max] =
            [self.latency_p50_ms, self.latency_p95_ms, self.latency_p99_ms, self.latency_max_ms];
        writeln!(out, "{:<28} p50 {p50:.1}  p95 {p95:.1}  p99 {p99:.1}  max {max:.1}", "latency in ms")?;
        for case in self.failures.iter().take(failures) {
            let message = case.message.as_deref().unwrap_or_default();
            writeln!(out, "{:?}  {}  {}  {message}", case.outcome, case.id, case.db_id)?;
        }
        Ok(())
    }
}

impl Group {
    fn count(&mut self, right: bool) {
        self.questions += 1;
        self.right += usize::from(right);
        self.accuracy = share(self.right, self.questions);
    }
}

fn line(out: &mut String, name: &str, group: &Group) -> std::fmt::Result {
    let accuracy = group.accuracy * 100.0;
    writeln!(out, "{name:<28} {accuracy:>6.1} %  ({} of {})", group.right, group.questions)
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
