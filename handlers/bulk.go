package handlers

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"

	"keepstead/handlers/audit"
	"keepstead/model"
	"keepstead/views"
)

// BulkApps does one thing with the apps that are ticked in the list. Each is changed for itself: one that refuses does
// not hold the others back, and is named with its reason.
func (h *Handlers) BulkApps(c *fiber.Ctx) error {
	f, err := form[views.BulkForm](c)
	if err != nil {
		return err
	}
	change, words, err := h.bulkAct(c.UserContext(), f)
	if err != nil {
		return err
	}
	if change == nil && len(f.Apps) > 0 {
		h.flash(c, views.Flash{Kind: "bad", Text: "Nothing was changed: choose the policy first."})
	} else {
		out, err := h.each(c.UserContext(), f.Apps, change)
		if err != nil && len(out.done) == 0 {
			return err
		}
		if err != nil {
			h.Log.Error("several apps at once", "request", RequestID(c), "done", len(out.done), "error", err)
			out.refused = append(out.refused, "Something went wrong then; the rest was not changed.")
		}
		h.noteBulk(c, f.Act, out.done)
		h.flash(c, out.flash(words))
	}
	return goTo(c, next(c, views.AppsPath))
}

// noteBulk has the audit log tell what was done, and with which apps.
func (h *Handlers) noteBulk(c *fiber.Ctx, act string, done []uuid.UUID) {
	switch act {
	case views.BulkOn:
		audit.Act(c, model.ActTurnOn)
	case views.BulkOff:
		audit.Act(c, model.ActTurnOff)
	}
	names, err := h.Store.Names(c.UserContext(), done)
	if err != nil {
		h.Log.Error("name the apps for the audit log", "request", RequestID(c), "error", err)
	}
	audit.AboutApps(c, slices.Sorted(maps.Values(names)))
}

// bulkAct is what is to be done with each app, and the words for n that it was done with. It is nil while no policy is
// chosen.
func (h *Handlers) bulkAct(ctx context.Context, f views.BulkForm) (change func(uuid.UUID) error, words func(n int) string, err error) {
	switch f.Act {
	case views.BulkOn:
		return func(id uuid.UUID) error { return h.switchApp(ctx, id, true) }, switchedOn, nil
	case views.BulkOff:
		return func(id uuid.UUID) error { return h.switchApp(ctx, id, false) }, switchedOff, nil
	case views.BulkPolicy:
		id := optionalID(nil, "policy_id", f.PolicyID)
		if id == uuid.Nil {
			return nil, nil, nil
		}
		policy, err := h.Store.Policy(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		return func(app uuid.UUID) error { return h.followPolicy(ctx, app, policy.ID) },
			func(n int) string { return followsNow(n, policy.Name) }, nil
	}
	return nil, nil, model.Invalid{Field: "act", Reason: "Choose on, off or policy."}
}

func switchedOn(n int) string {
	if n == 1 {
		return "1 app is switched on."
	}
	return fmt.Sprintf("%d apps are switched on.", n)
}

func switchedOff(n int) string {
	if n == 1 {
		return "1 app is switched off."
	}
	return fmt.Sprintf("%d apps are switched off.", n)
}

func followsNow(n int, policy string) string {
	if n == 1 {
		return fmt.Sprintf("1 app follows %s now.", policy)
	}
	return fmt.Sprintf("%d apps follow %s now.", n, policy)
}

var errUnfollowing = model.Conflict{Reason: "It follows no policy; protect it first."}

func (h *Handlers) switchApp(ctx context.Context, id uuid.UUID, on bool) error {
	all, err := h.configurations(ctx, id)
	if err == nil && len(all) == 0 {
		err = errUnfollowing
	}
	if err != nil {
		return err
	}
	return h.toggleApp(ctx, id, on)
}

// followPolicy has an app follow one policy in place of the one it follows.
func (h *Handlers) followPolicy(ctx context.Context, app, policy uuid.UUID) error {
	all, err := h.configurations(ctx, app)
	switch {
	case err != nil:
		return err
	case len(all) == 0:
		return errUnfollowing
	case len(all) > 1:
		return model.Conflict{Reason: "It follows several policies; choose on its page which one to change."}
	case all[0].PolicyID == policy:
		return nil
	}
	all[0].PolicyID = policy
	_, err = h.Jobs.ChangeConfiguration(ctx, all[0])
	return err
}

// bulkResult is what became of each app.
type bulkResult struct {
	done    []uuid.UUID
	refused []string // each in a sentence with its reason
}

// each changes one app after the other. What an app refuses is kept, any other failure ends it.
func (h *Handlers) each(ctx context.Context, apps []string, change func(uuid.UUID) error) (bulkResult, error) {
	var out bulkResult
	seen := map[uuid.UUID]bool{}
	for _, text := range apps {
		id := optionalID(nil, "app", text)
		if id == uuid.Nil || seen[id] {
			continue
		}
		seen[id] = true
		err := change(id)
		reasons := refusals(err)
		switch {
		case err == nil:
			out.done = append(out.done, id)
		case errors.Is(err, model.ErrNotFound):
			out.refused = append(out.refused, "An app was not there any more.")
		case len(reasons) > 0:
			app, err := h.Store.App(ctx, id)
			if err != nil {
				return out, err
			}
			out.refused = append(out.refused, fmt.Sprintf("Nothing changed for %s: %s", app.Name, reasons[0].Reason))
		default:
			return out, err
		}
	}
	return out, nil
}

// shownRefusals is how many are told: the flash is a cookie, and short.
const shownRefusals = 2

// flash says what was done, and what was not and why.
func (r bulkResult) flash(words func(n int) string) views.Flash {
	f := views.Flash{Kind: "good"}
	var say []string
	if len(r.done) > 0 {
		say = append(say, words(len(r.done)))
	}
	if len(r.refused) > 0 {
		f.Kind = "bad"
	}
	told := slices.Compact(slices.Clone(r.refused))
	say = append(say, told[:min(len(told), shownRefusals)]...)
	if more := len(told) - shownRefusals; more > 0 {
		say = append(say, fmt.Sprintf("%d more apps refused.", more))
	}
	if len(say) == 0 {
		return views.Flash{Kind: "bad", Text: "Nothing was changed: tick the apps first."}
	}
	f.Text = strings.Join(say, " ")
	return f
}
