-- The rotation of a repository's password: the one that is to come, which is here before the repository knows it; the keys
-- that are still to be removed, as JSON; when it was last changed; and when what opens the repository last changed, so that
-- a recovery kit of before is known to be out of date.
ALTER TABLE destinations ADD COLUMN next_password BLOB;
ALTER TABLE destinations ADD COLUMN replaced_keys TEXT;
ALTER TABLE destinations ADD COLUMN rotated_at TEXT;
ALTER TABLE destinations ADD COLUMN access_changed_at TEXT;
