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
		status := a.Status
		if status == model.Running && !safe(a) {
			status = model.Waiting
		}
		if status != model.Paused {
			v.Active++
		}
		if safe(a) && (status.Severity() < model.Paused.Severity() || status == model.Frozen) {
			v.Safe++
		}
		named[status] = append(named[status], ui.Plain(a.App.Name))
	}
	status, sentence := worst(named, v.Active, len(destinations))
	v.State, v.Sentence = ui.OfProtection(status), sentence
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
