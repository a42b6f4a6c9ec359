package index

import (
	"cmp"
	"context"
	"errors"
	"path"
	"slices"
	"sort"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// history is what the snapshots of a line hold in one folder.
type history struct {
	*look
	line, folder int64
	alive        []living // oldest first
	spans        []span   // oldest first
}

// span is some snapshots that hold the same listing.
type span struct {
	listing int64
	alive   []living
}

// living lists the snapshots of a line, oldest first.
func (l *look) living(line int64) ([]living, error) {
	var out []living
	err := each(func(scan func(...any) error) error {
		var one living
		var id []byte
		err := scan(&id, &one.moment, &one.started)
		copy(one.id[:], id)
		out = append(out, one)
		return err
	})(l.tx.Query("SELECT id, moment, started FROM snapshots WHERE line = ? ORDER BY moment", line))
	return out, err
}

// read finds the spans of the folder in which it is there.
func (h *history) read() error {
	var rows []moment
	err := each(func(scan func(...any) error) error {
		var m moment
		err := scan(&m.start, &m.listing)
		rows = append(rows, m)
		return err
	})(h.tx.Query("SELECT start, listing FROM timeline WHERE line = ? AND folder = ? ORDER BY start", h.line, h.folder))
	if err != nil {
		return err
	}
	rest := h.alive
	for i, r := range rows {
		rest = rest[sort.Search(len(rest), func(n int) bool { return rest[n].moment >= r.start }):]
		end := len(rest)
		if i+1 < len(rows) {
			end = sort.Search(len(rest), func(n int) bool { return rest[n].moment >= rows[i+1].start })
		}
		if r.listing != 0 && end > 0 {
			h.spans = append(h.spans, span{r.listing, rest[:end]})
		}
	}
	return nil
}

// first finds the newest snapshot that holds a name, or the oldest, with what it holds.
func (h *history) first(name string, newest bool) (entry, living, bool, error) {
	for i := range h.spans {
		s := h.spans[i]
		if newest {
			s = h.spans[len(h.spans)-1-i]
		}
		e, found, err := h.named(h.line, s.listing, name)
		switch {
		case err != nil:
			return e, living{}, false, err
		case found && newest:
			return e, s.alive[len(s.alive)-1], true, nil
		case found:
			return e, s.alive[0], true, nil
		}
	}
	return entry{}, living{}, false, nil
}

func utc(micro int64) time.Time { return time.UnixMicro(micro).UTC() }

// state is one state of a file with the snapshots that hold it.
type state struct {
	node  model.Node
	alive []living
}

// Versions lists the states that a file had in the snapshots of an app, newest first. They are told apart by kind, size
// and time. A path that no snapshot holds has none.
func (x *Index) Versions(ctx context.Context, app uuid.UUID, file string) ([]model.FileVersion, error) {
	out := []model.FileVersion{}
	file = path.Clean("/" + file)
	if file == "/" {
		return out, nil
	}
	found := map[entry]*state{}
	err := x.look(ctx, "list the versions of a file", func(l *look) error {
		lines, err := numbers(l.tx.Query("SELECT id FROM lines WHERE app = ?", app[:]))
		for _, line := range lines {
			if err = l.versions(line, file, found); err != nil {
				break
			}
		}
		return err
	})
	for _, v := range found {
		slices.SortFunc(v.alive, func(a, b living) int { return cmp.Compare(b.started, a.started) })
		one := model.FileVersion{Node: v.node, LastSeen: utc(v.alive[0].started), FirstSeen: utc(v.alive[len(v.alive)-1].started)}
		for _, a := range v.alive {
			one.Snapshots = append(one.Snapshots, a.id)
		}
		out = append(out, one)
	}
	slices.SortFunc(out, func(a, b model.FileVersion) int {
		return cmp.Or(b.LastSeen.Compare(a.LastSeen), b.ModTime.Compare(a.ModTime), cmp.Compare(b.Size, a.Size))
	})
	return out, err
}

// versions adds the states that a file had in one line.
func (l *look) versions(line int64, file string, found map[entry]*state) error {
	dir := path.Dir(file)
	folder, err := l.folder(line, dir)
	if errors.Is(err, model.ErrNotFound) {
		return nil
	}
	h := history{look: l, line: line, folder: folder}
	if err == nil {
		h.alive, err = l.living(line)
	}
	if err == nil {
		err = h.read()
	}
	if err != nil {
		return err
	}
	for _, s := range h.spans {
		e, there, err := l.named(line, s.listing, path.Base(file))
		if err != nil {
			return err
		}
		if !there {
			continue
		}
		is := e
		is.mode = 0 // who may read a file is no version of it
		if found[is] == nil {
			found[is] = &state{}
		}
		found[is].node = e.node(dir)
		found[is].alive = append(found[is].alive, s.alive...)
	}
	return nil
}
