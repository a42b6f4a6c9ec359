package views

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

func app(name string, status model.Protection, saved bool) model.AppOverview {
	v := model.Coverage{DestinationID: id(1), LastJobID: id(2), LastState: model.JobFailed, LastMessage: "The disk is full."}
	if saved {
		at := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
		v.LastGoodAt = &at
	}
	c := model.ConfigurationOverview{Configuration: model.Configuration{ID: id(3)}, Policy: model.Policy{ID: id(4), Name: "Default"}, Coverage: []model.Coverage{v}, Status: status}
	return model.AppOverview{App: model.App{ID: uuid.New(), Name: name}, Configurations: []model.ConfigurationOverview{c}, Status: status}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	place := []model.Destination{{ID: id(1), Name: "Disk", Enabled: true}}
	good := app("a", model.Protected, true)
	cases := []struct {
		name         string
		apps         []model.AppOverview
		destinations []model.Destination
		sentence     string
		safe         int
	}{
		{"no destination", []model.AppOverview{good}, nil, "Nothing is backed up yet.", 1},
		{"no app", nil, place, "Nothing is backed up: every app is off.", 0},
		{"all off", []model.AppOverview{app("a", model.Paused, true)}, place, "Nothing is backed up: every app is off.", 0},
		{"one", []model.AppOverview{good}, place, "Your app is protected.", 1},
		{"two", []model.AppOverview{good, good}, place, "Both apps are protected.", 2},
		{"three", []model.AppOverview{good, good, good}, place, "All 3 apps are protected.", 3},
		{"running with a past", []model.AppOverview{good, app("b", model.Running, true)}, place, "Both apps are protected.", 2},
		{"running for the first time", []model.AppOverview{good, app("b", model.Running, false)}, place, "b waits for its first backup.", 1},
		{"failed beats overdue", []model.AppOverview{app("b", model.Overdue, true), app("c", model.FailedSafe, true)}, place, "c could not be backed up.", 0},
		{"several failed", []model.AppOverview{app("b", model.FailedSafe, true), app("c", model.FailedSafe, true)}, place, "2 apps could not be backed up.", 0},
		{"partial", []model.AppOverview{good, app("b", model.PartialSafe, true)}, place, "b is protected in part.", 1},
		{"frozen", []model.AppOverview{good, app("b", model.Frozen, true)}, place, "b needs a look from you.", 2},
		{"unprotected", []model.AppOverview{good, app("b", model.Unprotected, false)}, place, "b is not protected.", 1},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			v := judge(tc.apps, tc.destinations)
			if v.Sentence != tc.sentence || v.Safe != tc.safe {
				t.Errorf("judge = %q, %d safe; want %q, %d", v.Sentence, v.Safe, tc.sentence, tc.safe)
			}
		})
	}
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	p := HomeProps{
		Apps:         []model.AppOverview{app("a", model.Overdue, true), app("b", model.FailedSafe, true), app("c", model.Protected, true), app("d", model.Frozen, true)},
		Destinations: []model.Destination{{ID: id(1), Name: "Disk", Enabled: true}, {ID: id(9), Name: "Off", LastError: "gone"}},
	}
	got := needs(p)
	want := []string{"b could not be backed up", "a is overdue", "d keeps all its snapshots for now"}
	if len(got) != len(want) {
		t.Fatalf("needs = %d things, want %d: %+v", len(got), len(want), got)
	}
	for i := range want {
		if got[i].Title != want[i] {
			t.Errorf("need %d = %q, want %q", i, got[i].Title, want[i])
		}
		if got[i].Post == "" && got[i].Link == "" {
			t.Errorf("%q has no mend", got[i].Title)
		}
	}
	if got[0].Text != "The disk is full." {
		t.Errorf("the reason is %q", got[0].Text)
	}
	if none := needs(HomeProps{}); len(none) != 1 || none[0].Link != NewDestinationPath {
		t.Errorf("without a destination the need is %+v", none)
	}
}

// TestNeedsOfWaiting wants the apps that wait for their first backup in one row, and none while all of them run.
func TestNeedsOfWaiting(t *testing.T) {
	t.Parallel()
	place := []model.Destination{{ID: id(1), Name: "Disk", Enabled: true}}
	cases := []struct {
		name  string
		apps  []model.AppOverview
		title string
		names []string
		post  bool
	}{
		{"none", []model.AppOverview{app("a", model.Protected, true)}, "", nil, false},
		{"one", []model.AppOverview{app("a", model.Waiting, false)}, "a waits for its first backup", nil, true},
		{"two", []model.AppOverview{app("a", model.Waiting, false), app("b", model.Waiting, false)}, "2 apps wait for their first backup", []string{"a", "b"}, false},
		{"one of two runs", []model.AppOverview{app("a", model.Waiting, false), app("b", model.Running, false)}, "2 apps wait for their first backup", []string{"a", "b"}, false},
		{"all run", []model.AppOverview{app("a", model.Running, false)}, "", nil, false},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := needs(HomeProps{Apps: tc.apps, Destinations: place})
			if tc.title == "" {
				if len(got) > 0 {
					t.Fatalf("needs = %+v, want none", got)
				}
				return
			}
			if len(got) != 1 || got[0].Title != tc.title || !slices.Equal(got[0].Names, tc.names) || tc.post != (got[0].Post != "") || tc.post == (got[0].Link == AppsOf(StatusUnsafe)) {
				t.Errorf("needs = %+v, want %q about %q", got, tc.title, tc.names)
			}
		})
	}
}

// TestFirstNeedIsTheHeadline holds the first row of what needs somebody against the verdict over it.
func TestFirstNeedIsTheHeadline(t *testing.T) {
	t.Parallel()
	lost := model.Device{ID: id(7), Name: "laptop", State: model.DeviceUnreachable}
	place := []model.Destination{{ID: id(1), Name: "Disk", Enabled: true, LastError: "It is full."}}
	for status, want := range map[model.Protection]string{
		model.FailedSafe: "a could not be backed up", model.Overdue: "a is overdue", model.Waiting: "a waits for its first backup",
	} {
		p := HomeProps{Apps: []model.AppOverview{app("a", status, status != model.Waiting)}, Destinations: place, Devices: []model.Device{lost}}
		if got := needs(p); len(got) != 3 || got[0].Title != want {
			t.Errorf("under the verdict %q the needs are %q, want %q first", judge(p.Apps, p.Destinations).Sentence, titles(got), want)
		}
	}
}

// TestUnsafeIsWhatTheVerdictLeavesOut counts the apps of the list that the verdict leads to.
func TestUnsafeIsWhatTheVerdictLeavesOut(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	n := 0
	for _, a := range s.apps {
		if Unsafe(a) {
			n++
		}
	}
	if v := judge(s.apps, s.destinations); n != v.Active-v.Safe || n == 0 {
		t.Errorf("%d apps are not safe; the verdict counts %d of %d", n, v.Safe, v.Active)
	}
}

func TestCalendar(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	grid := calendarOf(s.chrome.Clock, s.days())
	if len(grid.Cells) != calendarDays {
		t.Errorf("the calendar has %d days, want %d", len(grid.Cells), calendarDays)
	}
	last := grid.Cells[len(grid.Cells)-1]
	if last.Class != "day-failed" || last.Title != "Mon 23 Nov" || last.Words != "14 good, 2 failed" || last.Y != 0 {
		t.Errorf("today is %+v", last)
	}
	if last.Link != "/snapshots?from=2026-11-23&to=2026-11-23" {
		t.Errorf("today leads to %q", last.Link)
	}
	days := 0
	for _, c := range grid.Cells {
		if c.trouble() != (c.Link != "") {
			t.Errorf("%s with %s leads to %q", c.Title, c.Class, c.Link)
		}
		if c.trouble() {
			days++
		}
	}
	if len(grid.Trouble) != maxTroubles || grid.Trouble[0] != last || grid.Left != days-maxTroubles {
		t.Errorf("of %d days with trouble, %d are listed from %s on and %d left out", days, len(grid.Trouble), grid.Trouble[0].Title, grid.Left)
	}
	if first := grid.Cells[0]; first.Class != "day-none" {
		t.Errorf("the first day is %+v", first)
	}
}

func TestFileValue(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/a", "/a b/[x]*", "/line\nbreak", "/\xff\xfe", "/100%", "/a+b"} {
		got, err := FilePath(FileValue(path))
		if err != nil || got != path {
			t.Errorf("FilePath(FileValue(%q)) = %q, %v", path, got, err)
		}
	}
}

func TestEntries(t *testing.T) {
	t.Parallel()
	got := Entries(" /srv/a \r\n\n/srv/b\n")
	if len(got) != 2 || got[0] != "/srv/a" || got[1] != "/srv/b" {
		t.Errorf("Entries = %q", got)
	}
}

func TestBrowserOf(t *testing.T) {
	t.Parallel()
	cases := map[string]string{
		"": "Another program", "curl/8.0": "Another program",
		"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0":         "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0":             "Edge on Windows",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18 Safari/604.1": "Safari on iPhone",
	}
	for agent, want := range cases {
		if got := browserOf(agent); got != want {
			t.Errorf("browserOf(%q) = %q, want %q", agent, got, want)
		}
	}
}
