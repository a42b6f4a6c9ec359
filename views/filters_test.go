package views

import (
	"strings"
	"testing"
)

// TestUnknownFiltersAreDropped holds that a page follows what its filter shows.
func TestUnknownFiltersAreDropped(t *testing.T) {
	t.Parallel()
	if got := KnownActivity(ActivityQuery{Kind: "bakcup", State: "done", AppID: "x"}); got != (ActivityQuery{AppID: "x"}) {
		t.Errorf("unknown choices leave %+v", got)
	}
	known := ActivityQuery{Kind: EveryKind, State: "open"}
	if got := KnownActivity(known); got != known {
		t.Errorf("known choices became %+v", got)
	}
	if got := KnownSnapshots(SnapshotQuery{Status: "none", DeviceID: "y"}); got != (SnapshotQuery{DeviceID: "y"}) {
		t.Errorf("unknown choices leave %+v", got)
	}
}

// TestEmptyLists tells a list that has nothing yet from one whose filter leaves all out.
func TestEmptyLists(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	jobs := ActivityProps{Chrome: s.chrome, Filter: ActivityQuery{State: "failed"}}
	if html := render(t, ActivityPage(jobs)); !strings.Contains(html, "Nothing has run yet") {
		t.Error("with a filter, and no job at all, the page does not show the beginning")
	}
	jobs.Any = true
	if html := render(t, ActivityPage(jobs)); !strings.Contains(html, "No job matches") || !strings.Contains(html, "?kind=all") {
		t.Error("the page does not say that the filter leaves all out, or how to see everything")
	}
	snapshots := SnapshotsProps{Chrome: s.chrome, Filter: SnapshotQuery{Status: "failed"}}
	if html := render(t, SnapshotsPage(snapshots)); !strings.Contains(html, "No snapshots yet") {
		t.Error("with a filter, and no snapshot at all, the page does not show the beginning")
	}
	snapshots.Any = true
	if html := render(t, SnapshotsPage(snapshots)); !strings.Contains(html, "No snapshot matches") || strings.Contains(html, `name="device_id"`) {
		t.Error("the page does not say that the filter leaves all out, or asks for one of one device")
	}
}
