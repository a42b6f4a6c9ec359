package jobs

import (
	"errors"
	"testing"
	"time"

	"github.com/jonboulle/clockwork"

	"keepstead/model"
)

// TestUpkeepIsCaughtUp prunes and checks a destination of a machine that is off whenever they come due.
func TestUpkeepIsCaughtUp(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 3, 10, 12, 0, 0, 0, time.Local)) // a Tuesday; upkeep is in the server's zone
	h := newHouse(t, func(o *Options) { o.Clock = clock })
	d := h.destination()
	steps := []struct {
		name           string
		advance        time.Duration
		prunes, checks int // in all so far
	}{
		{"on the first day", time.Hour, 0, 0},
		{"the next noon", 24 * time.Hour, 1, 0},
		{"a minute later", time.Minute, 1, 0},
		{"after a week off", 7 * 24 * time.Hour, 2, 1},
	}
	for _, s := range steps {
		clock.Advance(s.advance)
		h.must(h.tick(t.Context()))
		count := map[model.JobKind]int{}
		jobs, err := h.Store.Jobs(t.Context(), model.JobFilter{DestinationID: d.ID})
		h.must(err)
		for _, j := range jobs {
			count[j.Kind]++
			if j.State == model.JobQueued {
				h.must(h.Store.CancelQueuedJob(t.Context(), j.ID))
			}
		}
		if count[model.JobPrune] != s.prunes || count[model.JobCheck] != s.checks {
			t.Errorf("%s: %d prunes and %d checks, want %d and %d", s.name, count[model.JobPrune], count[model.JobCheck], s.prunes, s.checks)
		}
	}
}

// TestUpkeepWaitsForItsWindow has upkeep come due outside of a destination's window, and start when it opens.
func TestUpkeepWaitsForItsWindow(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 3, 10, 12, 0, 0, 0, time.Local)) // a Tuesday; upkeep is in the server's zone
	h := newHouse(t, func(o *Options) { o.Clock = clock })
	d := h.destination()
	d.Window = model.Window{Days: model.WeekdaysOf(time.Saturday), Opens: 22 * 60, Closes: 2 * 60}
	d, err := h.ChangeDestination(t.Context(), d, model.DestinationSecrets{})
	h.must(err)
	steps := []struct {
		name           string
		until          time.Time
		leave          bool // what is queued stays so
		queued, prunes int  // prunes that wait to start, and in all so far
		waits, overdue bool
	}{
		{"on the first day", time.Date(2026, 3, 10, 13, 0, 0, 0, time.Local), false, 0, 0, false, false},
		{"due on Wednesday", time.Date(2026, 3, 11, 5, 0, 0, 0, time.Local), false, 0, 0, true, false},
		{"on Saturday afternoon", time.Date(2026, 3, 14, 16, 0, 0, 0, time.Local), false, 0, 0, true, false},
		{"when the window opens", time.Date(2026, 3, 14, 22, 0, 0, 0, time.Local), true, 1, 1, false, false},
		{"other work kept it from starting", time.Date(2026, 3, 15, 2, 0, 0, 0, time.Local), false, 0, 0, true, false},
		{"off in the next window", time.Date(2026, 3, 22, 2, 0, 0, 0, time.Local), false, 0, 0, true, true},
		{"in the one after, past midnight", time.Date(2026, 3, 29, 0, 30, 0, 0, time.Local), false, 1, 1, false, false},
		{"a minute later", time.Date(2026, 3, 29, 0, 31, 0, 0, time.Local), false, 0, 1, false, false},
		{"due again", time.Date(2026, 3, 29, 4, 30, 0, 0, time.Local), false, 0, 1, true, false},
	}
	for _, s := range steps {
		clock.Advance(s.until.Sub(clock.Now()))
		h.must(h.tick(t.Context()))
		jobs, err := h.Store.Jobs(t.Context(), model.JobFilter{DestinationID: d.ID, Kinds: []model.JobKind{model.JobPrune}})
		h.must(err)
		queued := 0
		for _, j := range jobs {
			if j.State != model.JobQueued {
				continue
			}
			queued++
			if !s.leave {
				h.must(h.Store.CancelQueuedJob(t.Context(), j.ID))
			}
		}
		if queued != s.queued || len(jobs) != s.prunes {
			t.Errorf("%s: %d of %d prunes wait to start, want %d of %d", s.name, queued, len(jobs), s.queued, s.prunes)
		}
		plan, err := h.Upkeep(t.Context(), d)
		h.must(err)
		if prune := plan[0]; prune.Waits(clock.Now()) != s.waits || prune.Overdue(clock.Now()) != s.overdue {
			t.Errorf("%s: %+v waits: %v, overdue: %v; want %v, %v", s.name, prune, prune.Waits(clock.Now()), prune.Overdue(clock.Now()), s.waits, s.overdue)
		}
	}
	if _, err := h.Maintain(t.Context(), d.ID, model.JobPrune); err != nil { // the window is closed
		t.Errorf("what a person starts is refused: %v", err)
	}
	h.must(h.tick(t.Context()))
	jobs, err := h.Store.Jobs(t.Context(), model.JobFilter{DestinationID: d.ID, Kinds: []model.JobKind{model.JobPrune}, States: []model.JobState{model.JobQueued}})
	if err != nil || len(jobs) != 1 {
		t.Errorf("%d prunes of a person are queued after a tick, want 1 (%v)", len(jobs), err)
	}
}

// TestOverdueUpkeepStaysInTheQueue has backups fill each window: what is long due stays when the window closes, and so does
// what somebody asked for meanwhile.
func TestOverdueUpkeepStaysInTheQueue(t *testing.T) {
	t.Parallel()
	clock := clockwork.NewFakeClockAt(time.Date(2026, 3, 10, 12, 0, 0, 0, time.Local))
	h := newHouse(t, func(o *Options) { o.Clock = clock })
	d := h.destination()
	d.Window = model.Window{Days: model.WeekdaysOf(model.WeekFromMonday()...), Opens: 2 * 60, Closes: 4 * 60}
	d, err := h.ChangeDestination(t.Context(), d, model.DestinationSecrets{})
	h.must(err)
	waiting := func(day, hour int) []model.Job {
		clock.Advance(time.Date(2026, 3, day, hour, 0, 0, 0, time.Local).Sub(clock.Now()))
		h.must(h.tick(t.Context()))
		jobs, err := h.Store.Jobs(t.Context(), model.JobFilter{
			DestinationID: d.ID, Kinds: []model.JobKind{model.JobPrune}, States: []model.JobState{model.JobQueued},
		})
		h.must(err)
		return jobs
	}
	for day := 12; day <= 19; day++ { // due since 4:30 on the 11th
		overdue := day == 19
		if open := waiting(day, 2); len(open) != 1 {
			t.Fatalf("%d prunes wait in the window of day %d, want 1", len(open), day)
		}
		if closed := waiting(day, 5); (len(closed) == 1) != overdue {
			t.Fatalf("%d prunes wait after the window of day %d; overdue: %v", len(closed), day, overdue)
		}
	}
	h.must(h.Store.CancelQueuedJob(t.Context(), waiting(19, 6)[0].ID))
	waiting(22, 2)
	if _, err := h.Maintain(t.Context(), d.ID, model.JobPrune); !errors.Is(err, model.ErrConflict) {
		t.Fatalf("a second prune: %v", err)
	}
	if kept := waiting(22, 5); len(kept) != 1 || kept[0].Trigger != model.TriggerManual {
		t.Errorf("of what somebody asked for there wait %+v", kept)
	}
}
