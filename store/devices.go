package store

import (
	"context"
	"reflect"
	"time"

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
	return d, s.write(ctx, "create a device", func(ctx context.Context, tx bun.Tx) error {
		return deviceRefused(insert(ctx, tx, &d))
	})
}

func deviceRefused(err error) error {
	return orphan(err, "jump_device_id", "There is no such device.")
}

// UpdateDevice writes all fields of a device but the host name that restic records, which never changes, and what its
// engine said.
func (s *Store) UpdateDevice(ctx context.Context, d model.Device) (model.Device, error) {
	stamp(&d.Stamps)
	return d, s.write(ctx, "change a device", func(ctx context.Context, tx bun.Tx) error {
		return deviceRefused(update(ctx, tx, &d, "hostname", "engine", "created_at"))
	})
}

// DeviceContact is what a contact with a device found out. Zero fields leave what was known before, but for the state
// with its sentences, which are always written.
type DeviceContact struct {
	State         model.DeviceState
	Message, Mend string
	SeenAt        *time.Time // nil where the device was not reached
	OS, Arch      string
	ResticVersion string
	Facts         *model.DeviceFacts
}

// SetDeviceContact records how a contact with a device ended, and touches nothing that a person set. It says whether
// something else than the time is new.
func (s *Store) SetDeviceContact(ctx context.Context, id uuid.UUID, c DeviceContact) (changed bool, err error) {
	err = s.write(ctx, "record a contact with a device", func(ctx context.Context, tx bun.Tx) error {
		var old model.Device
		if err := tx.NewSelect().Model(&old).Where("id = ?", id).Scan(ctx); err != nil {
			return err
		}
		next := old
		next.State, next.Message, next.Mend = c.State, c.Message, c.Mend
		for _, text := range []struct {
			to   *string
			from string
		}{{&next.OS, c.OS}, {&next.Arch, c.Arch}, {&next.ResticVersion, c.ResticVersion}} {
			if text.from != "" {
				*text.to = text.from
			}
		}
		changed = c.Facts != nil || next.State != old.State || next.Message != old.Message || next.ResticVersion != old.ResticVersion
		columns := []string{"state", "message", "mend", "os", "arch", "restic_version"}
		if c.SeenAt != nil {
			next.LastSeenAt, columns = c.SeenAt, append(columns, "last_seen_at")
		}
		if c.Facts != nil {
			next.Facts, columns = c.Facts, append(columns, "facts")
		}
		clean(reflect.ValueOf(&next).Elem())
		return touched(tx.NewUpdate().Model(&next).Column(columns...).WherePK().Exec(ctx))
	})
	return changed, err
}

// SetDeviceEngine records what the container engine of a device said.
func (s *Store) SetDeviceEngine(ctx context.Context, id uuid.UUID, e *model.Engine) error {
	return s.write(ctx, "record a device's engine", func(ctx context.Context, tx bun.Tx) error {
		d := model.Device{ID: id, Engine: e}
		return touched(tx.NewUpdate().Model(&d).Column("engine").WherePK().Exec(ctx))
	})
}

// DeleteDevice removes a device that no app, no destination and no open job uses; the one Keepstead runs on stays. What is
// still to be put back there goes with it: nothing leads there any more.
func (s *Store) DeleteDevice(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "delete a device", func(ctx context.Context, tx bun.Tx) error {
		if local, err := localDevice(ctx, tx); err != nil {
			return err
		} else if local.ID == id {
			return model.Conflict{Reason: "Keepstead itself runs on this device."}
		}
		var apps, places, behind, work int
		err := tx.NewRaw(`SELECT (SELECT count(*) FROM apps WHERE device_id = ?0 AND forgotten_at IS NULL),
			(SELECT count(*) FROM destinations WHERE local_device_id = ?0 AND removed_at IS NULL),
			(SELECT count(*) FROM devices WHERE jump_device_id = ?0),
			(SELECT count(*) FROM jobs WHERE device_id = ?0 AND state IN ('queued', 'running'))`, id).Scan(ctx, &apps, &places, &behind, &work)
		switch {
		case err != nil:
			return err
		case behind > 0:
			return model.Conflict{Reason: "Other devices are reached through this one; give them another way first."}
		case apps > 0:
			return model.Conflict{Reason: "Apps live on this device; forget or move them first."}
		case places > 0:
			return model.Conflict{Reason: "Destinations keep their backups on this device; remove them first."}
		case work > 0:
			return model.Conflict{Reason: "Work is going on on this device; wait for its end, or cancel it first."}
		}
		if _, err := tx.NewDelete().Model((*model.Undo)(nil)).Where("device_id = ?", id).Exec(ctx); err != nil {
			return err
		}
		return touched(tx.NewDelete().Model((*model.Device)(nil)).Where("id = ?", id).Exec(ctx))
	})
}
