package api

import (
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/model"
)

const policiesPath = "/backup/policies/"

// shownRuns is how many of the next runs a policy tells.
const shownRuns = 5

func (a *API) listPolicies(c *fiber.Ctx) error {
	rows, err := a.Store.Policies(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(PolicyList{Policies: mapped(rows, a.wirePolicy)})
}

func (a *API) getPolicy(c *fiber.Ctx) error {
	p, err := a.Store.Policy(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	return c.JSON(a.wirePolicy(p))
}

func (a *API) createPolicy(c *fiber.Ctx) error {
	in := PolicyWrite{Enabled: true}
	if err := decode(c, &in); err != nil {
		return err
	}
	p, err := a.Jobs.CreatePolicy(c.UserContext(), in.onto(model.Policy{}))
	if err != nil {
		return err
	}
	return created(c, policiesPath, p.ID, a.wirePolicy(p))
}

func (a *API) replacePolicy(c *fiber.Ctx) error {
	return a.writePolicy(c, func(model.Policy) PolicyWrite { return PolicyWrite{Enabled: true} })
}

func (a *API) changePolicy(c *fiber.Ctx) error { return a.writePolicy(c, policyWrite) }

// writePolicy lays the body over what start makes of the stored policy.
func (a *API) writePolicy(c *fiber.Ctx, start func(model.Policy) PolicyWrite) error {
	p, err := a.Store.Policy(c.UserContext(), pathID(c))
	if err != nil {
		return err
	}
	in := start(p)
	if err := decode(c, &in); err != nil {
		return err
	}
	p, err = a.Jobs.ChangePolicy(c.UserContext(), in.onto(p))
	if err != nil {
		return err
	}
	return c.JSON(a.wirePolicy(p))
}

func (a *API) deletePolicy(c *fiber.Ctx) error {
	if err := a.Jobs.DeletePolicy(c.UserContext(), pathID(c)); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// onto returns the policy with everything that is written replaced.
func (in PolicyWrite) onto(p model.Policy) model.Policy {
	p.Name, p.Description, p.Schedule, p.TimeZone = in.Name, in.Description, in.Schedule, in.TimeZone
	p.JitterMinutes = in.JitterMinutes
	p.Enabled, p.IsDefault, p.DestinationIDs = in.Enabled, in.IsDefault, in.DestinationIDs
	p.Retention = model.Retention{
		KeepLast: in.KeepLast, KeepHourly: in.KeepHourly, KeepDaily: in.KeepDaily,
		KeepWeekly: in.KeepWeekly, KeepMonthly: in.KeepMonthly, KeepYearly: in.KeepYearly,
	}
	return p
}

// policyWrite is the inverse of onto.
func policyWrite(p model.Policy) PolicyWrite {
	return PolicyWrite{
		Name: p.Name, Description: p.Description, Schedule: p.Schedule, TimeZone: p.TimeZone, JitterMinutes: p.JitterMinutes,
		Enabled: p.Enabled, IsDefault: p.IsDefault, DestinationIDs: p.DestinationIDs,
		KeepLast: p.KeepLast, KeepHourly: p.KeepHourly, KeepDaily: p.KeepDaily,
		KeepWeekly: p.KeepWeekly, KeepMonthly: p.KeepMonthly, KeepYearly: p.KeepYearly,
	}
}

func (a *API) wirePolicy(p model.Policy) Policy {
	out := Policy{
		ID: p.ID, Name: p.Name, Description: p.Description, Schedule: p.Schedule, TimeZone: p.TimeZone, JitterMinutes: p.JitterMinutes,
		Enabled: p.Enabled, IsDefault: p.IsDefault,
		KeepLast: p.KeepLast, KeepHourly: p.KeepHourly, KeepDaily: p.KeepDaily,
		KeepWeekly: p.KeepWeekly, KeepMonthly: p.KeepMonthly, KeepYearly: p.KeepYearly,
		RetentionWords: p.Words(), DestinationIDs: append([]uuid.UUID{}, p.DestinationIDs...),
		ScheduleWords: p.Schedule, NextRuns: []time.Time{}, CreatedAt: utc(p.CreatedAt), UpdatedAt: utc(p.UpdatedAt),
	}
	cron, err := p.Cron()
	if err != nil { // a zone that this machine no longer knows
		return out
	}
	out.ScheduleWords = cron.Words()
	if p.Enabled {
		out.NextRuns = mapped(cron.NextRuns(a.now(), shownRuns), utc)
	}
	return out
}
