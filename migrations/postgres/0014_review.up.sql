-- review: proposed and archived queries, answers that wait for approval, versions of a query's text, comments

ALTER TABLE queries DROP CONSTRAINT queries_state_check;
UPDATE queries SET state = 'proposed' WHERE state = 'in_review';
ALTER TABLE queries ADD CONSTRAINT queries_state_check
    CHECK (state IN ('draft', 'proposed', 'approved', 'rejected', 'archived', 'broken'));
-- 1, 2, 3 ...: the number of its text
ALTER TABLE queries ADD COLUMN ordinal bigint NOT NULL DEFAULT 1;
-- who wrote the text that it has now, and why; null: as it was made
ALTER TABLE queries ADD COLUMN written_by text;
ALTER TABLE queries ADD COLUMN written_why text;
ALTER TABLE queries ADD COLUMN proposed_by text;
ALTER TABLE queries ADD COLUMN assigned_to uuid;
ALTER TABLE queries ADD COLUMN reviewed_by text;
ALTER TABLE queries ADD COLUMN reviewed_at timestamptz;
ALTER TABLE queries ADD COLUMN review_reason text;

ALTER TABLE chat_messages DROP CONSTRAINT chat_messages_status_check;
ALTER TABLE chat_messages ADD CONSTRAINT chat_messages_status_check
    CHECK (status IN ('pending', 'waiting', 'complete', 'failed', 'cancelled', 'interrupted'));

-- what a question is compared with
CREATE INDEX queries_approved_idx ON queries (connection_id, created_at, id) WHERE state = 'approved';

-- texts that a query had before
CREATE TABLE query_versions (
    query_id uuid NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    ordinal bigint NOT NULL,
    workspace_id uuid NOT NULL,
    sql text NOT NULL,
    -- the checked text, without what a policy put in
    asked text NOT NULL,
    written_by text,
    written_why text,
    -- until then it was the query's text
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (query_id, ordinal)
);

CREATE TABLE query_comments (
    id uuid PRIMARY KEY,
    query_id uuid NOT NULL REFERENCES queries (id) ON DELETE CASCADE,
    workspace_id uuid NOT NULL,
    -- the comment that it answers
    parent_id uuid REFERENCES query_comments (id) ON DELETE CASCADE,
    -- the number of the text that it is about
    ordinal bigint NOT NULL,
    text text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL
);
CREATE INDEX query_comments_query_idx ON query_comments (query_id, created_at, id);
CREATE INDEX query_comments_parent_idx ON query_comments (parent_id);

ALTER TABLE query_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE query_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON query_versions USING (querent_sees(workspace_id));

ALTER TABLE query_comments ENABLE ROW LEVEL SECURITY;
ALTER TABLE query_comments FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON query_comments USING (querent_sees(workspace_id));
