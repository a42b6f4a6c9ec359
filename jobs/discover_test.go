package jobs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
	"keepstead/store"
	"keepstead/testbed"
)

// finding starts a house with an engine of its own.
func finding(t *testing.T) (*house, *testbed.Engine) {
	t.Helper()
	e := testbed.NewEngine(t)
	h := newHouse(t, func(o *Options) { o.DockerSocket, o.Version = e.Socket, "test" })
	h.start()
	return h, e
}

// within asks until the answer is yes, and says how long that took. The limit is that of a machine of its own; one that runs
// many tests at once gets more.
func (h *house) within(limit time.Duration, what string, ask func() bool) time.Duration {
	h.t.Helper()
	limit *= 6
	begun := time.Now()
	for !ask() {
		if time.Since(begun) > limit {
			h.t.Fatalf("not within %s: %s; apps are %s", limit, what, h.allFound())
		}
		time.Sleep(20 * time.Millisecond)
	}
	return time.Since(begun)
}

// allFound says in a line what discovery knows.
func (h *house) allFound() string {
	h.t.Helper()
	var out []string
	apps, err := h.Store.FoundApps(h.t.Context(), h.local().ID)
	h.must(err)
	for _, a := range apps {
		line := a.Name
		for mark, on := range map[string]bool{" (gone)": a.Gone, " (asks)": a.Pending, " (forgotten)": a.ForgottenAt != nil, " (off)": a.Disabled} {
			if on {
				line += mark
			}
		}
		out = append(out, line)
	}
	return strings.Join(out, ", ")
}

func (h *house) local() model.Device {
	h.t.Helper()
	d, err := h.Store.LocalDevice(h.t.Context())
	h.must(err)
	return d
}

// appOf returns the app of a project, or false.
func (h *house) appOf(project string) (model.App, bool) {
	h.t.Helper()
	apps, err := h.Store.FoundApps(h.t.Context(), h.local().ID)
	h.must(err)
	for _, a := range apps {
		if a.Project == project {
			return a, true
		}
	}
	return model.App{}, false
}

func (h *house) configurationsOf(app uuid.UUID) []model.Configuration {
	h.t.Helper()
	all, err := h.Store.Configurations(h.t.Context(), store.ConfigurationFilter{AppID: app})
	h.must(err)
	return all
}

// smallProject writes a compose project of one small service with a volume, in a folder of its own.
func smallProject(t *testing.T, name string, labels ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), name)
	text := "version: '3'\nservices:\n  app:\n    image: webapp:1\n    volumes: ['data:/data']\n"
	if len(labels) > 0 {
		text += "    labels:\n"
		for _, l := range labels {
			text += "      - '" + l + "'\n"
		}
	}
	writeProject(t, dir, text+"volumes:\n  data: {}\n")
	return dir
}

func writeProject(t *testing.T, dir, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(filepath.Join(dir, "docker-compose.yml"), []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestAProjectThatStartsIsProtected(t *testing.T) {
	t.Parallel()
	h, e := finding(t)
	h.within(10*time.Second, "the engine is ready", func() bool { d := h.local(); return d.Engine != nil && d.Engine.State == model.EngineReady })
	changes := h.Hub.Subscribe(t.Context())

	dir := smallProject(t, "web")
	e.Compose(t, dir, "up", "-d")
	took := h.within(5*time.Second, "the project is an app", func() bool { a, ok := h.appOf("web"); return ok && a.Found.Services[0].Running == 1 })
	t.Logf("the app was there %s after `docker-compose up` had ended", took)
	web, _ := h.appOf("web")
	if confs := h.configurationsOf(web.ID); len(confs) != 1 || !confs[0].Automatic || !confs[0].Enabled || !confs[0].BackupVolumes {
		t.Errorf("configurations are %+v", confs)
	}
	if web.Name != "web" || web.Kind != model.AppCompose || web.Origin != model.OriginFound || len(web.Paths) != 0 || web.Found.WorkingDir != dir {
		t.Errorf("app is %+v with %+v", web, web.Found)
	}
	if m := web.Found.Mounts; len(m) != 1 || m[0].Name != "web_data" || m[0].Role != model.RoleData {
		t.Errorf("mounts are %+v", m)
	}
	heard := false
	for !heard {
		select {
		case c := <-changes:
			heard = c.Kind == model.EventApp && c.ID == web.ID
		case <-time.After(5 * time.Second):
			t.Fatal("no page was told")
		}
	}

	e.Compose(t, dir, "stop")
	h.within(5*time.Second, "it is stopped", func() bool { a, _ := h.appOf("web"); return a.Found.Services[0].Running == 0 && !a.Gone })
	e.Compose(t, dir, "down")
	h.within(5*time.Second, "it is gone", func() bool { a, _ := h.appOf("web"); return a.Gone })
	e.Compose(t, dir, "up", "-d")
	h.within(5*time.Second, "it is back", func() bool { a, _ := h.appOf("web"); return !a.Gone && a.ID == web.ID })
	e.Compose(t, dir, "down")
	e.Compose(t, dir, "-p", "shop", "up", "-d")
	h.within(5*time.Second, "it has another name", func() bool { a, ok := h.appOf("shop"); return ok && a.ID == web.ID && a.Name == "shop" && !a.Gone })
	if n := len(h.configurationsOf(web.ID)); n != 1 {
		t.Errorf("%d configurations after all this", n)
	}

	e.Docker(t, "run", "-d", "--name", "box", "-v", "boxdata:/data", "webapp:1")
	h.within(5*time.Second, "the lone container is an app", func() bool { a, ok := h.appOf("box"); return ok && a.Kind == model.AppContainer })
	box, _ := h.appOf("box")
	h.must(h.ForgetApp(t.Context(), box.ID))
	e.Docker(t, "restart", "-t", "0", "box")
	time.Sleep(time.Second)
	h.must(h.Discover(t.Context()))
	if a, ok := h.appOf("box"); !ok || a.ID != box.ID || a.ForgottenAt == nil {
		t.Errorf("a forgotten app came back: %s", h.allFound())
	}
}

func TestLabelsAndAskingFirst(t *testing.T) {
	t.Parallel()
	h, e := finding(t)
	ctx := t.Context()
	policy, err := h.CreatePolicy(ctx, model.Policy{
		Name: "Hourly", Schedule: "0 * * * *", Enabled: true, Retention: model.DefaultPolicy().Retention,
		DestinationIDs: []uuid.UUID{h.destination().ID},
	})
	h.must(err)
	h.must(h.SetDiscoveryMode(ctx, model.DiscoverAsk))
	if err := h.SetDiscoveryMode(ctx, "never"); model.Refused(err) == nil {
		t.Errorf("an unknown mode gave %v", err)
	}
	for name, labels := range map[string][]string{
		"plain":  nil,
		"decl":   nil,
		"tagged": {"keepstead.policy=hourly", "keepstead.strategy=pause", "keepstead.enable=true", "keepstead.exclude=*.tmp"},
		"off":    {"keepstead.enable=false", "keepstead.policy=none such"},
	} {
		e.Compose(t, smallProject(t, name, labels...), "up", "-d")
	}
	h.within(10*time.Second, "four apps", func() bool { return strings.Count(h.allFound(), ",") == 3 })
	h.must(h.Discover(ctx))

	tagged, _ := h.appOf("tagged")
	confs := h.configurationsOf(tagged.ID)
	if tagged.Pending || len(confs) != 1 || confs[0].PolicyID != policy.ID {
		t.Errorf("tagged is %+v with %+v", tagged, confs)
	}
	if s := tagged.Found.Services[0]; s.Strategy != model.StrategyPause || s.Origin != originLabel {
		t.Errorf("its service is %+v", s)
	}
	if _, excludes := scope(*tagged.Found, confs[0]); len(excludes) != 1 || excludes[0] != "*.tmp" {
		t.Errorf("excludes are %q", excludes)
	}
	off, _ := h.appOf("off")
	if !off.Disabled || !off.Pending || len(off.Found.Problems) != 1 || !strings.Contains(off.Found.Problems[0], "none such") {
		t.Errorf("off is %+v: %q", off, off.Found.Problems)
	}

	plain, _ := h.appOf("plain")
	if !plain.Pending || len(h.configurationsOf(plain.ID)) != 0 {
		t.Errorf("plain is %+v", plain)
	}
	h.must(h.AcceptApp(ctx, plain.ID))
	if err := h.AcceptApp(ctx, plain.ID); !errors.Is(err, model.ErrConflict) {
		t.Errorf("accepted twice: %v", err)
	}
	if a, _ := h.appOf("plain"); a.Pending || len(h.configurationsOf(a.ID)) != 1 {
		t.Errorf("plain is %+v", a)
	}
	decl, _ := h.appOf("decl")
	h.must(h.DeclineApp(ctx, decl.ID))
	h.must(h.Discover(ctx))
	if a, _ := h.appOf("decl"); a.Pending || len(h.configurationsOf(a.ID)) != 0 {
		t.Errorf("decl is %+v", a)
	}
	if err := h.DeclineApp(ctx, decl.ID); !errors.Is(err, model.ErrConflict) {
		t.Errorf("declined twice: %v", err)
	}
	h.must(h.AcceptApp(ctx, decl.ID)) // after all

	changed, err := h.ChangeCapture(ctx, confs[0].ID, model.Capture{Hooks: map[string]model.Hooks{"app": {Pre: "true"}}})
	h.must(err)
	if changed.Capture == nil || changed.Capture.Hooks["app"].Pre != "true" || !changed.Automatic {
		t.Errorf("configuration is %+v", changed)
	}
	mine := h.configurationsOf(decl.ID)[0]
	_, err = h.ChangeCapture(ctx, mine.ID, model.Capture{Strategies: map[string]model.Strategy{"app": model.StrategyStop}})
	h.must(err)
	if a, _ := h.appOf("decl"); a.Found.Services[0].Strategy != model.StrategyStop { // at once, not at the next look
		t.Errorf("its service is %+v", a.Found.Services[0])
	}
	_, err = h.ChangeCapture(ctx, mine.ID, model.Capture{Strategies: map[string]model.Strategy{"app": model.StrategyDump}})
	if refused := model.Refused(err); len(refused) != 1 || refused[0].Field != "strategies" {
		t.Errorf("a dump of no database gave %v", err)
	}
}

func TestAnEngineThatGoesAway(t *testing.T) {
	t.Parallel()
	h, e := finding(t)
	e.Compose(t, smallProject(t, "web"), "up", "-d")
	h.within(10*time.Second, "the project is an app", func() bool { a, ok := h.appOf("web"); return ok && a.Found.Services[0].Running == 1 })
	web, _ := h.appOf("web")

	for name, away := range map[string]func(testing.TB){"stopped": e.Stop, "killed": e.Kill} {
		away(t)
		h.within(10*time.Second, "the page says that it was "+name, func() bool {
			d := h.local()
			return d.Engine.State != model.EngineReady && d.Engine.Message != "" && d.Engine.Mend != ""
		})
		h.must(h.Discover(t.Context()))
		if a, _ := h.appOf("web"); a.Gone {
			t.Errorf("the apps of an engine that was %s are gone", name)
		}
		_, err := h.engine(t.Context(), web.DeviceID)
		if cause, message, mend := explain(err); cause != model.CauseEngine || message == "" || mend == "" {
			t.Errorf("%v is explained as %s: %s %s", err, cause, message, mend)
		}
		e.Start(t)
		h.within(20*time.Second, "the engine is back", func() bool { return h.local().Engine.State == model.EngineReady })
	}
	e.Compose(t, smallProject(t, "blog"), "up", "-d")
	h.within(5*time.Second, "a new project is found", func() bool { _, ok := h.appOf("blog"); return ok })
	if a, _ := h.appOf("web"); a.Gone || a.ID != web.ID {
		t.Errorf("web is %+v", a)
	}
}

func TestWithoutAnEngine(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		socket string
		want   model.EngineState
	}{"off": {"", model.EngineOff}, "absent": {filepath.Join(t.TempDir(), "none.sock"), model.EngineAbsent}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(o *Options) { o.DockerSocket = c.socket })
			a := model.App{ID: model.NewID(), DeviceID: h.local().ID, Name: "web", Kind: model.AppCompose, Project: "web", Found: &model.Found{}}
			h.must(h.Store.PutFoundApps(t.Context(), []store.FoundApp{{App: a, New: true}}))
			h.start()
			h.within(5*time.Second, "the device says why", func() bool { e := h.local().Engine; return e != nil && e.State == c.want && e.Mend != "" })
			if got, _ := h.appOf("web"); got.Gone {
				t.Error("an app is gone because nobody could look")
			}
		})
	}
}

func TestFoundAppsAreRenamedAndNothingElse(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	ctx := t.Context()
	a := model.App{
		ID: model.NewID(), DeviceID: h.local().ID, Name: "web", Kind: model.AppCompose, Origin: model.OriginFound, Project: "web",
		Paths: []string{}, Found: &model.Found{WorkingDir: "/srv/web"}, Pending: true, Disabled: true,
	}
	h.must(h.Store.PutFoundApps(ctx, []store.FoundApp{{App: a, New: true}}))
	got, created, err := h.PutApp(ctx, model.App{ID: a.ID, Name: " Shop ", Origin: model.OriginPlatform, Kind: model.AppFolders})
	h.must(err)
	if created || got.Name != "Shop" || got.Kind != model.AppCompose || got.Origin != model.OriginFound || got.Project != "web" || !got.Pending || !got.Disabled {
		t.Errorf("app is %+v", got)
	}
	if kept, _ := h.appOf("web"); kept.Found == nil || kept.Found.WorkingDir != "/srv/web" || kept.Name != "Shop" {
		t.Errorf("kept is %+v", kept)
	}
	if _, _, err := h.PutApp(ctx, model.App{ID: a.ID, Name: "Shop", Paths: []string{h.dir}}); len(model.Refused(err)) != 1 {
		t.Errorf("folders for a found app gave %v", err)
	}
	h.must(h.ForgetApp(ctx, a.ID))
	got, created, err = h.PutApp(ctx, model.App{ID: a.ID, Name: "Shop"})
	h.must(err)
	if !created || got.Kind != model.AppCompose || len(h.configurationsOf(a.ID)) != 1 {
		t.Errorf("revived as %+v", got)
	}
}

// TestTwoHundredContainers measures a first discovery and one that finds nothing new.
func TestTwoHundredContainers(t *testing.T) {
	e := testbed.NewEngine(t)
	h := newHouse(t, func(o *Options) { o.DockerSocket = e.Socket })
	var all sync.WaitGroup
	for part := range 4 {
		all.Go(func() {
			for i := range 50 {
				n := fmt.Sprint("box", part*50+i)
				if out, err := e.Run(t.Context(), "create", "--name", n, "-v", n+":/data", "-v", "/x", "webapp:1"); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			}
		})
	}
	all.Wait()
	for _, name := range []string{"first", "again"} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		begun := time.Now()
		h.must(h.Discover(ctx))
		cancel()
		t.Logf("%s discovery of 200 containers in %s", name, time.Since(begun)) // make bench measures it alone
	}
	if n := strings.Count(h.allFound(), ",") + 1; n != 200 {
		t.Errorf("%d apps", n)
	}
}
