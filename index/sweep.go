package index

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"slices"
)

// sweepBatch bounds how many rows one transaction of a sweep looks at, so that other writers wait for moments only.
const sweepBatch = 5000

// Sweep takes away what no snapshot holds any more, and fills packs anew that are mostly empty. It can be ended at any
// moment; what is left goes with the next one.
func (x *Index) Sweep(ctx context.Context) error {
	x.building.Lock()
	defer x.building.Unlock()
	lines, err := numbers(x.r.QueryContext(ctx, "SELECT id FROM lines WHERE stale OR building"))
	if err != nil {
		return fmt.Errorf("sweep the index: %w", err)
	}
	for _, line := range lines {
		if err := x.sweepLine(ctx, line); err != nil {
			return fmt.Errorf("sweep the index: %w", err)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	// Give pages back to the disk, some at a time.
	for {
		var before, after int64
		if err := x.w.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&before); err != nil || before == 0 {
			return err
		}
		if _, err := x.w.ExecContext(ctx, "PRAGMA incremental_vacuum(2000)"); err != nil {
			return err
		}
		if err := x.w.QueryRowContext(ctx, "PRAGMA freelist_count").Scan(&after); err != nil || after >= before {
			return err
		}
	}
}

func (x *Index) sweepLine(ctx context.Context, line int64) error {
	// Unset first: a snapshot that is dropped meanwhile sets it again.
	if _, err := x.w.ExecContext(ctx, "UPDATE lines SET stale = 0, building = 0 WHERE id = ?", line); err != nil {
		return err
	}
	s := sweep{x: x, line: line}
	for _, step := range []func(context.Context) error{s.timeline, s.folders, s.mark, s.clear, s.refill, s.last} {
		if err := step(ctx); err != nil {
			_, again := x.w.ExecContext(context.WithoutCancel(ctx), "UPDATE lines SET stale = 1 WHERE id = ?", line)
			return cmp.Or(err, again)
		}
	}
	return nil
}

// sweep is one line being swept.
type sweep struct {
	x     *Index
	line  int64
	empty []int64        // folders without a timeline
	used  map[int64]bool // numbers of listings
	packs map[int64]int  // numbers of packs, with how many of their entries are used
	thin  map[int64]bool // numbers of packs to fill anew
}

// moment is a row of a timeline.
type moment struct{ folder, start, listing int64 }

// timeline removes the rows that no snapshot reads, folder by folder.
func (s *sweep) timeline(ctx context.Context) error {
	alive, err := numbers(s.x.r.QueryContext(ctx, "SELECT moment FROM snapshots WHERE line = ? ORDER BY moment", s.line))
	if err != nil {
		return err
	}
	for folder := int64(0); ; {
		rows, err := s.moments(ctx, folder)
		if err != nil || len(rows) == 0 {
			return err
		}
		folder = rows[len(rows)-1].folder
		err = s.x.write(ctx, func(tx *sql.Tx) error {
			for len(rows) > 0 {
				n := 1
				for n < len(rows) && rows[n].folder == rows[0].folder {
					n++
				}
				if err := s.one(tx, rows[:n], alive); err != nil {
					return err
				}
				rows = rows[n:]
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

// moments reads the timelines of some folders behind one.
func (s *sweep) moments(ctx context.Context, folder int64) ([]moment, error) {
	var out []moment
	err := each(func(scan func(...any) error) error {
		var m moment
		err := scan(&m.folder, &m.start, &m.listing)
		out = append(out, m)
		return err
	})(s.x.r.QueryContext(ctx, `SELECT folder, start, listing FROM timeline WHERE line = ? AND folder > ?
		ORDER BY folder, start LIMIT ?`, s.line, folder, sweepBatch))
	if err != nil || len(out) < sweepBatch {
		return out, err
	}
	// The last folder may not be whole: it comes with the next batch, unless it is the only one.
	whole := len(out)
	for whole > 0 && out[whole-1].folder == out[len(out)-1].folder {
		whole--
	}
	if whole > 0 {
		out = out[:whole]
	}
	return out, nil
}

// one removes the rows of one folder that no snapshot reads; all of them where those that are read say that it is not
// there.
func (s *sweep) one(tx *sql.Tx, rows []moment, alive []int64) error {
	there, remove := false, make([]bool, len(rows))
	for i, r := range rows {
		end := int64(math.MaxInt64)
		if i+1 < len(rows) {
			end = rows[i+1].start
		}
		at, _ := slices.BinarySearch(alive, r.start)
		remove[i] = at == len(alive) || alive[at] >= end
		there = there || !remove[i] && r.listing != 0
	}
	for i, r := range rows {
		if there && !remove[i] {
			continue
		}
		if _, err := tx.Exec("DELETE FROM timeline WHERE line = ? AND folder = ? AND start = ?", s.line, r.folder, r.start); err != nil {
			return err
		}
	}
	if !there {
		s.empty = append(s.empty, rows[0].folder)
	}
	return nil
}

// folders removes those that no snapshot has. What is in a folder has a higher number than it, so it goes first.
func (s *sweep) folders(ctx context.Context) error {
	slices.Reverse(s.empty)
	return s.inBatches(ctx, s.empty, "DELETE FROM folders WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM folders WHERE parent = ?1)")
}

// inBatches runs a statement for each number.
func (s *sweep) inBatches(ctx context.Context, all []int64, statement string) error {
	for some := range slices.Chunk(all, sweepBatch) {
		err := s.x.write(ctx, func(tx *sql.Tx) error {
			for _, id := range some {
				if _, err := tx.Exec(statement, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// mark finds the listings that timelines and other listings point to.
func (s *sweep) mark(ctx context.Context) error {
	s.used, s.packs = map[int64]bool{}, map[int64]int{}
	used, err := numbers(s.x.r.QueryContext(ctx, "SELECT DISTINCT listing FROM timeline WHERE line = ?", s.line))
	if err != nil {
		return err
	}
	for _, id := range used {
		s.used[id] = true
	}
	return s.listings(ctx, func(id, base int64, _ place) {
		if s.used[id] && base != 0 {
			s.used[base] = true
		}
	})
}

// listings calls found for each listing of the line.
func (s *sweep) listings(ctx context.Context, found func(id, base int64, at place)) error {
	return each(func(scan func(...any) error) error {
		var id, base int64
		var at place
		if err := scan(&id, &base, &at.pack, &at.slot, &at.entries); err != nil {
			return err
		}
		found(id-key(s.line, 0), base, at)
		return nil
	})(s.x.r.QueryContext(ctx, "SELECT id, base, pack, slot, entries FROM listings WHERE id BETWEEN ? AND ?",
		key(s.line, 0), key(s.line+1, 0)-1))
}

// clear removes the listings and packs that are not used, and finds the packs of which little is.
func (s *sweep) clear(ctx context.Context) error {
	var gone []int64
	err := s.listings(ctx, func(id, _ int64, at place) {
		if !s.used[id] {
			gone = append(gone, key(s.line, id))
			return
		}
		for i := range at.packs() {
			s.packs[at.pack+i] += at.entries // of a large one too much, which keeps its packs as they are
		}
	})
	if err == nil {
		err = s.inBatches(ctx, gone, "DELETE FROM listings WHERE id = ?")
	}
	if err != nil {
		return err
	}
	gone, s.thin = nil, map[int64]bool{}
	err = each(func(scan func(...any) error) error {
		var id int64
		var entries int
		err := scan(&id, &entries)
		number := id - key(s.line, 0)
		switch used, ok := s.packs[number]; {
		case !ok:
			gone = append(gone, id)
		case used*2 < entries:
			s.thin[number] = true
		}
		return err
	})(s.x.r.QueryContext(ctx, "SELECT id, entries FROM packs WHERE id BETWEEN ? AND ?", key(s.line, 0), key(s.line+1, 0)-1))
	if err != nil {
		return err
	}
	return s.inBatches(ctx, gone, "DELETE FROM packs WHERE id = ?")
}

// last removes the line itself when nothing is left of it.
func (s *sweep) last(ctx context.Context) error {
	_, err := s.x.w.ExecContext(ctx, `DELETE FROM lines WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM snapshots WHERE line = ?1)
		AND NOT EXISTS (SELECT 1 FROM timeline WHERE line = ?1)`, s.line)
	return err
}

// each returns a function that calls row for every row of a query.
func each(row func(scan func(...any) error) error) func(*sql.Rows, error) error {
	return func(rows *sql.Rows, err error) error {
		if err != nil {
			return err
		}
		for rows.Next() {
			if err := row(rows.Scan); err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		return errors.Join(rows.Err(), rows.Close())
	}
}

// numbers reads a query with one column.
func numbers(rows *sql.Rows, err error) ([]int64, error) {
	var out []int64
	err = each(func(scan func(...any) error) error {
		var n int64
		err := scan(&n)
		out = append(out, n)
		return err
	})(rows, err)
	return out, err
}
