//! The command line that the engines' examples share.

use std::time::Duration;

use super::{Attack, Options, Outcome, Verdict, measure, read, table};

/// What the command line says: `CORPUS SCHEMA [--url URL] [--hidden TABLE]... [--secret TEXT]... [--details]`.
#[derive(Debug, Clone, Default)]
pub struct Arguments {
    /// The attacks.
    pub attacks: Vec<Attack>,
    /// Statements that make the database.
    pub schema: String,
    /// The server, where there is one.
    pub url: Option<String>,
    /// Tables that neither the guard's policy nor the recommended login shows.
    pub hidden: Vec<String>,
    /// Texts that no result may hold.
    pub secrets: Vec<String>,
    /// Whether every attack that got through is listed.
    pub details: bool,
}

impl Arguments {
    /// Reads the words after the program's name, and the two files.
    ///
    /// # Errors
    /// What is missing or unknown, with the usage.
    pub fn read(words: impl Iterator<Item = String>) -> Result<Arguments, String> {
        let mut words = words;
        let mut files = Vec::new();
        let mut arguments = Arguments::default();
        while let Some(word) = words.next() {
            let mut value = || words.next().ok_or_else(|| format!("{word} needs a value"));
            match word.as_str() {
                "--url" => arguments.url = Some(value()?),
                "--hidden" => arguments.hidden.push(value()?),
                "--secret" => arguments.secrets.push(value()?),
                "--details" => arguments.details = true,
                flag if flag.starts_with("--") => return Err(format!("{flag} is unknown; {USAGE}")),
                _ => files.push(word),
            }
        }
        let [corpus, schema] = files.as_slice() else { return Err(USAGE.to_owned()) };
        arguments.attacks = read(&file(corpus)?)?;
        arguments.schema = file(schema)?;
        Ok(arguments)
    }

    /// Measures on a bench and prints the table, with what got through when asked.
    ///
    /// # Errors
    /// As [`measure`].
    pub async fn run(&self, bench: &mut dyn super::Bench) -> Result<Vec<Verdict>, String> {
        let options = Options { secrets: self.secrets.clone(), patience: Duration::from_secs(20) };
        let verdicts = measure(bench, &self.attacks, &options).await?;
        println!("{}", table(&verdicts));
        if self.details {
            for v in verdicts.iter().filter(|v| !matches!(v.outcome, Outcome::Refused(_))) {
                println!("{} {} [{}] {:?}", v.attack.id, v.layers.title(), v.attack.class, v.outcome);
            }
        }
        Ok(verdicts)
    }
}

const USAGE: &str =
    "usage: layers CORPUS.jsonl SCHEMA.sql [--url URL] [--hidden TABLE]... [--secret TEXT]... [--details]";

fn file(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{path} cannot be read: {e}"))
}
