//! The contract suite: what every connector must do, written once and run against each engine (feature `contract`).
//!
//! An engine's test creates a database with the statements of [`setup`] (documents: the [`commands`]), opens its connector with **one** session and
//! a short wait for it, and calls [`contract_suite!`](crate::contract_suite) with a function that gives a [`Fixture`].
//! Each case is a plain async function over the fixture and panics with what it expected.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crawl;
mod documents;
mod expected;
mod fixture;
mod run;
mod tsql;

pub use crawl::*;
pub use documents::commands;
pub use fixture::{Fixture, NUMBERS, setup};
pub use run::*;

/// Makes one `#[tokio::test]` of every case. Takes the path of an `async fn() -> Fixture`.
#[macro_export]
macro_rules! contract_suite {
    ($fixture:path) => {
        $crate::contract_suite!(@cases $fixture:
            test_says_what_is_there,
            introspects_tables_and_views,
            introspects_columns,
            introspects_keys_and_indexes,
            introspects_checks_and_comments,
            introspection_is_repeatable,
            introspection_obeys_globs,
            introspection_reports_progress,
            introspection_collects_values_within_bounds,
            introspection_without_statistics_reads_no_values,
            query_streams_rows_in_batches,
            query_keeps_values_and_nulls,
            query_of_nothing_has_a_schema,
            query_gives_columns_their_names,
            caps_rows,
            ends_exactly_at_the_row_cap_without_an_error,
            caps_bytes,
            caps_time_while_no_row_comes,
            caps_time_while_rows_come,
            dropping_a_stream_frees_its_session,
            dropping_an_unanswered_query_frees_its_session,
            a_taken_session_is_reported_as_busy,
            errors_of_statements_are_reported,
            errors_leave_the_session_usable,
            a_table_that_went_away_is_a_statement_error,
            explains,
            refuses_a_statement_of_another_engine,
        );
    };
    (@cases $fixture:path: $($case:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                $crate::contract::$case(&$fixture().await).await;
            }
        )*
    };
}
