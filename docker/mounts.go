package docker

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"keepstead/model"
)

// facts are what decides over a mount.
type facts struct {
	mount   model.FoundMount
	options map[string]string // of a volume's driver
	targets []string          // where it appears in containers
	shared  int               // how many other apps use it
	root    string            // the engine's own folder
	boxed   bool              // Keepstead runs in a container
	own     bool              // it is Keepstead's own data
	folder  string            // where the project has its compose file; empty for none
	seen    sight
}

// verdict is a role with its reason, a sentence that is empty for plain data.
type verdict struct {
	role model.MountRole
	why  string
}

func left(why string) verdict { return verdict{model.RoleLeft, why} }

// judge says what becomes of a mount in a backup. A person's choice comes later, and over it.
func (f facts) judge() verdict {
	if v := f.byName(); v.role != "" {
		return v
	}
	if v := f.byReach(); v.role != "" {
		return v
	}
	if v := f.byType(); v.role != "" {
		return v
	}
	return f.bySize()
}

// byName judges what can be told without a look at the disk.
func (f facts) byName() verdict {
	if f.own {
		return left("It is Keepstead's own data, which Keepstead backs up in its own way.")
	}
	if f.mount.Kind == model.MountVolume {
		if f.options["type"] == "tmpfs" {
			return left("The volume lives in memory and is empty after a restart.")
		}
		return verdict{}
	}
	if v := engineFolder(f.mount.Source, f.root); v.role != "" {
		return v
	}
	if v := systemPath(f.mount.Source); v.role != "" {
		return v
	}
	// Most places inside belong to the image: /usr/src/app may hold the app's data.
	for _, p := range f.targets {
		if slices.ContainsFunc(insideSystem(), func(top string) bool { return model.Within(p, top) }) {
			return systemPath(p)
		}
	}
	return hostFolder(f.mount.Source, f.mount.ReadOnly)
}

// insideSystem are places where only the machine's own files make sense, whatever they are called on the host.
func insideSystem() []string {
	return []string{"/proc", "/sys", "/dev", "/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo", "/tmp/.X11-unix"}
}

// removable is where desktops mount disks, in the middle of folders that hold no data.
const removable = "/run/media"

// systemPath knows the paths that belong to the machine and not to an app.
func systemPath(p string) verdict {
	const (
		kernel  = "It is the kernel's own view of the machine, not data."
		running = "It holds sockets and state of the running system and is empty after a restart."
		clock   = "The time zone comes with the system."
		names   = "Names and users of the host come with the system."
		modules = "The kernel and its modules come with the system."
		program = "Programs and libraries come with the system."
		screen  = "It is the way to the screen, not data."
		graphic = "It is part of the graphics driver."
		certs   = "Certificates of public authorities come with the system."
	)
	if p == "/" {
		return left("It is the whole file system of the host. Back up the folders that hold data as an app of their own.")
	}
	if model.Within(p, removable) && p != removable {
		return verdict{}
	}
	for _, r := range []struct {
		why  string
		tops []string
	}{
		{kernel, []string{"/proc", "/sys", "/dev", "/cgroup", "/var/lib/lxcfs"}},
		{running, []string{"/run", "/var/run", "/var/lib/dbus"}},
		{clock, []string{"/etc/localtime", "/etc/timezone", "/usr/share/zoneinfo"}},
		{names, []string{
			"/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/subuid",
			"/etc/subgid", "/etc/machine-id", "/etc/os-release", "/usr/lib/os-release", "/etc/nsswitch.conf", "/etc/sudoers",
		}},
		{modules, []string{"/boot", "/lib/modules", "/usr/lib/modules", "/lib/firmware", "/usr/lib/firmware", "/usr/src"}},
		{screen, []string{"/tmp/.X11-unix", "/tmp/.ICE-unix", "/tmp/.XIM-unix"}},
		{graphic, []string{"/usr/local/nvidia", "/usr/local/cuda", "/opt/vc", "/opt/rocm", "/usr/share/vulkan", "/usr/share/glvnd"}},
		{certs, []string{"/etc/ssl/certs", "/etc/ca-certificates", "/usr/share/ca-certificates", "/etc/pki"}},
		{program, []string{"/bin", "/sbin", "/lib", "/lib32", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec"}},
	} {
		if slices.ContainsFunc(r.tops, func(top string) bool { return model.Within(p, top) }) {
			return left(r.why)
		}
	}
	switch base := path.Base(p); {
	case base == ".Xauthority":
		return left(screen)
	case p == "/tmp", p == "/var/tmp":
		return left("It holds temporary files of the host.")
	case strings.HasSuffix(base, ".sock"):
		return left("It is a socket, not data.")
	case p == "/usr/local/bin/docker", p == "/usr/local/bin/docker-compose":
		return left(program)
	}
	return verdict{}
}

// engineFolder knows what belongs to container engines. A volume's folder, mounted by its path, is data.
func engineFolder(p, root string) verdict {
	for _, top := range []string{root, "/var/lib/docker"} {
		rest, below := strings.CutPrefix(p, path.Join(top, "volumes")+"/")
		switch {
		case below && rest != "":
			return verdict{}
		case top != "" && model.Within(p, top):
			return left("It is Docker's own folder. Volumes are backed up with the apps that use them.")
		}
	}
	for _, top := range []string{"/var/lib/containerd", "/var/lib/containers", "/var/lib/kubelet", "/var/lib/rancher", "/var/snap/docker"} {
		if model.Within(p, top) {
			return left("It is the own folder of a container engine.")
		}
	}
	return verdict{}
}

// hostFolder knows folders of the host that containers look into: to watch it, mostly.
func hostFolder(p string, readOnly bool) verdict {
	switch {
	case readOnly && (p == "/var/log" || p == "/var/log/journal"):
		return left("They are the host's own logs, which the app only reads.")
	case slices.Contains([]string{"/etc", "/usr", "/var", "/var/lib", "/var/cache"}, p):
		if readOnly {
			return left("It is a folder of the host's system, which the app only reads.")
		}
		return verdict{model.RoleAsk, "It is a whole folder of the host's system. Choose whether it belongs to this app."}
	}
	return verdict{}
}

// byReach judges what Keepstead cannot read.
func (f facts) byReach() verdict {
	lost := func(format string, args ...any) verdict {
		return verdict{model.RoleLost, fmt.Sprintf(format, args...)}
	}
	m := f.mount
	switch {
	case m.Source == "":
		return lost("The driver %s does not tell where it keeps this volume.", m.Driver)
	case m.Path == "":
		add := m.Source
		if volumes := path.Join(f.root, "volumes"); m.Kind == model.MountVolume && model.Within(m.Source, volumes) {
			add = volumes // all of them at once
		}
		return lost("Keepstead's container does not see %s. Add the volume %s:%s to it.", m.Source, add, add)
	case !f.seen.answered:
		return lost("%s does not answer. It may be on a disk or a network share that is away.", m.Source)
	case errors.Is(f.seen.err, errLeadsOut):
		return lost("%s is a symbolic link to a place that Keepstead's container does not see.", m.Source)
	case errors.Is(f.seen.err, fs.ErrNotExist):
		return lost("There is nothing at %s%s.", m.Source, map[bool]string{true: " that Keepstead's container could see"}[f.boxed])
	case errors.Is(f.seen.err, fs.ErrPermission):
		return lost("Keepstead may not read %s. Run it as root.", m.Source)
	case f.seen.err != nil:
		return lost("%s cannot be read: its file system reports an error.", m.Source)
	case f.remote() && !f.seen.mounted:
		return lost("It is a network share that Docker mounts only while a container uses it, and Keepstead does not see it now.")
	}
	return verdict{}
}

// remote says that a volume of the local driver is a mount that comes and goes with its containers.
func (f facts) remote() bool {
	return f.mount.Kind == model.MountVolume && f.mount.Driver == "local" && f.options["device"] != "" && bindOf(f.options) == ""
}

// bindOf is the host path that a volume of the local driver stands for; empty where it is none.
func bindOf(options map[string]string) string {
	for o := range strings.SplitSeq(options["o"], ",") {
		if (o == "bind" || o == "rbind") && path.IsAbs(options["device"]) {
			return path.Clean(options["device"])
		}
	}
	return ""
}

// byType judges by what is there.
func (f facts) byType() verdict {
	switch mode := f.seen.mode; {
	case mode&fs.ModeSocket != 0:
		return left("It is a socket, not data.")
	case mode&fs.ModeNamedPipe != 0:
		return left("It is a pipe, not data.")
	case mode&fs.ModeDevice != 0:
		return left("It is a device, not data.")
	case mode.IsRegular() && f.mount.ReadOnly && model.Within(f.mount.Source, "/etc") && !f.beside():
		return left("It is a setting of the host, which the app only reads.")
	case mode.IsRegular() && slices.ContainsFunc(f.targets, func(t string) bool { return strings.Contains(path.Base(t), "libnvidia") }):
		return left("It is part of the graphics driver.")
	}
	return verdict{}
}

// beside says that a path lies with the compose file of its project, so that it is the app's own. A compose file directly
// in /etc makes nothing there the app's.
func (f facts) beside() bool {
	return path.IsAbs(f.folder) && !model.Within("/etc", f.folder) && model.Within(f.mount.Source, f.folder)
}

// media are names of folders that hold films, music and the like: large, shared, and seldom meant to be backed up by
// each app that plays them.
func media(p string) bool {
	return slices.Contains([]string{
		"media", "movies", "movie", "films", "film", "tv", "shows", "series", "tvshows", "anime", "videos", "video", "music", "audiobooks",
		"podcasts", "downloads", "torrents", "usenet", "comics", "roms",
	}, strings.ToLower(path.Base(p)))
}

// bySize judges what is data by how much it is.
func (f facts) bySize() verdict {
	if f.mount.Kind == model.MountBind && f.mount.ReadOnly && f.shared > 0 && f.seen.mode.IsDir() {
		if slices.ContainsFunc(append([]string{f.mount.Source}, f.targets...), media) {
			return verdict{model.RoleAsk, "The app only reads this folder, and other apps use it too. Choose whether it belongs to this backup."}
		}
	}
	c := f.seen.count
	switch {
	case !f.counts():
	case !c.done:
		return verdict{model.RoleAsk, Counting}
	case c.over:
		return verdict{model.RoleAsk, fmt.Sprintf("It holds more than %s or %s files. Choose whether to back it up.",
			humanize.IBytes(maxBytes), humanize.Comma(maxEntries))}
	case c.gaveUp:
		return verdict{model.RoleAsk, fmt.Sprintf("It holds more than Keepstead could count in a while (%s so far). Choose whether to back it up.",
			humanize.IBytes(uint64(c.bytes)))}
	}
	return verdict{role: model.RoleData}
}

// counts says whether the size of a mount matters: of host folders and network shares, which may hold anything.
func (f facts) counts() bool {
	return f.seen.mode.IsDir() && (f.mount.Kind == model.MountBind || f.remote() || bindOf(f.options) != "" || f.mount.Driver != "local")
}

// Counting is why a mount is asked about only because it has not been counted yet.
const Counting = "Keepstead is still counting what is in it."
