package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
	"keepstead/secret"
)

// The sealed column of a device, as its label names it.
const (
	deviceTable = "devices"
	deviceKey   = "ssh_key"
)

// sshConfig is how a device over SSH is reached, through all its jump hosts: each with its own key, opened here and
// nowhere before.
func (m *Manager) sshConfig(ctx context.Context, d model.Device) (device.SSHConfig, error) {
	return m.sshChain(ctx, d, nil)
}

func (m *Manager) sshChain(ctx context.Context, d model.Device, before []uuid.UUID) (device.SSHConfig, error) {
	var c device.SSHConfig
	if d.Kind != model.DeviceSSH {
		return c, fmt.Errorf("reach %q: it is no device over SSH", d.Name)
	}
	if slices.Contains(before, d.ID) {
		return c, fmt.Errorf("reach %q: its jump hosts lead in a circle", d.Name)
	}
	key, err := m.Box.Open(d.SSHKey, secret.Label(deviceTable, deviceKey, d.ID))
	if err != nil {
		return c, fmt.Errorf("open the key of %q: %w", d.Name, err)
	}
	c = sshTo(d)
	c.Key, c.GiveUp = []byte(key), m.GiveUp
	c.Jump, err = m.jump(ctx, d, before)
	return c, err
}

// sshTo is the way to a device without what opens its door.
func sshTo(d model.Device) device.SSHConfig {
	return device.SSHConfig{Address: d.Address, Port: d.SSHPort(), User: d.SSHUser, HostKey: d.HostKey, Sudo: d.Sudo && d.SSHUser != "root"}
}

// jump is the way to the device that d is reached through, nil for none.
func (m *Manager) jump(ctx context.Context, d model.Device, before []uuid.UUID) (*device.SSHConfig, error) {
	if d.JumpDeviceID == uuid.Nil {
		return nil, nil //nolint:nilnil // no jump host is not an error
	}
	over, err := m.Store.Device(ctx, d.JumpDeviceID)
	if err != nil {
		return nil, fmt.Errorf("read the jump host of %q: %w", d.Name, err)
	}
	c, err := m.sshChain(ctx, over, append(before, d.ID))
	return &c, err
}

// resticFor returns the program to put on a device whose own restic is missing or too old. Ours lies beside the one
// that this machine uses.
func (m *Manager) resticFor(arch string) (string, error) {
	if arch == runtime.GOARCH {
		return m.Restic, nil
	}
	name := filepath.Join(filepath.Dir(m.Restic), "restic-linux-"+arch)
	if _, err := os.Stat(name); errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("there is no restic for %s beside %s", arch, m.Restic)
	} else if err != nil {
		return "", fmt.Errorf("look for a restic for %s: %w", arch, err)
	}
	return name, nil
}
