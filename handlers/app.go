package handlers

import (
	"context"
	"errors"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
	"keepstead/views"
)

const appRows = 10 // snapshots and jobs on an app's page

// App shows one app.
func (h *Handlers) App(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	frame, err := h.live(c, "app", id)
	if err != nil {
		return err
	}
	props, err := h.appProps(c.UserContext(), frame, id)
	if err != nil {
		return err
	}
	return render(c, views.AppPage(props))
}

func (h *Handlers) appProps(ctx context.Context, frame views.Chrome, id uuid.UUID) (views.AppProps, error) {
	p := views.AppProps{Chrome: frame}
	var err error
	if p.App, err = h.Jobs.AppOverview(ctx, id); err != nil {
		return p, err
	}
	if p.Policies, err = h.Store.Policies(ctx); err != nil {
		return p, err
	}
	if p.Destinations, err = h.Store.Destinations(ctx); err != nil {
		return p, err
	}
	page := model.Page{Limit: appRows}
	if p.Snapshots, err = h.snapshots(ctx, model.SnapshotFilter{AppID: id, Page: page}); err != nil {
		return p, err
	}
	p.Jobs, err = h.jobs(ctx, model.JobFilter{AppID: id, Telling: true, Page: page})
	p.Progress = h.progressOf([]model.AppOverview{p.App})
	return p, err
}

// ChangeApp saves an app's name and folders.
func (h *Handlers) ChangeApp(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f, err := form[views.AppForm](c)
	if err != nil {
		return err
	}
	app, err := h.Store.App(c.UserContext(), id)
	if err != nil {
		return err
	}
	app.Name = strings.TrimSpace(f.Name)
	if app.Kind == model.AppFolders {
		app.Paths = views.Entries(f.Paths)
	}
	if _, _, err := h.Jobs.PutApp(c.UserContext(), app); err != nil {
		return h.appAgain(c, err, id, func(p *views.AppProps) { p.AppForm = &f })
	}
	h.good(c, "Saved.")
	return goTo(c, views.AppPath(id))
}

// appAgain shows an app's page with a refused form on it.
func (h *Handlers) appAgain(c *fiber.Ctx, err error, id uuid.UUID, typed func(*views.AppProps)) error {
	return again(c, err, func(reasons model.Invalids) (templ.Component, error) {
		frame, err := h.live(c, "app", id)
		if err != nil {
			return nil, err
		}
		props, err := h.appProps(c.UserContext(), frame, id)
		props.Errors = reasons
		typed(&props)
		return views.AppPage(props), err
	})
}

// backupApp starts a backup of each configuration of an app and counts them. One under way already is no error as long
// as another starts.
func (h *Handlers) backupApp(ctx context.Context, id uuid.UUID) (int, error) {
	all, err := h.configurations(ctx, id)
	if err != nil {
		return 0, err
	}
	started := 0
	var refused error
	for _, conf := range all {
		made, err := h.Jobs.Backup(ctx, conf.ID, model.TriggerManual)
		if err != nil && !errors.Is(err, model.ErrConflict) {
			return started, err
		}
		if err != nil {
			refused = err
		}
		started += len(made)
	}
	if started > 0 {
		return started, nil
	}
	if refused == nil {
		refused = model.Conflict{Reason: "This app follows no policy; choose one first."}
	}
	return 0, refused
}

func (h *Handlers) toggleApp(ctx context.Context, id uuid.UUID, enabled bool) error {
	all, err := h.configurations(ctx, id)
	if err != nil {
		return err
	}
	for _, conf := range all {
		conf.Enabled = enabled
		if _, err := h.Jobs.ChangeConfiguration(ctx, conf); err != nil {
			return err
		}
	}
	return nil
}

// configurations lists what an app follows; an unknown app is ErrNotFound.
func (h *Handlers) configurations(ctx context.Context, app uuid.UUID) ([]model.Configuration, error) {
	if _, err := h.Store.App(ctx, app); err != nil {
		return nil, err
	}
	return h.Store.Configurations(ctx, store.ConfigurationFilter{AppID: app})
}
