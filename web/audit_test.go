package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"keepstead/model"
	"keepstead/views"
)

// TestEveryChangeHasItsWord walks all routes that the app has: each that changes something has a word for the audit log,
// and each word has a route.
func TestEveryChangeHasItsWord(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	routed := map[string]bool{}
	for _, r := range s.app.GetRoutes(true) {
		key := r.Method + " " + r.Path
		routed[key] = true
		act, listed := acts[key]
		if changes(r.Method) && !listed {
			t.Errorf("%s has no word in acts", key)
		}
		if act != silent && act != model.ActSwitch && !act.Known() {
			t.Errorf("%s has a word that is no act: %q", key, act)
		}
	}
	for key := range acts {
		if !routed[key] {
			t.Errorf("%s has a word and no route", key)
		}
	}
}

// audited returns the newest entry.
func (s *site) audited() model.AuditEntry {
	s.t.Helper()
	log, err := s.store.AuditLog(s.t.Context(), model.AuditFilter{Page: model.Page{Limit: 1}})
	if err != nil || len(log) != 1 {
		s.t.Fatalf("%d entries, %v", len(log), err)
	}
	return log[0]
}

// TestEveryChangeIsWrittenDown sends a request to each route with a word, signed in and not: each leaves one entry.
func TestEveryChangeIsWrittenDown(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	live := s.signIn()
	bearer := map[string]string{"Authorization": "Bearer " + s.token}
	for key, act := range acts {
		method, path, _ := strings.Cut(key, " ")
		if path == "/signout" || act == silent {
			continue
		}
		before := s.audited().ID
		a := ask{method: method, path: fill(path), cookie: live}
		if strings.HasPrefix(path, apiPrefix) {
			a.header, a.cookie = bearer, nil
		}
		r := s.do(a)
		got := s.audited()
		if got.ID == before {
			t.Errorf("%s: %d, and nothing is written down", key, r.status)
			continue
		}
		if (got.Outcome == model.AuditRefused) != (r.status >= 400 || path == "/setup") || got.IP != "127.0.0.1" {
			t.Errorf("%s: %d is written down as %+v", key, r.status, got)
		}
		if act != model.ActSwitch && act != model.ActChange && got.Act != act {
			t.Errorf("%s is written down as %s", key, got.Act)
		}
		if a.cookie == nil && (got.ActorKind != model.ActorToken || got.Actor != "test") || a.cookie != nil && !strings.HasPrefix(path, "/signin") && path != "/setup" && got.Actor != testUser {
			t.Errorf("%s is by %s %q", key, got.ActorKind, got.Actor)
		}
	}
}

// TestAuditTells does things and reads what the log says of them.
func TestAuditTells(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	app := s.findApp("Photos", true)
	const evil = `<i>"&my secret password`
	tests := []struct {
		name string
		do   func() reply
		want model.AuditEntry
	}{
		{
			"a sign-in", func() reply {
				return s.post("/signin", nil, url.Values{"name": {testUser}, "password": {testPassword}})
			},
			model.AuditEntry{ActorKind: model.ActorUser, Actor: testUser, Act: model.ActSignIn, SubjectKind: model.SubjectUser, SubjectName: testUser, Outcome: model.AuditDone},
		},
		{
			"a wrong password", func() reply { return s.post("/signin", nil, url.Values{"name": {testUser}, "password": {evil}}) },
			model.AuditEntry{ActorKind: model.ActorUnknown, Act: model.ActSignIn, SubjectKind: model.SubjectUser, SubjectName: testUser, Outcome: model.AuditRefused, Reason: model.ReasonDenied},
		},
		{
			"a password as the name", func() reply { return s.post("/signin", nil, url.Values{"name": {evil}, "password": {"x"}}) },
			model.AuditEntry{ActorKind: model.ActorUnknown, Act: model.ActSignIn, Outcome: model.AuditRefused, Reason: model.ReasonDenied},
		},
		{
			"an app switched off", func() reply {
				return s.post("/apps/"+app.ID.String()+"/toggle", cookie, url.Values{"enabled": {"off"}})
			},
			model.AuditEntry{ActorKind: model.ActorUser, Actor: testUser, Act: model.ActTurnOff, SubjectKind: model.SubjectApp, SubjectID: app.ID, SubjectName: "Photos", Outcome: model.AuditDone},
		},
		{
			"several apps", func() reply { return s.post("/apps/accept", cookie, nil) },
			model.AuditEntry{ActorKind: model.ActorUser, Actor: testUser, Act: model.ActAccept, SubjectKind: model.SubjectApp, SubjectName: "Photos", Outcome: model.AuditDone},
		},
		{"a user", func() reply {
			return s.post("/settings/users", cookie, url.Values{"name": {"ann"}, "password": {"long enough for ann"}, "current_password": {testPassword}})
		}, model.AuditEntry{ActorKind: model.ActorUser, Actor: testUser, Act: model.ActCreate, SubjectKind: model.SubjectUser, SubjectName: "ann", Outcome: model.AuditDone}},
		{
			"a refused form", func() reply {
				return s.post("/settings/users", cookie, url.Values{"name": {evil}, "password": {"short"}, "current_password": {testPassword}})
			},
			model.AuditEntry{ActorKind: model.ActorUser, Actor: testUser, Act: model.ActCreate, SubjectKind: model.SubjectUser, Outcome: model.AuditRefused, Reason: model.ReasonInvalid},
		},
		{"another site", func() reply {
			return s.do(ask{method: "POST", path: "/backup", cookie: cookie, header: map[string]string{"Sec-Fetch-Site": "cross-site"}})
		}, model.AuditEntry{ActorKind: model.ActorUnknown, Act: model.ActBackUp, Outcome: model.AuditRefused, Reason: model.ReasonForeign}},
		{"a wrong token", func() reply {
			return s.do(ask{path: "/api/v1/apps", header: map[string]string{"Authorization": "Bearer ks_" + evil}})
		}, model.AuditEntry{ActorKind: model.ActorUnknown, Act: model.ActUseToken, Outcome: model.AuditRefused, Reason: model.ReasonDenied}},
		{"an app removed by a token", func() reply {
			return s.do(ask{method: "DELETE", path: "/api/v1/apps/" + app.ID.String(), header: map[string]string{"Authorization": "Bearer " + s.token}})
		}, model.AuditEntry{ActorKind: model.ActorToken, Actor: "test", Act: model.ActRemove, SubjectKind: model.SubjectApp, SubjectID: app.ID, SubjectName: "Photos", Outcome: model.AuditDone}},
		{"a sign-out", func() reply { return s.post("/signout", s.signIn(), nil) }, model.AuditEntry{ActorKind: model.ActorUser, Actor: testUser, Act: model.ActSignOut, Outcome: model.AuditDone}},
	}
	for _, tt := range tests {
		r := tt.do()
		got := s.audited()
		tt.want.ID, tt.want.At, tt.want.IP = got.ID, got.At, "127.0.0.1"
		if tt.want.SubjectKind == model.SubjectUser && got.SubjectName != "" {
			tt.want.SubjectID = got.SubjectID
		}
		if got != tt.want {
			t.Errorf("%s (%d):\n%+v, want\n%+v", tt.name, r.status, got, tt.want)
		}
		if time.Since(got.At) > time.Minute {
			t.Errorf("%s: at %s", tt.name, got.At)
		}
	}
	for _, path := range []string{"/", "/settings", "/settings/audit", "/apps"} {
		before := s.audited()
		s.page(path, cookie)
		if s.audited() != before {
			t.Errorf("%s is written down", path)
		}
	}
	body := s.page("/settings/audit", cookie, "Somebody unknown", "Missing or wrong credentials.", "API token", "/settings#users")
	if strings.Contains(body, "secret password") {
		t.Error("the log holds what somebody typed")
	}
}

// TestAuditFilters wants each filter to choose, links to what is there alone, pages of fifty, and no word that it does not know.
func TestAuditFilters(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	there, gone := s.findApp("Photos", true), model.NewID()
	for i := range 60 {
		e := model.AuditEntry{ActorKind: model.ActorToken, Actor: "robot 100%", Act: model.ActBackUp, SubjectKind: model.SubjectApp, SubjectID: there.ID, SubjectName: "Photos", Outcome: model.AuditDone}
		if i == 7 {
			e.Actor, e.Act, e.SubjectID, e.SubjectName, e.Outcome, e.Reason = "eva", model.ActRemove, gone, "Films_2", model.AuditRefused, model.ReasonConflict
		}
		if err := s.store.CreateAuditEntry(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	rows := func(path string) int {
		t.Helper()
		return strings.Count(s.page(path, cookie), "<tr>") - 1
	}
	for path, want := range map[string]int{
		"/settings/audit": 50, "/settings/audit?who=EVA": 1, "/settings/audit?who=100%25": 50, "/settings/audit?who=%25%25": 0, "/settings/audit?subject=ms_2": 1,
		"/settings/audit?kind=removals": 1, "/settings/audit?kind=sign-ins": 1, "/settings/audit?kind=nonsense&outcome=nonsense": 50, "/settings/audit?outcome=refused": 1,
		"/settings/audit?kind=work&who=eva": 0,
	} {
		if got := max(0, rows(path)); got != want {
			t.Errorf("%s shows %d entries, want %d", path, got, want)
		}
	}
	s.page("/settings/audit?who=robot&kind=work", cookie, `who=robot`, `kind=work`, "Older", views.AppPath(there.ID), `value="robot"`)
	if body := s.page("/settings/audit?who=eva", cookie, "Films_2"); strings.Contains(body, gone.String()) {
		t.Error("what is gone is linked")
	}
	s.page("/settings/audit?who=nobody", cookie, "No entry matches", "Clear")
	if r := s.do(ask{path: "/settings/audit?cursor=x", cookie: cookie}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a strange cursor: %d", r.status)
	}
	for _, method := range []string{"DELETE", "POST", "PUT"} {
		if r := s.do(ask{method: method, path: "/settings/audit", cookie: cookie, header: map[string]string{"Sec-Fetch-Site": "same-origin"}}); r.status < 400 {
			t.Errorf("%s: %d", method, r.status)
		}
	}
}

// TestStrangersDoNotFillTheAuditLog tries a hundred wrong tokens: some are written down, and the last says that the rest is not.
func TestStrangersDoNotFillTheAuditLog(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for range 100 {
		s.do(ask{path: "/api/v1/apps", header: map[string]string{"Authorization": "Bearer ks_wrong"}})
	}
	log, err := s.store.AuditLog(t.Context(), model.AuditFilter{})
	if err != nil || len(log) != 20 || log[0].Reason != model.ReasonMuted {
		t.Fatalf("%d entries, %v, the newest %+v", len(log), err, log[0])
	}
	s.signIn()
	if got := s.audited(); got.Act != model.ActSignIn || got.Outcome != model.AuditDone {
		t.Errorf("a good sign-in is left out: %+v", got)
	}
	if _, err := s.store.SubjectName(t.Context(), model.SubjectApp, model.NewID()); !errors.Is(err, model.ErrNotFound) {
		t.Errorf("the name of nothing: %v", err)
	}
}

// TestAuditAPI lists entries page by page, by filter, and refuses acts that do not exist.
func TestAuditAPI(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	app := s.findApp("Photos", true)
	bearer := map[string]string{"Authorization": "Bearer " + s.token}
	s.do(ask{method: "POST", path: "/api/v1/apps/" + app.ID.String() + "/accept", header: bearer})
	s.signIn()
	get := func(query string) (out struct {
		Entries []struct {
			Act, Actor, Outcome string
			ActorKind           string `json:"actor_kind"`
			Subject             struct{ Kind, ID, Name string }
		}
		NextCursor string `json:"next_cursor"`
	},
	) {
		t.Helper()
		r := s.do(ask{path: "/api/v1/audit" + query, header: bearer})
		if err := json.Unmarshal([]byte(r.body), &out); err != nil || r.status != http.StatusOK {
			t.Fatalf("%s: %d %s %v", query, r.status, r.body, err)
		}
		return out
	}
	first := get("?limit=1")
	if len(first.Entries) != 1 || first.Entries[0].Act != "sign_in" || first.NextCursor == "" {
		t.Fatalf("the first page: %+v", first)
	}
	second := get("?limit=1&cursor=" + first.NextCursor)
	if e := second.Entries[0]; e.Act != "accept" || e.ActorKind != "token" || e.Actor != "test" || e.Subject.ID != app.ID.String() || e.Subject.Name != "Photos" || second.NextCursor != "" {
		t.Errorf("the second page: %+v", second)
	}
	for query, want := range map[string]int{"?act=accept&act=remove": 1, "?who=TES": 1, "?subject=hoto": 1, "?outcome=refused": 0} {
		if got := get(query); len(got.Entries) != want {
			t.Errorf("%s: %d entries", query, len(got.Entries))
		}
	}
	if r := s.do(ask{path: "/api/v1/audit?act=explode", header: bearer}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("an act that does not exist: %d", r.status)
	}
}
