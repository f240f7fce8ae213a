//! What the process could do to the file apart from reading it, and what would take that away.

use std::path::Path;

use connector_api::Privileges;

/// Looks at the file's permissions by asking the system, not by writing.
pub(crate) fn privileges(path: &Path, readable_tables: u64) -> Privileges {
    let mut found =
        Privileges { login: "user of this process".to_owned(), readable_tables, ..Privileges::default() };
    // opening for writing without truncating or creating changes nothing, not even the times of the file
    if std::fs::OpenOptions::new().write(true).open(path).is_ok() {
        found.can_write.push(format!(
            "the file {} can be written by this user; Querent opens it read-only",
            path.display()
        ));
        found.fixes.push(format!("chmod a-w {}", quoted(path)));
        found.fixes.push("run Querent as a user that may only read the file and its folder".to_owned());
    }
    found
}

/// A path as a shell reads it back.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_can_be_written_is_named_with_its_fix() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it's.db");
        std::fs::write(&path, b"x").unwrap();
        let found = privileges(&path, 1);
        assert_eq!(found.can_write.len(), 1);
        assert!(found.fixes[0].ends_with("it'\\''s.db'"), "{:?}", found.fixes);
        assert_eq!(std::fs::read(&path).unwrap(), b"x");
    }

    #[test]
    fn a_file_that_cannot_be_opened_is_not_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(privileges(&folder.path().join("none.db"), 0).can_write, Vec::<String>::new());
    }
}
