package handlers

import (
	"context"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views"
)

const (
	recentJobs   = 8
	calendarDays = 90
)

// Home answers “am I safe?”.
func (h *Handlers) Home(c *fiber.Ctx) error {
	frame, err := h.live(c, "home", uuid.Nil)
	if err != nil {
		return err
	}
	props, err := h.homeProps(c.UserContext(), frame)
	if err != nil {
		return err
	}
	return render(c, views.HomePage(props))
}

// BackupAll backs up every app now.
func (h *Handlers) BackupAll(c *fiber.Ctx) error {
	made, err := h.Jobs.BackupAll(c.UserContext(), model.TriggerManual)
	if err != nil {
		return err
	}
	h.good(c, "Started %s.", plural(len(made), "backup"))
	return goTo(c, next(c, views.HomePath))
}

func (h *Handlers) homeProps(ctx context.Context, frame views.Chrome) (views.HomeProps, error) {
	p := views.HomeProps{Chrome: frame}
	err := h.readNeeds(ctx, &p)
	if err != nil {
		return p, err
	}
	if p.Open, err = h.openJobs(ctx); err != nil {
		return p, fmt.Errorf("read open jobs: %w", err)
	}
	if p.Recent, err = h.jobs(ctx, model.JobFilter{Telling: true, States: finalStates(), Page: model.Page{Limit: recentJobs}}); err != nil {
		return p, fmt.Errorf("read recent jobs: %w", err)
	}
	if p.Samples, err = h.Store.StorageSamples(ctx, uuid.Nil, storageSince(frame.Now)); err != nil {
		return p, err
	}
	p.Days, err = h.days(ctx, frame.Now, frame.Zone)
	return p, err
}

// readNeeds reads what Home, and who is told of it elsewhere, judges by whether something needs somebody.
func (h *Handlers) readNeeds(ctx context.Context, p *views.HomeProps) (err error) {
	if p.Apps, err = h.Jobs.Overview(ctx); err != nil {
		return fmt.Errorf("read apps: %w", err)
	}
	if p.Destinations, err = h.Store.Destinations(ctx); err != nil {
		return fmt.Errorf("read destinations: %w", err)
	}
	if p.Devices, err = h.Store.Devices(ctx); err != nil {
		return fmt.Errorf("read devices: %w", err)
	}
	if p.Found, err = h.Jobs.FoundCounts(ctx); err != nil {
		return err
	}
	if p.Upkeep, err = h.windowed(ctx, p.Destinations); err != nil {
		return err
	}
	if p.Rotations, err = h.rotations(ctx, p.Destinations); err != nil {
		return err
	}
	p.Channels, err = h.channels(ctx)
	return err
}

// rotations are the destinations whose key is being rotated, those included whose rotation goes on by itself.
func (h *Handlers) rotations(ctx context.Context, destinations []model.Destination) (map[uuid.UUID]bool, error) {
	open, err := h.Store.Jobs(ctx, model.JobFilter{
		Kinds: []model.JobKind{model.JobRotate}, States: []model.JobState{model.JobQueued, model.JobRunning}, Page: model.Page{Limit: model.MaxPage},
	})
	out := map[uuid.UUID]bool{}
	for _, j := range open {
		out[j.DestinationID] = true
	}
	for _, d := range destinations {
		if err == nil && !out[d.ID] {
			out[d.ID], err = h.Jobs.Settles(ctx, d)
		}
	}
	return out, err
}

// windowed says when the destinations that have a window get their upkeep.
func (h *Handlers) windowed(ctx context.Context, destinations []model.Destination) (map[uuid.UUID][]model.Upkeep, error) {
	out := map[uuid.UUID][]model.Upkeep{}
	for _, d := range destinations {
		if !d.Window.Set() {
			continue
		}
		plan, err := h.Jobs.Upkeep(ctx, d)
		if err != nil {
			return nil, fmt.Errorf("read the upkeep of a destination: %w", err)
		}
		out[d.ID] = plan
	}
	return out, nil
}

// storageSince is where a line of stored bytes begins.
func storageSince(now time.Time) time.Time { return now.AddDate(0, 0, 1-calendarDays) }

// openJobs lists the running jobs, then the queued ones.
func (h *Handlers) openJobs(ctx context.Context) ([]views.JobItem, error) {
	running, err := h.jobs(ctx, model.JobFilter{States: []model.JobState{model.JobRunning}})
	if err != nil {
		return nil, err
	}
	queued, err := h.jobs(ctx, model.JobFilter{States: []model.JobState{model.JobQueued}, Page: model.Page{Limit: 20}})
	return append(running, queued...), err
}

func finalStates() []model.JobState {
	return []model.JobState{model.JobSuccess, model.JobPartial, model.JobFailed, model.JobCancelled, model.JobInterrupted}
}

// days counts how the backups of each of the last days ended.
func (h *Handlers) days(ctx context.Context, now time.Time, zone *time.Location) ([]views.Day, error) {
	outcomes, err := h.Jobs.DailyOutcomes(ctx, now.AddDate(0, 0, 1-calendarDays), zone)
	if err != nil {
		return nil, err
	}
	days := make([]views.Day, len(outcomes))
	for i, o := range outcomes {
		days[i] = views.Day{Date: o.Day, Good: o.Success, Partial: o.Partial, Failed: o.Failed + o.Interrupted}
	}
	return days, nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
