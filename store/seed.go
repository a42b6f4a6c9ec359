package store

import (
	"context"
	"database/sql"
	"errors"
	"os"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// localDeviceKey is the setting that names the device Keepstead runs on.
const localDeviceKey = "local_device_id"

// Seed makes what every Keepstead has: the local device, the default policy, and the two system apps with the
// configurations that back them up. What is there, or was there and has been changed or forgotten, stays as it is.
func (s *Store) Seed(ctx context.Context) error {
	return s.write(ctx, "seed the database", func(ctx context.Context, tx bun.Tx) error {
		device, err := seedDevice(ctx, tx)
		if err != nil {
			return err
		}
		policy, err := seedPolicy(ctx, tx)
		if err != nil {
			return err
		}
		if err := seedApp(ctx, tx, device, policy, model.SystemDatabase, "Keepstead database"); err != nil {
			return err
		}
		return seedApp(ctx, tx, device, policy, model.SystemPlatformConfig, "Keepstead configuration")
	})
}

func seedDevice(ctx context.Context, tx bun.Tx) (uuid.UUID, error) {
	known, err := localDevice(ctx, tx)
	if !errors.Is(err, sql.ErrNoRows) {
		return known.ID, err
	}
	name, err := os.Hostname()
	if err != nil || name == "" {
		name = "This machine"
	}
	d := model.Device{ID: model.NewID(), Name: name, Kind: model.DeviceLocal}
	// The name that restic records must outlive a renamed machine or a container made anew, so it comes from the id:
	// from its random end, since its beginning is the time.
	d.Hostname = "keepstead-" + d.ID.String()[28:]
	stamp(&d.Stamps)
	if err := insert(ctx, tx, &d); err != nil {
		return uuid.Nil, err
	}
	return d.ID, insert(ctx, tx, &setting{Key: localDeviceKey, Value: d.ID.String()})
}

func seedPolicy(ctx context.Context, tx bun.Tx) (uuid.UUID, error) {
	var id uuid.UUID
	err := tx.NewRaw("SELECT id FROM policies WHERE is_default").Scan(ctx, &id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	p := model.DefaultPolicy()
	stamp(&p.Stamps)
	return p.ID, insert(ctx, tx, &p)
}

func seedApp(ctx context.Context, tx bun.Tx, device, policy uuid.UUID, part, name string) error {
	known, err := tx.NewSelect().Model((*model.App)(nil)).Where("system_type = ?", part).Exists(ctx)
	if err != nil || known {
		return err
	}
	app := model.App{
		ID: model.NewID(), DeviceID: device, Name: name, Kind: model.AppSystem, Origin: model.OriginSystem, SystemType: part,
	}
	stamp(&app.Stamps)
	if err := insert(ctx, tx, &app); err != nil {
		return err
	}
	c := model.Configuration{
		ID: model.NewID(), AppID: app.ID, PolicyID: policy, Automatic: true, IsSystemBackup: true, SystemType: part,
		BackupVolumes: true, BackupCompose: true, BackupEnv: true, Enabled: true,
	}
	stamp(&c.Stamps)
	return insert(ctx, tx, &c)
}
