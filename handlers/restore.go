package handlers

import (
	"context"
	"net/url"
	"strings"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/jobs"
	"keepstead/model"
	"keepstead/views"
)

// RestoreForm asks where to restore to; the query names the files, none means all.
func (h *Handlers) RestoreForm(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	f := views.RestoreForm{Files: queryFiles(c), Safety: "on", Stop: "on", Start: "on"}
	page, err := h.restorePage(c, id, f, nil, nil)
	if err != nil {
		return err
	}
	return render(c, page)
}

// Restore starts a restore and shows its job.
func (h *Handlers) Restore(c *fiber.Ctx) error {
	id, f, want, err := h.restore(c)
	if err == nil {
		var job model.Job
		if job, err = h.Jobs.Restore(c.UserContext(), want, model.TriggerManual); err == nil {
			return goTo(c, views.JobPath(job.ID))
		}
	}
	return again(c, err, func(reasons model.Invalids) (templ.Component, error) { return h.restorePage(c, id, f, nil, reasons) })
}

// PlanRestore says what a restore would do.
func (h *Handlers) PlanRestore(c *fiber.Ctx) error {
	id, f, want, err := h.restore(c)
	var plan *model.RestorePlan
	if err == nil {
		var found model.RestorePlan
		found, err = h.Jobs.PlanRestore(c.UserContext(), want)
		plan = &found
	}
	show := func(plan *model.RestorePlan, reasons model.Invalids) (templ.Component, error) {
		if isFragment(c) {
			return views.RestorePlan(views.RestorePlanProps{Plan: plan, InPlace: want.InPlace, Errors: reasons}), nil
		}
		return h.restorePage(c, id, f, plan, reasons)
	}
	if err != nil {
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) { return show(nil, reasons) })
	}
	page, err := show(plan, nil)
	if err != nil {
		return err
	}
	return render(c, page)
}

// restore reads the posted form of a restore.
func (h *Handlers) restore(c *fiber.Ctx) (uuid.UUID, views.RestoreForm, model.Restore, error) {
	id, err := pathID(c)
	if err != nil {
		return id, views.RestoreForm{}, model.Restore{}, err
	}
	f, err := form[views.RestoreForm](c)
	if err != nil {
		return id, f, model.Restore{}, err
	}
	want, err := h.wanted(c.UserContext(), id, f)
	return id, f, want, err
}

// wanted is the restore that a form asks for.
func (h *Handlers) wanted(ctx context.Context, id uuid.UUID, f views.RestoreForm) (model.Restore, error) {
	s, err := h.Store.Snapshot(ctx, id)
	if err != nil {
		return model.Restore{}, err
	}
	home, err := h.Jobs.Home(ctx, s)
	if err != nil {
		return model.Restore{}, err
	}
	want := model.Restore{SnapshotID: id}
	var problems model.Invalids
	if f.Parts() {
		readApp(&problems, f, &want)
	} else {
		readFiles(&problems, f, &want)
		if err := h.keepRunning(ctx, f, s, &want); err != nil {
			return model.Restore{}, err
		}
	}
	if want.DeviceID == uuid.Nil { // back in place is always where the app lives
		want.DeviceID = home.ID
	}
	return want, merge(problems, want.Validate())
}

// readApp reads the part of the form that brings an app back.
func readApp(problems *model.Invalids, f views.RestoreForm, want *model.Restore) {
	app := readAppRestore(problems, f)
	if want.App = &app; app.Mode == model.AppCopy {
		want.DeviceID = optionalID(problems, "target_device_id", f.ProjectDeviceID)
	}
}

// readFiles reads the part of the form that brings files back.
func readFiles(problems *model.Invalids, f views.RestoreForm, want *model.Restore) {
	if want.InPlace = f.Where == "in_place"; !want.InPlace {
		want.TargetPath = strings.TrimSpace(f.Target)
		want.DeviceID = optionalID(problems, "target_device_id", f.DeviceID)
	}
	want.SkipSafety = want.InPlace && f.Safety != "on"
	want.Files = unwrapped(problems, "files", f.Files)
}

// keepRunning reads whether containers run on. The form asks it where an app has some and its files go back in place.
func (h *Handlers) keepRunning(ctx context.Context, f views.RestoreForm, s model.Snapshot, want *model.Restore) error {
	app, err := h.appOf(ctx, s)
	want.KeepRunning = want.InPlace && app.Containers() && f.Stop != "on"
	return err
}

// unwrapped reads what views.FileValue wrote.
func unwrapped(problems *model.Invalids, field string, values []string) []string {
	var out []string
	for _, value := range values {
		text, err := views.FilePath(value)
		if err != nil {
			problems.Add(field, "An entry of the list cannot be read.")
		}
		out = append(out, text)
	}
	return out
}

func (h *Handlers) restorePage(c *fiber.Ctx, id uuid.UUID, f views.RestoreForm, plan *model.RestorePlan, reasons model.Invalids) (templ.Component, error) {
	ctx := c.UserContext()
	frame, err := h.chrome(c)
	if err != nil {
		return nil, err
	}
	s, err := h.Store.Snapshot(ctx, id)
	if err != nil {
		return nil, err
	}
	p := views.RestoreProps{Chrome: frame, Form: f, Plan: plan, Errors: reasons, SavedFiles: jobs.SavedFiles(s)}
	if p.Snapshot, err = h.snapshotItem(ctx, s); err != nil {
		return nil, err
	}
	if p.App, err = h.appOf(ctx, s); err != nil {
		return nil, err
	}
	if err := h.offerDevices(ctx, &p); err != nil {
		return nil, err
	}
	h.offerPlace(ctx, &p)
	if s.Contents != nil || p.App.Containers() && !p.SavedFiles {
		h.prepareAppRestore(ctx, &p)
	}
	return views.RestorePage(p), nil
}

// offerPlace chooses the place where nothing is lost: another folder, which it names, unless the files are gone from where
// they were. Files that a restore overwrote go back to their place.
func (h *Handlers) offerPlace(ctx context.Context, p *views.RestoreProps) {
	var problems model.Invalids
	files := unwrapped(&problems, "files", p.Form.Files)
	if len(problems) == 0 && len(files) > 0 && p.Snapshot.Contents == nil && !p.App.Containers() {
		p.Missing = h.Jobs.Missing(ctx, p.Snapshot.Snapshot, files)
	}
	switch {
	case p.Form.Where != "":
	case p.Missing, p.SavedFiles:
		p.Form.Where = "in_place"
	default:
		p.Form.Where = "folder"
	}
	if s := p.Snapshot.Snapshot; p.Form.Target == "" && len(p.Errors) == 0 {
		p.Form.Target = h.Jobs.RestoreFolder(ctx, s, chosenDevice(*p), s.StartedAt.In(p.Zone).Format("2006-01-02-1504"))
	}
}

// offerDevices fills in what the form of a restore offers of the devices.
func (h *Handlers) offerDevices(ctx context.Context, p *views.RestoreProps) error {
	var err error
	if p.Device, err = h.Jobs.Home(ctx, p.Snapshot.Snapshot); err != nil {
		return err
	}
	if p.Devices, err = h.Store.Devices(ctx); err != nil {
		return err
	}
	if p.Form.DeviceID == "" {
		p.Form.DeviceID = views.FirstUsable(p.Devices, p.Device, false).ID.String()
	}
	if p.Form.ProjectDeviceID == "" {
		p.Form.ProjectDeviceID = views.FirstUsable(p.Devices, p.Device, true).ID.String()
	}
	return nil
}

// chosenDevice is the device that the form names, or the app's own.
func chosenDevice(p views.RestoreProps) model.Device {
	for _, d := range p.Devices {
		if d.ID.String() == p.Form.DeviceID {
			return d
		}
	}
	return p.Device
}

// queryFiles reads the chosen files from the query as they stand there.
func queryFiles(c *fiber.Ctx) []string {
	values, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return nil
	}
	return values["file"]
}
