package jobs

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"keepstead/device"
	"keepstead/restic"
)

// rootLook is what a folder itself is like. restic restores it for what lies in a folder of a snapshot, not for the
// folder.
type rootLook struct {
	Mode   fs.FileMode       `json:"mode"`
	UID    int               `json:"uid"`
	GID    int               `json:"gid"`
	Owned  bool              `json:"owned"`
	Xattrs map[string][]byte `json:"xattrs,omitempty"`
}

const modeBits = fs.ModePerm | fs.ModeSetuid | fs.ModeSetgid | fs.ModeSticky

func lookAt(files device.Files, name string) (*rootLook, error) {
	info, err := files.Lstat(name)
	if err != nil {
		return nil, err
	}
	look := &rootLook{Mode: info.Mode() & modeBits}
	look.UID, look.GID, look.Owned = device.Owner(info)
	if look.Xattrs, err = files.Xattrs(name); err != nil {
		return nil, fmt.Errorf("read the attributes of %s: %w", name, err)
	}
	return look, nil
}

// lookOf is the look of an entry of a snapshot.
func lookOf(e restic.Entry) *rootLook {
	return &rootLook{Mode: e.Mode & modeBits, UID: e.UID, GID: e.GID, Owned: true, Xattrs: e.Xattrs}
}

// apply makes the folder look so. Attributes of the security modules are the machine's own where it refuses them.
func (l *rootLook) apply(files device.Files, name string) error {
	if l.Owned {
		if err := files.Lchown(name, l.UID, l.GID); err != nil {
			return err
		}
	}
	if err := files.Chmod(name, l.Mode); err != nil { // after the owner: a new one takes setuid away
		return err
	}
	present, err := files.Xattrs(name)
	if err != nil {
		return err
	}
	for attr := range present {
		if _, wanted := l.Xattrs[attr]; !wanted && !strings.HasPrefix(attr, "security.") && !strings.HasPrefix(attr, "trusted.") {
			if err := files.SetXattr(name, attr, nil); err != nil {
				return err
			}
		}
	}
	for attr, value := range l.Xattrs {
		if slices.Equal(present[attr], value) && present[attr] != nil {
			continue
		}
		if value == nil {
			value = []byte{} // nil would remove it
		}
		if err := files.SetXattr(name, attr, value); err != nil && !strings.HasPrefix(attr, "security.") && !strings.HasPrefix(attr, "trusted.") {
			return err
		}
	}
	return nil
}
