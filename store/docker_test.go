package store

import (
	"database/sql"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// found is what discovery may have seen: every sort of text that others choose.
func found(at time.Time) *model.Found {
	return &model.Found{
		WorkingDir: "/srv/web ü'\"?0", ConfigFiles: []string{"/srv/web/compose.yaml"}, ComposeError: "line 3\nis \x01 odd",
		Services: []model.FoundService{{
			Name: "db", Image: "postgres:15", Containers: []string{"web-db-1"}, Running: 1, State: "running", Database: model.Postgres,
			Strategy: model.StrategyDump, Why: "PostgreSQL writes a consistent dump.", Origin: "auto", Labels: map[string]string{"strategy": "dump"},
		}},
		Mounts: []model.FoundMount{{Kind: model.MountVolume, Name: "web_data", Source: "/var/lib/docker/volumes/web_data/_data", Role: model.RoleDumped}},
		Labels: map[string]string{"policy": "Nightly"}, SeenAt: at,
	}
}

func contentsOf(name string) *model.Contents {
	return &model.Contents{
		Version: model.ManifestVersion, AppName: name, TakenAt: now(), Staging: "/data/staging", HasEnv: true,
		Services: []model.ContentService{{Name: "db", Image: "postgres:15", Strategy: model.StrategyDump}},
		Volumes:  []model.ContentVolume{{FoundMount: model.FoundMount{Kind: model.MountVolume, Name: "web_data"}, In: "/v", Labels: map[string]string{"a": "b"}}},
		Networks: []model.ContentNetwork{{Name: "web_default", Driver: "bridge"}},
		Dumps:    []model.Dump{{Service: "db", Kind: model.Postgres, Database: "app", File: "/dumps/app.sql", Bytes: 1 << 40, Objects: 12}},
	}
}

func (w *world) foundApp(name string, found *model.Found, automatic bool) model.App {
	w.t.Helper()
	a := model.App{
		ID: model.NewID(), DeviceID: w.device.ID, Name: name, Project: name, Kind: model.AppCompose, Origin: model.OriginFound,
		Paths: []string{}, Found: found, Pending: !automatic,
	}
	row := FoundApp{App: a, New: true}
	if automatic {
		row.Automatic = &model.Configuration{PolicyID: w.policy.ID, Enabled: true, BackupVolumes: true}
	}
	check(w.t, w.PutFoundApps(w.t.Context(), []FoundApp{row}))
	return must[model.App](w.t)(w.App(w.t.Context(), a.ID))
}

func TestDockerColumnsComeBackAndListsLeaveThemOut(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	at := now()

	a := w.foundApp("web", found(at), true)
	wantSame(t, *found(at), *a.Found)
	listed := must[[]model.App](t)(w.Apps(ctx))
	for _, got := range listed {
		if got.Found != nil {
			t.Errorf("the list of apps loads what was found of %s", got.Name)
		}
	}
	if got := must[[]model.App](t)(w.FoundApps(ctx, w.device.ID)); len(got) != 1 || got[0].Found == nil {
		t.Errorf("found apps are %+v", got)
	}

	counts := must[map[uuid.UUID]model.FoundCounts](t)(w.FoundCounts(ctx))
	if got := counts[a.ID]; len(counts) != 1 || got.Services != 1 || got.Databases != 1 || got.Volumes != 1 || !got.SeenAt.Equal(at) {
		t.Errorf("counts are %+v", counts)
	}

	engine := &model.Engine{State: model.EngineDown, Message: "nobody answers", Mend: "start it", SeenAt: at}
	check(t, w.SetDeviceEngine(ctx, w.device.ID, engine))
	w.device.Name = "renamed" // read before the engine was
	must[model.Device](t)(w.UpdateDevice(ctx, w.device))
	got := must[model.Device](t)(w.Device(ctx, w.device.ID))
	if got.Name != "renamed" || got.Engine == nil || *got.Engine != *engine {
		t.Errorf("device is %+v with the engine %+v", got, got.Engine)
	}
	check(t, w.SetDeviceEngine(ctx, w.device.ID, nil))

	c := w.configuration
	c.Capture = &model.Capture{
		Strategies: map[string]model.Strategy{"db": model.StrategyStop}, Binds: map[string]bool{"/srv/media": false}, RawToo: true,
		Hooks: map[string]model.Hooks{"app": {Pre: "sync", Timeout: 5, OnFailure: "go_on"}},
	}
	c = must[model.Configuration](t)(w.UpdateConfiguration(ctx, c))
	wantSame(t, *c.Capture, *must[model.Configuration](t)(w.Configuration(ctx, c.ID)).Capture)

	j, snap := w.runBackup(w.configuration, w.destination, model.JobSuccess)
	check(t, w.SetJobSteps(ctx, j.ID, []model.Step{{Title: "Stop", State: model.StepDone, Detail: "2 containers", StartedAt: &at}}))
	if got := must[model.Job](t)(w.Job(ctx, j.ID)); len(got.Steps) != 1 || !got.Steps[0].StartedAt.Equal(at) {
		t.Errorf("steps are %+v", got.Steps)
	}
	if got := must[[]model.Job](t)(w.Jobs(ctx, model.JobFilter{})); len(got) != 1 || got[0].Steps != nil {
		t.Errorf("the list of jobs is %+v", got)
	}

	want := contentsOf("web")
	check(t, w.SetSnapshotContents(ctx, snap.ID, contentsOf("older")))
	secret := *want
	secret.Volumes = append([]model.ContentVolume{}, want.Volumes...)
	for i := range secret.Volumes { // of a network share
		secret.Volumes[i].Options = map[string]string{"o": "username=nas,password=geheim"}
	}
	check(t, w.SetSnapshotContents(ctx, snap.ID, &secret))
	wantSame(t, *want, *must[model.Snapshot](t)(w.Snapshot(ctx, snap.ID)).Contents)
	if got := must[[]model.Snapshot](t)(w.Snapshots(ctx, model.SnapshotFilter{})); got[0].Contents != nil {
		t.Error("the list of snapshots loads what they hold")
	}
	check(t, w.SetSnapshotContents(ctx, snap.ID, nil))
	if got := must[model.Snapshot](t)(w.Snapshot(ctx, snap.ID)); got.Contents != nil {
		t.Errorf("removed contents are %+v", got.Contents)
	}
}

func TestContentsAreWrittenWithTheirSnapshotAndGoWithIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	j, snap := w.running()
	snap = finished(snap, model.SnapshotSuccess)
	snap.Contents, snap.Safety = contentsOf("web"), true
	check(t, w.FinishJob(ctx, j.ID, Outcome{State: model.JobSuccess, Snapshot: &snap}))
	got := must[model.Snapshot](t)(w.Snapshot(ctx, snap.ID))
	if got.Contents == nil || got.Contents.AppName != "web" || !got.Safety {
		t.Errorf("snapshot is %+v", got)
	}
	taken := snap
	taken.ID, taken.ResticSnapshotID = model.NewID(), strings.Repeat("b", 64)
	must[int](t)(w.CreateSnapshots(ctx, []model.Snapshot{taken}))
	if got := must[model.Snapshot](t)(w.Snapshot(ctx, taken.ID)); got.Contents == nil {
		t.Error("a snapshot that was taken over has no contents")
	}
	check(t, w.DeleteSnapshots(ctx, []uuid.UUID{snap.ID, taken.ID}))
	var left int
	check(t, w.r.QueryRowContext(ctx, "SELECT count(*) FROM snapshot_contents").Scan(&left))
	if left != 0 {
		t.Errorf("%d contents outlived their snapshots", left)
	}
}

func TestUndo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := must[*Store](t)(Open(t.Context(), dir, Options{}, slog.New(slog.DiscardHandler)))
	ctx := t.Context()
	mine, other := model.NewID(), model.NewID()
	var made []model.Undo
	for i, job := range []uuid.UUID{mine, other, mine} {
		u := must[model.Undo](t)(s.CreateUndo(ctx, model.Undo{
			JobID: job, DeviceID: model.NewID(), Action: model.UndoStart, Target: fmt.Sprint("container ", i), Name: "web 'ü'", Aside: "/a",
		}))
		made = append(made, u)
	}
	check(t, s.Close()) // a crash keeps them
	s = openIn(t, dir, true)
	if got := must[[]model.Undo](t)(s.Undos(ctx, mine)); len(got) != 2 || got[0] != made[2] || got[1] != made[0] {
		t.Errorf("acts of one job are %+v", got)
	}
	if got := must[[]model.Undo](t)(s.Undos(ctx, uuid.Nil)); len(got) != 3 || got[0] != made[2] {
		t.Errorf("all acts are %+v", got)
	}
	for range 2 {
		check(t, s.DeleteUndo(ctx, made[0].ID))
	}
	if got := must[[]model.Undo](t)(s.Undos(ctx, mine)); len(got) != 1 {
		t.Errorf("%d acts are left", len(got))
	}
}

func TestFoundAppsKeepWhatPeopleChose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	a := w.foundApp("web", found(now()), true)
	must[model.Configuration](t)(w.AutomaticConfiguration(ctx, a.ID))

	seen := a // what discovery read, before a person renamed the app and forgot another
	renamed := a
	renamed.Name = "My shop"
	must[model.App](t)(w.UpdateApp(ctx, renamed))
	seen.Name, seen.Project, seen.Gone = "web2", "web2", true
	seen.Found = &model.Found{WorkingDir: "/srv/web2"}
	check(t, w.PutFoundApps(ctx, []FoundApp{{App: seen, OldName: "web"}, {App: model.App{ID: none, Name: "gone"}, OldName: "x"}}))
	got := must[model.App](t)(w.App(ctx, a.ID))
	if got.Name != "My shop" || got.Project != "web2" || !got.Gone || got.Found.WorkingDir != "/srv/web2" || got.Origin != model.OriginFound {
		t.Errorf("app is %+v", got)
	}
	check(t, w.PutFoundApps(ctx, []FoundApp{{App: model.App{ID: a.ID, Kind: model.AppCompose, Name: "web3", Project: "web3"}, OldName: "My shop"}}))
	if got := must[model.App](t)(w.App(ctx, a.ID)); got.Name != "web3" {
		t.Errorf("the name did not follow: %q", got.Name)
	}

	check(t, w.ForgetApp(ctx, a.ID))
	check(t, w.PutFoundApps(ctx, []FoundApp{{App: got}}))
	if got := must[model.App](t)(w.App(ctx, a.ID)); got.ForgottenAt == nil {
		t.Error("discovery brought a forgotten app back")
	}
	if got := must[[]model.App](t)(w.FoundApps(ctx, w.device.ID)); len(got) != 1 {
		t.Errorf("%d found apps with the forgotten one", len(got))
	}

	w.foundApp("blog", nil, true)
	clash := []FoundApp{
		{App: model.App{DeviceID: w.device.ID, Name: "fine", Kind: model.AppCompose}, New: true},
		{App: model.App{DeviceID: w.device.ID, Name: "blog", Kind: model.AppCompose}, New: true},
	}
	err := w.PutFoundApps(ctx, clash)
	wantField(t, err, "name")
	for _, a := range must[[]model.App](t)(w.Apps(ctx)) {
		if a.Name == "fine" {
			t.Error("a refused discovery was half written")
		}
	}
}

func TestDecideApp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	yes, no := w.foundApp("yes", nil, false), w.foundApp("no", nil, false)
	if !yes.Pending {
		t.Fatal("the app does not wait")
	}
	check(t, w.DecideApp(ctx, yes.ID, &model.Configuration{PolicyID: w.policy.ID, Enabled: true}))
	check(t, w.DecideApp(ctx, no.ID, nil))
	must[model.Configuration](t)(w.AutomaticConfiguration(ctx, yes.ID))
	_, err := w.AutomaticConfiguration(ctx, no.ID)
	wantIs(t, err, model.ErrNotFound)
	for _, id := range []uuid.UUID{yes.ID, no.ID} {
		if must[model.App](t)(w.App(ctx, id)).Pending {
			t.Error("the app still waits")
		}
		wantIs(t, w.DecideApp(ctx, id, nil), model.ErrNotFound)
	}
	wantIs(t, w.SetJobSteps(ctx, none, nil), model.ErrNotFound)
	wantIs(t, w.SetSnapshotContents(ctx, none, contentsOf("x")), model.ErrNotFound)
	wantIs(t, w.SetDeviceEngine(ctx, none, nil), model.ErrNotFound)
}

// TestMigrationFromTheFirstSchema opens a database that a Keepstead without Docker made, with a row in each table.
func TestMigrationFromTheFirstSchema(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := connect(filepath.Join(dir, databaseFile), migrateParams, 1, nil)
	first := must[[]byte](t)(migrations.ReadFile("migrations/0001_schema.sql"))
	const at = "'2026-01-02T03:04:05.000000Z'"
	id := map[string]string{}
	for _, name := range []string{"device", "app", "destination", "policy", "configuration", "snapshot", "job"} {
		id[name] = "'" + model.NewID().String() + "'"
	}
	for _, statement := range []string{
		string(first),
		`INSERT INTO devices VALUES (` + id["device"] + `, 'nas', 'local', 'keepstead-1', '', 0, '', NULL, '', 'linux', 'amd64', '', NULL, ` + at + `, ` + at + `)`,
		`INSERT INTO settings VALUES ('local_device_id', ` + id["device"] + `)`,
		`INSERT INTO apps VALUES (` + id["app"] + `, ` + id["device"] + `, 'photos', 'folders', 'manual', '', '["/srv/photos"]', '', 0, NULL, ` + at + `, ` + at + `)`,
		`INSERT INTO destinations VALUES (` + id["destination"] + `, 'disk', 'local', 1, '', '', '', '', 0, '', NULL, NULL, ` + id["device"] +
			`, '/mnt', '', 0, '', NULL, '', NULL, 1, '', '', 1, 5, NULL, NULL, NULL, '', NULL, ` + at + `, ` + at + `)`,
		`INSERT INTO policies VALUES (` + id["policy"] + `, 'Default', '', 1, 1, '0 2 * * *', '', 0, 0, 7, 4, 6, 0, NULL, ` + at + `, ` + at + `)`,
		`INSERT INTO policy_destinations VALUES (` + id["policy"] + `, ` + id["destination"] + `, 0)`,
		`INSERT INTO configurations VALUES (` + id["configuration"] + `, ` + id["app"] + `, ` + id["policy"] + `, 1, 0, '', 1, 1, 1, '[]', '[]', NULL, 1, NULL, '', ` + at + `, ` + at + `)`,
		`INSERT INTO snapshots VALUES (` + id["snapshot"] + `, ` + id["configuration"] + `, ` + id["destination"] + `, ` + id["app"] +
			`, 'abc', 'keepstead-1', '[]', 'success', 1, 0, 0, 1, 5, 5, 5, 1, '', '[]', 0, ` + at + `, ` + at + `, ` + at + `)`,
		`INSERT INTO jobs VALUES (` + id["job"] + `, 'backup', 'running', 'manual', ` + id["configuration"] + `, ` + id["destination"] + `, ` +
			id["snapshot"] + `, ` + id["app"] + `, ` + id["device"] + `, NULL, NULL, NULL, NULL, '', '', '', 7, 8, 'boot', 'host', ` + at + `, ` + at + `, NULL)`,
		`PRAGMA user_version = 1`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%v in %s", err, statement)
		}
	}
	check(t, db.Close())

	s := openIn(t, dir, true)
	ctx := t.Context()
	for _, a := range must[[]model.App](t)(s.Apps(ctx)) {
		if full := must[model.App](t)(s.App(ctx, a.ID)); full.Found != nil || full.Pending || full.Gone {
			t.Errorf("app %s is %+v", a.Name, full)
		}
	}
	snaps := must[[]model.Snapshot](t)(s.Snapshots(ctx, model.SnapshotFilter{}))
	if len(snaps) != 1 || snaps[0].Safety || snaps[0].TotalSize != 5 {
		t.Errorf("snapshots are %+v", snaps)
	}
	jobs := must[[]model.Job](t)(s.RunningJobs(ctx))
	if len(jobs) != 1 || jobs[0].PID != 7 || jobs[0].Batch != uuid.Nil || jobs[0].Steps != nil {
		t.Errorf("jobs are %+v", jobs)
	}
	if c := must[[]model.Configuration](t)(s.Configurations(ctx, ConfigurationFilter{PolicyID: must[model.Policy](t)(s.DefaultPolicy(ctx)).ID})); len(c) != 3 || c[0].Capture != nil {
		t.Errorf("configurations are %+v", c)
	}
	if d := must[model.Device](t)(s.LocalDevice(ctx)); d.Name != "nas" || d.Engine != nil {
		t.Errorf("device is %+v", d)
	}
	var version int
	check(t, s.w.QueryRow("PRAGMA user_version").Scan(&version))
	if version < 2 {
		t.Errorf("the schema is version %d", version)
	}
	var none sql.NullString
	check(t, s.w.QueryRow("PRAGMA integrity_check").Scan(&none))
	if none.String != "ok" {
		t.Errorf("integrity: %s", none.String)
	}
}
