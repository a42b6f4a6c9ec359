package docker

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"

	"keepstead/device"
	"keepstead/model"
)

// self is how Keepstead itself stands to the engine.
type self struct {
	// id is its container; empty where it runs in none of this engine's.
	id     string
	mounts []ownMount
	// boxed says that it runs in a container all the same, one that this engine does not know.
	boxed bool
}

// ownMount is a place where a path of the host appears in Keepstead's container.
type ownMount struct {
	host, here string
	readOnly   bool
}

// findSelf looks for the container that Keepstead runs in.
func (e *Engine) findSelf(ctx context.Context, files device.Files) (self, error) {
	candidates := containerIDs(files)
	for _, id := range candidates {
		in, err := e.api.ContainerInspect(ctx, id, client.ContainerInspectOptions{})
		if cerrdefs.IsNotFound(err) {
			continue
		}
		if err != nil {
			return self{}, err
		}
		s := self{id: in.Container.ID}
		for _, m := range in.Container.Mounts {
			if m.Type == mount.TypeBind || m.Type == mount.TypeVolume {
				s.mounts = append(s.mounts, ownMount{host: path.Clean(m.Source), here: path.Clean(m.Destination), readOnly: !m.RW})
			}
		}
		return s, nil
	}
	_, err := files.Stat("/.dockerenv")
	return self{boxed: err == nil}, nil
}

var (
	// mountedFrom matches the source of the files that an engine lays over /etc of its containers.
	mountedFrom = regexp.MustCompile(`/containers/([0-9a-f]{64})/(?:hostname|hosts|resolv\.conf)$`)
	// inGroup matches the control group of a container.
	inGroup = regexp.MustCompile(`(?m)[/-]([0-9a-f]{64})(?:\.scope)?$`)
	// shortID matches the name that an engine gives to a container's host by default.
	shortID = regexp.MustCompile(`^[0-9a-f]{12}$`)
)

// containerIDs lists what may be the id of the container that this process runs in, the surest first.
func containerIDs(files device.Files) []string {
	var out []string
	add := func(id string) {
		if id != "" && !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	mounts, err := files.ReadFile("/proc/self/mountinfo")
	if err == nil {
		for line := range strings.Lines(string(mounts)) {
			add(idOfMount(line))
		}
	}
	if groups, err := files.ReadFile("/proc/self/cgroup"); err == nil {
		for _, m := range inGroup.FindAllStringSubmatch(string(groups), -1) {
			add(m[1])
		}
	}
	if name, err := files.ReadFile("/etc/hostname"); err == nil && shortID.MatchString(strings.TrimSpace(string(name))) {
		add(strings.TrimSpace(string(name)))
	}
	return out
}

// idOfMount reads the id from a line of mountinfo, whose fields are: id, parent, device, path on its file system, mount
// point, and more.
func idOfMount(line string) string {
	fields := strings.Fields(line)
	if len(fields) < 5 || !slices.Contains([]string{"/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}, fields[4]) {
		return ""
	}
	if m := mountedFrom.FindStringSubmatch(fields[3]); m != nil {
		return m[1]
	}
	return ""
}

// HostPath returns the path under which Keepstead sees a path of the host: the same outside of a container, else by the
// container's own mounts. It is false where no mount shows it.
func (e *Engine) HostPath(p string) (string, bool) {
	if p == "" || !path.IsAbs(p) {
		return "", false
	}
	return e.self.see(path.Clean(p))
}

func (s self) see(p string) (string, bool) {
	if s.id == "" {
		return p, true
	}
	best := -1
	here := ""
	for i, m := range s.mounts {
		if !model.Within(p, m.host) || best >= 0 && len(m.host) <= len(s.mounts[best].host) {
			continue
		}
		// Something else may be mounted over the place.
		if at := path.Join(m.here, strings.TrimPrefix(p, strings.TrimSuffix(m.host, "/"))); s.over(at) == i {
			best, here = i, at
		}
	}
	return here, best >= 0
}

// over is the mount that shows what is at a path of Keepstead's own; -1 is the container's own file system.
func (s self) over(here string) int {
	best := -1
	for i, m := range s.mounts {
		if model.Within(here, m.here) && (best < 0 || len(m.here) > len(s.mounts[best].here)) {
			best = i
		}
	}
	return best
}

// readOnly says that Keepstead sees the path but cannot change what is there.
func (s self) readOnly(here string) bool {
	i := s.over(here)
	return i >= 0 && s.mounts[i].readOnly
}

var errLeadsOut = errors.New("it is a symbolic link out of what Keepstead's container sees")

// follow returns where the symbolic links of a path that Keepstead sees lead, as the engine follows them before it mounts.
// In a container an absolute link names a place of the host, so it is looked up there.
func (s self) follow(files device.Files, here string) (string, error) {
	real, err := files.Resolve(here)
	if s.id == "" {
		return real, err
	}
	switch there, ok := s.see(real); {
	case errors.Is(err, fs.ErrNotExist): // of a link; a path that is not there resolves to itself
		return here, errLeadsOut
	case err != nil:
		return here, err
	case real == here, s.over(real) >= 0 && s.over(real) == s.over(here):
		return real, nil
	case ok:
		return there, nil
	}
	return here, errLeadsOut
}
