package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// Devices lists all devices by name.
func (s *Store) Devices(ctx context.Context) ([]model.Device, error) {
	return all[model.Device](ctx, s.r, "list devices", func(q *bun.SelectQuery) *bun.SelectQuery { return q.Order("name", "id") })
}

// Device returns one device.
func (s *Store) Device(ctx context.Context, id uuid.UUID) (model.Device, error) {
	return one[model.Device](ctx, s.r, "read a device", id)
}

// LocalDevice returns the device that Keepstead itself runs on.
func (s *Store) LocalDevice(ctx context.Context) (model.Device, error) {
	d, err := localDevice(ctx, s.r)
	return d, fail("read the local device", err)
}

func localDevice(ctx context.Context, db bun.IDB) (model.Device, error) {
	var d model.Device
	err := db.NewSelect().Model(&d).Where("id = (SELECT value FROM settings WHERE key = ?)", localDeviceKey).Scan(ctx)
	return d, err
}

// CreateDevice adds a device.
func (s *Store) CreateDevice(ctx context.Context, d model.Device) (model.Device, error) {
	newID(&d.ID, model.NewID)
	stamp(&d.Stamps)
	return d, s.write(ctx, "create a device", func(ctx context.Context, tx bun.Tx) error { return insert(ctx, tx, &d) })
}

// UpdateDevice writes all fields of a device but the host name that restic records, which never changes, and what its
// engine said.
func (s *Store) UpdateDevice(ctx context.Context, d model.Device) (model.Device, error) {
	stamp(&d.Stamps)
	return d, s.write(ctx, "change a device", func(ctx context.Context, tx bun.Tx) error {
		return update(ctx, tx, &d, "hostname", "engine", "created_at")
	})
}

// SetDeviceEngine records what the container engine of a device said.
func (s *Store) SetDeviceEngine(ctx context.Context, id uuid.UUID, e *model.Engine) error {
	return s.write(ctx, "record a device's engine", func(ctx context.Context, tx bun.Tx) error {
		d := model.Device{ID: id, Engine: e}
		return touched(tx.NewUpdate().Model(&d).Column("engine").WherePK().Exec(ctx))
	})
}

// DeleteDevice removes a device that no app and no destination uses; the one Keepstead runs on stays.
func (s *Store) DeleteDevice(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "delete a device", func(ctx context.Context, tx bun.Tx) error {
		if local, err := localDevice(ctx, tx); err != nil {
			return err
		} else if local.ID == id {
			return model.Conflict{Reason: "Keepstead itself runs on this device."}
		}
		var apps, places int
		err := tx.NewRaw(`SELECT (SELECT count(*) FROM apps WHERE device_id = ?0 AND forgotten_at IS NULL),
			(SELECT count(*) FROM destinations WHERE local_device_id = ?0 AND removed_at IS NULL)`, id).Scan(ctx, &apps, &places)
		switch {
		case err != nil:
			return err
		case apps > 0:
			return model.Conflict{Reason: "Apps live on this device; forget or move them first."}
		case places > 0:
			return model.Conflict{Reason: "Destinations keep their backups on this device; remove them first."}
		}
		return touched(tx.NewDelete().Model((*model.Device)(nil)).Where("id = ?", id).Exec(ctx))
	})
}
