ALTER TABLE executions DROP COLUMN policy_key;
DROP TABLE resource_permissions;
