//! Measures each layer of the read-only proof alone, by running attacks against a real server (feature `layers`).
//!
//! An engine's example implements [`Bench`] and calls [`measure`]: every attack meets, each time in a fresh database,
//! the session alone as a privileged login, the session as the login that the privilege check recommends, the guard
//! alone, and all three. The state of the server is taken before and after; [`table`] prints what each layer let by.

mod arguments;
mod corpus;
mod rows;
mod table;

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use guard::ReadOnly;

pub use arguments::Arguments;
pub use corpus::{Attack, read};
pub use rows::{ran, shown};
pub use table::table;

/// How often, and after how long, the state is taken again while it differs.
const SETTLES: u32 = 12;
const SETTLING: Duration = Duration::from_millis(500);

/// Parts of a server's state by name. What may change by itself has no place in it.
pub type State = BTreeMap<String, String>;

/// Who runs an attack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// One that may do everything.
    Privileged,
    /// The one that the privilege check recommends.
    Recommended,
}

/// Which layers stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layers {
    /// Two: the read-only session, as a privileged login.
    Session,
    /// Two and three: the session, as the recommended login.
    SessionAndLogin,
    /// One: the guard; what it accepts runs on a bare session of a privileged login.
    Guard,
    /// All three.
    All,
}

impl Layers {
    /// In the order in which they are measured and shown.
    pub const EACH: [Layers; 4] = [Layers::Session, Layers::SessionAndLogin, Layers::Guard, Layers::All];

    /// What the table calls them.
    pub fn title(self) -> &'static str {
        match self {
            Layers::Session => "session",
            Layers::SessionAndLogin => "session + login",
            Layers::Guard => "guard",
            Layers::All => "all",
        }
    }
}

/// What came of an attack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// An error, and nothing changed.
    Refused(String),
    /// It ran until its time was up, and nothing changed.
    TimedOut,
    /// It ran, changed nothing and gave nothing forbidden.
    Harmless,
    /// It gave one of the texts that nobody may see.
    Leaked,
    /// Parts of the state that are not as they were.
    Changed(Vec<String>),
}

impl Outcome {
    /// Whether the layer held: nothing changed and nothing was given away.
    pub fn caught(&self) -> bool {
        matches!(self, Outcome::Refused(_) | Outcome::TimedOut | Outcome::Harmless)
    }
}

/// How a statement went: what it gave, as text, or why it did not run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ran {
    /// It gave this, cut to a few kilobytes.
    Gave(String),
    /// It was refused by the server or by us.
    Refused(String),
    /// It was ended by its time limit.
    TimedOut,
}

/// One engine under attack. Errors are faults of the measurement and end it.
#[async_trait]
pub trait Bench {
    /// A new database from the schema, and sessions of it that nobody has used.
    async fn fresh(&mut self) -> Result<(), String>;

    /// Everything that an attack could have changed, the sessions that ran it included.
    async fn state(&mut self) -> Result<State, String>;

    /// Runs text in the connector's read-only session (its `unguarded` entry).
    async fn session(&mut self, login: Login, sql: &str) -> Ran;

    /// Proves text as the product would.
    fn guard(&self, sql: &str) -> Result<ReadOnly, String>;

    /// Runs checked text on a session without any rule, as the privileged login.
    async fn bare(&mut self, statement: &ReadOnly) -> Ran;

    /// Runs a checked statement as the product does, as the recommended login.
    async fn whole(&mut self, statement: &ReadOnly) -> Ran;
}

/// What came of one attack under some layers.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// The attack.
    pub attack: Attack,
    /// What stood in its way.
    pub layers: Layers,
    /// What came of it.
    pub outcome: Outcome,
}

/// How to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Texts that no result may hold.
    pub secrets: Vec<String>,
    /// Longest time for one attack with everything around it; the session's own limit should be well below.
    pub patience: Duration,
}

/// Runs every attack under each of the layers.
///
/// # Errors
/// When the bench fails: a measurement with holes is none.
pub async fn measure(
    bench: &mut dyn Bench,
    attacks: &[Attack],
    options: &Options,
) -> Result<Vec<Verdict>, String> {
    let mut verdicts = Vec::with_capacity(attacks.len() * Layers::EACH.len());
    for attack in attacks {
        for layers in Layers::EACH {
            let outcome = one(bench, layers, &attack.sql, options);
            let outcome =
                outcome.await.map_err(|e| format!("{} under {}: {e}", attack.id, layers.title()))?;
            verdicts.push(Verdict { attack: attack.clone(), layers, outcome });
        }
    }
    Ok(verdicts)
}

async fn one(bench: &mut dyn Bench, layers: Layers, sql: &str, options: &Options) -> Result<Outcome, String> {
    let proven = match layers {
        Layers::Session | Layers::SessionAndLogin => None,
        Layers::Guard | Layers::All => match bench.guard(sql) {
            Ok(statement) => Some(statement),
            // refused before any server heard of it
            Err(reason) => return Ok(Outcome::Refused(reason)),
        },
    };
    bench.fresh().await?;
    let before = bench.state().await?;
    let attempt = async {
        match (layers, &proven) {
            (Layers::SessionAndLogin, _) => bench.session(Login::Recommended, sql).await,
            (Layers::Guard, Some(statement)) => bench.bare(statement).await,
            (Layers::All, Some(statement)) => bench.whole(statement).await,
            (Layers::Session | Layers::Guard | Layers::All, _) => bench.session(Login::Privileged, sql).await,
        }
    };
    let ran = tokio::time::timeout(options.patience, attempt).await.unwrap_or(Ran::TimedOut);
    let mut changed = changes(&before, &bench.state().await?);
    for _ in 0..SETTLES {
        if changed.is_empty() {
            break;
        }
        // a session that was just cancelled holds its locks until the server looks
        tokio::time::sleep(SETTLING).await;
        changed = changes(&before, &bench.state().await?);
    }
    if !changed.is_empty() {
        return Ok(Outcome::Changed(changed));
    }
    Ok(match ran {
        Ran::Gave(text) if options.secrets.iter().any(|s| text.contains(s)) => Outcome::Leaked,
        Ran::Gave(_) => Outcome::Harmless,
        Ran::Refused(why) if options.secrets.iter().any(|s| why.contains(s)) => Outcome::Leaked,
        Ran::Refused(why) => Outcome::Refused(why),
        Ran::TimedOut => Outcome::TimedOut,
    })
}

/// Names of the parts that differ.
fn changes(before: &State, after: &State) -> Vec<String> {
    let names: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    names.into_iter().filter(|name| before.get(*name) != after.get(*name)).cloned().collect()
}
