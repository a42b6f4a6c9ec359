package jobs

import (
	"testing"
	"time"

	"keepstead/model"
)

func TestMissedSlotsRunOnce(t *testing.T) {
	t.Parallel()
	clock, use := fakeClock("2026-03-10 01:00:00")
	h := newHouse(t, use)
	h.destination()
	_, c := h.app(1)
	p, err := h.Store.DefaultPolicy(t.Context())
	h.must(err)
	p.TimeZone = "UTC"
	_, err = h.ChangePolicy(t.Context(), p)
	h.must(err)
	h.must(h.Store.SetLastSlot(t.Context(), p.ID, at("2026-03-09 02:00:00")))
	steps := []struct {
		name                string
		advance             time.Duration
		scheduled, caughtUp int // in all so far
	}{
		{"before the slot", 0, 0, 0},
		{"at the slot", time.Hour, 1, 0},
		{"the same minute again", 20 * time.Second, 1, 0},
		{"after three nights down", 72*time.Hour + 10*time.Minute, 1, 1},
		{"the minute after", time.Minute, 1, 1},
		{"the clock set back", -2 * time.Hour, 1, 1},
	}
	for _, s := range steps {
		clock.Advance(s.advance)
		h.must(h.tick(t.Context()))
		jobs, err := h.Store.Jobs(t.Context(), model.JobFilter{ConfigurationID: c.ID, Kinds: []model.JobKind{model.JobBackup}})
		h.must(err)
		scheduled, caughtUp := 0, 0
		for _, j := range jobs {
			if j.Trigger == model.TriggerCatchUp {
				caughtUp++
			} else {
				scheduled++
			}
			if j.State == model.JobQueued {
				h.must(h.Store.CancelQueuedJob(t.Context(), j.ID))
			}
		}
		if scheduled != s.scheduled || caughtUp != s.caughtUp {
			t.Errorf("%s: %d scheduled and %d caught up, want %d and %d", s.name, scheduled, caughtUp, s.scheduled, s.caughtUp)
		}
	}
}

// TestANewScheduleMissedNothing changes a schedule, and turns a policy on again, with slots of it in the past.
func TestANewScheduleMissedNothing(t *testing.T) {
	t.Parallel()
	clock, use := fakeClock("2026-03-10 12:00:00")
	h := newHouse(t, use)
	h.destination()
	h.app(1)
	p, err := h.Store.DefaultPolicy(t.Context())
	h.must(err)
	h.must(h.Store.SetLastSlot(t.Context(), p.ID, at("2026-03-10 02:00:00")))
	for _, change := range []func(){
		func() { p.TimeZone, p.Schedule = "UTC", "0 11 * * *" },
		func() { p.Enabled = false },
		func() { clock.Advance(48 * time.Hour); p.Enabled = true },
	} {
		change()
		p, err = h.ChangePolicy(t.Context(), p)
		h.must(err)
		h.must(h.tick(t.Context()))
		jobs, err := h.Store.Jobs(t.Context(), model.JobFilter{Kinds: []model.JobKind{model.JobBackup}})
		h.must(err)
		if len(jobs) != 0 {
			t.Fatalf("a change of the policy to %q (enabled: %v) started %d jobs", p.Schedule, p.Enabled, len(jobs))
		}
	}
	clock.Advance(24 * time.Hour)
	h.must(h.tick(t.Context()))
	if jobs, err := h.Store.Jobs(t.Context(), model.JobFilter{Kinds: []model.JobKind{model.JobBackup}}); err != nil || len(jobs) == 0 {
		t.Errorf("the next slot started %d jobs, %v", len(jobs), err)
	}
}
