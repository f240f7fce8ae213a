-- workspaces, people and who belongs where; everything that is kept belongs to a workspace

CREATE TABLE workspaces (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    -- what links and headers call it
    slug TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    deleted_at INTEGER
) STRICT;
CREATE UNIQUE INDEX workspaces_slug_key ON workspaces (slug) WHERE deleted_at IS NULL;

CREATE TABLE users (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('person', 'service')),
    -- in small letters
    email TEXT,
    name TEXT NOT NULL,
    system_role TEXT NOT NULL CHECK (system_role IN ('admin', 'developer', 'analyst')),
    password_hash TEXT,
    disabled_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    deleted_at INTEGER
) STRICT;
-- a deleted person gives the address free
CREATE UNIQUE INDEX users_email_key ON users (email) WHERE deleted_at IS NULL;
CREATE INDEX users_created_idx ON users (created_at, id);

CREATE TABLE memberships (
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    created_at INTEGER NOT NULL,
    created_by TEXT,
    PRIMARY KEY (workspace_id, user_id)
) STRICT;
CREATE INDEX memberships_user_idx ON memberships (user_id);

-- the workspace and the owner that every store begins with; the owner's token speaks for the second
INSERT INTO workspaces (id, name, slug, created_at, updated_at)
    VALUES ('01900000-0000-7000-8000-000000000001', 'Default', 'default', unixepoch() * 1000000, unixepoch() * 1000000);
INSERT INTO users (id, kind, name, system_role, created_at, updated_at)
    VALUES ('01900000-0000-7000-8000-000000000002', 'person', 'Owner', 'admin', unixepoch() * 1000000, unixepoch() * 1000000);
INSERT INTO memberships (workspace_id, user_id, role, created_at)
    VALUES ('01900000-0000-7000-8000-000000000001', '01900000-0000-7000-8000-000000000002', 'owner', unixepoch() * 1000000);

-- what was there belongs to the first workspace, and so does what a daemon of the version before writes meanwhile
ALTER TABLE connections ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE crawls ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE chat_sessions ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE chat_messages ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE queries ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE executions ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE llm_calls ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE audits ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE jobs ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE schedules ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE notifications ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE glossary_terms ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE evaluation_cases ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE impacts ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';
ALTER TABLE idempotency ADD COLUMN workspace_id TEXT NOT NULL DEFAULT '01900000-0000-7000-8000-000000000001';

DROP INDEX connections_name_key;
CREATE UNIQUE INDEX connections_name_key ON connections (workspace_id, lower(name)) WHERE deleted_at IS NULL;
DROP INDEX connections_created_idx;
CREATE INDEX connections_created_idx ON connections (workspace_id, created_at, id);
DROP INDEX chat_sessions_created_idx;
CREATE INDEX chat_sessions_created_idx ON chat_sessions (workspace_id, created_at, id);
CREATE INDEX queries_created_idx ON queries (workspace_id, created_at, id);
DROP INDEX glossary_terms_created_idx;
CREATE INDEX glossary_terms_created_idx ON glossary_terms (workspace_id, created_at, id);
DROP INDEX evaluation_cases_created_idx;
CREATE INDEX evaluation_cases_created_idx ON evaluation_cases (workspace_id, created_at, id);
DROP INDEX jobs_created_idx;
CREATE INDEX jobs_created_idx ON jobs (workspace_id, created_at, id);
DROP INDEX schedules_created_idx;
CREATE INDEX schedules_created_idx ON schedules (workspace_id, created_at, id);
DROP INDEX notifications_created_idx;
CREATE INDEX notifications_created_idx ON notifications (workspace_id, created_at, id);
DROP INDEX llm_calls_created_idx;
CREATE INDEX llm_calls_created_idx ON llm_calls (workspace_id, created_at, id);
DROP INDEX audits_at_idx;
CREATE INDEX audits_at_idx ON audits (workspace_id, at, id);
