//! What the machine gives: the data folder, who may read it, and space on its disk.

use std::path::Path;

use super::Findings;
use crate::error::{Class, Error};

/// Less free space than this is told.
const LITTLE: u64 = 1024 * 1024 * 1024;
/// Less than this does not do.
const TOO_LITTLE: u64 = 64 * 1024 * 1024;

/// Looks at the data folder. It need not be there before the first start.
pub fn look(folder: &Path, findings: &mut Findings) {
    const WHAT: &str = "data folder";
    if !folder.exists() {
        return findings.warn(WHAT, "there is none yet", "The first start makes it.");
    }
    if let Err(error) = tempfile::NamedTempFile::new_in(folder) {
        let message = format!("nothing can be written to {}: {error}", folder.display());
        return findings.fail(
            WHAT,
            Error::new("K072", Class::Internal, message).hint("Its owner must be who runs the daemon."),
        );
    }
    match exposed(folder) {
        Some(mode) => findings.warn(
            WHAT,
            format!("others on this machine may look into it (mode {mode:o})"),
            "Take their rights: chmod 700.",
        ),
        None => findings.ok(WHAT, "can be written, and read by its owner alone"),
    }
    space(folder, findings);
}

/// The folder's rights, when others than the owner have some.
#[cfg(unix)]
fn exposed(folder: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(folder).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

#[cfg(not(unix))]
fn exposed(_: &Path) -> Option<u32> {
    None
}

#[cfg(unix)]
fn space(folder: &Path, findings: &mut Findings) {
    const WHAT: &str = "disk";
    const HINT: &str = "Results and the store lie in the data folder: make room, or move it with data_dir.";
    let free = match rustix::fs::statvfs(folder) {
        Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize),
        Err(error) => {
            let message = format!("the free space cannot be found out: {error}");
            return findings.fail(WHAT, Error::new("K073", Class::Internal, message).hint(HINT));
        }
    };
    let text = format!("{} MiB free", free / (1024 * 1024));
    match free {
        0..TOO_LITTLE => findings.fail(WHAT, Error::new("K073", Class::Internal, text).hint(HINT)),
        TOO_LITTLE..LITTLE => findings.warn(WHAT, text, HINT),
        _ => findings.ok(WHAT, text),
    }
}

#[cfg(not(unix))]
fn space(_: &Path, _: &mut Findings) {}
