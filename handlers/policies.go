package handlers

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/a-h/templ"
	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/handlers/audit"
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
	if p.Discovery, err = h.Jobs.DiscoveryMode(ctx); err != nil {
		return p, err
	}
	all, err := h.Store.Configurations(ctx, store.ConfigurationFilter{})
	for _, conf := range all {
		p.Used[conf.PolicyID]++
	}
	if err == nil && slices.ContainsFunc(p.Policies, func(policy model.Policy) bool { return policy.JitterMinutes > 0 }) {
		p.Apps, err = h.Jobs.Overview(ctx)
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
	audit.About(c, model.SubjectPolicy, p.ID, p.Name)
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

// ChangePolicy saves a policy, unless somebody else changed or deleted it since the form was opened.
func (h *Handlers) ChangePolicy(c *fiber.Ctx) error {
	f, err := form[views.PolicyForm](c)
	if err != nil {
		return err
	}
	old, err := named(c, h.Store.Policy)
	if errors.Is(err, model.ErrNotFound) && f.Version != "" {
		return h.policyConflict(c, nil, f, views.PolicyConflict{})
	}
	if err != nil {
		return err
	}
	typed, err := readPolicy(f, old)
	p := typed
	if err == nil {
		p, err = h.Jobs.ChangePolicy(c.UserContext(), typed)
	}
	if len(reasonsAt(err, "version")) > 0 {
		now, err := named(c, h.Store.Policy)
		if err != nil {
			return err
		}
		return h.policyConflict(c, &now, f, views.PolicyConflict{Now: now, Mine: typed})
	}
	if err != nil {
		return again(c, err, func(reasons model.Invalids) (templ.Component, error) { return h.policyPage(c, &old, f, reasons) })
	}
	h.good(c, "%s is saved.", p.Name)
	return goTo(c, views.PoliciesPath)
}

// ConfirmDeletePolicy asks before a policy is deleted. The page of one that cannot be says who follows it.
func (h *Handlers) ConfirmDeletePolicy(c *fiber.Ctx) error {
	p, err := named(c, h.Store.Policy)
	if err != nil {
		return err
	}
	apps, err := h.followers(c.UserContext(), p.ID)
	if err != nil {
		return err
	}
	if p.IsDefault || len(apps) > 0 {
		return goTo(c, views.PolicyPath(p.ID))
	}
	frame, err := h.chrome(c)
	if err != nil {
		return err
	}
	return render(c, views.ConfirmPage(views.ConfirmProps{
		Chrome: frame, Heading: "Delete the policy “" + p.Name + "”?", Button: "Delete policy",
		Action: views.PolicyDeletePath(p.ID), Back: views.PolicyPath(p.ID), BackName: p.Name,
		Lost:  []string{"Its schedule, its destinations and the numbers it keeps are deleted. Nothing can bring them back."},
		Stays: []string{"No app follows it, so every backup goes on.", "All snapshots stay."},
	}))
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

func readPolicy(f views.PolicyForm, p model.Policy) (model.Policy, error) {
	var problems model.Invalids
	p.Name, p.Description = strings.TrimSpace(f.Name), strings.TrimSpace(f.Description)
	p.Enabled, p.IsDefault = f.Enabled != "", f.Default != "" || p.IsDefault
	p.Schedule, p.TimeZone = strings.TrimSpace(f.Schedule), strings.TrimSpace(f.TimeZone)
	p.JitterMinutes = count(&problems, "jitter_minutes", f.Jitter)
	p.UpdatedAt = seenVersion(f.Version)
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
	props, err := h.policyProps(c, p, f)
	props.Errors = reasons
	return views.PolicyPage(props), err
}

// policyProps fills the editor of a policy, nil for a new one, from a form; p's followers and what the form comes to are
// among it.
func (h *Handlers) policyProps(c *fiber.Ctx, p *model.Policy, f views.PolicyForm) (views.PolicyProps, error) {
	frame, err := h.chrome(c)
	if err != nil {
		return views.PolicyProps{}, err
	}
	props := views.PolicyProps{Chrome: frame, Policy: p, Form: f, Zones: offeredZones(), ServerZone: time.Local.String()}
	if props.Destinations, err = h.Store.Destinations(c.UserContext()); err != nil {
		return props, err
	}
	if p != nil {
		if props.Apps, err = h.followers(c.UserContext(), p.ID); err != nil {
			return props, err
		}
	}
	return props, h.simulate(c.UserContext(), &props)
}

// followers lists the apps that follow a policy.
func (h *Handlers) followers(ctx context.Context, policy uuid.UUID) ([]model.App, error) {
	confs, err := h.Store.Configurations(ctx, store.ConfigurationFilter{PolicyID: policy})
	if err != nil {
		return nil, err
	}
	follows := map[uuid.UUID]bool{}
	for _, conf := range confs {
		follows[conf.AppID] = true
	}
	all, err := h.Jobs.Apps(ctx)
	var apps []model.App
	for _, app := range all {
		if follows[app.ID] {
			apps = append(apps, app)
		}
	}
	return apps, err
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
