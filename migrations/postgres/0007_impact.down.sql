DROP TABLE impacts;
DROP TABLE evaluation_cases;
DROP TABLE glossary_terms;
DROP TABLE notifications;
DROP INDEX tables_to_idx;
ALTER TABLE schema_versions DROP COLUMN changes;
