package views

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

func deviceFieldNames() []string {
	return []string{
		"name", "address", "port", "user", "jump_device_id", "sudo", "parallel", "password", "private_key", "host_key_fingerprint",
	}
}

func deviceHeading(ctx context.Context, p DeviceProps) ui.Heading {
	state := ui.OfDevice(p.Device.Device)
	return ui.Heading{Up: DevicesPath, UpText: lang.T(ctx, "Devices"), Title: p.Device.Name, State: &state, Sub: placeOf(ctx, p.Device.Device), Path: true}
}

// placeOf is how a device is reached: a word for this machine, else an address.
func placeOf(ctx context.Context, d model.Device) string {
	if d.Kind != model.DeviceSSH {
		return lang.T(ctx, d.Place())
	}
	return d.Place()
}

func deviceFormHead(ctx context.Context, p DeviceFormProps) ui.Heading {
	if p.Device != nil {
		return ui.Heading{Up: DevicePath(p.Device.ID), UpText: p.Device.Name, Title: naming(ctx, "Edit "+gap, p.Device.Name)}
	}
	return ui.Heading{
		Up: DevicesPath, UpText: lang.T(ctx, "Devices"), Title: lang.T(ctx, "Add device"),
		Sub: lang.T(ctx, "A machine with SSH. Keepstead runs restic there for the length of a job, and leaves nothing but the restic program and its cache."),
	}
}

// jumpOptions are the devices that another one may be reached through.
func jumpOptions(ctx context.Context, devices []model.Device, self *model.Device) []ui.Option {
	out := []ui.Option{{Text: lang.T(ctx, "Directly")}}
	for _, d := range devices {
		if d.Kind == model.DeviceSSH && (self == nil || d.ID != self.ID) {
			out = append(out, ui.Option{Value: d.ID.String(), Text: naming(ctx, "Through "+gap, d.Name)})
		}
	}
	return out
}

// systemWords says what a device runs.
func systemWords(d model.Device) string {
	arch := d.OS + "/" + d.Arch
	switch {
	case d.Facts != nil && d.Facts.System != "" && d.Arch != "":
		return shortSystem(d.Facts.System) + ", " + d.Arch
	case d.OS == "":
		return ""
	}
	return arch
}

// shortSystem is the name of a system without its code name, and as it is called in speech: "Debian 12".
func shortSystem(name string) string {
	name, _, _ = strings.Cut(name, " (")
	return strings.ReplaceAll(name, " GNU/Linux", "")
}

// skewWords says how right the clock of a device is.
func skewWords(skew time.Duration) string {
	switch {
	case skew.Abs() < 2*time.Second:
		return "in sync"
	case skew > 0:
		return ui.Duration(skew) + " ahead"
	}
	return ui.Duration(-skew) + " behind"
}

// rightsWords says as whom Keepstead works on a device.
func rightsWords(d model.Device) string {
	switch f := d.Facts; {
	case f == nil:
		return ""
	case f.Root:
		return "root"
	case d.Sudo && f.Sudo:
		return d.SSHUser + ", with sudo"
	case d.Sudo:
		return d.SSHUser + ", sudo asks for a password"
	}
	return d.SSHUser + ", without sudo"
}

// wantsSudo says that the page explains sudo: the user is not root, as far as is known.
func wantsSudo(d model.Device) bool {
	return d.Kind == model.DeviceSSH && d.SSHUser != "root" && (d.Facts == nil || !d.Facts.Root)
}

// sudoersLine is the least that Keepstead needs to work as root on a device.
func sudoersLine(user string) string {
	return strings.NewReplacer(`\`, `\\`, "@", `\@`, "+", `\+`).Replace(user) + " ALL=(root) NOPASSWD: ALL"
}

// usedShare is how full a file system is, for its bar.
func usedShare(m model.DeviceMount) float64 {
	if m.Total <= 0 {
		return 0
	}
	return float64(m.Total-m.Free) / float64(m.Total)
}

// fullness says that a file system gets full: at 85 % it is time to think of it, at 95 % to act. No word before that.
func fullness(m model.DeviceMount) ui.State {
	switch share := usedShare(m); {
	case share >= 0.95:
		return ui.State{Class: "is-bad", Icon: ui.IconWarning, Word: "almost full"}
	case share >= 0.85:
		return ui.State{Class: "is-warn", Icon: ui.IconWarning, Word: "getting full"}
	}
	return ui.State{}
}

// AppCount is how many apps a device has, the same on every page: those that are there now, but for the parts of
// Keepstead.
type AppCount struct {
	Apps      int
	Undecided int // of them, those that wait for a decision
}

// CountApps counts the apps of each device.
func CountApps(apps []model.App) map[uuid.UUID]AppCount {
	out := map[uuid.UUID]AppCount{}
	for _, a := range apps {
		if !Counts(a) {
			continue
		}
		n := out[a.DeviceID]
		n.Apps++
		if a.Pending {
			n.Undecided++
		}
		out[a.DeviceID] = n
	}
	return out
}

// Counts says that an app counts among those of its device.
func Counts(a model.App) bool { return !a.Gone && a.Kind != model.AppSystem }

// words say how many apps a device has.
func (n AppCount) words() string {
	if n.Apps == 0 {
		return "No apps"
	}
	words := ui.Plural(n.Apps, "app", "apps")
	if n.Undecided > 0 {
		words += ", " + ui.Count(n.Undecided) + " not decided"
	}
	return words
}

// noDocker says that there is no container engine on a device, as far as it was looked at.
func noDocker(d model.Device) bool {
	if d.Kind == model.DeviceSSH {
		return d.Facts != nil && d.Facts.Engine == ""
	}
	return d.Engine != nil && d.Engine.State == model.EngineAbsent
}

// stale says that what is shown of a device was learnt before it went out of reach.
func stale(d model.Device) bool {
	lost := d.State == model.DeviceUnreachable || d.State == model.DeviceDenied || d.State == model.DeviceHostKeyChanged
	return d.Kind == model.DeviceSSH && lost && d.LastSeenAt != nil
}

// provedWords say what the test of a device proved.
func provedWords(p model.Probe) string {
	words := "The host key is the pinned one, and Keepstead signs in, reads files and runs restic there."
	for _, s := range p.Steps {
		switch {
		case s.Name == "engine" && s.State == model.ProbeOK:
			words += " Docker answers."
		case s.Name == "engine" && s.State == model.ProbeSkipped:
			words += " There is no Docker; folders can be backed up."
		}
	}
	return words
}

// parallelWords says how many jobs run on a device at once.
func parallelWords(n int) string {
	if n == 0 {
		return "the default"
	}
	return strconv.Itoa(n)
}

// hostKeyFiles names the file of a host key on its machine, to compare the fingerprint there.
func hostKeyFile(key string) string {
	return "/etc/ssh/ssh_host_" + strings.ToLower(model.KeyType(key)) + "_key.pub"
}

// socketWords says where the container engine of a device is, and whether it can be used.
func socketWords(f model.DeviceFacts) string {
	if f.EngineAllowed {
		return "at " + f.Engine
	}
	return "at " + f.Engine + ", out of reach for this user"
}
