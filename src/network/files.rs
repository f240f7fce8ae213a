//! Files that connections name: whether one lies in a folder once links and dots are followed, and whether it is one of
//! the daemon's own.

use std::path::{Path, PathBuf};

/// Whether a file lies below one of the folders. One that does not exist is judged by the folder that would hold it.
pub(super) fn lies_in(path: &Path, folders: &[PathBuf]) -> bool {
    let Some(path) = followed(path) else { return false };
    folders.iter().filter_map(|folder| folder.canonicalize().ok()).any(|folder| path.starts_with(folder))
}

/// Whether a file is one of these, or lies in one of them. A second name of the same file counts as the file.
pub(super) fn is_one_of(path: &Path, own: &[PathBuf]) -> bool {
    let Some(path) = followed(path) else { return false };
    own.iter().any(|own| followed(own).is_some_and(|own| path.starts_with(own)) || same_file(&path, own))
}

/// The path with links and dots followed as far as it exists; `None` when what would hold it does not exist either.
fn followed(path: &Path) -> Option<PathBuf> {
    if let Ok(path) = path.canonicalize() {
        return Some(path);
    }
    let path = std::path::absolute(path).ok()?;
    let folder = path.parent()?.canonicalize().ok()?;
    Some(folder.join(path.file_name()?))
}

#[cfg(unix)]
fn same_file(a: &Path, b: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(a), Ok(b)) = (a.metadata(), b.metadata()) else { return false };
    a.is_file() && (a.dev(), a.ino()) == (b.dev(), b.ino())
}

#[cfg(not(unix))]
fn same_file(_: &Path, _: &Path) -> bool {
    false
}
