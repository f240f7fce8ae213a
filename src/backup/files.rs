//! Files of the data folder that go with a backup, and their way back.

use std::path::{Component, Path, PathBuf};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::KEY_FILE;
use super::error::{damaged, file, refused};
use crate::error::Result;

/// Folders that a backup may hold.
pub(super) const FOLDERS: [&str; 2] = ["results", "attachments"];
/// Files of one folder at the most.
const MAX_FILES: usize = 1_000_000;

/// All files below a folder of the data folder, as paths from the data folder. What is being written is left out.
pub(super) async fn list(data: &Path, folder: &str) -> Result<Vec<String>> {
    let (mut found, mut open) = (Vec::new(), vec![PathBuf::from(folder)]);
    while let Some(folder) = open.pop() {
        let Ok(mut entries) = tokio::fs::read_dir(data.join(&folder)).await else { continue };
        while let Ok(Some(entry)) = entries.next_entry().await {
            let path = folder.join(entry.file_name());
            match entry.file_type().await {
                Ok(kind) if kind.is_dir() => open.push(path),
                Ok(kind) if kind.is_file() && path.extension().is_none_or(|e| e != "partial") => {
                    found.extend(path.to_str().map(str::to_owned));
                }
                _ => {}
            }
        }
        if found.len() > MAX_FILES {
            return Err(refused(
                "there are more files than a backup holds",
                "Leave them out, and copy the folder.",
            ));
        }
    }
    found.sort();
    Ok(found)
}

/// Opens a file; `None`: it went meanwhile, as results do when they grow old.
pub(super) async fn open(data: &Path, path: &str) -> Result<Option<tokio::fs::File>> {
    match tokio::fs::File::open(data.join(path)).await {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(file("a file of the data folder cannot be read", &error)),
    }
}

/// The next bytes; empty at the end.
pub(super) async fn block(from: &mut tokio::fs::File) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(256 * 1024);
    let read = from.read_buf(&mut bytes).await;
    read.map_err(|e| file("a file of the data folder cannot be read", &e))?;
    Ok(bytes)
}

/// Files on their way into a data folder. Dropped without [`Arrivals::keep`], those that came are removed again.
pub(super) struct Arrivals {
    data: PathBuf,
    came: Vec<PathBuf>,
    writing: Option<(tokio::fs::File, PathBuf, PathBuf)>,
}

impl Drop for Arrivals {
    fn drop(&mut self) {
        let writing = self.writing.take().map(|(_, partial, _)| partial);
        for path in self.came.drain(..).chain(writing) {
            if let Err(error) = std::fs::remove_file(&path) {
                tracing::warn!(%error, "a file of a restore that was given up could not be removed");
            }
        }
    }
}

impl Arrivals {
    /// Into a data folder.
    pub fn new(data: &Path) -> Arrivals {
        Arrivals { data: data.to_path_buf(), came: Vec::new(), writing: None }
    }

    /// Starts a file. One that is there already stays as it is: files of results and attachments never change.
    pub async fn start(&mut self, path: &str) -> Result<()> {
        let target = self.data.join(safe(path)?);
        if target.exists() {
            return match path {
                KEY_FILE => Err(refused(
                    "the data folder has master keys of its own, and the backup brings others",
                    "Move secret.key away, or restore into another folder.",
                )),
                _ => Ok(()),
            };
        }
        let failed = |e: std::io::Error| file("a restored file cannot be written", &e);
        if let Some(folder) = target.parent() {
            tokio::fs::create_dir_all(folder).await.map_err(failed)?;
        }
        let mut partial = target.clone().into_os_string();
        partial.push(".partial");
        let partial = PathBuf::from(partial);
        let mut options = tokio::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        options.mode(0o600);
        let opened = options.open(&partial).await.map_err(failed)?;
        self.writing = Some((opened, partial, target));
        Ok(())
    }

    /// Adds to the file that was started.
    pub async fn add(&mut self, bytes: &[u8]) -> Result<()> {
        let Some((opened, ..)) = &mut self.writing else { return Ok(()) };
        opened.write_all(bytes).await.map_err(|e| file("a restored file cannot be written", &e))
    }

    /// Ends the file that was started.
    pub async fn end(&mut self) -> Result<()> {
        let Some((mut opened, partial, target)) = self.writing.take() else { return Ok(()) };
        self.came.push(partial.clone());
        let done = async {
            opened.flush().await?;
            opened.sync_all().await?;
            tokio::fs::rename(&partial, &target).await
        };
        done.await.map_err(|e| file("a restored file cannot be written", &e))?;
        self.came.pop();
        self.came.push(target);
        Ok(())
    }

    /// They stay.
    pub fn keep(mut self) {
        self.came.clear();
    }
}

/// The path, if it leads into one of the folders and nowhere else.
fn safe(path: &str) -> Result<&Path> {
    let parts: Option<Vec<&str>> = Path::new(path)
        .components()
        .map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .collect();
    match parts.as_deref() {
        Some([KEY_FILE]) => Ok(Path::new(path)),
        Some([folder, _, ..]) if FOLDERS.contains(folder) => Ok(Path::new(path)),
        _ => Err(damaged("a file in it belongs to no folder of the data folder")),
    }
}

#[cfg(test)]
mod tests {
    use super::safe;

    #[test]
    fn files_go_into_their_folders_only() {
        for path in ["results/a.arrow", "attachments/ab/cd", "secret.key"] {
            safe(path).unwrap();
        }
        for path in [
            "../x",
            "results/../../x",
            "/etc/passwd",
            "results",
            "querent.db",
            "",
            "results/./../a",
            "other/a",
        ] {
            assert!(safe(path).is_err(), "{path}");
        }
    }
}
