//! The command line's words for the master keys.

use clap::Subcommand;

/// `key`
#[derive(Debug, Subcommand)]
pub enum KeyCommand {
    /// Say which keys there are and how many texts are sealed with each.
    Status {
        /// As one line of JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a new master key and ask for the job that brings everything under it.
    Rotate,
    /// Bring everything under the newest key now, in this process. Daemons may be at work meanwhile.
    Reseal,
    /// Remove keys that nothing is sealed with any more. Backups from before need them: keep a copy with those.
    Prune,
    /// Print the keys at hand, for a backup apart from the store's.
    Export {
        /// Yes: whoever reads what is printed can open every secret of the store.
        #[arg(long, required = true)]
        show_key_material: bool,
    },
}
