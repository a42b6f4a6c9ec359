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
	q.ActivityQuery = views.KnownActivity(q.ActivityQuery)
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
	if len(p.Jobs) == 0 {
		p.Any, err = h.anyJobs(ctx)
	}
	return p, err
}

// anyJobs says whether there is a job at all, whatever a filter leaves out.
func (h *Handlers) anyJobs(ctx context.Context) (bool, error) {
	found, err := h.Store.Jobs(ctx, model.JobFilter{Page: model.Page{Limit: 1}})
	return len(found) > 0, err
}

func (q activityQuery) filter() (model.JobFilter, error) {
	var problems model.Invalids
	f := model.JobFilter{
		AppID:         optionalID(&problems, "app_id", q.AppID),
		DestinationID: optionalID(&problems, "destination_id", q.DestinationID),
		Page:          model.Page{Cursor: optionalID(&problems, "cursor", q.Cursor), Limit: listRows},
	}
	switch q.Kind {
	case "":
		f.Telling = true
	case views.EveryKind:
	default:
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
