package handlers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"keepstead/jobs"
	"keepstead/model"
	"keepstead/views"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// Voice words what channels are told: by the same functions that word the pages.
func (h *Handlers) Voice() jobs.Voice {
	return jobs.Voice{Alerts: h.alerts, Summary: h.summary, Message: h.message}
}

// plainFrame is the frame of what no browser asked for: English, in the server's zone.
func (h *Handlers) plainFrame() views.Chrome {
	return h.frame(ui.Clock{Now: h.Clock(), Zone: time.Local})
}

func (h *Handlers) alerts(ctx context.Context) ([]model.Alert, error) {
	p := views.HomeProps{Chrome: h.plainFrame()}
	err := h.readNeeds(ctx, &p)
	return views.Alerts(p), err
}

func (h *Handlers) summary(ctx context.Context) (model.Notification, error) {
	p := views.HomeProps{Chrome: h.plainFrame()}
	err := h.readNeeds(ctx, &p)
	if err == nil {
		p.Samples, err = h.Store.StorageSamples(ctx, uuid.Nil, storageSince(p.Now))
	}
	return views.Summary(p), err
}

// message makes one message of what waits for a channel. A job that is no longer known has nothing to tell.
func (h *Handlers) message(ctx context.Context, c model.Channel, waiting []model.Notification) (model.Message, error) {
	var parts []views.Tiding
	for _, n := range waiting {
		part := views.Tiding{Notification: n}
		if n.JobID != uuid.Nil {
			job, err := h.Store.Job(ctx, n.JobID)
			if errors.Is(err, model.ErrNotFound) {
				continue
			}
			if err != nil {
				return model.Message{}, fmt.Errorf("read a job to tell of: %w", err)
			}
			items, err := h.jobItems(ctx, []model.Job{job})
			if err != nil {
				return model.Message{}, fmt.Errorf("read the names of a job to tell of: %w", err)
			}
			part.Job = &items[0]
		}
		parts = append(parts, part)
	}
	return views.Message(lang.With(ctx, lang.Of(c.Language, "")), h.PublicURL, parts), nil
}
