-- Apps made of containers: what discovery found, what a person chose, what a job must take back, and its visible steps.

ALTER TABLE apps ADD COLUMN found TEXT;
ALTER TABLE apps ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN engine TEXT;
ALTER TABLE configurations ADD COLUMN capture TEXT;
ALTER TABLE snapshots ADD COLUMN contents TEXT;
ALTER TABLE snapshots ADD COLUMN safety INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN batch TEXT;
ALTER TABLE jobs ADD COLUMN steps TEXT;

-- Acts of jobs that must be taken back, each written before the act and deleted once it is taken back.
CREATE TABLE undo (
	id         TEXT PRIMARY KEY NOT NULL,
	job_id     TEXT NOT NULL,
	device_id  TEXT NOT NULL,
	action     TEXT NOT NULL,
	target     TEXT NOT NULL,
	name       TEXT NOT NULL,
	aside      TEXT NOT NULL,
	created_at TEXT NOT NULL
) STRICT;
CREATE INDEX undo_job ON undo (job_id, id);
