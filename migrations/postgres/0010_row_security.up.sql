-- The second layer: a session sees the rows of the workspace that it works for, whatever its statements say.
-- `querent.workspace` holds the workspace's key, or 'system' for the daemon's own work; without it nothing is seen.
-- It binds the owner of the tables too (FORCE), but not a superuser: the store's login should be an ordinary one.

CREATE FUNCTION querent_sees(workspace uuid) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS
    $$ SELECT current_setting('querent.workspace', true) IN ('system', workspace::text) $$;

ALTER TABLE connections ENABLE ROW LEVEL SECURITY;
ALTER TABLE connections FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON connections USING (querent_sees(workspace_id));
ALTER TABLE crawls ENABLE ROW LEVEL SECURITY;
ALTER TABLE crawls FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON crawls USING (querent_sees(workspace_id));
ALTER TABLE chat_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE chat_sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON chat_sessions USING (querent_sees(workspace_id));
ALTER TABLE chat_messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE chat_messages FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON chat_messages USING (querent_sees(workspace_id));
ALTER TABLE queries ENABLE ROW LEVEL SECURITY;
ALTER TABLE queries FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON queries USING (querent_sees(workspace_id));
ALTER TABLE executions ENABLE ROW LEVEL SECURITY;
ALTER TABLE executions FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON executions USING (querent_sees(workspace_id));
ALTER TABLE llm_calls ENABLE ROW LEVEL SECURITY;
ALTER TABLE llm_calls FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON llm_calls USING (querent_sees(workspace_id));
ALTER TABLE audits ENABLE ROW LEVEL SECURITY;
ALTER TABLE audits FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON audits USING (querent_sees(workspace_id));
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON jobs USING (querent_sees(workspace_id));
ALTER TABLE schedules ENABLE ROW LEVEL SECURITY;
ALTER TABLE schedules FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON schedules USING (querent_sees(workspace_id));
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON notifications USING (querent_sees(workspace_id));
ALTER TABLE glossary_terms ENABLE ROW LEVEL SECURITY;
ALTER TABLE glossary_terms FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON glossary_terms USING (querent_sees(workspace_id));
ALTER TABLE evaluation_cases ENABLE ROW LEVEL SECURITY;
ALTER TABLE evaluation_cases FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON evaluation_cases USING (querent_sees(workspace_id));
ALTER TABLE impacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE impacts FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON impacts USING (querent_sees(workspace_id));
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON idempotency USING (querent_sees(workspace_id));
ALTER TABLE memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE memberships FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON memberships USING (querent_sees(workspace_id));

-- what belongs to a connection or a job is seen by whoever sees that
ALTER TABLE schema_versions ENABLE ROW LEVEL SECURITY;
ALTER TABLE schema_versions FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON schema_versions USING (connection_id IN (SELECT id FROM connections));
ALTER TABLE schemas ENABLE ROW LEVEL SECURITY;
ALTER TABLE schemas FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON schemas USING (connection_id IN (SELECT id FROM connections));
ALTER TABLE tables ENABLE ROW LEVEL SECURITY;
ALTER TABLE tables FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON tables USING (connection_id IN (SELECT id FROM connections));
ALTER TABLE columns ENABLE ROW LEVEL SECURITY;
ALTER TABLE columns FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON columns USING (connection_id IN (SELECT id FROM connections));
ALTER TABLE routines ENABLE ROW LEVEL SECURITY;
ALTER TABLE routines FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON routines USING (connection_id IN (SELECT id FROM connections));
ALTER TABLE table_figures ENABLE ROW LEVEL SECURITY;
ALTER TABLE table_figures FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON table_figures USING (connection_id IN (SELECT id FROM connections));
ALTER TABLE embeddings ENABLE ROW LEVEL SECURITY;
ALTER TABLE embeddings FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON embeddings USING (connection_id IN (SELECT id FROM connections));
ALTER TABLE annotations ENABLE ROW LEVEL SECURITY;
ALTER TABLE annotations FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON annotations USING (connection_id IN (SELECT id FROM connections));
ALTER TABLE relationships ENABLE ROW LEVEL SECURITY;
ALTER TABLE relationships FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON relationships USING (connection_id IN (SELECT id FROM connections));
ALTER TABLE job_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY workspace ON job_runs USING (job_id IN (SELECT id FROM jobs));
