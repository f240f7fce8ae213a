-- how people and programs prove who they are; of every secret a hash alone

CREATE TABLE sessions (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash text NOT NULL UNIQUE,
    -- password, or oidc:NAME
    method text NOT NULL,
    address text,
    agent text,
    created_at timestamptz NOT NULL,
    -- to the minute
    last_seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_user_idx ON sessions (user_id, created_at, id);

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name text NOT NULL,
    -- its first letters, to know it again
    prefix text NOT NULL,
    token_hash text NOT NULL UNIQUE,
    -- words of actions; null: all that its owner may do
    scopes jsonb,
    -- requests a minute; null: no bound
    per_minute bigint,
    -- microseconds since 1970: when all that was asked for is paid at that pace
    paced_until bigint,
    created_at timestamptz NOT NULL,
    created_by text,
    expires_at timestamptz,
    -- to the minute
    last_used_at timestamptz,
    last_address text,
    revoked_at timestamptz
);
CREATE INDEX api_keys_created_idx ON api_keys (workspace_id, created_at, id);
CREATE INDEX api_keys_user_idx ON api_keys (user_id);
ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON api_keys USING (querent_sees(workspace_id));

-- links into a workspace
CREATE TABLE invitations (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    token_hash text NOT NULL UNIQUE,
    -- whom, in small letters
    email text NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    -- of those who are new
    system_role text NOT NULL CHECK (system_role IN ('admin', 'developer', 'analyst')),
    created_at timestamptz NOT NULL,
    created_by text,
    expires_at timestamptz NOT NULL,
    accepted_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX invitations_created_idx ON invitations (workspace_id, created_at, id);
ALTER TABLE invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE invitations FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON invitations USING (querent_sees(workspace_id));

-- links to a new password; the newest of a person alone holds
CREATE TABLE password_resets (
    user_id uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    token_hash text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    created_by text,
    expires_at timestamptz NOT NULL
);

-- whom an identity provider means
CREATE TABLE identities (
    provider text NOT NULL,
    subject text NOT NULL,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    PRIMARY KEY (provider, subject)
);
CREATE INDEX identities_user_idx ON identities (user_id);

-- failed attempts to sign in; what a key stands for cannot be read from it
CREATE TABLE sign_in_attempts (
    key text PRIMARY KEY,
    failures bigint NOT NULL,
    last_at timestamptz NOT NULL,
    blocked_until timestamptz
);
CREATE INDEX sign_in_attempts_last_idx ON sign_in_attempts (last_at);

-- sign-ins that are under way at an identity provider, each good for one answer
CREATE TABLE oidc_states (
    state_hash text PRIMARY KEY,
    provider text NOT NULL,
    -- the page to show afterwards
    return_to text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX oidc_states_expires_idx ON oidc_states (expires_at);
