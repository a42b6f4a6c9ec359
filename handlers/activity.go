package handlers

import (
	"context"
	"net/url"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

// activityQuery is a filter with the place in its list.
type activityQuery struct {
	views.ActivityQuery
	Cursor string `query:"cursor"`
}

// Activity lists the jobs that the filter chooses.
func (h *Handlers) Activity(c *fiber.Ctx) error {
	return list(h, c, "activity", h.activityProps, views.ActivityPage)
}

func (h *Handlers) activityProps(ctx context.Context, frame views.Chrome, q activityQuery) (views.ActivityProps, error) {
	p := views.ActivityProps{Chrome: frame, Filter: q.ActivityQuery}
	f, err := q.filter()
	if err != nil {
		return p, err
	}
	if p.Apps, err = h.Jobs.Apps(ctx); err != nil {
		return p, err
	}
	if p.Destinations, err = h.Store.Destinations(ctx); err != nil {
		return p, err
	}
	f.Limit++ // one more than is shown tells whether there is a next page
	rows, err := h.jobs(ctx, f)
	if err != nil {
		return p, err
	}
	p.Jobs, p.Paging = paged(rows, func(j views.JobItem) uuid.UUID { return j.ID }, place{views.ActivityPath, q.values, q.Cursor != ""})
	return p, nil
}

func (q activityQuery) filter() (model.JobFilter, error) {
	var problems model.Invalids
	f := model.JobFilter{
		AppID:         optionalID(&problems, "app_id", q.AppID),
		DestinationID: optionalID(&problems, "destination_id", q.DestinationID),
		Page:          model.Page{Cursor: optionalID(&problems, "cursor", q.Cursor), Limit: listRows},
	}
	if q.Kind != "" {
		f.Kinds = []model.JobKind{model.JobKind(q.Kind)}
	}
	switch q.State {
	case "":
	case "open":
		f.States = []model.JobState{model.JobRunning, model.JobQueued}
	default:
		f.States = []model.JobState{model.JobState(q.State)}
	}
	return f, problems.Err()
}

func (q activityQuery) values(cursor uuid.UUID) url.Values {
	return filled(map[string]string{
		"kind": q.Kind, "state": q.State, "app_id": q.AppID, "destination_id": q.DestinationID,
	}, cursor)
}
