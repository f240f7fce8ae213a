-- what a new schema version breaks or changes, who is told, and what is checked besides queries

-- the changes that made a version, against the one before it; null when there are too many to keep
ALTER TABLE schema_versions ADD COLUMN changes TEXT;
CREATE INDEX tables_to_idx ON tables (connection_id, to_version);

CREATE TABLE notifications (
    id TEXT PRIMARY KEY,
    -- impact, crawl ...
    kind TEXT NOT NULL,
    severity TEXT NOT NULL CHECK (severity IN ('info', 'warning', 'error')),
    connection_id TEXT REFERENCES connections (id) ON DELETE CASCADE,
    subject_type TEXT NOT NULL,
    subject_id TEXT NOT NULL,
    title TEXT NOT NULL,
    details TEXT NOT NULL,
    -- the same thing is told once
    dedup_key TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    read_at INTEGER,
    read_by TEXT
) STRICT;
CREATE INDEX notifications_created_idx ON notifications (created_at, id);

CREATE TABLE glossary_terms (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    term TEXT NOT NULL,
    definition TEXT NOT NULL,
    -- what the term means in SQL: a value over the table, a condition on its rows, or both
    table_name TEXT,
    expression TEXT,
    row_filter TEXT,
    schema_version_id TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    deleted_at INTEGER
) STRICT;
-- a deleted term gives its name free
CREATE UNIQUE INDEX glossary_terms_key ON glossary_terms (connection_id, lower(term)) WHERE deleted_at IS NULL;
CREATE INDEX glossary_terms_created_idx ON glossary_terms (created_at, id);

CREATE TABLE evaluation_cases (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    question TEXT NOT NULL,
    gold_sql TEXT NOT NULL,
    schema_version_id TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT,
    updated_at INTEGER NOT NULL,
    updated_by TEXT,
    deleted_at INTEGER
) STRICT;
CREATE INDEX evaluation_cases_created_idx ON evaluation_cases (created_at, id);

CREATE TABLE impacts (
    id TEXT PRIMARY KEY,
    connection_id TEXT NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
    from_version_id TEXT NOT NULL,
    to_version_id TEXT NOT NULL,
    subject_type TEXT NOT NULL CHECK (subject_type IN ('query', 'glossary_term', 'evaluation_case')),
    subject_id TEXT NOT NULL,
    subject_name TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('broken', 'changed', 'ok', 'repaired')),
    -- of the guard
    findings TEXT NOT NULL,
    -- lines of the diff that it comes from
    causes TEXT NOT NULL,
    -- what means something else now, a line each
    meaning TEXT NOT NULL,
    sql TEXT NOT NULL,
    repair TEXT,
    -- the review state to go back to
    state_before TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    resolved_at INTEGER,
    resolved_version_id TEXT
) STRICT;
CREATE UNIQUE INDEX impacts_open_key ON impacts (subject_type, subject_id) WHERE resolved_at IS NULL;
CREATE INDEX impacts_version_idx ON impacts (connection_id, to_version_id);
