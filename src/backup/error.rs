//! What can go wrong with a backup: one code each.

use crate::error::{Class, Error};

/// The file cannot be written or read.
pub(super) fn file(what: &str, error: &std::io::Error) -> Error {
    Error::new("B001", Class::Internal, format!("{what}: {error}"))
        .hint("Check the path, its rights and the disk.")
}

/// The file is no backup, or one that was changed or cut.
pub(super) fn damaged(what: &str) -> Error {
    Error::new("B002", Class::BadInput, format!("the backup cannot be read: {what}"))
        .hint("It was cut or changed, or it is no backup. Use another copy; nothing was restored.")
}

/// The passphrase or the keys do not fit.
pub(super) fn locked(what: &str) -> Error {
    Error::new("B003", Class::BadInput, format!("the backup does not open: {what}"))
}

/// The backup is of a program that this one does not understand.
pub(super) fn newer(what: String) -> Error {
    Error::new("B004", Class::BadInput, what)
        .hint("Restore it with the version of the program that made it, or a newer one.")
}

/// The store is in use.
pub(super) fn not_empty() -> Error {
    Error::new("B005", Class::Conflict, "the store to restore into is not empty")
        .hint("Name another with --into, or add --replace: everything in it is lost then.")
}

/// What came out is not what went in.
pub(super) fn differs(table: &str) -> Error {
    let message = format!("after restoring, the table {table} does not hold what the backup says");
    Error::new("B006", Class::Internal, message).hint("Nothing was kept. Please report this.")
}

/// The words cannot stand together.
pub(super) fn refused(what: &str, hint: &str) -> Error {
    Error::new("B007", Class::BadInput, what).hint(hint)
}
