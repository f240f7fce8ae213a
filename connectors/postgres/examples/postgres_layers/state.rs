//! The state of a database and its server, in parts: every row of every table and catalog, sequences, settings, locks,
//! slots, statistics' resets, sessions.

use connector_api::layers::State;
use tokio_postgres::Client;

/// The name that our own sessions go by.
pub const OURS: &str = "querent_layers";

/// Questions that give one text each.
const PARTS: &[(&str, &str)] = &[
    (
        "settings",
        "SELECT md5(concat(pg_conf_load_time(), (SELECT string_agg(concat(name, setting, reset_val, source), ',' \
         ORDER BY name) FROM pg_settings), (SELECT string_agg(f::text, ',' ORDER BY seqno) FROM pg_file_settings f)))",
    ),
    (
        "locks",
        "SELECT string_agg(concat_ws(' ', locktype, mode, classid, objid, relation), ',') FROM pg_locks \
         WHERE pid <> pg_backend_pid() AND locktype <> 'virtualxid'",
    ),
    ("slots", "SELECT string_agg(s::text, ',' ORDER BY slot_name) FROM pg_replication_slots s"),
    ("prepared transactions", "SELECT string_agg(gid, ',' ORDER BY gid) FROM pg_prepared_xacts"),
    (
        "statistics' resets",
        "SELECT concat((SELECT string_agg(concat(datid, stats_reset), ',' ORDER BY datid) FROM pg_stat_database), \
         (SELECT stats_reset FROM pg_stat_bgwriter), (SELECT stats_reset FROM pg_stat_archiver), \
         (SELECT stats_reset FROM pg_stat_wal), (SELECT string_agg(stats_reset::text, ',') FROM pg_stat_slru))",
    ),
    ("transaction ids", "SELECT pg_snapshot_xmax(pg_current_snapshot())::text"),
    ("log file", "SELECT pg_walfile_name(pg_current_wal_insert_lsn())"),
    (
        "sessions",
        "SELECT string_agg(concat_ws(' ', pid, application_name), ',' ORDER BY pid) FROM pg_stat_activity \
         WHERE backend_type = 'client backend' AND application_name <> 'querent_layers'",
    ),
];

/// One SELECT for each relation that holds rows: its name and a digest. Rows of users' tables come with their
/// system columns, which an update that was taken back or a row lock would leave traces in.
const RELATIONS: &str = "SELECT string_agg(CASE \
    WHEN c.relkind = 'S' THEN format('SELECT %L, concat(last_value, log_cnt, is_called) FROM %I.%I', \
      concat('sequence ', n.nspname, '.', c.relname), n.nspname, c.relname) \
    WHEN n.nspname = 'pg_catalog' THEN format('SELECT %L, md5(string_agg(md5(t::text), NULL ORDER BY md5(t::text))) \
      FROM %I.%I t', concat('catalog ', c.relname), n.nspname, c.relname) \
    ELSE format('SELECT %L, md5(string_agg(concat(t.ctid, t.xmin, t.xmax, t::text), NULL ORDER BY t.ctid)) \
      FROM %I.%I t', concat('rows ', n.nspname, '.', c.relname), n.nspname, c.relname) END, ' UNION ALL ') \
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
  WHERE c.relkind IN ('r', 'm', 'S') AND n.nspname NOT IN ('information_schema', 'pg_toast')";

/// What a session could have been left with, asked inside of it. A library that a function needed brings settings at
/// their defaults; those are nobody's change.
pub const SESSION: &str = "SELECT concat(md5((SELECT string_agg(concat(name, setting), ',' ORDER BY name) FROM pg_settings \
      WHERE setting IS DISTINCT FROM boot_val)), ' channels ', (SELECT count(*) FROM pg_listening_channels()), \
    ' locks ', (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'), \
    ' prepared ', (SELECT count(*) FROM pg_prepared_statements WHERE from_sql), \
    ' cursors ', (SELECT count(*) FROM pg_cursors WHERE is_holdable), \
    ' temporary ', (SELECT count(*) FROM pg_class WHERE relnamespace = pg_my_temp_schema()), \
    ' user ', current_user, session_user) AS session";

/// Takes the state.
pub async fn of(client: &Client) -> Result<State, tokio_postgres::Error> {
    let mut state = State::new();
    for (name, question) in PARTS {
        let value: Option<String> = client.query_one(*question, &[]).await?.try_get(0)?;
        state.insert((*name).to_owned(), value.unwrap_or_default());
    }
    let relations: String = client.query_one(RELATIONS, &[]).await?.try_get(0)?;
    for row in client.query(&relations, &[]).await? {
        let digest: Option<String> = row.try_get(1)?;
        state.insert(row.try_get(0)?, digest.unwrap_or_default());
    }
    Ok(state)
}
