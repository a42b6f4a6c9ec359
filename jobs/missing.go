package jobs

import (
	"context"
	"errors"
	"io/fs"
	"path"

	"keepstead/model"
)

// Missing says that none of the entries of a snapshot is where it was, so that a restore in place overwrites nothing.
// Only this machine is looked at: a page does not wait for another one, whose files count as there.
func (m *Manager) Missing(ctx context.Context, s model.Snapshot, entries []string) bool {
	home, err := m.Home(ctx, s)
	if err != nil || home.Kind == model.DeviceSSH {
		return false
	}
	files, err := m.Host.Files()
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if !path.IsAbs(entry) {
			return false
		}
		if _, err := files.Lstat(entry); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return len(entries) > 0
}
