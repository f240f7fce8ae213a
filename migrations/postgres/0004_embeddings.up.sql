-- vectors of tables, columns, values and questions; compared exactly, within one connection and one model

CREATE TABLE embeddings (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    -- what is embedded: table, column, value, question
    kind text NOT NULL,
    subject text NOT NULL,
    model text NOT NULL,
    -- hash of the text, so that what did not change is not embedded again
    fingerprint text NOT NULL,
    dimensions bigint NOT NULL,
    vector vector NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (connection_id, model, kind, subject)
);
