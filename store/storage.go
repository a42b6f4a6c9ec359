package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// keepSamples is how long it is known what a destination stored on a day.
const keepSamples = 365 * 24 * time.Hour

// StorageSamples lists what a destination stored on each day since a moment, by destination and day; uuid.Nil asks for
// all that are not removed. Each destination's first sample may be older: it is what was stored at that moment.
func (s *Store) StorageSamples(ctx context.Context, id uuid.UUID, since time.Time) ([]model.StorageSample, error) {
	out := []model.StorageSample{}
	from := model.StorageDay(since)
	// CROSS JOIN keeps SQLite from walking over a whole year of samples.
	err := s.r.NewRaw(`SELECT p.destination_id, p.day, p.stored FROM destinations AS d
		CROSS JOIN storage_samples AS p ON p.destination_id = d.id AND p.day >= coalesce(
			(SELECT max(o.day) FROM storage_samples AS o WHERE o.destination_id = d.id AND o.day <= ?0), ?0)
		WHERE d.removed_at IS NULL AND (?1 IS NULL OR d.id = ?1) ORDER BY d.id, p.day`, from, orNull(id)).Scan(ctx, &out)
	return out, fail("read what was stored", err)
}

// sample notes what a destination stores today, and drops what it stored over a year ago.
func sample(ctx context.Context, tx bun.Tx, id uuid.UUID) error {
	at := now()
	_, err := tx.NewRaw(`INSERT INTO storage_samples (destination_id, day, stored) SELECT id, ?, total_size FROM destinations WHERE id = ?
		ON CONFLICT (destination_id, day) DO UPDATE SET stored = excluded.stored`, model.StorageDay(at), id).Exec(ctx)
	if err != nil {
		return err
	}
	_, err = tx.NewRaw("DELETE FROM storage_samples WHERE destination_id = ? AND day < ?", id, model.StorageDay(at.Add(-keepSamples))).Exec(ctx)
	return err
}
