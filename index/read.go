package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/google/uuid"

	"keepstead/model"
)

// look is one question to the index: it reads one state of it, and each pack but once.
type look struct {
	x     *Index
	tx    *sql.Tx
	packs map[int64]*pack
	// listings that were opened, so that many questions about one folder cost one.
	opened map[int64]listing
	paths  map[int64]string // of folders
}

// pack is one pack as read, with the slots that were asked for.
type pack struct {
	names nameList
	facts []byte // opened when first asked for
	zip   []byte
	slots map[int][]entry
}

// packsHeld bounds how many packs a look keeps.
const packsHeld = 256

// look runs ask on one state of the index.
func (x *Index) look(ctx context.Context, doing string, ask func(*look) error) error {
	tx, err := x.r.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer func() { _ = tx.Rollback() }()
	if err := ask(x.newLook(tx)); err != nil {
		return fmt.Errorf("%s: %w", doing, x.noticed(err))
	}
	return nil
}

func (x *Index) newLook(tx *sql.Tx) *look {
	return &look{x: x, tx: tx, packs: map[int64]*pack{}, opened: map[int64]listing{}, paths: map[int64]string{}}
}

// held is where a snapshot stands in the index.
type held struct {
	line, moment int64
}

// snapshot finds a snapshot, or model.ErrNotIndexed.
func (l *look) snapshot(id uuid.UUID) (held, error) {
	var h held
	err := l.tx.QueryRow("SELECT line, moment FROM snapshots WHERE id = ?", id[:]).Scan(&h.line, &h.moment)
	if errors.Is(err, sql.ErrNoRows) {
		return h, fmt.Errorf("snapshot %s: %w", id, model.ErrNotIndexed)
	}
	return h, err
}

// child finds a folder in another, or model.ErrNotFound.
func (l *look) child(parent int64, name string) (id int64, err error) {
	err = l.tx.QueryRow("SELECT id FROM folders WHERE parent = ? AND name = ?", parent, []byte(name)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		err = model.ErrNotFound
	}
	return id, err
}

// folder finds a folder of a line by its path.
func (l *look) folder(line int64, dir string) (id int64, err error) {
	id, err = l.child(-line, "")
	for name := range strings.SplitSeq(strings.Trim(dir, "/"), "/") {
		if err != nil || name == "" {
			return id, err
		}
		id, err = l.child(id, name)
	}
	return id, err
}

// path returns the path of a folder.
func (l *look) path(folder int64) (string, error) {
	if found, ok := l.paths[folder]; ok || folder < 0 {
		return found, nil // the top has no name, and nothing above it
	}
	var parent int64
	var name []byte
	if err := l.tx.QueryRow("SELECT parent, name FROM folders WHERE id = ?", folder).Scan(&parent, &name); err != nil {
		return "", err
	}
	dir, err := l.path(parent)
	if err != nil {
		return "", err
	}
	l.paths[folder] = path.Join("/", dir, string(name))
	return l.paths[folder], nil
}

// listingAt returns the number of the listing that a folder has at a moment; 0 where it is not there.
func (l *look) listingAt(line, folder, moment int64) (id int64, err error) {
	err = l.tx.QueryRow(`SELECT listing FROM timeline WHERE line = ? AND folder = ? AND start <= ?
		ORDER BY start DESC LIMIT 1`, line, folder, moment).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id, err
}

// listing is the entries of a folder from a moment on.
type listing struct {
	base  int64
	at    place
	total int
	hash  int64
}

func (l *look) listing(line, id int64) (listing, error) {
	if found, ok := l.opened[key(line, id)]; ok {
		return found, nil
	}
	var f listing
	err := l.tx.QueryRow("SELECT base, pack, slot, entries, total, hash FROM listings WHERE id = ?", key(line, id)).
		Scan(&f.base, &f.at.pack, &f.at.slot, &f.at.entries, &f.total, &f.hash)
	if err == nil {
		l.opened[key(line, id)] = f
	}
	return f, err
}

// pack reads a pack of a line.
func (l *look) pack(line, number int64) (*pack, error) {
	id := key(line, number)
	if p, ok := l.packs[id]; ok {
		return p, nil
	}
	p := &pack{slots: map[int][]entry{}}
	var names []byte
	err := l.tx.QueryRow("SELECT names, facts FROM packs WHERE id = ?", id).Scan(&names, &p.zip)
	if err != nil {
		return p, err
	}
	if p.names, err = l.x.readNames(names, nil); err != nil {
		return p, err
	}
	if len(l.packs) >= packsHeld {
		clear(l.packs)
	}
	l.packs[id] = p
	return p, nil
}

// stored reads the entries that stand in the i-th pack of a place. Nobody may change them.
func (l *look) stored(line int64, at place, i int64) ([]entry, error) {
	p, err := l.pack(line, at.pack+i)
	if err != nil {
		return nil, err
	}
	if found, ok := p.slots[at.slot]; ok {
		return found, nil
	}
	names, count, err := p.names.slot(at.slot)
	if err != nil {
		return nil, err
	}
	if p.facts == nil {
		if p.facts, err = l.x.unzip.DecodeAll(p.zip, nil); err != nil {
			return nil, fmt.Errorf("%w: %w", errDamaged, err)
		}
		p.zip = nil
	}
	facts, err := slotFacts(p.facts, at.slot)
	if err != nil {
		return nil, err
	}
	found, err := entries(names, count, facts)
	p.slots[at.slot] = found
	return found, err
}

// all reads all entries that stand at a place.
func (l *look) all(line int64, at place) ([]entry, error) {
	var out []entry
	for i := range at.packs() {
		some, err := l.stored(line, at, i)
		if err != nil {
			return nil, err
		}
		if at.packs() == 1 {
			return some, nil
		}
		out = append(out, some...)
	}
	return out, nil
}

// entries reads a whole listing; 0 is an empty one.
func (l *look) entries(line, id int64) ([]entry, error) {
	if id == 0 {
		return nil, nil
	}
	f, err := l.listing(line, id)
	if err != nil {
		return nil, err
	}
	own, err := l.all(line, f.at)
	if err != nil || f.base == 0 {
		return own, err
	}
	base, err := l.listing(line, f.base)
	if err != nil {
		return nil, err
	}
	before, err := l.all(line, base.at)
	return apply(before, own), err
}

// packOf returns which pack of a place may hold a key: those of a large listing are in order.
func (l *look) packOf(line int64, at place, name string) (int64, error) {
	if at.packs() == 1 {
		return 0, nil
	}
	var id int64
	from := key(line, at.pack)
	err := l.tx.QueryRow("SELECT id FROM packs WHERE id BETWEEN ? AND ? AND first <= ? ORDER BY id DESC LIMIT 1",
		from, from+at.packs()-1, []byte(name)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return id - from, err
}

// find looks an entry up in a listing, by its name and whether it is a folder.
func (l *look) find(line, id int64, want entry) (entry, bool, error) {
	if id == 0 {
		return want, false, nil
	}
	f, err := l.listing(line, id)
	if err != nil {
		return want, false, err
	}
	i, err := l.packOf(line, f.at, want.key())
	if err != nil {
		return want, false, err
	}
	own, err := l.stored(line, f.at, i)
	if err != nil {
		return want, false, err
	}
	if at, found := slices.BinarySearchFunc(own, want, compare); found {
		return own[at], !own[at].gone(), nil
	}
	if f.base == 0 {
		return want, false, nil
	}
	return l.find(line, f.base, want)
}

// named looks an entry up by its name alone.
func (l *look) named(line, id int64, name string) (entry, bool, error) {
	e, found, err := l.find(line, id, entry{name: name, kind: isFile})
	if found || err != nil {
		return e, found, err
	}
	return l.find(line, id, entry{name: name, kind: isDir})
}

// Has says whether the files of a snapshot are in the index.
func (x *Index) Has(ctx context.Context, snapshot uuid.UUID) (bool, error) {
	err := x.look(ctx, "look into the index of files", func(l *look) error {
		_, err := l.snapshot(snapshot)
		return err
	})
	if errors.Is(err, model.ErrNotIndexed) {
		return false, nil
	}
	return err == nil, err
}

// Folder returns one page of a folder of a snapshot. A folder that is not there is model.ErrNotFound, a snapshot that is
// not here model.ErrNotIndexed.
func (x *Index) Folder(ctx context.Context, snapshot uuid.UUID, q model.FolderQuery) (model.FolderPage, error) {
	page := model.FolderPage{Nodes: []model.Node{}}
	dir := path.Clean("/" + q.Dir)
	err := x.look(ctx, fmt.Sprintf("open %q in the index", dir), func(l *look) error {
		at, err := l.snapshot(snapshot)
		if err != nil {
			return err
		}
		folder, err := l.folder(at.line, dir)
		if err != nil {
			return err
		}
		id, err := l.listingAt(at.line, folder, at.moment)
		if err != nil {
			return err
		}
		if id == 0 {
			return model.ErrNotFound
		}
		found, err := l.listing(at.line, id)
		if err != nil {
			return err
		}
		page.Total = found.total
		some, more, err := l.some(at.line, id, found, q)
		for _, e := range some {
			page.Nodes = append(page.Nodes, e.node(dir))
		}
		if more {
			page.Next = some[len(some)-1].key()
		}
		return err
	})
	return page, err
}

// some reads as many entries of a listing as a query asks for; more says that others follow. Of a large listing only the
// packs around them are opened.
func (l *look) some(line, id int64, f listing, q model.FolderQuery) (out []entry, more bool, err error) {
	after, from := keyed(q.After)
	large := f
	var own []entry
	if f.base != 0 {
		if own, err = l.all(line, f.at); err != nil {
			return nil, false, err
		}
		if large, err = l.listing(line, f.base); err != nil {
			return nil, false, err
		}
	}
	if q.Limit <= 0 || large.at.packs() == 1 {
		all, err := l.entries(line, id)
		out, more = cut(all, after, from, q.Limit)
		return out, more, err
	}
	first := int64(0)
	if from {
		if first, err = l.packOf(line, large.at, q.After); err != nil {
			return nil, false, err
		}
	}
	var around []entry
	for i := first; i < large.at.packs(); i++ {
		some, err := l.stored(line, large.at, i)
		if err != nil {
			return nil, false, err
		}
		around = append(around, some...)
		last := i == large.at.packs()-1
		merged := around
		if f.base != 0 {
			merged = apply(around, within(own, around, first == 0, last))
		}
		if out, more = cut(merged, after, from, q.Limit); more || last {
			return out, more, nil
		}
		// One more is needed to know that others follow.
	}
	return out, more, nil
}

// within leaves of what differs only what stands among the entries around; the first and the last pack reach to the end.
func within(differs, around []entry, first, last bool) []entry {
	var out []entry
	for _, e := range differs {
		if (first || compare(e, around[0]) >= 0) && (last || compare(e, around[len(around)-1]) <= 0) {
			out = append(out, e)
		}
	}
	return out
}

// cut takes the entries behind a place, at most limit of them where there is one.
func cut(all []entry, after entry, from bool, limit int) (out []entry, more bool) {
	if from {
		for len(all) > 0 && compare(all[0], after) <= 0 {
			all = all[1:]
		}
	}
	if limit > 0 && len(all) > limit {
		for limit < len(all) && compare(all[limit-1], all[limit]) == 0 {
			limit++ // a key names all that are alike
		}
		return all[:limit], limit < len(all)
	}
	return all, false
}
