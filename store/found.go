package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"reflect"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// FoundApps lists the apps of a device that are made of containers, by name, forgotten ones too, with what discovery
// found of them.
func (s *Store) FoundApps(ctx context.Context, deviceID uuid.UUID) ([]model.App, error) {
	return all[model.App](ctx, s.r, "list apps made of containers", func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("device_id = ?", deviceID).
			Where("kind IN (?)", bun.List([]model.AppKind{model.AppCompose, model.AppContainer})).Order("name", "id")
	})
}

// FoundCounts sums up, by app, what discovery found of each that is made of containers and not forgotten.
func (s *Store) FoundCounts(ctx context.Context) (map[uuid.UUID]model.FoundCounts, error) {
	const doing = "count what was found"
	rows, err := s.r.QueryContext(ctx, "SELECT id, counts FROM apps WHERE forgotten_at IS NULL AND counts IS NOT NULL")
	if err != nil {
		return nil, fail(doing, err)
	}
	out := map[uuid.UUID]model.FoundCounts{}
	for rows.Next() {
		var id uuid.UUID
		var text sql.RawBytes
		var counts model.FoundCounts
		err := rows.Scan(&id, &text)
		if err == nil {
			err = json.Unmarshal(text, &counts)
		}
		if err != nil {
			return nil, fail(doing, errors.Join(err, rows.Close()))
		}
		out[id] = counts
	}
	return out, fail(doing, errors.Join(rows.Err(), rows.Close()))
}

// FoundApp is what discovery has to say of one app.
type FoundApp struct {
	App model.App
	// New makes the app, with Automatic as its configuration where it is not nil. An app that is there gets the new kind,
	// project, found, disabled and gone.
	New       bool
	Automatic *model.Configuration
	// OldName lets an app that is there take the name of App too, unless somebody renamed it meanwhile; empty leaves the
	// name alone.
	OldName string
}

// PutFoundApps writes all that one discovery learnt, in one transaction. Apps that went meanwhile are passed over.
func (s *Store) PutFoundApps(ctx context.Context, found []FoundApp) error {
	return s.write(ctx, "record what was found", func(ctx context.Context, tx bun.Tx) error {
		for _, f := range found {
			put := changeFound
			if f.New {
				put = createFound
			}
			if err := put(ctx, tx, f); err != nil {
				return appRefused(f.App, err)
			}
		}
		return nil
	})
}

func createFound(ctx context.Context, tx bun.Tx, f FoundApp) error {
	newID(&f.App.ID, model.NewID)
	stamp(&f.App.Stamps)
	if err := insert(ctx, tx, &f.App); err != nil {
		return err
	}
	if err := setCounts(ctx, tx, f.App); err != nil || f.Automatic == nil {
		return err
	}
	c := *f.Automatic
	c.AppID, c.Automatic = f.App.ID, true
	_, err := createConfiguration(ctx, tx, c)
	return err
}

// changeFound leaves alone what people choose: paths, origin, whether it waits for a decision, whether it is forgotten.
func changeFound(ctx context.Context, tx bun.Tx, f FoundApp) error {
	stamp(&f.App.Stamps)
	clean(reflect.ValueOf(&f.App).Elem())
	_, err := tx.NewUpdate().Model(&f.App).Column("kind", "project", "found", "disabled", "gone", "updated_at").WherePK().Exec(ctx)
	if err == nil {
		err = setCounts(ctx, tx, f.App)
	}
	if err != nil || f.OldName == "" || f.OldName == f.App.Name {
		return err
	}
	_, err = tx.NewRaw("UPDATE apps SET name = ? WHERE id = ? AND name = ?", f.App.Name, f.App.ID, cleanText(f.OldName)).Exec(ctx)
	return err
}

// setCounts keeps the sum of what was found of an app beside it, for lists.
func setCounts(ctx context.Context, tx bun.Tx, a model.App) error {
	if a.Found == nil {
		return nil
	}
	counts, err := json.Marshal(a.Found.Counts())
	if err != nil {
		return err
	}
	_, err = tx.NewRaw("UPDATE apps SET counts = ? WHERE id = ?", string(counts), a.ID).Exec(ctx)
	return err
}

// DecideApp ends the wait of an app for a decision: with its configuration where c is not nil, without one else.
func (s *Store) DecideApp(ctx context.Context, id uuid.UUID, c *model.Configuration) error {
	return s.write(ctx, "decide on an app", func(ctx context.Context, tx bun.Tx) error {
		err := touched(tx.NewRaw("UPDATE apps SET pending = 0, updated_at = ? WHERE id = ? AND pending AND forgotten_at IS NULL",
			now(), id).Exec(ctx))
		if err != nil || c == nil {
			return err
		}
		made := *c
		made.AppID, made.Automatic = id, true
		_, err = createConfiguration(ctx, tx, made)
		var conflict model.Conflict
		if errors.As(err, &conflict) { // it follows this policy already
			return nil
		}
		return err
	})
}
