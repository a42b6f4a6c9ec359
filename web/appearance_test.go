package web

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"keepstead/model"
)

// stampedSite has a destination whose last backup was a minute ago.
func stampedSite(t *testing.T) (*site, time.Time) {
	t.Helper()
	s := newSite(t)
	local, err := s.store.LocalDevice(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().Add(-time.Minute).Truncate(time.Second)
	_, err = s.store.CreateDestination(t.Context(), model.Destination{
		Name: "Disk", Type: model.DestinationLocal, LocalDeviceID: local.ID, LocalPath: "/nowhere", RepoPassword: model.Sealed{1}, Enabled: true, LastBackupAt: &at,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s, at
}

// TestAppearanceIsKept chooses how times are shown in one browser and looks at them in another: pages, fragments of a
// stream, days of the calendar. The API goes on in UTC.
func TestAppearanceIsKept(t *testing.T) {
	t.Parallel()
	s, at := stampedSite(t)
	cookie, other := s.signIn(), s.signIn()
	s.post303("/settings/appearance", cookie, url.Values{"time_zone": {" Pacific/Kiritimati "}, "hours": {"12"}, "dates": {"month"}})
	s.post303("/settings/theme", cookie, url.Values{"theme": {"dark"}})

	far := time.FixedZone("+14", 14*60*60)
	exact := `title="` + at.In(far).Format("Mon, Jan 2, 2006, 3:04:05 PM MST") + `"`
	s.page("/destinations", other, exact, `data-theme="dark"`)
	s.page("/settings", other, `value="Pacific/Kiritimati"`, `name="hours" value="12" checked`, `name="dates" value="month" checked`)
	l := s.listen("/live/destinations", other)
	s.hub.Publish(model.Event{Kind: model.EventDestination, ID: model.NewID()})
	if html := l.until("destinations-list"); !strings.Contains(html, exact) {
		t.Errorf("the stream does not say %s:\n%.600s", exact, html)
	}
	if day := time.Now().In(far).Format("Mon, Jan 2"); !strings.Contains(s.page("/", other), "<title>"+day+": no backups") {
		t.Errorf("the calendar does not end with %s", day)
	}
	answer := s.do(ask{path: "/api/v1/backup/destinations", header: map[string]string{"Authorization": "Bearer " + s.token}})
	if !strings.Contains(answer.body, at.UTC().Format(time.RFC3339)[:19]) || regexp.MustCompile(`:\d\d[+-]\d\d:\d\d"`).MatchString(answer.body) {
		t.Errorf("the API's times: %.600s", answer.body)
	}

	s.post303("/settings/appearance", other, url.Values{"time_zone": {"Pacific/Pago_Pago"}, "hours": {"24"}, "dates": {"year"}})
	near := time.FixedZone("", -11*60*60)
	s.page("/", cookie, "<title>"+time.Now().In(near).Format("Mon 2006-01-02")+": no backups", `data-theme="dark"`)
	s.page("/destinations", cookie, at.In(near).Format("Mon 2006-01-02, 15:04:05"))
}

// TestBrowserZone follows the zone that a browser tells, and believes nothing else of it.
func TestBrowserZone(t *testing.T) {
	t.Parallel()
	s, at := stampedSite(t)
	cookie := s.signIn()
	told := func(zone string) reply {
		return s.do(ask{path: "/destinations", header: map[string]string{"Cookie": cookie.Name + "=" + cookie.Value + "; zone=" + zone}})
	}
	if r := told("Asia/Tokyo"); !strings.Contains(r.body, at.In(time.FixedZone("JST", 9*60*60)).Format("Mon 2 Jan 2006, 15:04:05 MST")) || !strings.Contains(r.body, "data-follows-zone") {
		t.Errorf("in Tokyo: %d %.600s", r.status, r.body)
	}
	server := at.Local().Format("Mon 2 Jan 2006, 15:04:05 MST")
	for _, zone := range []string{"", "Local", "../../etc/passwd", "/etc/localtime", "Europe", "%00", "%zz", strings.Repeat("A/", 900), `<script>alert(1)</script>`} {
		if r := told(zone); r.status != http.StatusOK || !strings.Contains(r.body, server) || strings.Contains(r.body, "<script>alert") {
			t.Errorf("the zone %.40q: %d, want the server's time %s", zone, r.status, server)
		}
	}
	s.post303("/settings/appearance", cookie, url.Values{"time_zone": {"UTC"}, "hours": {"24"}, "dates": {"day"}})
	if r := told("Asia/Tokyo"); !strings.Contains(r.body, at.UTC().Format("Mon 2 Jan 2006, 15:04:05 UTC")) || strings.Contains(r.body, "data-follows-zone") {
		t.Error("the browser's zone won over the chosen one")
	}
}

// TestLanguage follows what a browser asks for until a language is chosen: pages, refusals, fragments of a stream. What
// people named, and the API, stay as they are.
func TestLanguage(t *testing.T) {
	t.Parallel()
	s, _ := stampedSite(t)
	app := s.findApp("Home", false)
	cookie := s.signIn()
	with := func(accepted, path string) reply {
		return s.do(ask{path: path, header: map[string]string{"Cookie": cookie.Name + "=" + cookie.Value, "Accept-Language": accepted}})
	}
	wants := func(r reply, texts ...string) {
		t.Helper()
		for _, text := range texts {
			if !strings.Contains(r.body, text) {
				t.Errorf("%d, the answer lacks %s: %.500s", r.status, text, r.body)
			}
		}
	}
	wants(with("de-CH, fr;q=0.7", "/destinations"), `<html lang="de"`, "<bdi>Ziele</bdi>")
	wants(with("fr", "/destinations"), `<html lang="en"`, "<bdi>Destinations</bdi>")
	wants(s.do(ask{path: "/signin", header: map[string]string{"Accept-Language": "de"}}), `<html lang="de"`, ">Anmelden<")
	wants(with("de", "/nowhere"), `<html lang="de"`, "Hier ist nichts")

	s.post303("/settings/appearance", cookie, url.Values{"hours": {"24"}, "dates": {"day"}, "language": {"de"}})
	wants(with("en", "/"), `<html lang="de"`, `aria-current="page">`, "Was auf dich wartet")
	wants(with("en", "/settings"), `name="language" value="de" checked`)
	wants(with("en", "/apps"), ">Home<")
	wants(with("en", "/apps/"+app.ID.String()), "<bdi>Home</bdi>")
	wants(s.post("/settings/appearance", cookie, url.Values{"time_zone": {"Mars"}, "hours": {"24"}, "dates": {"day"}, "language": {"de"}}), "ist keine bekannte Zeitzone")
	l := s.listen("/live/destinations", cookie)
	s.hub.Publish(model.Event{Kind: model.EventDestination, ID: model.NewID()})
	if html := l.until("destinations-list"); !strings.Contains(html, "Letzte Sicherung") {
		t.Errorf("the stream is not in German:\n%.600s", html)
	}
	answer := s.do(ask{path: "/api/v1/apps/none", header: map[string]string{"Authorization": "Bearer " + s.token, "Accept-Language": "de"}})
	if answer.status < 400 || strings.Contains(answer.body, "nicht") {
		t.Errorf("the API answers %d %s", answer.status, answer.body)
	}

	s.post303("/settings/appearance", cookie, url.Values{"hours": {"24"}, "dates": {"day"}, "language": {"en"}})
	wants(with("de", "/destinations"), `<html lang="en"`)
}

// TestAppearanceRefuses wants each wrong value refused at its field, what was typed kept, and nothing saved.
func TestAppearanceRefuses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	good := func(change string, to string) url.Values {
		f := url.Values{"time_zone": {"Europe/Rome"}, "hours": {"12"}, "dates": {"year"}}
		f.Set(change, to)
		return f
	}
	tests := []struct {
		name string
		form url.Values
		want string
	}{
		{"a zone that is none", good("time_zone", "Mars/Olympus"), `id="f-time-zone-reason"`},
		{"the server’s own", good("time_zone", "Local"), `id="f-time-zone-reason"`},
		{"a path", good("time_zone", "../../../etc/passwd"), `id="f-time-zone-reason"`},
		{"a long one", good("time_zone", strings.Repeat("Europe/", 5000)), `id="f-time-zone-reason"`},
		{"a hostile one", good("time_zone", hostile), `id="f-time-zone-reason"`},
		{"hours", good("hours", "13"), `id="hours-reason"`},
		{"dates", good("dates", "week"), `id="dates-reason"`},
		{"a language", good("language", "tlh"), `id="language-reason"`},
	}
	for _, tt := range tests {
		r := s.post("/settings/appearance", cookie, tt.form)
		if r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, tt.want) || strings.Contains(r.body, "<script>alert") {
			t.Errorf("%s: %d, want 422 with %s", tt.name, r.status, tt.want)
		}
	}
	if r := s.post("/settings/appearance", cookie, good("time_zone", "Mars/Olympus")); !strings.Contains(r.body, `value="Mars/Olympus"`) || !strings.Contains(r.body, "is not a known time zone") {
		t.Error("what was typed is lost, or the reason is not said")
	}
	if r := s.post("/settings/theme", cookie, url.Values{"theme": {"purple"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a purple theme: %d", r.status)
	}
	who, err := s.store.UserByName(t.Context(), testUser)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := s.store.Appearance(t.Context(), who.ID); err != nil || a != (model.Appearance{}) {
		t.Errorf("something was saved: %+v, %v", a, err)
	}
}
