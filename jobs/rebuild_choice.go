package jobs

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"

	"keepstead/database"
	"keepstead/docker"
	"keepstead/model"
)

// target is one volume or bind mount that comes back.
type target struct {
	volume model.ContentVolume
	from   string   // its folder or file in the snapshot; empty for a database's, which is only emptied
	to     string   // where Keepstead reaches it; empty while it is not there
	there  bool     // it exists, so its present content is set aside
	keep   []string // folders below it that stay as they are: mounts that the snapshot does not hold
	empty  []string // folders below it that a database fills anew
}

// serverPart is a database server whose dumps are imported.
type serverPart struct {
	service string
	kind    model.DatabaseKind
	dumps   []model.Dump
	online  bool // it runs on, and only these databases are replaced
}

// choice is what of a snapshot comes back.
type choice struct {
	targets []target
	imports []serverPart
	copies  []model.Dump // of SQLite files
	missing []string     // what the snapshot does not hold, each in a sentence
	lost    []string     // of that, what it should hold
	unknown []string     // what was asked for and cannot be had, each in a sentence
}

// choose picks what of a snapshot comes back. It does no I/O.
func choose(m model.Manifest, want model.AppRestore) choice {
	var c choice
	whole := want.Mode != model.AppParts
	for _, s := range m.Services {
		if dumps := dumpsOf(m.Contents, s.Name); len(dumps) > 0 {
			c.server(s.Name, dumps, whole, want.Databases)
		}
	}
	raw := rawMounts(m)
	for _, v := range m.Volumes {
		if asked := slices.Contains(want.Volumes, v.Label()); whole || asked {
			c.volume(v, raw, asked)
		} else if c.rawOf(v, raw) {
			c.targets = append(c.targets, target{volume: v})
		}
	}
	for _, d := range m.Dumps {
		if d.Kind == model.SQLite && (c.covers(d) || slices.Contains(want.Databases, d.Service+"/"+d.Database)) {
			c.copies = append(c.copies, d)
		}
	}
	for _, name := range want.Volumes {
		if !slices.ContainsFunc(m.Volumes, func(v model.ContentVolume) bool { return v.Label() == name }) {
			c.unknown = append(c.unknown, fmt.Sprintf("The snapshot knows no volume or folder %q.", name))
		}
	}
	for _, name := range want.Databases {
		if !c.hasDatabase(name) {
			c.unknown = append(c.unknown, fmt.Sprintf("The snapshot holds no copy of the database %q.", name))
		}
	}
	return c
}

// dumpsOf returns the dumps of a service's server, files of SQLite left out.
func dumpsOf(c model.Contents, service string) []model.Dump {
	return slices.DeleteFunc(slices.Clone(c.Dumps), func(d model.Dump) bool { return d.Service != service || d.Kind == model.SQLite })
}

// server adds a database server: whole, or some of its databases while it runs.
func (c *choice) server(service string, dumps []model.Dump, whole bool, wanted []string) {
	part := serverPart{service: service, kind: dumps[0].Kind, dumps: dumps}
	if !whole && !slices.Contains(wanted, service) {
		part.online = true
		part.dumps = slices.DeleteFunc(slices.Clone(dumps), func(d model.Dump) bool {
			return d.Database == "" || !slices.Contains(wanted, service+"/"+d.Database)
		})
	}
	if len(part.dumps) > 0 {
		c.imports = append(c.imports, part)
	}
}

// volume adds a volume or a bind mount that comes back, or says why it cannot.
func (c *choice) volume(v model.ContentVolume, raw map[string]string, asked bool) {
	switch {
	case c.rawOf(v, raw):
		c.targets = append(c.targets, target{volume: v})
	case v.In != "":
		c.targets = append(c.targets, target{volume: v, from: v.In})
	case v.Role == model.RoleDumped && len(v.Users) == 0:
		line := fmt.Sprintf("%s is not brought back, since the database around it begins with an empty folder; restore it as files.", v.Label())
		c.missing, c.lost = append(c.missing, line), append(c.lost, line)
	case asked && v.Role == model.RoleDumped:
		c.unknown = append(c.unknown, fmt.Sprintf("%s holds a database, which comes back from its dump; choose the database instead.", v.Label()))
	case asked:
		c.unknown = append(c.unknown, fmt.Sprintf("%s is not in this snapshot%s", v.Label(), because(v.Why)))
	case v.Role != model.RoleLeft:
		line := fmt.Sprintf("%s is not in this snapshot%s", v.Label(), because(v.Why))
		if c.missing = append(c.missing, line); v.Role != model.RoleAsk {
			c.lost = append(c.lost, line)
		}
	}
}

func because(why string) string {
	if why == "" {
		return "."
	}
	return ": " + why
}

// rawOf says that the volume is the data folder of a server that comes back whole from its dumps.
func (c *choice) rawOf(v model.ContentVolume, raw map[string]string) bool {
	for _, s := range c.imports {
		// A raw folder that was saved as well. What was saved without its raw part holds other things, and a mount with
		// other users holds theirs.
		if dest, known := raw[s.service]; !s.online && known && len(v.Without) == 0 && !shared(v.FoundMount, s.service) &&
			slices.Contains(v.Users, s.service+":"+dest) {
			return true
		}
		if !s.online && v.Role == model.RoleDumped && slices.ContainsFunc(v.Users, func(u string) bool { return userService(u) == s.service }) {
			return true
		}
	}
	return false
}

// covers says that the SQLite file lies in something that comes back.
func (c *choice) covers(d model.Dump) bool {
	return slices.ContainsFunc(c.targets, func(t target) bool { return t.from != "" && model.Within(d.Source, t.from) })
}

func (c *choice) hasDatabase(name string) bool {
	for _, s := range c.imports {
		if s.service == name && !s.online {
			return true
		}
		for _, d := range s.dumps {
			if s.online && name == s.service+"/"+d.Database {
				return true
			}
		}
	}
	return slices.ContainsFunc(c.copies, func(d model.Dump) bool { return d.Service+"/"+d.Database == name })
}

// userService is the service of a mount's user, which is written service:/path/inside.
func userService(user string) string {
	name, _, _ := strings.Cut(user, ":")
	return name
}

// rawMounts returns where each service's database server keeps its data inside the container, for servers that have a
// mount for it alone.
func rawMounts(m model.Manifest) map[string]string {
	out := map[string]string{}
	specs := m.Specs
	if specs == nil { // contents alone: the images say almost as much
		for _, s := range m.Services {
			config, err := json.Marshal(map[string]string{"Image": s.Image})
			if err != nil {
				continue // a text always becomes JSON
			}
			specs = append(specs, model.ContainerSpec{Service: s.Name, Config: config})
		}
	}
	for _, s := range specs {
		ctr := outline(s, m.Volumes)
		if server, ok := database.Recognise(ctr); ok && server.Mount != "" && !server.Beside() {
			out[s.Service] = server.Mount
		}
	}
	return out
}

// outline is the container that a spec describes, as far as recognising a database needs it.
func outline(s model.ContainerSpec, volumes []model.ContentVolume) docker.Container {
	var config struct {
		Image, User     string
		Env             []string
		Cmd, Entrypoint []string
		Labels          map[string]string
	}
	out := docker.Container{Name: s.Name, Service: s.Service, Running: s.Running, Env: map[string]string{}}
	if json.Unmarshal(s.Config, &config) != nil {
		return out
	}
	out.Image, out.User, out.Labels, out.Cmd, out.Entrypoint = config.Image, config.User, config.Labels, config.Cmd, config.Entrypoint
	for _, pair := range config.Env {
		name, value, _ := strings.Cut(pair, "=")
		out.Env[name] = value
	}
	for _, v := range volumes {
		for _, u := range v.Users {
			if service, dest, ok := strings.Cut(u, ":"); ok && service == s.Service {
				out.Mounts = append(out.Mounts, docker.Mount{
					Kind: v.Kind, Name: v.Name, Driver: v.Driver, Source: v.Source, Destination: dest, ReadOnly: v.ReadOnly, Anonymous: v.Anonymous,
				})
			}
		}
	}
	return out
}

// nest settles targets that lie in others: what comes back with a folder around it is left to that, what the snapshot
// does not hold stays where it is.
func nest(targets []target, volumes []model.ContentVolume) []target {
	var out []target
	for _, t := range targets {
		if !slices.ContainsFunc(targets, func(o target) bool {
			return below(t.volume, o.volume) && o.from != "" && (t.from == "" || model.Within(t.from, o.from))
		}) {
			out = append(out, t)
		}
	}
	for i := range out {
		t := &out[i]
		for _, v := range volumes {
			if t.from == "" || !below(v, t.volume) {
				continue
			}
			rel := strings.TrimPrefix(path.Clean(v.Source), path.Clean(t.volume.Source)+"/")
			switch {
			case slices.ContainsFunc(targets, func(o target) bool { return o.volume.Source == v.Source && o.from == "" }):
				t.empty = append(t.empty, rel)
			case v.In == "" && !slices.ContainsFunc(t.keep, func(k string) bool { return model.Within("/"+rel, "/"+k) }):
				t.keep = append(t.keep, rel)
			}
		}
		for _, dir := range t.volume.Without {
			if rel, inside := strings.CutPrefix(path.Clean(dir), path.Clean(t.from)+"/"); inside && !slices.Contains(t.empty, rel) && !redisFile(rel) {
				t.empty = append(t.empty, rel)
			}
		}
	}
	return out
}

// below says that one bind mount lies within another on the host.
func below(v, around model.ContentVolume) bool {
	return v.Kind == model.MountBind && around.Kind == model.MountBind &&
		path.Clean(v.Source) != path.Clean(around.Source) && model.Within(v.Source, around.Source)
}
