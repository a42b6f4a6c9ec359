package jobs

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// spread is a house with some apps under one policy that is due at 02:00 UTC, with jitter. Their delays differ.
func (h *house) spread(apps, minutes int) (model.Policy, map[uuid.UUID]time.Duration) {
	h.t.Helper()
	h.destination()
	p, err := h.Store.DefaultPolicy(h.t.Context())
	h.must(err)
	p.TimeZone, p.JitterMinutes = "UTC", minutes
	p, err = h.ChangePolicy(h.t.Context(), p)
	h.must(err)
	delays := map[uuid.UUID]time.Duration{}
	taken := map[time.Duration]bool{}
	for n := 0; len(delays) < apps; n++ {
		h.src = filepath.Join(h.dir, fmt.Sprintf("app%d", n))
		h.write(1)
		id := model.NewID()
		for taken[p.Delay(id)] {
			id = model.NewID()
		}
		a, _, err := h.PutApp(h.t.Context(), model.App{ID: id, Name: fmt.Sprintf("App %d", n), Origin: model.OriginPlatform, Paths: []string{h.src}})
		h.must(err)
		delays[a.ID], taken[p.Delay(a.ID)] = p.Delay(a.ID), true
	}
	return p, delays
}

// started ticks, and says which of some apps got a backup by that. All jobs are ended.
func (h *house) started(apps map[uuid.UUID]time.Duration) map[uuid.UUID]model.Job {
	h.t.Helper()
	h.must(h.tick(h.t.Context()))
	open, err := h.Store.Jobs(h.t.Context(), model.JobFilter{Kinds: []model.JobKind{model.JobBackup}, States: []model.JobState{model.JobQueued}})
	h.must(err)
	out := map[uuid.UUID]model.Job{}
	for _, j := range open {
		if _, ok := apps[j.AppID]; ok { // and not a part of Keepstead
			out[j.AppID] = j
		}
		h.must(h.Store.CancelQueuedJob(h.t.Context(), j.ID))
	}
	return out
}

// TestJitterSpreadsStarts walks a night minute by minute: each app starts once, when its page said.
func TestJitterSpreadsStarts(t *testing.T) {
	t.Parallel()
	clock, use := fakeClock("2026-03-10 01:55:00")
	h := newHouse(t, use)
	_, delays := h.spread(5, 40)
	slot := at("2026-03-10 02:00:00")
	seen := map[uuid.UUID]time.Time{}
	for clock.Now().Before(at("2026-03-10 03:30:00")) {
		said := map[uuid.UUID]time.Time{}
		for app := range delays {
			o, err := h.AppOverview(t.Context(), app)
			h.must(err)
			said[app] = o.Configurations[0].NextRun
		}
		clock.Advance(time.Minute)
		for app, j := range h.started(delays) {
			if !seen[app].IsZero() {
				t.Errorf("an app started at %v and at %v", seen[app], clock.Now())
			}
			seen[app] = clock.Now()
			if !said[app].Equal(clock.Now()) || j.Trigger != model.TriggerSchedule || !j.Slot.Equal(clock.Now()) {
				t.Errorf("started at %v by %s for %v, its page said %v", clock.Now(), j.Trigger, j.Slot, said[app])
			}
		}
	}
	for app, delay := range delays {
		if want := slot.Add(delay); !seen[app].Equal(want) {
			t.Errorf("an app with a delay of %v started at %v", delay, seen[app])
		}
	}
}

// TestJitterAfterDowntime has what was missed start at once, and what comes later wait for its time.
func TestJitterAfterDowntime(t *testing.T) {
	t.Parallel()
	clock, use := fakeClock("2026-03-10 01:55:00")
	h := newHouse(t, use)
	_, delays := h.spread(6, 50)
	steps := []struct {
		name, now string
		from, to  int // minutes of delay of the apps that start
		trigger   model.JobTrigger
	}{
		{"down until the middle of the spread", "2026-03-10 02:25:00", 0, 25, ""},
		{"a minute later", "2026-03-10 02:26:00", 26, 26, model.TriggerSchedule},
		{"the rest of it", "2026-03-10 03:10:00", 27, 50, ""},
		{"the clock set back", "2026-03-10 02:30:00", 0, -1, ""},
		{"the same minutes again", "2026-03-10 03:10:00", 0, -1, ""},
		{"two nights down", "2026-03-12 12:00:00", 0, 50, model.TriggerCatchUp},
		{"a minute after that", "2026-03-12 12:01:00", 0, -1, ""},
		{"the next night, all of it", "2026-03-13 02:51:00", 0, 50, ""},
	}
	for _, s := range steps {
		clock.Advance(at(s.now).Sub(clock.Now()))
		got := h.started(delays)
		for app, delay := range delays {
			minutes := int(delay.Minutes())
			j, ok := got[app]
			if want := s.from <= minutes && minutes <= s.to; ok != want {
				t.Errorf("%s: an app with a delay of %v started: %v", s.name, delay, ok)
			}
			if ok && s.trigger != "" && j.Trigger != s.trigger {
				t.Errorf("%s: it started by %s", s.name, j.Trigger)
			}
		}
	}
}

// TestAChangedSpreadStartsNothingTwice changes jitter after the last app has started.
func TestAChangedSpreadStartsNothingTwice(t *testing.T) {
	t.Parallel()
	clock, use := fakeClock("2026-03-10 01:55:00")
	h := newHouse(t, use)
	p, delays := h.spread(3, 10)
	clock.Advance(16 * time.Minute)
	if got := h.started(delays); len(got) != len(delays) {
		t.Fatalf("%d of %d apps started", len(got), len(delays))
	}
	for _, minutes := range []int{0, 5} {
		p.JitterMinutes = minutes
		var err error
		p, err = h.ChangePolicy(t.Context(), p)
		h.must(err)
		clock.Advance(time.Minute)
		if got := h.started(delays); len(got) != 0 {
			t.Errorf("a change to %d minutes started %d apps", minutes, len(got))
		}
	}
}

// TestASpreadChangedInItsMiddle changes jitter in a night: every app starts once in that night, once in the next, and when
// its page says from then on.
func TestASpreadChangedInItsMiddle(t *testing.T) {
	t.Parallel()
	clock, use := fakeClock("2026-03-09 12:00:00")
	h := newHouse(t, use)
	p, delays := h.spread(6, 50)
	for _, c := range []struct {
		name            string
		old, next, wait int // minutes; wait is how long after the slot the change comes
	}{
		{"less", 50, 10, 20},
		{"none", 50, 0, 25},
		{"more", 40, 50, 20},
		{"some at last", 0, 50, 0},
		{"more, after the old spread and within the new one", 5, 50, 10},
		{"less, after both", 50, 5, 55},
		{"more, as the last app starts", 30, 50, 30},
	} {
		set := func(minutes int) {
			p.JitterMinutes = minutes
			var err error
			p, err = h.ChangePolicy(t.Context(), p)
			h.must(err)
		}
		set(c.old)
		clock.Advance(clock.Now().Truncate(24 * time.Hour).Add(26 * time.Hour).Sub(clock.Now()))
		starts, said := map[uuid.UUID]int{}, map[uuid.UUID]time.Time{}
		for minute := 0; minute < 25*60; minute++ {
			for app, j := range h.started(delays) {
				starts[app]++
				if when := said[app]; !when.IsZero() && (!when.Equal(clock.Now()) || !j.Slot.Equal(when)) {
					t.Errorf("%s: an app started at %v for %v, its page said %v", c.name, clock.Now(), j.Slot, when)
				}
			}
			if minute == c.wait {
				set(c.next)
				for app := range h.started(delays) {
					starts[app]++
				}
			}
			if minute == c.wait+1 || minute == 23*60 {
				for app := range delays {
					o, err := h.AppOverview(t.Context(), app)
					h.must(err)
					said[app] = o.Configurations[0].NextRun
				}
			}
			if minute == 23*60 {
				for app := range delays {
					if starts[app] != 1 {
						t.Errorf("%s: in that night, an app with a delay of %v started %d times", c.name, p.Delay(app), starts[app])
					}
				}
			}
			clock.Advance(time.Minute)
			if minute == 70 { // nothing comes by day
				clock.Advance(22*60*time.Minute - 71*time.Minute)
				minute = 22*60 - 1
			}
		}
		for app := range delays {
			if starts[app] != 2 {
				t.Errorf("%s: in two nights, an app with a delay of %v started %d times", c.name, p.Delay(app), starts[app])
			}
		}
	}
}

// TestSchedulerStartsAnAppWhenItsPageSays has the real scheduler, by the real clock, start one of two apps a minute after a
// slot that was there before the policy: the other one's time is over.
func TestSchedulerStartsAnAppWhenItsPageSays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	p, delays := h.spread(2, 1)
	h.start()
	if left := time.Minute - time.Since(time.Now().Truncate(time.Minute)); left < 15*time.Second {
		time.Sleep(left)
	}
	slot := time.Now().UTC().Truncate(time.Minute)
	p.Schedule = slot.Format("4 15 * * *")
	_, err := h.ChangePolicy(t.Context(), p)
	h.must(err)
	for app, delay := range delays {
		o, err := h.AppOverview(t.Context(), app)
		h.must(err)
		want := slot.Add(delay)
		if delay == 0 {
			want = want.AddDate(0, 0, 1)
		}
		if said := o.Configurations[0].NextRun; !said.Equal(want) {
			t.Errorf("an app with a delay of %v says that it starts at %v, want %v", delay, said, want)
		}
	}
	time.Sleep(time.Until(slot.Add(time.Minute + 5*time.Second)))
	h.idle()
	for app, delay := range delays {
		all, err := h.Store.Jobs(t.Context(), model.JobFilter{AppID: app, Kinds: []model.JobKind{model.JobBackup}})
		h.must(err)
		switch {
		case delay == 0 && len(all) != 0:
			t.Errorf("the app whose time was over has the backups %+v", all)
		case delay > 0 && len(all) != 1:
			t.Errorf("the app whose time came has the backups %+v", all)
		case delay > 0:
			h.expect(all[0], model.JobSuccess, "")
			if late := all[0].CreatedAt.Sub(slot.Add(delay)); late < 0 || late > 30*time.Second || !all[0].Slot.Equal(slot.Add(delay)) {
				t.Errorf("it started %v late, for %v", late, all[0].Slot)
			}
		}
	}
}
