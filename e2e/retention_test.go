package e2e

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// keepRule is how many snapshots stay, one for each span that a time falls in.
type keepRule struct {
	count int
	span  func(time.Time) string
}

// reference is a second, plain computation of grandfather, father and son: for each rule the newest snapshot of each
// of the newest spans, and the oldest of all while a rule has counts left.
func reference(times []time.Time, rules []keepRule) []time.Time {
	newest := slices.SortedFunc(slices.Values(times), func(a, b time.Time) int { return b.Compare(a) })
	var kept []time.Time
	for _, r := range rules {
		seen := map[string]bool{}
		for i, at := range newest {
			oldest := i == len(newest)-1
			if len(seen) >= r.count || seen[r.span(at)] && !oldest {
				continue
			}
			seen[r.span(at)] = true
			if !slices.ContainsFunc(kept, at.Equal) {
				kept = append(kept, at)
			}
		}
	}
	return slices.SortedFunc(slices.Values(kept), func(a, b time.Time) int { return b.Compare(a) })
}

func layout(format string) func(time.Time) string {
	return func(t time.Time) string { return t.Format(format) }
}

// TestForgetAndPruneLeaveWhatIsDue adopts a repository that holds a long history of one configuration, backs up once
// more, and compares what retention leaves with the reference.
func TestForgetAndPruneLeaveWhatIsDue(t *testing.T) {
	t.Parallel()
	k := serve(t)
	app := newFolder(t, "app")
	writeFile(t, filepath.Join(app, "file"), "content")
	spare := k.addFolder("Spare", newFolder(t, "spare"))
	policy := k.addPolicy("GFS", []string{spare.ID}, body{"time_zone": "UTC", "keep_last": 2, "keep_daily": 5, "keep_weekly": 3, "keep_monthly": 4, "keep_yearly": 2})
	appID, configuration := k.addApp("App", policy, app)

	const password = "adoptedPassword0123456789"
	repository := newFolder(t, "repository")
	restic(t, repository, password, "init")
	now := time.Now().UTC().Truncate(time.Second)
	var times []time.Time
	for _, hours := range []int{1, 3, 20, 25, 30, 49, 75, 100, 124, 150, 170, 200, 260, 340, 400, 520, 700, 730, 1100, 1500, 2200, 3000, 4400, 6000, 9000, 12000, 18000, 27000} {
		times = append(times, now.Add(-time.Duration(hours)*time.Hour))
	}
	history(t, repository, password, app, times, "keepstead,app:"+appID+",config:"+configuration)
	// A stranger's snapshots in the same repository are no business of ours.
	history(t, repository, password, app, times[:3], "stranger")

	var d destination
	k.call("POST", "/backup/destinations/local", body{"name": "Adopted", "path": repository, "repo_password": password}, &d)
	k.call("PATCH", "/backup/policies/"+policy, body{"destination_ids": []string{d.ID}}, nil)
	k.quiet()
	if n := k.destination(d.ID).TotalSnapshots; n < len(times) {
		t.Fatalf("%d snapshots taken over, want %d", n, len(times))
	}
	made := k.backup(configuration, "success")[d.ID]
	k.quiet()

	left := listed(t, repository, password)
	var ours, strangers []time.Time
	for _, s := range left {
		if s.ID == made.ResticID {
			times = append(times, s.Time)
		}
		if slices.Contains(s.Tags, "stranger") {
			strangers = append(strangers, s.Time)
		} else {
			ours = append(ours, s.Time)
		}
	}
	want := reference(times, []keepRule{
		{2, layout(time.RFC3339Nano)},
		{5, layout(time.DateOnly)},
		{4, layout("2006-01")},
		{2, layout("2006")},
		{3, func(t time.Time) string { year, week := t.ISOWeek(); return fmt.Sprint(year, week) }},
	})
	ours = slices.SortedFunc(slices.Values(ours), func(a, b time.Time) int { return b.Compare(a) })
	if !slices.EqualFunc(ours, want, time.Time.Equal) {
		t.Errorf("left\n%s, want\n%s", dates(ours), dates(want))
	}
	if len(strangers) != 3 {
		t.Errorf("%d of the stranger's 3 snapshots left", len(strangers))
	}

	var prune job
	k.call("POST", "/backup/destinations/"+d.ID+"/prune", nil, &prune)
	if prune = k.wait(prune.ID); prune.State != "success" || k.destination(d.ID).LastPruneAt == nil {
		t.Errorf("prune %+v", prune)
	}
	restic(t, repository, password, "check", "--read-data")
	if n := k.destination(d.ID).TotalSnapshots; n != len(want) && n != len(want)+3 {
		t.Errorf("the destination counts %d snapshots, want %d", n, len(want))
	}
}

func dates(times []time.Time) string {
	var out []string
	for _, t := range times {
		out = append(out, t.Format(time.DateTime))
	}
	return strings.Join(out, ", ")
}

// history makes one snapshot for each time, four at once.
func history(t *testing.T, repository, password, path string, times []time.Time, tags string) {
	t.Helper()
	var wait sync.WaitGroup
	slots := make(chan struct{}, 4)
	for _, at := range times {
		wait.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			restic(t, repository, password, "backup", "--time", at.Local().Format(time.DateTime), "--host", "history", "--tag", tags, path)
		})
	}
	wait.Wait()
}

type resticSnapshot struct {
	ID   string    `json:"id"`
	Time time.Time `json:"time"`
	Tags []string  `json:"tags"`
}

func listed(t *testing.T, repository, password string) []resticSnapshot {
	t.Helper()
	var list []resticSnapshot
	if err := json.Unmarshal(restic(t, repository, password, "snapshots", "--json", "--no-lock"), &list); err != nil {
		t.Fatal(err)
	}
	return list
}
