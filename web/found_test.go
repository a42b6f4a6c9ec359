package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
	"keepstead/views"
)

// hostile is what somebody may write into a label, a name or a path.
const hostile = `<script>alert(1)</script>"'` + "\u202e" + `مرحبا`

// findApp puts an app as discovery would, protected or waiting for a decision.
func (s *site) findApp(name string, pending bool) model.App {
	s.t.Helper()
	ctx := s.t.Context()
	local, err := s.store.LocalDevice(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	policy, err := s.store.DefaultPolicy(ctx)
	if err != nil {
		s.t.Fatal(err)
	}
	row := store.FoundApp{New: true, App: model.App{
		ID: model.NewID(), DeviceID: local.ID, Name: name, Kind: model.AppCompose, Origin: model.OriginFound, Project: name, Pending: pending,
		Found: &model.Found{
			ConfigFiles: []string{"/opt/" + hostile}, ComposeError: hostile, Problems: []string{hostile}, SeenAt: time.Now().UTC(),
			Services: []model.FoundService{
				{Name: "db", Image: "postgres:16", Running: 1, State: "running", Database: model.Postgres, DatabaseWhy: hostile, Strategy: model.StrategyDump, Why: hostile, Origin: "auto"},
				{Name: hostile, Image: hostile, Running: 1, State: "running", Strategy: model.StrategyHot, Why: "w", Origin: "auto"},
			},
			Mounts: []model.FoundMount{
				{Kind: model.MountVolume, Name: "data", Users: []string{hostile}, Role: model.RoleDumped},
				{Kind: model.MountBind, Source: "/srv/" + hostile, Role: model.RoleAsk, Why: hostile},
			},
		},
	}}
	if !pending {
		row.Automatic = &model.Configuration{PolicyID: policy.ID, Enabled: true, BackupVolumes: true, BackupCompose: true, BackupEnv: true}
	}
	if err := s.store.PutFoundApps(ctx, []store.FoundApp{row}); err != nil {
		s.t.Fatal(err)
	}
	return row.App
}

// page reads a page that must be there and hold the texts.
func (s *site) page(path string, cookie *http.Cookie, want ...string) string {
	s.t.Helper()
	r := s.do(ask{path: path, cookie: cookie})
	if r.status != http.StatusOK {
		s.t.Fatalf("GET %s: %d\n%.600s", path, r.status, r.body)
	}
	for _, text := range want {
		if !strings.Contains(r.body, text) {
			s.t.Errorf("GET %s does not say %q", path, text)
		}
	}
	if strings.Contains(r.body, "<script>alert") {
		s.t.Errorf("GET %s holds what somebody else wrote as a script", path)
	}
	return r.body
}

// post303 sends a form that must be accepted.
func (s *site) post303(path string, cookie *http.Cookie, form url.Values) {
	s.t.Helper()
	if r := s.post(path, cookie, form); r.status != http.StatusSeeOther {
		s.t.Fatalf("POST %s: %d\n%.600s", path, r.status, r.body)
	}
}

func TestFoundAppsAreDecidedUpon(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	yes, no, third := s.findApp("yes", true), s.findApp("no", true), s.findApp("third", true)
	s.page("/apps", cookie, "3 apps were found", "Protect all", "Compose project, 2 services, 1 database")
	s.page("/", cookie, "3 apps were found and are not protected")
	s.page("/apps/"+yes.ID.String(), cookie, "Protect it?")

	s.post303("/apps/"+yes.ID.String()+"/accept", cookie, url.Values{"next": {"/apps"}})
	s.post303("/apps/"+no.ID.String()+"/decline", cookie, nil)
	s.post303("/apps/accept", cookie, nil)
	for id, follows := range map[uuid.UUID]int{yes.ID: 1, no.ID: 0, third.ID: 1} {
		got, err := s.store.Configurations(t.Context(), store.ConfigurationFilter{AppID: id})
		if err != nil || len(got) != follows {
			t.Errorf("%d configurations, want %d (%v)", len(got), follows, err)
		}
	}
	if body := s.page("/apps", cookie, "not protected"); strings.Contains(body, "were found") {
		t.Error("a decided app is still asked about")
	}
	s.page("/apps/"+no.ID.String(), cookie, "This app is not protected")
	if r := s.post("/apps/"+no.ID.String()+"/decline", cookie, nil); r.status != http.StatusConflict {
		t.Errorf("declined twice: %d", r.status)
	}
	s.post303("/apps/"+no.ID.String()+"/accept", cookie, nil)
	s.page("/apps/"+no.ID.String(), cookie, "Back up now")
}

func TestCaptureForm(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	app := s.findApp("shop", false)
	at := "/apps/" + app.ID.String()
	s.page(at, cookie, "How it is captured", "Automatic: database dump", "Your decision", "&lt;script&gt;", "made from the containers instead")

	form := url.Values{
		"service": {views.FileValue("db"), views.FileValue(hostile)}, "strategy": {"", "stop"}, "pre": {"", "sync"}, "post": {"", ""},
		"timeout": {"", "60"}, "on_failure": {"", "go_on"}, "raw_too": {"on"},
	}
	s.post303(at+"/capture", cookie, form)
	s.post303(at+"/binds", cookie, url.Values{"path": {views.FileValue("/srv/" + hostile)}, "take": {"on"}})
	all, err := s.store.Configurations(t.Context(), store.ConfigurationFilter{AppID: app.ID})
	if err != nil || len(all) != 1 || all[0].Capture == nil {
		t.Fatalf("%+v, %v", all, err)
	}
	c := all[0].Capture
	if c.Strategies[hostile] != model.StrategyStop || len(c.Strategies) != 1 || c.Hooks[hostile].Timeout != 60 || !c.RawToo || !c.Binds["/srv/"+hostile] {
		t.Errorf("kept %+v", c)
	}
	s.page(at, cookie, `value="60"`)

	form["timeout"] = []string{"", "soon"}
	r := s.post(at+"/capture", cookie, form)
	if r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, "whole number of seconds") || !strings.Contains(r.body, `value="soon"`) {
		t.Errorf("a refused form: %d", r.status)
	}
	form["strategy"], form["timeout"] = []string{"", "dump"}, []string{"", ""}
	if r := s.post(at+"/capture", cookie, form); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a dump of no database: %d", r.status)
	}
	for _, path := range []string{"", "%zz", views.FileValue("/nowhere")} {
		if r := s.post(at+"/binds", cookie, url.Values{"path": {path}, "take": {"on"}}); r.status != http.StatusUnprocessableEntity {
			t.Errorf("the folder %q: %d", path, r.status)
		}
	}
	if r := s.post("/apps/"+uuid.NewString()+"/capture", cookie, form); r.status != http.StatusNotFound {
		t.Errorf("an app that is not there: %d", r.status)
	}
}

// TestScopeOfAnApp turns off what is unticked, and leaves the scope of an app of folders alone.
func TestScopeOfAnApp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	app := s.findApp("shop", false)
	all, err := s.store.Configurations(t.Context(), store.ConfigurationFilter{AppID: app.ID})
	if err != nil || len(all) != 1 {
		t.Fatal(err)
	}
	conf := all[0]
	form := url.Values{"policy_id": {conf.PolicyID.String()}, "retention": {"policy"}}
	s.post303("/configurations/"+conf.ID.String(), cookie, form)
	form["scope"], form["backup_volumes"] = []string{"on"}, []string{"on"}
	for _, want := range []bool{true, false} {
		got, err := s.store.Configuration(t.Context(), conf.ID)
		if err != nil || !got.BackupVolumes || got.BackupCompose != want || got.BackupEnv != want {
			t.Errorf("the scope is %+v, %v; want %v", got, err, want)
		}
		s.post303("/configurations/"+conf.ID.String(), cookie, form)
	}
}

func TestDiscoverySettings(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	s.post303("/settings/discovery", cookie, url.Values{"mode": {"ask"}})
	if body := s.page("/settings", cookie); !strings.Contains(body, `value="ask" checked`) {
		t.Error("the page does not show the mode that was chosen")
	}
	if r := s.post("/settings/discovery", cookie, url.Values{"mode": {"never"}}); r.status != http.StatusUnprocessableEntity {
		t.Errorf("a mode that is none: %d", r.status)
	}
	s.post303("/apps/discover", cookie, nil) // no engine, and no failure
}

// keepSnapshot puts a snapshot of an app as a backup would.
func (s *site) keepSnapshot(app model.App, contents *model.Contents) uuid.UUID {
	s.t.Helper()
	ctx := s.t.Context()
	destination, err := s.store.CreateDestination(ctx, model.Destination{
		Name: "nas", Type: model.DestinationLocal, Enabled: true, LocalDeviceID: app.DeviceID, LocalPath: "/mnt/nas", RepoPassword: model.Sealed{1}, RepoInitialized: true,
	})
	if err != nil {
		s.t.Fatal(err)
	}
	all, err := s.store.Configurations(ctx, store.ConfigurationFilter{AppID: app.ID})
	if err != nil || len(all) != 1 {
		s.t.Fatalf("%d configurations, %v", len(all), err)
	}
	now := time.Now().UTC()
	snapshot := model.Snapshot{
		ID: model.NewID(), AppID: app.ID, ConfigurationID: all[0].ID, DestinationID: destination.ID, ResticSnapshotID: strings.Repeat("ab", 32),
		Status: model.SnapshotSuccess, Paths: []string{"/srv"}, StartedAt: now, CompletedAt: &now, CreatedAt: now, Contents: contents,
	}
	if _, err := s.store.CreateSnapshots(ctx, []model.Snapshot{snapshot}); err != nil {
		s.t.Fatal(err)
	}
	return snapshot.ID
}

func TestRestoreFormOfAnApp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	app := s.findApp("shop", false)
	id := s.keepSnapshot(app, &model.Contents{
		Version: 1, AppName: "shop", Project: "shop", WorkingDir: "/opt/shop", Services: []model.ContentService{{Name: "db", Image: hostile, Ports: []string{"0.0.0.0:5432->5432/tcp"}}},
		Volumes: []model.ContentVolume{{FoundMount: model.FoundMount{Kind: model.MountVolume, Name: hostile}, In: "/x"}},
		Dumps:   []model.Dump{{Service: "db", Kind: model.Postgres, Database: "shop", Objects: 3}},
	})
	at := "/snapshots/" + id.String()
	s.page(at, cookie, "What it holds", "db: shop", "3 tables")
	s.page(at+"/contents", cookie, "What it holds")
	s.page(at+"/restore", cookie, "The whole app", "Parts of it", "shop-restored", "/opt/shop-restored", "5432", `name="mode" value="parts" checked`)
	s.page(at+"/restore?file="+url.QueryEscape(views.FileValue("/srv/a")), cookie, `name="mode" value="files" checked`)
	tests := []struct {
		name string
		form url.Values
		want string
	}{
		{"no part", url.Values{"mode": {"parts"}}, "Choose at least one volume or database."},
		{"no name", url.Values{"mode": {"new_project"}, "folder": {"/opt/x"}}, "Give the new project a name."},
		{"a port in words", url.Values{"mode": {"new_project"}, "project": {"x"}, "folder": {"/opt/x"}, "port_from": {"5432"}, "port_to": {"http"}}, "leave it empty for a free one"},
		{"another way", url.Values{"mode": {"sideways"}}, "Choose one of"},
		{"files without a folder", url.Values{"mode": {"files"}, "where": {"folder"}}, "target_path"},
	}
	for _, tt := range tests {
		for _, path := range []string{at + "/restore", at + "/restore/plan"} {
			r := s.post(path, cookie, tt.form)
			if r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, tt.want) || strings.Contains(r.body, "<script>alert") {
				t.Errorf("%s at %s: %d, want 422 with %q", tt.name, path, r.status, tt.want)
			}
		}
	}
}

// TestRestoreInPlaceKeepsWhatWasTyped: what was unticked stays so when the form comes back.
func TestRestoreInPlaceKeepsWhatWasTyped(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	at := "/snapshots/" + s.keepSnapshot(s.findApp("shop", false), &model.Contents{Version: 1, AppName: "shop", Project: "shop"}).String() + "/restore"
	const safety, stop = `name="safety" value="on" checked`, `name="stop" value="on" checked`
	s.page(at, cookie, safety, stop)
	typed := url.Values{"mode": {"files"}, "where": {"in_place"}, "file": {"%zz"}}
	for _, path := range []string{at, at + "/plan"} {
		r := s.post(path, cookie, typed)
		if r.status != http.StatusUnprocessableEntity || strings.Contains(r.body, safety) || strings.Contains(r.body, stop) {
			t.Errorf("nothing ticked at %s: %d %s", path, r.status, r.body)
		}
	}
	typed["safety"], typed["stop"] = []string{"on"}, []string{"on"}
	if r := s.post(at, cookie, typed); r.status != http.StatusUnprocessableEntity || !strings.Contains(r.body, safety) || !strings.Contains(r.body, stop) {
		t.Errorf("both ticked: %d %s", r.status, r.body)
	}
}

// TestFilesGoBackFromASafetySnapshot: what a restore of files overwrote goes back to its place, with the app stopped.
func TestFilesGoBackFromASafetySnapshot(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	saved, err := s.store.Snapshot(t.Context(), s.keepSnapshot(s.findApp("shop", false), nil))
	if err != nil {
		t.Fatal(err)
	}
	saved.ID, saved.ResticSnapshotID, saved.Safety = model.NewID(), strings.Repeat("cd", 32), true
	if _, err := s.store.CreateSnapshots(t.Context(), []model.Snapshot{saved}); err != nil {
		t.Fatal(err)
	}
	cookie := s.signIn()
	if page := s.page("/snapshots/"+saved.ID.String(), cookie); strings.Contains(page, "/contents") {
		t.Error("the snapshot's page looks for an app in it")
	}
	page := s.page("/snapshots/"+saved.ID.String()+"/restore", cookie, `value="in_place" checked`, `name="safety" value="on" checked`, `name="stop" value="on" checked`)
	if strings.Contains(page, "Only files can be restored") {
		t.Error("the page complains of a snapshot that holds what it should")
	}
}

func TestContentsThatCannotBeRead(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	id := s.keepSnapshot(s.findApp("shop", false), nil)
	at := "/snapshots/" + id.String()
	s.page(at, cookie, "Reading it from the repository", at+"/contents")
	r := s.do(ask{path: at + "/contents", cookie: cookie, header: map[string]string{"HX-Request": "true"}})
	if r.status != http.StatusOK || !strings.Contains(r.body, `role="alert"`) || strings.Contains(r.body, "<html") {
		t.Errorf("the fragment: %d %.300s", r.status, r.body)
	}
	s.page(at+"/restore", cookie, "Only files can be restored")
	if r := s.do(ask{path: "/snapshots/" + uuid.NewString() + "/contents", cookie: cookie}); r.status != http.StatusNotFound {
		t.Errorf("no such snapshot: %d", r.status)
	}
}

// TestFoundAppsAreLive: an app that was found comes to an open page by itself.
func TestFoundAppsAreLive(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	stream := s.listen("/live/apps", s.signIn())
	app := s.findApp("tonight", false)
	start := time.Now()
	s.hub.Publish(model.Event{Kind: model.EventApp, ID: app.ID, AppID: app.ID})
	got := stream.until(views.AppsListID)
	if !strings.Contains(got, "tonight") || time.Since(start) > 10*time.Second {
		t.Errorf("after %v: %.300s", time.Since(start), got)
	}
}
