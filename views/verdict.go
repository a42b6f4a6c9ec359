package views

import (
	"sort"
	"strconv"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/ui"
)

// verdict is the answer to “am I safe?”, in one sentence.
type verdict struct {
	Status   model.Protection // the worst of all apps, which the sentence is about
	State    ui.State
	Sentence string
	LastGood time.Time // the newest good snapshot of anything, zero for none
	Next     time.Time // the next planned backup, zero for none
	// Safe counts the apps with a good snapshot in each of their destinations and no failure since; Active all that are on.
	Safe, Active int
}

// safe says that every configuration of an app has a good snapshot in every destination of its policy.
func safe(a model.AppOverview) bool {
	for _, c := range a.Configurations {
		if len(c.Coverage) == 0 {
			return false
		}
		for _, v := range c.Coverage {
			if v.LastGoodAt == nil {
				return false
			}
		}
	}
	return len(a.Configurations) > 0
}

// standsAt is the status that the verdict sees in an app: one that runs for the first time has nothing yet.
func standsAt(a model.AppOverview) model.Protection {
	if a.Status == model.Running && !safe(a) {
		return model.Waiting
	}
	return a.Status
}

// counted says whether an app is among those that the verdict counts, and whether it counts as safe.
func counted(a model.AppOverview) (active, good bool) {
	status := standsAt(a)
	active = !a.LeftOut() && status != model.Paused
	return active, active && safe(a) && (status.Severity() < model.Paused.Severity() || status == model.Frozen)
}

// Unsafe says that an app is on and that the verdict does not count it as safe.
func Unsafe(a model.AppOverview) bool {
	active, good := counted(a)
	return active && !good
}

// judge sums up all apps. Its worst finding makes the sentence; a running app counts by what it already has.
func judge(apps []model.AppOverview, destinations []model.Destination) verdict {
	var v verdict
	named := map[model.Protection][]string{}
	for _, a := range apps {
		if a.LeftOut() {
			continue
		}
		for _, c := range a.Configurations {
			v.Next = earlier(v.Next, c.NextRun)
			for _, held := range c.Coverage {
				if held.LastGoodAt != nil && held.LastGoodAt.After(v.LastGood) {
					v.LastGood = *held.LastGoodAt
				}
			}
		}
		active, good := counted(a)
		if active {
			v.Active++
		}
		if good {
			v.Safe++
		}
		status := standsAt(a)
		named[status] = append(named[status], ui.Plain(a.App.Name))
	}
	v.Status, v.Sentence = worst(named, v.Active, len(destinations))
	v.State = ui.OfProtection(v.Status)
	return v
}

func worst(named map[model.Protection][]string, active, destinations int) (model.Protection, string) {
	subject := func(p model.Protection, one, many string) string {
		if names := named[p]; len(names) == 1 {
			return names[0] + one
		}
		return strconv.Itoa(len(named[p])) + many
	}
	switch {
	case destinations == 0:
		return model.Unprotected, "Nothing is backed up yet."
	case active == 0:
		return model.Unprotected, "Nothing is backed up: every app is off."
	case len(named[model.FailedSafe]) > 0:
		return model.FailedSafe, subject(model.FailedSafe, " could not be backed up.", " apps could not be backed up.")
	case len(named[model.Unprotected]) > 0:
		return model.Unprotected, subject(model.Unprotected, " is not protected.", " apps are not protected.")
	case len(named[model.Overdue]) > 0:
		return model.Overdue, subject(model.Overdue, " is overdue.", " apps are overdue.")
	case len(named[model.Frozen]) > 0:
		return model.Frozen, subject(model.Frozen, " needs a look from you.", " apps need a look from you.")
	case len(named[model.PartialSafe]) > 0:
		return model.PartialSafe, subject(model.PartialSafe, " is protected in part.", " apps are protected in part.")
	case len(named[model.Waiting]) > 0:
		return model.Waiting, subject(model.Waiting, " waits for its first backup.", " apps wait for their first backup.")
	case active == 1:
		return model.Protected, "Your app is protected."
	}
	if active == 2 {
		return model.Protected, "Both apps are protected."
	}
	return model.Protected, "All " + strconv.Itoa(active) + " apps are protected."
}

// lastGoodWords lead to the moment of the newest good snapshot, or say that there is none; within says in a sentence.
func lastGoodWords(v verdict, within bool) string {
	switch {
	case v.LastGood.IsZero() && within:
		return "no good snapshot yet"
	case v.LastGood.IsZero():
		return "No good snapshot yet"
	case within:
		return "last good snapshot "
	}
	return "Last good snapshot "
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// run is a planned moment with what will be backed up then.
type run struct {
	At     time.Time
	Policy model.Policy
	Apps   []string
}

// nextRuns groups the planned backups by policy, soonest first.
func nextRuns(apps []model.AppOverview) []run {
	byPolicy := map[uuid.UUID]*run{}
	var out []*run
	for _, a := range apps {
		for _, c := range a.Configurations {
			if c.NextRun.IsZero() || c.Status == model.Paused {
				continue
			}
			r, ok := byPolicy[c.Policy.ID]
			if !ok {
				r = &run{At: c.NextRun, Policy: c.Policy}
				byPolicy[c.Policy.ID] = r
				out = append(out, r)
			}
			r.At = earlier(r.At, c.NextRun)
			r.Apps = append(r.Apps, a.App.Name)
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].At.Before(out[j].At) })
	runs := make([]run, len(out))
	for i, r := range out {
		runs[i] = *r
	}
	return runs
}
