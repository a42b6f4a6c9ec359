package views

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// statuses are those an app can be filtered by, worst first.
func statuses() []model.Protection {
	return []model.Protection{
		model.FailedSafe, model.Unprotected, model.Overdue, model.PartialSafe, model.Frozen,
		model.Paused, model.Waiting, model.Running, model.Protected,
	}
}

type deviceGroup struct {
	Device model.Device
	Apps   []model.AppOverview
}

// byDevice groups apps in the order in which their devices come first.
func byDevice(apps []model.AppOverview) []deviceGroup {
	var out []deviceGroup
	at := map[uuid.UUID]int{}
	for _, a := range apps {
		n, ok := at[a.Device.ID]
		if !ok {
			n = len(out)
			at[a.Device.ID] = n
			out = append(out, deviceGroup{Device: a.Device})
		}
		out[n].Apps = append(out[n].Apps, a)
	}
	slices.SortStableFunc(out, func(a, b deviceGroup) int { // this machine first, then by name
		if here := a.Device.Kind == model.DeviceLocal; here != (b.Device.Kind == model.DeviceLocal) {
			if here {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Device.Name, b.Device.Name)
	})
	return out
}

// howBackedUp heads a configuration, by its policy where there are several.
func howBackedUp(p AppProps, c model.ConfigurationOverview) string {
	if len(p.App.Configurations) > 1 {
		return "How “" + c.Policy.Name + "” backs it up"
	}
	return "How it is backed up"
}

func policyNames(ctx context.Context, a model.AppOverview) string {
	var names []string
	for _, c := range a.Configurations {
		names = append(names, c.Policy.Name)
	}
	if len(names) == 0 {
		return lang.T(ctx, "No policy")
	}
	return strings.Join(names, ", ")
}

// heldBy is the coverage of an app, one per destination: the newest of its configurations.
func heldBy(a model.AppOverview) []model.Coverage {
	var out []model.Coverage
	at := map[uuid.UUID]int{}
	for _, c := range a.Configurations {
		for _, v := range c.Coverage {
			n, ok := at[v.DestinationID]
			switch {
			case !ok:
				at[v.DestinationID] = len(out)
				out = append(out, v)
			case v.LastGoodAt != nil && (out[n].LastGoodAt == nil || v.LastGoodAt.After(*out[n].LastGoodAt)):
				out[n] = v
			case out[n].LastGoodAt == nil && v.PartialAt != nil && (out[n].PartialAt == nil || v.PartialAt.After(*out[n].PartialAt)):
				out[n] = v
			}
		}
	}
	return out
}

func nextOf(a model.AppOverview) time.Time {
	var next time.Time
	for _, c := range a.Configurations {
		if c.Status != model.Paused {
			next = earlier(next, c.NextRun)
		}
	}
	return next
}

func deviceOptions(devices []model.Device) []ui.Option {
	out := make([]ui.Option, len(devices))
	for i, d := range devices {
		out[i] = ui.Option{Value: d.ID.String(), Text: d.Name}
	}
	return out
}

func appOptions(apps []model.App, all string) []ui.Option {
	out := []ui.Option{{Text: all}}
	for _, a := range apps {
		out = append(out, ui.Option{Value: a.ID.String(), Text: a.Name})
	}
	return out
}

func destinationOptions(destinations []model.Destination, all string) []ui.Option {
	out := []ui.Option{{Text: all}}
	for _, d := range destinations {
		out = append(out, ui.Option{Value: d.ID.String(), Text: d.Name})
	}
	return out
}

func policyOptions(policies []model.Policy) []ui.Option {
	out := make([]ui.Option, len(policies))
	for i, p := range policies {
		out[i] = ui.Option{Value: p.ID.String(), Text: p.Name}
	}
	return out
}

// openJobs are the open jobs of an app, for the head of its page.
func openJobs(p AppProps) []JobItem {
	var out []JobItem
	for _, j := range p.Jobs {
		if !j.State.Final() {
			out = append(out, j)
		}
	}
	return out
}

// formOf is the form of one configuration: as it was typed when it was refused, else from the configuration.
func formOf(p AppProps, c model.ConfigurationOverview) ConfigurationForm {
	if p.ConfigurationForm != nil && p.ConfigurationID == c.Configuration.ID {
		return *p.ConfigurationForm
	}
	return NewConfigurationForm(c.Configuration, c.Policy)
}

// errorsOf are the refusals of one configuration's form.
func errorsOf(p AppProps, c model.ConfigurationOverview) model.Invalids {
	if p.ConfigurationForm != nil && p.ConfigurationID == c.Configuration.ID {
		return p.Errors
	}
	return nil
}

// unused are the policies that an app does not follow yet.
func unused(p AppProps) []model.Policy {
	var out []model.Policy
	for _, policy := range p.Policies {
		used := false
		for _, c := range p.App.Configurations {
			used = used || c.Policy.ID == policy.ID
		}
		if !used {
			out = append(out, policy)
		}
	}
	return out
}

// pathsForm is the form of the app's name and paths, as typed when it was refused.
func pathsForm(p AppProps) AppForm {
	if p.AppForm != nil {
		return *p.AppForm
	}
	return NewAppForm(p.App.App)
}

func pathsErrors(p AppProps) model.Invalids {
	if p.AppForm != nil {
		return p.Errors
	}
	return nil
}

// originWord says who brought an app in.
func originWord(o model.AppOrigin) string {
	switch o {
	case model.OriginPlatform:
		return "added through the API"
	case model.OriginFound:
		return "found automatically"
	case model.OriginSystem:
		return "part of Keepstead"
	case model.OriginAdopted:
		return "from an adopted repository"
	}
	return "added by hand"
}

// scheduleWords says a policy's schedule in words, or its text where it cannot be read.
func scheduleWords(p model.Policy) string {
	cron, err := p.Cron()
	if err != nil {
		return p.Schedule
	}
	if p.JitterMinutes > 0 {
		return cron.Words() + ", spread over " + ui.Duration(p.Jitter())
	}
	return cron.Words()
}

// noFilter is the id that filters nothing.
func noFilter() uuid.UUID { return uuid.Nil }

// madeOfApp says under an app's name what it is, up to the name of its device.
func madeOfApp(p AppProps) string {
	if p.App.App.Containers() {
		return madeOf(p.App.App, p.App.App.Found.Counts()) + ", on "
	}
	return "On "
}

// followedBy says under an app's name, after its device, what it follows.
func followedBy(ctx context.Context, p AppProps) string {
	if len(p.App.Configurations) == 0 {
		return ""
	}
	return lang.T(ctx, " · follows "+policyNames(ctx, p.App))
}

// goneTitle says since when nothing is seen of an app.
func goneTitle(p AppProps) string {
	if f := p.App.App.Found; f != nil && !f.SeenAt.IsZero() {
		return "Gone, last seen " + p.Relative(f.SeenAt)
	}
	return "The source of this app is gone"
}

// goneWords say what can still be done with an app whose source is gone.
func goneWords(p AppProps) string {
	if restorePlace(p) == "" {
		return "It can no longer be backed up, and there is no snapshot of it."
	}
	return "It can no longer be backed up. You can bring it back from its snapshots."
}

// lastGood is the newest good snapshot of an app, the nil id for none.
func lastGood(a model.AppOverview) uuid.UUID {
	var at time.Time
	var id uuid.UUID
	for _, h := range heldBy(a) {
		if h.LastGoodAt != nil && h.LastGoodAt.After(at) {
			at, id = *h.LastGoodAt, h.LastGoodID
		}
	}
	return id
}
