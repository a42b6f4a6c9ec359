package store

import (
	"context"
	"reflect"

	"github.com/uptrace/bun"

	"keepstead/model"
)

// importSnapshots writes what a repository holds and the database does not know.
func importSnapshots(ctx context.Context, tx bun.Tx, snapshots []model.Snapshot) (added int, err error) {
	for _, snap := range snapshots {
		newID(&snap.ID, model.NewID)
		if snap.CreatedAt.IsZero() {
			snap.CreatedAt = now()
		}
		clean(reflect.ValueOf(&snap).Elem())
		res, err := tx.NewInsert().Model(&snap).On("CONFLICT DO NOTHING").Returning("NULL").Exec(ctx)
		if err != nil {
			return 0, orphan(err, "destination_id", "There is no such destination.")
		}
		n, err := res.RowsAffected()
		if err != nil {
			return 0, err
		}
		added += int(n)
		if n > 0 && snap.Contents != nil {
			if err := setContents(ctx, tx, snap.ID, snap.Contents); err != nil {
				return 0, err
			}
		}
	}
	return added, nil
}
