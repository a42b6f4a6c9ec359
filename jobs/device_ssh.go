package jobs

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"keepstead/device"
	"keepstead/model"
)

// leaveLimit is how long a device that is forgotten may take to have what is ours removed.
const leaveLimit = 30 * time.Second

// stateOf is what a failure over SSH means for the device as a whole.
func stateOf(e *device.SSHError) model.DeviceState {
	switch e.State {
	case device.StateUnreachable:
		return model.DeviceUnreachable
	case device.StateHostKeyChanged, device.StateHostKeyUnknown:
		return model.DeviceHostKeyChanged
	case device.StateAuthRefused, device.StateKeyUnusable, device.StatePasswordExpired:
		return model.DeviceDenied
	}
	return model.DeviceLimited
}

// wordsOf keeps what a device said of itself.
func wordsOf(f device.Facts, at time.Time) *model.DeviceFacts {
	return &model.DeviceFacts{
		System: f.OS, Root: f.IsRoot, Sudo: f.SudoWorks, Skew: f.ClockSkew, Engine: f.Engine, EngineAllowed: f.EngineAllowed,
		Compose: f.Compose, Restic: f.Restic, Mounts: disks(f.Mounts), SeenAt: at,
	}
}

// maxDisks bounds the file systems that are kept of a device.
const maxDisks = 100

// disks are the file systems on which something can be kept, each once, where it is mounted highest.
func disks(mounts []device.Mount) []model.DeviceMount {
	mounts = slices.Clone(mounts)
	slices.SortStableFunc(mounts, func(a, b device.Mount) int { return len(a.Path) - len(b.Path) })
	seen := map[string]bool{}
	var out []model.DeviceMount
	for _, m := range mounts {
		if m.Total <= 0 || m.Type == "tmpfs" || seen[m.Device] || len(out) == maxDisks {
			continue
		}
		seen[m.Device] = true
		out = append(out, model.DeviceMount{Path: m.Path, Type: m.Type, Total: m.Total, Free: m.Free})
	}
	slices.SortFunc(out, func(a, b model.DeviceMount) int { return strings.Compare(a.Path, b.Path) })
	return out
}

// system is the kernel of a device in Go's words.
func system(f device.Facts) string { return strings.ToLower(f.Kernel) }

// leave removes from a device that is forgotten what Keepstead put there, and says what stays.
func (m *Manager) leave(ctx context.Context, d model.Device, to device.SSHConfig) (stays string) {
	ctx, cancel := context.WithTimeout(ctx, leaveLimit)
	defer cancel()
	host := device.NewSSH(to, m.logger)
	err := host.RemoveRestic(ctx)
	if err = errors.Join(err, host.Close()); err != nil {
		m.logger.Warn("remove restic from a device", "device", d.Name, "error", err)
		return "It could not be reached, so Keepstead’s restic and its cache stay in ~/.cache/keepstead there."
	}
	return ""
}

// sentence ends an error's text as a sentence ends.
func sentence(text string) string {
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}
