-- takes every job and every schedule with it
ALTER TABLE crawls DROP COLUMN job_id;
DROP TABLE job_runs;
DROP TABLE jobs;
DROP TABLE schedules;
