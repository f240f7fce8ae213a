-- takes every schema version with it: the next crawl starts at version 1
DROP TABLE table_figures;
DROP TABLE routines;
DROP TABLE columns;
DROP TABLE tables;
DROP TABLE schemas;
DROP TABLE schema_versions;
