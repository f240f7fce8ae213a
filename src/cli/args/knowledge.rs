//! Words of the command line around what is known of a database: glossary, evaluation cases, notifications.

use clap::{Args, Subcommand};

/// `glossary`
#[derive(Debug, Subcommand)]
pub enum GlossaryCommand {
    /// Keep a term; what it means in SQL is checked first.
    Add {
        /// The word.
        term: String,
        /// What it means, for people.
        definition: String,
        /// Registered database.
        #[arg(long, value_name = "NAME")]
        on: String,
        /// The table that it is about.
        #[arg(long, value_name = "SCHEMA.TABLE")]
        table: Option<String>,
        /// A value over the table, for example "sum(total)".
        #[arg(long, value_name = "SQL", requires = "table")]
        expression: Option<String>,
        /// A condition on the table's rows, for example "cancelled_at IS NULL".
        #[arg(long, value_name = "SQL", requires = "table")]
        filter: Option<String>,
    },
    /// List the terms.
    List {
        /// Registered database.
        #[arg(long, value_name = "NAME")]
        on: String,
    },
    /// Remove a term.
    Remove {
        /// The word.
        term: String,
        /// Registered database.
        #[arg(long, value_name = "NAME")]
        on: String,
    },
}

/// `case`
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// Keep a question with its known answer; the statement is checked first.
    Add {
        /// The question.
        question: String,
        /// The statement that answers it.
        sql: String,
        /// Registered database.
        #[arg(long, value_name = "NAME")]
        on: String,
    },
    /// List the cases.
    List {
        /// Registered database.
        #[arg(long, value_name = "NAME")]
        on: String,
    },
    /// Remove a case.
    Remove {
        /// Its key, as `list` prints it.
        id: uuid::Uuid,
    },
}

/// `impact`
#[derive(Debug, Subcommand)]
pub enum ImpactCommand {
    /// List what is open.
    List {
        /// Registered database.
        #[arg(long, value_name = "NAME")]
        on: String,
        /// One JSON document a line.
        #[arg(long)]
        json: bool,
    },
    /// Accept proposed repairs: each is checked once more and takes the place of its statement.
    Repair {
        /// Keys, as `list` prints them.
        #[arg(required = true)]
        ids: Vec<uuid::Uuid>,
    },
}

/// `notifications`
#[derive(Debug, Args)]
pub struct NotificationArgs {
    /// Those too that were read.
    #[arg(long)]
    pub all: bool,
    /// Mark what is listed as read.
    #[arg(long)]
    pub read: bool,
    /// One JSON document a line.
    #[arg(long)]
    pub json: bool,
}
