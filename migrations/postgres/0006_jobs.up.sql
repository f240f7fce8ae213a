-- work that outlives a daemon, what became of it, and the schedules that ask for it

CREATE TABLE schedules (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    -- kind of the jobs that it asks for
    kind text NOT NULL,
    cron text NOT NULL,
    time_zone text NOT NULL,
    enabled boolean NOT NULL,
    -- why it is not enabled, for people
    paused_reason text,
    consecutive_failures bigint NOT NULL,
    max_failures bigint NOT NULL,
    -- moments that came while the run before was unfinished
    skipped bigint NOT NULL,
    -- when the last job was asked for
    last_run_at timestamptz,
    -- null while it is not enabled, or when there is no next moment
    next_run_at timestamptz,
    created_at timestamptz NOT NULL,
    created_by text,
    updated_at timestamptz NOT NULL,
    updated_by text,
    UNIQUE (connection_id, kind)
);
CREATE INDEX schedules_next_idx ON schedules (next_run_at) WHERE enabled;
CREATE INDEX schedules_created_idx ON schedules (created_at, id);

CREATE TABLE jobs (
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    connection_id uuid REFERENCES connections (id) ON DELETE CASCADE,
    schedule_id uuid REFERENCES schedules (id) ON DELETE SET NULL,
    payload jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    -- not before that
    run_at timestamptz NOT NULL,
    -- higher ones first
    priority bigint NOT NULL,
    -- claims that count against the next column
    attempts bigint NOT NULL,
    max_attempts bigint NOT NULL,
    lease_owner text,
    lease_until timestamptz,
    -- raised by every claim: whoever holds a smaller number has lost the job
    fence bigint NOT NULL,
    dedup_key text,
    created_at timestamptz NOT NULL,
    created_by text,
    started_at timestamptz,
    finished_at timestamptz,
    error_code text,
    error_message text
);
CREATE UNIQUE INDEX jobs_dedup_key ON jobs (dedup_key)
    WHERE dedup_key IS NOT NULL AND state IN ('queued', 'running');
CREATE INDEX jobs_open_idx ON jobs (priority DESC, run_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_created_idx ON jobs (created_at, id);
CREATE INDEX jobs_connection_idx ON jobs (connection_id, created_at, id);
CREATE INDEX jobs_schedule_idx ON jobs (schedule_id, created_at, id);

CREATE TABLE job_runs (
    job_id uuid NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
    -- the job's fence at the claim: 1, 2, 3 ...
    attempt bigint NOT NULL,
    daemon text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    -- null while it runs; lost: its daemon died or was cut off; returned: its daemon gave it back
    outcome text CHECK (outcome IN ('succeeded', 'failed', 'cancelled', 'lost', 'returned')),
    error_code text,
    error_message text,
    log jsonb NOT NULL,
    figures jsonb NOT NULL,
    PRIMARY KEY (job_id, attempt)
);

-- the job that a crawl belongs to; a later attempt of it ends the crawl of an earlier one
ALTER TABLE crawls ADD COLUMN job_id uuid;
