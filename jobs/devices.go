package jobs

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
	"keepstead/store"
)

// PutDevice creates or updates a device under the id it comes with. One over SSH is reached first: a host key that
// nobody confirmed is a model.HostKeyUnconfirmed, and then nothing was signed in to and nothing is stored.
func (m *Manager) PutDevice(ctx context.Context, d model.Device, s model.DeviceSecrets) (model.Device, bool, error) {
	m.sealing.RLock()
	defer m.sealing.RUnlock()
	old, err := m.Store.Device(ctx, d.ID)
	created := errors.Is(err, model.ErrNotFound)
	if err != nil && !created {
		return d, false, err
	}
	if d, err = m.prepareDevice(ctx, d, old); err != nil {
		return d, false, err
	}
	var contact *store.DeviceContact
	if d.Kind == model.DeviceSSH {
		if contact, err = m.connect(ctx, &d, old, s); err != nil {
			return d, false, err
		}
	}
	write := m.Store.UpdateDevice
	if created {
		write = m.Store.CreateDevice
	}
	if d, err = write(ctx, d); err != nil {
		return d, false, err
	}
	// What was learnt is recorded even when the browser has gone away: the machine has the key by now.
	if err := m.recordContact(context.WithoutCancel(ctx), d.ID, contact); err != nil {
		return d, created, err
	}
	if d.Kind == model.DeviceSSH {
		if err := m.turn(ctx, d); err != nil {
			return d, created, err
		}
	}
	m.publish(model.EventDevice, d.ID)
	d, err = m.Store.Device(ctx, d.ID)
	return d, created, err
}

// prepareDevice lays what a person may set over the device that is there, and applies the rules that need other rows.
func (m *Manager) prepareDevice(ctx context.Context, d, old model.Device) (model.Device, error) {
	next := old
	next.ID, next.Name, next.Kind = d.ID, strings.TrimSpace(d.Name), d.Kind
	if next.Kind == "" {
		next.Kind = model.DeviceLocal
	}
	next.Address, next.Port, next.SSHUser = strings.TrimSpace(d.Address), d.Port, strings.TrimSpace(d.SSHUser)
	next.Sudo, next.JumpDeviceID, next.Parallel = d.Sudo, d.JumpDeviceID, d.Parallel
	next.Touch(m.now())
	if err := next.Validate(); err != nil {
		return next, err
	}
	if old.ID == uuid.Nil {
		if err := m.nameDevice(ctx, &next); err != nil {
			return next, err
		}
	} else if old.Kind != next.Kind {
		return next, model.Invalid{Field: "kind", Reason: "The kind of a device stays as it is; add another device instead."}
	}
	if next.Kind != model.DeviceSSH {
		return next, nil
	}
	all, err := m.Store.Devices(ctx)
	if err != nil {
		return next, err
	}
	if err := checkJump(next, all); err != nil {
		return next, err
	}
	return next, checkTwice(next, all)
}

// nameDevice gives a new device the name that restic records. A device of the kind local is this machine under another
// id, so it has this machine's; another machine has one of its own, from the random end of its id.
func (m *Manager) nameDevice(ctx context.Context, d *model.Device) error {
	if d.Kind == model.DeviceSSH {
		d.Hostname = "keepstead-" + d.ID.String()[28:]
		return nil
	}
	local, err := m.Store.LocalDevice(ctx)
	d.Hostname, d.OS, d.Arch = local.Hostname, local.OS, local.Arch
	return err
}

// checkJump refuses a way to a device that leads through no machine over SSH, or in a circle.
func checkJump(d model.Device, all []model.Device) error {
	byID := map[uuid.UUID]model.Device{}
	for _, other := range all {
		byID[other.ID] = other
	}
	byID[d.ID] = d
	for at := d; at.JumpDeviceID != uuid.Nil; {
		next, known := byID[at.JumpDeviceID]
		switch {
		case !known:
			return model.Invalid{Field: "jump_device_id", Reason: "There is no such device."}
		case next.Kind != model.DeviceSSH:
			return model.Invalid{Field: "jump_device_id", Reason: fmt.Sprintf("%q is this machine: nothing has to go through it. Leave this empty.", next.Name)}
		case next.ID == d.ID:
			return model.Invalid{Field: "jump_device_id", Reason: fmt.Sprintf("The way would lead in a circle: %q is reached through this device.", at.Name)}
		}
		at = next
	}
	return nil
}

// checkTwice refuses a machine that is there already under another id: its jobs would not know of each other.
func checkTwice(d model.Device, all []model.Device) error {
	for _, other := range all {
		if other.ID != d.ID && other.Kind == model.DeviceSSH && strings.EqualFold(other.Address, d.Address) &&
			other.SSHPort() == d.SSHPort() && other.JumpDeviceID == d.JumpDeviceID {
			return model.Conflict{Field: "address", Reason: fmt.Sprintf("The device %q is already reached at this address.", other.Name)}
		}
	}
	return nil
}

// DeleteDevice forgets a device that no app and no destination is on. What Keepstead put on it is removed where it can
// be reached; the sentence says what stays there, empty for nothing.
func (m *Manager) DeleteDevice(ctx context.Context, id uuid.UUID) (stays string, err error) {
	d, err := m.Store.Device(ctx, id)
	if err != nil {
		return "", err
	}
	var to device.SSHConfig
	var closed error
	if d.Kind == model.DeviceSSH {
		to, closed = m.sshConfig(ctx, d) // a key that no longer opens must not keep the device here for good
	}
	if err := m.Store.DeleteDevice(ctx, id); err != nil {
		return "", err
	}
	m.part(id)
	m.publish(model.EventDevice, id)
	if d.Kind != model.DeviceSSH || d.ResticVersion == "" {
		return "", nil // nothing was ever put there
	}
	if closed != nil {
		m.logger.Warn("remove restic from a device", "device", d.Name, "error", closed)
		return "Its key cannot be opened, so Keepstead’s restic and its cache stay in ~/.cache/keepstead there.", nil
	}
	return m.leave(context.WithoutCancel(ctx), d, to), nil
}
