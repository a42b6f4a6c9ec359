package api

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

func TestChangePolicy(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination("nas")
	made := h.send("POST", "/backup/policies", map[string]any{
		"name": "P", "description": "words", "schedule": "@hourly", "keep_last": 3, "time_zone": "Europe/Berlin", "jitter_minutes": 59, "destination_ids": []any{d.ID},
	}, 201)
	p := read[Policy](made)
	at := "/backup/policies/" + p.ID.String()
	if made.header.Get("Location") != Base+at {
		t.Errorf("Location %s", made.header.Get("Location"))
	}
	changed := read[Policy](h.send("PATCH", at, map[string]any{"keep_daily": 7, "enabled": false}, 200))
	if changed.JitterMinutes != 59 || changed.KeepDaily != 7 || changed.KeepLast != 3 || changed.Enabled || changed.Description != "words" || len(changed.DestinationIDs) != 1 || len(changed.NextRuns) != 0 {
		t.Errorf("PATCH: %+v", changed)
	}
	replaced := read[Policy](h.send("PUT", at, map[string]any{"name": "Q", "schedule": "0 3 * * *", "destination_ids": []any{d.ID}}, 200))
	if replaced.JitterMinutes != 0 || replaced.KeepDaily != 0 || replaced.KeepLast != 0 || !replaced.Enabled || replaced.Description != "" || replaced.TimeZone != "" || replaced.Name != "Q" {
		t.Errorf("PUT: %+v", replaced)
	}
	for _, minutes := range []int{-1, 1440, 1441} { // as long as a day, which lies between two runs
		h.send("PATCH", at, map[string]any{"jitter_minutes": minutes}, 422).names("jitter_minutes")
	}
	if same := read[Policy](h.send("PATCH", at, map[string]any{}, 200)); same.Name != "Q" || same.Schedule != "0 3 * * *" {
		t.Errorf("empty PATCH: %+v", same)
	}
	if first := read[Policy](h.send("PATCH", at, map[string]any{"is_default": true}, 200)); !first.IsDefault {
		t.Errorf("is_default: %+v", first)
	}
	defaults := 0
	for _, each := range read[PolicyList](h.send("GET", "/backup/policies", nil, 200)).Policies {
		if each.IsDefault {
			defaults++
		}
	}
	if defaults != 1 {
		t.Errorf("%d default policies", defaults)
	}
	h.send("DELETE", at, nil, 409)
	other := read[Policy](h.send("POST", "/backup/policies", map[string]any{"name": "R", "schedule": "@daily", "destination_ids": []any{d.ID}}, 201))
	h.send("DELETE", "/backup/policies/"+other.ID.String(), nil, 204)
	h.send("GET", "/backup/policies/"+other.ID.String(), nil, 404)
}

func TestChangeConfiguration(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination("nas")
	app, auto := h.app("photos")
	at := "/backup/configurations/" + auto.ID.String()
	c := read[Configuration](h.send("PATCH", at, map[string]any{
		"exclude_paths": []any{"*.tmp"}, "retention": map[string]any{"keep_last": 2}, "backup_env": false,
	}, 200))
	if c.Retention == nil || *c.Retention != (model.Retention{KeepLast: 2}) || len(c.ExcludePaths) != 1 || c.BackupEnv || !c.BackupVolumes || !c.Enabled {
		t.Errorf("got %+v", c)
	}
	c = read[Configuration](h.send("PATCH", at, map[string]any{"retention": map[string]any{"keep_daily": 5}}, 200))
	if c.Retention == nil || *c.Retention != (model.Retention{KeepLast: 2, KeepDaily: 5}) {
		t.Errorf("a merge patch: %+v", c.Retention)
	}
	c = read[Configuration](h.send("PATCH", at, map[string]any{"retention": nil, "exclude_paths": []any{}}, 200))
	if c.Retention != nil || len(c.ExcludePaths) != 0 {
		t.Errorf("got %+v", c)
	}
	p := read[Policy](h.send("POST", "/backup/policies", map[string]any{"name": "P", "schedule": "@daily", "destination_ids": []any{d.ID}}, 201))
	body := map[string]any{"app_id": app.ID, "policy_id": auto.PolicyID, "backup_compose": false}
	if taken := read[Configuration](h.send("POST", "/backup/configurations", body, 200)); taken.ID != auto.ID || taken.Automatic || taken.BackupCompose {
		t.Errorf("the automatic configuration was not taken over: %+v", taken)
	}
	h.send("POST", "/backup/configurations", body, 409).names("policy_id")
	body["policy_id"] = p.ID
	second := read[Configuration](h.send("POST", "/backup/configurations", body, 201))
	h.send("POST", "/backup/configurations", body, 409)
	if all := read[ConfigurationList](h.send("GET", "/backup/configurations?app_id="+app.ID.String(), nil, 200)).Configurations; len(all) != 2 {
		t.Errorf("%d configurations", len(all))
	}
	if some := read[ConfigurationList](h.send("GET", "/backup/configurations?policy_id="+p.ID.String(), nil, 200)).Configurations; len(some) != 1 {
		t.Errorf("%d configurations of the policy", len(some))
	}
	h.send("DELETE", "/backup/configurations/"+second.ID.String(), nil, 204)
	h.send("GET", "/backup/configurations/"+second.ID.String(), nil, 404)

	must(t, h.db.Freeze(t.Context(), auto.ID, "Looked odd."))
	if c = read[Configuration](h.send("GET", at, nil, 200)); !c.Frozen || c.FrozenReason == "" || c.FrozenAt == nil {
		t.Errorf("got %+v", c)
	}
	if c = read[Configuration](h.send("POST", at+"/unfreeze", nil, 200)); c.Frozen {
		t.Errorf("got %+v", c)
	}
}

// changeWindow sets a maintenance window, changes a part of it, and takes it away.
func (h *house) changeWindow(at string) {
	h.t.Helper()
	if got := read[Destination](h.send("GET", at, nil, 200)); got.WindowDays != nil || got.WindowWords != "" || got.WindowNext != nil {
		h.t.Errorf("without a window it says %+v", got)
	}
	h.send("PATCH", at, map[string]any{"window_days": []string{"sun"}}, 422).names("window_from")
	h.send("PATCH", at, map[string]any{"window_from": "02:00", "window_to": "6 am"}, 422).names("window_days")
	h.send("PATCH", at, map[string]any{"window_days": []string{"Sunday"}, "window_from": "02:00", "window_to": "06:00"}, 422).names("window_days[0]")
	h.send("PATCH", at, map[string]any{"window_days": []string{"sun"}, "window_from": "02:00", "window_to": "06:00", "window_time_zone": "Mars/Base"}, 422).names("window_time_zone")
	h.send("PATCH", at, map[string]any{"window_days": []string{"sun", "sat"}, "window_from": "22:00", "window_to": "06:00", "window_time_zone": "Europe/Berlin"}, 200)
	got := read[Destination](h.send("PATCH", at, map[string]any{"window_from": "23:30"}, 200))
	if strings.Join(got.WindowDays, " ") != "sat sun" || got.WindowFrom != "23:30" || got.WindowTo != "06:00" || got.WindowTimeZone != "Europe/Berlin" ||
		got.WindowWords != "Every Saturday and Sunday, 23:30 to 06:00 the next day" || got.WindowNext == nil || time.Until(*got.WindowNext) > 7*24*time.Hour {
		h.t.Errorf("the window is %+v", got)
	}
	got = read[Destination](h.send("PATCH", at, map[string]any{"window_days": []string{}, "window_from": "", "window_to": ""}, 200))
	if got.WindowDays != nil || got.WindowWords != "" {
		h.t.Errorf("the window stays: %+v", got)
	}
}

func TestChangeDestination(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	d := h.destination("nas")
	at := "/backup/destinations/" + d.ID.String()
	got := read[Destination](h.send("PATCH", at, map[string]any{"name": "attic", "enabled": false}, 200))
	if got.Name != "attic" || got.Enabled || got.LocalPath != d.LocalPath || got.RepoID != d.RepoID {
		t.Errorf("got %+v", got)
	}
	if got.PricePerTbMonth != 0 || got.PriceCurrency != "" || got.FreeSize == nil || *got.FreeSize <= 0 || got.FreeAt == nil {
		t.Errorf("a folder that was just adopted says %+v", got)
	}
	h.send("PATCH", at, map[string]any{"price_per_tb_month": 6.99}, 422).names("price_currency")
	h.send("PATCH", at, map[string]any{"price_per_tb_month": -1, "price_currency": "USD"}, 422).names("price_per_tb_month")
	h.send("PATCH", at, map[string]any{"price_per_tb_month": 6.99, "price_currency": "USD"}, 200)
	h.send("PATCH", at, map[string]any{"name": "attic"}, 200)
	if got = read[Destination](h.send("GET", at, nil, 200)); got.PricePerTbMonth != 6.99 || got.PriceCurrency != "USD" {
		t.Errorf("the price is %v %q", got.PricePerTbMonth, got.PriceCurrency)
	}
	h.changeWindow(at)
	h.send("PATCH", at, map[string]any{"bucket": "bucket"}, 422).names("bucket")
	h.send("PATCH", at, map[string]any{"path": filepath.Join(h.dir, "elsewhere")}, 422).names("path")
	probe := read[DestinationTest](h.send("POST", at+"/test", nil, 200))
	if !probe.OK || probe.Repository != model.RepositoryPresent || probe.FreeBytes == nil {
		t.Errorf("got %+v", probe)
	}
	draft := read[DestinationTest](h.send("POST", "/backup/destinations/test", map[string]any{"type": "local", "path": filepath.Join(h.dir, "new")}, 200))
	if !draft.OK || draft.Repository != model.RepositoryNone {
		t.Errorf("got %+v", draft)
	}
	h.send("POST", "/backup/destinations/test", map[string]any{"type": "local", "path": "/x", "bucket": "b"}, 422).names("bucket")
	for _, verb := range []string{"sync", "check", "prune"} {
		job := read[Job](h.send("POST", at+"/"+verb, nil, 202))
		if ended := h.wait(job.ID.String()); ended.State != model.JobSuccess || string(ended.Kind) != verb {
			t.Errorf("%s ended %s: %s", verb, ended.State, ended.Message)
		}
	}
	h.send("DELETE", at, nil, 204)
	h.send("GET", at, nil, 404)
	h.send("DELETE", at, nil, 404)
	h.send("POST", at+"/check", nil, 404)
	if all := read[DestinationList](h.send("GET", "/backup/destinations", nil, 200)).Destinations; len(all) != 0 {
		t.Errorf("got %+v", all)
	}
}

func TestDevicesAndApps(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	id := uuid.New()
	h.send("PUT", "/devices/"+id.String(), map[string]any{"name": "attic"}, 201)
	d := read[Device](h.send("PUT", "/devices/"+id.String(), map[string]any{"name": "cellar", "kind": "local"}, 200))
	if d.ID != id || d.Name != "cellar" || d.Kind != model.DeviceLocal {
		t.Errorf("got %+v", d)
	}
	if all := read[DeviceList](h.send("GET", "/devices", nil, 200)).Devices; len(all) != 2 {
		t.Errorf("%d devices", len(all))
	}
	h.send("DELETE", "/devices/"+id.String(), nil, 204)
	h.send("GET", "/devices/"+id.String(), nil, 404)

	h.destination("nas")
	app, conf := h.app("photos")
	s := h.backup(conf)
	view := read[App](h.send("GET", "/apps/"+app.ID.String(), nil, 200))
	if view.Status != model.Protected || len(view.Configurations[0].Destinations) != 1 || view.Configurations[0].Destinations[0].LastGoodSnapshotID != s.ID || view.Configurations[0].NextRun == nil {
		t.Errorf("got %+v", view)
	}
	status := read[Status](h.send("GET", "/status", nil, 200))
	if status.Apps == 0 || status.Counts[string(model.Protected)] == 0 || status.Version != "test" {
		t.Errorf("got %+v", status)
	}
	h.send("DELETE", "/apps/"+app.ID.String(), nil, 204)
	h.send("GET", "/apps/"+app.ID.String(), nil, 404)
	h.send("GET", "/backup/configurations/"+conf.ID.String(), nil, 404)
	if kept := read[SnapshotList](h.send("GET", "/backup/snapshots?app_id="+app.ID.String(), nil, 200)).Snapshots; len(kept) != 1 {
		t.Errorf("forgetting an app left %d of its snapshots", len(kept))
	}
	h.send("GET", "/openapi.json", nil, 200)
}
