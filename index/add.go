package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// Snapshot is what the index needs to know of a snapshot beside its files.
type Snapshot struct {
	ID            uuid.UUID
	App           uuid.UUID
	Configuration uuid.UUID // uuid.Nil where it is not known
	Started       time.Time
}

// ErrNoRoom says that a snapshot alone takes more room than the index may have, or is older than what had no room.
var ErrNoRoom = errors.New("the index of files has no room for this snapshot")

// Walk calls each for every entry of a snapshot, a folder before what is in it, and what is in it before the next entry
// of its parent, as restic lists them. An error of each ends it.
type Walk func(ctx context.Context, each func(model.Node) error) error

// Add indexes a snapshot; one that is here already is left as it is. Nobody sees any of it before all is written: what
// a crash leaves are unused packs, which Sweep takes.
func (x *Index) Add(ctx context.Context, s Snapshot, walk Walk) error {
	x.building.Lock()
	defer x.building.Unlock()
	doing := fmt.Sprintf("index snapshot %s", s.ID)
	if has, err := x.Has(ctx, s.ID); err != nil || has {
		return err
	}
	if ok, err := x.Wants(ctx, s.Started); err != nil {
		return err
	} else if !ok {
		return fmt.Errorf("%s: %w", doing, ErrNoRoom)
	}
	b, err := x.begin(ctx, s)
	if err == nil {
		err = b.build(ctx, walk)
	}
	if b != nil {
		err = errors.Join(err, b.close())
	}
	if errors.Is(err, ErrNoRoom) {
		err = errors.Join(err, x.raiseFloor(ctx, s.Started))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}

// frame is a folder that the walk is in.
type frame struct {
	id      int64
	path    string // without a slash at its end
	was     known  // what it was at the moment; of a fresh one nothing, nor of what is below it
	fresh   bool
	below   map[string]known // what the index has of the folders in it; nil until the first of them comes
	entries []entry
	odd     map[string]bool // names of folders that had bytes which are no text: two may look alike now
}

// known is what the index has of a folder.
type known struct {
	id, listing int64 // 0 where there is none
	total       int
	hash        int64
}

// change is a folder that is not what it was at the snapshot's moment so far.
type change struct{ folder, was, is int64 }

// builder writes the tree of one snapshot while it is walked.
type builder struct {
	x        *Index
	ctx      context.Context
	snapshot Snapshot
	line     int64
	moment   int64
	before   bool    // an older snapshot of the line is here
	after    int64   // the moment of the next newer one, 0 for none
	tx       *sql.Tx // reads the index as it was before, the whole time
	packer   *packer
	stack    []frame
	skip     string // what is below is left out
	files    int
	changes  []change
	pending  pending
	scratch  []byte
	folderID int64 // the last that was given
	listID   int64
}

// pending is what waits to be written together.
type pending struct {
	packs    []sealed
	folders  []folderRow
	listings []listingRow
	bytes    int
}

type folderRow struct {
	id, parent int64
	name       string
}

type listingRow struct {
	id   int64
	list listing
}

// pendingBytes is when what waits is written: a transaction of a moment.
const pendingBytes = 1 << 20

func (x *Index) begin(ctx context.Context, s Snapshot) (*builder, error) {
	b := &builder{x: x, ctx: ctx, snapshot: s}
	err := x.write(ctx, func(tx *sql.Tx) error {
		return tx.QueryRow(`INSERT INTO lines (app, configuration, building) VALUES (?, ?, 1)
			ON CONFLICT DO UPDATE SET building = 1 RETURNING id`, s.App[:], s.Configuration[:]).Scan(&b.line)
	})
	if err != nil {
		return nil, err
	}
	if b.tx, err = x.r.BeginTx(ctx, &sql.TxOptions{ReadOnly: true}); err != nil {
		return nil, err
	}
	return b, b.prepare()
}

// prepare reads where the snapshot will stand in its line and which numbers are free.
func (b *builder) prepare() error {
	var next int64
	row := b.tx.QueryRow(`SELECT (SELECT coalesce(max(id), 0) FROM folders),
		(SELECT coalesce(max(id), ?1) - ?1 FROM listings WHERE id BETWEEN ?1 AND ?2),
		(SELECT coalesce(max(id), ?1) - ?1 + 1 FROM packs WHERE id BETWEEN ?1 AND ?2)`, key(b.line, 0), key(b.line+1, 0)-1)
	err := row.Scan(&b.folderID, &b.listID, &next)
	if err != nil {
		return err
	}
	if b.packer, err = newPacker(next, b.sealed); err != nil {
		return err
	}
	// Two destinations may get a snapshot in the same millisecond.
	for b.moment = max(1, b.snapshot.Started.UnixMilli()); ; b.moment++ {
		var taken bool
		if err := b.tx.QueryRow(`SELECT count(*) FROM snapshots WHERE line = ? AND moment = ?`, b.line, b.moment).Scan(&taken); err != nil {
			return err
		}
		if !taken {
			break
		}
	}
	row = b.tx.QueryRow(`SELECT EXISTS (SELECT 1 FROM snapshots WHERE line = ?1 AND moment < ?2),
		(SELECT coalesce(min(moment), 0) FROM snapshots WHERE line = ?1 AND moment > ?2)`, b.line, b.moment)
	if err := row.Scan(&b.before, &b.after); err != nil {
		return err
	}
	return nil
}

func (b *builder) close() error {
	var err error
	if b.packer != nil {
		err = errors.Join(err, b.packer.zip.Close())
	}
	if b.tx != nil {
		err = errors.Join(err, b.tx.Rollback())
	}
	return err
}

// build walks the snapshot, then makes all of it known at once.
func (b *builder) build(ctx context.Context, walk Walk) error {
	if err := b.enter("", ""); err != nil {
		return err
	}
	if err := walk(ctx, b.take); err != nil {
		return err
	}
	for len(b.stack) > 0 {
		if err := b.leave(); err != nil {
			return err
		}
	}
	if err := b.packer.flush(nil); err != nil {
		return err
	}
	if err := b.write(); err != nil {
		return err
	}
	return b.x.write(ctx, b.commit)
}

// take adds one entry of the walk.
func (b *builder) take(n model.Node) error {
	if b.skip != "" && strings.HasPrefix(n.Path, b.skip) {
		return nil
	}
	b.skip = ""
	slash := strings.LastIndexByte(n.Path, '/')
	if slash < 0 || n.Path[slash+1:] == "" {
		return fmt.Errorf("the listing has an entry at %q", n.Path)
	}
	for top := len(b.stack) - 1; b.stack[top].path != n.Path[:slash]; top-- {
		if top == 0 {
			return fmt.Errorf("the listing is not in order at %q", n.Path)
		}
		if err := b.leave(); err != nil {
			return err
		}
	}
	n.Name = n.Path[slash+1:]
	e, top := entryOf(n), &b.stack[len(b.stack)-1]
	if e.kind != isDir {
		b.files++
		top.entries = append(top.entries, e)
		return nil
	}
	if strings.ContainsRune(e.name, '\uFFFD') {
		if top.odd[e.name] { // it cannot be told from the other by its path, so nobody could open it
			b.skip = n.Path + "/"
			return nil
		}
		if top.odd == nil {
			top.odd = map[string]bool{}
		}
		top.odd[e.name] = true
	}
	top.entries = append(top.entries, e)
	return b.enter(e.name, n.Path)
}

// enter opens a folder in the one that is open.
func (b *builder) enter(name, path string) error {
	in := &frame{id: -b.line}
	if len(b.stack) > 0 {
		in = &b.stack[len(b.stack)-1]
	}
	f := frame{path: path, fresh: in.fresh}
	if !f.fresh {
		if in.below == nil {
			var err error
			if in.below, err = b.known(in.id); err != nil {
				return err
			}
		}
		f.was = in.below[name]
		f.id, f.fresh = f.was.id, f.was.id == 0
	}
	if f.fresh {
		b.folderID++
		f.id = b.folderID
		b.pending.folders = append(b.pending.folders, folderRow{f.id, in.id, name})
	}
	b.stack = append(b.stack, f)
	return nil
}

// known returns what the index has of the folders in one at the moment.
func (b *builder) known(folder int64) (map[string]known, error) {
	out := map[string]known{}
	err := each(func(scan func(...any) error) error {
		var k known
		var name sql.RawBytes
		err := scan(&name, &k.id, &k.listing, &k.total, &k.hash)
		out[string(name)] = k
		return err
	})(b.tx.Query(`SELECT f.name, f.id, coalesce(t.listing, 0), coalesce(l.total, 0), coalesce(l.hash, 0)
		FROM folders AS f LEFT JOIN timeline AS t ON t.line = ?3 AND t.folder = f.id
			AND t.start = (SELECT max(start) FROM timeline WHERE line = ?3 AND folder = f.id AND start <= ?2)
		LEFT JOIN listings AS l ON l.id = (?3 << 32) + t.listing
		WHERE f.parent = ?1`, folder, b.moment, b.line))
	return out, err
}

// sealed takes a full pack.
func (b *builder) sealed(s sealed) error {
	b.pending.packs = append(b.pending.packs, s)
	b.pending.bytes += len(s.names) + len(s.facts)
	if b.pending.bytes < pendingBytes {
		return nil
	}
	return b.write()
}

// write writes what waits; nothing points to it yet.
func (b *builder) write() error {
	err := b.x.write(b.ctx, func(tx *sql.Tx) error {
		for _, p := range b.pending.packs {
			if err := p.insert(tx, b.line); err != nil {
				return err
			}
		}
		for _, f := range b.pending.folders {
			if _, err := tx.Exec("INSERT INTO folders VALUES (?, ?, ?)", f.id, f.parent, []byte(f.name)); err != nil {
				return err
			}
		}
		for _, l := range b.pending.listings {
			_, err := tx.Exec("INSERT INTO listings VALUES (?, ?, ?, ?, ?, ?, ?)",
				key(b.line, l.id), l.list.base, l.list.at.pack, l.list.at.slot, l.list.at.entries, l.list.total, l.list.hash)
			if err != nil {
				return err
			}
		}
		return nil
	})
	b.pending = pending{}
	if err != nil {
		return err
	}
	return b.fits()
}

// fits refuses a snapshot for which there would be no room even if it were the only one.
func (b *builder) fits() error {
	size, err := b.x.Size(b.ctx)
	if err != nil {
		return err
	}
	if size > 2*b.x.limit {
		return ErrNoRoom
	}
	return nil
}
