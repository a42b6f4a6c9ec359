package index

import (
	"context"
	"database/sql"
	"maps"
	"slices"
)

// refillPacks is how many thin packs are put together at a time.
const refillPacks = 64

// moving is a listing that goes from a thin pack into another.
type moving struct {
	id int64
	at place
}

// refill writes what is used of the thin packs into new ones.
func (s *sweep) refill(ctx context.Context) error {
	if len(s.thin) == 0 {
		return nil
	}
	in := map[int64][]moving{}
	err := s.listings(ctx, func(id, _ int64, at place) {
		if s.thin[at.pack] && at.packs() == 1 {
			in[at.pack] = append(in[at.pack], moving{id, at})
		}
	})
	if err != nil {
		return err
	}
	for thin := range slices.Chunk(slices.Sorted(maps.Keys(in)), refillPacks) {
		var all []moving
		for _, number := range thin {
			all = append(all, in[number]...)
		}
		if err := s.move(ctx, thin, all); err != nil {
			return err
		}
	}
	return nil
}

// move writes listings into new packs and removes their old ones.
func (s *sweep) move(ctx context.Context, thin []int64, all []moving) error {
	var next int64
	err := s.x.r.QueryRowContext(ctx, "SELECT max(id) - ?1 + 1 FROM packs WHERE id BETWEEN ?1 AND ?2",
		key(s.line, 0), key(s.line+1, 0)-1).Scan(&next)
	if err != nil {
		return err
	}
	var full []sealed
	p, err := newPacker(next, func(f sealed) error { full = append(full, f); return nil })
	if err != nil {
		return err
	}
	defer func() { _ = p.zip.Close() }()
	err = s.x.look(ctx, "read thin packs", func(l *look) error {
		for i, m := range all {
			from, err := l.pack(s.line, m.at.pack)
			if err != nil {
				return err
			}
			some, err := l.stored(s.line, m.at, 0)
			if err != nil {
				return err
			}
			if all[i].at, err = p.add(from.names.folders[m.at.slot], some); err != nil {
				return err
			}
		}
		return p.flush(nil)
	})
	if err != nil {
		return err
	}
	return s.x.write(ctx, func(tx *sql.Tx) error {
		for _, f := range full {
			if err := f.insert(tx, s.line); err != nil {
				return err
			}
		}
		for _, m := range all {
			if _, err := tx.Exec("UPDATE listings SET pack = ?, slot = ? WHERE id = ?", m.at.pack, m.at.slot, key(s.line, m.id)); err != nil {
				return err
			}
		}
		for _, number := range thin {
			if _, err := tx.Exec("DELETE FROM packs WHERE id = ?", key(s.line, number)); err != nil {
				return err
			}
		}
		return nil
	})
}
