-- What destinations hold, what that costs, and when something last came back from them.

ALTER TABLE destinations ADD COLUMN price_per_tb_month REAL NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN price_currency TEXT NOT NULL DEFAULT '';
ALTER TABLE destinations ADD COLUMN restorable_size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN added_size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN added_packed_size INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN free_size INTEGER;
ALTER TABLE destinations ADD COLUMN free_at TEXT;
ALTER TABLE destinations ADD COLUMN last_restore_at TEXT;

-- The sums over a destination's snapshots, kept by triggers alone: pages show them, and a history may have a hundred
-- thousand. A snapshot counts while it is in the repository.
UPDATE destinations SET (restorable_size, added_size, added_packed_size) =
	(SELECT coalesce(sum(s.total_size), 0), coalesce(sum(s.data_added), 0), coalesce(sum(s.data_added_packed), 0)
		FROM snapshots AS s WHERE s.destination_id = destinations.id AND s.restic_snapshot_id <> '');
CREATE TRIGGER snapshots_weighed AFTER INSERT ON snapshots WHEN NEW.restic_snapshot_id <> '' BEGIN
	UPDATE destinations SET restorable_size = restorable_size + NEW.total_size, added_size = added_size + NEW.data_added,
		added_packed_size = added_packed_size + NEW.data_added_packed WHERE id = NEW.destination_id;
END;
CREATE TRIGGER snapshots_reweighed AFTER UPDATE OF restic_snapshot_id, destination_id, total_size, data_added, data_added_packed ON snapshots BEGIN
	UPDATE destinations SET restorable_size = restorable_size - OLD.total_size, added_size = added_size - OLD.data_added,
		added_packed_size = added_packed_size - OLD.data_added_packed WHERE id = OLD.destination_id AND OLD.restic_snapshot_id <> '';
	UPDATE destinations SET restorable_size = restorable_size + NEW.total_size, added_size = added_size + NEW.data_added,
		added_packed_size = added_packed_size + NEW.data_added_packed WHERE id = NEW.destination_id AND NEW.restic_snapshot_id <> '';
END;
CREATE TRIGGER snapshots_unweighed AFTER DELETE ON snapshots WHEN OLD.restic_snapshot_id <> '' BEGIN
	UPDATE destinations SET restorable_size = restorable_size - OLD.total_size, added_size = added_size - OLD.data_added,
		added_packed_size = added_packed_size - OLD.data_added_packed WHERE id = OLD.destination_id;
END;

-- Kept with the destination, since jobs are dropped after half a year.
UPDATE destinations SET last_restore_at =
	(SELECT max(j.finished_at) FROM jobs AS j WHERE j.kind = 'restore' AND j.state = 'success' AND j.destination_id = destinations.id);

-- What a destination stored on each day of the last year, in UTC; written wherever its size is.
CREATE TABLE storage_samples (
	destination_id TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
	day            TEXT NOT NULL,
	stored         INTEGER NOT NULL,
	PRIMARY KEY (destination_id, day)
) STRICT, WITHOUT ROWID;
INSERT INTO storage_samples (destination_id, day, stored)
	SELECT id, strftime('%Y-%m-%d', 'now'), total_size FROM destinations WHERE removed_at IS NULL AND total_size > 0;
