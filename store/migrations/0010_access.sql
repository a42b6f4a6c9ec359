-- Who did what. Names are copies, so that an entry says what it said on the day; nothing points to other tables.
CREATE TABLE audit_entries (
	id           TEXT PRIMARY KEY NOT NULL,
	at           TEXT NOT NULL,
	actor_kind   TEXT NOT NULL,
	actor        TEXT NOT NULL,
	ip           TEXT NOT NULL,
	act          TEXT NOT NULL,
	subject_kind TEXT NOT NULL,
	subject_id   TEXT,
	subject_name TEXT NOT NULL,
	outcome      TEXT NOT NULL,
	reason       TEXT NOT NULL
) STRICT;
CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON audit_entries BEGIN
	SELECT RAISE(ABORT, 'entries of the audit log are not changed');
END;

-- The second factor of a user: the secret that the user's app shares, sealed, and the last time step whose code was taken,
-- so that none is taken twice.
CREATE TABLE two_factors (
	user_id    TEXT PRIMARY KEY NOT NULL REFERENCES users (id) ON DELETE CASCADE,
	secret     BLOB NOT NULL,
	last_step  INTEGER NOT NULL,
	created_at TEXT NOT NULL
) STRICT;

-- What signs in once each when the app is lost: HMAC-SHA256 of the code, with the secret as its key.
CREATE TABLE recovery_codes (
	user_id TEXT NOT NULL REFERENCES two_factors (user_id) ON DELETE CASCADE,
	hash    BLOB NOT NULL,
	PRIMARY KEY (user_id, hash)
) STRICT;
