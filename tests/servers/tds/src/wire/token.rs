//! Tokens of an answer other than rows: environment, messages, ends.

use super::bytes::Out;
use super::row::Column;
use super::typeinfo::{COLLATION, write_type};
use crate::error::SqlError;

/// Flags of a DONE token.
pub(crate) mod done {
    pub(crate) const FINAL: u16 = 0x00;
    pub(crate) const MORE: u16 = 0x01;
    pub(crate) const ERROR: u16 = 0x02;
    pub(crate) const COUNT: u16 = 0x10;
    pub(crate) const ATTENTION: u16 = 0x20;
}

/// Which end it is: of a statement in a batch, of one in a procedure, of a procedure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Statement,
    InProcedure,
    Procedure,
}

/// Changes of the environment that clients are told of.
pub(crate) enum Change<'a> {
    Database(&'a str, &'a str),
    Language(&'a str),
    PacketSize(u32, u32),
    Collation,
    Begin(u64),
    Commit(u64),
    Rollback(u64),
}

impl Out {
    pub(crate) fn change(&mut self, change: &Change<'_>) {
        self.u8(0xe3);
        self.sized(|out| match change {
            Change::Database(new, old) => out.renamed(1, new, old),
            Change::Language(new) => out.renamed(2, new, ""),
            Change::PacketSize(new, old) => out.renamed(4, &new.to_string(), &old.to_string()),
            Change::Collation => {
                out.bytes(&[7, COLLATION.len() as u8]);
                out.bytes(&COLLATION);
                out.u8(0);
            }
            Change::Begin(id) => {
                out.bytes(&[8, 8]);
                out.u64(*id);
                out.u8(0);
            }
            Change::Commit(id) | Change::Rollback(id) => {
                out.bytes(&[if matches!(change, Change::Commit(_)) { 9 } else { 10 }, 0, 8]);
                out.u64(*id);
            }
        });
    }

    fn renamed(&mut self, kind: u8, new: &str, old: &str) {
        self.u8(kind);
        self.short_text(new);
        self.short_text(old);
    }

    /// ERROR, or INFO for what is of a class up to 10.
    pub(crate) fn message(&mut self, error: &SqlError, server: &str) {
        self.u8(if error.class > 10 { 0xaa } else { 0xab });
        self.sized(|out| {
            out.u32(error.number.cast_unsigned());
            out.bytes(&[error.state, error.class]);
            out.text(&error.message);
            out.short_text(server);
            out.short_text("");
            out.u32(error.line);
        });
    }

    pub(crate) fn login_ack(&mut self, version: [u8; 4]) {
        self.u8(0xad);
        self.sized(|out| {
            out.bytes(&[1, 0x74, 0, 0, 4]);
            out.short_text("Microsoft SQL Server");
            out.bytes(&version);
        });
    }

    /// No option of the client is taken up.
    pub(crate) fn no_features(&mut self) {
        self.bytes(&[0xae, 0xff]);
    }

    pub(crate) fn done(&mut self, end: End, flags: u16, rows: Option<u64>) {
        self.u8(match end {
            End::Statement => 0xfd,
            End::InProcedure => 0xff,
            End::Procedure => 0xfe,
        });
        self.u16(flags | if rows.is_some() { done::COUNT } else { 0 });
        self.u16(if rows.is_some() { 0xc1 } else { 0 });
        self.u64(rows.unwrap_or_default());
    }

    pub(crate) fn return_status(&mut self, status: u32) {
        self.u8(0x79);
        self.u32(status);
    }

    pub(crate) fn columns(&mut self, columns: &[Column], table: &[String]) {
        self.u8(0x81);
        self.u16(columns.len() as u16);
        for column in columns {
            self.u32(0);
            let nullable = u16::from(column.nullable);
            self.u16(nullable | if column.identity { 0x10 } else { 0x08 });
            write_type(self, &column.ty, column.nullable);
            if column.ty.has_table_name() {
                self.u8(table.len() as u8);
                table.iter().for_each(|part| self.text(part));
            }
            self.short_text(&column.name);
        }
    }
}
