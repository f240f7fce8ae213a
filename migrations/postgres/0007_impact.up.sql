-- what a new schema version breaks or changes, who is told, and what is checked besides queries

-- the changes that made a version, against the one before it; null when there are too many to keep
ALTER TABLE schema_versions ADD COLUMN changes jsonb;
CREATE INDEX tables_to_idx ON tables (connection_id, to_version);

CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    -- impact, crawl ...
    kind text NOT NULL,
    severity text NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    connection_id uuid REFERENCES connections (id) ON DELETE CASCADE,
    subject_type text NOT NULL,
    subject_id text NOT NULL,
    title text NOT NULL,
    details jsonb NOT NULL,
    -- the same thing is told once
    dedup_key text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    read_by text
);
CREATE INDEX notifications_created_idx ON notifications (created_at, id);

CREATE TABLE glossary_terms (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    term text NOT NULL,
    definition text NOT NULL,
    -- what the term means in SQL: a value over the table, a condition on its rows, or both
    table_name text,
    expression text,
    row_filter text,
    schema_version_id uuid,
    created_at timestamptz NOT NULL,
    created_by text,
    updated_at timestamptz NOT NULL,
    updated_by text,
    deleted_at timestamptz
);
-- a deleted term gives its name free
CREATE UNIQUE INDEX glossary_terms_key ON glossary_terms (connection_id, lower(term)) WHERE deleted_at IS NULL;
CREATE INDEX glossary_terms_created_idx ON glossary_terms (created_at, id);

CREATE TABLE evaluation_cases (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    question text NOT NULL,
    gold_sql text NOT NULL,
    schema_version_id uuid,
    created_at timestamptz NOT NULL,
    created_by text,
    updated_at timestamptz NOT NULL,
    updated_by text,
    deleted_at timestamptz
);
CREATE INDEX evaluation_cases_created_idx ON evaluation_cases (created_at, id);

CREATE TABLE impacts (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    from_version_id uuid NOT NULL,
    to_version_id uuid NOT NULL,
    subject_type text NOT NULL CHECK (subject_type IN ('query', 'glossary_term', 'evaluation_case')),
    subject_id uuid NOT NULL,
    subject_name text NOT NULL,
    state text NOT NULL CHECK (state IN ('broken', 'changed', 'ok', 'repaired')),
    -- of the guard
    findings jsonb NOT NULL,
    -- lines of the diff that it comes from
    causes jsonb NOT NULL,
    -- what means something else now, a line each
    meaning jsonb NOT NULL,
    sql text NOT NULL,
    repair text,
    -- the review state to go back to
    state_before text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    resolved_at timestamptz,
    resolved_version_id uuid
);
CREATE UNIQUE INDEX impacts_open_key ON impacts (subject_type, subject_id) WHERE resolved_at IS NULL;
CREATE INDEX impacts_version_idx ON impacts (connection_id, to_version_id);
