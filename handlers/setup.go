package handlers

import (
	"errors"
	"path/filepath"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"

	"keepstead/auth"
	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// Setup shows the form for the first user. It is over once there is one.
func (h *Handlers) Setup(c *fiber.Ctx) error {
	first, err := h.Auth.NeedsSetup(c.UserContext())
	if err != nil {
		return err
	}
	if !first {
		return goTo(c, views.HomePath)
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.SetupPage(views.SetupProps{Chrome: frame, Code: c.Query("code"), Name: "admin"}))
}

// CreateAdmin creates the first user for whoever has the set-up code, and signs them in.
func (h *Handlers) CreateAdmin(c *fiber.Ctx) error {
	code, name := c.FormValue("code"), c.FormValue("name")
	user, err := h.Auth.Setup(c.UserContext(), code, name, c.FormValue("password"), auth.ClientIP(c))
	if errors.Is(err, auth.ErrSetUp) {
		return goTo(c, views.SignInPath)
	}
	if errors.Is(err, auth.ErrDenied) {
		err = model.Invalid{Field: "code", Reason: "This is not the set-up code. Open the address that Keepstead printed when it started."}
	}
	if err != nil {
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) {
			frame, err := h.chrome(c)
			return views.SetupPage(views.SetupProps{Chrome: frame, Code: code, Name: name, Errors: reasons}), err
		})
	}
	audit.About(c, model.SubjectUser, user.ID, user.Name)
	if err := h.Auth.SignIn(c, user); err != nil {
		return err
	}
	return goTo(c, views.SetupDestinationPath)
}

// SetupDestination asks where backups go, with a folder of this machine filled in.
func (h *Handlers) SetupDestination(c *fiber.Ctx) error {
	device, err := h.Store.LocalDevice(c.UserContext())
	if err != nil {
		return err
	}
	return h.setupDestination(c, views.DestinationForm{
		Name: "This machine", Type: string(model.DestinationLocal), Repository: "create", DeviceID: device.ID.String(),
		Path: filepath.Join(h.DataDir, "backups"),
	}, nil)
}

// CreateFirstDestination adds the destination of the second step.
func (h *Handlers) CreateFirstDestination(c *fiber.Ctx) error {
	f, err := form[views.DestinationForm](c)
	if err != nil {
		return err
	}
	d, err := h.addDestination(c, f)
	if err != nil {
		reasons := refusals(err)
		if len(reasons) == 0 {
			return err
		}
		shown, typed := shownHostKey(err, f)
		return h.setupDestination(c.Status(status(err)), shown, append(reasons, typed...))
	}
	audit.About(c, model.SubjectDestination, d.ID, d.Name)
	return goTo(c, views.SetupAppsPath)
}

func (h *Handlers) setupDestination(c *fiber.Ctx, f views.DestinationForm, reasons model.Invalids) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	devices, err := h.Store.Devices(c.UserContext())
	if err != nil {
		return err
	}
	return render(c, views.SetupDestinationPage(views.SetupDestinationProps{Chrome: frame, Form: f, Devices: devices, Errors: reasons}))
}

// SetupApps shows what is protected already and asks for folders.
func (h *Handlers) SetupApps(c *fiber.Ctx) error { return h.setupApps(c, views.AppForm{}, nil) }

// CreateFirstApp protects the folders given, if any, and backs up everything now.
func (h *Handlers) CreateFirstApp(c *fiber.Ctx) error {
	f, err := form[views.AppForm](c)
	if err != nil {
		return err
	}
	if f.Name != "" || f.Paths != "" {
		app, err := h.createApp(c, f)
		if err != nil {
			reasons := refusals(err)
			if len(reasons) == 0 {
				return err
			}
			return h.setupApps(c.Status(status(err)), f, reasons)
		}
		audit.About(c, model.SubjectApp, app.ID, app.Name)
		audit.Act(c, model.ActCreate)
	}
	// That there is nothing to start yet is no reason to stay here: the first page says what is missing.
	if _, err := h.Jobs.BackupAll(c.UserContext(), model.TriggerManual); err != nil && !errors.Is(err, model.ErrConflict) {
		return err
	}
	return goTo(c, views.HomePath)
}

func (h *Handlers) setupApps(c *fiber.Ctx, f views.AppForm, reasons model.Invalids) error {
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	apps, err := h.Jobs.Overview(c.UserContext())
	if err != nil {
		return err
	}
	return render(c, views.SetupAppsPage(views.SetupAppsProps{Chrome: frame, Form: f, Apps: apps, Errors: reasons}))
}
