-- what crawls found: rows are valid from one version (inclusive) to another (exclusive; null: still valid)

CREATE TABLE schema_versions (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    major INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    fingerprint TEXT NOT NULL,
    summary TEXT NOT NULL,
    table_count INTEGER NOT NULL,
    column_count INTEGER NOT NULL,
    -- server version, database, search path
    facts TEXT NOT NULL,
    crawl_id TEXT REFERENCES crawls (id) ON DELETE SET NULL,
    created_at INTEGER NOT NULL,
    UNIQUE (connection_id, ordinal)
) STRICT;

CREATE TABLE schemas (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    definition TEXT NOT NULL,
    from_version INTEGER NOT NULL,
    to_version INTEGER
) STRICT;
CREATE UNIQUE INDEX schemas_valid_key ON schemas (connection_id, schema_name) WHERE to_version IS NULL;
CREATE INDEX schemas_from_idx ON schemas (connection_id, from_version);

CREATE TABLE tables (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    kind TEXT NOT NULL,
    comment TEXT,
    fingerprint TEXT NOT NULL,
    -- the whole table with its columns, without volatile figures
    definition TEXT NOT NULL,
    from_version INTEGER NOT NULL,
    to_version INTEGER
) STRICT;
CREATE UNIQUE INDEX tables_valid_key ON tables (connection_id, schema_name, table_name) WHERE to_version IS NULL;
CREATE INDEX tables_from_idx ON tables (connection_id, from_version);

-- for search and lineage; the order of columns stands in the table's definition
CREATE TABLE columns (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    column_name TEXT NOT NULL,
    native_type TEXT NOT NULL,
    class TEXT NOT NULL,
    comment TEXT,
    fingerprint TEXT NOT NULL,
    from_version INTEGER NOT NULL,
    to_version INTEGER
) STRICT;
CREATE UNIQUE INDEX columns_valid_key ON columns (connection_id, schema_name, table_name, column_name)
    WHERE to_version IS NULL;

CREATE TABLE routines (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name TEXT NOT NULL,
    -- name and argument list
    signature TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    definition TEXT NOT NULL,
    from_version INTEGER NOT NULL,
    to_version INTEGER
) STRICT;
CREATE UNIQUE INDEX routines_valid_key ON routines (connection_id, schema_name, signature) WHERE to_version IS NULL;
CREATE INDEX routines_from_idx ON routines (connection_id, from_version);

-- figures that change without the schema changing: rows, sizes, statistics; the last crawl's alone
CREATE TABLE table_figures (
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name TEXT NOT NULL,
    table_name TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    figures TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (connection_id, schema_name, table_name)
) STRICT;
