package handlers

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// Discover looks for apps made of containers now.
func (h *Handlers) Discover(c *fiber.Ctx) error {
	if err := h.Jobs.Discover(c.UserContext()); err != nil {
		return err
	}
	h.good(c, "Looked again. What is here stands below.")
	return goTo(c, next(c, views.AppsPath))
}

// AcceptApp protects an app that was found.
func (h *Handlers) AcceptApp(c *fiber.Ctx) error {
	app, err := named(c, h.Store.App)
	if err != nil {
		return err
	}
	if err := h.Jobs.AcceptApp(c.UserContext(), app.ID); err != nil {
		return err
	}
	h.good(c, "%s is protected from now on.", app.Name)
	return goTo(c, next(c, views.AppPath(app.ID)))
}

// AcceptApps protects every app that waits for a decision.
func (h *Handlers) AcceptApps(c *fiber.Ctx) error {
	apps, err := h.Store.Apps(c.UserContext())
	if err != nil {
		return err
	}
	var names []string
	for _, app := range apps {
		if !app.Pending {
			continue
		}
		err := h.Jobs.AcceptApp(c.UserContext(), app.ID)
		if errors.Is(err, model.ErrNotFound) { // somebody else decided meanwhile
			continue
		}
		if err != nil {
			return err
		}
		names = append(names, app.Name)
	}
	audit.AboutApps(c, names)
	h.good(c, "Protected %s.", plural(len(names), "app"))
	return goTo(c, next(c, views.AppsPath))
}

// DeclineApp leaves an app that was found out.
func (h *Handlers) DeclineApp(c *fiber.Ctx) error {
	app, err := named(c, h.Store.App)
	if err != nil {
		return err
	}
	if err := h.Jobs.DeclineApp(c.UserContext(), app.ID); err != nil {
		return err
	}
	h.good(c, "%s is not protected. Protect it on its page whenever you like.", app.Name)
	return goTo(c, next(c, views.AppPath(app.ID)))
}

// SetDiscovery decides what becomes of an app that is found.
func (h *Handlers) SetDiscovery(c *fiber.Ctx) error {
	if err := h.Jobs.SetDiscoveryMode(c.UserContext(), c.FormValue("mode")); err != nil {
		return err
	}
	h.good(c, "Saved.")
	return goTo(c, views.SettingsPath+"#discovery")
}

// ChangeBind takes a folder that an app mounts, or leaves it out.
func (h *Handlers) ChangeBind(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	path, err := views.FilePath(c.FormValue("path"))
	if err != nil || path == "" {
		return model.Invalid{Field: "path", Reason: "Name the folder."}
	}
	take := c.FormValue("take") == "on"
	err = h.changeCapture(c.UserContext(), id, func(old model.Capture) model.Capture { return withBind(old, path, take) })
	if err != nil {
		return err
	}
	if take {
		h.good(c, "%s is taken from the next backup on.", path)
	} else {
		h.good(c, "%s is left out from the next backup on.", path)
	}
	return goTo(c, views.AppPath(id)+"#"+views.AppMountsID)
}

// changeCapture changes what a person chose for an app, for each policy that it follows.
func (h *Handlers) changeCapture(ctx context.Context, app uuid.UUID, change func(model.Capture) model.Capture) error {
	row, err := h.Store.App(ctx, app)
	if err != nil {
		return err
	}
	all, err := h.configurations(ctx, app)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return model.Conflict{Reason: "This app follows no policy; protect it first."}
	}
	for _, conf := range all {
		var old model.Capture
		if conf.Capture != nil {
			old = stillThere(*conf.Capture, row.Found)
		}
		if _, err := h.Jobs.ChangeCapture(ctx, conf.ID, change(old)); err != nil {
			return err
		}
	}
	return nil
}
