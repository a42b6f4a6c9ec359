package docker

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/api/types/network"

	"keepstead/model"
)

// composeUnit is a service of a compose file.
type composeUnit struct {
	Image         string                  `yaml:"image"`
	ContainerName string                  `yaml:"container_name,omitempty"`
	Scale         int                     `yaml:"scale,omitempty"`
	Entrypoint    []string                `yaml:"entrypoint,omitempty"`
	Command       []string                `yaml:"command,omitempty"`
	Environment   []string                `yaml:"environment,omitempty"`
	User          string                  `yaml:"user,omitempty"`
	GroupAdd      []string                `yaml:"group_add,omitempty"`
	WorkingDir    string                  `yaml:"working_dir,omitempty"`
	Hostname      string                  `yaml:"hostname,omitempty"`
	Domainname    string                  `yaml:"domainname,omitempty"`
	MACAddress    string                  `yaml:"mac_address,omitempty"`
	DependsOn     []string                `yaml:"depends_on,omitempty"`
	Restart       string                  `yaml:"restart,omitempty"`
	NetworkMode   string                  `yaml:"network_mode,omitempty"`
	Networks      map[string]*composeLink `yaml:"networks,omitempty"`
	Links         []string                `yaml:"links,omitempty"`
	ExternalLinks []string                `yaml:"external_links,omitempty"`
	Ports         []string                `yaml:"ports,omitempty"`
	DNS           []string                `yaml:"dns,omitempty"`
	DNSOpt        []string                `yaml:"dns_opt,omitempty"`
	DNSSearch     []string                `yaml:"dns_search,omitempty"`
	ExtraHosts    []string                `yaml:"extra_hosts,omitempty"`
	Volumes       []any                   `yaml:"volumes,omitempty"`
	VolumesFrom   []string                `yaml:"volumes_from,omitempty"`
	Tmpfs         []string                `yaml:"tmpfs,omitempty"`
	HealthCheck   *composeHealth          `yaml:"healthcheck,omitempty"`
	StopSignal    string                  `yaml:"stop_signal,omitempty"`
	StopGrace     string                  `yaml:"stop_grace_period,omitempty"`
	TTY           bool                    `yaml:"tty,omitempty"`
	StdinOpen     bool                    `yaml:"stdin_open,omitempty"`
	Labels        map[string]string       `yaml:"labels,omitempty"`
	Logging       *composeLogging         `yaml:"logging,omitempty"`

	composeLimits `yaml:",inline"`
}

type composeLink struct {
	Aliases      []string `yaml:"aliases,omitempty"`
	IPv4         string   `yaml:"ipv4_address,omitempty"`
	IPv6         string   `yaml:"ipv6_address,omitempty"`
	LinkLocalIPs []string `yaml:"link_local_ips,omitempty"`
	Priority     int      `yaml:"priority,omitempty"`
}

type composeHealth struct {
	Disable     bool     `yaml:"disable,omitempty"`
	Test        []string `yaml:"test,omitempty"`
	Interval    string   `yaml:"interval,omitempty"`
	Timeout     string   `yaml:"timeout,omitempty"`
	StartPeriod string   `yaml:"start_period,omitempty"`
	Retries     int      `yaml:"retries,omitempty"`
}

type composeLogging struct {
	Driver  string            `yaml:"driver"`
	Options map[string]string `yaml:"options,omitempty"`
}

// composeMount is a mount in its long form.
type composeMount struct {
	Type     string         `yaml:"type"`
	Source   string         `yaml:"source,omitempty"`
	Target   string         `yaml:"target"`
	ReadOnly bool           `yaml:"read_only,omitempty"`
	Bind     map[string]any `yaml:"bind,omitempty"`
	Volume   map[string]any `yaml:"volume,omitempty"`
	Tmpfs    map[string]any `yaml:"tmpfs,omitempty"`
}

// add puts the service of a container into the file.
func (g *generator) add(spec model.ContainerSpec) error {
	p, err := unpack(spec)
	if err != nil {
		return err
	}
	c := p.config
	u := &composeUnit{
		Image: c.Image, Entrypoint: c.Entrypoint, Command: c.Cmd, User: c.User, GroupAdd: p.host.GroupAdd, WorkingDir: c.WorkingDir,
		Hostname: c.Hostname, Domainname: c.Domainname, Restart: restart(p.host.RestartPolicy), DNS: texts(p.host.DNS),
		DNSOpt: p.host.DNSOptions, DNSSearch: p.host.DNSSearch, ExtraHosts: p.host.ExtraHosts, HealthCheck: health(c.Healthcheck),
		StopSignal: c.StopSignal, TTY: c.Tty, StdinOpen: c.OpenStdin, Labels: ownLabels(c.Labels), Logging: logging(p.host.LogConfig),
		composeLimits: limits(p.host),
	}
	if !g.ownName(spec, c.Labels) {
		u.ContainerName = spec.Name
	}
	if c.StopTimeout != nil && *c.StopTimeout >= 0 {
		u.StopGrace = (time.Duration(*c.StopTimeout) * time.Second).String()
	}
	if g.withEnv {
		u.Environment = slices.DeleteFunc(slices.Clone(c.Env), func(e string) bool { return !strings.Contains(e, "=") })
	}
	for _, s := range g.contents.Services {
		if s.Name == spec.Service {
			u.DependsOn = slices.DeleteFunc(slices.Clone(s.DependsOn), func(d string) bool { return !g.hasService(d) })
		}
	}
	g.connect(u, spec, p)
	g.mount(u, p.host)
	g.doc.Services[g.units[spec.Name]] = u
	return nil
}

// ownName says that compose gives the container this name by itself.
func (g *generator) ownName(spec model.ContainerSpec, labels map[string]string) bool {
	number := labels[composeNumber]
	for _, sep := range []string{"_", "-"} {
		if number != "" && spec.Name == g.contents.Project+sep+spec.Service+sep+number {
			return true
		}
	}
	return false
}

func (g *generator) hasService(name string) bool {
	for _, unit := range g.units {
		if unit == name {
			return true
		}
	}
	return false
}

// connect fills in how the service is reached and what it reaches.
func (g *generator) connect(u *composeUnit, spec model.ContainerSpec, p parts) {
	mode := p.host.NetworkMode
	u.Ports = published(p.host.PortBindings)
	for _, end := range p.networks {
		if len(end.MacAddress) > 0 {
			u.MACAddress = end.MacAddress.String()
		}
	}
	switch {
	case mode.IsContainer():
		u.NetworkMode, u.Ports = g.reference(string(mode)), nil
		return
	case mode.IsDefault() || mode == "" || predefined(string(mode)):
		if u.NetworkMode = string(mode); mode.IsDefault() || mode == "" {
			u.NetworkMode = network.NetworkBridge
		}
		for _, l := range p.host.Links {
			g.link(u, l)
		}
		return
	}
	u.Networks = map[string]*composeLink{}
	for _, name := range sortedKeys(p.networks) {
		end := p.networks[name]
		out := &composeLink{Aliases: slices.DeleteFunc(distinct(end.Aliases), func(a string) bool { return a == g.units[spec.Name] || a == spec.Name })}
		if c := end.IPAMConfig; c != nil {
			out.LinkLocalIPs = texts(c.LinkLocalIPs)
			if c.IPv4Address.IsValid() {
				out.IPv4 = c.IPv4Address.String()
			}
			if c.IPv6Address.IsValid() {
				out.IPv6 = c.IPv6Address.String()
			}
			g.fixed[name] = true
		}
		if name == string(mode) && len(p.networks) > 1 {
			out.Priority = 1000 // the one that it is made with
		}
		for _, l := range end.Links {
			g.link(u, l)
		}
		u.Networks[g.network(name)] = out
	}
}

func (g *generator) link(u *composeUnit, link string) {
	name, alias, ok := strings.Cut(link, ":")
	if !ok {
		alias = name
	}
	if unit, ours := g.units[name]; ours {
		u.Links = distinct(append(u.Links, unit+":"+alias))
	} else {
		u.ExternalLinks = distinct(append(u.ExternalLinks, name+":"+alias))
	}
}

// reference names a service instead of its container, where it is in the file.
func (g *generator) reference(mode string) string {
	if unit, ok := g.units[strings.TrimPrefix(mode, "container:")]; ok && strings.HasPrefix(mode, "container:") {
		return "service:" + unit
	}
	return mode
}

// mount fills in volumes, binds and what lives in memory.
func (g *generator) mount(u *composeUnit, h *container.HostConfig) {
	u.IPC, u.PID = g.reference(string(h.IpcMode)), g.reference(string(h.PidMode))
	if h.IpcMode.IsPrivate() { // as the engine does by itself
		u.IPC = ""
	}
	for _, s := range h.Binds {
		b := parseBind(s)
		if b.volume() {
			b.source = g.volume(b.source)
		}
		u.Volumes = append(u.Volumes, b.String())
	}
	for _, m := range h.Mounts {
		if out := g.longMount(m); out != nil {
			u.Volumes = append(u.Volumes, *out)
		}
	}
	for _, from := range h.VolumesFrom {
		name, mode, _ := strings.Cut(from, ":")
		if unit, ours := g.units[name]; ours {
			name = unit
		} else {
			name = "container:" + name
		}
		u.VolumesFrom = append(u.VolumesFrom, strings.TrimSuffix(name+":"+mode, ":"))
	}
	for _, p := range sortedKeys(h.Tmpfs) {
		u.Tmpfs = append(u.Tmpfs, strings.TrimSuffix(p+":"+h.Tmpfs[p], ":"))
	}
}

func (g *generator) longMount(m mount.Mount) *composeMount {
	out := &composeMount{Type: string(m.Type), Source: m.Source, Target: m.Target, ReadOnly: m.ReadOnly}
	switch m.Type {
	case mount.TypeBind:
		if o := m.BindOptions; o != nil && o.Propagation != "" {
			out.Bind = map[string]any{"propagation": string(o.Propagation)}
		}
	case mount.TypeVolume:
		if m.Source != "" {
			out.Source = g.volume(m.Source)
		}
		if o := m.VolumeOptions; o != nil && (o.NoCopy || o.Subpath != "") {
			out.Volume = map[string]any{}
			if o.NoCopy {
				out.Volume["nocopy"] = true
			}
			if o.Subpath != "" {
				out.Volume["subpath"] = o.Subpath // only the newer compose has a word for it
			}
		}
	case mount.TypeTmpfs:
		if o := m.TmpfsOptions; o != nil && o.SizeBytes > 0 {
			out.Tmpfs = map[string]any{"size": o.SizeBytes}
		}
	default:
		return nil // of a swarm, of Windows, or an image: no word for it that both understand
	}
	return out
}

func published(ports network.PortMap) []string {
	var out []string
	for inside, bindings := range ports {
		for _, b := range bindings {
			text := inside.Port()
			if b.HostPort != "" {
				text = b.HostPort + ":" + text
			}
			if b.HostIP.IsValid() && !b.HostIP.IsUnspecified() {
				ip := b.HostIP.String()
				if b.HostIP.Is6() {
					ip = "[" + ip + "]"
				}
				if b.HostPort == "" {
					ip += ":"
				}
				text = ip + ":" + text
			}
			if inside.Proto() != network.TCP {
				text += "/" + string(inside.Proto())
			}
			out = append(out, text)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func restart(p container.RestartPolicy) string {
	switch {
	case p.IsNone():
		return ""
	case p.IsOnFailure() && p.MaximumRetryCount > 0:
		return fmt.Sprintf("%s:%d", p.Name, p.MaximumRetryCount)
	}
	return string(p.Name)
}

func health(h *container.HealthConfig) *composeHealth {
	switch {
	case h == nil || len(h.Test) == 0 && h.Interval == 0 && h.Timeout == 0 && h.Retries == 0 && h.StartPeriod == 0:
		return nil
	case len(h.Test) == 1 && h.Test[0] == "NONE":
		return &composeHealth{Disable: true}
	}
	return &composeHealth{Test: h.Test, Interval: duration(h.Interval), Timeout: duration(h.Timeout), StartPeriod: duration(h.StartPeriod), Retries: h.Retries}
}

func duration(d time.Duration) string {
	if d == 0 {
		return ""
	}
	return d.String()
}

func logging(l container.LogConfig) *composeLogging {
	if l.Type == "" || l.Type == "json-file" && len(l.Config) == 0 {
		return nil
	}
	return &composeLogging{Driver: l.Type, Options: l.Config}
}

func texts(list []netip.Addr) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.String())
	}
	return out
}
