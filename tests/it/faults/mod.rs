//! Databases that fail in the middle of a crawl or a statement: nothing is stored by half, the error says what to do, the
//! next crawl works, and nothing goes on on the server. The cases are written once; every engine has a bench for them.

pub mod bench;
pub mod bench_documents;
mod bench_mysql;
mod bench_postgres;
mod bench_tds;
mod changes;
mod ends;
mod failures;
mod names;

use std::sync::Arc;

use bench::Bench;
use bench_documents::DocumentsBench;
use bench_mysql::MysqlBench;
use bench_postgres::PostgresBench;
use bench_tds::TdsBench;

/// Makes a test of every case named, each with a new bench. A case is an `async fn(Arc<dyn Bench>)`.
macro_rules! on {
    ($engine:ident, $bench:expr, $($module:ident::$case:ident,)*) => {
        mod $engine {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let bench: Arc<dyn Bench> = Arc::new($bench.await);
                super::$module::$case(bench.clone()).await;
                // a case that fails leaves its database for a look
                bench.close().await;
            })*
        }
    };
}

on!(
    postgres,
    PostgresBench::new(),
    failures::a_server_that_goes_away_in_the_middle_of_a_crawl_stores_nothing,
    failures::a_connection_that_is_cut_alone_stores_nothing,
    failures::a_permission_denied_in_the_middle_stores_nothing_by_half,
    failures::a_view_that_fails_is_part_of_the_catalog,
    changes::tables_that_come_and_go_during_a_crawl_are_there_as_a_whole_or_not_at_all,
    changes::a_crawl_blocks_nobody_who_writes,
    ends::a_cancelled_crawl_ends_on_the_server,
    ends::a_killed_crawl_ends_on_the_server_and_gives_way,
    ends::an_interrupted_or_killed_command_leaves_no_work_on_the_server,
);

on!(
    mariadb,
    MysqlBench::mariadb(),
    failures::a_server_that_goes_away_in_the_middle_of_a_crawl_stores_nothing,
    failures::a_connection_that_is_cut_alone_stores_nothing,
    failures::a_permission_denied_in_the_middle_stores_nothing_by_half,
    failures::a_view_that_fails_is_part_of_the_catalog,
    changes::tables_that_come_and_go_during_a_crawl_are_there_as_a_whole_or_not_at_all,
    changes::a_crawl_blocks_nobody_who_writes,
    ends::a_cancelled_crawl_ends_on_the_server,
    ends::a_killed_crawl_ends_on_the_server_and_gives_way,
    ends::an_interrupted_or_killed_command_leaves_no_work_on_the_server,
);

on!(
    mysql,
    MysqlBench::mysql(),
    failures::a_server_that_goes_away_in_the_middle_of_a_crawl_stores_nothing,
    failures::a_connection_that_is_cut_alone_stores_nothing,
    failures::a_permission_denied_in_the_middle_stores_nothing_by_half,
    failures::a_view_that_fails_is_part_of_the_catalog,
    changes::tables_that_come_and_go_during_a_crawl_are_there_as_a_whole_or_not_at_all,
    changes::a_crawl_blocks_nobody_who_writes,
    ends::a_cancelled_crawl_ends_on_the_server,
    ends::a_killed_crawl_ends_on_the_server_and_gives_way,
    ends::an_interrupted_or_killed_command_leaves_no_work_on_the_server,
);

// Left out here: a connection that is cut alone, which MongoDB's driver replaces before the crawl hears of it.
on!(
    documents,
    DocumentsBench::new(),
    failures::a_server_that_goes_away_in_the_middle_of_a_crawl_stores_nothing,
    failures::a_permission_denied_in_the_middle_stores_nothing_by_half,
    failures::a_view_that_fails_is_part_of_the_catalog,
    changes::tables_that_come_and_go_during_a_crawl_are_there_as_a_whole_or_not_at_all,
    changes::a_crawl_blocks_nobody_who_writes,
    ends::a_cancelled_crawl_ends_on_the_server,
    ends::a_killed_crawl_ends_on_the_server_and_gives_way,
    ends::an_interrupted_or_killed_command_leaves_no_work_on_the_server,
);

// Left out here: a crawl that blocks nobody, since the test server's locks are SQLite's and say nothing of SQL Server's.
on!(
    tds,
    TdsBench::new(),
    failures::a_server_that_goes_away_in_the_middle_of_a_crawl_stores_nothing,
    failures::a_connection_that_is_cut_alone_stores_nothing,
    failures::a_permission_denied_in_the_middle_stores_nothing_by_half,
    failures::a_view_that_fails_is_part_of_the_catalog,
    changes::tables_that_come_and_go_during_a_crawl_are_there_as_a_whole_or_not_at_all,
    ends::a_cancelled_crawl_ends_on_the_server,
    ends::a_killed_crawl_ends_on_the_server_and_gives_way,
    ends::an_interrupted_or_killed_command_leaves_no_work_on_the_server,
);
