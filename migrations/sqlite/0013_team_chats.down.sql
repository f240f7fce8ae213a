-- attachments, reactions, members and the history of edits are lost; every chat is everybody's again
DROP TABLE attachments;
DROP TABLE attachment_contents;
DROP TABLE chat_reactions;
DROP TABLE chat_message_versions;
DROP TABLE chat_reads;
DROP TABLE chat_members;
DROP INDEX chat_messages_reply_idx;
ALTER TABLE chat_messages DROP COLUMN words;
ALTER TABLE chat_messages DROP COLUMN stale_at;
ALTER TABLE chat_messages DROP COLUMN edited_at;
ALTER TABLE chat_messages DROP COLUMN created_by;
ALTER TABLE chat_sessions DROP COLUMN shared_as;
ALTER TABLE chat_sessions DROP COLUMN archived_at;
