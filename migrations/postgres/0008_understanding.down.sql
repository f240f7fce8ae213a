ALTER TABLE connections DROP COLUMN understood_at;
DROP TABLE relationships;
DROP TABLE annotations;
