-- takes the chain with it: the lines stay
DROP TABLE audit_unsealed;
DROP TABLE audit_seals;
DROP TRIGGER audits_wait ON audits;
DROP TRIGGER audits_stay ON audits;
DROP TRIGGER audits_stay_all ON audits;
DROP FUNCTION querent_audit_waits();
DROP FUNCTION querent_only_added();
DROP INDEX audits_action_idx;
DROP INDEX audits_actor_idx;
ALTER TABLE audits DROP COLUMN request_id;
ALTER TABLE audits DROP COLUMN agent;
ALTER TABLE audits DROP COLUMN address;
