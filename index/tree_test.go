package index

import (
	"context"
	"path"
	"slices"
	"strings"
	"time"

	"keepstead/model"
)

// tree is the naive model of a snapshot: its entries by path.
type tree map[string]model.Node

// walk lists a tree as restic does: by name, what is in a folder right behind it.
func (tr tree) walk(_ context.Context, each func(model.Node) error) error {
	below := map[string][]model.Node{}
	for p, n := range tr {
		below[path.Dir(p)] = append(below[path.Dir(p)], n)
	}
	var in func(dir string) error
	in = func(dir string) error {
		slices.SortFunc(below[dir], func(a, b model.Node) int { return strings.Compare(a.Name, b.Name) })
		for _, n := range below[dir] {
			if err := each(n); err != nil {
				return err
			}
			if n.Type == "dir" {
				if err := in(n.Path); err != nil {
					return err
				}
			}
		}
		return nil
	}
	return in("/")
}

func (tr tree) put(p, kind string, size int64, at time.Time) {
	for dir := path.Dir(p); dir != "/"; dir = path.Dir(dir) {
		if tr[dir].Type != "dir" {
			tr[dir] = model.Node{Path: dir, Name: path.Base(dir), Type: "dir", Mode: 0o755, ModTime: at}
		}
	}
	n := model.Node{Path: p, Name: path.Base(p), Type: kind, Mode: 0o644, ModTime: at}
	if kind == "file" {
		n.Size = size
	}
	if kind == "symlink" {
		n.Target = "../" + path.Base(p)
	}
	tr[p] = n
}

func (tr tree) remove(p string) {
	for q := range tr {
		if q == p || strings.HasPrefix(q, p+"/") {
			delete(tr, q)
		}
	}
}

func (tr tree) folder(dir string) []model.Node {
	var out []model.Node
	for p, n := range tr {
		if path.Dir(p) == dir {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b model.Node) int {
		if d := a.Type == "dir"; d != (b.Type == "dir") {
			if d {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}
