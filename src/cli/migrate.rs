//! `querent migrate`: the store's own schema.

use super::args::MigrateCommand;
use crate::app::{self, Setup};
use crate::error::{Class, Error, Result};
use crate::store::Conn;
use crate::store::migrate::{self, Contract};

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: MigrateCommand) -> Result<i32> {
    let db = app::open_store(&setup.config).await?;
    match command {
        MigrateCommand::Up { contract } => {
            let contract = if contract { Contract::Now } else { Contract::WhenAlone };
            let applied = migrate::apply(&db, migrate::known(db.dialect()), contract).await?;
            say!(
                "{}",
                if applied.is_empty() {
                    "up to date".into()
                } else {
                    format!("applied {}", applied.join(", "))
                }
            );
        }
        MigrateCommand::Down { steps, yes } => {
            if !yes {
                return Err(Error::new(
                    "K006",
                    Class::BadInput,
                    "taking migrations back loses what they hold",
                )
                .hint("Back the store up, then add --yes."));
            }
            say!("took back {}", migrate::down(&db, steps as usize).await?.join(", "));
        }
        MigrateCommand::Status => {
            for status in migrate::status(&db).await? {
                let applied =
                    status.applied_at.map_or_else(|| "not applied".to_owned(), |at| format!("applied {at}"));
                let newer = if status.known { "" } else { ", of a newer version" };
                say!("{:04} {:<24} {:<8} {applied}{newer}", status.version, status.name, status.phase);
            }
        }
    }
    Ok(0)
}
