package handlers

import (
	"context"
	"errors"
	"net/url"
	"strconv"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// Job shows one job with the end of its log.
func (h *Handlers) Job(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	frame, err := h.live(c, "job", id)
	if err != nil {
		return err
	}
	props, err := h.jobProps(c.UserContext(), frame, id)
	if err != nil {
		return err
	}
	tail, err := h.logAfter(id, 0)
	if err != nil {
		return err
	}
	props.Log, props.Clipped = tail.lines, tail.cut
	// The stream goes on where this page ends.
	props.Live = views.LivePath("job", id) + "?" + url.Values{
		"log": {strconv.FormatInt(tail.end, 10)}, "at": {strconv.FormatInt(frame.Now.Unix(), 10)},
	}.Encode()
	return render(c, views.JobPage(props))
}

func (h *Handlers) jobProps(ctx context.Context, frame views.Chrome, id uuid.UUID) (views.JobProps, error) {
	p := views.JobProps{Chrome: frame}
	job, err := h.Store.Job(ctx, id)
	if err != nil {
		return p, err
	}
	items, err := h.jobItems(ctx, []model.Job{job})
	if err != nil {
		return p, err
	}
	p.Job = items[0]
	if p.HasApp, err = h.hasApp(ctx, job.AppID); err != nil {
		return p, err
	}
	if p.Device, err = h.workplace(ctx, job); err != nil || job.SnapshotID == uuid.Nil {
		return p, err
	}
	s, err := h.Store.Snapshot(ctx, job.SnapshotID)
	if errors.Is(err, model.ErrNotFound) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	item, err := h.snapshotItem(ctx, s)
	p.Snapshot = &item
	return p, err
}

// hasApp says that an app is known and was not forgotten.
func (h *Handlers) hasApp(ctx context.Context, id uuid.UUID) (bool, error) {
	app, err := h.Store.App(ctx, id)
	if errors.Is(err, model.ErrNotFound) {
		return false, nil
	}
	return err == nil && app.ForgottenAt == nil, err
}

// workplace is the device that a job backs up or restores to, nil for none and for one that is no longer known.
func (h *Handlers) workplace(ctx context.Context, job model.Job) (*model.Device, error) {
	if job.DeviceID == uuid.Nil {
		return nil, nil //nolint:nilnil // upkeep of a repository is for no device
	}
	d, err := h.Store.Device(ctx, job.DeviceID)
	if errors.Is(err, model.ErrNotFound) {
		return nil, nil //nolint:nilnil // it was removed since
	}
	return &d, err
}

// CancelJob stops a job that waits or runs.
func (h *Handlers) CancelJob(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.Jobs.Cancel(c.UserContext(), id); err != nil {
		return err
	}
	return goTo(c, next(c, views.JobPath(id)))
}

// RetryJob runs a job's work again and shows the new job.
func (h *Handlers) RetryJob(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	job, err := h.Jobs.Retry(c.UserContext(), id)
	if err != nil {
		return err
	}
	return goTo(c, views.JobPath(job.ID))
}
