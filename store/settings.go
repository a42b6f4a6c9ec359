package store

import (
	"context"

	"github.com/uptrace/bun"
)

// setting is one value that belongs to no other table.
type setting struct {
	Key   string `bun:",pk"`
	Value string
}

// Setting returns the value kept under key, or model.ErrNotFound.
func (s *Store) Setting(ctx context.Context, key string) (string, error) {
	row, err := first[setting](ctx, s.r, "read a setting", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("key = ?", cleanText(key))
	})
	return row.Value, err
}

// SetSetting keeps value under key.
func (s *Store) SetSetting(ctx context.Context, key, value string) error {
	return s.write(ctx, "write a setting", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("INSERT INTO settings (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
			cleanText(key), cleanText(value)).Exec(ctx)
		return err
	})
}
