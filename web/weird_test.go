package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/net/html"

	"keepstead/model"
	"keepstead/store"
)

// weird is what a container, a machine or a platform may be named, with bytes that are no text, as they come in.
var weird = "⟦\"><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}\u202e\x1b[31m\xff\x00\r\n\nevent: nav-running\ndata: <b>7</b>\n\n👩‍👩‍👦" +
	strings.Repeat("W", 200) + "⟧"

// kept is how the store keeps it: as text.
var kept = strings.ReplaceAll(strings.ToValidUTF8(weird, "\ufffd"), "\x00", "\ufffd")

// oddHouse is a site on which everything that has a name has a weird one.
type oddHouse struct {
	*site
	cookie                                    *http.Cookie
	app, destination, policy, job, open, snap uuid.UUID
}

func newOddHouse(t *testing.T) *oddHouse {
	t.Helper()
	h := &oddHouse{site: newSite(t)}
	h.cookie = h.signIn()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	device, err := h.store.LocalDevice(ctx)
	must(err)
	device.Name = weird
	_, err = h.store.UpdateDevice(ctx, device)
	must(err)
	d, err := h.store.CreateDestination(ctx, model.Destination{
		Name: weird, Type: model.DestinationLocal, LocalDeviceID: device.ID, LocalPath: "/" + weird, RepoPassword: model.Sealed{1}, Enabled: true,
		RepoInitialized: true, Provider: weird, Site: weird, LastError: weird,
	})
	must(err)
	p, err := h.store.CreatePolicy(ctx, model.Policy{
		Name: weird, Description: weird, Enabled: true, Schedule: "0 0 29 2 *", DestinationIDs: []uuid.UUID{d.ID}, Retention: model.Retention{KeepLast: 1},
	})
	must(err)
	_, err = h.store.JoinDefaultPolicy(ctx, d.ID)
	must(err)
	app := h.findApp(weird, false)
	c, err := h.store.CreateConfiguration(ctx, model.Configuration{AppID: app.ID, PolicyID: p.ID, Enabled: true, IncludePaths: []string{weird}, ExcludePaths: []string{weird}})
	must(err)
	h.app, h.destination, h.policy = app.ID, d.ID, p.ID
	h.job, h.snap = h.backup(c, d, true)
	h.open, _ = h.backup(c, d, false)
	must(os.WriteFile(filepath.Join(h.dir, "logs", h.job.String()+".log"), []byte(weird+"\n"), 0o600))
	return h
}

// backup makes the rows of a backup, ended in part or waiting.
func (h *oddHouse) backup(c model.Configuration, d model.Destination, end bool) (job, snap uuid.UUID) {
	h.t.Helper()
	ctx := h.t.Context()
	s := model.Snapshot{ID: model.NewID(), ConfigurationID: c.ID, DestinationID: d.ID, AppID: c.AppID, Hostname: weird, Paths: []string{"/" + weird}, StartedAt: time.Now().UTC()}
	made, err := h.store.CreateJobs(ctx, []model.Job{{
		Kind: model.JobBackup, Trigger: model.TriggerManual, ConfigurationID: c.ID, DestinationID: d.ID, AppID: c.AppID, SnapshotID: s.ID,
	}}, []model.Snapshot{s})
	if err != nil || len(made) != 1 {
		h.t.Fatal(len(made), err)
	}
	if !end {
		return made[0].ID, s.ID
	}
	if _, err := h.store.ClaimJob(ctx, store.Limits{Total: 4, PerDestination: 2, Restores: 1}); err != nil {
		h.t.Fatal(err)
	}
	now := time.Now().UTC()
	s.Status, s.ResticSnapshotID, s.CompletedAt, s.ErrorMessage, s.FailedFiles, s.FailedCount = model.SnapshotPartial, strings.Repeat("ab", 32), &now, weird, []model.FailedFile{{Path: "/" + weird, Reason: weird}}, 1
	if err := h.store.FinishJob(ctx, made[0].ID, store.Outcome{State: model.JobPartial, Message: weird, Mend: weird, Snapshot: &s}); err != nil {
		h.t.Fatal(err)
	}
	return made[0].ID, s.ID
}

// harmlessText fails when a browser would run something of what others wrote, and returns the page's text.
func harmlessText(t *testing.T, where, page string) string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for n := range root.Descendants() {
		switch {
		case n.Type == html.TextNode:
			text.WriteString(n.Data)
		case n.Type != html.ElementNode:
		case n.Data == "script" && n.FirstChild != nil, n.Data == "img" && !strings.Contains(page, "preview"):
			t.Errorf("%s holds <%s> %v", where, n.Data, n.Attr)
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Val)), "javascript:") {
				t.Errorf("%s: <%s %s=%q>", where, n.Data, a.Key, a.Val)
			}
			text.WriteString("\n" + a.Val)
		}
	}
	return text.String()
}

// TestWeirdNames reads all pages, the API and the events of a house in which everything has a weird name.
func TestWeirdNames(t *testing.T) {
	t.Parallel()
	h := newOddHouse(t)
	asShown := strings.ReplaceAll(strings.ReplaceAll(kept, "\r\n", "\n"), "\r", "\n")
	for _, path := range []string{
		"/", "/apps", "/apps/new", "/policies", "/policies/new", "/activity", "/snapshots", "/destinations", "/destinations/new", "/devices", "/settings",
		"/setup/destination", "/setup/apps", fmt.Sprintf("/apps/%s", h.app), fmt.Sprintf("/apps/%s/files", h.app), fmt.Sprintf("/apps/%s/forget", h.app),
		fmt.Sprintf("/policies/%s", h.policy), fmt.Sprintf("/jobs/%s", h.job), fmt.Sprintf("/jobs/%s", h.open), fmt.Sprintf("/destinations/%s", h.destination),
		fmt.Sprintf("/destinations/%s/edit", h.destination), fmt.Sprintf("/destinations/%s/remove", h.destination), fmt.Sprintf("/snapshots/%s", h.snap),
		fmt.Sprintf("/snapshots/%s/restore", h.snap), fmt.Sprintf("/snapshots/%s/forget", h.snap), fmt.Sprintf("/snapshots/%s/compare", h.snap), "/apps?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E",
	} {
		text := harmlessText(t, path, h.page(path, h.cookie))
		own := strings.HasPrefix(path, "/settings") || strings.HasSuffix(path, "/new") || strings.HasPrefix(path, "/setup") || strings.Contains(path, "?q=")
		if !own && !strings.Contains(text, asShown) {
			t.Errorf("%s does not hold the name as it is", path)
		}
	}
	h.weirdJSON()
	h.weirdEvents()
}

// weirdJSON asks the API: names come back as they are kept.
func (h *oddHouse) weirdJSON() {
	h.t.Helper()
	for path, list := range map[string]string{
		"/apps": "apps", "/jobs": "jobs", "/devices": "devices", "/backup/destinations": "destinations", "/backup/policies": "policies",
		"/backup/snapshots": "snapshots",
	} {
		r := h.do(ask{path: "/api/v1" + path, header: map[string]string{"Authorization": "Bearer " + h.token}})
		var out map[string]any
		if err := json.Unmarshal([]byte(r.body), &out); err != nil || r.status != http.StatusOK {
			h.t.Errorf("%s: %d, %v: %.300s", path, r.status, err, r.body)
			continue
		}
		if !holds(out[list], kept) {
			h.t.Errorf("%s does not hold the name as it is: %.2000s", path, r.body)
		}
	}
}

// holds looks for a text in all that JSON holds.
func holds(value any, text string) bool {
	switch v := value.(type) {
	case string:
		return strings.Contains(v, text)
	case []any:
		for _, one := range v {
			if holds(one, text) {
				return true
			}
		}
	case map[string]any:
		for _, one := range v {
			if holds(one, text) {
				return true
			}
		}
	}
	return false
}

// weirdEvents has every page's stream send what it has, and looks for an event that a name made.
func (h *oddHouse) weirdEvents() {
	h.t.Helper()
	for view, last := range map[string]string{
		"home": "home-recent", "apps": "apps-list", "activity": "activity-list", "snapshots": "snapshots-list", "destinations": "destinations-list", "policies": "policies-list",
		"devices": "devices-list", "app/" + h.app.String(): "app-jobs", "destination/" + h.destination.String(): "destination-jobs",
	} {
		l := h.listen("/live/"+view, h.cookie)
		for _, kind := range []model.EventKind{model.EventApp, model.EventJob, model.EventDestination, model.EventPolicy, model.EventDevice, model.EventSnapshot} {
			h.hub.Publish(model.Event{Kind: kind, ID: h.destination, AppID: h.app, DestinationID: h.destination, JobKind: model.JobBackup})
		}
		seen := false
		for name := ""; name != "nav-running"; {
			var data string
			name, data, _ = strings.Cut(l.next(), "\n")
			if name == "nav-running" && strings.Contains(data, "<b>7") {
				h.t.Errorf("%s: a name made an event: %q", view, data)
			}
			seen = seen || name == last
			harmlessText(h.t, view+" "+name, data)
		}
		if !seen {
			h.t.Errorf("%s did not send %s", view, last)
		}
	}
}

// TestEmptyHouse opens every page of a Keepstead that has nothing yet.
func TestEmptyHouse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	srv, opened := server{Options: s.opts}, 0
	for _, r := range srv.routes() {
		if r.Method != http.MethodGet || strings.ContainsAny(r.Path, ":*") || r.Path == "/setup" || slices.Contains([]string{"/signin/code", "/healthz", "/readyz", "/manifest.webmanifest"}, r.Path) {
			continue
		}
		opened++
		path := r.Path
		who := cookie
		if path == "/signin" { // leads on where somebody is signed in
			if r := s.do(ask{path: path, cookie: cookie}); r.status != http.StatusSeeOther || r.header.Get("Location") != "/" {
				t.Errorf("the sign-in page in a browser that is signed in: %d %s", r.status, r.header.Get("Location"))
			}
			who = nil
		}
		if page := s.do(ask{path: path, cookie: who}); page.status != http.StatusOK || strings.Count(page.body, "<h1") != 1 {
			t.Errorf("%s: %d, %d main headings", path, page.status, strings.Count(page.body, "<h1"))
		}
	}
	if opened < 15 {
		t.Errorf("only %d pages were opened", opened)
	}
}
