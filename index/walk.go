package index

import (
	"context"

	"github.com/google/uuid"

	"keepstead/model"
)

// newest is how many snapshots Newest returns at most.
const newest = 50

// Newest returns the newest snapshots of an app that are here, those of the configuration before all others.
func (x *Index) Newest(ctx context.Context, app, configuration uuid.UUID) (ids []uuid.UUID, err error) {
	err = x.look(ctx, "find the newest indexed snapshots", func(l *look) error {
		return each(func(scan func(...any) error) error {
			var raw []byte
			if err := scan(&raw); err != nil {
				return err
			}
			ids = append(ids, uuid.UUID(raw))
			return nil
		})(l.tx.Query(`SELECT s.id FROM snapshots AS s JOIN lines AS l ON l.id = s.line WHERE l.app = ?
			ORDER BY l.configuration = ? DESC, s.started DESC LIMIT ?`, app[:], configuration[:], newest))
	})
	return ids, err
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
