package index

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"errors"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/google/uuid"

	"keepstead/model"
)

// candidatesMax bounds the names that a search weighs against each other: more would only be cut off.
const candidatesMax = 2000

// candidate is a name that contains the text, in a folder that has or had it.
type candidate struct {
	line, folder int64
	name         string
}

// Search finds the entries whose name contains a text, the best matches first. The counts of snapshots are left to the
// caller.
func (x *Index) Search(ctx context.Context, q model.FileQuery) (model.FileHits, error) {
	out := model.FileHits{Hits: []model.FileHit{}}
	want := strings.ToLower(strings.TrimRight(q.Text, "/"))
	limit := q.Size()
	name := want[strings.LastIndexByte(want, '/')+1:]
	if name == "" || strings.ContainsRune(want, 0) {
		return out, model.Invalid{Field: "q", Reason: "Give a part of the name."}
	}
	err := x.look(ctx, "search the index of files", func(l *look) error {
		s := search{look: l, want: want, alive: map[int64][]living{}, histories: map[[2]int64]history{}}
		if err := s.scope(q); err != nil {
			return err
		}
		found, more, err := x.scan(ctx, l.tx, s.lines, name)
		if err != nil {
			return err
		}
		out.More = more
		rank(found, name)
		for _, c := range found {
			hit, ok, err := s.resolve(c)
			switch {
			case err != nil:
				return err
			case !ok:
			case len(out.Hits) == limit:
				out.More = true
				return nil
			default:
				out.Hits = append(out.Hits, hit)
			}
		}
		return ctx.Err()
	})
	return out, err
}

// search is one search at work.
type search struct {
	*look
	want  string // in lower case
	lines []int64
	one   held               // the only snapshot that counts, if there is one
	alive map[int64][]living // snapshots of a line, oldest first
	// histories are those of the folders that hits were in, by line and folder: many hits are in few folders.
	histories map[[2]int64]history
}

// living is a snapshot of a line.
type living struct {
	moment, started int64
	id              uuid.UUID
}

// scope finds the lines to search.
func (s *search) scope(q model.FileQuery) (err error) {
	if q.Snapshot == uuid.Nil {
		s.lines, err = numbers(s.tx.Query("SELECT id FROM lines WHERE app = ?", q.AppID[:]))
		return err
	}
	if s.one, err = s.snapshot(q.Snapshot); err != nil {
		return err
	}
	s.lines = []int64{s.one.line}
	return nil
}

// rank puts whole names before beginnings and those before parts, and short names before long ones.
func rank(found []candidate, want string) {
	class := map[string]int{}
	for _, c := range found {
		switch name := strings.ToLower(c.name); {
		case name == want:
		case strings.HasPrefix(name, want):
			class[c.name] = 1
		default:
			class[c.name] = 2
		}
	}
	slices.SortFunc(found, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(class[a.name], class[b.name]), cmp.Compare(len(a.name), len(b.name)), strings.Compare(a.name, b.name),
			cmp.Compare(a.line, b.line), cmp.Compare(a.folder, b.folder))
	})
}

// scan reads the names of all packs of some lines; more says that it stopped before it had all.
func (x *Index) scan(ctx context.Context, tx *sql.Tx, lines []int64, want string) (out []candidate, more bool, err error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	packs := make(chan zipped, 16)
	var mu sync.Mutex
	var work sync.WaitGroup
	seen := map[candidate]bool{}
	for range min(runtime.GOMAXPROCS(0), readers) {
		work.Go(func() {
			m := matcher{x: x, want: []byte(want)}
			for p := range packs {
				failed := m.match(p, func(c candidate) {
					mu.Lock()
					defer mu.Unlock()
					seen[c] = true
					more = more || len(seen) >= candidatesMax
				})
				mu.Lock()
				err = errors.Join(err, failed)
				done := more || err != nil
				mu.Unlock()
				if done {
					stop()
				}
			}
		})
	}
	read := feed(ctx, tx, lines, []byte(want), packs)
	close(packs)
	work.Wait()
	if !more && err == nil {
		err = read
	}
	for c := range seen {
		out = append(out, c)
	}
	return out, more, err
}

// zipped is the names of a pack as they are stored.
type zipped struct {
	line  int64
	names []byte
}

// feed hands out the packs of some lines that may hold a text.
func feed(ctx context.Context, tx *sql.Tx, lines []int64, text []byte, to chan<- zipped) error {
	for _, line := range lines {
		ids, err := candidates(tx, line, text)
		if err != nil {
			return err
		}
		err = each(func(scan func(...any) error) error {
			p := zipped{line: line}
			if err := scan(&p.names); err != nil {
				return err
			}
			select {
			case to <- p:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})(namesOf(tx, ids))
		if err != nil {
			return err
		}
	}
	return nil
}

// matcher looks for a text in packs, with memory that it uses again.
type matcher struct {
	x     *Index
	want  []byte
	raw   []byte
	lower []byte
}

// match calls found for each name of a pack that contains the text.
func (m *matcher) match(p zipped, found func(candidate)) error {
	l, err := m.x.readNames(p.names, m.raw[:0])
	if err != nil {
		return err
	}
	m.raw = l.raw
	m.lower = lowered(m.lower[:0], l.names)
	// The n-th name in lower case is the n-th name, though it may begin elsewhere.
	low, names, slot, left := m.lower, l.names, 0, 0
	if len(l.counts) > 0 {
		left = l.counts[0]
	}
	for {
		at := bytes.Index(low, m.want)
		if at < 0 {
			return nil
		}
		for range bytes.Count(low[:at], zero) {
			names, left = names[bytes.IndexByte(names, 0)+1:], left-1
		}
		for left <= 0 {
			if slot++; slot >= len(l.counts) {
				return errDamaged
			}
			left += l.counts[slot]
		}
		end := bytes.IndexByte(names, 0)
		behind := bytes.IndexByte(low[at:], 0)
		if end < 0 || behind < 0 {
			return errDamaged
		}
		found(candidate{p.line, l.folders[slot], string(names[:end])})
		low, names, left = low[at+behind+1:], names[end+1:], left-1
	}
}

var zero = []byte{0}

// lowered returns names in lower case, in the memory of to where they fit.
func lowered(to, names []byte) []byte {
	to = slices.Grow(to, len(names))[:len(names)]
	for i, b := range names {
		if b >= 0x80 {
			return append(to[:0], bytes.ToLower(names)...)
		}
		if 'A' <= b && b <= 'Z' {
			b += 'a' - 'A'
		}
		to[i] = b
	}
	return to
}

// resolve says where a candidate is and which snapshots hold it; false where none does that counts.
func (s *search) resolve(c candidate) (model.FileHit, bool, error) {
	var hit model.FileHit
	dir, err := s.path(c.folder)
	if errors.Is(err, sql.ErrNoRows) {
		return hit, false, nil // of a folder that was swept
	} else if err != nil {
		return hit, false, err
	}
	if !strings.Contains(strings.ToLower(path.Join(dir, c.name)), s.want) {
		return hit, false, nil
	}
	h, err := s.history(c.line, c.folder)
	if err != nil {
		return hit, false, err
	}
	e, newest, found, err := h.first(c.name, true)
	if !found || err != nil {
		return hit, false, err
	}
	oldest := h.spans[0].alive[0]
	if len(h.spans) > 1 {
		_, oldest, _, err = h.first(c.name, false)
	}
	hit = model.FileHit{Node: e.node(dir), Newest: newest.id, FirstSeen: utc(oldest.started), LastSeen: utc(newest.started)}
	return hit, true, err
}

// history is that of a folder in the snapshots that count.
func (s *search) history(line, folder int64) (history, error) {
	key := [2]int64{line, folder}
	h, ok := s.histories[key]
	if ok {
		return h, nil
	}
	h = history{look: s.look, line: line, folder: folder}
	var err error
	if h.alive, err = s.living(line); err != nil {
		return h, err
	}
	if s.one.moment != 0 {
		h.alive = only(h.alive, s.one.moment)
	}
	if len(h.alive) > 0 {
		err = h.read()
	}
	s.histories[key] = h
	return h, err
}

func (s *search) living(line int64) ([]living, error) {
	if found, ok := s.alive[line]; ok {
		return found, nil
	}
	found, err := s.look.living(line)
	s.alive[line] = found
	return found, err
}

func only(all []living, moment int64) []living {
	for i := range all {
		if all[i].moment == moment {
			return all[i : i+1]
		}
	}
	return nil
}
