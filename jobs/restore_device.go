package jobs

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/docker"
	"keepstead/model"
)

// targetDevice is the field that names the device of a restore.
const targetDevice = "target_device_id"

// chooseDevice fills in the device of a restore that names none: where the snapshot's app lives for what goes back to its
// place and for an app, this machine for files that go to a folder.
func (m *Manager) chooseDevice(ctx context.Context, want *model.Restore, s model.Snapshot) error {
	if want.DeviceID != uuid.Nil {
		_, err := m.Store.Device(ctx, want.DeviceID)
		if errors.Is(err, model.ErrNotFound) {
			return model.Invalid{Field: targetDevice, Reason: "There is no such device."}
		}
		return err
	}
	find := m.Store.LocalDevice
	if want.InPlace || want.App != nil {
		find = func(ctx context.Context) (model.Device, error) { return m.Home(ctx, s) }
	}
	d, err := find(ctx)
	want.DeviceID = d.ID
	return err
}

// Home returns the device that a snapshot's app lives on; this machine where that is no longer known.
func (m *Manager) Home(ctx context.Context, s model.Snapshot) (model.Device, error) {
	app, err := m.Store.App(ctx, s.AppID)
	if err == nil {
		var d model.Device
		if d, err = m.Store.Device(ctx, app.DeviceID); err == nil {
			return d, nil
		}
	}
	if errors.Is(err, model.ErrNotFound) {
		return m.Store.LocalDevice(ctx)
	}
	return model.Device{}, err
}

// checkDevice refuses a device that cannot be reached, or that cannot take what is to be restored.
func (m *Manager) checkDevice(ctx context.Context, want model.Restore, s model.Snapshot) error {
	if want.App != nil {
		if err := m.checkHome(ctx, want, s); err != nil {
			return err
		}
	}
	d, err := m.device(ctx, want.DeviceID)
	if err != nil || d.Kind != model.DeviceSSH {
		return err // what this machine lacks, the job and the plan say
	}
	if _, _, err := m.reachable(ctx, d.ID, targetDevice); err != nil || want.App == nil {
		return err
	}
	_, err = m.engine(ctx, d.ID)
	var told *docker.Error
	if errors.As(err, &told) {
		return model.Invalid{Field: targetDevice, Reason: joined(told.Message, told.Mend)}
	}
	return refusedAt(targetDevice, err)
}

// checkHome refuses to bring an app back in place on another device than the one it is on: what has its name there is
// another app, and two would go by one name. One that is gone may come back anywhere, as a whole.
func (m *Manager) checkHome(ctx context.Context, want model.Restore, s model.Snapshot) error {
	if want.App.Mode == model.AppCopy {
		return nil
	}
	home, err := m.Home(ctx, s)
	if err != nil || home.ID == want.DeviceID {
		return err
	}
	app, err := m.Store.App(ctx, s.AppID)
	if err != nil && !errors.Is(err, model.ErrNotFound) {
		return err
	}
	lost := err != nil || app.Gone || app.ForgottenAt != nil || app.Found == nil
	if lost && want.App.Mode == model.AppInPlace {
		return nil
	}
	return model.Invalid{Field: targetDevice, Reason: fmt.Sprintf(
		"%q is on %s, so it comes back in place only there. On another device, restore it as a new project, or its files to a folder.", app.Name, home.Name)}
}

// reachable returns a device and its files after it has answered. One that does not is refused at the field that names it.
func (m *Manager) reachable(ctx context.Context, id uuid.UUID, field string) (machine, device.Files, error) {
	on, err := m.machine(ctx, id)
	if err != nil {
		return on, nil, err
	}
	files, err := on.host.Files()
	if err == nil && !on.here() {
		_, err = files.Stat("/")
	}
	return on, files, refusedAt(field, err)
}

// refusedAt makes the refusal of a field of what kept a device from being used; other errors stay as they are.
func refusedAt(field string, err error) error {
	var f failure
	if errors.As(deviceFailure(err), &f) && f.cause == model.CauseDevice {
		return model.Invalid{Field: field, Reason: joined(f.message, f.mend)}
	}
	return err
}

// quicklyOn is quickly with restic on another machine, for a question about what is there.
func (m *Manager) quicklyOn(ctx context.Context, id, destination uuid.UUID, ask func(context.Context, opened) error) error {
	on, err := m.machine(ctx, id)
	if err != nil {
		return err
	}
	if on.here() {
		return m.quickly(ctx, destination, ask)
	}
	ctx, cancel := context.WithTimeout(ctx, quickLimit)
	defer cancel()
	if err := m.equip(ctx, &on); err != nil {
		return refusedAt(targetDevice, err)
	}
	// Asked through this machine first: it says at once when the storage cannot be reached.
	return m.quickly(ctx, destination, func(ctx context.Context, here opened) error {
		o, err := m.open(ctx, here.destination, purpose{on: on, runDir: path.Join(here.repo.RunDir, "there")})
		if err != nil {
			return refusedAt(targetDevice, err)
		}
		defer o.end()
		o.repo.TempDir = path.Join(on.dir, "runs", path.Base(here.repo.RunDir))
		files, err := on.host.Files()
		if err != nil {
			return err
		}
		if err := files.MkdirAll(o.repo.TempDir, 0o700); err != nil {
			return fmt.Errorf("make a folder on %s: %w", on.Name, err)
		}
		defer func() {
			if err := files.RemoveAll(o.repo.TempDir); err != nil {
				m.logger.Warn("remove a folder", "device", on.Name, "error", err)
			}
		}()
		return ask(ctx, o)
	})
}
