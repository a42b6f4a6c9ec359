package views

import (
	"context"
	"slices"
	"strings"

	"keepstead/model"
	"keepstead/views/lang"
)

// PolicyConflict is a policy that was changed, or deleted, while somebody had it open in the editor. What was typed is in
// the form.
type PolicyConflict struct {
	Now  model.Policy // as it is saved; the zero policy was deleted
	Mine model.Policy // as it was typed
}

// difference is one field that two people see differently.
type difference struct{ Label, Saved, Typed string }

func (c PolicyConflict) differences(ctx context.Context, destinations []model.Destination) []difference {
	onOff := func(on bool) string {
		if on {
			return lang.T(ctx, "on")
		}
		return lang.T(ctx, "off")
	}
	zone := func(p model.Policy) string {
		if p.TimeZone == "" {
			return lang.T(ctx, "the server’s own")
		}
		return p.TimeZone
	}
	all := []difference{
		{"Name", c.Now.Name, c.Mine.Name},
		{"Note", c.Now.Description, c.Mine.Description},
		{"Schedule", c.Now.Schedule, c.Mine.Schedule},
		{"Time zone", zone(c.Now), zone(c.Mine)},
		{"Spread over", spreadWords(ctx, c.Now), spreadWords(ctx, c.Mine)},
		{"Keeps", lang.T(ctx, c.Now.Words()), lang.T(ctx, c.Mine.Words())},
		{"Destinations", sortedNames(ctx, c.Now, destinations), sortedNames(ctx, c.Mine, destinations)},
		{"Schedule is on", onOff(c.Now.Enabled), onOff(c.Mine.Enabled)},
		{"Used for new apps", onOff(c.Now.IsDefault), onOff(c.Mine.IsDefault)},
	}
	return slices.DeleteFunc(all, func(d difference) bool { return d.Saved == d.Typed })
}

func sortedNames(ctx context.Context, p model.Policy, destinations []model.Destination) string {
	names := destinationNames(ctx, p, destinations)
	slices.Sort(names)
	return strings.Join(names, ", ")
}
