package jobs

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/google/uuid"

	"keepstead/device"
	"keepstead/model"
)

// machine is a device at work: the way to it, and what Keepstead has there.
type machine struct {
	model.Device
	host   device.Host
	restic string // path of the restic program there
	dir    string // Keepstead's own folder there; runs, cache and staging lie in it
}

// here says that it is the machine that Keepstead runs on.
func (m machine) here() bool { return m.Kind != model.DeviceSSH }

// machine returns the device of that id, ready for work; the nil id is the machine that Keepstead runs on. One over SSH
// is connected to when it is first used; equip readies restic there.
func (m *Manager) machine(ctx context.Context, id uuid.UUID) (machine, error) {
	d, err := m.device(ctx, id)
	if err != nil {
		return machine{}, err
	}
	if d.Kind == model.DeviceSSH {
		return m.reach(ctx, d)
	}
	return machine{Device: d, host: m.Host, restic: m.Restic, dir: m.Dir}, nil
}

func (m *Manager) device(ctx context.Context, id uuid.UUID) (model.Device, error) {
	var d model.Device
	var err error
	if id == uuid.Nil {
		d, err = m.Store.LocalDevice(ctx)
	} else {
		d, err = m.Store.Device(ctx, id)
	}
	if err != nil {
		return d, fmt.Errorf("read the device: %w", err)
	}
	return d, nil
}

// hostname is the name that the machine has now, which restic writes into its locks.
func (m machine) hostname() (string, error) {
	if m.here() {
		name, err := os.Hostname()
		if err != nil {
			return "", fmt.Errorf("read this machine's name: %w", err)
		}
		return name, nil
	}
	files, err := m.host.Files()
	if err != nil {
		return "", err
	}
	name, err := files.ReadFile("/proc/sys/kernel/hostname")
	if err != nil {
		return "", fmt.Errorf("read the name of %s: %w", m.Name, err)
	}
	return strings.TrimSpace(string(name)), nil
}

// socket is where the container engine listens there; empty where engines are switched off. own is that of this machine.
func (m machine) socket(own string) string {
	if own == "" || m.here() {
		return own
	}
	return engineSocket
}

// engineSocket is where an engine listens on a machine that says nothing else.
const engineSocket = "/var/run/docker.sock"

// files returns the files of a device.
func (m *Manager) files(ctx context.Context, id uuid.UUID) (device.Files, error) {
	on, err := m.machine(ctx, id)
	if err != nil {
		return nil, err
	}
	return on.host.Files()
}
