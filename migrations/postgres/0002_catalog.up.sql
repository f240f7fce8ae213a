-- what crawls found: rows are valid from one version (inclusive) to another (exclusive; null: still valid)

CREATE TABLE schema_versions (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    ordinal bigint NOT NULL,
    major bigint NOT NULL,
    minor bigint NOT NULL,
    fingerprint text NOT NULL,
    summary text NOT NULL,
    table_count bigint NOT NULL,
    column_count bigint NOT NULL,
    -- server version, database, search path
    facts jsonb NOT NULL,
    crawl_id uuid REFERENCES crawls (id) ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (connection_id, ordinal)
);

CREATE TABLE schemas (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name text NOT NULL,
    fingerprint text NOT NULL,
    definition jsonb NOT NULL,
    from_version bigint NOT NULL,
    to_version bigint
);
CREATE UNIQUE INDEX schemas_valid_key ON schemas (connection_id, schema_name) WHERE to_version IS NULL;
CREATE INDEX schemas_from_idx ON schemas (connection_id, from_version);

CREATE TABLE tables (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    kind text NOT NULL,
    comment text,
    fingerprint text NOT NULL,
    -- the whole table with its columns, without volatile figures
    definition jsonb NOT NULL,
    from_version bigint NOT NULL,
    to_version bigint
);
CREATE UNIQUE INDEX tables_valid_key ON tables (connection_id, schema_name, table_name) WHERE to_version IS NULL;
CREATE INDEX tables_from_idx ON tables (connection_id, from_version);

-- for search and lineage; the order of columns stands in the table's definition
CREATE TABLE columns (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    column_name text NOT NULL,
    native_type text NOT NULL,
    class text NOT NULL,
    comment text,
    fingerprint text NOT NULL,
    from_version bigint NOT NULL,
    to_version bigint
);
CREATE UNIQUE INDEX columns_valid_key ON columns (connection_id, schema_name, table_name, column_name)
    WHERE to_version IS NULL;

CREATE TABLE routines (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name text NOT NULL,
    -- name and argument list
    signature text NOT NULL,
    fingerprint text NOT NULL,
    definition jsonb NOT NULL,
    from_version bigint NOT NULL,
    to_version bigint
);
CREATE UNIQUE INDEX routines_valid_key ON routines (connection_id, schema_name, signature) WHERE to_version IS NULL;
CREATE INDEX routines_from_idx ON routines (connection_id, from_version);

-- figures that change without the schema changing: rows, sizes, statistics; the last crawl's alone
CREATE TABLE table_figures (
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    fingerprint text NOT NULL,
    figures jsonb NOT NULL,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (connection_id, schema_name, table_name)
);
