package docker

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"

	"keepstead/model"
)

// Remap says how an app becomes a second one beside the first, under another name, sharing nothing with it that either
// could spoil: every volume and network gets a name of its own, fixed addresses are dropped.
type Remap struct {
	From, To string // names of the projects, or of a lone container
	Folder   string // the new project's folder on the host, for its labels; its compose file is ComposeName in there
	// Containers are the names of the app's containers. Others that they refer to, such as a VPN's, stay; with nil all are
	// taken for the app's.
	Containers []string
	// Binds maps host paths of bind mounts, or folders above them, to new ones. A path that is mapped to itself stays as it
	// is; so does one that is read-only or the system's. Any other must be mapped.
	Binds map[string]string
	// Volumes and Networks map names; one that is not named gets the name that VolumeName and NetworkName say.
	Volumes  map[string]string
	Networks map[string]string
	// Ports maps published ports of the host; 0 publishes it no more. One that is not named gets a free one, anew at each
	// start.
	Ports map[int]int
	// Isolated says that the networks have no way out.
	Isolated bool
}

// ComposeName is the compose file of a project that Keepstead made.
const ComposeName = "compose.yaml"

// ContainerName is the new name of a container of the project. The separators of both generations of compose stay.
func (r Remap) ContainerName(name string) string { return r.rename(name, "-") }

// VolumeName is the new name of a volume.
func (r Remap) VolumeName(name string) string {
	if to, ok := r.Volumes[name]; ok {
		return to
	}
	if anonymous.MatchString(name) {
		return r.To + "_" + name[:12]
	}
	return r.rename(name, "_")
}

// NetworkName is the new name of a network. Those that every engine has stay, except that one without a way out cannot be
// the engine's own bridge.
func (r Remap) NetworkName(name string) string {
	isolated := name == network.NetworkBridge && r.Isolated
	to, ok := r.Networks[name]
	switch {
	case predefined(name) && !isolated:
		return name
	case ok:
		return to
	case isolated:
		return r.To + "_default"
	}
	return r.rename(name, "_")
}

func (r Remap) rename(name, separator string) string {
	if name == r.From {
		return r.To
	}
	for _, sep := range []string{"_", "-"} {
		if rest, ok := strings.CutPrefix(name, r.From+sep); ok && r.From != "" {
			return r.To + sep + rest
		}
	}
	return r.To + separator + name
}

// BindPath is the new path of a bind mount on the host.
func (r Remap) BindPath(source string, readOnly bool) (string, error) {
	best := ""
	for from := range r.Binds {
		if model.Within(source, from) && len(from) > len(best) {
			best = from
		}
	}
	switch {
	case best != "":
		return path.Join(r.Binds[best], strings.TrimPrefix(path.Clean(source), path.Clean(best))), nil
	case readOnly, SystemPath(source):
		return source, nil
	}
	return "", fmt.Errorf("the folder %s has no new place: the copy would write to the same files as the first", source)
}

// Volume describes the new volume: always one of the engine's own, since options that lead elsewhere would lead to the
// data of the first.
func (r Remap) Volume(v model.ContentVolume) model.ContentVolume {
	v.Name, v.Driver, v.Options = r.VolumeName(v.Name), localDriver, nil
	v.Anonymous = false
	v.Labels = r.labels(v.Labels)
	v.Source, v.Path = "", ""
	return v
}

// Network describes the new network: with addresses that the engine chooses, and a bridge where the first one used a
// device of the host, which cannot be shared.
func (r Remap) Network(n model.ContentNetwork) model.ContentNetwork {
	n.Name, n.Subnets, n.External = r.NetworkName(n.Name), nil, false
	n.Ranges, n.Aux, n.IPAMDriver, n.IPAMOptions = nil, nil, "", nil
	n.Labels = r.labels(n.Labels)
	n.Internal = n.Internal || r.Isolated
	if n.Driver != network.NetworkBridge {
		n.Driver, n.Options = network.NetworkBridge, nil
	}
	n.Options = without(n.Options, "com.docker.network.bridge.name", "com.docker.network.bridge.default_bridge",
		"com.docker.network.bridge.host_binding_ipv4")
	return n
}

// AllNetworks lists the networks that the new containers need, from those that the old ones had.
func (r Remap) AllNetworks(old []model.ContentNetwork, specs []model.ContainerSpec) ([]model.ContentNetwork, error) {
	known := map[string]bool{}
	var out []model.ContentNetwork
	add := func(n model.ContentNetwork) {
		if !known[n.Name] && !predefined(n.Name) {
			known[n.Name] = true
			out = append(out, n)
		}
	}
	for _, n := range old {
		add(r.Network(n))
	}
	for _, s := range specs {
		p, err := unpack(s)
		if err != nil {
			return nil, err
		}
		for _, name := range sortedKeys(p.networks) {
			add(r.Network(model.ContentNetwork{Name: name, Driver: network.NetworkBridge}))
		}
	}
	return out, nil
}

// Spec describes the new container.
func (r Remap) Spec(spec model.ContainerSpec) (model.ContainerSpec, error) {
	p, err := unpack(spec)
	if err != nil {
		return spec, err
	}
	if r.Isolated && p.host.NetworkMode.IsHost() {
		return spec, fmt.Errorf("container %s uses the host's own network, so it cannot be cut off from it", spec.Name)
	}
	old := spec.Name
	spec.Name = r.ContainerName(old)
	if p.config.Hostname == old {
		p.config.Hostname = spec.Name
	}
	p.config.Labels = r.labels(p.config.Labels)
	p.eachReference(r.other)
	p.host.Links = r.links(p.host.Links)
	for i, from := range p.host.VolumesFrom {
		name, mode, has := strings.Cut(from, ":")
		if p.host.VolumesFrom[i] = r.other(name); has {
			p.host.VolumesFrom[i] += ":" + mode
		}
	}
	p.host.VolumeDriver = ""
	if err := r.mounts(p.host); err != nil {
		return spec, fmt.Errorf("container %s: %w", old, err)
	}
	if p.host.PortBindings, err = r.ports(p.host.PortBindings); err != nil {
		return spec, fmt.Errorf("container %s: %w", old, err)
	}
	r.connect(&p, old)
	return p.pack(spec)
}

// other is the name of a container that one refers to.
func (r Remap) other(name string) string {
	if r.Containers != nil && !slices.Contains(r.Containers, name) {
		return name
	}
	return r.ContainerName(name)
}

func (r Remap) links(links []string) []string {
	var out []string
	for _, l := range links {
		name, alias, ok := strings.Cut(l, ":")
		if !ok {
			alias = name
		}
		out = append(out, r.other(name)+":"+alias)
	}
	return out
}

func (r Remap) mounts(h *container.HostConfig) error {
	var err error
	for i, s := range h.Binds {
		b := parseBind(s)
		switch {
		case b.volume():
			b.source = r.VolumeName(b.source)
		case b.source != "":
			if b.source, err = r.BindPath(b.source, b.readOnly()); err != nil {
				return err
			}
		}
		h.Binds[i] = b.String()
	}
	for i := range h.Mounts {
		m := &h.Mounts[i]
		switch {
		case m.Type == mount.TypeVolume && m.Source != "":
			m.Source = r.VolumeName(m.Source)
			if m.VolumeOptions != nil {
				m.VolumeOptions.DriverConfig = nil
			}
		case m.Type == mount.TypeBind:
			if m.Source, err = r.BindPath(m.Source, m.ReadOnly); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r Remap) ports(old network.PortMap) (network.PortMap, error) {
	if old == nil {
		return nil, nil
	}
	out := network.PortMap{}
	for inside, bindings := range old {
		for _, b := range bindings {
			from, _, _ := strings.Cut(b.HostPort, "-")
			n := 0
			if from != "" {
				var err error
				if n, err = strconv.Atoi(from); err != nil {
					return nil, fmt.Errorf("the published port %q is not a number", b.HostPort)
				}
			}
			to, named := r.Ports[n]
			switch {
			case !named:
				b.HostPort = ""
			case to == 0:
				continue
			default:
				b.HostPort = strconv.Itoa(to)
			}
			if b.HostIP.IsValid() && b.HostIP.IsUnspecified() {
				b.HostIP = netip.Addr{}
			}
			out[inside] = append(out[inside], b)
		}
	}
	return out, nil
}

// connect moves the container to the new networks. There it answers to its old name too, by which others of the app may
// call it.
func (r Remap) connect(p *parts, old string) {
	nets := map[string]*network.EndpointSettings{}
	mode := string(p.host.NetworkMode)
	if mode == network.NetworkDefault || mode == "" {
		mode = network.NetworkBridge
	}
	for name, end := range p.networks {
		to := r.NetworkName(name)
		end.IPAMConfig, end.MacAddress = nil, nil
		end.Links = r.links(end.Links)
		if !predefined(to) {
			end.Aliases = distinct(append(end.Aliases, old))
		}
		nets[to] = end
	}
	p.networks = nets
	if !p.host.NetworkMode.IsContainer() {
		p.host.NetworkMode = container.NetworkMode(r.NetworkName(mode))
	}
}
