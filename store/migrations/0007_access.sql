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
