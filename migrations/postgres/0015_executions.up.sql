-- the queue of executions: who holds them, what they are the same as, and whether they were answered from a kept result

ALTER TABLE executions ADD COLUMN query_hash text;
-- of what two runs must share to give the same: set on runs whose result may answer others
ALTER TABLE executions ADD COLUMN cache_key text;
ALTER TABLE executions ADD COLUMN cache_hit boolean NOT NULL DEFAULT false;
-- the daemon that has it; as long as that daemon gives signs of life, nobody else touches it
ALTER TABLE executions ADD COLUMN lease_owner uuid;
CREATE INDEX executions_cache_idx ON executions (cache_key, finished_at) WHERE cache_key IS NOT NULL;
CREATE INDEX executions_waiting_idx ON executions (connection_id, created_at, id) WHERE status IN ('queued', 'running');
CREATE INDEX executions_cancelled_idx ON executions (lease_owner, finished_at) WHERE status = 'cancelled';
CREATE INDEX executions_usage_idx ON executions (workspace_id, created_at);
CREATE INDEX executions_result_idx ON executions (result_path) WHERE result_path IS NOT NULL;

-- who asked the model, so that tokens can be counted for a person
ALTER TABLE llm_calls ADD COLUMN created_by text;

-- how much may be used in a day or a month (UTC): by everybody in a workspace together, or by each of one name
CREATE TABLE quotas (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    -- as records name whoever asked; null: the whole workspace
    subject text,
    measure text NOT NULL CHECK (measure IN ('rows', 'seconds', 'tokens', 'cost')),
    period text NOT NULL CHECK (period IN ('day', 'month')),
    -- of cost: millionths of a dollar
    amount bigint NOT NULL CHECK (amount >= 0),
    created_at timestamptz NOT NULL,
    created_by text,
    updated_at timestamptz NOT NULL,
    updated_by text
);
CREATE UNIQUE INDEX quotas_key ON quotas (workspace_id, coalesce(subject, ''), measure, period);
ALTER TABLE quotas ENABLE ROW LEVEL SECURITY;
ALTER TABLE quotas FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON quotas USING (querent_sees(workspace_id));

-- small results as they lie on disk, sealed: so that every daemon can give them
CREATE TABLE result_bodies (
    path text PRIMARY KEY,
    workspace_id uuid NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL
);
ALTER TABLE result_bodies ENABLE ROW LEVEL SECURITY;
ALTER TABLE result_bodies FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON result_bodies USING (querent_sees(workspace_id));
