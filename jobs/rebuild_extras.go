package jobs

import (
	"path"
	"slices"
	"strings"

	"keepstead/model"
)

// withExtras are the volumes of a snapshot's manifest with all that is in the snapshot beside what the manifest takes:
// folders and files that a person added, and what a safety snapshot holds of places that backups leave out. The raw
// folder of a database that comes back from its dump stays out: it was read while its server wrote to it, and would lie
// where the server is to begin empty. What a person added inside of it stays out with it, and is told: such a volume has
// neither files nor users.
func withExtras(c model.Contents, roots []string) []model.ContentVolume {
	out := slices.Clone(c.Volumes)
	for _, root := range roots {
		if root == c.Staging || slices.Contains(c.Files, root) ||
			slices.ContainsFunc(c.Volumes, func(v model.ContentVolume) bool { return v.In != "" && model.Within(root, v.In) }) {
			continue
		}
		source := hostPath(c, root)
		if i := slices.IndexFunc(c.Volumes, func(v model.ContentVolume) bool { return fromDump(c, v) && within(v, root, source) }); i >= 0 {
			if !isAt(c.Volumes[i], root, source) {
				out = append(out, model.ContentVolume{FoundMount: model.FoundMount{Kind: model.MountBind, Source: source, Role: model.RoleDumped}})
			}
			continue
		}
		if i := slices.IndexFunc(out, func(v model.ContentVolume) bool { return v.In == "" && isAt(v, root, source) }); i >= 0 {
			out[i].In = root // known by its name, not by the path of its files
			continue
		}
		out = append(out, model.ContentVolume{
			FoundMount: model.FoundMount{Kind: model.MountBind, Source: source, Role: model.RoleData}, In: root,
		})
	}
	return out
}

// fromDump says that a volume was left out because the snapshot holds dumps of its database.
func fromDump(c model.Contents, v model.ContentVolume) bool {
	return v.In == "" && v.Role == model.RoleDumped && slices.ContainsFunc(v.Users, func(u string) bool { return len(dumpsOf(c, userService(u))) > 0 })
}

// isAt says that root, which is source on its host, is where the files of a volume lie. A link on the way to the
// engine's folder changes all of a volume's path but its end.
func isAt(v model.ContentVolume, root, source string) bool {
	for _, at := range []string{v.Source, v.Path} {
		if at != "" && (path.Clean(at) == path.Clean(root) || path.Clean(at) == path.Clean(source)) {
			return true
		}
	}
	return v.Kind == model.MountVolume && v.Name != "" && strings.HasSuffix(path.Clean(root), "/"+v.Name+"/_data")
}

func within(v model.ContentVolume, root, source string) bool {
	if isAt(v, root, source) {
		return true
	}
	for _, at := range []string{v.Source, v.Path} {
		if at != "" && (model.Within(root, at) || model.Within(source, at)) {
			return true
		}
	}
	return false
}

// withoutRaw drops what would lie in a folder that a server is to fill anew from its dumps, by whatever links it was
// reached.
func withoutRaw(targets []target) []target {
	return slices.DeleteFunc(slices.Clone(targets), func(t target) bool {
		return t.from != "" && t.to != "" && slices.ContainsFunc(targets, func(o target) bool { return o.from == "" && o.to == t.to })
	})
}

// replaced names what of an app the choice replaces, as it is chosen for a restore of parts: volumes and folders, of
// those only the ones that are there, and databases.
func (c choice) replaced(there func(target) bool) []string {
	var out []string
	for _, t := range c.targets {
		if t.from != "" && there(t) {
			out = append(out, t.volume.Label())
		}
	}
	for _, s := range c.imports {
		out = append(out, databaseNames(s)...)
	}
	for _, d := range c.copies {
		out = append(out, d.Service+"/"+d.Database)
	}
	return out
}

// Replaces names what the restore of a whole app from a snapshot replaces where it is there, as the plan of that restore
// names it. It does no I/O.
func (m *Manager) Replaces(s model.Snapshot, contents model.Contents) []string {
	contents.Volumes = withExtras(contents, s.Paths)
	c := choose(model.Manifest{Contents: contents}, model.AppRestore{Mode: model.AppInPlace})
	c.targets = nest(c.targets, contents.Volumes)
	return c.replaced(func(target) bool { return true })
}
