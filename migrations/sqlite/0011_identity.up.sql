-- how people and programs prove who they are; of every secret a hash alone

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    -- password, or oidc:NAME
    method TEXT NOT NULL,
    address TEXT,
    agent TEXT,
    created_at INTEGER NOT NULL,
    -- to the minute
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX sessions_user_idx ON sessions (user_id, created_at, id);

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- its first letters, to know it again
    prefix TEXT NOT NULL,
    token_hash TEXT NOT NULL UNIQUE,
    -- words of actions; null: all that its owner may do
    scopes TEXT,
    -- requests a minute; null: no bound
    per_minute INTEGER,
    -- microseconds since 1970: when all that was asked for is paid at that pace
    paced_until INTEGER,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    expires_at INTEGER,
    -- to the minute
    last_used_at INTEGER,
    last_address TEXT,
    revoked_at INTEGER
) STRICT;
CREATE INDEX api_keys_created_idx ON api_keys (workspace_id, created_at, id);
CREATE INDEX api_keys_user_idx ON api_keys (user_id);

-- links into a workspace
CREATE TABLE invitations (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    -- whom, in small letters
    email TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'editor', 'viewer')),
    -- of those who are new
    system_role TEXT NOT NULL CHECK (system_role IN ('admin', 'developer', 'analyst')),
    created_at INTEGER NOT NULL,
    created_by TEXT,
    expires_at INTEGER NOT NULL,
    accepted_at INTEGER,
    revoked_at INTEGER
) STRICT;
CREATE INDEX invitations_created_idx ON invitations (workspace_id, created_at, id);

-- links to a new password; the newest of a person alone holds
CREATE TABLE password_resets (
    user_id TEXT PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    token_hash TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    expires_at INTEGER NOT NULL
) STRICT;

-- whom an identity provider means
CREATE TABLE identities (
    provider TEXT NOT NULL,
    subject TEXT NOT NULL,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    PRIMARY KEY (provider, subject)
) STRICT;
CREATE INDEX identities_user_idx ON identities (user_id);

-- failed attempts to sign in; what a key stands for cannot be read from it
CREATE TABLE sign_in_attempts (
    key TEXT PRIMARY KEY,
    failures INTEGER NOT NULL,
    last_at INTEGER NOT NULL,
    blocked_until INTEGER
) STRICT;
CREATE INDEX sign_in_attempts_last_idx ON sign_in_attempts (last_at);

-- sign-ins that are under way at an identity provider, each good for one answer
CREATE TABLE oidc_states (
    state_hash TEXT PRIMARY KEY,
    provider TEXT NOT NULL,
    -- the page to show afterwards
    return_to TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX oidc_states_expires_idx ON oidc_states (expires_at);
