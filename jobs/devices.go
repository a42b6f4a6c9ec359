package jobs

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
)

// PutDevice creates or updates a device under the id it comes with.
func (m *Manager) PutDevice(ctx context.Context, d model.Device) (model.Device, bool, error) {
	d.Name = strings.TrimSpace(d.Name)
	if d.Kind == "" {
		d.Kind = model.DeviceLocal
	}
	old, err := m.Store.Device(ctx, d.ID)
	created := errors.Is(err, model.ErrNotFound)
	if err != nil && !created {
		return d, false, err
	}
	if created {
		local, err := m.Store.LocalDevice(ctx)
		if err != nil {
			return d, false, err
		}
		d.Hostname, d.OS, d.Arch = local.Hostname, local.OS, local.Arch
	} else {
		name, kind, address := d.Name, d.Kind, d.Address
		d = old
		d.Name, d.Kind, d.Address = name, kind, address
	}
	d.Touch(m.now())
	if err := d.Validate(); err != nil {
		return d, false, err
	}
	write := m.Store.UpdateDevice
	if created {
		write = m.Store.CreateDevice
	}
	if d, err = write(ctx, d); err != nil {
		return d, false, err
	}
	m.publish(model.EventDevice, d.ID)
	return d, created, nil
}

// DeleteDevice forgets a device that no app or destination is on.
func (m *Manager) DeleteDevice(ctx context.Context, id uuid.UUID) error {
	if err := m.Store.DeleteDevice(ctx, id); err != nil {
		return err
	}
	m.publish(model.EventDevice, id)
	return nil
}
