package docker

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"keepstead/device"
)

// composeSet is one way in which the containers of a project were started, as their labels tell. A project has several
// when its files moved and not all containers were made anew since.
type composeSet struct {
	dir   string   // of the project, as the host names it
	files []string // absolute
	envs  []string // --env-file
}

// composed is what the files of a project say.
type composed struct {
	set      composeSet // where its files really are
	files    []ComposeFile
	depends  map[string][]string // by service
	profiles map[string][]string // by service
	problem  string              // a sentence
	stamps   []stamp
}

// stamp is a file as it was when it was read. One that was not there has none of the rest.
type stamp struct {
	path  string
	size  int64
	mtime time.Time
}

// setsOf reads where a project's files are from its containers, the newest container first.
func setsOf(containers []Container) []composeSet {
	sorted := slices.Clone(containers)
	slices.SortStableFunc(sorted, func(a, b Container) int { return b.CreatedAt.Compare(a.CreatedAt) })
	var out []composeSet
	for _, c := range sorted {
		dir := c.Labels[composeDir]
		if !path.IsAbs(dir) && c.Labels[composeConfigs] == "" {
			continue
		}
		s := composeSet{dir: path.Clean(dir), files: absolute(dir, c.Labels[composeConfigs]), envs: absolute(dir, c.Labels[composeEnvFile])}
		if !slices.ContainsFunc(out, func(o composeSet) bool { return o.dir == s.dir && slices.Equal(o.files, s.files) }) {
			out = append(out, s)
		}
	}
	return out
}

// absolute splits a label's list of paths.
func absolute(dir, list string) []string {
	var out []string
	for p := range strings.SplitSeq(list, ",") {
		switch {
		case p == "" || strings.ContainsRune(p, 0):
		case p == "-":
			out = append(out, p)
		case path.IsAbs(p):
			out = append(out, path.Clean(p))
		case path.IsAbs(dir):
			out = append(out, path.Join(dir, p))
		}
	}
	return out
}

// readCompose adds to the projects what their files say. A file that is gone or wrong is told in the project.
func (e *Engine) readCompose(ctx context.Context, files device.Files, drafts []*draft) error {
	type begun struct {
		draft *draft
		set   composeSet
		look  *composeLook
	}
	var all []begun
	for _, d := range drafts {
		if d.Key.Project == "" {
			continue
		}
		sets := setsOf(d.Containers)
		if len(sets) == 0 {
			d.Found.ComposeError = "The containers do not say where the project's compose file is."
		}
		for _, set := range sets {
			all = append(all, begun{d, set, e.lookAtFiles(ctx, files, set, d)})
		}
	}
	for _, b := range all {
		b.draft.apply(b.look.wait(ctx, b.set))
	}
	return ctx.Err()
}

// lookAtFiles begins to read one set of files, or remembers what they said when none of them changed.
func (e *Engine) lookAtFiles(ctx context.Context, files device.Files, set composeSet, d *draft) *composeLook {
	key, places := fmt.Sprintf("%q", []any{d.Key.Project, set}), d.places
	ctx = context.WithoutCancel(ctx) // the look may outlive this discovery, and the next one joins it
	return e.memory.look(key, func() composed {
		known, ok := e.memory.get(key)
		if !ok || !fresh(files, known.stamps) {
			known = e.read(ctx, files, set, places)
			e.memory.put(key, known)
		}
		return known
	})
}

// read reads the files of a set and what they name.
func (e *Engine) read(ctx context.Context, files device.Files, set composeSet, places []place) composed {
	set = e.locate(files, set, places)
	r := &reader{files: files, see: e.HostPath, seen: map[string]bool{}}
	env := r.environment(set.envs, set.dir)
	var sources []composeText
	for _, name := range set.files {
		if name == "-" {
			r.problem("The project was started from standard input, so its compose file is nowhere to be found.")
			continue
		}
		if text, ok := r.read(name, FileCompose); ok {
			here, _ := e.HostPath(name)
			sources = append(sources, composeText{path: here, text: text})
			r.walk(text, name, set.dir, env, 0)
		}
	}
	if len(set.files) == 0 {
		r.problem("The containers do not say which compose file they were made from.")
	}
	out := composed{set: set, files: r.out, stamps: r.stamps}
	if dir, ok := e.HostPath(set.dir); ok && len(sources) > 0 && len(sources) == len(set.files) {
		var err error
		out.depends, out.profiles, err = understand(ctx, sources, dir, env, e.HostPath)
		if err != nil {
			r.problem("%s", explainCompose(err, set.files))
		}
	}
	out.problem = strings.Join(r.problems, " ")
	return out
}

// apply adds what one set of files says. The first set is the newest and is believed where they differ.
func (d *draft) apply(c composed) {
	f := &d.Found
	if f.WorkingDir == "" {
		f.WorkingDir, f.ComposeError = c.set.dir, c.problem
	} else if c.problem != "" && len(c.files) == 0 {
		return // an older place, from before a move
	}
	for _, name := range c.set.files {
		if name != "-" && !slices.Contains(f.ConfigFiles, name) {
			f.ConfigFiles = append(f.ConfigFiles, name)
		}
	}
	for _, file := range c.files {
		if !slices.Contains(d.Compose, file) {
			d.Compose = append(d.Compose, file)
			if file.Kind == FileEnv {
				f.EnvFiles = append(f.EnvFiles, file.Source)
			}
		}
	}
	exists := map[string]bool{}
	for _, s := range f.Services {
		exists[s.Name] = true
	}
	for i, s := range f.Services {
		if on, ok := c.depends[s.Name]; ok && !d.told[s.Name] {
			d.told[s.Name] = true
			f.Services[i].DependsOn = on
		}
		f.Profiles = append(f.Profiles, c.profiles[s.Name]...)
		f.Services[i].DependsOn = slices.DeleteFunc(slices.Clone(f.Services[i].DependsOn), func(on string) bool { return !exists[on] })
	}
	slices.Sort(f.Profiles)
	f.Profiles = slices.Compact(f.Profiles)
}

// place is a folder of the host that a container sees under another name.
type place struct{ host, inside string }

// locate finds files that another program put where only its own container has them: Portainer keeps them in a volume
// that it calls /data.
func (e *Engine) locate(files device.Files, set composeSet, places []place) composeSet {
	for _, name := range set.files {
		if e.exists(files, name) {
			return set
		}
	}
	if len(set.files) == 0 || set.files[0] == "-" {
		return set
	}
	var found []composeSet
	for _, p := range places {
		moved, ok := p.move(set)
		if ok && e.exists(files, moved.files[0]) && !slices.ContainsFunc(found, func(o composeSet) bool { return o.files[0] == moved.files[0] }) {
			found = append(found, moved)
		}
	}
	if len(found) == 1 {
		return found[0]
	}
	return set
}

// move renames the paths of a set from what a container calls them to what the host does.
func (p place) move(set composeSet) (composeSet, bool) {
	ok := p.inside != "/" && p.host != p.inside
	rename := func(name string) string {
		rest, below := strings.CutPrefix(name, p.inside+"/")
		if !below {
			ok = false
			return name
		}
		return path.Join(p.host, rest)
	}
	out := composeSet{dir: rename(set.dir)}
	for _, name := range set.files {
		out.files = append(out.files, rename(name))
	}
	for _, name := range set.envs {
		out.envs = append(out.envs, rename(name))
	}
	return out, ok
}

func (e *Engine) exists(files device.Files, host string) bool {
	here, ok := e.HostPath(host)
	if !ok {
		return false
	}
	_, err := files.Stat(here)
	return err == nil
}

// fresh says that no file changed since it was read.
func fresh(files device.Files, stamps []stamp) bool {
	for _, s := range stamps {
		now := stampOf(files, s.path)
		if now.size != s.size || !now.mtime.Equal(s.mtime) {
			return false
		}
	}
	return true
}

func stampOf(files device.Files, here string) stamp {
	s := stamp{path: here}
	info, err := files.Stat(here)
	switch {
	case err == nil:
		s.size, s.mtime = info.Size(), info.ModTime()
	case !errors.Is(err, fs.ErrNotExist):
		s.size = -1 // not readable is not the same as not there
	}
	return s
}
