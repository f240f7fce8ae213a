-- several daemons on one store: which of them live, what they have at work, and the events of answers that are being given

CREATE TABLE daemons (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    -- the last sign of life
    heartbeat_at INTEGER NOT NULL,
    -- it takes no new work and ends soon
    draining INTEGER NOT NULL DEFAULT 0 CHECK (draining IN (0, 1))
) STRICT;

ALTER TABLE chat_messages ADD COLUMN lease_owner TEXT;
-- how often a daemon took an answer over whose own had died
ALTER TABLE chat_messages ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
-- as records name whoever asked: an answer that is taken up again is given with their rights
ALTER TABLE chat_messages ADD COLUMN asked_by TEXT;
ALTER TABLE executions ADD COLUMN attempts INTEGER NOT NULL DEFAULT 0;
-- started for its own sake, so it is run again when its daemon dies; an answer's own execution ends with the answer
ALTER TABLE executions ADD COLUMN resumable INTEGER NOT NULL DEFAULT 0 CHECK (resumable IN (0, 1));

-- what a stream has sent, in pieces of a tenth of a second, so that another daemon can go on with it; no rows of results
CREATE TABLE stream_events (
    message_id TEXT NOT NULL,
    -- number of the last event in the piece
    seq INTEGER NOT NULL,
    workspace_id TEXT NOT NULL,
    events TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (message_id, seq)
) STRICT;
CREATE INDEX stream_events_at_idx ON stream_events (at);
