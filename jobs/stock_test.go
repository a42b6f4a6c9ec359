package jobs

import (
	"testing"
	"time"

	"keepstead/model"
)

// TestOverviewFollowsEachChange: what is kept between two readings never hides what was written meanwhile.
func TestOverviewFollowsEachChange(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	first := h.destination()
	app, c := h.app(1)
	h.start()
	seen := func() model.AppOverview {
		t.Helper()
		all, err := h.Overview(ctx)
		h.must(err)
		for _, o := range all {
			if o.App.ID == app.ID {
				return o
			}
		}
		return model.AppOverview{}
	}
	days := func() (backups int) {
		t.Helper()
		all, err := h.DailyOutcomes(ctx, time.Now().AddDate(0, 0, -3), time.UTC)
		h.must(err)
		for _, d := range all {
			backups += d.Success
		}
		return backups
	}
	if o := seen(); o.Configurations[0].Coverage[0].LastGoodAt != nil || days() != 0 {
		t.Fatalf("before a backup: %+v", o)
	}

	h.expect(h.backup(c), model.JobSuccess, "")
	if o := seen(); o.Configurations[0].Coverage[0].LastGoodAt == nil || o.Status != model.Protected || days() != 1 {
		t.Errorf("after a backup: %s, %+v, %d that day", o.Status, o.Configurations[0].Coverage, days())
	}

	second, err := h.Store.CreateDestination(ctx, model.Destination{Name: "second", Type: model.DestinationLocal, Enabled: true, LocalDeviceID: first.LocalDeviceID, LocalPath: t.TempDir()})
	h.must(err)
	p, err := h.Store.Policy(ctx, c.PolicyID)
	h.must(err)
	p.Name, p.DestinationIDs = "Twice", append(p.DestinationIDs, second.ID)
	_, err = h.ChangePolicy(ctx, p)
	h.must(err)
	o := seen().Configurations[0]
	if o.Policy.Name != "Twice" || len(o.Coverage) != 2 || o.Coverage[0].LastGoodAt == nil || o.Coverage[1].LastGoodAt != nil {
		t.Errorf("after a second destination: %q, %+v", o.Policy.Name, o.Coverage)
	}

	app.Name = "renamed"
	_, err = h.Store.UpdateApp(ctx, app)
	h.must(err)
	if got := seen().App.Name; got != "renamed" {
		t.Errorf("the app is shown as %q", got)
	}
}
