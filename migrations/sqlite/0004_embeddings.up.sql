-- vectors of tables, columns, values and questions; compared exactly, within one connection and one model

CREATE TABLE embeddings (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    -- what is embedded: table, column, value, question
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    model TEXT NOT NULL,
    -- hash of the text, so that what did not change is not embedded again
    fingerprint TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    vector BLOB NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (connection_id, model, kind, subject)
) STRICT;
