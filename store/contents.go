package store

import (
	"bytes"
	"compress/gzip"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"
	"github.com/uptrace/bun"

	"keepstead/model"
)

// snapshotContents is what a snapshot of an app holds. It stands beside the snapshots, so that lists of them never
// carry it.
type snapshotContents struct {
	bun.BaseModel `bun:"table:snapshot_contents"`
	SnapshotID    uuid.UUID `bun:",pk"`
	Contents      []byte
}

// SetSnapshotContents keeps what a snapshot of an app holds; nil removes it.
func (s *Store) SetSnapshotContents(ctx context.Context, id uuid.UUID, c *model.Contents) error {
	return s.write(ctx, "record what a snapshot holds", func(ctx context.Context, tx bun.Tx) error {
		if err := mustHave[model.Snapshot](ctx, tx, id, ""); err != nil {
			return err
		}
		return setContents(ctx, tx, id, c)
	})
}

func setContents(ctx context.Context, tx bun.Tx, id uuid.UUID, c *model.Contents) error {
	if c == nil {
		_, err := tx.NewRaw("DELETE FROM snapshot_contents WHERE snapshot_id = ?", id).Exec(ctx)
		return err
	}
	open := withoutOptions(*c)
	packed, err := pack(&open)
	if err != nil {
		return err
	}
	row := snapshotContents{SnapshotID: id, Contents: packed}
	_, err = tx.NewInsert().Model(&row).On("CONFLICT (snapshot_id) DO UPDATE").Set("contents = excluded.contents").
		Returning("NULL").Exec(ctx)
	return err
}

// withoutOptions leaves out what drivers of volumes and networks were given: for a network share that is its password,
// which only the manifest in the repository may hold.
func withoutOptions(c model.Contents) model.Contents {
	c.Volumes, c.Networks = slices.Clone(c.Volumes), slices.Clone(c.Networks)
	for i := range c.Volumes {
		c.Volumes[i].Options = nil
	}
	for i := range c.Networks {
		c.Networks[i].Options = nil
	}
	return c
}

// contents reads what a snapshot holds; nil where that is not known.
func contents(ctx context.Context, db bun.IDB, id uuid.UUID) (*model.Contents, error) {
	var row snapshotContents
	err := db.NewSelect().Model(&row).Where("snapshot_id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return unpack(row.Contents)
}

func pack(c *model.Contents) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if err := errors.Join(json.NewEncoder(w).Encode(c), w.Close()); err != nil {
		return nil, fmt.Errorf("write contents: %w", err)
	}
	return out.Bytes(), nil
}

// maxContents bounds what is unpacked of one row.
const maxContents = 64 << 20

func unpack(packed []byte) (*model.Contents, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("read contents: %w", err)
	}
	var c model.Contents
	if err := json.NewDecoder(io.LimitReader(r, maxContents)).Decode(&c); err != nil {
		return nil, fmt.Errorf("read contents: %w", err)
	}
	return &c, nil
}
