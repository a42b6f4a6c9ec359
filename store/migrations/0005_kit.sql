-- When somebody last took the recovery kit with this repository's password.
ALTER TABLE destinations ADD COLUMN kit_at TEXT;

-- Whether a snapshot is a safety one stands in the index too: what retention judges by is read without the rows.
DROP INDEX snapshots_configuration;
CREATE INDEX snapshots_configuration ON snapshots (configuration_id, started_at, id, status, destination_id, app_id, safety);
