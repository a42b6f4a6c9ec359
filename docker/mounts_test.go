package docker

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"keepstead/model"
)

// bindAt is a folder of the host that was looked at and counted.
func bindAt(source, target string, change ...func(*facts)) facts {
	f := facts{
		mount:   model.FoundMount{Kind: model.MountBind, Source: source, Path: source},
		targets: []string{target}, root: "/var/lib/docker",
		seen: sight{answered: true, path: source, mode: fs.ModeDir | 0o755, count: count{done: true, bytes: 1 << 20, entries: 10}},
	}
	for _, c := range change {
		c(&f)
	}
	return f
}

func volumeAt(name string, change ...func(*facts)) facts {
	return bindAt("/var/lib/docker/volumes/"+name+"/_data", "/data", append([]func(*facts){func(f *facts) {
		f.mount.Kind, f.mount.Name, f.mount.Driver = model.MountVolume, name, "local"
		f.seen.count = count{}
	}}, change...)...)
}

func readOnly(f *facts) { f.mount.ReadOnly = true }
func unseen(f *facts)   { f.mount.Path, f.seen = "", sight{} }
func aFile(f *facts)    { f.seen.mode, f.seen.count = 0o644, count{} }

func mode(m fs.FileMode) func(*facts) { return func(f *facts) { f.seen.mode = m } }
func failed(err error) func(*facts)   { return func(f *facts) { f.seen.err = err } }
func counted(c count) func(*facts)    { return func(f *facts) { f.seen.count = c } }
func shared(n int) func(*facts)       { return func(f *facts) { f.shared = n } }

func inFolder(folder string) func(*facts) { return func(f *facts) { f.folder = folder } }

func options(driver string, o ...string) func(*facts) {
	return func(f *facts) {
		f.mount.Driver, f.options = driver, map[string]string{}
		for _, one := range o {
			key, value, _ := strings.Cut(one, "=")
			f.options[key] = value
		}
	}
}

func TestWhatBecomesOfAMount(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		f    facts
		want model.MountRole
		why  string // a part of it
	}{
		// What containers are given of the machine they run on.
		{"the engine's socket", bindAt("/var/run/docker.sock", "/var/run/docker.sock", readOnly), model.RoleLeft, "sockets"},
		{"the engine's socket, elsewhere", bindAt("/mnt/x/docker.sock", "/tmp/docker.sock", mode(fs.ModeSocket|0o660)), model.RoleLeft, "socket"},
		{"a socket that is away", bindAt("/opt/app/php.sock", "/php.sock", unseen), model.RoleLeft, "socket"},
		{"podman's socket", bindAt("/run/user/1000/podman/podman.sock", "/var/run/docker.sock"), model.RoleLeft, "sockets"},
		{"D-Bus", bindAt("/run/dbus", "/run/dbus", readOnly), model.RoleLeft, "sockets"},
		{"D-Bus's own folder", bindAt("/var/lib/dbus/machine-id", "/var/lib/dbus/machine-id", aFile), model.RoleLeft, "sockets"},
		{"the udev database", bindAt("/run/udev", "/run/udev", readOnly), model.RoleLeft, "sockets"},
		{"/proc for an exporter", bindAt("/proc", "/host/proc", readOnly), model.RoleLeft, "kernel"},
		{"/sys for an exporter", bindAt("/sys", "/host/sys", readOnly), model.RoleLeft, "kernel"},
		{"cgroups", bindAt("/sys/fs/cgroup", "/sys/fs/cgroup"), model.RoleLeft, "kernel"},
		{"something over /proc", bindAt("/srv/fake/uptime", "/proc/uptime"), model.RoleLeft, "kernel"},
		{"lxcfs", bindAt("/var/lib/lxcfs/proc/meminfo", "/proc/meminfo", aFile), model.RoleLeft, "kernel"},
		{"the graphics device", bindAt("/dev/dri", "/dev/dri"), model.RoleLeft, "kernel"},
		{"a serial port by a link", bindAt("/dev/serial/by-id/usb-zigbee", "/dev/ttyACM0", mode(fs.ModeDevice|fs.ModeCharDevice)), model.RoleLeft, "kernel"},
		{"shared memory", bindAt("/dev/shm", "/dev/shm"), model.RoleLeft, "kernel"},
		{"the clock", bindAt("/etc/localtime", "/etc/localtime", readOnly, aFile), model.RoleLeft, "time zone"},
		{"the clock from zoneinfo", bindAt("/usr/share/zoneinfo/Europe/Berlin", "/etc/localtime", readOnly, aFile), model.RoleLeft, "time zone"},
		{"the clock from a copy", bindAt("/srv/app/localtime", "/etc/localtime", readOnly, aFile), model.RoleLeft, "time zone"},
		{"the time zone's name", bindAt("/etc/timezone", "/etc/timezone", readOnly, aFile), model.RoleLeft, "time zone"},
		{"the host's users", bindAt("/etc/passwd", "/etc/passwd", readOnly, aFile), model.RoleLeft, "users"},
		{"the host's groups, writable", bindAt("/etc/group", "/etc/group", aFile), model.RoleLeft, "users"},
		{"the host's names", bindAt("/etc/hosts", "/etc/hosts", aFile), model.RoleLeft, "Names"},
		{"the machine's id", bindAt("/etc/machine-id", "/etc/machine-id", readOnly, aFile), model.RoleLeft, "Names"},
		{"public authorities", bindAt("/etc/ssl/certs", "/etc/ssl/certs", readOnly), model.RoleLeft, "authorities"},
		{"kernel modules", bindAt("/lib/modules", "/lib/modules", readOnly), model.RoleLeft, "kernel"},
		{"kernel sources", bindAt("/usr/src", "/usr/src", readOnly), model.RoleLeft, "kernel"},
		{"/boot", bindAt("/boot", "/boot", readOnly), model.RoleLeft, "kernel"},
		{"the docker program", bindAt("/usr/bin/docker", "/usr/bin/docker", readOnly, aFile), model.RoleLeft, "Programs"},
		{"the graphics driver", bindAt("/usr/lib/x86_64-linux-gnu/libcuda.so", "/usr/lib/x86_64-linux-gnu/libcuda.so", aFile), model.RoleLeft, "Programs"},
		{"the Raspberry Pi's graphics", bindAt("/opt/vc/lib", "/opt/vc/lib"), model.RoleLeft, "graphics"},
		{"the screen", bindAt("/tmp/.X11-unix", "/tmp/.X11-unix"), model.RoleLeft, "screen"},
		{"the key to the screen", bindAt("/home/me/.Xauthority", "/root/.Xauthority", aFile), model.RoleLeft, "screen"},
		{"the whole host", bindAt("/", "/host", readOnly), model.RoleLeft, "whole"},
		{"the engine's folder", bindAt("/var/lib/docker", "/var/lib/docker", readOnly), model.RoleLeft, "Docker's own"},
		{"the engine's logs", bindAt("/var/lib/docker/containers", "/var/lib/docker/containers", readOnly), model.RoleLeft, "Docker's own"},
		{"all volumes", bindAt("/var/lib/docker/volumes", "/volumes"), model.RoleLeft, "Docker's own"},
		{"the engine's folder elsewhere", bindAt("/mnt/ssd/docker/overlay2", "/x", func(f *facts) { f.root = "/mnt/ssd/docker" }), model.RoleLeft, "Docker's own"},
		{"containerd's folder", bindAt("/var/lib/containerd", "/c"), model.RoleLeft, "container engine"},
		{"the host's logs", bindAt("/var/log", "/var/log", readOnly), model.RoleLeft, "logs"},
		{"the host's settings, read", bindAt("/etc", "/host/etc", readOnly), model.RoleLeft, "only reads"},
		{"one setting of the host", bindAt("/etc/os-release", "/etc/os-release", readOnly, aFile), model.RoleLeft, "system"},
		{"another setting of the host", bindAt("/etc/snmp.conf", "/etc/snmp.conf", readOnly, aFile), model.RoleLeft, "setting"},
		{"a setting beside the compose file", bindAt("/etc/docker/compose/app/nginx.conf", "/etc/nginx/nginx.conf", readOnly, aFile, inFolder("/etc/docker/compose/app")), model.RoleData, ""},
		{"a setting beside another compose file", bindAt("/etc/docker/daemon.json", "/d.json", readOnly, aFile, inFolder("/etc/docker/compose/app")), model.RoleLeft, "setting"},
		{"a setting beside a compose file in /etc", bindAt("/etc/snmp.conf", "/etc/snmp.conf", readOnly, aFile, inFolder("/etc")), model.RoleLeft, "setting"},
		{"temporary files of the host", bindAt("/tmp", "/tmp"), model.RoleLeft, "temporary"},
		{"a pipe", bindAt("/srv/app/pipe", "/pipe", mode(fs.ModeNamedPipe)), model.RoleLeft, "pipe"},
		{"a disk", bindAt("/srv/disk0", "/disk", mode(fs.ModeDevice)), model.RoleLeft, "device"},
		{"Keepstead's own data", bindAt("/srv/keepstead", "/data", func(f *facts) { f.own = true }), model.RoleLeft, "own data"},

		// What is data.
		{"a folder beside the compose file", bindAt("/srv/app/data", "/data"), model.RoleData, ""},
		{"the compose file's folder", bindAt("/srv/app", "/app"), model.RoleData, ""},
		{"a program's data in its sources", bindAt("/srv/app/media", "/usr/src/paperless/media"), model.RoleData, ""},
		{"a program's data in a library folder", bindAt("/srv/unifi", "/usr/lib/unifi/data"), model.RoleData, ""},
		{"a config file, read-only", bindAt("/srv/app/nginx.conf", "/etc/nginx/nginx.conf", readOnly, aFile), model.RoleData, ""},
		{"a hosts file of the project's own", bindAt("/srv/app/hosts", "/etc/hosts", aFile), model.RoleData, ""},
		{"a secret", bindAt("/srv/app/db.txt", "/run/secrets/db", readOnly, aFile), model.RoleData, ""},
		{"a folder of settings", bindAt("/etc/pihole", "/etc/pihole"), model.RoleData, ""},
		{"Let's Encrypt, read-only", bindAt("/etc/letsencrypt", "/etc/letsencrypt", readOnly), model.RoleData, ""},
		{"a removable disk", bindAt("/run/media/me/disk", "/backup"), model.RoleData, ""},
		{"a home", bindAt("/home/me", "/home/me"), model.RoleData, ""},
		{"a folder of films that nobody shares", bindAt("/srv/movies", "/movies", readOnly), model.RoleData, ""},
		{"a shared folder that is written", bindAt("/srv/downloads", "/downloads", shared(3)), model.RoleData, ""},
		{"shared certificates", bindAt("/srv/certs", "/certs", readOnly, shared(3)), model.RoleData, ""},
		{"a volume mounted by its path", bindAt("/var/lib/docker/volumes/other/_data", "/other"), model.RoleData, ""},
		{"a volume", volumeAt("db"), model.RoleData, ""},
		{"a volume that two apps share", volumeAt("uploads", shared(1)), model.RoleData, ""},
		{"a volume that stands for a folder", volumeAt("b", options("local", "type=none", "o=bind", "device=/srv/b"), counted(count{done: true})), model.RoleData, ""},
		{"a network share that is mounted", volumeAt("n", options("local", "type=nfs", "o=addr=nas,rw", "device=:/export"), counted(count{done: true}), func(f *facts) { f.seen.mounted = true }), model.RoleData, ""},
		{"a volume of another driver", volumeAt("r", options("rclone", "remote=x"), counted(count{done: true})), model.RoleData, ""},

		// What a person decides.
		{"a huge folder", bindAt("/srv/photos", "/photos", counted(count{done: true, over: true})), model.RoleAsk, "50 GiB"},
		{"a folder without end", bindAt("/srv/many", "/many", counted(count{done: true, gaveUp: true, bytes: 3 << 30})), model.RoleAsk, "3.0 GiB"},
		{"a folder that is being counted", bindAt("/srv/slow", "/slow", counted(count{})), model.RoleAsk, "counting"},
		{"films that several apps play", bindAt("/mnt/pool/Movies", "/data", readOnly, shared(1)), model.RoleAsk, "other apps"},
		{"downloads by their place inside", bindAt("/mnt/pool/x", "/downloads", readOnly, shared(2)), model.RoleAsk, "other apps"},
		{"the host's settings, writable", bindAt("/etc", "/host/etc"), model.RoleAsk, "system"},
		{"a huge network share", volumeAt("n", options("local", "type=cifs", "device=//nas/all"), counted(count{done: true, over: true}), func(f *facts) { f.seen.mounted = true }), model.RoleAsk, "50 GiB"},

		// What Keepstead cannot have.
		{"a folder that its container does not see", bindAt("/srv/app", "/app", unseen), model.RoleLost, "/srv/app:/srv/app"},
		{"a volume that its container does not see", volumeAt("db", unseen), model.RoleLost, "Add the volume"},
		{"a folder that is gone", bindAt("/srv/gone", "/gone", failed(fs.ErrNotExist)), model.RoleLost, "nothing at /srv/gone"},
		{"a folder it may not read", bindAt("/srv/x", "/x", failed(fs.ErrPermission)), model.RoleLost, "root"},
		{"a disk with an error", bindAt("/srv/x", "/x", failed(errors.New("input/output error"))), model.RoleLost, "error"},
		{"a share that hangs", bindAt("/mnt/nas", "/nas", func(f *facts) { f.seen = sight{} }), model.RoleLost, "answer"},
		{"a link out of its container", bindAt("/srv/link", "/x", failed(errLeadsOut)), model.RoleLost, "symbolic link"},
		{"a network share that is not mounted", volumeAt("n", options("local", "type=nfs", "o=addr=nas", "device=:/export")), model.RoleLost, "network share"},
		{"a volume of a driver that tells nothing", volumeAt("p", options("rexray"), func(f *facts) { f.mount.Source, f.mount.Path = "", "" }), model.RoleLost, "rexray"},

		{"a volume in memory", volumeAt("t", options("local", "type=tmpfs", "device=tmpfs")), model.RoleLeft, "memory"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := c.f.judge()
			if got.role != c.want || !strings.Contains(got.why, c.why) || (got.why == "") != (c.want == model.RoleData) {
				t.Errorf("it is %s because %q; want %s, %q", got.role, got.why, c.want, c.why)
			}
			if got.why != "" && !strings.HasSuffix(got.why, ".") {
				t.Errorf("%q is no sentence", got.why)
			}
		})
	}
}
