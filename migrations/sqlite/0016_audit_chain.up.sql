-- the audit trail says from where, is only added to, and is chained: each sealed line's hash covers the one before it

ALTER TABLE audits ADD COLUMN address TEXT;
ALTER TABLE audits ADD COLUMN agent TEXT;
ALTER TABLE audits ADD COLUMN request_id TEXT;
CREATE INDEX audits_actor_idx ON audits (workspace_id, actor, at, id);
CREATE INDEX audits_action_idx ON audits (workspace_id, action, at, id);

-- lines in the order of the chain, without gaps; what a line says stands in audits alone
CREATE TABLE audit_seals (
    seq INTEGER PRIMARY KEY,
    audit_id TEXT NOT NULL UNIQUE REFERENCES audits (id),
    hash TEXT NOT NULL,
    sealed_at INTEGER NOT NULL
) STRICT;

-- lines that wait for their place in the chain
CREATE TABLE audit_unsealed (
    audit_id TEXT PRIMARY KEY REFERENCES audits (id)
) STRICT;
INSERT INTO audit_unsealed (audit_id) SELECT id FROM audits;

-- in the transaction of the line, whichever version of the program writes it
CREATE TRIGGER audits_wait AFTER INSERT ON audits BEGIN
    INSERT INTO audit_unsealed (audit_id) VALUES (new.id);
END;

CREATE TRIGGER audits_stay_as_they_are BEFORE UPDATE ON audits BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only added to');
END;
CREATE TRIGGER audits_stay BEFORE DELETE ON audits BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only added to');
END;
CREATE TRIGGER audit_seals_stay_as_they_are BEFORE UPDATE ON audit_seals BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only added to');
END;
CREATE TRIGGER audit_seals_stay BEFORE DELETE ON audit_seals BEGIN
    SELECT RAISE(ABORT, 'the audit trail is only added to');
END;
