package views

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/uuid"

	"keepstead/model"
)

// lab is a homelab whose names collide with each other and with the pages.
func lab() Places {
	p := Places{
		Destinations: []model.Destination{{ID: id(100), Name: "Backup disk"}},
		Devices:      []model.Device{{ID: id(101), Name: "photon", Address: "192.168.1.7"}},
		Policies:     []model.Policy{{ID: id(102), Name: "Photos, hourly"}},
		Newest:       map[uuid.UUID]uuid.UUID{id(0): id(200), id(1): id(201)},
	}
	for i, name := range []string{"Photos", "paperless-ngx", "Überwachung", "myphotos", "Home"} {
		a := model.AppOverview{App: model.App{ID: id(i), Name: name}, Device: model.Device{Name: "atlas"}, Status: model.Protected}
		if name != "myphotos" {
			a.Configurations = []model.ConfigurationOverview{{}}
		}
		p.Apps = append(p.Apps, a)
	}
	return p
}

func goalTitles(goals []Goal) string {
	var out []string
	for _, g := range goals {
		out = append(out, g.Title())
	}
	return strings.Join(out, " | ")
}

func TestRank(t *testing.T) {
	t.Parallel()
	goals := Goals(t.Context(), lab())
	tests := []struct{ name, query, want string }{
		{"the thing before its acts, a word before a part", "photos", "Photos | Photos, hourly | Back up Photos | Restore Photos | myphotos"},
		{"a beginning", "phot", "Photos | photon | Photos, hourly | Back up Photos | Restore Photos | myphotos"},
		{"any order", "photos restore", "Restore Photos"},
		{"the verb as one word", "backup photos", "Back up Photos"},
		{"the verb as two", "back up paper", "Back up paperless-ngx"},
		{"everything", "back everything", "Back up everything"},
		{"a part of a word", "ngx", "paperless-ngx | Back up paperless-ngx | Restore paperless-ngx"},
		{"with its dash", "less-n", "paperless-ngx | Back up paperless-ngx | Restore paperless-ngx"},
		{"case and accents", "UBER", "Überwachung | Back up Überwachung"},
		{"a page and an app of one name", "home", "Home | Home | Back up Home"},
		{"another word for a page", "jobs", "Activity"},
		{"a kind", "policy hourly", "Photos, hourly"},
		{"an address", "192.168.1.7", "photon"},
		{"a part of the settings", "dark", "Appearance"},
		{"something to add", "new policy", "Add a policy"},
		{"one word that is nowhere", "photos nowhere", ""},
		{"signs", `%_*.[`, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			best, total := Rank(tt.query, goals)
			if got := goalTitles(best); got != tt.want || total != len(best) {
				t.Errorf("%q means %q (%d), want %q", tt.query, got, total, tt.want)
			}
		})
	}
	if best, total := Rank("  ", goals); goalTitles(best[:1]) != "Home" || len(best) != MaxGoals || total != len(goals) {
		t.Errorf("nothing typed: %d of %d goals, %s", len(best), total, goalTitles(best))
	}
}

// TestGoalsAreHonest wants an act offered only where it can be done.
func TestGoalsAreHonest(t *testing.T) {
	t.Parallel()
	p := lab()
	p.Apps[0].Status, p.Apps[1].App.Gone, p.Apps[2].Status = model.Running, true, model.Paused
	for _, g := range Goals(t.Context(), p) {
		if g.Post && g.Name != "Back up everything" && g.Name != "Home" {
			t.Errorf("%q is offered", g.Title())
		}
		if g.Verb == "Restore" && g.Path != RestorePath(id(200)) && g.Path != RestorePath(id(201)) {
			t.Errorf("%q leads to %s", g.Title(), g.Path)
		}
	}
}

func TestRankHoldsItsBounds(t *testing.T) {
	t.Parallel()
	var p Places
	for i := range 3000 {
		p.Apps = append(p.Apps, model.AppOverview{App: model.App{ID: id(i), Name: "app " + strconv.Itoa(i)}})
	}
	p.Apps = append(p.Apps, model.AppOverview{App: model.App{Name: strings.Repeat("a", 100000)}})
	best, total := Rank(strings.Repeat("app ", 25), Goals(t.Context(), p))
	if len(best) != MaxGoals || total < 3000 {
		t.Errorf("%d of %d", len(best), total)
	}
}

func TestLogLine(t *testing.T) {
	t.Parallel()
	s := newSample(t) // in Berlin
	c := s.chrome.Clock
	start := c.Now.UTC()
	tests := map[string]string{
		start.Format("15:04:05") + " scanning":                  "09:41:12 scanning",
		start.Add(-3*1e9).Format("15:04:05") + " the day after": "09:41:09 the day after",
		"25:04:05 no hour": "25:04:05 no hour",
		"The log is cut here: it grew past its limit.": "The log is cut here: it grew past its limit.",
		"": "",
	}
	for line, want := range tests {
		if got := logLine(c, start, line); got != want {
			t.Errorf("%q became %q, want %q", line, got, want)
		}
	}
	c.Hours = model.Hours12
	if got := logLine(c, start, "14:00:00 x"); got != "3:00:00 PM x" {
		t.Errorf("by the other clock: %q", got)
	}
}
