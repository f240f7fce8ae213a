//! `querent backup` and `querent restore`.

use std::io::Read;
use std::path::{Path, PathBuf};

use indicatif::ProgressBar;

use super::args::{BackupArgs, LockArgs, RestoreArgs};
use super::{progress, target};
use crate::app::{self, Setup};
use crate::backup::{self, Contents, Opener, Restore, Summary};
use crate::config::Config;
use crate::error::{Class, Error, Result};
use crate::secrets::{Keyring, Secret};
use crate::store::recover;

/// Runs `backup`; gives the process's exit code.
pub async fn save(setup: &Setup, args: BackupArgs) -> Result<i32> {
    let folder = &setup.config.data_dir;
    let opener = opener(&args.lock, folder)?;
    let db = app::open_store(&setup.config).await?;
    let bar = progress::bar("backup");
    let contents = Contents {
        opener: opener.clone(),
        compressed: !args.plain,
        folder,
        results: args.results,
        attachments: args.attachments,
        keys: args.master_keys,
    };
    let saved = backup::save(&db, &args.file, contents, &|what, count| show(&bar, what, count)).await;
    bar.finish_and_clear();
    let saved = saved?;
    say!("{}: {}", args.file.display(), counts(&saved));
    if args.verify {
        verify(&args.file, opener).await?;
    }
    if !args.master_keys {
        eprintln!(
            "the master keys are not in it: keep {} in another place, or the secrets of the restored store cannot be opened",
            folder.join("secret.key").display()
        );
    }
    db.close().await;
    Ok(0)
}

/// Runs `restore`; gives the process's exit code.
pub async fn restore(setup: &Setup, args: RestoreArgs) -> Result<i32> {
    let opener = opener(&args.lock, &setup.config.data_dir)?;
    if args.check {
        verify(&args.file, opener).await?;
        return Ok(0);
    }
    let config = into(&setup.config, args.into.as_deref());
    let db = app::open_store(&config).await?;
    // a file has one daemon at the most, and none may work on it now
    let _alone = recover::claim_folder(&config.data_dir)?;
    let bar = progress::bar("restore");
    let how = Restore { opener, folder: Some(&config.data_dir), replace: args.replace };
    let restored = backup::restore(&db, &args.file, how, &|what, count| show(&bar, what, count)).await;
    bar.finish_and_clear();
    let restored = restored?;
    db.close().await;
    say!("restored {}", counts(&restored));
    if !config.data_dir.join("secret.key").exists() {
        eprintln!(
            "the master keys are not here: put secret.key of the store into {}, or enter its secrets again",
            config.data_dir.display()
        );
    }
    Ok(0)
}

async fn verify(file: &Path, opener: Opener) -> Result<()> {
    let bar = progress::bar("verify");
    let checked = backup::check(file, opener, &|what, count| show(&bar, what, count)).await;
    bar.finish_and_clear();
    say!("verified by restoring: {}", counts(&checked?));
    Ok(())
}

fn show(bar: &ProgressBar, what: &str, count: u64) {
    bar.set_length(count);
    bar.set_position(count);
    bar.set_message(what.to_owned());
}

fn counts(summary: &Summary) -> String {
    format!(
        "{} tables, {} rows, {} files, {} bytes of them",
        summary.tables, summary.rows, summary.files, summary.bytes
    )
}

/// The settings with another store.
fn into(config: &Config, place: Option<&str>) -> Config {
    let mut config = config.clone();
    match place {
        Some(url) if target::is_url(url) => config.database_url = url.to_owned().into(),
        Some(folder) => {
            config.data_dir = PathBuf::from(folder);
            config.database_url = Secret::default();
        }
        None => {}
    }
    config
}

fn opener(lock: &LockArgs, folder: &Path) -> Result<Opener> {
    if let Some(file) = &lock.passphrase_file {
        return passphrase(file).map(Opener::Passphrase);
    }
    if !lock.with_keyring {
        return Ok(Opener::None);
    }
    let path = folder.join("secret.key");
    if !path.exists() {
        return Err(Error::new(
            "K081",
            Class::BadInput,
            format!("there are no master keys in {}", path.display()),
        )
        .hint("Name the data folder that holds them with --data-dir."));
    }
    Ok(Opener::Keyring(Box::new(Keyring::load(&path)?)))
}

fn passphrase(file: &Path) -> Result<Secret> {
    let mut text = String::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().read_to_string(&mut text),
        _ => std::fs::File::open(file).and_then(|mut opened| opened.read_to_string(&mut text)),
    };
    read.map_err(|e| {
        Error::new(
            "K080",
            Class::BadInput,
            format!("the passphrase in {} cannot be read: {e}", file.display()),
        )
        .hint("Check the path and its permissions.")
    })?;
    let text = Secret::new(text);
    match text.expose().lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => Err(Error::new("K080", Class::BadInput, "the passphrase is empty")
            .hint("Its first line is the passphrase.")),
    }
}
