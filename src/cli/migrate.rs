//! `querent migrate`: the store's own schema.

use super::args::MigrateCommand;
use crate::app::{self, Setup};
use crate::error::{Class, Error, Result};
use crate::store::migrate::{self, Contract};
use crate::store::{Conn, Db};

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
        MigrateCommand::Verify { json } => return verify(&db, json).await,
    }
    Ok(0)
}

async fn verify(db: &Db, json: bool) -> Result<i32> {
    let drift = migrate::verify(db).await?;
    if json {
        say!("{}", serde_json::to_string_pretty(&drift).unwrap_or_default());
        return Ok(i32::from(!drift.differences.is_empty()));
    }
    for difference in &drift.differences {
        say!("{}", difference.what);
        say!("    migrations: {}", difference.made.as_deref().unwrap_or("make none"));
        say!("    store:      {}", difference.found.as_deref().unwrap_or("has none"));
    }
    if !drift.newer.is_empty() {
        say!("of a newer version, not compared: {}", drift.newer.join(", "));
    }
    say!("{} compared, {} differ", drift.compared, drift.differences.len());
    Ok(i32::from(!drift.differences.is_empty()))
}
