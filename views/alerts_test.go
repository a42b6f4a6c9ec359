package views

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/views/lang"
)

func homeSample(t *testing.T) (HomeProps, sample) {
	t.Helper()
	s := newSample(t)
	return HomeProps{Chrome: s.chrome, Apps: s.apps, Destinations: s.destinations, Devices: []model.Device{s.device}, Samples: s.samples(), Channels: s.channels()}, s
}

func find(alerts []model.Alert, key string) (model.Alert, bool) {
	i := slices.IndexFunc(alerts, func(a model.Alert) bool { return a.Key == key })
	if i < 0 {
		return model.Alert{}, false
	}
	return alerts[i], true
}

// TestAlerts says of each thing what channels are told of it: what Home says, that it is well, or that nothing is known yet.
func TestAlerts(t *testing.T) {
	t.Parallel()
	p, s := homeSample(t)
	for _, tc := range []struct {
		key   string
		state model.AlertState
		title string
	}{
		{keyOf("configuration", id(130)), model.AlertPending, ""}, // immich runs
		{keyOf("configuration", id(131)), model.AlertFiring, "nextcloud could not be backed up"},
		{keyOf("configuration", id(132)), model.AlertFiring, "paperless was saved with files missing"},
		{keyOf("configuration", id(133)), model.AlertResolved, "home-assistant is protected again"},
		{keyOf("configuration", id(135)), model.AlertFiring, "photos-archive keeps all its snapshots for now"},
		{keyOf("configuration", id(136)), "", ""}, // jellyfin is off
		{keyOf("configuration", id(137)), model.AlertPending, ""},
		{keyOf("destination", id(10)), model.AlertResolved, "Backup disk works again"},
		{keyOf("destination", id(11)), model.AlertFiring, "Backblaze B2 is failing"},
		{keyOf("destination", id(12)), "", ""}, // it is off
		{keyOf("tamper", id(10)), model.AlertResolved, "No device can destroy Backup disk any more"},
		{keyOf("tamper", id(11)), "", ""}, // never tested
		{keyOf("upkeep", id(10)), model.AlertResolved, "The upkeep of Backup disk runs again"},
		{keyOf("proof", id(10)), model.AlertResolved, "What Backup disk holds was restored again"},
		{keyOf("proof", id(11)), model.AlertFiring, "Nothing was restored from Backblaze B2 for half a year"},
		{keyOf("channel", id(900)), model.AlertResolved, "Messages reach Eva’s phone again"},
		{keyOf("channel", id(901)), model.AlertFiring, "Messages do not reach Mailbox"},
		{keyOf("channel", id(902)), "", ""}, // it is off
	} {
		a, ok := find(Alerts(p), tc.key)
		if ok != (tc.state != "") || a.State != tc.state || tc.title != "" && a.Title != tc.title {
			t.Errorf("%s is %+v, want %q %q", tc.key, a, tc.state, tc.title)
		}
		if ok && a.State != model.AlertPending && !strings.HasPrefix(a.Path, "/") {
			t.Errorf("%s leads to %q", tc.key, a.Path)
		}
	}
	if a, _ := find(Alerts(p), keyOf("channel", id(901))); a.Channel != id(901) {
		t.Errorf("the failing channel is told of itself: %+v", a)
	}
	seen := map[string]bool{}
	for _, a := range Alerts(p) {
		if seen[a.Key] {
			t.Errorf("%s is told of twice", a.Key)
		}
		seen[a.Key] = true
	}
	upkeep := model.Upkeep{Kind: model.JobPrune, Due: p.Clock.Now.AddDate(0, 0, -12)}
	for state, starts := range map[model.AlertState]time.Duration{model.AlertFiring: time.Hour, model.AlertPending: 0} {
		upkeep.Starts = p.Clock.Now.Add(starts)
		p.Upkeep = map[uuid.UUID][]model.Upkeep{id(10): {upkeep}}
		if a, _ := find(Alerts(p), keyOf("upkeep", id(10))); a.State != state {
			t.Errorf("upkeep that is overdue and starts in %s is %+v", starts, a)
		}
	}
	p.Destinations[0].Damage = "The check found 3 errors."
	if a, _ := find(Alerts(p), keyOf("damage", id(10))); a.State != model.AlertFiring || a.Text != "The check found 3 errors." {
		t.Errorf("damage is %+v", a)
	}
	found := s.apps[7]
	found.App.Pending = true
	p.Apps = []model.AppOverview{found}
	if a, _ := find(Alerts(p), keyOf("found", id(37))); a.State != model.AlertFiring || a.Title != "gitea was found and is not protected" {
		t.Errorf("a found app is %+v", a)
	}
}

// TestAlertsOfRotations: what a rotation has left is told, but not while one is at work, and so is a kit that is out of date.
func TestAlertsOfRotations(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	whole, begun, left, working := s.kitted()[0], s.kitted()[0], s.kitted()[0], s.kitted()[0]
	begun.ID, left.ID, working.ID = id(901), id(902), id(903)
	begun.NextPassword, working.NextPassword = model.Sealed{1}, model.Sealed{1}
	left.ReplacedKeys = []string{"0b"}
	p := HomeProps{Chrome: s.chrome, Destinations: []model.Destination{whole, begun, left, working}, Rotations: map[uuid.UUID]bool{working.ID: true}}
	for d, want := range map[uuid.UUID]model.AlertState{
		whole.ID: model.AlertResolved, begun.ID: model.AlertFiring, left.ID: model.AlertFiring, working.ID: model.AlertPending,
	} {
		if a, ok := find(Alerts(p), keyOf("rotation", d)); !ok || a.State != want {
			t.Errorf("the rotation of %s is %+v, want %s", d, a, want)
		}
	}
	if a, _ := find(Alerts(p), kitKey); a.State != model.AlertResolved {
		t.Errorf("a kit that opens everything is %+v", a)
	}
	later := whole.KitAt.Add(1)
	p.Destinations[0].AccessChangedAt = &later
	if a, _ := find(Alerts(p), kitKey); a.State != model.AlertFiring || a.Path != KitPath {
		t.Errorf("a kit that is out of date is %+v", a)
	}
}

// TestMessage words one part and several, in the language of the channel, as long as services take.
func TestMessage(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	one := Tiding{Notification: model.Notification{Title: "gitea is overdue", Text: "Its backup should have run by now and has not.", Path: "/apps/1"}}
	m := Message(t.Context(), "https://b.example.org", []Tiding{one})
	if m.Title != "gitea is overdue" || m.Text != one.Text || m.Link != "https://b.example.org/apps/1" {
		t.Errorf("one part is %+v", m)
	}
	if m := Message(t.Context(), "", []Tiding{one}); m.Link != "" {
		t.Errorf("without an address it links to %q", m.Link)
	}
	german := Message(lang.With(t.Context(), lang.Of(model.German, "")), "", []Tiding{one})
	if german.Title != "gitea ist überfällig" || german.Text == one.Text {
		t.Errorf("in German it is %+v", german)
	}
	job := Tiding{Job: &s.jobs[2]}
	m = Message(t.Context(), "https://b.example.org", []Tiding{one, job})
	if m.Title != "2 messages from Keepstead" || m.Link != "https://b.example.org/" || !strings.Contains(m.Text, "gitea is overdue\nIts backup") || !strings.Contains(m.Text, "Failed: Back up nextcloud → Backblaze B2\nThe server does not know this access key.") {
		t.Errorf("two parts are %+v", m)
	}
	var many []Tiding
	for range 500 {
		many = append(many, one)
	}
	if m := Message(t.Context(), "", many); len(m.Text) > maxMessage+200 || !strings.Contains(m.Text, "more things; Keepstead shows all of them.") {
		t.Errorf("many parts are %d bytes: %s", len(m.Text), m.Text)
	}
	if m := Message(t.Context(), "x", nil); m != (model.Message{}) {
		t.Errorf("nothing is %+v", m)
	}
}

// TestSummary says how things stand; every line of it is in German too.
func TestSummary(t *testing.T) {
	t.Parallel()
	p, s := homeSample(t)
	n := Summary(p)
	for _, part := range []string{"nextcloud could not be backed up.", "of 8 apps are safe.", "Stored at 3 destinations: 1.5 TiB.", "things need you:", "paperless was saved with files missing"} {
		if !strings.Contains(n.Text, part) {
			t.Errorf("%q is not in the summary:\n%s", part, n.Text)
		}
	}
	good := HomeProps{Chrome: s.chrome, Apps: s.apps[3:5], Destinations: s.destinations[:1]}
	good.Destinations[0].KitAt = ago(s.chrome.Now, time.Hour)
	if text := Summary(good).Text; !strings.Contains(text, "Both apps are protected.") || !strings.HasSuffix(text, "Nothing needs you.") {
		t.Errorf("a good week is:\n%s", text)
	}
	ctx := lang.Watch(t.Context(), lang.Of(model.German, ""), func(text string) { t.Errorf("the catalogue lacks %q", text) })
	if m := Message(ctx, "", []Tiding{{Notification: n}}); !strings.Contains(m.Text, "nextcloud konnte nicht gesichert werden.") {
		t.Errorf("in German:\n%s", m.Text)
	}
}
