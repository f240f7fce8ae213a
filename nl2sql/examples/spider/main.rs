//! Measures the built-in translator: execution accuracy over questions with gold SQL on SQLite files.
//!
//! `spider QUESTIONS.jsonl DATABASES [MORE_DATABASES] [--fail] [--db NAME] [--id ID]`

mod compare;
mod load;

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use nl2sql::Ask;
use rusqlite::Connection;
use serde_json::Value;

struct Question {
    id: String,
    db: String,
    text: String,
    gold: String,
    others: Vec<String>,
    hardness: String,
}

fn questions(path: &str) -> Vec<Question> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let field = |v: &Value, name: &str| v[name].as_str().unwrap_or_default().to_owned();
    let parse = |line: &str| -> Option<Question> {
        let v: Value = serde_json::from_str(line).ok()?;
        let turn = v["turns"].get(0).unwrap_or(&v);
        let gold = field(turn, "gold_sql");
        if gold.is_empty() || turn.get("gold_error").is_some() {
            return None;
        }
        Some(Question {
            id: field(&v, "id"),
            db: field(&v, "db_id"),
            text: field(turn, "question"),
            gold,
            others: others(turn),
            hardness: field(turn, "hardness"),
        })
    };
    text.lines().filter_map(parse).collect()
}

/// Other accepted statements, where a set has them.
fn others(turn: &Value) -> Vec<String> {
    turn["golds"].as_array().into_iter().flatten().filter_map(|g| g.as_str().map(str::to_owned)).collect()
}

fn open(folders: &[String], db: &str) -> Option<Connection> {
    let path =
        folders.iter().map(|f| format!("{f}/{db}/{db}.sqlite")).find(|p| std::path::Path::new(p).exists())?;
    Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).ok()
}

#[derive(Default)]
struct Tally {
    right: usize,
    any: usize,
    all: usize,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let value = |flag: &str| args.iter().position(|a| a == flag).and_then(|i| args.get(i + 1)).cloned();
    let fail = args.iter().any(|a| a == "--fail");
    let (only_db, only_id) = (value("--db"), value("--id"));
    let folders: Vec<String> = args.iter().skip(1).take_while(|a| !a.starts_with("--")).cloned().collect();
    let Some(path) = args.first() else { return };
    let mut open_databases: HashMap<String, (Connection, catalog::Catalog)> = HashMap::new();
    let mut tallies: BTreeMap<String, Tally> = BTreeMap::new();
    let mut times: Vec<f64> = Vec::new();
    let (mut none, mut refused, mut failed) = (0, 0, 0);
    let mut clean = Tally::default();
    let policy = guard::Policy::default();
    for q in questions(path) {
        if only_db.as_ref().is_some_and(|d| *d != q.db)
            || only_id.as_ref().is_some_and(|i| !q.id.ends_with(i.as_str()))
        {
            continue;
        }
        if !open_databases.contains_key(&q.db) {
            let Some(connection) = open(&folders, &q.db) else { continue };
            let Ok(catalog) = load::catalog(&connection, &q.db) else { continue };
            open_databases.insert(q.db.clone(), (connection, catalog));
        }
        let (connection, catalog) = &open_databases[&q.db];
        let Ok(gold) = compare::run(connection, &q.gold) else { continue };
        let ordered = outer_order(&q.gold);
        let ask = Ask {
            question: &q.text,
            history: &[],
            catalog,
            policy: &policy,
            glossary: &[],
            today: "2026-01-01",
        };
        let begun = Instant::now();
        let answer = nl2sql::builtin::translate(&ask);
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        let mut sqls = Vec::new();
        let mut unread = Vec::new();
        match &answer {
            Ok(found) => {
                unread = found[0].unread.clone();
                for candidate in found {
                    let checked = candidate.tree.as_ref().map(|t| guard::check_tree(t, catalog, &policy));
                    match checked {
                        Some(Ok(statement)) => sqls.push(statement.sql().to_owned()),
                        Some(Err(findings)) => {
                            if fail {
                                println!(
                                    "REFUSED {} {:?}",
                                    candidate.sql,
                                    findings.first().map(|f| &f.message)
                                );
                            }
                            refused += 1;
                            sqls.push(candidate.sql.clone());
                        }
                        None => {}
                    }
                }
            }
            Err(_) => none += 1,
        }
        let results: Vec<_> = sqls.iter().map(|s| compare::run(connection, s)).collect();
        failed += usize::from(matches!(results.first(), Some(Err(_))));
        let golds: Vec<compare::Rows> =
            q.others.iter().filter_map(|g| compare::run(connection, g).ok()).collect();
        let equal = |r: &Result<compare::Rows, String>| {
            r.as_ref().is_ok_and(|rows| {
                compare::same(&gold, rows, ordered) || golds.iter().any(|g| compare::same(g, rows, false))
            })
        };
        let right = results.first().is_some_and(equal);
        if unread.is_empty() && answer.is_ok() {
            clean.all += 1;
            clean.right += usize::from(right);
        }
        for key in ["all".to_owned(), format!("hardness {}", q.hardness), format!("db {}", q.db)] {
            let tally = tallies.entry(key).or_default();
            tally.all += 1;
            tally.right += usize::from(right);
            tally.any += usize::from(results.iter().any(equal));
        }
        if fail && !right || only_id.is_some() {
            let note = results.first().and_then(|r| r.as_ref().err().cloned()).unwrap_or_default();
            let place =
                results.iter().position(equal).map(|p| format!("candidate {p} right")).unwrap_or_default();
            println!(
                "{} [{}] {}\n  gold {}\n  ours {} {note} {place} unread={unread:?}",
                q.id,
                q.hardness,
                q.text,
                q.gold.split_whitespace().collect::<Vec<_>>().join(" "),
                sqls.first().cloned().unwrap_or_default()
            );
            if only_id.is_some() {
                for c in answer.iter().flatten() {
                    println!("    {:.2} {:?}\n      {}", c.score, c.notes, c.sql);
                }
            }
        }
    }
    times.sort_by(f64::total_cmp);
    let at =
        |share: f64| times.get(((times.len() as f64 - 1.0) * share) as usize).copied().unwrap_or_default();
    for (key, t) in &tallies {
        println!(
            "{key:40} {:4}/{:4}  {:.1} %   any of five {:.1} %",
            t.right,
            t.all,
            100.0 * t.right as f64 / t.all as f64,
            100.0 * t.any as f64 / t.all as f64
        );
    }
    let right = tallies.get("all").map_or(0, |t| t.right);
    println!(
        "every word read: {} answers, {} right; words left unread: {} right all the same",
        clean.all,
        clean.right,
        right - clean.right
    );
    println!(
        "no answer {none}, refused by the guard {refused}, failed {failed}, p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
        at(0.5),
        at(0.99),
        at(1.0)
    );
}

/// Whether the gold sorts its outermost result.
fn outer_order(sql: &str) -> bool {
    let lower = sql.to_lowercase();
    let mut depth = 0_i32;
    let bytes = lower.as_bytes();
    (0..bytes.len()).any(|i| {
        match bytes[i] {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        depth == 0 && lower.is_char_boundary(i) && lower[i..].starts_with("order by")
    })
}
