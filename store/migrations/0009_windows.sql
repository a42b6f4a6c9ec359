-- When upkeep of a destination may start by itself: days of the week as bits from Sunday, 0 for at any time, and minutes
-- after midnight in a time zone.
ALTER TABLE destinations ADD COLUMN window_days INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN window_opens INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN window_closes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE destinations ADD COLUMN window_time_zone TEXT NOT NULL DEFAULT '';
