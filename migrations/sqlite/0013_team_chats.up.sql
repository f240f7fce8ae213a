-- chats of a team: members and sharing, who said what, edits with their history, attachments, reactions, what was read

ALTER TABLE chat_sessions ADD COLUMN archived_at INTEGER;
-- what everybody in the workspace may do in it; null: members alone see it
ALTER TABLE chat_sessions ADD COLUMN shared_as TEXT CHECK (shared_as IN ('reader', 'writer'));

ALTER TABLE chat_messages ADD COLUMN created_by TEXT;
ALTER TABLE chat_messages ADD COLUMN edited_at INTEGER;
-- set on an answer when its question was edited after it
ALTER TABLE chat_messages ADD COLUMN stale_at INTEGER;
-- its text in small letters, for search
ALTER TABLE chat_messages ADD COLUMN words TEXT;
UPDATE chat_messages SET words = lower((
    SELECT group_concat(json_extract(part.value, '$.text'), ' ') FROM json_each(parts) AS part
    WHERE json_extract(part.value, '$.type') = 'text'
)) WHERE json_type(parts) = 'array';
-- nothing says otherwise for what was written before
UPDATE chat_sessions SET created_by = 'owner' WHERE created_by IS NULL;
CREATE INDEX chat_messages_reply_idx ON chat_messages (reply_to);

-- the maker is owner without being here
CREATE TABLE chat_members (
    session_id TEXT NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL,
    role TEXT NOT NULL CHECK (role IN ('owner', 'writer', 'reader')),
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    PRIMARY KEY (session_id, user_id)
) STRICT;
CREATE INDEX chat_members_user_idx ON chat_members (user_id, session_id);

CREATE TABLE chat_reads (
    session_id TEXT NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL,
    read_at INTEGER NOT NULL,
    PRIMARY KEY (session_id, user_id)
) STRICT;

CREATE TABLE chat_message_versions (
    message_id TEXT NOT NULL REFERENCES chat_messages (id) ON DELETE CASCADE,
    -- 1, 2, 3 ... per message; the newest text stands with the message itself
    ordinal INTEGER NOT NULL,
    workspace_id TEXT NOT NULL,
    parts TEXT NOT NULL,
    -- until then it was the message's text
    replaced_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, ordinal)
) STRICT;

CREATE TABLE chat_reactions (
    message_id TEXT NOT NULL REFERENCES chat_messages (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    workspace_id TEXT NOT NULL,
    value TEXT NOT NULL CHECK (value IN ('up', 'down')),
    reason TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (message_id, user_id)
) STRICT;
CREATE INDEX chat_reactions_created_idx ON chat_reactions (workspace_id, created_at);

-- content is kept once in a workspace, under its blake3, as long as an attachment refers to it
CREATE TABLE attachment_contents (
    workspace_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    size INTEGER NOT NULL,
    content BLOB NOT NULL,
    refs INTEGER NOT NULL,
    PRIMARY KEY (workspace_id, hash)
) STRICT;

CREATE TABLE attachments (
    id TEXT PRIMARY KEY,
    workspace_id TEXT NOT NULL,
    session_id TEXT NOT NULL REFERENCES chat_sessions (id) ON DELETE CASCADE,
    -- null until it is sent with a message
    message_id TEXT REFERENCES chat_messages (id) ON DELETE CASCADE,
    hash TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    FOREIGN KEY (workspace_id, hash) REFERENCES attachment_contents (workspace_id, hash)
) STRICT;
CREATE INDEX attachments_session_idx ON attachments (session_id, created_at, id);
CREATE INDEX attachments_message_idx ON attachments (message_id);
CREATE INDEX attachments_content_idx ON attachments (workspace_id, hash);

CREATE TRIGGER attachments_gone AFTER DELETE ON attachments BEGIN
    UPDATE attachment_contents SET refs = refs - 1 WHERE workspace_id = OLD.workspace_id AND hash = OLD.hash;
    DELETE FROM attachment_contents WHERE workspace_id = OLD.workspace_id AND hash = OLD.hash AND refs <= 0;
END;
