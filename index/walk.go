package index

import (
	"context"
	"database/sql"
	"errors"

	"github.com/google/uuid"

	"keepstead/model"
)

// Newest returns the newest snapshot of a configuration that is here, or of its app where there is none, or
// model.ErrNotIndexed.
func (x *Index) Newest(ctx context.Context, app, configuration uuid.UUID) (id uuid.UUID, err error) {
	err = x.look(ctx, "find the newest indexed snapshot", func(l *look) error {
		var raw []byte
		err := l.tx.QueryRow(`SELECT s.id FROM snapshots AS s JOIN lines AS l ON l.id = s.line WHERE l.app = ?
			ORDER BY l.configuration = ? DESC, s.started DESC LIMIT 1`, app[:], configuration[:]).Scan(&raw)
		copy(id[:], raw)
		if errors.Is(err, sql.ErrNoRows) {
			err = model.ErrNotIndexed
		}
		return err
	})
	return id, err
}

// Walk calls each for all that a snapshot holds: folder by folder, each folder's entries before what is in them. An error
// of each ends the walk.
func (x *Index) Walk(ctx context.Context, snapshot uuid.UUID, each func(model.Node) error) error {
	return x.look(ctx, "walk through a snapshot", func(l *look) error {
		at, err := l.snapshot(snapshot)
		if err != nil {
			return err
		}
		return l.tree(at, func(dir string, listing int64) error {
			all, err := l.entries(at.line, listing)
			if err != nil {
				return err
			}
			for _, e := range all {
				if err := each(e.node(dir)); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	})
}
