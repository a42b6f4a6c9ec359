package handlers

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
	"keepstead/views"
)

// PreviewConfiguration says what the includes and excludes of a configuration match as typed. It answers with 200 also
// where a field is refused: nothing was to be saved, and the reason is at its field.
func (h *Handlers) PreviewConfiguration(c *fiber.Ctx) error {
	conf, err := named(c, h.Store.Configuration)
	if err != nil {
		return err
	}
	f, err := form[views.ConfigurationForm](c)
	if err != nil {
		return err
	}
	conf.IncludePaths, conf.ExcludePaths = views.Entries(f.IncludePaths), views.Entries(f.ExcludePaths)
	found, err := h.Jobs.PreviewScope(c.UserContext(), conf)
	if err != nil {
		return err
	}
	if !isFragment(c) {
		return h.previewedApp(c, conf, f, found)
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.ScopeLive(views.ScopeProps{Clock: frame.Clock, Configuration: conf, Form: f, Errors: found.Problems, Preview: &found}))
}

// previewedApp is the app's page with the form as it was typed, and what it comes to.
func (h *Handlers) previewedApp(c *fiber.Ctx, conf model.Configuration, f views.ConfigurationForm, found model.ScopePreview) error {
	frame, err := h.live(c, "app", conf.AppID)
	if err != nil {
		return err
	}
	props, err := h.appProps(c.UserContext(), frame, conf.AppID)
	if err != nil {
		return err
	}
	props.ConfigurationForm, props.ConfigurationID, props.Scope, props.Errors = &f, conf.ID, &found, found.Problems
	return render(c, views.AppPage(props))
}
