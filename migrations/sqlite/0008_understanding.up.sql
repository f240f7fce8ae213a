-- what people say of tables and columns; kept over crawls
CREATE TABLE annotations (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    -- empty: about the table itself
    column_name TEXT NOT NULL,
    description TEXT,
    -- a tag, or 'none' where a person said that nothing is sensitive; null: as the crawl finds it
    sensitivity TEXT,
    -- 1: stored values are not kept
    values_off INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    UNIQUE (connection_id, schema_name, table_name, column_name)
) STRICT;

-- references that nobody declared: proposed by crawls, approved or rejected by people
CREATE TABLE relationships (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    from_schema TEXT NOT NULL,
    from_table TEXT NOT NULL,
    -- JSON array of names
    from_columns TEXT NOT NULL,
    to_schema TEXT NOT NULL,
    to_table TEXT NOT NULL,
    to_columns TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('proposed', 'approved', 'rejected')),
    score REAL NOT NULL,
    evidence TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    decided_at INTEGER,
    decided_by TEXT,
    UNIQUE (connection_id, from_schema, from_table, from_columns, to_schema, to_table, to_columns)
) STRICT;
CREATE INDEX relationships_created_idx ON relationships (connection_id, created_at, id);

-- last change to figures, annotations and relationships: for whoever keeps something made of them
ALTER TABLE connections ADD COLUMN understood_at INTEGER;
