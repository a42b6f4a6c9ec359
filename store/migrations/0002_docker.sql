-- Apps made of containers: what discovery found, what a person chose, what a job must take back, and its visible steps.
-- Long JSON stands last in its row: SQLite reads past it to reach what follows.

ALTER TABLE apps ADD COLUMN pending INTEGER NOT NULL DEFAULT 0;
ALTER TABLE apps ADD COLUMN disabled INTEGER NOT NULL DEFAULT 0;
-- counts sums up what was found, for lists: reading five hundred times the whole takes too long.
ALTER TABLE apps ADD COLUMN counts TEXT;
ALTER TABLE apps ADD COLUMN found TEXT;
ALTER TABLE devices ADD COLUMN engine TEXT;
ALTER TABLE configurations ADD COLUMN capture TEXT;
ALTER TABLE snapshots ADD COLUMN safety INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN batch TEXT;
ALTER TABLE jobs ADD COLUMN steps TEXT;

CREATE INDEX apps_device ON apps (device_id, kind);

-- What a snapshot of an app holds, as gzipped JSON: some kilobytes each, so they stand beside the history and not in it.
CREATE TABLE snapshot_contents (
	snapshot_id TEXT PRIMARY KEY NOT NULL REFERENCES snapshots (id) ON DELETE CASCADE,
	contents    BLOB NOT NULL
) STRICT;

-- Acts of jobs that must be taken back, each written before the act and deleted once it is taken back.
CREATE TABLE undos (
	id         TEXT PRIMARY KEY NOT NULL,
	job_id     TEXT NOT NULL,
	device_id  TEXT NOT NULL,
	action     TEXT NOT NULL,
	target     TEXT NOT NULL,
	name       TEXT NOT NULL,
	aside      TEXT NOT NULL,
	created_at TEXT NOT NULL
) STRICT;
CREATE INDEX undos_job ON undos (job_id, id);

-- The state that a restore replaced is no good snapshot: it may be the broken state that somebody wanted to get rid of.
DROP TRIGGER snapshots_covered;
DROP TRIGGER snapshots_changed;
DROP TRIGGER snapshots_uncovered;
CREATE TRIGGER snapshots_covered AFTER INSERT ON snapshots WHEN NEW.status = 'success' AND NEW.safety = 0 BEGIN
	INSERT INTO coverage (configuration_id, destination_id) SELECT NEW.configuration_id, NEW.destination_id
		WHERE NOT EXISTS (SELECT 1 FROM coverage WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id);
	UPDATE coverage SET last_good_id = (SELECT s.id FROM snapshots AS s WHERE s.status = 'success' AND s.safety = 0
			AND s.configuration_id = NEW.configuration_id AND s.destination_id = NEW.destination_id
			ORDER BY s.started_at DESC, s.id DESC LIMIT 1)
		WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id;
END;
CREATE TRIGGER snapshots_changed AFTER UPDATE OF status ON snapshots WHEN (NEW.status = 'success' OR OLD.status = 'success') AND NEW.safety = 0 BEGIN
	INSERT INTO coverage (configuration_id, destination_id) SELECT NEW.configuration_id, NEW.destination_id
		WHERE NOT EXISTS (SELECT 1 FROM coverage WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id);
	UPDATE coverage SET last_good_id = (SELECT s.id FROM snapshots AS s WHERE s.status = 'success' AND s.safety = 0
			AND s.configuration_id = NEW.configuration_id AND s.destination_id = NEW.destination_id
			ORDER BY s.started_at DESC, s.id DESC LIMIT 1)
		WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id;
END;
CREATE TRIGGER snapshots_uncovered AFTER DELETE ON snapshots WHEN OLD.status = 'success' BEGIN
	UPDATE coverage SET last_good_id = (SELECT s.id FROM snapshots AS s WHERE s.status = 'success' AND s.safety = 0
			AND s.configuration_id = OLD.configuration_id AND s.destination_id = OLD.destination_id
			ORDER BY s.started_at DESC, s.id DESC LIMIT 1)
		WHERE configuration_id = OLD.configuration_id AND destination_id = OLD.destination_id AND last_good_id = OLD.id;
END;
