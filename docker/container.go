package docker

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"keepstead/model"
)

// describe turns the engine's words for a container into ours. Name returns the name of the container with an id.
func (e *Engine) describe(c client.ContainerInspectResult, digests []string, name func(id string) string) (Container, error) {
	spec, err := Spec(c, name)
	if err != nil {
		return Container{}, fmt.Errorf("describe container %s: %w", c.Container.Name, err)
	}
	in := c.Container
	out := Container{
		ID: in.ID, Name: strings.TrimPrefix(in.Name, "/"), ImageID: in.Image, Image: in.Config.Image,
		Digest: digestOf(in.Config.Image, digests),
		Env:    environment(in.Config.Env), Cmd: in.Config.Cmd, Entrypoint: in.Config.Entrypoint,
		User: in.Config.User, WorkingDir: in.Config.WorkingDir, Labels: in.Config.Labels,
		Mounts: e.mountsOf(in), Tmpfs: tmpfsOf(in), Networks: networksOf(in), Ports: portsOf(in),
		DependsOn: dependsLabel(in.Config.Labels[composeDepends]), Spec: spec,
		OneOff:  strings.EqualFold(in.Config.Labels[composeOneOff], "true"),
		Passing: in.HostConfig.AutoRemove,
		Self:    e.self.id == in.ID,
	}
	out.CreatedAt = moment(in.Created)
	out.Service, out.Replica = out.Name, 1
	if service := out.Labels[composeService]; usable(service) && usable(out.Labels[composeProject]) {
		out.Service = service
	}
	if n, err := strconv.Atoi(out.Labels[composeNumber]); err == nil {
		out.Replica = n
	}
	if s := in.State; s != nil {
		out.State, out.Running, out.Paused, out.ExitCode = string(s.Status), s.Running, s.Paused, s.ExitCode
		out.StartedAt, out.FinishedAt, out.Health = moment(s.StartedAt), moment(s.FinishedAt), healthOf(s)
	}
	return out, nil
}

// moment is a time as the engine writes it; the zero time where it has none.
func moment(s string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() <= 1 {
		return time.Time{}
	}
	return t
}

func environment(list []string) map[string]string {
	out := map[string]string{}
	for _, entry := range list {
		key, value, _ := strings.Cut(entry, "=")
		out[key] = value
	}
	return out
}

// anonymous matches the names that the engine gives to volumes that nobody named.
var anonymous = regexp.MustCompile(`^[0-9a-f]{64}$`)

// mountsOf lists the volumes and host paths of a container, by their place inside.
func (e *Engine) mountsOf(in container.InspectResponse) []Mount {
	var out []Mount
	for _, m := range in.Mounts {
		kind := model.MountBind
		switch m.Type {
		case mount.TypeVolume:
			kind = model.MountVolume
		case mount.TypeBind:
		default:
			continue
		}
		one := Mount{
			Kind: kind, Name: m.Name, Driver: m.Driver, Destination: path.Clean(m.Destination), ReadOnly: !m.RW,
			Anonymous: kind == model.MountVolume && anonymous.MatchString(m.Name),
		}
		if m.Source != "" {
			one.Source = path.Clean(m.Source)
			one.Path, _ = e.HostPath(one.Source)
		}
		for _, asked := range in.HostConfig.Mounts {
			if path.Clean(asked.Target) == one.Destination && asked.VolumeOptions != nil {
				one.Subpath = asked.VolumeOptions.Subpath
			}
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b Mount) int { return cmp.Compare(a.Destination, b.Destination) })
	return out
}

// tmpfsOf lists the places of a container that live in memory.
func tmpfsOf(in container.InspectResponse) []string {
	out := slices.Collect(maps.Keys(in.HostConfig.Tmpfs))
	for _, m := range in.Mounts {
		if m.Type == mount.TypeTmpfs {
			out = append(out, m.Destination)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func networksOf(in container.InspectResponse) []string {
	if in.NetworkSettings == nil {
		return nil
	}
	return slices.Sorted(maps.Keys(in.NetworkSettings.Networks))
}

// portsOf lists the published ports: as they are while the container runs, else as they were asked for.
func portsOf(in container.InspectResponse) []Port {
	bindings := in.HostConfig.PortBindings
	if in.State != nil && in.State.Running && in.NetworkSettings != nil && len(in.NetworkSettings.Ports) > 0 {
		bindings = in.NetworkSettings.Ports
	}
	var out []Port
	for inside, hosts := range bindings {
		for _, b := range hosts {
			if p := portOf(inside, b); !slices.Contains(out, p) {
				out = append(out, p) // the same on IPv4 and IPv6 is one
			}
		}
	}
	slices.SortFunc(out, func(a, b Port) int {
		return cmp.Or(cmp.Compare(a.Container, b.Container), cmp.Compare(a.Protocol, b.Protocol), cmp.Compare(a.Host, b.Host), cmp.Compare(a.HostIP, b.HostIP))
	})
	return out
}

func portOf(inside network.Port, b network.PortBinding) Port {
	p := Port{Container: int(inside.Num()), Protocol: string(inside.Proto())}
	if b.HostIP.IsValid() && !b.HostIP.IsUnspecified() {
		p.HostIP = b.HostIP.String()
	}
	p.Host, _ = strconv.Atoi(b.HostPort) // empty where the engine chooses at the start
	return p
}

// dependsLabel reads compose's label of a service's dependencies: db:service_healthy:false,redis:service_started:true.
func dependsLabel(label string) []string {
	var out []string
	for entry := range strings.SplitSeq(label, ",") {
		name, _, _ := strings.Cut(entry, ":")
		if name = strings.TrimSpace(name); usable(name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
