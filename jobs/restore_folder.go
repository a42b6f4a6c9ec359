package jobs

import (
	"context"
	"os"
	"path"
	"strings"

	"keepstead/docker"
	"keepstead/model"
)

// RestoreFolder proposes where the files of a snapshot go on a device when they are not to replace what is there: beside
// the folder they come from, under a name with the stamp, or in a home where that cannot be or may not be written. It
// looks at this machine alone; another one is not asked for a proposal.
func (m *Manager) RestoreFolder(ctx context.Context, s model.Snapshot, on model.Device, stamp string) string {
	name := "-restored-" + stamp
	home := path.Join(m.home(on), "restored-"+stamp)
	source := sourceFolder(s)
	switch {
	case source == "":
		return home
	case on.Kind == model.DeviceSSH:
		if asRoot(on) || model.Within(source, "/home/"+on.SSHUser) && path.Dir(source) != "/home" {
			return source + name
		}
		return home
	}
	files, err := m.files(ctx, on.ID)
	if err != nil || canWrite(files, path.Dir(source)) != nil {
		return home
	}
	return source + name
}

// sourceFolder is the first folder or file of a snapshot that something can be laid beside: the project's folder of an
// app made of containers, whose volumes lie among the engine's own files.
func sourceFolder(s model.Snapshot) string {
	paths := s.Paths
	if s.Contents != nil {
		paths = []string{s.Contents.WorkingDir}
		for _, v := range s.Contents.Volumes {
			if v.Kind == model.MountBind && v.In != "" {
				paths = append(paths, v.Source)
			}
		}
	}
	for _, p := range paths {
		if p = path.Clean(p); path.IsAbs(p) && path.Dir(p) != "/" && p != "/" && !docker.SystemPath(p) {
			return p
		}
	}
	return ""
}

// asRoot says that commands on a device over SSH run as root.
func asRoot(d model.Device) bool {
	return d.Sudo || d.SSHUser == "root" || d.Facts != nil && d.Facts.Root
}

// home is the folder of the user that works on a device; on this machine not Keepstead's own, which takes no restore.
func (m *Manager) home(d model.Device) string {
	if d.Kind == model.DeviceSSH {
		if d.SSHUser == "root" || d.Facts != nil && d.Facts.Root {
			return "/root"
		}
		return "/home/" + strings.ReplaceAll(d.SSHUser, "/", "_")
	}
	if dir, err := os.UserHomeDir(); err == nil && path.IsAbs(dir) && dir != "/" && !model.Within(dir, m.Dir) {
		return dir
	}
	return "/srv"
}
