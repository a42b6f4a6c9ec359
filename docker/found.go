package docker

import (
	"cmp"
	"maps"
	"path"
	"slices"

	"github.com/moby/moby/api/types/network"

	"keepstead/model"
)

// assemble makes a project of its containers, without a look at the disk.
func (e *Engine) assemble(key Key, containers []Container, s survey) *draft {
	slices.SortStableFunc(containers, func(a, b Container) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Replica, b.Replica), cmp.Compare(a.Name, b.Name))
	})
	own := overridesOf(containers)
	d := &draft{told: map[string]bool{}, places: s.places, Project: Project{
		Key: key, Name: key.String(), Containers: containers,
		Found: model.Found{Services: services(containers, own), Labels: own.app, Problems: own.problems, IDs: idsOf(containers)},
	}}
	d.Found.Self = slices.ContainsFunc(containers, func(c Container) bool { return c.Self })
	d.Networks = networksFor(key, containers, s.networks)
	for _, n := range d.Networks {
		d.Found.Networks = append(d.Found.Networks, n.Name)
	}
	e.gatherMounts(d, s)
	return d
}

func idsOf(containers []Container) []string {
	out := make([]string, 0, len(containers))
	for _, c := range containers {
		out = append(out, c.ID)
	}
	slices.Sort(out)
	return out
}

// services groups containers that come in the order of their services.
func services(containers []Container, own overrides) []model.FoundService {
	var out []model.FoundService
	for _, c := range containers {
		if len(out) == 0 || out[len(out)-1].Name != c.Service {
			out = append(out, model.FoundService{
				Name: c.Service, Image: c.Image, Digest: c.Digest, State: c.State, Health: c.Health,
				DependsOn: c.DependsOn, Labels: own.services[c.Service],
			})
		}
		s := &out[len(out)-1]
		s.Containers = append(s.Containers, c.Name)
		if c.Running {
			s.Running++
			s.State = c.State
		}
		s.Health = worse(s.Health, c.Health)
		s.Self = s.Self || c.Self
		for _, p := range c.Ports {
			if p.Host != 0 && !slices.Contains(s.Ports, p.String()) {
				s.Ports = append(s.Ports, p.String())
			}
		}
	}
	return out
}

// worse is the health to worry about.
func worse(a, b string) string {
	order := []string{"", "healthy", "starting", "unhealthy"}
	if slices.Index(order, b) > slices.Index(order, a) {
		return b
	}
	return a
}

// networksFor lists the networks of a project: those its containers are in, and those compose made for it.
func networksFor(key Key, containers []Container, all map[string]network.Network) []model.ContentNetwork {
	names := map[string]bool{}
	for _, c := range containers {
		for _, n := range c.Networks {
			names[n] = true
		}
	}
	for name, n := range all {
		if key.Project != "" && n.Labels[composeProject] == key.Project {
			names[name] = true
		}
	}
	var out []model.ContentNetwork
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if slices.Contains([]string{"bridge", "host", "none"}, name) {
			continue // every engine has them
		}
		n, known := all[name]
		one := model.ContentNetwork{
			Name: name, Driver: n.Driver, Internal: n.Internal, Attachable: n.Attachable, EnableIPv6: n.EnableIPv6,
			Options: n.Options, Labels: n.Labels,
			External: !known || key.Project == "" || n.Labels[composeProject] != key.Project,
		}
		keepIPAM(&one, n.IPAM)
		out = append(out, one)
	}
	return out
}

// gatherMounts lists every volume and host path of the project once.
func (e *Engine) gatherMounts(d *draft, s survey) {
	byPlace := map[string]*mounted{}
	add := func(place string, v model.ContentVolume) *mounted {
		m := byPlace[place]
		if m == nil {
			m = &mounted{ContentVolume: v}
			m.ReadOnly = true
			byPlace[place] = m
			d.mounts = append(d.mounts, m)
		}
		return m
	}
	for _, c := range d.Containers {
		for _, in := range c.Mounts {
			place := string(in.Kind) + ":" + cmp.Or(in.Name, in.Source)
			m := add(place, e.volumeOf(in, s))
			m.others = m.others || !c.Self
			m.ReadOnly = m.ReadOnly && in.ReadOnly
			if user := c.Service + ":" + in.Destination; !slices.Contains(m.Users, user) {
				m.Users = append(m.Users, user)
				m.targets = append(m.targets, in.Destination)
			}
			// The project itself is among the users.
			m.shared = max(m.shared, len(s.users[in.Source])-1)
		}
	}
	for name, v := range s.volumes {
		if d.Key.Project != "" && v.Labels[composeProject] == d.Key.Project {
			in := Mount{Kind: model.MountVolume, Name: name, Driver: v.Driver, Source: v.Mountpoint}
			if m := add(string(model.MountVolume)+":"+name, e.volumeOf(in, s)); len(m.Users) == 0 {
				m.Users, m.ReadOnly, m.others = []string{}, false, true
			}
		}
	}
	slices.SortFunc(d.mounts, func(a, b *mounted) int {
		return cmp.Or(-cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Source, b.Source))
	})
}

// volumeOf joins a mount with what the engine's list says of its volume.
func (e *Engine) volumeOf(in Mount, s survey) model.ContentVolume {
	v := model.ContentVolume{FoundMount: model.FoundMount{Kind: in.Kind, Name: in.Name, Driver: in.Driver, Source: in.Source}}
	if in.Kind == model.MountVolume {
		known, ok := s.volumes[in.Name]
		v.Options, v.Labels = known.Options, known.Labels
		v.Anonymous = anonymous.MatchString(in.Name)
		if ok {
			v.Driver, v.Source = known.Driver, known.Mountpoint
		}
		if there := bindOf(v.Options); v.Driver == "local" && there != "" {
			v.Source = there // the engine shows it at the volume's own place only while a container runs
		}
	}
	if v.Source != "" {
		v.Source = path.Clean(v.Source)
		v.Path, _ = e.HostPath(v.Source)
	}
	return v
}
