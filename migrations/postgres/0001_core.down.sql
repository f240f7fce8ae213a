-- takes every connection, chat and query with it
DROP TABLE audits;
DROP TABLE llm_calls;
DROP TABLE executions;
DROP TABLE queries;
DROP TABLE chat_messages;
DROP TABLE chat_sessions;
DROP TABLE crawls;
DROP TABLE connections;
DROP TABLE settings;
