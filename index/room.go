package index

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Size returns the bytes that the index takes, without what is free to be used again.
func (x *Index) Size(ctx context.Context) (size int64, err error) {
	err = x.r.QueryRowContext(ctx, `SELECT (p.page_count - f.freelist_count) * s.page_size
		FROM pragma_page_count AS p, pragma_freelist_count AS f, pragma_page_size AS s`).Scan(&size)
	return size, err
}

// Limit returns the bytes that the index may take.
func (x *Index) Limit() int64 { return x.limit }

// Wants says whether a snapshot of that time would be kept, or dropped again for want of room.
func (x *Index) Wants(ctx context.Context, started time.Time) (bool, error) {
	var floor int64
	err := x.r.QueryRowContext(ctx, "SELECT floor FROM room").Scan(&floor)
	return started.UnixMicro() > floor, err
}

func (x *Index) raiseFloor(ctx context.Context, to time.Time) error {
	_, err := x.w.ExecContext(context.WithoutCancel(ctx), "UPDATE room SET floor = max(floor, ?)", to.UnixMicro())
	return err
}

// Snapshots lists the snapshots whose files are here.
func (x *Index) Snapshots(ctx context.Context) (map[uuid.UUID]bool, error) {
	return ids(x.r.QueryContext(ctx, "SELECT id FROM snapshots"))
}

// ids reads a query of ids.
func ids(rows *sql.Rows, err error) (map[uuid.UUID]bool, error) {
	out := map[uuid.UUID]bool{}
	err = each(func(scan func(...any) error) error {
		var raw sql.RawBytes
		err := scan(&raw)
		var id uuid.UUID
		copy(id[:], raw)
		out[id] = true
		return err
	})(rows, err)
	if err != nil {
		return nil, fmt.Errorf("list what is indexed: %w", err)
	}
	return out, nil
}

// OfApp lists the snapshots of an app whose files are here.
func (x *Index) OfApp(ctx context.Context, app uuid.UUID) (map[uuid.UUID]bool, error) {
	return ids(x.r.QueryContext(ctx, "SELECT id FROM snapshots WHERE line IN (SELECT id FROM lines WHERE app = ?)", app[:]))
}

// Drop takes snapshots out of the index at once. What only they held goes with the next Sweep.
func (x *Index) Drop(ctx context.Context, gone ...uuid.UUID) error {
	if len(gone) == 0 {
		return nil
	}
	err := x.write(ctx, func(tx *sql.Tx) error {
		for _, id := range gone {
			if _, err := tx.Exec("UPDATE lines SET stale = 1 WHERE id = (SELECT line FROM snapshots WHERE id = ?)", id[:]); err != nil {
				return err
			}
			if _, err := tx.Exec("DELETE FROM snapshots WHERE id = ?", id[:]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("take snapshots out of the index: %w", err)
	}
	return nil
}

// Fit drops the oldest snapshots until the index is no larger than it may be, and returns how many those were. Call it
// when something was added; it sweeps as it goes.
func (x *Index) Fit(ctx context.Context) (dropped int, err error) {
	for {
		size, err := x.Size(ctx)
		if err != nil || size <= x.limit {
			return dropped, err
		}
		// What nobody uses any more goes first, then an eighth of all snapshots.
		if err := x.Sweep(ctx); err != nil {
			return dropped, err
		}
		if size, err = x.Size(ctx); err != nil || size <= x.limit {
			return dropped, err
		}
		n, err := x.dropOldest(ctx)
		if err != nil {
			return dropped, err
		}
		if n == 0 {
			return dropped, nil // it is empty: less there cannot be
		}
		dropped += n
	}
}

func (x *Index) dropOldest(ctx context.Context) (n int, err error) {
	var oldest []uuid.UUID
	var newest int64
	err = each(func(scan func(...any) error) error {
		var raw []byte
		err := scan(&raw, &newest)
		oldest = append(oldest, uuid.UUID(raw))
		return err
	})(x.r.QueryContext(ctx, "SELECT id, started FROM snapshots ORDER BY started LIMIT 1 + (SELECT count(*) FROM snapshots) / 8"))
	if err != nil || len(oldest) == 0 {
		return 0, err
	}
	if err := x.raiseFloor(ctx, time.UnixMicro(newest)); err != nil {
		return 0, err
	}
	return len(oldest), x.Drop(ctx, oldest...)
}
