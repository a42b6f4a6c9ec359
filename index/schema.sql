-- The index of files. All of it can be made again from the repositories: another version of it is a new file.

-- A line is one configuration of one app: its snapshots are alike, so they share what they hold.
CREATE TABLE lines (
	id            INTEGER PRIMARY KEY,
	app           BLOB NOT NULL,
	configuration BLOB NOT NULL,
	stale         INTEGER NOT NULL DEFAULT 0, -- snapshots are gone since it was last swept
	building      INTEGER NOT NULL DEFAULT 0, -- a snapshot is being added, or was when a crash ended that
	UNIQUE (app, configuration)
) STRICT;

-- Snapshots whose files are here, whole. The moment (milliseconds) is unique in its line.
CREATE TABLE snapshots (
	id      BLOB PRIMARY KEY NOT NULL,
	line    INTEGER NOT NULL REFERENCES lines (id),
	moment  INTEGER NOT NULL,
	started INTEGER NOT NULL, -- microseconds
	files   INTEGER NOT NULL,
	UNIQUE (line, moment)
) STRICT, WITHOUT ROWID;

-- Every folder that a snapshot of the line ever held, by its place. The top has the parent -line and no name.
CREATE TABLE folders (
	id     INTEGER PRIMARY KEY,
	parent INTEGER NOT NULL,
	name   BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX folders_place ON folders (parent, name);

-- What a folder holds from a moment on, up to its next row: a listing, or 0 where it is not there. A row says something
-- only of the moments of snapshots.
CREATE TABLE timeline (
	line    INTEGER NOT NULL,
	folder  INTEGER NOT NULL,
	start   INTEGER NOT NULL,
	listing INTEGER NOT NULL,
	PRIMARY KEY (line, folder, start)
) STRICT, WITHOUT ROWID;
CREATE INDEX timeline_changes ON timeline (line, start) WHERE start > 0;

-- The entries of a folder: at a place in a pack, or in as many packs as they need. With a base, only what differs from it.
-- The id is the line's, times 2^32, and the number that timelines and bases have.
CREATE TABLE listings (
	id      INTEGER PRIMARY KEY,
	base    INTEGER NOT NULL,
	pack    INTEGER NOT NULL,
	slot    INTEGER NOT NULL,
	entries INTEGER NOT NULL, -- at that place
	total   INTEGER NOT NULL, -- with those of the base
	hash    INTEGER NOT NULL
) STRICT;

-- Entries of some thousand files, compressed. Its id is made in the same way.
CREATE TABLE packs (
	id      INTEGER PRIMARY KEY,
	entries INTEGER NOT NULL,
	first   BLOB, -- where a listing has packs of its own: the key of the first entry
	names   BLOB NOT NULL,
	facts   BLOB NOT NULL
) STRICT;

-- Which three bytes in a row may be in the names of a pack.
CREATE TABLE marks (
	id   INTEGER PRIMARY KEY,
	bits BLOB NOT NULL
) STRICT;
CREATE TRIGGER packs_gone AFTER DELETE ON packs BEGIN DELETE FROM marks WHERE id = OLD.id; END;

-- The snapshots up to this moment were dropped for want of room; indexing them again would only push out others.
CREATE TABLE room (
	only   INTEGER PRIMARY KEY CHECK (only = 1),
	"limit" INTEGER NOT NULL,
	floor  INTEGER NOT NULL
) STRICT;
