-- The first schema. Ids are UUIDs as text, times are UTC as 2006-01-02T15:04:05.000000Z, lists and options are JSON,
-- credentials are sealed BLOBs. Kinds and states are not CHECKed, so that a new one needs no rebuilt table.

CREATE TABLE settings (
	key   TEXT PRIMARY KEY NOT NULL,
	value TEXT NOT NULL
) STRICT;

CREATE TABLE data_keys (
	id         TEXT PRIMARY KEY NOT NULL,
	source     TEXT NOT NULL,
	salt       BLOB,
	wrapped    BLOB NOT NULL,
	created_at TEXT NOT NULL
) STRICT;

CREATE TABLE devices (
	id             TEXT PRIMARY KEY NOT NULL,
	name           TEXT NOT NULL,
	kind           TEXT NOT NULL,
	hostname       TEXT NOT NULL,
	address        TEXT NOT NULL,
	port           INTEGER NOT NULL,
	ssh_user       TEXT NOT NULL,
	ssh_key        BLOB,
	host_key       TEXT NOT NULL,
	os             TEXT NOT NULL,
	arch           TEXT NOT NULL,
	restic_version TEXT NOT NULL,
	last_seen_at   TEXT,
	created_at     TEXT NOT NULL,
	updated_at     TEXT NOT NULL
) STRICT;

-- A forgotten app keeps its row for the names of its snapshots, so it must not hold its device back.
CREATE TABLE apps (
	id           TEXT PRIMARY KEY NOT NULL,
	device_id    TEXT REFERENCES devices (id) ON DELETE SET NULL,
	name         TEXT NOT NULL,
	kind         TEXT NOT NULL,
	origin       TEXT NOT NULL,
	system_type  TEXT NOT NULL,
	paths        TEXT NOT NULL,
	project      TEXT NOT NULL,
	gone         INTEGER NOT NULL,
	forgotten_at TEXT,
	created_at   TEXT NOT NULL,
	updated_at   TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX apps_name ON apps (device_id, name) WHERE forgotten_at IS NULL;
CREATE UNIQUE INDEX apps_system ON apps (system_type) WHERE system_type <> '';

CREATE TABLE destinations (
	id               TEXT PRIMARY KEY NOT NULL,
	name             TEXT NOT NULL,
	type             TEXT NOT NULL,
	enabled          INTEGER NOT NULL,
	s3_endpoint      TEXT NOT NULL,
	s3_bucket        TEXT NOT NULL,
	s3_region        TEXT NOT NULL,
	s3_prefix        TEXT NOT NULL,
	s3_path_style    INTEGER NOT NULL,
	s3_ca_cert       TEXT NOT NULL,
	s3_access_key    BLOB,
	s3_secret_key    BLOB,
	local_device_id  TEXT REFERENCES devices (id) ON DELETE SET NULL,
	local_path       TEXT NOT NULL,
	sftp_host        TEXT NOT NULL,
	sftp_port        INTEGER NOT NULL,
	sftp_user        TEXT NOT NULL,
	sftp_password    BLOB,
	sftp_path        TEXT NOT NULL,
	repo_password    BLOB,
	repo_initialized INTEGER NOT NULL,
	repo_id          TEXT NOT NULL,
	repo_config_hash TEXT NOT NULL,
	total_snapshots  INTEGER NOT NULL,
	total_size       INTEGER NOT NULL,
	last_backup_at   TEXT,
	last_prune_at    TEXT,
	last_check_at    TEXT,
	last_error       TEXT NOT NULL,
	removed_at       TEXT,
	created_at       TEXT NOT NULL,
	updated_at       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX destinations_name ON destinations (name) WHERE removed_at IS NULL;
CREATE INDEX destinations_device ON destinations (local_device_id);

CREATE TABLE policies (
	id           TEXT PRIMARY KEY NOT NULL,
	name         TEXT NOT NULL,
	description  TEXT NOT NULL,
	is_default   INTEGER NOT NULL,
	enabled      INTEGER NOT NULL,
	schedule     TEXT NOT NULL,
	time_zone    TEXT NOT NULL,
	keep_last    INTEGER NOT NULL,
	keep_hourly  INTEGER NOT NULL,
	keep_daily   INTEGER NOT NULL,
	keep_weekly  INTEGER NOT NULL,
	keep_monthly INTEGER NOT NULL,
	keep_yearly  INTEGER NOT NULL,
	last_slot_at TEXT,
	created_at   TEXT NOT NULL,
	updated_at   TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX policies_name ON policies (name);
CREATE UNIQUE INDEX policies_default ON policies (is_default) WHERE is_default;

CREATE TABLE policy_destinations (
	policy_id      TEXT NOT NULL REFERENCES policies (id) ON DELETE CASCADE,
	destination_id TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
	position       INTEGER NOT NULL,
	PRIMARY KEY (policy_id, destination_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX policy_destinations_destination ON policy_destinations (destination_id);

CREATE TABLE configurations (
	id               TEXT PRIMARY KEY NOT NULL,
	app_id           TEXT NOT NULL REFERENCES apps (id),
	policy_id        TEXT NOT NULL REFERENCES policies (id),
	automatic        INTEGER NOT NULL,
	is_system_backup INTEGER NOT NULL,
	system_type      TEXT NOT NULL,
	backup_volumes   INTEGER NOT NULL,
	backup_compose   INTEGER NOT NULL,
	backup_env       INTEGER NOT NULL,
	include_paths    TEXT NOT NULL,
	exclude_paths    TEXT NOT NULL,
	retention        TEXT,
	enabled          INTEGER NOT NULL,
	frozen_at        TEXT,
	frozen_reason    TEXT NOT NULL,
	created_at       TEXT NOT NULL,
	updated_at       TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX configurations_pair ON configurations (app_id, policy_id);
CREATE UNIQUE INDEX configurations_automatic ON configurations (app_id) WHERE automatic;
CREATE INDEX configurations_policy ON configurations (policy_id);

-- Snapshots and jobs are history: they outlive their app and configuration, so those ids are not foreign keys.
CREATE TABLE snapshots (
	id                 TEXT PRIMARY KEY NOT NULL,
	configuration_id   TEXT NOT NULL,
	destination_id     TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
	app_id             TEXT NOT NULL,
	restic_snapshot_id TEXT NOT NULL,
	hostname           TEXT NOT NULL,
	paths              TEXT NOT NULL,
	status             TEXT NOT NULL,
	files_new          INTEGER NOT NULL,
	files_changed      INTEGER NOT NULL,
	files_unmodified   INTEGER NOT NULL,
	total_files        INTEGER NOT NULL,
	data_added         INTEGER NOT NULL,
	data_added_packed  INTEGER NOT NULL,
	total_size         INTEGER NOT NULL,
	duration           INTEGER NOT NULL,
	error_message      TEXT NOT NULL,
	failed_files       TEXT NOT NULL,
	failed_count       INTEGER NOT NULL,
	started_at         TEXT NOT NULL,
	completed_at       TEXT,
	created_at         TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX snapshots_restic ON snapshots (destination_id, restic_snapshot_id) WHERE restic_snapshot_id <> '';
CREATE INDEX snapshots_good ON snapshots (configuration_id, destination_id, started_at, id) WHERE status = 'success';
CREATE INDEX snapshots_time ON snapshots (started_at, id);
CREATE INDEX snapshots_app ON snapshots (app_id, started_at, id, status, destination_id, configuration_id);
CREATE INDEX snapshots_configuration ON snapshots (configuration_id, started_at, id, status, destination_id, app_id);
CREATE INDEX snapshots_destination ON snapshots (destination_id, started_at, id, status);
CREATE INDEX snapshots_status ON snapshots (status, started_at, id);

CREATE TABLE jobs (
	id               TEXT PRIMARY KEY NOT NULL,
	kind             TEXT NOT NULL,
	state            TEXT NOT NULL,
	"trigger"        TEXT NOT NULL,
	configuration_id TEXT,
	destination_id   TEXT REFERENCES destinations (id) ON DELETE SET NULL,
	snapshot_id      TEXT,
	app_id           TEXT,
	device_id        TEXT,
	slot             TEXT,
	restore          TEXT,
	result           TEXT,
	retry_of         TEXT,
	cause            TEXT NOT NULL,
	message          TEXT NOT NULL,
	mend             TEXT NOT NULL,
	pid              INTEGER NOT NULL,
	pid_start        INTEGER NOT NULL,
	boot_id          TEXT NOT NULL,
	pid_host         TEXT NOT NULL,
	created_at       TEXT NOT NULL,
	started_at       TEXT,
	finished_at      TEXT
) STRICT;
-- One job per slot of a schedule, however often the schedule ticks.
CREATE UNIQUE INDEX jobs_slot ON jobs (kind, coalesce(configuration_id, ''), coalesce(destination_id, ''), slot)
	WHERE slot IS NOT NULL;
-- The queue in the order it is served, what waits and what runs at each destination, and what is open for each pair.
CREATE INDEX jobs_queue ON jobs (kind <> 'restore', id) WHERE state = 'queued';
CREATE INDEX jobs_waiting ON jobs (destination_id, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (destination_id, id) WHERE state = 'running';
CREATE INDEX jobs_open ON jobs (configuration_id, destination_id, id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_pair ON jobs (configuration_id, destination_id, id, state) WHERE kind = 'backup';
-- The lists: each index also carries the columns that the list filters by.
CREATE INDEX jobs_kind ON jobs (kind, state, id);
CREATE INDEX jobs_state ON jobs (state, id);
CREATE INDEX jobs_app ON jobs (app_id, id, kind, state, destination_id, configuration_id);
CREATE INDEX jobs_configuration ON jobs (configuration_id, id, kind, state, destination_id, app_id);
CREATE INDEX jobs_destination ON jobs (destination_id, id, kind, state);
CREATE INDEX jobs_snapshot ON jobs (snapshot_id, id);
CREATE INDEX jobs_finished ON jobs (state, finished_at, kind) WHERE finished_at IS NOT NULL;

-- The newest full snapshot and the newest ended backup of each pair: an index that SQLite cannot make, kept by triggers
-- alone. The home page asks for all pairs at once, which are a thousand rows here and thousands of pages in the history.
CREATE TABLE coverage (
	configuration_id TEXT NOT NULL,
	destination_id   TEXT NOT NULL REFERENCES destinations (id) ON DELETE CASCADE,
	last_good_id     TEXT,
	last_job_id      TEXT,
	PRIMARY KEY (configuration_id, destination_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX coverage_destination ON coverage (destination_id);

CREATE TRIGGER snapshots_covered AFTER INSERT ON snapshots WHEN NEW.status = 'success' BEGIN
	INSERT INTO coverage (configuration_id, destination_id) SELECT NEW.configuration_id, NEW.destination_id
		WHERE NOT EXISTS (SELECT 1 FROM coverage WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id);
	UPDATE coverage SET last_good_id = (SELECT s.id FROM snapshots AS s WHERE s.status = 'success'
			AND s.configuration_id = NEW.configuration_id AND s.destination_id = NEW.destination_id
			ORDER BY s.started_at DESC, s.id DESC LIMIT 1)
		WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id;
END;
CREATE TRIGGER snapshots_changed AFTER UPDATE OF status ON snapshots WHEN NEW.status = 'success' OR OLD.status = 'success' BEGIN
	INSERT INTO coverage (configuration_id, destination_id) SELECT NEW.configuration_id, NEW.destination_id
		WHERE NOT EXISTS (SELECT 1 FROM coverage WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id);
	UPDATE coverage SET last_good_id = (SELECT s.id FROM snapshots AS s WHERE s.status = 'success'
			AND s.configuration_id = NEW.configuration_id AND s.destination_id = NEW.destination_id
			ORDER BY s.started_at DESC, s.id DESC LIMIT 1)
		WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id;
END;
CREATE TRIGGER snapshots_uncovered AFTER DELETE ON snapshots WHEN OLD.status = 'success' BEGIN
	UPDATE coverage SET last_good_id = (SELECT s.id FROM snapshots AS s WHERE s.status = 'success'
			AND s.configuration_id = OLD.configuration_id AND s.destination_id = OLD.destination_id
			ORDER BY s.started_at DESC, s.id DESC LIMIT 1)
		WHERE configuration_id = OLD.configuration_id AND destination_id = OLD.destination_id AND last_good_id = OLD.id;
END;
CREATE TRIGGER jobs_ended AFTER UPDATE OF state ON jobs
	WHEN NEW.kind = 'backup' AND NEW.state NOT IN ('queued', 'running')
	AND NEW.configuration_id IS NOT NULL AND NEW.destination_id IS NOT NULL BEGIN
	INSERT INTO coverage (configuration_id, destination_id) SELECT NEW.configuration_id, NEW.destination_id
		WHERE NOT EXISTS (SELECT 1 FROM coverage WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id);
	UPDATE coverage SET last_job_id = (SELECT j.id FROM jobs AS j WHERE j.kind = 'backup'
			AND j.configuration_id = NEW.configuration_id AND j.destination_id = NEW.destination_id
			AND j.state NOT IN ('queued', 'running') ORDER BY j.id DESC LIMIT 1)
		WHERE configuration_id = NEW.configuration_id AND destination_id = NEW.destination_id;
END;
CREATE TRIGGER jobs_gone AFTER DELETE ON jobs WHEN OLD.kind = 'backup' BEGIN
	UPDATE coverage SET last_job_id = (SELECT j.id FROM jobs AS j WHERE j.kind = 'backup'
			AND j.configuration_id = OLD.configuration_id AND j.destination_id = OLD.destination_id
			AND j.state NOT IN ('queued', 'running') ORDER BY j.id DESC LIMIT 1)
		WHERE configuration_id = OLD.configuration_id AND destination_id = OLD.destination_id AND last_job_id = OLD.id;
END;

CREATE TABLE users (
	id            TEXT PRIMARY KEY NOT NULL,
	name          TEXT NOT NULL,
	password_hash TEXT NOT NULL,
	created_at    TEXT NOT NULL,
	updated_at    TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX users_name ON users (name);

CREATE TABLE sessions (
	id_hash    BLOB PRIMARY KEY NOT NULL,
	user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	data       BLOB,
	user_agent TEXT NOT NULL,
	ip         TEXT NOT NULL,
	created_at TEXT NOT NULL,
	seen_at    TEXT NOT NULL,
	expires_at TEXT NOT NULL
) STRICT;
CREATE INDEX sessions_user ON sessions (user_id, seen_at);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE tokens (
	id           TEXT PRIMARY KEY NOT NULL,
	name         TEXT NOT NULL,
	hash         BLOB NOT NULL,
	created_at   TEXT NOT NULL,
	last_used_at TEXT,
	expires_at   TEXT
) STRICT;
CREATE UNIQUE INDEX tokens_name ON tokens (name);
CREATE UNIQUE INDEX tokens_hash ON tokens (hash);
