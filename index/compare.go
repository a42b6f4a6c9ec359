package index

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path"
	"slices"
	"strings"

	"keepstead/model"
)

// Compare says what differs from one snapshot to another, a page at a time. Folders that are alike are not opened where
// both snapshots are of one configuration. A snapshot that is not here is model.ErrNotIndexed.
func (x *Index) Compare(ctx context.Context, q model.ComparisonQuery) (model.Comparison, error) {
	out := model.Comparison{Changes: []model.Change{}}
	err := x.look(ctx, "compare two snapshots", func(l *look) error {
		before, err := l.snapshot(q.Before)
		if err != nil {
			return err
		}
		after, err := l.snapshot(q.After)
		if err != nil {
			return err
		}
		c := comparison{
			look: l, before: before, after: after, query: q, out: &out, text: strings.ToLower(q.Text),
			limit: model.Page{Limit: q.Limit}.Size(),
		}
		if q.Cursor != "" {
			c.from = model.Change{Kind: kindOf(q.Cursor[0]), Path: q.Cursor[1:]}
		}
		pairs := c.pairs
		if before.line == after.line {
			pairs = c.changed
		}
		if err := pairs(func(p pair) error { return errors.Join(c.folder(p), ctx.Err()) }); err != nil {
			return err
		}
		c.page()
		return nil
	})
	return out, err
}

// comparison is two snapshots being compared.
type comparison struct {
	*look
	before, after held
	query         model.ComparisonQuery
	text          string // in lower case
	limit         int
	from          model.Change   // the last one of the page before
	found         []model.Change // after that one, not yet in order
	out           *model.Comparison
}

// pair is a folder with the listings that the two snapshots have of it; 0 where it is not there.
type pair struct {
	dir           string
	before, after int64
}

// changed finds the folders of one line whose timeline has a row between the two moments.
func (c *comparison) changed(each func(pair) error) error {
	from, to := c.before.moment, c.after.moment
	folders, err := numbers(c.tx.Query("SELECT DISTINCT folder FROM timeline WHERE line = ? AND start > ? AND start <= ? AND start > 0",
		c.before.line, min(from, to), max(from, to)))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		var p pair
		if p.before, err = c.listingAt(c.before.line, folder, from); err != nil {
			return err
		}
		if p.after, err = c.listingAt(c.before.line, folder, to); err != nil {
			return err
		}
		if p.before == p.after {
			continue
		}
		if p.dir, err = c.path(folder); err != nil {
			return err
		}
		if err := each(p); err != nil {
			return err
		}
	}
	return nil
}

// pairs finds all folders of two snapshots that have nothing in common but their paths.
func (c *comparison) pairs(each func(pair) error) error {
	all := map[string]pair{}
	err := c.tree(c.before, func(dir string, listing int64) error {
		all[dir] = pair{dir: dir, before: listing}
		return nil
	})
	if err != nil {
		return err
	}
	err = c.tree(c.after, func(dir string, listing int64) error {
		p := all[dir]
		p.dir, p.after = dir, listing
		all[dir] = p
		return nil
	})
	if err != nil {
		return err
	}
	for _, dir := range slices.Sorted(maps.Keys(all)) {
		if err := each(all[dir]); err != nil {
			return err
		}
	}
	return nil
}

// tree calls found for every folder of a snapshot, one that is in another behind it.
func (l *look) tree(at held, found func(dir string, listing int64) error) error {
	type row struct {
		id, listing int64
		dir         string
	}
	todo := []row{{id: -at.line, dir: ""}}
	for len(todo) > 0 {
		in := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if in.listing != 0 {
			if err := found(in.dir, in.listing); err != nil {
				return err
			}
		}
		err := each(func(scan func(...any) error) error {
			var r row
			var name []byte
			err := scan(&r.id, &name, &r.listing)
			if r.dir = path.Join("/", in.dir, string(name)); r.listing != 0 {
				todo = append(todo, r)
			}
			return err
		})(l.tx.Query(`SELECT id, name, coalesce((SELECT listing FROM timeline WHERE line = ? AND folder = f.id AND start <= ?
			ORDER BY start DESC LIMIT 1), 0) FROM folders AS f WHERE parent = ? ORDER BY name DESC`, at.line, at.moment, in.id))
		if err != nil {
			return err
		}
	}
	return nil
}

// folder compares one folder.
func (c *comparison) folder(p pair) error {
	before, err := c.entries(c.before.line, p.before)
	if err != nil {
		return err
	}
	after, err := c.entries(c.after.line, p.after)
	if err != nil {
		return err
	}
	for len(before) > 0 || len(after) > 0 {
		var a, b *entry
		way := 0
		switch {
		case len(before) == 0:
			way = 1
		case len(after) == 0:
			way = -1
		default:
			way = compare(before[0], after[0])
		}
		if way <= 0 {
			a, before = &before[0], before[1:]
		}
		if way >= 0 {
			b, after = &after[0], after[1:]
		}
		c.entry(p.dir, a, b)
	}
	return nil
}

// entry counts a difference, and keeps it if it may be on the page.
func (c *comparison) entry(dir string, before, after *entry) {
	d := model.Change{Kind: model.ChangeChanged}
	tally := &c.out.Changed
	switch {
	case before == nil:
		d.Kind, tally = model.ChangeAdded, &c.out.Added
	case after == nil:
		d.Kind, tally = model.ChangeRemoved, &c.out.Removed
	case *before == *after || before.kind == isDir: // the time of a folder says only that something in it changed
		return
	}
	is := cmp.Or(after, before)
	c.out.Grown += sizeOf(after) - sizeOf(before)
	if tally.Bytes += is.size; is.kind == isDir {
		tally.Folders++
	} else {
		tally.Files++
	}
	d.Path = path.Join(dir, is.name)
	if c.query.Kind != "" && c.query.Kind != d.Kind || c.query.Cursor != "" && inOrder(d, c.from) <= 0 ||
		c.text != "" && !strings.Contains(strings.ToLower(d.Path), c.text) {
		return
	}
	d.Before, d.After = nodeOf(dir, before), nodeOf(dir, after)
	c.found = append(c.found, d)
	if len(c.found) >= 4*c.limit+1000 { // so that a page of a million changes costs no more than one of some
		c.cut()
	}
}

func sizeOf(e *entry) int64 {
	if e == nil {
		return 0
	}
	return e.size
}

func nodeOf(dir string, e *entry) *model.Node {
	if e == nil {
		return nil
	}
	n := e.node(dir)
	return &n
}

// inOrder orders changes by path; a file that became a folder is two.
func inOrder(a, b model.Change) int {
	return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(string(a.Kind), string(b.Kind)))
}

// cut keeps of what was found only the page and one more, which tells that there is another.
func (c *comparison) cut() {
	slices.SortFunc(c.found, inOrder)
	clear(c.found[min(len(c.found), c.limit+1):])
	c.found = c.found[:min(len(c.found), c.limit+1)]
}

// page is what is left.
func (c *comparison) page() {
	c.cut()
	c.out.Changes = append(c.out.Changes, c.found[:min(len(c.found), c.limit)]...)
	if len(c.found) > c.limit {
		last := c.found[c.limit-1]
		c.out.Next = string(last.Kind[0]) + last.Path
	}
}

func kindOf(letter byte) model.ChangeKind {
	for _, k := range []model.ChangeKind{model.ChangeAdded, model.ChangeChanged, model.ChangeRemoved} {
		if k[0] == letter {
			return k
		}
	}
	return ""
}
