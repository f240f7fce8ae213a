-- takes the chain with it: the lines stay
DROP TRIGGER audits_wait;
DROP TRIGGER audits_stay_as_they_are;
DROP TRIGGER audits_stay;
DROP TRIGGER audit_seals_stay_as_they_are;
DROP TRIGGER audit_seals_stay;
DROP TABLE audit_unsealed;
DROP TABLE audit_seals;
DROP INDEX audits_action_idx;
DROP INDEX audits_actor_idx;
ALTER TABLE audits DROP COLUMN request_id;
ALTER TABLE audits DROP COLUMN agent;
ALTER TABLE audits DROP COLUMN address;
