package handlers

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// CompareSnapshots says what differs between a snapshot and another.
func (h *Handlers) CompareSnapshots(c *fiber.Ctx) error {
	s, err := named(c, h.Store.Snapshot)
	if err != nil {
		return err
	}
	q, err := query[views.CompareQuery](c)
	if err != nil {
		return err
	}
	p, err := h.compareProps(c.UserContext(), s, q)
	if err != nil {
		return err
	}
	if p.Chrome, err = h.chrome(c); err != nil {
		return err
	}
	return render(c, views.ComparePage(p))
}

func (h *Handlers) compareProps(ctx context.Context, s model.Snapshot, q views.CompareQuery) (views.CompareProps, error) {
	p := views.CompareProps{Query: q}
	var err error
	if p.Snapshot, err = h.snapshotItem(ctx, s); err != nil {
		return p, err
	}
	if err := h.comparable(ctx, s, &p); err != nil {
		return p, err
	}
	var problems model.Invalids
	with := optionalID(&problems, "with", q.With)
	if err := problems.Err(); err != nil || with == uuid.Nil {
		return p, err
	}
	other, err := h.Store.Snapshot(ctx, with)
	if err != nil {
		return p, err
	}
	item, err := h.snapshotItem(ctx, other)
	if err != nil {
		return p, err
	}
	p.Other, p.Swapped = &item, other.StartedAt.After(s.StartedAt)
	want := model.ComparisonQuery{
		Before: other.ID, After: s.ID, Kind: model.ChangeKind(q.Kind), Text: q.Text, Cursor: q.Cursor, Limit: model.DefaultPage,
	}
	if p.Swapped {
		want.Before, want.After = want.After, want.Before
	}
	return p, h.compare(ctx, want, &p)
}

// compare fills in what differs, or what would have to be indexed first.
func (h *Handlers) compare(ctx context.Context, want model.ComparisonQuery, p *views.CompareProps) error {
	found, err := h.Jobs.Compare(ctx, want)
	var missing model.NotIndexed
	if !errors.As(err, &missing) {
		p.Comparison = &found
		return err
	}
	for _, id := range missing.Snapshots {
		if id == p.Snapshot.ID {
			p.NotIndexed = append(p.NotIndexed, p.Snapshot)
		} else {
			p.NotIndexed = append(p.NotIndexed, *p.Other)
		}
	}
	return nil
}

// comparable lists the newest snapshots that a snapshot can be compared with.
func (h *Handlers) comparable(ctx context.Context, s model.Snapshot, p *views.CompareProps) error {
	all, err := h.snapshots(ctx, model.SnapshotFilter{AppID: s.AppID, Page: model.Page{Limit: model.DefaultPage}})
	for _, other := range all {
		if other.ID != s.ID && other.Restorable() {
			p.Choices = append(p.Choices, other)
		}
	}
	return err
}

// IndexSnapshot has the files of a snapshot indexed now.
func (h *Handlers) IndexSnapshot(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if _, err := h.Jobs.IndexNow(c.UserContext(), id, model.TriggerManual); err != nil {
		return err
	}
	h.good(c, "The files are being indexed. Load this page again in a moment.")
	return goTo(c, next(c, views.SnapshotPath(id)))
}
