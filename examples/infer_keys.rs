//! Measures how well undeclared references are found: takes away the declared ones of some databases, infers them, and
//! compares. Prints precision and recall, from names alone and with the overlap of values.
//!
//! ```text
//! cargo run --example infer_keys -- TABLES.json DATABASES     Spider's description and a folder DB/DB.sqlite
//! cargo run --example infer_keys -- URL ...                   databases that declare their keys themselves
//! ```

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use catalog::infer::{self, Proposal};
use catalog::{Catalog, Snapshot};
use connector_api::{Connector, CrawlOptions};
use querent::crawl::probe::{self, Bounds};
use querent::sources;
use serde_json::Value;

/// Referring table and column, table and column referred to; in small letters.
type Reference = (String, String, String, String);

/// A database and what its references should be.
struct Case {
    name: String,
    connector: Arc<dyn Connector>,
    expected: Option<BTreeSet<Reference>>,
}

#[derive(Default)]
struct Score {
    right: usize,
    wrong: usize,
    missed: usize,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match measure(&arguments).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::FAILURE
        }
    }
}

async fn measure(arguments: &[String]) -> Result<(), String> {
    let cases = match arguments {
        [] => return Err("give TABLES.json and a folder of databases, or URLs".to_owned()),
        [tables, folder] if tables.ends_with(".json") => spider(tables, folder)?,
        urls => urls.iter().map(|url| of_url(url)).collect::<Result<_, _>>()?,
    };
    let (mut names, mut values) = (Score::default(), Score::default());
    for case in cases {
        let (snapshot, expected) = read(&case).await?;
        let candidates = infer::candidates(&snapshot);
        println!("{}: {} references", case.name, expected.len());
        names.add(&infer::settle(candidates.clone()), &expected, None);
        let catalog = Arc::new(Catalog::new(snapshot));
        let mut weighed = candidates;
        let asked = probe::weigh(case.connector.as_ref(), &catalog, &mut weighed, &Bounds::default()).await;
        println!("    asked {asked} times");
        values.add(&infer::settle(weighed), &expected, Some(&catalog));
    }
    names.print("names, types, statistics");
    values.print("and overlap of values");
    Ok(())
}

/// The catalog without its declared references, and the references that are to be found.
async fn read(case: &Case) -> Result<(Snapshot, BTreeSet<Reference>), String> {
    let options = CrawlOptions::default();
    let mut snapshot =
        case.connector.introspect(&options, &|_| {}).await.map_err(|e| format!("{}: {e}", case.name))?;
    let mut declared = BTreeSet::new();
    for table in &mut snapshot.tables {
        for key in std::mem::take(&mut table.foreign_keys) {
            if let ([from], [to]) = (key.columns.as_slice(), key.to_columns.as_slice()) {
                declared.insert(reference(&table.name, from, &key.to_table, to));
            }
        }
    }
    Ok((snapshot, case.expected.clone().unwrap_or(declared)))
}

fn reference(table: &str, column: &str, to: &str, key: &str) -> Reference {
    (table.to_lowercase(), column.to_lowercase(), to.to_lowercase(), key.to_lowercase())
}

fn of_url(url: &str) -> Result<Case, String> {
    let connector = sources::open(url, &querent::network::Network::default()).map_err(|e| e.to_string())?;
    Ok(Case { name: sources::display_url(url), connector, expected: None })
}

/// The databases of Spider's description: `foreign_keys` holds pairs of places in `column_names_original`.
fn spider(tables: &str, folder: &str) -> Result<Vec<Case>, String> {
    let text = std::fs::read_to_string(tables).map_err(|e| format!("{tables}: {e}"))?;
    let databases: Vec<Value> = serde_json::from_str(&text).map_err(|e| format!("{tables}: {e}"))?;
    let mut cases = Vec::new();
    for database in &databases {
        let name = database["db_id"].as_str().unwrap_or_default();
        let url = format!("sqlite:{folder}/{name}/{name}.sqlite");
        let connector =
            sources::open(&url, &querent::network::Network::default()).map_err(|e| format!("{name}: {e}"))?;
        let column = |at: &Value| {
            let place = at.as_u64().and_then(|at| usize::try_from(at).ok())?;
            let named = &database["column_names_original"][place];
            let table = &database["table_names_original"][usize::try_from(named[0].as_u64()?).ok()?];
            Some((table.as_str()?.to_owned(), named[1].as_str()?.to_owned()))
        };
        let pairs = database["foreign_keys"].as_array().into_iter().flatten().filter_map(|pair| {
            let ((table, from), (to, key)) = (column(&pair[0])?, column(&pair[1])?);
            Some(reference(&table, &from, &to, &key))
        });
        cases.push(Case { name: name.to_owned(), connector, expected: Some(pairs.collect()) });
    }
    Ok(cases)
}

impl Score {
    fn add(&mut self, found: &[Proposal], expected: &BTreeSet<Reference>, show: Option<&Arc<Catalog>>) {
        let single = found.iter().filter_map(|p| match (p.columns.as_slice(), p.to_columns.as_slice()) {
            ([from], [to]) => Some((reference(&p.table, from, &p.to_table, to), p)),
            _ => None,
        });
        let mut seen = BTreeSet::new();
        for (reference, proposal) in single {
            let right = expected.contains(&reference);
            *(if right { &mut self.right } else { &mut self.wrong }) += 1;
            if let (false, Some(_)) = (right, show) {
                let (table, column, to, key) = &reference;
                println!(
                    "    wrong   {:.2}  {table}.{column} -> {to}.{key}  {:?}",
                    proposal.score, proposal.evidence
                );
            }
            seen.insert(reference);
        }
        for missed in expected.difference(&seen) {
            self.missed += 1;
            if show.is_some() {
                println!("    missed        {}.{} -> {}.{}", missed.0, missed.1, missed.2, missed.3);
            }
        }
    }

    fn print(&self, what: &str) {
        let share = |part: usize, of: usize| if of == 0 { 0.0 } else { part as f64 / of as f64 * 100.0 };
        println!(
            "{what}: precision {:.1}% ({} of {}), recall {:.1}% ({} of {})",
            share(self.right, self.right + self.wrong),
            self.right,
            self.right + self.wrong,
            share(self.right, self.right + self.missed),
            self.right,
            self.right + self.missed
        );
    }
}
