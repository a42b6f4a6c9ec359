package store

import (
	"context"
	"fmt"
	"reflect"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// importSnapshots writes what a repository holds and the database does not know.
func importSnapshots(ctx context.Context, tx bun.Tx, apps []model.App, snapshots []model.Snapshot) (added int, err error) {
	for _, a := range apps {
		if err := importApp(ctx, tx, a); err != nil {
			return 0, err
		}
	}
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
	}
	return added, nil
}

// importApp adds an app found in a repository, unless its id is known. A name that is taken gets a number.
func importApp(ctx context.Context, tx bun.Tx, a model.App) error {
	known, err := tx.NewSelect().Model((*model.App)(nil)).Where("id = ?", a.ID).Exists(ctx)
	if err != nil || known {
		return err
	}
	newID(&a.ID, model.NewID)
	stamp(&a.Stamps)
	if a.Name, err = freeName(ctx, tx, a.DeviceID, cleanText(a.Name)); err != nil {
		return err
	}
	return appRefused(a, insert(ctx, tx, &a))
}

func freeName(ctx context.Context, tx bun.Tx, device uuid.UUID, name string) (string, error) {
	wanted := name
	for n := 2; ; n++ {
		used, err := tx.NewSelect().Model((*model.App)(nil)).
			Where("device_id = ? AND name = ? AND forgotten_at IS NULL", device, name).Exists(ctx)
		if err != nil || !used {
			return name, err
		}
		name = fmt.Sprintf("%s (%d)", wanted, n)
	}
}
