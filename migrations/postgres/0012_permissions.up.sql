-- who may see what of a connection, and under which policy an execution ran

CREATE TABLE resource_permissions (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    -- for a user, for those with a role in the workspace, or (neither) for everybody
    user_id uuid REFERENCES users (id) ON DELETE CASCADE,
    role text CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    -- globs; null fits everything
    schema_name text,
    table_name text,
    column_name text,
    effect text NOT NULL CHECK (effect IN ('allow', 'deny', 'mask', 'filter')),
    -- how values are replaced (JSON), and the condition on rows
    mask jsonb,
    predicate text,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    created_by text,
    updated_at timestamptz NOT NULL,
    updated_by text,
    CHECK (user_id IS NULL OR role IS NULL),
    CHECK ((effect = 'mask') = (mask IS NOT NULL)),
    CHECK ((effect = 'filter') = (predicate IS NOT NULL))
);
CREATE INDEX resource_permissions_connection_idx ON resource_permissions (workspace_id, connection_id, created_at, id);
CREATE INDEX resource_permissions_user_idx ON resource_permissions (user_id);

-- fingerprint of the policy under which it ran; null: before there were any
ALTER TABLE executions ADD COLUMN policy_key text;

ALTER TABLE resource_permissions ENABLE ROW LEVEL SECURITY;
ALTER TABLE resource_permissions FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON resource_permissions USING (querent_sees(workspace_id));
