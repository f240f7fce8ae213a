//! The house rules that a compiler does not check: see "Invariants" in ARCHITECTURE.md.

// tests are meant to stop at the first thing that is not as it should be
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Lines of a source file at the most; test files may be longer.
const MAX_LINES: usize = 400;

/// The layers of `src`, lowest first: a module may use modules of lower layers only.
const LAYERS: &[(&str, u8)] = &[
    ("error", 0),
    ("secret", 0),
    ("config", 1),
    ("model", 1),
    ("access", 2),
    ("index", 2),
    ("network", 2),
    ("results", 2),
    ("secrets", 2),
    ("telemetry", 2),
    ("overlay", 3),
    ("store", 3),
    ("audit", 4),
    ("auth", 4),
    ("backup", 4),
    ("impact", 4),
    ("sources", 4),
    ("crawl", 5),
    ("exec", 5),
    ("permissions", 5),
    ("register", 5),
    ("rekey", 5),
    ("seen", 5),
    ("understand", 5),
    ("chat", 6),
    ("queries", 6),
    ("schedule", 7),
    ("app", 8),
    ("http", 9),
    ("cli", 10),
];

/// Words that may stand in some places only, with the paths (prefixes) where they may.
const PLACES: &[(&str, &[&str])] = &[
    ("rusqlite", &["connectors/sqlite/", "connectors/mongodb/tests/", "src/store/", "examples/storefront/"]),
    ("tokio_postgres", &["connectors/postgres/", "src/store/"]),
    ("deadpool_postgres", &["connectors/postgres/", "src/store/"]),
    ("mysql_async", &["connectors/mysql/", "tests/it/golden.rs"]),
    ("tiberius", &["connectors/mssql/", "src/telemetry/mod.rs"]),
    ("mongodb::", &["connectors/mongodb/"]),
    ("russh", &["src/sources/tunnel/"]),
    ("connector_mssql", &["src/sources", "connectors/mssql/"]),
    ("connector_mongodb", &["src/sources", "connectors/mongodb/"]),
    ("connector_mysql", &["src/sources", "connectors/mysql/"]),
    ("connector_sqlite", &["src/sources", "connectors/sqlite/"]),
    ("connector_postgres", &["src/sources", "connectors/postgres/"]),
    ("actix_web", &["src/http/"]),
    ("env::var", &["src/config/"]),
    ("Timestamp::now", &["src/model/clock.rs"]),
    ("SystemTime::now", &["src/model/clock.rs"]),
    ("Zoned::now", &["src/model/clock.rs"]),
];

/// What a crate of ours may depend on among our crates.
const EDGES: &[(&str, &[&str])] = &[
    ("catalog", &[]),
    ("guard", &["catalog"]),
    ("connectors/api", &["catalog", "guard"]),
    ("connectors/sqlite", &["catalog", "guard", "connector-api"]),
    ("connectors/postgres", &["catalog", "guard", "connector-api"]),
    ("connectors/mysql", &["catalog", "guard", "connector-api"]),
    ("connectors/mssql", &["catalog", "guard", "connector-api"]),
    ("connectors/mongodb", &["catalog", "guard", "connector-api"]),
    ("nl2sql", &["catalog", "guard"]),
    ("tests/servers/tds", &["catalog", "guard"]),
    ("tests/servers/documents", &[]),
    ("examples/storefront", &[]),
];

const OURS: &[&str] = &[
    "catalog",
    "guard",
    "connector-api",
    "connector-sqlite",
    "connector-postgres",
    "connector-mysql",
    "connector-mssql",
    "connector-mongodb",
    "nl2sql",
    "storefront",
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// All Rust files of the tree as (path from the root, text).
fn sources() -> BTreeMap<String, String> {
    let mut files = BTreeMap::new();
    for top in ["src", "catalog", "guard", "connectors", "nl2sql", "examples", "tests", "benches"] {
        collect(&root().join(top), &mut files);
    }
    assert!(files.len() > 50, "the tree was not found");
    files
}

fn collect(dir: &Path, files: &mut BTreeMap<String, String>) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|n| n != "target") {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let name = path.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            files.insert(name, std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// Product code: neither tests, benches, fuzz targets nor programs for measuring.
fn is_product(path: &str) -> bool {
    !["tests/", "benches/", "/examples/", "/fuzz/"].iter().any(|part| path.contains(part))
}

/// Code lines without comments and without the test module at the end of a file.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split("#[cfg(test)]")
        .next()
        .unwrap_or_default()
        .lines()
        .enumerate()
        .map(|(i, line)| (i + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn fail_on(problems: &[String]) {
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
}

#[test]
fn every_file_says_why_it_exists() {
    let problems: Vec<String> = sources()
        .iter()
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(path, _)| format!("{path}: open it with a `//!` line"))
        .collect();
    fail_on(&problems);
}

#[test]
fn files_stay_small() {
    let problems: Vec<String> = sources()
        .iter()
        .filter(|(path, text)| is_product(path) && text.lines().count() > MAX_LINES)
        .map(|(path, text)| format!("{path}: {} lines, split it by topic", text.lines().count()))
        .collect();
    fail_on(&problems);
}

/// Whether a line holds the word with nothing of a longer name before it.
fn has_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| !line[..at].ends_with(part))
}

#[test]
fn drivers_clock_and_environment_stay_in_their_rooms() {
    let mut problems = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| is_product(path)) {
        for (line, content) in code(text) {
            for (word, places) in PLACES {
                if has_word(content, word) && !places.iter().any(|p| path.starts_with(p)) {
                    problems.push(format!("{path}:{line}: `{word}` belongs into {places:?}"));
                }
            }
        }
    }
    fail_on(&problems);
}

#[test]
fn modules_use_lower_layers_only() {
    let layer = |module: &str| LAYERS.iter().find(|(name, _)| *name == module).map(|(_, n)| *n);
    let mut problems = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| path.starts_with("src/")) {
        let module = path["src/".len()..].split(['/', '.']).next().unwrap_or_default();
        if matches!(module, "lib" | "main") {
            continue;
        }
        let Some(own) = layer(module) else {
            problems.push(format!("{path}: give `{module}` a layer in tests/tidy.rs and ARCHITECTURE.md"));
            continue;
        };
        for (line, content) in code(text) {
            for used in content.split("crate::").skip(1) {
                let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                if name != module && layer(&name).is_some_and(|other| other >= own) {
                    problems.push(format!("{path}:{line}: `{module}` (layer {own}) may not use `{name}`"));
                }
            }
        }
    }
    fail_on(&problems);
}

#[test]
fn crates_depend_in_one_direction() {
    let mut problems = Vec::new();
    for (dir, allowed) in EDGES {
        let manifest = std::fs::read_to_string(root().join(dir).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for ours in OURS {
            let named = dependencies.lines().any(|l| l.split(['.', ' ', '=']).next() == Some(ours));
            if named && !allowed.contains(ours) {
                problems.push(format!("{dir}/Cargo.toml: may not depend on {ours}"));
            }
        }
    }
    fail_on(&problems);
}

#[test]
fn a_checked_statement_is_made_in_one_place() {
    made_in_one_place("ReadOnly");
}

#[test]
fn a_checked_pipeline_is_made_in_one_place() {
    made_in_one_place("ReadPipeline");
}

fn made_in_one_place(name: &str) {
    let mut places = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| is_product(path)) {
        for (line, content) in code(text) {
            let makes = content.contains(&format!("{name} {{"))
                && !content.contains(&format!("struct {name}"))
                && !content.contains("impl ")
                && !content.contains("-> ");
            if makes {
                places.push(format!("{path}:{line}"));
            }
        }
    }
    assert_eq!(places.len(), 1, "`{name}` must be made in one place, found {places:?}");
    assert!(places[0].starts_with("guard/src/"), "{places:?}");
}

/// Files that turn the parser's tree into the guard's. The pre-pass before it looks at tokens and proves nothing.
fn converts(path: &str) -> bool {
    path.starts_with("guard/src/parse/") && !path.ends_with("/prepass.rs")
}

#[test]
fn the_guard_accepts_nothing_by_default() {
    let accepting = ["_ => Ok(", "_ => true", "_ => {}"];
    let mut problems = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| converts(path)) {
        for (line, content) in code(text) {
            if accepting.iter().any(|form| content.contains(form)) {
                problems.push(format!("{path}:{line}: a `_` arm that accepts"));
            }
        }
    }
    fail_on(&problems);
}

/// The entry for unchecked text is for measuring: no manifest turns its feature on, no product code names it.
#[test]
fn nothing_turns_unchecked_text_on() {
    let mut problems = Vec::new();
    for dir in [".", "catalog", "guard", "nl2sql", "connectors/api"] {
        let manifest = std::fs::read_to_string(root().join(dir).join("Cargo.toml")).unwrap();
        if manifest.contains("unguarded") {
            problems.push(format!("{dir}/Cargo.toml names the feature `unguarded`"));
        }
    }
    for entry in std::fs::read_dir(root().join("connectors")).unwrap() {
        let manifest = entry.unwrap().path().join("Cargo.toml");
        for line in std::fs::read_to_string(&manifest).unwrap().lines().filter(|l| !l.starts_with('#')) {
            let declares = ["unguarded = []", "required-features = [\"unguarded\"]"].contains(&line);
            if line.contains("unguarded") && !declares {
                problems.push(format!("{}: {line}", manifest.display()));
            }
        }
    }
    for (path, text) in sources().iter().filter(|(path, _)| is_product(path)) {
        let own = path.starts_with("connectors/") && path.ends_with("/unguarded.rs");
        let uses = code(text).any(|(_, line)| line.contains("query_unguarded"));
        if uses && !own {
            problems.push(format!("{path}: calls query_unguarded"));
        }
    }
    fail_on(&problems);
}
