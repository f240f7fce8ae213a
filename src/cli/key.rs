//! `querent key`: the master keys, their rotation, and what is sealed with which.

use serde_json::json;

use super::args::KeyCommand;
use crate::app::Setup;
use crate::error::{Class, Error, Result};
use crate::rekey::{self, Usage};
use crate::secrets::{Keeper, Keys};

/// Who works on the command line.
const BY: &str = "owner";

/// Runs the command; gives the process's exit code.
pub async fn run(setup: &Setup, command: KeyCommand) -> Result<i32> {
    let app = setup.app().await?;
    let (db, keys) = (&setup.desk().await?.db, &app.keys);
    match command {
        KeyCommand::Status { json } => status(keys, &rekey::usage(db).await?, json).await?,
        KeyCommand::Rotate => {
            let (version, job) = rekey::rotate(db, keys, BY).await?;
            say!("key {version} of {} seals from now on", keys.sealing().as_str());
            match job {
                Some(job) => say!("job {} brings everything under it as soon as a daemon runs", job.id),
                None => say!("the job that brings everything under it waits already"),
            }
            say!("without a daemon: querent key reseal");
        }
        KeyCommand::Reseal => {
            let done = rekey::reseal(db, keys, |_| Ok(())).await?;
            say!("{} sealed texts, {} of them brought under the newest key", done.seen, done.changed);
            rekey::complete(done)?;
        }
        KeyCommand::Prune => match rekey::prune(db, keys, BY).await?.as_slice() {
            [] => say!("every key is in use, or the newest"),
            removed => say!(
                "removed {}; backups, kept results and signed audit heads from before cannot be opened without",
                list(removed)
            ),
        },
        KeyCommand::Export { .. } => {
            let Some(ring) = keys.ring().await? else {
                return Err(Error::new("V033", Class::BadInput, "there are no keys at hand to print")
                    .hint("Vault keeps them: back up Vault."));
            };
            say_raw!("{}", ring.to_text().expose());
        }
    }
    Ok(0)
}

async fn status(keys: &Keys, usage: &[Usage], as_json: bool) -> Result<()> {
    let ring = keys.ring().await?;
    let versions = ring.as_ref().map(|ring| ring.versions()).unwrap_or_default();
    let newest = keys.newest().await?;
    if as_json {
        let usage: Vec<_> = usage
            .iter()
            .map(|u| {
                json!({ "place": u.place, "keeper": u.key.map(|(keeper, _)| keeper.as_str()),
                        "version": u.key.map(|(_, version)| version), "texts": u.texts })
            })
            .collect();
        let sealing = json!({ "keeper": keys.sealing().as_str(), "version": newest });
        say!("{}", json!({ "sealing": sealing, "at_hand": versions, "usage": usage }));
        return Ok(());
    }
    say!("key {newest} of {} seals", keys.sealing().as_str());
    if !versions.is_empty() {
        say!("at hand: {}", list(&versions));
    }
    for used in usage {
        let key = match used.key {
            Some((keeper, version)) => format!("key {version} of {}", keeper.as_str()),
            None => "no key: they cannot be read".to_owned(),
        };
        let gone = matches!(used.key, Some((Keeper::Local, version)) if !versions.contains(&version));
        say!("{}: {} with {key}{}", used.place, used.texts, if gone { ", WHICH IS NOT AT HAND" } else { "" });
    }
    Ok(())
}

fn list(versions: &[u32]) -> String {
    let words: Vec<String> = versions.iter().map(|version| format!("key {version}")).collect();
    words.join(", ")
}
