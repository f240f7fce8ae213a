//! Files of the server that an attack could make or change: its data folder without what the server itself keeps
//! writing, and what its account owns in the folder for temporary files.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What the server writes by itself: tables (they are compared as rows), logs of changes, caches.
const ITS_OWN: [&str; 10] = [
    "base",
    "global",
    "pg_wal",
    "pg_xact",
    "pg_subtrans",
    "pg_multixact",
    "pg_stat",
    "pg_stat_tmp",
    "pg_notify",
    "postmaster.pid",
];

/// A listing; `not watched` when the server runs elsewhere.
pub fn listing(data: &str) -> String {
    let data = Path::new(data);
    let Ok(owner) = data.metadata() else { return "not watched".to_owned() };
    let mut lines = Vec::new();
    walk(data, 0, &mut lines);
    let temporary = std::fs::read_dir(std::env::temp_dir()).into_iter().flatten().flatten();
    for entry in temporary {
        let owned = entry.metadata().is_ok_and(|m| m.uid() == owner.uid());
        if owned && !data.starts_with(entry.path()) {
            lines.push(entry.path().display().to_string());
        }
    }
    lines.sort();
    lines.join("\n")
}

fn walk(folder: &Path, depth: usize, lines: &mut Vec<String>) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if depth == 0 && ITS_OWN.contains(&name.as_str()) {
            continue;
        }
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            lines.push(entry.path().display().to_string());
            walk(&entry.path(), depth + 1, lines);
        } else {
            lines.push(format!("{} {} {}", entry.path().display(), metadata.len(), metadata.mtime()));
        }
    }
}
