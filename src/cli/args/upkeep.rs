//! Words of the commands that keep the store.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// `migrate`
#[derive(Debug, Subcommand)]
pub enum MigrateCommand {
    /// Bring the store up to date. Steps that take away what older daemons need wait until none of them is alive.
    Up {
        /// Apply those too: the older daemons are stopped.
        #[arg(long)]
        contract: bool,
    },
    /// Take the last migrations back.
    Down {
        /// How many.
        #[arg(default_value_t = 1)]
        steps: u32,
        /// Needed, because data is lost.
        #[arg(long)]
        yes: bool,
    },
    /// List migrations, whether they are applied and whether their text is still the same.
    Status,
    /// Compare the store's schema with what its migrations make in a scratch place; ends with code 1 on differences.
    Verify {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// What locks or opens a backup.
#[derive(Debug, Args)]
pub struct LockArgs {
    /// File whose first line is the passphrase; `-` reads standard input.
    #[arg(long, value_name = "FILE", conflicts_with = "with_keyring")]
    pub passphrase_file: Option<PathBuf>,
    /// Lock with the master keys of this data folder: only who has them can open it.
    #[arg(long)]
    pub with_keyring: bool,
}

/// `backup`
#[derive(Debug, Args)]
pub struct BackupArgs {
    /// File to write.
    pub file: PathBuf,
    #[command(flatten)]
    pub lock: LockArgs,
    /// Take kept results of executions along.
    #[arg(long)]
    pub results: bool,
    /// Take attachments of chats along.
    #[arg(long)]
    pub attachments: bool,
    /// Take the master keys along; needs --passphrase-file. Without them, keep secret.key in another place: secrets of
    /// the restored store open with it alone.
    #[arg(long)]
    pub master_keys: bool,
    /// Do not compress.
    #[arg(long)]
    pub plain: bool,
    /// Restore it into a scratch store afterwards, and compare.
    #[arg(long)]
    pub verify: bool,
}

/// `restore`
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// The backup.
    pub file: PathBuf,
    #[command(flatten)]
    pub lock: LockArgs,
    /// Data folder or PostgreSQL URL to restore into; the configured store without it.
    #[arg(long, value_name = "DIR|URL")]
    pub into: Option<String>,
    /// Lose everything that the store holds now.
    #[arg(long)]
    pub replace: bool,
    /// Restore into a scratch store and compare; nothing else is changed.
    #[arg(long, conflicts_with_all = ["into", "replace"])]
    pub check: bool,
}
