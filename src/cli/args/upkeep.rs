//! Words of the commands that keep the store.

use clap::Subcommand;

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
