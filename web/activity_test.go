package web

import (
	"strings"
	"testing"

	"keepstead/model"
	"keepstead/store"
)

// TestActivityTells leaves upkeep that went well out of the lists, unless somebody asks for everything.
func TestActivityTells(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	app := s.findApp("shop", false)
	snapshot, err := s.store.Snapshot(t.Context(), s.keepSnapshot(app, nil))
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []model.JobState{model.JobSuccess, model.JobFailed} {
		kind := map[model.JobState]model.JobKind{model.JobSuccess: model.JobCheck, model.JobFailed: model.JobPrune}[state]
		if _, err := s.store.CreateJobs(t.Context(), []model.Job{{Kind: kind, DestinationID: snapshot.DestinationID}}, nil); err != nil {
			t.Fatal(err)
		}
		job, err := s.store.ClaimJob(t.Context(), store.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.store.FinishJob(t.Context(), job.ID, store.Outcome{State: state, Message: "as told: " + string(state)}); err != nil {
			t.Fatal(err)
		}
	}
	const went, failed = "Check nas", "as told: failed"
	for path, both := range map[string]bool{
		"/activity": false, "/activity?kind=nonsense&state=nonsense": false, "/activity?kind=all": true, "/activity?kind=check": true,
		"/": false,
	} {
		body := s.page(path, cookie)
		if strings.Contains(body, `">`+went) != both {
			t.Errorf("%s shows upkeep that went well: %v, want %v", path, !both, both)
		}
		if path != "/activity?kind=check" && !strings.Contains(body, failed) {
			t.Errorf("%s does not show what failed", path)
		}
	}
	s.page("/destinations/"+snapshot.DestinationID.String(), cookie, failed)
	s.page("/activity?state=running", cookie, "No job matches", "Show everything")
	s.page("/snapshots?device_id="+model.NewID().String(), cookie, "No snapshot matches")
	s.page("/snapshots?device_id="+app.DeviceID.String(), cookie, "shop")
	s.page("/apps?status=unsafe", cookie, `value="unsafe" selected`)
}
