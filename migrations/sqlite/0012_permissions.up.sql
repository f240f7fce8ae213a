-- who may see what of a connection, and under which policy an execution ran

CREATE TABLE resource_permissions (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    -- for a user, for those with a role in the workspace, or (neither) for everybody
    user_id TEXT REFERENCES users (id) ON DELETE CASCADE,
    role TEXT CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    -- globs; null fits everything
    schema_name TEXT,
    table_name TEXT,
    column_name TEXT,
    effect TEXT NOT NULL CHECK (effect IN ('allow', 'deny', 'mask', 'filter')),
    -- how values are replaced (JSON), and the condition on rows
    mask TEXT,
    predicate TEXT,
    expires_at INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    CHECK (user_id IS NULL OR role IS NULL),
    CHECK ((effect = 'mask') = (mask IS NOT NULL)),
    CHECK ((effect = 'filter') = (predicate IS NOT NULL))
) STRICT;
CREATE INDEX resource_permissions_connection_idx ON resource_permissions (workspace_id, connection_id, created_at, id);
CREATE INDEX resource_permissions_user_idx ON resource_permissions (user_id);

-- fingerprint of the policy under which it ran; null: before there were any
ALTER TABLE executions ADD COLUMN policy_key TEXT;
