package handlers

import (
	"github.com/gofiber/fiber/v2"

	"keepstead/model"
	"keepstead/views"
)

// CreateConfiguration has an app follow one more policy.
func (h *Handlers) CreateConfiguration(c *fiber.Ctx) error {
	app, err := pathID(c)
	if err != nil {
		return err
	}
	var problems model.Invalids
	conf := model.Configuration{
		AppID: app, PolicyID: optionalID(&problems, "policy_id", c.FormValue("policy_id")), Enabled: true,
		BackupVolumes: true, BackupCompose: true, BackupEnv: true,
	}
	err = merge(problems, conf.Validate())
	if err == nil {
		_, _, err = h.Jobs.CreateConfiguration(c.UserContext(), conf)
	}
	if err != nil {
		return h.appAgain(c, err, app, func(*views.AppProps) {})
	}
	h.good(c, "The app follows one more policy.")
	return goTo(c, views.AppPath(app))
}

// ChangeConfiguration saves what of an app is backed up, its policy and its retention.
func (h *Handlers) ChangeConfiguration(c *fiber.Ctx) error {
	conf, err := named(c, h.Store.Configuration)
	if err != nil {
		return err
	}
	f, err := form[views.ConfigurationForm](c)
	if err != nil {
		return err
	}
	var problems model.Invalids
	conf.PolicyID = optionalID(&problems, "policy_id", f.PolicyID)
	conf.IncludePaths, conf.ExcludePaths = views.Entries(f.IncludePaths), views.Entries(f.ExcludePaths)
	if f.Scope != "" {
		conf.BackupVolumes, conf.BackupCompose, conf.BackupEnv = f.Volumes == "on", f.Compose == "on", f.Env == "on"
	}
	conf.Retention = nil
	if f.Retention == "own" {
		keep := retention(&problems, f.KeepForm)
		conf.Retention = &keep
	}
	err = merge(problems, conf.Validate())
	if err == nil {
		_, err = h.Jobs.ChangeConfiguration(c.UserContext(), conf)
	}
	if err != nil {
		return h.appAgain(c, err, conf.AppID, func(p *views.AppProps) { p.ConfigurationForm, p.ConfigurationID = &f, conf.ID })
	}
	h.good(c, "Saved.")
	return goTo(c, views.AppPath(conf.AppID))
}

// BackupConfiguration backs up one configuration now.
func (h *Handlers) BackupConfiguration(c *fiber.Ctx) error {
	conf, err := named(c, h.Store.Configuration)
	if err != nil {
		return err
	}
	made, err := h.Jobs.Backup(c.UserContext(), conf.ID, model.TriggerManual)
	if err != nil {
		return err
	}
	h.good(c, "Started %s.", plural(len(made), "backup"))
	return goTo(c, next(c, views.AppPath(conf.AppID)))
}

// Unfreeze lets retention go on after somebody has looked.
func (h *Handlers) Unfreeze(c *fiber.Ctx) error {
	conf, err := named(c, h.Store.Configuration)
	if err != nil {
		return err
	}
	if err := h.Jobs.Unfreeze(c.UserContext(), conf.ID); err != nil {
		return err
	}
	h.good(c, "Old snapshots are removed by the policy again.")
	return goTo(c, next(c, views.AppPath(conf.AppID)))
}

// ConfirmDeleteConfiguration asks before an app stops following a policy.
func (h *Handlers) ConfirmDeleteConfiguration(c *fiber.Ctx) error {
	conf, err := named(c, h.Store.Configuration)
	if err != nil {
		return err
	}
	app, err := h.Jobs.AppOverview(c.UserContext(), conf.AppID)
	if err != nil {
		return err
	}
	destinations, err := h.Store.Destinations(c.UserContext())
	if err != nil {
		return err
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.ConfirmPage(views.NewUnfollow(frame, app, conf, destinations)))
}

// DeleteConfiguration ends an app's backups under one policy; the snapshots stay.
func (h *Handlers) DeleteConfiguration(c *fiber.Ctx) error {
	conf, err := named(c, h.Store.Configuration)
	if err != nil {
		return err
	}
	if err := h.Jobs.DeleteConfiguration(c.UserContext(), conf.ID); err != nil {
		return err
	}
	h.good(c, "The app no longer follows this policy. Its snapshots stay.")
	return goTo(c, views.AppPath(conf.AppID))
}
