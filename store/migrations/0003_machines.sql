-- Devices over SSH and destinations over SFTP: how they are reached, what was learnt of them, and what fails together.
-- Long JSON stands last in its row: SQLite reads past it to reach what follows.

ALTER TABLE devices ADD COLUMN public_key TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN sudo INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN jump_device_id TEXT REFERENCES devices (id);
ALTER TABLE devices ADD COLUMN parallel INTEGER NOT NULL DEFAULT 0;
ALTER TABLE devices ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN message TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN mend TEXT NOT NULL DEFAULT '';
ALTER TABLE devices ADD COLUMN facts TEXT;

ALTER TABLE destinations ADD COLUMN sftp_key BLOB;
ALTER TABLE destinations ADD COLUMN sftp_host_key TEXT NOT NULL DEFAULT '';
ALTER TABLE destinations ADD COLUMN direct INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN bytes_per_second INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE destinations ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE destinations ADD COLUMN tampered_at TEXT;
ALTER TABLE destinations ADD COLUMN tamper_result TEXT NOT NULL DEFAULT '';
ALTER TABLE destinations ADD COLUMN tamper_detail TEXT NOT NULL DEFAULT '';
