-- Over how many minutes after each slot the starts of a policy's apps are spread.
ALTER TABLE policies ADD COLUMN jitter_minutes INTEGER NOT NULL DEFAULT 0;
