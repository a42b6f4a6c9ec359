package docker

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"keepstead/model"
)

// parts is a model.ContainerSpec with its JSON opened.
type parts struct {
	config   *container.Config
	host     *container.HostConfig
	networks map[string]*network.EndpointSettings
}

// Spec describes a container so that Create makes the same again, on another engine too. What the engine itself made up
// is left out: ids, generated names of hosts, addresses. An anonymous volume is named, so that its data comes back.
// Name returns the name of the container with an id, or what it was given where there is none.
func Spec(c client.ContainerInspectResult, name func(id string) string) (model.ContainerSpec, error) {
	in := c.Container
	if in.Config == nil || in.HostConfig == nil {
		return model.ContainerSpec{}, fmt.Errorf("container %s: the engine left out its configuration", in.ID)
	}
	p := parts{config: new(container.Config), host: new(container.HostConfig)}
	*p.config, *p.host = *in.Config, *in.HostConfig
	p.networks = ownNetworks(in, userMAC(c.Raw))
	p.cleanConfig(in.ID)
	p.cleanHost(in, name)
	spec := model.ContainerSpec{Name: strings.TrimPrefix(in.Name, "/"), ImageID: in.Image}
	if in.State != nil {
		spec.Running = in.State.Running
	}
	if spec.Service = p.config.Labels[composeService]; spec.Service == "" {
		spec.Service = spec.Name
	}
	return p.pack(spec)
}

// unpack opens the JSON of a spec.
func unpack(spec model.ContainerSpec) (parts, error) {
	p := parts{config: new(container.Config), host: new(container.HostConfig), networks: map[string]*network.EndpointSettings{}}
	for _, one := range []struct {
		what string
		raw  json.RawMessage
		into any
	}{{"config", spec.Config, p.config}, {"host_config", spec.HostConfig, p.host}, {"networks", spec.Networks, &p.networks}} {
		if len(one.raw) == 0 {
			continue
		}
		if err := json.Unmarshal(one.raw, one.into); err != nil {
			return parts{}, fmt.Errorf("read the %s of container %s: %w", one.what, spec.Name, err)
		}
	}
	return p, nil
}

// pack puts the parts into the spec.
func (p parts) pack(spec model.ContainerSpec) (model.ContainerSpec, error) {
	for _, one := range []struct {
		from any
		into *json.RawMessage
	}{{p.config, &spec.Config}, {p.host, &spec.HostConfig}, {p.networks, &spec.Networks}} {
		raw, err := json.Marshal(one.from)
		if err != nil {
			return spec, fmt.Errorf("write the spec of container %s: %w", spec.Name, err)
		}
		*one.into = raw
	}
	return spec, nil
}

// hostnameLength is how much of its id the engine gives a container as its hostname.
const hostnameLength = 12

// cleanConfig drops what the engine filled in and would refuse, or get wrong, in another container.
func (p parts) cleanConfig(id string) {
	if len(p.config.Hostname) == hostnameLength && strings.HasPrefix(id, p.config.Hostname) || p.host.UTSMode.IsHost() {
		p.config.Hostname = ""
	}
	if p.host.NetworkMode.IsContainer() {
		// They are those of the other container, and of the image.
		p.config.Hostname, p.config.Domainname, p.config.ExposedPorts = "", "", nil
	}
	if len(p.networks) > 0 {
		p.config.NetworkDisabled = false // of an engine without a bridge; one who asked for it has no networks
	}
	p.config.Labels = without(p.config.Labels, composeReplace)
}

// cleanHost turns what names other things by ids, or not at all, into names.
func (p parts) cleanHost(in container.InspectResponse, name func(string) string) {
	h := p.host
	h.ContainerIDFile = ""
	h.Links = slices.Clone(h.Links)
	for i, link := range h.Links {
		h.Links[i] = plainLink(link)
	}
	h.VolumesFrom = slices.Clone(h.VolumesFrom)
	for i, from := range h.VolumesFrom {
		other, mode, has := strings.Cut(from, ":")
		h.VolumesFrom[i] = name(other)
		if has {
			h.VolumesFrom[i] += ":" + mode
		}
	}
	p.eachReference(name)
	for net, end := range p.networks {
		if end.NetworkID != "" && string(h.NetworkMode) == end.NetworkID {
			h.NetworkMode = container.NetworkMode(net)
		}
		end.NetworkID = ""
	}
	h.SecurityOpt = distinct(h.SecurityOpt)
	if h.Privileged || h.PidMode.IsHost() || h.IpcMode.IsHost() {
		// The engine adds it to such containers by itself.
		h.SecurityOpt = slices.DeleteFunc(h.SecurityOpt, func(s string) bool { return s == "label=disable" })
	}
	p.nameVolumes(in.Mounts)
}

// eachReference renames the containers whose namespaces this one shares.
func (p parts) eachReference(name func(string) string) {
	rename := func(mode string) string {
		if other, ok := strings.CutPrefix(mode, "container:"); ok && other != "" {
			return "container:" + name(other)
		}
		return mode
	}
	p.host.NetworkMode = container.NetworkMode(rename(string(p.host.NetworkMode)))
	p.host.IpcMode = container.IpcMode(rename(string(p.host.IpcMode)))
	p.host.PidMode = container.PidMode(rename(string(p.host.PidMode)))
	p.host.Cgroup = container.CgroupSpec(rename(string(p.host.Cgroup)))
}

// nameVolumes gives the anonymous volumes a place among the binds and mounts, where they would otherwise be made anew.
func (p parts) nameVolumes(mounts []container.MountPoint) {
	p.host.Binds, p.host.Mounts = slices.Clone(p.host.Binds), slices.Clone(p.host.Mounts)
	for _, m := range mounts {
		if m.Type != mount.TypeVolume || m.Name == "" || p.bound(m.Destination) {
			continue
		}
		if i := p.mounted(m.Destination); i >= 0 {
			if p.host.Mounts[i].Type == mount.TypeVolume && p.host.Mounts[i].Source == "" {
				p.host.Mounts[i].Source = m.Name
			}
			continue
		}
		if _, declared := p.config.Volumes[m.Destination]; !declared && len(p.host.VolumesFrom) > 0 {
			continue // it comes with the other container
		}
		p.host.Binds = append(p.host.Binds, bind{source: m.Name, target: m.Destination, mode: anonymousMode(m)}.String())
	}
}

// anonymousMode is the mode with which a volume that the engine mounted by itself is asked for.
func anonymousMode(m container.MountPoint) string {
	if m.RW {
		return "rw"
	}
	return "ro"
}

func (p parts) bound(target string) bool {
	return slices.ContainsFunc(p.host.Binds, func(b string) bool { return path.Clean(parseBind(b).target) == path.Clean(target) })
}

func (p parts) mounted(target string) int {
	return slices.IndexFunc(p.host.Mounts, func(m mount.Mount) bool { return path.Clean(m.Target) == path.Clean(target) })
}

// bind is an entry of HostConfig.Binds: a volume's name or a host path, where it appears, and options.
type bind struct{ source, target, mode string }

func parseBind(s string) bind {
	source, rest, ok := strings.Cut(s, ":")
	if !ok {
		return bind{target: source}
	}
	target, mode, _ := strings.Cut(rest, ":")
	return bind{source: source, target: target, mode: mode}
}

// String is the entry as the engine takes it.
func (b bind) String() string {
	switch {
	case b.source == "":
		return b.target
	case b.mode == "":
		return b.source + ":" + b.target
	}
	return b.source + ":" + b.target + ":" + b.mode
}

// volume says that the source is a volume's name.
func (b bind) volume() bool { return b.source != "" && !strings.HasPrefix(b.source, "/") }

func (b bind) readOnly() bool { return slices.Contains(strings.Split(b.mode, ","), "ro") }

// ownNetworks returns what was asked for of each network: no addresses that the engine gave by itself.
func ownNetworks(in container.InspectResponse, mac network.HardwareAddr) map[string]*network.EndpointSettings {
	out := map[string]*network.EndpointSettings{}
	if in.NetworkSettings == nil {
		return out
	}
	for name, end := range in.NetworkSettings.Networks {
		if end == nil {
			out[name] = &network.EndpointSettings{}
			continue
		}
		own := &network.EndpointSettings{
			IPAMConfig: ownIPAM(end.IPAMConfig), DriverOpts: end.DriverOpts, GwPriority: end.GwPriority,
			// The engine answers to a container's short id by itself.
			Aliases:   slices.DeleteFunc(distinct(end.Aliases), func(a string) bool { return len(a) >= 12 && strings.HasPrefix(in.ID, a) }),
			NetworkID: end.NetworkID,
		}
		for _, link := range end.Links {
			own.Links = append(own.Links, plainLink(link))
		}
		// A generated address has the bit for “locally administered”.
		if len(end.MacAddress) > 0 && (end.MacAddress[0]&2 == 0 || mac.String() == end.MacAddress.String()) {
			own.MacAddress = end.MacAddress
		} else if len(mac) > 0 && (name == string(in.HostConfig.NetworkMode) || len(in.NetworkSettings.Networks) == 1) {
			own.MacAddress = mac // of a container that is stopped
		}
		out[name] = own
	}
	return out
}

func ownIPAM(c *network.EndpointIPAMConfig) *network.EndpointIPAMConfig {
	if c == nil || !c.IPv4Address.IsValid() && !c.IPv6Address.IsValid() && len(c.LinkLocalIPs) == 0 {
		return nil
	}
	return c.Copy()
}

// userMAC returns the hardware address that a person chose, which the client's types no longer hold.
func userMAC(raw json.RawMessage) network.HardwareAddr {
	var in struct {
		Config struct{ MacAddress network.HardwareAddr }
	}
	if len(raw) == 0 || json.Unmarshal(raw, &in) != nil {
		return nil
	}
	return in.Config.MacAddress
}

// plainLink turns /db:/web/alias, as the engine shows a link, into db:alias, as it takes one.
func plainLink(link string) string {
	other, alias, ok := strings.Cut(link, ":")
	if !ok {
		return strings.TrimPrefix(link, "/")
	}
	return strings.TrimPrefix(other, "/") + ":" + path.Base(alias)
}

// References lists the containers, by name or id, that must be there before this one is made, and run before it starts:
// it shares a namespace or volumes with them, or is linked to them.
func References(spec model.ContainerSpec) ([]string, error) {
	p, err := unpack(spec)
	if err != nil {
		return nil, err
	}
	var out []string
	p.eachReference(func(name string) string {
		out = append(out, name)
		return name
	})
	for _, from := range p.host.VolumesFrom {
		name, _, _ := strings.Cut(from, ":")
		out = append(out, name)
	}
	for _, link := range p.host.Links {
		name, _, _ := strings.Cut(plainLink(link), ":")
		out = append(out, name)
	}
	return distinct(out), nil
}

// distinct returns the list without repetitions, in its order.
func distinct(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// without returns the map without the keys, or the map itself where it has none of them.
func without(m map[string]string, keys ...string) map[string]string {
	if !slices.ContainsFunc(keys, func(k string) bool { _, ok := m[k]; return ok }) {
		return m
	}
	out := map[string]string{}
	for k, v := range m {
		if !slices.Contains(keys, k) {
			out[k] = v
		}
	}
	return out
}
