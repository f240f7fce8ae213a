-- review: proposed and archived queries, answers that wait for approval, versions of a query's text, comments

CREATE TABLE queries_new (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    chat_message_id TEXT REFERENCES chat_messages (id) ON DELETE SET NULL,
    question TEXT,
    sql TEXT NOT NULL,
    canonical_sql TEXT NOT NULL,
    -- no reference: versions come with the catalog's own tables
    schema_version_id TEXT,
    state TEXT NOT NULL CHECK (state IN ('draft', 'proposed', 'approved', 'rejected', 'archived', 'broken')),
    reading TEXT NOT NULL,
    report TEXT NOT NULL,
    source TEXT NOT NULL,
    confidence REAL,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    deleted_at INTEGER,
    workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001',
    -- 1, 2, 3 ...: the number of its text
    ordinal INTEGER NOT NULL DEFAULT 1,
    -- who wrote the text that it has now, and why; null: as it was made
    written_by TEXT,
    written_why TEXT,
    proposed_by TEXT,
    assigned_to TEXT,
    reviewed_by TEXT,
    reviewed_at INTEGER,
    review_reason TEXT
) STRICT;
INSERT INTO queries_new (id, connection_id, chat_message_id, question, sql, canonical_sql, schema_version_id, state, reading,
        report, source, confidence, created_at, created_by, updated_at, updated_by, deleted_at, workspace_id)
    SELECT id, connection_id, chat_message_id, question, sql, canonical_sql, schema_version_id,
        CASE state WHEN 'in_review' THEN 'proposed' ELSE state END, reading, report, source, confidence, created_at,
        created_by, updated_at, updated_by, deleted_at, workspace_id FROM queries;
DROP TABLE queries;
ALTER TABLE queries_new RENAME TO queries;
CREATE INDEX queries_connection_idx ON queries (connection_id, created_at, id);
CREATE INDEX queries_message_idx ON queries (chat_message_id);
CREATE INDEX queries_created_idx ON queries (workspace_id, created_at, id);

CREATE TABLE chat_messages_new (
    id TEXT PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('user', 'assistant')),
    parts TEXT NOT NULL,
    reply_to TEXT REFERENCES chat_messages (id) ON DELETE CASCADE,
    status TEXT NOT NULL CHECK (status IN ('pending', 'waiting', 'complete', 'failed', 'cancelled', 'interrupted')),
    -- no reference: a query names its message, and both are stored in one transaction
    query_id TEXT,
    lease_until INTEGER,
    error_code TEXT,
    error_message TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001',
    created_by TEXT,
    edited_at INTEGER,
    -- set on an answer when its question was edited after it
    stale_at INTEGER,
    -- its text in small letters, for search
    words TEXT
) STRICT;
INSERT INTO chat_messages_new (id, session_id, role, parts, reply_to, status, query_id, lease_until, error_code,
        error_message, created_at, updated_at, workspace_id, created_by, edited_at, stale_at, words)
    SELECT id, session_id, role, parts, reply_to, status, query_id, lease_until, error_code, error_message, created_at,
        updated_at, workspace_id, created_by, edited_at, stale_at, words FROM chat_messages;
DROP TABLE chat_messages;
ALTER TABLE chat_messages_new RENAME TO chat_messages;
CREATE INDEX chat_messages_session_idx ON chat_messages (session_id, created_at, id);
CREATE INDEX chat_messages_pending_idx ON chat_messages (lease_until) WHERE status = 'pending';
CREATE INDEX chat_messages_reply_idx ON chat_messages (reply_to);

-- what a question is compared with
CREATE INDEX queries_approved_idx ON queries (connection_id, created_at, id) WHERE state = 'approved';

-- texts that a query had before
CREATE TABLE query_versions (
    query_id TEXT NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    workspace_id TEXT NOT NULL,
    sql TEXT NOT NULL,
    -- the checked text, without what a policy put in
    asked TEXT NOT NULL,
    written_by TEXT,
    written_why TEXT,
    -- until then it was the query's text
    replaced_at INTEGER NOT NULL,
    PRIMARY KEY (query_id, ordinal)
) STRICT;

CREATE TABLE query_comments (
    id TEXT PRIMARY KEY,
    query_id TEXT NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL,
    -- the comment that it answers
    parent_id TEXT REFERENCES query_comments (id) ON DELETE CASCADE,
    -- the number of the text that it is about
    ordinal INTEGER NOT NULL,
    text TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL
) STRICT;
CREATE INDEX query_comments_query_idx ON query_comments (query_id, created_at, id);
CREATE INDEX query_comments_parent_idx ON query_comments (parent_id);
