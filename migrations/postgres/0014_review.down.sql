-- versions and comments are lost; what was archived is rejected, what waited failed
DROP TABLE query_comments;
DROP TABLE query_versions;
DROP INDEX queries_approved_idx;
ALTER TABLE chat_messages DROP CONSTRAINT chat_messages_status_check;
UPDATE chat_messages SET status = 'failed' WHERE status = 'waiting';
ALTER TABLE chat_messages ADD CONSTRAINT chat_messages_status_check
    CHECK (status IN ('pending', 'complete', 'failed', 'cancelled', 'interrupted'));
ALTER TABLE queries DROP COLUMN review_reason;
ALTER TABLE queries DROP COLUMN reviewed_at;
ALTER TABLE queries DROP COLUMN reviewed_by;
ALTER TABLE queries DROP COLUMN assigned_to;
ALTER TABLE queries DROP COLUMN proposed_by;
ALTER TABLE queries DROP COLUMN written_why;
ALTER TABLE queries DROP COLUMN written_by;
ALTER TABLE queries DROP COLUMN ordinal;
ALTER TABLE queries DROP CONSTRAINT queries_state_check;
UPDATE queries SET state = CASE state WHEN 'proposed' THEN 'in_review' WHEN 'archived' THEN 'rejected' ELSE state END;
ALTER TABLE queries ADD CONSTRAINT queries_state_check
    CHECK (state IN ('draft', 'in_review', 'approved', 'rejected', 'broken'));
