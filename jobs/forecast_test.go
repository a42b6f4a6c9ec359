package jobs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/restic"
)

// TestForecastIsWhatForgetDecides judges random snapshots as the editor and as a forget job does.
func TestForecastIsWhatForgetDecides(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 1))
	clock, _ := fakeClock("2026-03-10 12:00:00")
	r := &run{Manager: &Manager{Options: Options{Clock: clock}}}
	c := model.Configuration{ID: model.NewID()}
	zone, err := model.LoadZone("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	statuses := []model.SnapshotStatus{model.SnapshotSuccess, model.SnapshotSuccess, model.SnapshotPartial, model.SnapshotFailed}
	for range 50 {
		var there []restic.Snapshot
		var rows []model.Snapshot
		for n := range random.IntN(120) {
			s := restic.Snapshot{
				ID: fmt.Sprint(n), Tags: []string{tagOurs, tagConfig(c.ID)},
				Time: clock.Now().Add(-time.Duration(random.IntN(400*24*60)) * time.Minute),
			}
			there = append(there, s)
			rows = append(rows, model.Snapshot{
				ID: model.NewID(), ConfigurationID: c.ID, ResticSnapshotID: s.ID, StartedAt: s.Time,
				Status: statuses[random.IntN(len(statuses))], Safety: random.IntN(9) == 0,
			})
		}
		keep := model.Retention{
			KeepLast: random.IntN(4), KeepHourly: random.IntN(4), KeepDaily: random.IntN(9),
			KeepWeekly: random.IntN(6), KeepMonthly: random.IntN(8), KeepYearly: random.IntN(3),
		}
		var want []string
		for _, d := range keep.Judge(rows, zone) {
			if !d.Keep {
				want = append(want, d.ID)
			}
		}
		got := r.verdict(c, keep, zone, there, rows).remove
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Fatalf("%+v forgets %v, the forecast says %v", keep, got, want)
		}
	}
}

// TestForecastJudgesWholes leaves out a configuration whose rows were cut, and destinations that are not the policy's.
func TestForecastJudgesWholes(t *testing.T) {
	t.Parallel()
	a, b, here, there := model.NewID(), model.NewID(), model.NewID(), model.NewID()
	var rows []model.Snapshot
	for n := range model.MaxForecast + 11 {
		s := model.Snapshot{ConfigurationID: a, DestinationID: []uuid.UUID{here, there}[n%2]}
		if n >= 10 {
			s.ConfigurationID = b
		}
		rows = append(rows, s)
	}
	if got := len(whole(rows)); got != 10 {
		t.Errorf("%d rows of two configurations are whole, want the 10 of the first", got)
	}
	if got := len(whole(rows[10:])); got != model.MaxForecast {
		t.Errorf("%d rows of one configuration are left", got)
	}
	groups := byPair(rows, []uuid.UUID{there})
	if len(groups) != 2 || len(groups[0]) != 5 || groups[0][0].ConfigurationID != a || groups[1][0].DestinationID != there {
		t.Errorf("%d groups: %.3v", len(groups), groups)
	}
}
