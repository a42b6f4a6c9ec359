package handlers

import (
	"context"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
	"keepstead/views"
)

// appsQuery is the filter of the list of apps.
type appsQuery struct {
	Text   string `query:"q"`
	Status string `query:"status"`
	Kind   string `query:"kind"`
	Page   int    `query:"page"`
}

// Apps lists the apps with their status.
func (h *Handlers) Apps(c *fiber.Ctx) error {
	return list(h, c, "apps", h.appsProps, views.AppsPage)
}

func (h *Handlers) appsProps(ctx context.Context, frame views.Chrome, q appsQuery) (views.AppsProps, error) {
	p := views.AppsProps{Chrome: frame, Query: q.Text, Status: model.Protection(q.Status), Kind: model.AppKind(q.Kind), Page: q.Page}
	all, err := h.Jobs.Overview(ctx)
	if err != nil {
		return p, err
	}
	rows := make([]model.App, len(all))
	for i, a := range all {
		rows[i] = a.App
	}
	p.Counts = views.CountApps(rows)
	for _, a := range all {
		if a.App.Pending && !a.App.Gone {
			p.Pending = append(p.Pending, a)
			continue
		}
		p.Total++
		if q.shows(a) {
			p.Apps = append(p.Apps, a)
		}
	}
	if p.Found, err = h.Jobs.FoundCounts(ctx); err != nil {
		return p, err
	}
	if p.Devices, err = h.Store.Devices(ctx); err != nil {
		return p, err
	}
	if p.Policies, err = h.Store.Policies(ctx); err != nil {
		return p, err
	}
	p.Progress = h.progressOf(p.Apps)
	p.Destinations, err = h.Store.Destinations(ctx)
	return p, err
}

func (q appsQuery) shows(a model.AppOverview) bool {
	if q.Kind != "" && string(a.App.Kind) != q.Kind || !q.hasStatus(a) {
		return false
	}
	text := strings.ToLower(a.App.Name + "\n" + a.Device.Name + "\n" + strings.Join(a.App.Paths, "\n"))
	return strings.Contains(text, strings.ToLower(strings.TrimSpace(q.Text)))
}

func (q appsQuery) hasStatus(a model.AppOverview) bool {
	switch model.Protection(q.Status) {
	case "":
		return true
	case views.StatusGone:
		return a.App.Gone
	case views.StatusUnsafe:
		return views.Unsafe(a)
	}
	return !a.App.Gone && string(a.Status) == q.Status
}

// NewApp shows the form for folders to protect.
func (h *Handlers) NewApp(c *fiber.Ctx) error {
	device, err := h.Store.LocalDevice(c.UserContext())
	if err != nil {
		return err
	}
	f := views.AppForm{DeviceID: c.Query("device_id", device.ID.String())}
	page, err := h.newAppPage(c, f, nil)
	if err != nil {
		return err
	}
	return render(c, page)
}

// CreateApp protects folders of a device.
func (h *Handlers) CreateApp(c *fiber.Ctx) error {
	f, err := form[views.AppForm](c)
	if err != nil {
		return err
	}
	app, err := h.createApp(c, f)
	if err != nil {
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) { return h.newAppPage(c, f, reasons) })
	}
	h.good(c, "%s is protected from now on.", app.Name)
	return goTo(c, views.AppPath(app.ID))
}

func (h *Handlers) newAppPage(c *fiber.Ctx, f views.AppForm, reasons model.Invalids) (templ.Component, error) {
	frame, err := h.chrome(c)
	if err != nil {
		return nil, err
	}
	devices, err := h.Store.Devices(c.UserContext())
	return views.AppNewPage(views.AppNewProps{Chrome: frame, Form: f, Devices: devices, Errors: reasons}), err
}

// createApp makes an app of the form, on the local device where the form names none.
func (h *Handlers) createApp(c *fiber.Ctx, f views.AppForm) (model.App, error) {
	var problems model.Invalids
	app := model.App{
		ID: model.NewID(), Name: strings.TrimSpace(f.Name), Kind: model.AppFolders, Origin: model.OriginManual,
		Paths: views.Entries(f.Paths), DeviceID: optionalID(&problems, "device_id", f.DeviceID),
	}
	if f.DeviceID == "" {
		device, err := h.Store.LocalDevice(c.UserContext())
		if err != nil {
			return app, err
		}
		app.DeviceID = device.ID
	}
	if err := merge(problems, app.Validate()); err != nil {
		return app, err
	}
	app, _, err := h.Jobs.PutApp(c.UserContext(), app)
	return app, err
}

// BackupApp backs up all of an app's configurations now.
func (h *Handlers) BackupApp(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	started, err := h.backupApp(c.UserContext(), id)
	if err != nil {
		return err
	}
	h.good(c, "Started %s.", plural(started, "backup"))
	return goTo(c, next(c, views.AppPath(id)))
}

// ToggleApp turns an app's protection on or off.
func (h *Handlers) ToggleApp(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.toggleApp(c.UserContext(), id, c.FormValue("enabled") == "on"); err != nil {
		return err
	}
	return goTo(c, next(c, views.AppPath(id)))
}

// ConfirmForgetApp asks before an app is forgotten.
func (h *Handlers) ConfirmForgetApp(c *fiber.Ctx) error {
	app, err := named(c, h.Store.App)
	if err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	lost := []string{"Its backups stop, and its settings here are deleted."}
	if app.Containers() && !app.Gone {
		lost = append(lost, "It is not found again. To stop only its backups, switch it off instead.")
	}
	return render(c, views.ConfirmPage(views.ConfirmProps{
		Chrome: frame, Heading: "Forget " + app.Name + "?", Action: views.AppForgetPath(app.ID), Back: views.AppPath(app.ID), BackName: app.Name, Button: "Forget app",
		Removes: true, Lost: lost,
		Stays: []string{"Its files stay where they are.", "Its snapshots stay, and you can still restore them."},
	}))
}

// ForgetApp forgets an app; its snapshots stay.
func (h *Handlers) ForgetApp(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.Jobs.ForgetApp(c.UserContext(), id); err != nil {
		return err
	}
	h.good(c, "The app is forgotten. Its snapshots stay.")
	return goTo(c, views.AppsPath)
}
