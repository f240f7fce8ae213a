-- what people and the daemon do: connections, crawls, chats, queries, executions, model calls, audits

CREATE TABLE settings (
    key text PRIMARY KEY,
    value jsonb NOT NULL,
    updated_at timestamptz NOT NULL,
    updated_by text
);

CREATE TABLE connections (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    engine text NOT NULL,
    sealed_uri text NOT NULL,
    display_uri text NOT NULL,
    privacy text NOT NULL,
    options jsonb NOT NULL,
    policy jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text,
    updated_at timestamptz NOT NULL,
    updated_by text,
    deleted_at timestamptz
);
-- a deleted connection gives its name free
CREATE UNIQUE INDEX connections_name_key ON connections (lower(name)) WHERE deleted_at IS NULL;
CREATE INDEX connections_created_idx ON connections (created_at, id);

CREATE TABLE crawls (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    status text NOT NULL
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
    created_at timestamptz NOT NULL,
    created_by text,
    started_at timestamptz,
    finished_at timestamptz,
    lease_until timestamptz,
    error_code text,
    error_message text,
    progress jsonb NOT NULL,
    version_id uuid
);
-- one crawl per connection at a time
CREATE UNIQUE INDEX crawls_active_key ON crawls (connection_id) WHERE status IN ('queued', 'running');
CREATE INDEX crawls_connection_idx ON crawls (connection_id, created_at, id);

CREATE TABLE chat_sessions (
    id uuid PRIMARY KEY,
    title text NOT NULL,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    created_by text,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz
);
CREATE INDEX chat_sessions_created_idx ON chat_sessions (created_at, id);

CREATE TABLE chat_messages (
    id uuid PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    role text NOT NULL CHECK (role IN ('user', 'assistant')),
    parts jsonb NOT NULL,
    reply_to uuid REFERENCES chat_messages (id) ON DELETE CASCADE,
    status text NOT NULL CHECK (status IN ('pending', 'complete', 'failed', 'cancelled', 'interrupted')),
    -- no reference: a query names its message, and both are stored in one transaction
    query_id uuid,
    lease_until timestamptz,
    error_code text,
    error_message text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX chat_messages_session_idx ON chat_messages (session_id, created_at, id);
CREATE INDEX chat_messages_pending_idx ON chat_messages (lease_until) WHERE status = 'pending';

CREATE TABLE queries (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    chat_message_id uuid REFERENCES chat_messages (id) ON DELETE SET NULL,
    question text,
    sql text NOT NULL,
    canonical_sql text NOT NULL,
    -- no reference: versions come with the catalog's own tables
    schema_version_id uuid,
    state text NOT NULL CHECK (state IN ('draft', 'in_review', 'approved', 'rejected', 'broken')),
    reading text NOT NULL,
    report jsonb NOT NULL,
    source text NOT NULL,
    confidence double precision,
    created_at timestamptz NOT NULL,
    created_by text,
    updated_at timestamptz NOT NULL,
    updated_by text,
    deleted_at timestamptz
);
CREATE INDEX queries_connection_idx ON queries (connection_id, created_at, id);
CREATE INDEX queries_message_idx ON queries (chat_message_id);

CREATE TABLE executions (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    status text NOT NULL
        CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled', 'interrupted')),
    row_count bigint,
    byte_count bigint,
    truncated text CHECK (truncated IN ('rows', 'bytes', 'time')),
    error_code text,
    error_message text,
    columns jsonb NOT NULL,
    result_path text,
    elapsed_ms bigint,
    lease_until timestamptz,
    created_at timestamptz NOT NULL,
    created_by text,
    started_at timestamptz,
    finished_at timestamptz
);
CREATE INDEX executions_query_idx ON executions (query_id, created_at, id);
CREATE INDEX executions_active_idx ON executions (lease_until) WHERE status IN ('queued', 'running');

CREATE TABLE llm_calls (
    id uuid PRIMARY KEY,
    chat_message_id uuid REFERENCES chat_messages (id) ON DELETE SET NULL,
    provider text NOT NULL,
    model text NOT NULL,
    purpose text NOT NULL,
    status text NOT NULL CHECK (status IN ('succeeded', 'failed', 'cancelled')),
    error_code text,
    prompt_tokens bigint NOT NULL,
    completion_tokens bigint NOT NULL,
    cost_micros bigint,
    latency_ms bigint NOT NULL,
    sent_bytes jsonb NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX llm_calls_created_idx ON llm_calls (created_at, id);
CREATE INDEX llm_calls_message_idx ON llm_calls (chat_message_id);

CREATE TABLE audits (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    details jsonb NOT NULL
);
CREATE INDEX audits_at_idx ON audits (at, id);
