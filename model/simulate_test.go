package model

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// TestSimulationIsWhatNightsComeTo lets random rules run after each backup, as jobs do, and compares what is left with
// the simulation, which decides once.
func TestSimulationIsWhatNightsComeTo(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 7))
	schedules := []string{"0 2 * * *", "0 */8 * * *", "30 2 * * 1-5", "0 2 1,15 * *", "15 3,4 * * 0"}
	from := time.Date(2024, 1, 17, 12, 0, 0, 0, time.UTC)
	for range 20 {
		upTo := func(n int) int { return random.IntN(n + 1) }
		keep := Retention{upTo(3), upTo(3), upTo(8), upTo(5), upTo(7), upTo(2)}
		cron := cronOf(t, schedules[random.IntN(len(schedules))], "Europe/Berlin")
		simulated := keep.Simulate(cron, from, 120)
		var there []Kept
		for _, run := range cron.NextRuns(from, len(simulated.Decisions)) {
			there = append(there, Kept{Time: run})
			var left []Kept
			for _, d := range keep.Decide(there, cron.Zone()) {
				if d.Keep {
					left = append(left, d.Kept)
				}
			}
			there = left
		}
		var got, want string
		for _, d := range simulated.Decisions {
			if d.Keep {
				got += d.Time.Format(" 2006-01-02T15:04")
			}
		}
		for _, d := range keep.Decide(there, cron.Zone()) {
			want += d.Time.Format(" 2006-01-02T15:04")
		}
		if got != want {
			t.Errorf("%+v with %q keeps\n%s, night by night\n%s", keep, cron.Fields(), got, want)
		}
	}
}

func TestSimulationIsBounded(t *testing.T) {
	t.Parallel()
	from := time.Date(2024, 1, 17, 12, 0, 0, 0, time.UTC)
	s := Retention{KeepDaily: 7}.Simulate(cronOf(t, "* * * * *", "UTC"), from, 400)
	if len(s.Decisions) != MaxSimulated || !s.Cut || !s.At.Equal(from.Add(MaxSimulated*time.Minute)) || !s.Decisions[0].Time.Equal(s.At) {
		t.Errorf("%d decisions up to %s, cut %t", len(s.Decisions), s.At, s.Cut)
	}
	s = Retention{KeepDaily: 7, KeepMonthly: 2}.Simulate(cronOf(t, "0 2 * * *", "UTC"), from, 30)
	if len(s.Decisions) != 30 || s.Cut || Staying(s.Decisions) != 8 {
		t.Errorf("%d decisions, %d stay, cut %t", len(s.Decisions), Staying(s.Decisions), s.Cut)
	}
}

func TestForecastCounts(t *testing.T) {
	t.Parallel()
	var rows []Snapshot
	for n := range 5 {
		rows = append(rows, Snapshot{ResticSnapshotID: fmt.Sprint(n), Status: SnapshotSuccess, StartedAt: time.Date(2024, 5, 9-n, 2, 0, 0, 0, time.UTC)})
	}
	rows[0].Status = SnapshotFailed
	f := Forecast{Decisions: Retention{KeepDaily: 2}.Judge(rows, time.UTC)}
	if f.Going() != 3 {
		t.Errorf("%d go, want two old ones and the empty one", f.Going())
	}
	held := f
	held.Frozen = true
	if going, of := (PolicyForecast{Each: []Forecast{f, held}}).Going(); going != 3 || of != 10 {
		t.Errorf("%d of %d go", going, of)
	}
}
