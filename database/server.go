package database

import (
	"path"
	"strings"

	"keepstead/docker"
	"keepstead/model"
)

// Server is a database server that runs, or would run, in a container.
type Server struct {
	Kind model.DatabaseKind
	// Why says in a sentence by what it was recognised.
	Why string
	// DataDir is the data folder inside the container; Mount the destination of the mount that holds it, empty when the
	// data is in the container's own layer. DataDir can be a folder below Mount, which may then hold other things too.
	DataDir string
	Mount   string
	Version string // where it is known
	// Dumpable says that it can write a copy of itself now; Reason says in a sentence why it cannot.
	Dumpable bool
	Reason   string
}

// Beside says that the mount of the data folder may hold other things than the database. The official images of
// PostgreSQL keep nothing beside it, however deep they lay it.
func (s Server) Beside() bool {
	below := strings.Trim(strings.TrimPrefix(path.Clean(s.DataDir), path.Clean(s.Mount)), "/")
	version, rest, _ := strings.Cut(below, "/")
	switch {
	case s.Mount == "" || below == "" || below == "pgdata":
		return false
	case rest == "docker" && version != "" && strings.Trim(version, "0123456789") == "": // 18/docker
		return false
	}
	return true
}

// Recognise tells which database server runs in a container, running or stopped, from what the engine says of it: the
// program it starts, the name of its image in whatever registry, its environment and its mounts. It asks nobody.
func Recognise(c docker.Container) (Server, bool) {
	name, runs := parseImage(c.Image), program(c)
	if runs.what == other {
		return Server{}, false
	}
	f, why, ok := family(c, name, runs)
	if !ok {
		return Server{}, false
	}
	s := Server{Kind: f.kind, Why: why, Version: f.version(c)}
	s.DataDir = f.dataDir(c, runs.args)
	m, mounted := mountOf(c, s.DataDir)
	if mounted && m.ReadOnly {
		return Server{}, false // a server writes its data; this one only looks at another's
	}
	s.Mount = m.Destination
	s.Reason = f.hindrance(c, name, runs)
	s.Dumpable = s.Reason == ""
	return s, true
}

// family chooses the kind of server, surest sign first.
func family(c docker.Container, name image, runs started) (family *flavour, why string, ok bool) {
	if runs.what == server {
		f := flavourOf(runs.kind)
		if f.kind == model.MySQL && (name.has("mariadb") || flavourOf(model.MariaDB).mark(c) != "") {
			f = flavourOf(model.MariaDB) // its program is called mysqld as well
		}
		if f.kind == model.Redis && name.has("valkey") {
			f = flavourOf(model.Valkey) // which has links of the old names
		}
		return f, "Its program is " + runs.name + ".", true
	}
	if name.stranger() {
		return nil, "", false
	}
	for i := range flavours {
		f := &flavours[i]
		if name.is(f.names) && (runs.what != shell || f.mounted(c) != "") {
			return f, "Its image is " + name.path + ".", true
		}
	}
	for i := range flavours {
		f := &flavours[i]
		if dir := f.mounted(c); dir != "" {
			if f.mark(c) != "" {
				return f, "Its environment has " + f.mark(c) + " and it keeps data in " + dir + ".", true
			}
			// Others keep data in /data as well.
			if dir != "/data" && name.has(f.words...) {
				return f, "Its image is called " + name.path + " and it keeps data in " + dir + ".", true
			}
		}
	}
	return nil, "", false
}

// hindrance says why the server cannot be dumped now.
func (f *flavour) hindrance(c docker.Container, name image, runs started) string {
	args := strings.Join(runs.args, " ")
	switch {
	case runs.name == "dragonfly" || name.has("dragonfly"):
		return "Dragonfly cannot send a copy of its data as Redis does."
	case f.kind == model.MongoDB && (strings.Contains(args, "--shardsvr") || strings.Contains(args, "--configsvr")):
		return "It is one part of a sharded cluster, which cannot be dumped part by part."
	case c.Paused:
		return "It is paused."
	case c.State == "restarting":
		return "It keeps restarting."
	case !c.Running:
		return "It is stopped."
	}
	return ""
}

// mountOf returns the mount that holds a folder of the container.
func mountOf(c docker.Container, dir string) (docker.Mount, bool) {
	var best docker.Mount
	found := false
	for _, m := range c.Mounts {
		if inside(dir, m.Destination) && (!found || len(m.Destination) > len(best.Destination)) {
			best, found = m, true
		}
	}
	return best, found
}

// inside says that dir is the folder top or lies in it.
func inside(dir, top string) bool {
	dir, top = path.Clean(dir), path.Clean(top)
	return dir == top || top == "/" || strings.HasPrefix(dir, top+"/")
}
