DROP TABLE stream_events;
ALTER TABLE executions DROP COLUMN resumable;
ALTER TABLE executions DROP COLUMN attempts;
ALTER TABLE chat_messages DROP COLUMN asked_by;
ALTER TABLE chat_messages DROP COLUMN attempts;
ALTER TABLE chat_messages DROP COLUMN lease_owner;
DROP TABLE daemons;
