package jobs

import (
	"cmp"
	"path"
	"slices"

	"keepstead/model"
	"keepstead/restic"
)

// scopeLook is one look through a snapshot.
type scopeLook struct {
	out      *model.ScopePreview
	patterns []restic.Pattern // one for each of out.Excludes
	staged   string           // what Keepstead itself wrote for the backup, which no pattern takes away
	folders  map[string]scopeFolder
	names    []string
	hit      []bool
}

// scopeFolder is a folder whose entries come later.
type scopeFolder struct {
	names  []string
	hit    []bool // by the patterns that match it, and so all that is in it
	staged bool
}

// newScopeLook reads the patterns. Those that cannot be read are among the problems already.
func newScopeLook(c model.Configuration, out *model.ScopePreview) *scopeLook {
	l := &scopeLook{out: out, folders: map[string]scopeFolder{}}
	for _, text := range c.ExcludePaths {
		if p, err := restic.ReadPattern(text); err == nil {
			l.patterns = append(l.patterns, p)
			out.Excludes = append(out.Excludes, model.ExcludeMatch{Pattern: text})
		}
	}
	l.hit = make([]bool, len(l.patterns))
	l.folders["/"] = scopeFolder{hit: make([]bool, len(l.patterns))}
	if out.Snapshot == nil {
		return l
	}
	if root, err := stagedIn(*out.Snapshot); err == nil { // one of folders has none
		l.staged = root
	}
	return l
}

// fates judges the includes by what is captured anyway.
func (l *scopeLook) fates(app model.App, c model.Configuration) {
	captured := app.Paths
	if app.Containers() && l.out.Snapshot != nil {
		captured = slices.DeleteFunc(slices.Clone(l.out.Snapshot.Paths), func(p string) bool { return slices.Contains(c.IncludePaths, p) })
	}
	for _, p := range c.IncludePaths {
		if path.IsAbs(p) {
			l.out.Includes = append(l.out.Includes, model.IncludeFate{Path: p, By: holder(p, captured, c.IncludePaths), LeftOutBy: l.matching(p)})
		}
	}
}

// holder is the folder that holds p: one that is captured, or another one to include.
func holder(p string, captured, includes []string) string {
	for _, have := range captured {
		if model.Within(p, have) {
			return have
		}
	}
	for _, have := range includes {
		if path.IsAbs(have) && path.Clean(have) != path.Clean(p) && model.Within(p, have) {
			return have
		}
	}
	return ""
}

// matching is the first pattern that matches a path.
func (l *scopeLook) matching(p string) string {
	for i, pattern := range l.patterns {
		if pattern.Match(restic.Names(p)) {
			return l.out.Excludes[i].Pattern
		}
	}
	return ""
}

// count counts an entry of the snapshot, or remembers what is known of a folder.
func (l *scopeLook) count(n model.Node) {
	in := l.folders[path.Dir(n.Path)]
	l.names = append(append(l.names[:0], in.names...), n.Name)
	staged := in.staged || l.staged != "" && n.Path == l.staged
	left := l.judge(in, n, staged)
	if n.Type == "dir" {
		l.folders[n.Path] = scopeFolder{names: slices.Clone(l.names), hit: slices.Clone(l.hit), staged: staged}
		return
	}
	l.out.Total.Add(n)
	if left {
		l.out.Left.Add(n)
	}
	for i := range l.out.Includes {
		if model.Within(n.Path, l.out.Includes[i].Path) {
			l.out.Includes[i].Held.Add(n)
		}
	}
}

// judge sets which patterns match an entry and says whether any does.
func (l *scopeLook) judge(in scopeFolder, n model.Node, staged bool) (left bool) {
	for i, p := range l.patterns {
		l.hit[i] = !staged && (in.hit[i] || p.Match(l.names))
		if !l.hit[i] {
			continue
		}
		left = true
		if match := &l.out.Excludes[i]; n.Type != "dir" {
			match.Add(n)
			match.Example = cmp.Or(match.Example, n.Path)
		} else if !in.hit[i] {
			match.Example = cmp.Or(match.Example, n.Path+"/")
		}
	}
	return left
}
