package database

import (
	"slices"
	"strings"
)

// image is the name of an image without what differs from place to place.
type image struct {
	path  string   // namespace and name, without registry, tag and digest
	space string   // the last part of the namespace, empty for an official image
	base  string   // the name
	words []string // the name's words
}

// parseImage takes a reference apart. An image that is known by its id alone has no name.
func parseImage(ref string) image {
	ref, _, _ = strings.Cut(ref, "@")
	if ref == "" || ref == "sha256" || strings.HasPrefix(ref, "sha256:") || isID(ref) {
		return image{}
	}
	parts := strings.Split(ref, "/")
	last := len(parts) - 1
	parts[last], _, _ = strings.Cut(parts[last], ":")
	if last > 0 && (strings.ContainsAny(parts[0], ".:") || parts[0] == "localhost") {
		parts = parts[1:]
	}
	if len(parts) > 1 && parts[0] == "library" {
		parts = parts[1:]
	}
	i := image{path: strings.Join(parts, "/"), base: strings.ToLower(parts[len(parts)-1])}
	if len(parts) > 1 {
		i.space = strings.ToLower(parts[len(parts)-2])
	}
	i.words = strings.FieldsFunc(i.base, func(r rune) bool { return r == '-' || r == '_' || r == '.' })
	return i
}

// isID says that a reference is the short or whole id of an image.
func isID(ref string) bool {
	return (len(ref) == 12 || len(ref) == 64) && strings.Trim(ref, "0123456789abcdef") == ""
}

// is says that the image is one of these: name, or namespace/name. A version at the name's end does not count, as in
// postgresql-16 or mysql-80-c9s.
func (i image) is(names []string) bool {
	words := i.words
	for len(words) > 1 && isVersion(words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return false
	}
	plain := strings.Join(words, "-")
	return slices.ContainsFunc(names, func(name string) bool {
		space, base, spaced := strings.Cut(name, "/")
		if !spaced {
			space, base = "", name
		}
		return (base == plain || base == i.base) && (space == "" || space == i.space)
	})
}

// isVersion says that a word only tells versions or bases of one image apart: 16, v2, c9s, alpine.
func isVersion(word string) bool {
	letters := strings.Trim(word, "0123456789")
	return letters == "" || letters == "v" || letters == "alpine" || letters == "debian" ||
		len(word) == 3 && word[0] == 'c' && word[2] == 's'
}

// has says that one of the words is in the name.
func (i image) has(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(i.words, w) })
}

// stranger says that the image is a tool beside databases, whatever its name begins with.
func (i image) stranger() bool {
	return i.has(strangers...) || slices.ContainsFunc(i.words, func(w string) bool {
		return strings.HasSuffix(w, "backup") || strings.HasSuffix(w, "admin") || strings.HasSuffix(w, "exporter") || strings.HasPrefix(w, "backup")
	})
}

// strangers are words of names that belong to tools: they look at, copy or stand in front of another's database.
var strangers = []string{
	"adapter", "admin4", "agent", "api", "archiver", "auth", "backups", "bouncer", "browser", "cli", "client",
	"clients", "commander", "compass", "connect", "connector", "console", "controller", "cron", "dashboard",
	"dump", "dumper", "export", "express", "gui", "haproxy", "import", "init", "insight", "kubernetes", "lb", "loader", "manager",
	"maxscale", "meta", "metrics", "migrate", "migration", "migrations", "migrator", "monitor", "monitoring", "mysqldump",
	"operator", "pgbouncer", "pgpool", "pmm", "pooler", "prometheus", "proxy", "proxysql", "pump", "replicator", "restore",
	"rest", "router", "s3", "seed", "seeder", "sentinel", "shell", "studio", "sync", "toolkit", "tools",
	"ui", "util", "utils", "viewer", "wait", "walg", "web", "webui", "workbench", "xtrabackup", "xtrabackups",
}
