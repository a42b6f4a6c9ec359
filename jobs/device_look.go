package jobs

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
	"keepstead/store"
)

// refreshLimit bounds one look at a device that nobody waits for.
const refreshLimit = 5 * time.Minute

// maxSkew is how wrong the clock of a device may be before somebody should know: its snapshots carry its time.
const maxSkew = 2 * time.Minute

// RefreshDevice looks at a device anew and records what it says of itself. That it cannot be reached is recorded, and
// no error. The local device is not looked at.
func (m *Manager) RefreshDevice(ctx context.Context, id uuid.UUID) (model.Device, error) {
	d, err := m.Store.Device(ctx, id)
	if err != nil || d.Kind != model.DeviceSSH {
		return d, err
	}
	ctx, cancel := context.WithTimeout(ctx, refreshLimit)
	defer cancel()
	contact, err := m.meet(ctx, d)
	var told *device.SSHError
	if err != nil && !errors.As(err, &told) {
		return d, err
	}
	if err := m.recordContact(ctx, id, &contact); err != nil {
		return d, err
	}
	return m.Store.Device(ctx, id)
}

// refreshDevices looks at every device over SSH anew, all at once: one that does not answer holds up no other.
func (m *Manager) refreshDevices(ctx context.Context) error {
	all, err := m.Store.Devices(ctx)
	if err != nil {
		return err
	}
	var looks sync.WaitGroup
	for _, d := range all {
		looks.Go(func() {
			if _, err := m.RefreshDevice(ctx, d.ID); err != nil && !errors.Is(err, model.ErrNotFound) && ctx.Err() == nil {
				m.logger.Warn("look at a device", "device", d.Name, "error", err)
			}
		})
	}
	looks.Wait()
	return nil
}

// meet signs in to a device with its key and learns of it. What went wrong is in the contact too.
func (m *Manager) meet(ctx context.Context, d model.Device) (store.DeviceContact, error) {
	to, err := m.sshConfig(ctx, d)
	if err != nil {
		return store.DeviceContact{}, err
	}
	host := device.NewSSH(to, m.logger)
	defer func() {
		if err := host.Close(); err != nil {
			m.logger.Debug("close a connection", "device", d.Name, "error", err)
		}
	}()
	contact, err := m.learn(ctx, d, host)
	var told *device.SSHError
	if errors.As(err, &told) && told.State == device.StateNoSudo && to.Sudo {
		return m.withoutSudo(ctx, d, to, contact)
	}
	return contact, err
}

// withoutSudo learns of a device where sudo does not work what its user may know. The contact says what is missing.
func (m *Manager) withoutSudo(ctx context.Context, d model.Device, to device.SSHConfig, limited store.DeviceContact) (store.DeviceContact, error) {
	to.Sudo = false
	host := device.NewSSH(to, m.logger)
	contact, err := m.learn(ctx, d, host)
	err = errors.Join(err, host.Close())
	contact.State, contact.Message, contact.Mend = limited.State, limited.Message, limited.Mend
	return contact, err
}

// learn asks a device that can be reached what it is, and sees to its restic.
func (m *Manager) learn(ctx context.Context, d model.Device, host *device.SSH) (store.DeviceContact, error) {
	facts, err := host.Facts(ctx)
	if err != nil {
		return failedContact(d, err), err
	}
	now := m.now()
	c := store.DeviceContact{
		State: model.DeviceReady, SeenAt: &now, OS: system(facts), Arch: facts.Arch, Facts: wordsOf(facts, now),
	}
	restic, err := host.ProvideRestic(ctx, m.resticFor)
	c.ResticVersion = restic.Version
	if err != nil {
		m.logger.Warn("put restic on a device", "device", d.Name, "error", err)
		c.State, c.Message, c.Mend = model.DeviceLimited, "Keepstead's restic could not be put on the device.", "Test the device to see what stands in the way."
		var told *device.SSHError
		if errors.As(err, &told) {
			c.Message, c.Mend = sentence(told.Message), told.Mend
		}
	}
	limit(&c, d)
	return c, nil
}

// limit says what jobs on the device will lack.
func limit(c *store.DeviceContact, d model.Device) {
	switch skew := c.Facts.Skew; {
	case c.State != model.DeviceReady:
	case d.Sudo && !c.Facts.Root && !c.Facts.Sudo:
		c.State, c.Message = model.DeviceLimited, fmt.Sprintf("sudo asks %s for a password.", d.SSHUser)
		c.Mend = "Allow it without one (the page of the device has the line), or switch sudo off: then only what this user may read is backed up."
	case skew.Abs() > maxSkew:
		c.State, c.Message = model.DeviceLimited, fmt.Sprintf("Its clock is wrong by %s.", skew.Abs().Round(time.Second))
		c.Mend = "Have it set by NTP: the times of its snapshots, and with them retention, depend on it."
	}
}

func failedContact(d model.Device, err error) store.DeviceContact {
	var told *device.SSHError
	if !errors.As(err, &told) {
		return store.DeviceContact{State: model.DeviceUnreachable, Message: "The device did not answer as expected.", Mend: "Test it to see which step fails."}
	}
	c := store.DeviceContact{State: stateOf(told), Message: sentence(told.Message), Mend: told.Mend}
	if c.State == model.DeviceDenied && d.State == model.DevicePending {
		c.State, c.Message, c.Mend = pendingWords(d)
	}
	return c
}

// pendingWords say that a key waits to be pasted.
func pendingWords(d model.Device) (model.DeviceState, string, string) {
	return model.DevicePending, "Keepstead's key is not on the device yet.",
		fmt.Sprintf("Add the line that is shown to ~/.ssh/authorized_keys of %s there, then test.", d.SSHUser)
}

// recordContact writes what a contact found out, and tells the pages where something else than the time is new.
func (m *Manager) recordContact(ctx context.Context, id uuid.UUID, c *store.DeviceContact) error {
	if c == nil {
		return nil
	}
	changed, err := m.Store.SetDeviceContact(ctx, id, *c)
	if err == nil && changed {
		m.publish(model.EventDevice, id)
	}
	return err
}
