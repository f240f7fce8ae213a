-- chats of a team: members and sharing, who said what, edits with their history, attachments, reactions, what was read

ALTER TABLE chat_sessions ADD COLUMN archived_at timestamptz;
-- what everybody in the workspace may do in it; null: members alone see it
ALTER TABLE chat_sessions ADD COLUMN shared_as text CHECK (shared_as IN ('reader', 'writer'));

ALTER TABLE chat_messages ADD COLUMN created_by text;
ALTER TABLE chat_messages ADD COLUMN edited_at timestamptz;
-- set on an answer when its question was edited after it
ALTER TABLE chat_messages ADD COLUMN stale_at timestamptz;
-- its text in small letters, for search
ALTER TABLE chat_messages ADD COLUMN words text;
UPDATE chat_messages SET words = lower((
    SELECT string_agg(part ->> 'text', ' ') FROM jsonb_array_elements(parts) AS part WHERE part ->> 'type' = 'text'
)) WHERE jsonb_typeof(parts) = 'array';
-- nothing says otherwise for what was written before
UPDATE chat_sessions SET created_by = 'owner' WHERE created_by IS NULL;
CREATE INDEX chat_messages_reply_idx ON chat_messages (reply_to);

-- the maker is owner without being here
CREATE TABLE chat_members (
    session_id uuid NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'writer', 'reader')),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    PRIMARY KEY (session_id, user_id)
);
CREATE INDEX chat_members_user_idx ON chat_members (user_id, session_id);

CREATE TABLE chat_reads (
    session_id uuid NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL,
    read_at timestamptz NOT NULL,
    PRIMARY KEY (session_id, user_id)
);

CREATE TABLE chat_message_versions (
    message_id uuid NOT NULL REFERENCES chat_messages (id) ON DELETE CASCADE,
    -- 1, 2, 3 ... per message; the newest text stands with the message itself
    ordinal bigint NOT NULL,
    workspace_id uuid NOT NULL,
    parts jsonb NOT NULL,
    -- until then it was the message's text
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, ordinal)
);

CREATE TABLE chat_reactions (
    message_id uuid NOT NULL REFERENCES chat_messages (id) ON DELETE CASCADE,
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL,
    value text NOT NULL CHECK (value IN ('up', 'down')),
    reason text,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (message_id, user_id)
);
CREATE INDEX chat_reactions_created_idx ON chat_reactions (workspace_id, created_at);

-- content is kept once in a workspace, under its blake3, as long as an attachment refers to it
CREATE TABLE attachment_contents (
    workspace_id uuid NOT NULL,
    hash text NOT NULL,
    size bigint NOT NULL,
    content bytea NOT NULL,
    refs bigint NOT NULL,
    PRIMARY KEY (workspace_id, hash)
);

CREATE TABLE attachments (
    id uuid PRIMARY KEY,
    workspace_id uuid NOT NULL,
    session_id uuid NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    -- null until it is sent with a message
    message_id uuid REFERENCES chat_messages (id) ON DELETE CASCADE,
    hash text NOT NULL,
    name text NOT NULL,
    media_type text NOT NULL,
    size bigint NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    FOREIGN KEY (workspace_id, hash) REFERENCES attachment_contents (workspace_id, hash)
);
CREATE INDEX attachments_session_idx ON attachments (session_id, created_at, id);
CREATE INDEX attachments_message_idx ON attachments (message_id);
CREATE INDEX attachments_content_idx ON attachments (workspace_id, hash);

CREATE FUNCTION attachment_gone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE attachment_contents SET refs = refs - 1 WHERE workspace_id = OLD.workspace_id AND hash = OLD.hash;
    DELETE FROM attachment_contents WHERE workspace_id = OLD.workspace_id AND hash = OLD.hash AND refs <= 0;
    RETURN NULL;
END $$;
CREATE TRIGGER attachments_gone AFTER DELETE ON attachments FOR EACH ROW EXECUTE FUNCTION attachment_gone();

ALTER TABLE chat_members ENABLE ROW LEVEL SECURITY;
ALTER TABLE chat_members FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON chat_members USING (querent_sees(workspace_id));
ALTER TABLE chat_reads ENABLE ROW LEVEL SECURITY;
ALTER TABLE chat_reads FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON chat_reads USING (querent_sees(workspace_id));
ALTER TABLE chat_message_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE chat_message_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON chat_message_versions USING (querent_sees(workspace_id));
ALTER TABLE chat_reactions ENABLE ROW LEVEL SECURITY;
ALTER TABLE chat_reactions FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON chat_reactions USING (querent_sees(workspace_id));
ALTER TABLE attachment_contents ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachment_contents FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON attachment_contents USING (querent_sees(workspace_id));
ALTER TABLE attachments ENABLE ROW LEVEL SECURITY;
ALTER TABLE attachments FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON attachments USING (querent_sees(workspace_id));
