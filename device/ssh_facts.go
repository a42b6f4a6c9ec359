package device

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Facts are what Keepstead learns of a machine.
type Facts struct {
	Hostname string
	OS       string // such as "Debian GNU/Linux 12 (bookworm)"
	Kernel   string // such as "Linux"
	Arch     string // in Go's words, such as "amd64"
	UserID   int    // of the login's user
	IsRoot   bool   // the login's user is root
	// SudoWorks says that sudo needs no password. Root needs none at all.
	SudoWorks bool
	// ClockSkew is how far the machine's clock is ahead of Keepstead's, to about a second.
	ClockSkew time.Duration
	Restic    string // the version of the restic in PATH, empty for none
	// Engine is the path of the container engine's socket, empty for none; EngineAllowed says that commands may use it.
	Engine        string
	EngineAllowed bool
	Compose       string // how compose is called there: "docker compose", "docker-compose", or empty for none
	Mounts        []Mount
}

// Mount is a file system of a machine.
type Mount struct {
	Path, Device, Type string
	Free, Total        int64 // bytes; 0 where the machine does not tell
}

// learn prints facts, a name and a value to a line.
const learn = `
say() { printf '%s=%s\n' "$1" "$2"; }
say clock "$(date +%s)"
say hostname "$(hostname 2>/dev/null || cat /proc/sys/kernel/hostname)"
say kernel "$(uname -s)"
say machine "$(uname -m)"
say os "$(. /etc/os-release 2>/dev/null; echo "$PRETTY_NAME")"
say restic "$(restic version 2>/dev/null | cut -d ' ' -f 2)"
compose=
if command -v docker >/dev/null && docker compose version >/dev/null 2>&1; then compose="docker compose"
elif command -v docker-compose >/dev/null; then compose=docker-compose; fi
say compose "$compose"
for f in /run/docker.sock /var/run/docker.sock /run/podman/podman.sock; do
	[ -S "$f" ] || continue
	say engine "$f"
	if [ -r "$f" ] && [ -w "$f" ]; then say allowed yes; fi
	break
done
df -kP 2>/dev/null | while read -r _ total _ free _ place; do say "space $place" "$total $free"; done
while read -r what place kind _; do say mount "$what $place $kind"; done </proc/mounts
true
`

// who prints what is of the login's user, whatever commands run as.
const who = `
id -u
sudo -n true >/dev/null 2>&1 && echo sudo
true
`

// Facts asks the machine what it is.
func (s *SSH) Facts(ctx context.Context) (Facts, error) {
	var f Facts
	user, err := s.ask(ctx, who, false)
	if err != nil {
		return f, err
	}
	id, sudo, _ := strings.Cut(strings.TrimSpace(user), "\n")
	if f.UserID, err = strconv.Atoi(id); err != nil {
		return f, fmt.Errorf("read the user id on %s: %w", s.config.Address, err)
	}
	f.IsRoot = f.UserID == 0
	f.SudoWorks = f.IsRoot || sudo != ""
	asked := time.Now()
	said, err := s.ask(ctx, learn, s.config.Sudo)
	if err != nil {
		return f, err
	}
	f.read(said, asked.Add(time.Since(asked)/2))
	return f, nil
}

// read takes the facts out of what learn printed at about the time now.
func (f *Facts) read(said string, now time.Time) {
	space := map[string][2]int64{}
	for line := range strings.Lines(said) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if place, ok := strings.CutPrefix(name, "space "); ok {
			var total, free int64
			if n, _ := fmt.Sscan(value, &total, &free); n == 2 { // the heading has no numbers
				space[place] = [2]int64{total << 10, free << 10}
			}
			continue
		}
		switch name {
		case "clock":
			if seconds, err := strconv.ParseInt(value, 10, 64); err == nil {
				f.ClockSkew = time.Unix(seconds, 0).Sub(now).Round(time.Second)
			}
		case "hostname":
			f.Hostname = value
		case "kernel":
			f.Kernel = value
		case "machine":
			f.Arch = goArch(value)
		case "os":
			f.OS = value
		case "restic":
			f.Restic = value
		case "compose":
			f.Compose = value
		case "engine":
			f.Engine = value
		case "allowed":
			f.EngineAllowed = true
		case "mount":
			f.mounted(value)
		}
	}
	for i, m := range f.Mounts {
		f.Mounts[i].Total, f.Mounts[i].Free = space[m.Path][0], space[m.Path][1]
	}
}

// mounted adds a mount unless it holds nobody's data.
func (f *Facts) mounted(line string) {
	fields := strings.Fields(line)
	if len(fields) != 3 {
		return
	}
	m := Mount{Device: unescape(fields[0]), Path: unescape(fields[1]), Type: fields[2]}
	switch m.Type {
	case "proc", "sysfs", "devtmpfs", "devpts", "cgroup", "cgroup2", "mqueue", "debugfs", "tracefs", "securityfs", "pstore",
		"bpf", "configfs", "fusectl", "hugetlbfs", "autofs", "binfmt_misc", "efivarfs", "rpc_pipefs", "nsfs", "ramfs", "overlay",
		"squashfs", "fuse.portal", "fuse.gvfsd-fuse", "fuse.lxcfs":
		return
	}
	f.Mounts = append(f.Mounts, m)
}

// unescape undoes what /proc/mounts does to blanks.
func unescape(text string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(text)
}

// goArch is what Go calls an architecture that uname names.
func goArch(machine string) string {
	switch machine {
	case "x86_64", "amd64":
		return "amd64"
	case "aarch64", "arm64":
		return "arm64"
	case "i386", "i686":
		return "386"
	case "armv6l", "armv7l", "armv8l":
		return "arm"
	}
	return machine
}
