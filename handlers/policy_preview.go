package handlers

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"keepstead/model"
	"keepstead/views"
)

// PreviewNewPolicy says what a new policy as typed comes to.
func (h *Handlers) PreviewNewPolicy(c *fiber.Ctx) error { return h.previewPolicy(c, nil) }

// PreviewPolicy says what a policy as typed comes to, and what it would make of the snapshots that are there.
func (h *Handlers) PreviewPolicy(c *fiber.Ctx) error {
	p, err := named(c, h.Store.Policy)
	if err != nil {
		return err
	}
	return h.previewPolicy(c, &p)
}

// previewPolicy answers with 200 also where a field is refused: nothing was to be saved, and the reason is at its field.
func (h *Handlers) previewPolicy(c *fiber.Ctx, p *model.Policy) error {
	f, err := form[views.PolicyForm](c)
	if err != nil {
		return err
	}
	if f.Preset != "" {
		f.Schedule = f.Preset
	}
	props, err := h.policyProps(c, p, f)
	if err != nil {
		return err
	}
	_, err = readPolicy(f, model.Policy{IsDefault: p != nil && p.IsDefault})
	props.Errors = reasonsAt(err, append(simulatedFields(), "jitter_minutes", "destination_ids")...)
	if isFragment(c) {
		return render(c, views.PolicyLive(props))
	}
	return render(c, views.PolicyPage(props))
}

// simulatedFields are those that a simulation is made from.
func simulatedFields() []string {
	return []string{"schedule", "time_zone", "keep_last", "keep_hourly", "keep_daily", "keep_weekly", "keep_monthly", "keep_yearly"}
}

// simulate fills what the form comes to, where it can be read.
func (h *Handlers) simulate(ctx context.Context, props *views.PolicyProps) error {
	props.Days = views.DefaultSimulatedDays
	if n, err := strconv.Atoi(props.Form.LookAhead); err == nil && slices.Contains(views.SimulatedDays(), n) {
		props.Days = n
	}
	props.Form.LookAhead = strconv.Itoa(props.Days)
	start := model.Policy{}
	if props.Policy != nil {
		start = *props.Policy
	}
	typed, err := readPolicy(props.Form, start)
	if len(reasonsAt(err, simulatedFields()...)) > 0 {
		return nil
	}
	cron, err := typed.Cron()
	if err != nil {
		return err
	}
	simulation := typed.Simulate(cron, props.Now, props.Days)
	props.Kept, props.Simulation = typed.Retention, &simulation
	if props.Policy == nil {
		return nil
	}
	forecast, err := h.Jobs.ForecastPolicy(ctx, typed)
	props.Forecast = &forecast
	return err
}

// policyConflict shows the form as it was typed beside what somebody else saved meanwhile. The form carries the version
// that it shows, so that pressing Save again is a decision. Without a policy it was deleted: the form adds it again.
func (h *Handlers) policyConflict(c *fiber.Ctx, now *model.Policy, f views.PolicyForm, conflict views.PolicyConflict) error {
	f.Version = views.PolicyVersion(conflict.Now)
	props, err := h.policyProps(c, now, f)
	if err != nil {
		return err
	}
	props.Conflict = &conflict
	return render(c.Status(fiber.StatusConflict), views.PolicyPage(props))
}

// seenVersion reads the version that a form was opened at; an empty one compares nothing, an unreadable one is never
// that of a policy.
func seenVersion(text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Unix(0, 0)
	}
	return t
}

// reasonsAt are the refusals of err that belong to the fields.
func reasonsAt(err error, fields ...string) model.Invalids {
	return slices.DeleteFunc(slices.Clone(refusals(err)), func(i model.Invalid) bool { return !slices.Contains(fields, i.Field) })
}
