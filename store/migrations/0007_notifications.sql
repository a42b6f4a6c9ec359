-- Ways to tell somebody outside of the pages. What nobody is shown again is sealed as one value.
CREATE TABLE channels (
	id             TEXT PRIMARY KEY NOT NULL,
	name           TEXT NOT NULL,
	service        TEXT NOT NULL,
	enabled        INTEGER NOT NULL,
	server         TEXT NOT NULL,
	username       TEXT NOT NULL,
	sender         TEXT NOT NULL,
	recipient      TEXT NOT NULL,
	secrets        BLOB,
	tells_needs    INTEGER NOT NULL,
	tells_restores INTEGER NOT NULL,
	tells_backups  INTEGER NOT NULL,
	tells_weekly   INTEGER NOT NULL,
	language       TEXT NOT NULL,
	sent_at        TEXT,
	last_error     TEXT NOT NULL,
	failing_since  TEXT,
	attempts       INTEGER NOT NULL,
	next_at        TEXT,
	created_at     TEXT NOT NULL,
	updated_at     TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX channels_name ON channels (name);

-- What each channel was told of and that has not ended.
CREATE TABLE open_alerts (
	channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
	key        TEXT NOT NULL,
	kind       TEXT NOT NULL,
	since      TEXT NOT NULL,
	PRIMARY KEY (channel_id, key)
) STRICT;

-- The outbox: parts of messages that have not been delivered.
CREATE TABLE notifications (
	id         TEXT PRIMARY KEY NOT NULL,
	channel_id TEXT NOT NULL REFERENCES channels (id) ON DELETE CASCADE,
	job_id     TEXT REFERENCES jobs (id) ON DELETE CASCADE,
	title      TEXT NOT NULL,
	text       TEXT NOT NULL,
	path       TEXT NOT NULL,
	created_at TEXT NOT NULL
) STRICT;
CREATE INDEX notifications_channel ON notifications (channel_id, id);
CREATE INDEX notifications_job ON notifications (job_id);

-- What the last check found wrong with a destination; it stays until a check finds nothing.
ALTER TABLE destinations ADD COLUMN damage TEXT NOT NULL DEFAULT '';
