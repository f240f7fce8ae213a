-- creating requests that carried an Idempotency-Key, and what was answered to them

CREATE TABLE idempotency (
    -- of the attempt: one that took an abandoned key over has another
    id uuid PRIMARY KEY,
    caller text NOT NULL,
    -- method and path
    route text NOT NULL,
    -- hash of what the client chose
    key text NOT NULL,
    -- keyed with what the client chose: whoever reads the store cannot guess at secrets of a body
    body_hash text NOT NULL,
    state text NOT NULL CHECK (state IN ('started', 'done')),
    -- a started one that nobody renewed until then is abandoned
    lease_until timestamptz,
    status bigint,
    location text,
    -- JSON as it was sent, so that it is sent again byte for byte; null when it was too large to keep
    response text,
    created_at timestamptz NOT NULL,
    UNIQUE (caller, route, key)
);
CREATE INDEX idempotency_created_idx ON idempotency (created_at);
