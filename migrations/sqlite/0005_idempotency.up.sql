-- creating requests that carried an Idempotency-Key, and what was answered to them

CREATE TABLE idempotency (
    -- of the attempt: one that took an abandoned key over has another
    id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    -- method and path
    route TEXT NOT NULL,
    -- hash of what the client chose
    key TEXT NOT NULL,
    -- keyed with what the client chose: whoever reads the store cannot guess at secrets of a body
    body_hash TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('started', 'done')),
    -- a started one that nobody renewed until then is abandoned
    lease_until INTEGER,
    status INTEGER,
    location TEXT,
    -- null when it was too large to keep
    response TEXT,
    created_at INTEGER NOT NULL,
    UNIQUE (caller, route, key)
) STRICT;
CREATE INDEX idempotency_created_idx ON idempotency (created_at);
