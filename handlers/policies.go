package handlers

import (
	"context"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
	"keepstead/views"
)

// Policies lists the policies.
func (h *Handlers) Policies(c *fiber.Ctx) error {
	frame, err := h.live(c, "policies", uuid.Nil)
	if err != nil {
		return err
	}
	props, err := h.policiesProps(c.UserContext(), frame)
	if err != nil {
		return err
	}
	return render(c, views.PoliciesPage(props))
}

func (h *Handlers) policiesProps(ctx context.Context, frame views.Chrome) (views.PoliciesProps, error) {
	p := views.PoliciesProps{Chrome: frame, Used: map[uuid.UUID]int{}}
	var err error
	if p.Policies, err = h.Store.Policies(ctx); err != nil {
		return p, err
	}
	if p.Destinations, err = h.Store.Destinations(ctx); err != nil {
		return p, err
	}
	all, err := h.Store.Configurations(ctx, store.ConfigurationFilter{})
	for _, conf := range all {
		p.Used[conf.PolicyID]++
	}
	return p, err
}

// NewPolicy shows the editor with a daily schedule and every destination chosen.
func (h *Handlers) NewPolicy(c *fiber.Ctx) error {
	p := model.DefaultPolicy()
	p.Name, p.Description, p.IsDefault = "", "", false
	all, err := h.Store.Destinations(c.UserContext())
	if err != nil {
		return err
	}
	for _, d := range all {
		p.DestinationIDs = append(p.DestinationIDs, d.ID)
	}
	return h.showPolicy(c, nil, views.NewPolicyForm(p))
}

// CreatePolicy saves a new policy.
func (h *Handlers) CreatePolicy(c *fiber.Ctx) error {
	f, err := form[views.PolicyForm](c)
	if err != nil {
		return err
	}
	p, err := readPolicy(f, model.Policy{})
	if err == nil {
		p, err = h.Jobs.CreatePolicy(c.UserContext(), p)
	}
	if err != nil {
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) { return h.policyPage(c, nil, f, reasons) })
	}
	h.good(c, "%s is saved.", p.Name)
	return goTo(c, views.PoliciesPath)
}

// Policy shows the editor of a policy.
func (h *Handlers) Policy(c *fiber.Ctx) error {
	p, err := named(c, h.Store.Policy)
	if err != nil {
		return err
	}
	return h.showPolicy(c, &p, views.NewPolicyForm(p))
}

// ChangePolicy saves a policy.
func (h *Handlers) ChangePolicy(c *fiber.Ctx) error {
	old, err := named(c, h.Store.Policy)
	if err != nil {
		return err
	}
	f, err := form[views.PolicyForm](c)
	if err != nil {
		return err
	}
	p, err := readPolicy(f, old)
	if err == nil {
		p, err = h.Jobs.ChangePolicy(c.UserContext(), p)
	}
	if err != nil {
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) { return h.policyPage(c, &old, f, reasons) })
	}
	h.good(c, "%s is saved.", p.Name)
	return goTo(c, views.PoliciesPath)
}

// SetDefaultPolicy has new apps follow this policy.
func (h *Handlers) SetDefaultPolicy(c *fiber.Ctx) error {
	p, err := named(c, h.Store.Policy)
	if err != nil {
		return err
	}
	p.IsDefault = true
	if _, err := h.Jobs.ChangePolicy(c.UserContext(), p); err != nil {
		return err
	}
	h.good(c, "New apps follow %s from now on.", p.Name)
	return goTo(c, views.PoliciesPath)
}

// DeletePolicy deletes a policy that nothing follows.
func (h *Handlers) DeletePolicy(c *fiber.Ctx) error {
	id, err := pathID(c)
	if err != nil {
		return err
	}
	if err := h.Jobs.DeletePolicy(c.UserContext(), id); err != nil {
		return err
	}
	h.good(c, "The policy is deleted.")
	return goTo(c, views.PoliciesPath)
}

// PreviewSchedule says a schedule in words, with its next runs.
func (h *Handlers) PreviewSchedule(c *fiber.Ctx) error {
	p := views.SchedulePreviewProps{Clock: h.frame().Clock}
	cron, err := model.Policy{Schedule: c.Query("schedule"), TimeZone: c.Query("time_zone")}.Cron()
	if err != nil {
		p.Errors = refusals(err)
		c.Status(status(err))
		return render(c, views.SchedulePreview(p))
	}
	p.Words, p.Runs = cron.Words(), cron.NextRuns(p.Now, 5)
	return render(c, views.SchedulePreview(p))
}

func readPolicy(f views.PolicyForm, p model.Policy) (model.Policy, error) {
	var problems model.Invalids
	p.Name, p.Description = strings.TrimSpace(f.Name), strings.TrimSpace(f.Description)
	p.Enabled, p.IsDefault = f.Enabled != "", f.Default != "" || p.IsDefault
	p.Schedule, p.TimeZone = strings.TrimSpace(f.Schedule), strings.TrimSpace(f.TimeZone)
	p.Retention = retention(&problems, f.KeepForm)
	p.DestinationIDs = nil
	for _, text := range f.DestinationIDs {
		p.DestinationIDs = append(p.DestinationIDs, optionalID(&problems, "destination_ids", text))
	}
	return p, merge(problems, p.Validate())
}

func (h *Handlers) showPolicy(c *fiber.Ctx, p *model.Policy, f views.PolicyForm) error {
	page, err := h.policyPage(c, p, f, nil)
	if err != nil {
		return err
	}
	return render(c, page)
}

func (h *Handlers) policyPage(c *fiber.Ctx, p *model.Policy, f views.PolicyForm, reasons model.Invalids) (templ.Component, error) {
	frame, err := h.chrome(c)
	if err != nil {
		return nil, err
	}
	props := views.PolicyProps{
		Chrome: frame, Policy: p, Form: f, Errors: reasons, Zones: offeredZones(), ServerZone: time.Local.String(),
	}
	if props.Destinations, err = h.Store.Destinations(c.UserContext()); err != nil {
		return nil, err
	}
	if p != nil {
		props.Apps, err = h.followers(c.UserContext(), p.ID)
	}
	return views.PolicyPage(props), err
}

// followers lists the apps that follow a policy.
func (h *Handlers) followers(ctx context.Context, policy uuid.UUID) ([]model.App, error) {
	confs, err := h.Store.Configurations(ctx, store.ConfigurationFilter{PolicyID: policy})
	if err != nil {
		return nil, err
	}
	var apps []model.App
	for _, conf := range confs {
		app, err := h.Store.App(ctx, conf.AppID)
		if err != nil {
			return nil, err
		}
		apps = append(apps, app)
	}
	return apps, nil
}

// offeredZones are suggestions: any IANA name may be typed.
func offeredZones() []string {
	return []string{
		"UTC", "Africa/Cairo", "Africa/Johannesburg", "Africa/Lagos", "America/Chicago", "America/Denver",
		"America/Los_Angeles", "America/Mexico_City", "America/New_York", "America/Sao_Paulo", "America/Toronto",
		"Asia/Dubai", "Asia/Hong_Kong", "Asia/Kolkata", "Asia/Shanghai", "Asia/Singapore", "Asia/Tokyo",
		"Australia/Melbourne", "Australia/Sydney", "Europe/Amsterdam", "Europe/Berlin", "Europe/Istanbul",
		"Europe/London", "Europe/Madrid", "Europe/Paris", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna",
		"Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland",
	}
}
