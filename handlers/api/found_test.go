package api

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
)

// hostile is what somebody may write into a label or a name.
const hostile = `<script>alert(1)</script>"'` + "\u202e" + `مرحبا`

func foundShop() *model.Found {
	return &model.Found{
		WorkingDir: "/opt/shop", ConfigFiles: []string{"/opt/shop/compose.yml"}, Problems: []string{hostile}, SeenAt: time.Now().UTC(),
		IDs: []string{"0123"},
		Services: []model.FoundService{
			{Name: "db", Image: hostile, Containers: []string{"shop-db-1"}, Running: 1, State: "running", Database: model.Postgres, Strategy: model.StrategyDump, Why: "w", Origin: "auto"},
			{Name: "web", Image: "web", State: "exited", Strategy: model.StrategyHot, Why: "w", Origin: "auto"},
		},
		Mounts: []model.FoundMount{
			{Kind: model.MountVolume, Name: "shop_db", Source: "/v/shop_db", Users: []string{"db:/data"}, Role: model.RoleDumped},
			{Kind: model.MountBind, Source: "/srv/media", Role: model.RoleAsk, Why: "large"},
			{Kind: model.MountBind, Source: "/srv/lost", Role: model.RoleLost, Why: "not mounted"},
		},
	}
}

// found puts an app as discovery would, protected or waiting for a decision.
func (h *house) found(name string, pending bool) uuid.UUID {
	h.t.Helper()
	local, err := h.db.LocalDevice(h.t.Context())
	must(h.t, err)
	policy, err := h.db.DefaultPolicy(h.t.Context())
	must(h.t, err)
	row := store.FoundApp{New: true, App: model.App{
		ID: model.NewID(), DeviceID: local.ID, Name: name, Kind: model.AppCompose, Origin: model.OriginFound, Project: name,
		Found: foundShop(), Pending: pending,
	}}
	if !pending {
		row.Automatic = &model.Configuration{PolicyID: policy.ID, Enabled: true, BackupVolumes: true, BackupCompose: true, BackupEnv: true}
	}
	must(h.t, h.db.PutFoundApps(h.t.Context(), []store.FoundApp{row}))
	return row.App.ID
}

func TestFoundApps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.found("shop", false)
	whole := read[App](h.send("GET", "/apps/"+id.String(), nil, 200))
	if whole.Kind != model.AppCompose || whole.Project != "shop" || len(whole.Found.Services) != 2 || len(whole.Found.Mounts) != 3 {
		t.Fatalf("got %+v", whole)
	}
	if n := whole.Counts; n.Services != 2 || n.Databases != 1 || n.Volumes != 1 || n.Ask != 1 || n.Lost != 1 {
		t.Errorf("counts are %+v", n)
	}
	list := h.send("GET", "/apps", nil, 200)
	if strings.Contains(string(list.body), `"mounts"`) {
		t.Error("the list of apps carries what was found of each")
	}
	for _, a := range read[AppList](list).Apps {
		if a.ID == id && a.Counts.Services != 2 {
			t.Errorf("the list counts %+v", a.Counts)
		}
	}
	for _, d := range read[DeviceList](h.send("POST", "/backup/discover", nil, 200)).Devices {
		if d.Engine.State != model.EngineOff || d.Engine.Message == "" {
			t.Errorf("the engine is %+v", d.Engine)
		}
	}
}

func TestDecideOnApps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	yes, no := h.found("yes", true), h.found("no", true)
	if a := read[App](h.send("GET", "/apps/"+yes.String(), nil, 200)); !a.Pending || len(a.Configurations) != 0 {
		t.Errorf("before: %+v", a)
	}
	if a := read[App](h.send("POST", "/apps/"+yes.String()+"/accept", nil, 200)); a.Pending || len(a.Configurations) != 1 {
		t.Errorf("accepted: %+v", a)
	}
	if a := read[App](h.send("POST", "/apps/"+no.String()+"/decline", nil, 200)); a.Pending || len(a.Configurations) != 0 {
		t.Errorf("declined: %+v", a)
	}
	h.send("POST", "/apps/"+no.String()+"/decline", nil, 409)
	if s := read[Status](h.send("GET", "/status", nil, 200)); s.Counts["left_out"] != 1 {
		t.Errorf("the status counts %v", s.Counts)
	}
	if a := read[App](h.send("POST", "/apps/"+no.String()+"/accept", nil, 200)); len(a.Configurations) != 1 {
		t.Errorf("accepted after all: %+v", a)
	}
	h.send("POST", "/apps/"+uuid.NewString()+"/accept", nil, 404)
}

func TestSettings(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, step := range []struct {
		change map[string]any
		want   string
	}{{nil, "protect"}, {map[string]any{"discovery": "ask"}, "ask"}, {map[string]any{}, "ask"}, {map[string]any{"discovery": "protect"}, "protect"}} {
		got := h.send("GET", "/settings", nil, 200)
		if step.change != nil {
			got = h.send("PATCH", "/settings", step.change, 200)
		}
		if s := read[Settings](got); string(s.Discovery) != step.want {
			t.Errorf("after %v: %+v, want %s", step.change, s, step.want)
		}
	}
	h.send("PATCH", "/settings", map[string]any{"discovery": "never"}, 422).names("discovery")
}

// TestChangeCapture is a merge patch: what is left out stays, and null takes a choice back.
func TestChangeCapture(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := h.found("shop", false)
	conf := "/backup/configurations/" + read[App](h.send("GET", "/apps/"+id.String(), nil, 200)).Configurations[0].ID.String()
	change := func(capture any, status int) answer {
		t.Helper()
		return h.send("PATCH", conf, map[string]any{"capture": capture}, status)
	}
	change(map[string]any{"strategies": map[string]any{"web": "stop"}, "binds": map[string]any{"/srv/media": true}}, 200)
	got := read[Configuration](change(map[string]any{
		"strategies": map[string]any{"db": "pause"}, "hooks": map[string]any{"web": map[string]any{"pre": "sync", "timeout": 9}}, "raw_too": true,
	}, 200)).Capture
	if got == nil || got.Strategies["web"] != model.StrategyStop || got.Strategies["db"] != model.StrategyPause ||
		!got.Binds["/srv/media"] || got.Hooks["web"].Pre != "sync" || !got.RawToo {
		t.Errorf("after two patches: %+v", got)
	}
	h.send("PATCH", conf, map[string]any{"backup_env": false}, 200)
	got = read[Configuration](change(map[string]any{"strategies": map[string]any{"web": nil}, "binds": map[string]any{"/srv/media": nil}}, 200)).Capture
	if _, still := got.Strategies["web"]; still || len(got.Binds) != 0 || got.Strategies["db"] != model.StrategyPause || !got.RawToo {
		t.Errorf("after nulls: %+v", got)
	}
	for name, bad := range map[string]any{
		"a service that is not there": map[string]any{"strategies": map[string]any{"cache": "stop"}},
		"a dump of no database":       map[string]any{"strategies": map[string]any{"web": "dump"}},
		"no strategy":                 map[string]any{"strategies": map[string]any{"web": "shout"}},
		"a folder that is not there":  map[string]any{"binds": map[string]any{"/nowhere": true}},
		"an endless hook":             map[string]any{"hooks": map[string]any{"web": map[string]any{"pre": "x", "timeout": 1 << 30}}},
		"an unknown member":           map[string]any{"strategy": "stop"},
	} {
		if a := change(bad, 422); !strings.Contains(string(a.body), `"errors"`) {
			t.Errorf("%s: %s", name, a.body)
		}
	}
	if got := read[Configuration](change(nil, 200)).Capture; got != nil && len(got.Strategies)+len(got.Hooks) > 0 {
		t.Errorf("after null: %+v", got)
	}
	if c := read[Configuration](h.send("GET", conf, nil, 200)); c.BackupEnv || !c.BackupVolumes {
		t.Errorf("the other fields are %+v", c)
	}
}

func TestContentsAndRestoreOfFolders(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.destination("nas")
	_, conf := h.app("photos")
	s := h.backup(conf)
	at := "/backup/snapshots/" + s.ID.String()
	h.send("GET", at+"/contents", nil, 404)
	h.send("GET", "/backup/snapshots/"+uuid.NewString()+"/contents", nil, 404)
	for name, app := range map[string]map[string]any{
		"no mode":           {},
		"no part":           {"mode": "parts"},
		"a bad name":        {"mode": "new_project", "project": "Über", "folder": "/opt/x"},
		"no folder":         {"mode": "new_project", "project": "x"},
		"a port too many":   {"mode": "new_project", "project": "x", "folder": "/opt/x", "ports": map[string]any{"80": 70000}},
		"an unknown member": {"mode": "in_place", "force": true},
	} {
		if got := h.send("POST", at+"/restore", map[string]any{"app": app}, 422); !strings.Contains(string(got.body), `"errors"`) {
			t.Errorf("%s: %s", name, got.body)
		}
	}
	h.send("POST", at+"/restore", map[string]any{"target_path": "/tmp/x", "app": map[string]any{"mode": "in_place"}}, 422)
}

func TestWireContentsHidesOptions(t *testing.T) {
	t.Parallel()
	in := model.Contents{
		Volumes:  []model.ContentVolume{{Options: map[string]string{"o": "password=geheim"}, Labels: map[string]string{"x": "geheim"}}},
		Networks: []model.ContentNetwork{{Name: "n", Options: map[string]string{"o": "geheim"}}},
	}
	out := wireContents(in)
	if out.Volumes[0].Options != nil || out.Volumes[0].Labels != nil || out.Networks[0].Options != nil {
		t.Errorf("shown: %+v", out)
	}
	if in.Volumes[0].Options == nil {
		t.Error("the row itself was changed")
	}
}
