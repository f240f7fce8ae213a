-- the audit trail says from where, is only added to, and is chained: each sealed line's hash covers the one before it

ALTER TABLE audits ADD COLUMN address text;
ALTER TABLE audits ADD COLUMN agent text;
ALTER TABLE audits ADD COLUMN request_id text;
CREATE INDEX audits_actor_idx ON audits (workspace_id, actor, at, id);
CREATE INDEX audits_action_idx ON audits (workspace_id, action, at, id);

-- lines in the order of the chain, without gaps; what a line says stands in audits alone
CREATE TABLE audit_seals (
    seq bigint PRIMARY KEY,
    audit_id uuid NOT NULL UNIQUE REFERENCES audits (id),
    hash text NOT NULL,
    sealed_at timestamptz NOT NULL
);

-- lines that wait for their place in the chain
CREATE TABLE audit_unsealed (
    audit_id uuid PRIMARY KEY REFERENCES audits (id)
);
INSERT INTO audit_unsealed (audit_id) SELECT id FROM audits;

-- in the transaction of the line, whichever version of the program writes it
CREATE FUNCTION querent_audit_waits() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit_unsealed (audit_id) VALUES (NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER audits_wait AFTER INSERT ON audits FOR EACH ROW EXECUTE FUNCTION querent_audit_waits();

CREATE FUNCTION querent_only_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is only added to';
END $$;
CREATE TRIGGER audits_stay BEFORE UPDATE OR DELETE ON audits FOR EACH ROW EXECUTE FUNCTION querent_only_added();
CREATE TRIGGER audits_stay_all BEFORE TRUNCATE ON audits FOR EACH STATEMENT EXECUTE FUNCTION querent_only_added();
CREATE TRIGGER audit_seals_stay BEFORE UPDATE OR DELETE ON audit_seals
    FOR EACH ROW EXECUTE FUNCTION querent_only_added();
CREATE TRIGGER audit_seals_stay_all BEFORE TRUNCATE ON audit_seals
    FOR EACH STATEMENT EXECUTE FUNCTION querent_only_added();
