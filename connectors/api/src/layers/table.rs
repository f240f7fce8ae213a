//! The measured table: attacks by class, and for each set of layers what became of them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Layers, Outcome, Verdict};

/// Counts of outcomes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    refused: usize,
    timed_out: usize,
    harmless: usize,
    leaked: usize,
    changed: usize,
}

impl Counts {
    fn add(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Refused(_) => self.refused += 1,
            Outcome::TimedOut => self.timed_out += 1,
            Outcome::Harmless => self.harmless += 1,
            Outcome::Leaked => self.leaked += 1,
            Outcome::Changed(_) => self.changed += 1,
        }
    }

    fn all(&self) -> usize {
        self.caught() + self.leaked + self.changed
    }

    fn caught(&self) -> usize {
        self.refused + self.timed_out + self.harmless
    }
}

/// The table in Markdown: one part with the sums, one with what got through, by class.
pub fn table(verdicts: &[Verdict]) -> String {
    let mut sums: BTreeMap<Layers, Counts> = BTreeMap::new();
    let mut classes: BTreeMap<&str, BTreeMap<Layers, Counts>> = BTreeMap::new();
    for verdict in verdicts {
        sums.entry(verdict.layers).or_default().add(&verdict.outcome);
        let class = classes.entry(&verdict.attack.class).or_default();
        class.entry(verdict.layers).or_default().add(&verdict.outcome);
    }
    let mut text = String::from(
        "| layers | attacks | refused | out of time | ran, changed nothing | gave a secret | changed state | caught |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    for (layers, c) in &sums {
        let share = 100.0 * c.caught() as f64 / c.all().max(1) as f64;
        let Counts { refused, timed_out, harmless, leaked, changed } = c;
        let _ = writeln!(
            text,
            "| {} | {} | {refused} | {timed_out} | {harmless} | {leaked} | {changed} | {share:.1} % |",
            layers.title(),
            c.all()
        );
    }
    text.push_str("\nCaught of all, by class:\n\n| class |");
    for layers in sums.keys() {
        let _ = write!(text, " {} |", layers.title());
    }
    text.push_str("\n|---|");
    text.push_str(&"---|".repeat(sums.len()));
    text.push('\n');
    for (class, by_layers) in &classes {
        let _ = write!(text, "| {class} |");
        for layers in sums.keys() {
            let counts = by_layers.get(layers).copied().unwrap_or_default();
            let _ = write!(text, " {}/{} |", counts.caught(), counts.all());
        }
        text.push('\n');
    }
    text
}
