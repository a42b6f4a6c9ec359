package device

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
)

// noTool is the exit code by which our scripts say that a program is missing.
const noToolCode = 127

// Xattrs asks getfattr on the machine.
func (f sshFiles) Xattrs(name string) (map[string][]byte, error) {
	if _, err := f.Lstat(name); err != nil {
		return nil, err
	}
	var said string
	if err := f.attrCommand("listxattr", name, "getfattr --absolute-names -h -d -m - -e hex -- "+Quote(name), &said); err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for line := range strings.Lines(said) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") || line == "" {
			continue
		}
		attr, value, _ := strings.Cut(line, "=")
		raw, err := hex.DecodeString(strings.TrimPrefix(value, "0x"))
		if err != nil {
			return nil, &fs.PathError{Op: "listxattr", Path: name, Err: fmt.Errorf("read %q: %w", line, err)}
		}
		out[attr] = raw
	}
	return out, nil
}

// SetXattr asks setfattr on the machine.
func (f sshFiles) SetXattr(name, attr string, value []byte) error {
	if value != nil {
		script := fmt.Sprintf("setfattr -h -n %s -v 0x%x -- %s", Quote(attr), value, Quote(name))
		if len(value) == 0 {
			script = fmt.Sprintf("setfattr -h -n %s -- %s", Quote(attr), Quote(name))
		}
		return f.attrCommand("setxattr "+attr, name, script, nil)
	}
	found, err := f.Xattrs(name)
	if _, there := found[attr]; err != nil || !there {
		return err
	}
	return f.attrCommand("removexattr "+attr, name, fmt.Sprintf("setfattr -h -x %s -- %s", Quote(attr), Quote(name)), nil)
}

func (f sshFiles) attrCommand(op, name, script string, out *string) error {
	missing := &SSHError{
		State: StateNoTool, err: &fs.PathError{Op: op, Path: name, Err: syscall.ENOTSUP},
		Message: fmt.Sprintf("%s has no getfattr and setfattr, which extended attributes need", f.s.config.Address),
		Mend:    "Install the package attr there.",
	}
	if f.s.config.FilesOnly {
		return missing
	}
	tool, _, _ := strings.Cut(script, " ")
	err := f.command(op, name, fmt.Sprintf("command -v %s >/dev/null || exit %d\nLC_ALL=C exec %s", tool, noToolCode, script), out)
	var exit *ExitError
	if errors.As(err, &exit) && exit.Code == noToolCode {
		return missing
	}
	return err
}
