-- what people say of tables and columns; kept over crawls
CREATE TABLE annotations (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    schema_name text NOT NULL,
    table_name text NOT NULL,
    -- empty: about the table itself
    column_name text NOT NULL,
    description text,
    -- a tag, or 'none' where a person said that nothing is sensitive; null: as the crawl finds it
    sensitivity text,
    -- true: stored values are not kept
    values_off boolean NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text,
    updated_at timestamptz NOT NULL,
    updated_by text,
    UNIQUE (connection_id, schema_name, table_name, column_name)
);

-- references that nobody declared: proposed by crawls, approved or rejected by people
CREATE TABLE relationships (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    from_schema text NOT NULL,
    from_table text NOT NULL,
    -- JSON array of names
    from_columns text NOT NULL,
    to_schema text NOT NULL,
    to_table text NOT NULL,
    to_columns text NOT NULL,
    state text NOT NULL CHECK (state IN ('proposed', 'approved', 'rejected')),
    score double precision NOT NULL,
    evidence jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by text,
    UNIQUE (connection_id, from_schema, from_table, from_columns, to_schema, to_table, to_columns)
);
CREATE INDEX relationships_created_idx ON relationships (connection_id, created_at, id);

-- last change to figures, annotations and relationships: for whoever keeps something made of them
ALTER TABLE connections ADD COLUMN understood_at timestamptz;
