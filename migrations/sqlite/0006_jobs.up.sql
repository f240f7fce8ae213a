-- work that outlives a daemon, what became of it, and the schedules that ask for it

CREATE TABLE schedules (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    -- kind of the jobs that it asks for
    kind TEXT NOT NULL,
    cron TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    -- why it is not enabled, for people
    paused_reason TEXT,
    consecutive_failures INTEGER NOT NULL,
    max_failures INTEGER NOT NULL,
    -- moments that came while the run before was unfinished
    skipped INTEGER NOT NULL,
    -- when the last job was asked for
    last_run_at INTEGER,
    -- null while it is not enabled, or when there is no next moment
    next_run_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    UNIQUE (connection_id, kind)
) STRICT;
CREATE INDEX schedules_next_idx ON schedules (next_run_at) WHERE enabled;
CREATE INDEX schedules_created_idx ON schedules (created_at, id);

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    connection_id TEXT REFERENCES connections (id) ON DELETE CASCADE,
    schedule_id TEXT REFERENCES schedules (id) ON DELETE SET NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    -- not before that
    run_at INTEGER NOT NULL,
    -- higher ones first
    priority INTEGER NOT NULL,
    -- claims that count against the next column
    attempts INTEGER NOT NULL,
    max_attempts INTEGER NOT NULL,
    lease_owner TEXT,
    lease_until INTEGER,
    -- raised by every claim: whoever holds a smaller number has lost the job
    fence INTEGER NOT NULL,
    dedup_key TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    started_at INTEGER,
    finished_at INTEGER,
    error_code TEXT,
    error_message TEXT
) STRICT;
CREATE UNIQUE INDEX jobs_dedup_key ON jobs (dedup_key)
    WHERE dedup_key IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX jobs_open_idx ON jobs (priority DESC, run_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_created_idx ON jobs (created_at, id);
CREATE INDEX jobs_connection_idx ON jobs (connection_id, created_at, id);
CREATE INDEX jobs_schedule_idx ON jobs (schedule_id, created_at, id);

CREATE TABLE job_runs (
    job_id TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    -- the job's fence at the claim: 1, 2, 3 ...
    attempt INTEGER NOT NULL,
    daemon TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    finished_at INTEGER,
    -- null while it runs; lost: its daemon died or was cut off; returned: its daemon gave it back
    outcome TEXT CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'lost', 'returned')),
    error_code TEXT,
    error_message TEXT,
    log TEXT NOT NULL,
    figures TEXT NOT NULL,
    PRIMARY KEY (job_id, attempt)
) STRICT;

-- the job that a crawl belongs to; a later attempt of it ends the crawl of an earlier one
ALTER TABLE crawls ADD COLUMN job_id TEXT;
