package index

import (
	"database/sql"
	"slices"
)

// leave closes the folder that the walk was in, and writes its listing where it is not what it was.
func (b *builder) leave() error {
	f := b.stack[len(b.stack)-1]
	b.stack = b.stack[:len(b.stack)-1]
	alike := order(f.entries)
	var hash int64
	hash, b.scratch = hashOf(f.entries, b.scratch)
	if f.was.listing != 0 && f.was.hash == hash && f.was.total == len(f.entries) {
		return nil
	}
	next := listing{total: len(f.entries), hash: hash}
	stored := f.entries
	if f.was.listing != 0 {
		base, differs, err := b.against(f, alike)
		if err != nil {
			return err
		}
		if base != 0 {
			next.base, stored = base, differs
		}
	}
	var err error
	if next.at, err = b.packer.add(f.id, stored); err != nil {
		return err
	}
	b.listID++
	b.pending.listings = append(b.pending.listings, listingRow{b.listID, next})
	b.changes = append(b.changes, change{f.id, f.was.listing, b.listID})
	return nil
}

// against finds what differs from the listing that a folder had. A base is given where that is much less than all of it.
// Folders that are gone are written off.
func (b *builder) against(f frame, alike bool) (base int64, differs []entry, err error) {
	l := b.x.newLook(b.tx)
	old, err := l.listing(b.line, f.was.listing)
	if err != nil {
		return 0, nil, err
	}
	before, err := l.entries(b.line, f.was.listing)
	if err != nil {
		return 0, nil, err
	}
	if err := b.writeOff(f.id, before, f.entries); err != nil {
		return 0, nil, err
	}
	base = f.was.listing
	if old.base != 0 {
		base = old.base
		if before, err = l.entries(b.line, base); err != nil {
			return 0, nil, err
		}
	}
	differs = difference(before, f.entries)
	// Among entries with one name it could not be said which of them differs.
	if alike || order(before) || len(differs)*3 > len(f.entries) {
		base = 0
	}
	return base, differs, nil
}

// writeOff marks the folders that were in a folder and are not there any more, with all below them.
func (b *builder) writeOff(folder int64, before, now []entry) error {
	gone := map[string]bool{}
	for _, e := range before {
		if e.kind != isDir {
			break // folders come first
		}
		if _, found := slices.BinarySearchFunc(now, e, compare); !found {
			gone[e.name] = true
		}
	}
	if len(gone) == 0 {
		return nil
	}
	below, err := b.known(folder)
	if err != nil {
		return err
	}
	for name := range gone {
		if err := b.bury(below[name]); err != nil {
			return err
		}
	}
	return nil
}

// bury marks a folder and all below it as not there at the moment.
func (b *builder) bury(k known) error {
	if k.listing == 0 { // what is not there holds nothing
		return nil
	}
	b.changes = append(b.changes, change{k.id, k.listing, 0})
	below, err := b.known(k.id)
	if err != nil {
		return err
	}
	for _, in := range below {
		if err := b.bury(in); err != nil {
			return err
		}
	}
	return nil
}

// commit makes the snapshot known: what its folders hold from its moment on, and that those of the next newer snapshot
// hold what they held.
func (b *builder) commit(tx *sql.Tx) error {
	start := b.moment
	if !b.before {
		start = 0 // the first one speaks for all time before it, so that an older one that is alike adds nothing
	}
	clear, err := tx.Prepare("DELETE FROM timeline WHERE line = ? AND folder = ? AND start <= ?")
	if err != nil {
		return err
	}
	set, err := tx.Prepare("INSERT INTO timeline VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE SET listing = ?4")
	if err != nil {
		return err
	}
	keep, err := tx.Prepare(`INSERT INTO timeline SELECT ?1, ?2, ?3, ?4
		WHERE NOT EXISTS (SELECT 1 FROM timeline WHERE line = ?1 AND folder = ?2 AND start > ?5 AND start <= ?3)`)
	if err != nil {
		return err
	}
	for _, c := range b.changes {
		if b.after != 0 {
			if _, err := keep.Exec(b.line, c.folder, b.after, c.was, b.moment); err != nil {
				return err
			}
		}
		if !b.before {
			if _, err := clear.Exec(b.line, c.folder, b.moment); err != nil {
				return err
			}
		}
		if _, err := set.Exec(b.line, c.folder, start, c.is); err != nil {
			return err
		}
	}
	if _, err := tx.Exec("UPDATE lines SET building = 0 WHERE id = ?", b.line); err != nil {
		return err
	}
	_, err = tx.Exec("INSERT INTO snapshots VALUES (?, ?, ?, ?, ?)",
		b.snapshot.ID[:], b.line, b.moment, b.snapshot.Started.UnixMicro(), b.files)
	return err
}
