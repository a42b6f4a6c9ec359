package jobs

import (
	"path"
	"slices"

	"keepstead/docker"
	"keepstead/model"
)

// toStop lists the running containers that must not run while the targets are replaced, in the order of stopping: those
// of other apps that use the same data first, then the app's own, dependent ones before what they depend on.
func (v *survey) toStop() []docker.Container {
	var out []docker.Container
	for _, p := range v.all {
		if p.Key == v.key {
			continue
		}
		for _, c := range p.Containers {
			if !c.Running || c.Self {
				continue
			}
			if slices.ContainsFunc(v.targets, func(t target) bool { return writes(c, t.volume) }) ||
				slices.ContainsFunc(v.copies, func(d model.Dump) bool { return writesFile(c, v.manifest.Volumes, d) }) {
				out = append(out, c)
			}
		}
	}
	levels, _ := docker.Order(v.here.Found.Services) // a circle has an order too
	slices.Reverse(levels)
	services := v.servicesToStop()
	for _, level := range levels {
		for _, c := range v.here.Containers {
			if c.Running && slices.Contains(level, c.Service) && slices.Contains(services, c.Service) {
				out = v.take(out, c)
			}
		}
	}
	return out
}

// take adds a container to what must be stopped, unless Keepstead runs in it.
func (v *survey) take(list []docker.Container, c docker.Container) []docker.Container {
	if c.Self {
		way := "Restore the files to a folder, or as a new project."
		if v.asFiles {
			way = "Restore them to another folder, or without stopping the app."
		}
		v.obstacles = append(v.obstacles, "Keepstead itself runs in "+c.Name+" and cannot stop itself. "+way)
		return list
	}
	return append(list, c)
}

// servicesToStop are the app's services whose data is replaced, and those that depend on a database that is.
func (v *survey) servicesToStop() []string {
	all := v.here.Found.Services
	if v.want.Mode == model.AppInPlace {
		return serviceNames(all)
	}
	var out []string
	add := func(name string) {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	for _, c := range v.here.Containers {
		if slices.ContainsFunc(v.targets, func(t target) bool { return uses(c, t.volume) }) {
			add(c.Service)
		}
		if slices.ContainsFunc(v.copies, func(d model.Dump) bool { return usesFile(c, v.manifest.Volumes, d) }) {
			add(c.Service)
		}
	}
	for _, s := range v.imports {
		for _, name := range dependents(all, s.service) {
			add(name)
		}
		if !s.online {
			add(s.service)
		}
	}
	return out
}

// uses says that a container mounts the volume, or a place in or around the folder.
func uses(c docker.Container, v model.ContentVolume) bool {
	return slices.ContainsFunc(c.Mounts, func(m docker.Mount) bool { return reaches(m, v) })
}

// writes says the same of one that may write there.
func writes(c docker.Container, v model.ContentVolume) bool {
	return slices.ContainsFunc(c.Mounts, func(m docker.Mount) bool { return !m.ReadOnly && reaches(m, v) })
}

func reaches(m docker.Mount, v model.ContentVolume) bool {
	if m.Kind == model.MountVolume || v.Kind == model.MountVolume {
		return m.Kind == v.Kind && m.Name == v.Name
	}
	return m.Source != "" && (model.Within(m.Source, v.Source) || model.Within(v.Source, m.Source) && path.Clean(m.Source) != "/")
}

// usesFile says that a container mounts the volume in which a SQLite file lies.
func usesFile(c docker.Container, volumes []model.ContentVolume, d model.Dump) bool {
	return slices.ContainsFunc(volumes, func(v model.ContentVolume) bool { return v.In != "" && model.Within(d.Source, v.In) && uses(c, v) })
}

// writesFile says the same of one that may write there.
func writesFile(c docker.Container, volumes []model.ContentVolume, d model.Dump) bool {
	return slices.ContainsFunc(volumes, func(v model.ContentVolume) bool { return v.In != "" && model.Within(d.Source, v.In) && writes(c, v) })
}

// dependents are the services that depend on one, directly or through others.
func dependents(all []model.FoundService, on string) []string {
	var out []string
	for grown := true; grown; {
		grown = false
		for _, s := range all {
			if s.Name == on || slices.Contains(out, s.Name) {
				continue
			}
			if slices.ContainsFunc(s.DependsOn, func(d string) bool { return d == on || slices.Contains(out, d) }) {
				out, grown = append(out, s.Name), true
			}
		}
	}
	return out
}
