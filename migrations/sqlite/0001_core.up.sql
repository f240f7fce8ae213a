-- what people and the daemon do: connections, crawls, chats, queries, executions, model calls, audits

CREATE TABLE settings (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    updated_by TEXT
) STRICT;

CREATE TABLE connections (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    engine TEXT NOT NULL,
    sealed_uri TEXT NOT NULL,
    display_uri TEXT NOT NULL,
    privacy TEXT NOT NULL,
    options TEXT NOT NULL,
    policy TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    deleted_at INTEGER
) STRICT;
-- a deleted connection gives its name free
CREATE UNIQUE INDEX connections_name_key ON connections (lower(name)) WHERE deleted_at IS NULL;
CREATE INDEX connections_created_idx ON connections (created_at, id);

CREATE TABLE crawls (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    status TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
    created_at INTEGER NOT NULL,
    created_by TEXT,
    started_at INTEGER,
    finished_at INTEGER,
    lease_until INTEGER,
    error_code TEXT,
    error_message TEXT,
    progress TEXT NOT NULL,
    version_id TEXT
) STRICT;
-- one crawl per connection at a time
CREATE UNIQUE INDEX crawls_active_key ON crawls (connection_id) WHERE status IN ('queued', 'running');
CREATE INDEX crawls_connection_idx ON crawls (connection_id, created_at, id);

CREATE TABLE chat_sessions (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE INDEX chat_sessions_created_idx ON chat_sessions (created_at, id);

CREATE TABLE chat_messages (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    parts TEXT NOT NULL,
    reply_to TEXT REFERENCES chat_messages (id) ON DELETE CASCADE,
    status TEXT NOT NULL CHECK (status IN ('pending', 'complete', 'failed', 'cancelled', 'interrupted')),
    -- no reference: a query names its message, and both are stored in one transaction
    query_id TEXT,
    lease_until INTEGER,
    error_code TEXT,
    error_message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX chat_messages_session_idx ON chat_messages (session_id, created_at, id);
CREATE INDEX chat_messages_pending_idx ON chat_messages (lease_until) WHERE status = 'pending';

CREATE TABLE queries (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    chat_message_id TEXT REFERENCES chat_messages (id) ON DELETE SET NULL,
    question TEXT,
    sql TEXT NOT NULL,
    canonical_sql TEXT NOT NULL,
    -- no reference: versions come with the catalog's own tables
    schema_version_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('draft', 'in_review', 'approved', 'rejected', 'broken')),
    reading TEXT NOT NULL,
    report TEXT NOT NULL,
    source TEXT NOT NULL,
    confidence REAL,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    deleted_at INTEGER
) STRICT;
CREATE INDEX queries_connection_idx ON queries (connection_id, created_at, id);
CREATE INDEX queries_message_idx ON queries (chat_message_id);

CREATE TABLE executions (
    id TEXT PRIMARY KEY,
    query_id TEXT NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    status TEXT NOT NULL
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
    row_count INTEGER,
    byte_count INTEGER,
    truncated TEXT CHECK (truncated IN ('rows', 'bytes', 'time')),
    error_code TEXT,
    error_message TEXT,
    columns TEXT NOT NULL,
    result_path TEXT,
    elapsed_ms INTEGER,
    lease_until INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    started_at INTEGER,
    finished_at INTEGER
) STRICT;
CREATE INDEX executions_query_idx ON executions (query_id, created_at, id);
CREATE INDEX executions_active_idx ON executions (lease_until) WHERE status IN ('queued', 'running');

CREATE TABLE llm_calls (
    id TEXT PRIMARY KEY,
    chat_message_id TEXT REFERENCES chat_messages (id) ON DELETE SET NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    purpose TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('succeeded', 'failed', 'cancelled')),
    error_code TEXT,
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    cost_micros INTEGER,
    latency_ms INTEGER NOT NULL,
    sent_bytes TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX llm_calls_created_idx ON llm_calls (created_at, id);
CREATE INDEX llm_calls_message_idx ON llm_calls (chat_message_id);

CREATE TABLE audits (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    details TEXT NOT NULL
) STRICT;
CREATE INDEX audits_at_idx ON audits (at, id);
