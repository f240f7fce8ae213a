-- several daemons on one store: which of them live, what they have at work, and the events of answers that are being given

CREATE TABLE daemons (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    started_at timestamptz NOT NULL,
    -- the last sign of life
    heartbeat_at timestamptz NOT NULL,
    -- it takes no new work and ends soon
    draining boolean NOT NULL DEFAULT false
);

ALTER TABLE chat_messages ADD COLUMN lease_owner uuid;
-- how often a daemon took an answer over whose own had died
ALTER TABLE chat_messages ADD COLUMN attempts bigint NOT NULL DEFAULT 0;
-- as records name whoever asked: an answer that is taken up again is given with their rights
ALTER TABLE chat_messages ADD COLUMN asked_by text;
ALTER TABLE executions ADD COLUMN attempts bigint NOT NULL DEFAULT 0;
-- started for its own sake, so it is run again when its daemon dies; an answer's own execution ends with the answer
ALTER TABLE executions ADD COLUMN resumable boolean NOT NULL DEFAULT false;

-- what a stream has sent, in pieces of a tenth of a second, so that another daemon can go on with it; no rows of results
CREATE TABLE stream_events (
    message_id uuid NOT NULL,
    -- number of the last event in the piece
    seq bigint NOT NULL,
    workspace_id uuid NOT NULL,
    events jsonb NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (message_id, seq)
);
CREATE INDEX stream_events_at_idx ON stream_events (at);
ALTER TABLE stream_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE stream_events FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON stream_events USING (querent_sees(workspace_id));
