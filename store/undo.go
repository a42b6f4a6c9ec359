package store

import (
	"context"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// CreateUndo writes down an act that must be taken back, before it is done. When it returns, the row outlives a crash of
// Keepstead.
func (s *Store) CreateUndo(ctx context.Context, u model.Undo) (model.Undo, error) {
	newID(&u.ID, model.NewID)
	if u.CreatedAt.IsZero() {
		u.CreatedAt = now()
	}
	return u, s.write(ctx, "write down an act", func(ctx context.Context, tx bun.Tx) error { return insert(ctx, tx, &u) })
}

// DeleteUndo removes an act that was taken back, or that stays. One that is gone already is no error.
func (s *Store) DeleteUndo(ctx context.Context, id uuid.UUID) error {
	return s.write(ctx, "strike out an act", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM undos WHERE id = ?", id).Exec(ctx)
		return err
	})
}

// Undos lists what must be taken back, in the order of taking back: newest first. uuid.Nil asks for the acts of all jobs.
func (s *Store) Undos(ctx context.Context, jobID uuid.UUID) ([]model.Undo, error) {
	return all[model.Undo](ctx, s.r, "list acts to take back", func(q *bun.SelectQuery) *bun.SelectQuery {
		if jobID != uuid.Nil {
			q = q.Where("job_id = ?", jobID)
		}
		return q.Order("id DESC")
	})
}

// SettleUndo makes the acts of a job stay, all at once: what it set aside, content and containers, is from now on only to
// be removed, and nothing else of it is taken back.
func (s *Store) SettleUndo(ctx context.Context, jobID uuid.UUID) error {
	return s.write(ctx, "make a job's acts stay", func(ctx context.Context, tx bun.Tx) error {
		_, err := tx.NewRaw("DELETE FROM undos WHERE job_id = ? AND action NOT IN (?, ?, ?)",
			jobID, model.UndoPutBack, model.UndoRename, model.UndoDropAside).Exec(ctx)
		if err != nil {
			return err
		}
		_, err = tx.NewRaw("UPDATE undos SET action = CASE action WHEN ? THEN ? ELSE ? END WHERE job_id = ?",
			model.UndoRename, model.UndoRemoveContainer, model.UndoDropAside, jobID).Exec(ctx)
		return err
	})
}
