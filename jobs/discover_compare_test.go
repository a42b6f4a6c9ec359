package jobs

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"keepstead/docker"
	"keepstead/model"
)

// homelab is a view for a test, with what the last discovery wrote taken over into the next.
type homelab struct {
	*view
	t *testing.T
}

func newHomelab(t *testing.T) *homelab {
	t.Helper()
	p, other := model.DefaultPolicy(), model.DefaultPolicy()
	other.ID, other.Name, other.IsDefault = model.NewID(), "Hourly", false
	return &homelab{t: t, view: &view{
		device: model.NewID(), names: map[string]bool{}, configurations: map[uuid.UUID][]model.Configuration{},
		policies: []model.Policy{p, other}, mode: model.DiscoverProtect, now: at("2026-03-01 12:00:00"),
	}}
}

// find runs a discovery, takes over what it would write, and says it in words: new web; changed web; gone web.
func (h *homelab) find(projects ...docker.Project) string {
	h.t.Helper()
	h.names = map[string]bool{}
	for _, a := range h.apps {
		if a.ForgottenAt == nil {
			h.names[strings.ToLower(a.Name)] = true
		}
	}
	h.now = h.now.Add(time.Minute)
	var said []string
	c := h.compare(projects)
	for _, f := range c.apps {
		i := slices.IndexFunc(h.apps, func(a model.App) bool { return a.ID == f.App.ID })
		switch {
		case f.New:
			h.apps = append(h.apps, f.App)
			if f.Automatic != nil {
				h.configurations[f.App.ID] = []model.Configuration{*f.Automatic}
			}
			said = append(said, "new "+f.App.Name)
			if f.App.Pending {
				said[len(said)-1] += " (asks)"
			}
			continue
		case i < 0:
			h.t.Fatalf("an unknown app is changed: %+v", f.App)
		case f.App.Gone:
			said = append(said, "gone "+f.App.Name)
		default:
			said = append(said, "changed "+f.App.Name)
		}
		if f.OldName == "" {
			f.App.Name = h.apps[i].Name
		}
		h.apps[i] = f.App
	}
	for _, conf := range c.configurations {
		h.configurations[conf.AppID] = []model.Configuration{conf}
		said = append(said, "follow "+h.policy(conf.PolicyID))
	}
	return strings.Join(said, "; ")
}

func (h *homelab) policy(id uuid.UUID) string {
	for _, p := range h.policies {
		if p.ID == id {
			return p.Name
		}
	}
	return "none"
}

func (h *homelab) app(name string) *model.App {
	h.t.Helper()
	i := slices.IndexFunc(h.apps, func(a model.App) bool { return a.Name == name })
	if i < 0 {
		h.t.Fatalf("no app is called %q", name)
	}
	return &h.apps[i]
}

// expect compares what a discovery says with what it should.
func (h *homelab) expect(got, want string) {
	h.t.Helper()
	if got != want {
		h.t.Errorf("discovery says %q, want %q", got, want)
	}
}

// compose is a project with one service and one volume, in a folder of its own.
func compose(name, dir string) docker.Project {
	return docker.Project{
		Key: docker.Key{Project: name}, Name: name,
		Found: model.Found{
			WorkingDir: dir, ConfigFiles: []string{dir + "/compose.yaml"}, IDs: []string{"id of " + name},
			Services: []model.FoundService{{Name: "app", Image: "app:1", Running: 1, State: "running", Containers: []string{name + "-app-1"}}},
			Mounts: []model.FoundMount{{
				Kind: model.MountVolume, Name: name + "_data", Source: "/v/" + name, Path: "/v/" + name, Users: []string{"app:/data"}, Role: model.RoleData,
			}},
		},
		Containers: []docker.Container{{Service: "app", Image: "app:1", Running: true, State: "running"}},
	}
}

// lone is a container without a project.
func lone(name string) docker.Project {
	p := compose(name, "")
	p.Key, p.Found.ConfigFiles = docker.Key{Container: name}, nil
	p.Found.Services[0].Name, p.Found.Services[0].Containers = name, []string{name}
	return p
}

func labelled(p docker.Project, pairs ...string) docker.Project {
	p.Found.Labels = map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		p.Found.Labels[pairs[i]] = pairs[i+1]
	}
	return p
}

func TestDiscoveryComesAndGoes(t *testing.T) {
	t.Parallel()
	h := newHomelab(t)
	web, box := compose("web", "/srv/web"), lone("box")
	h.expect(h.find(web, box), "new web; new box")
	id := h.app("web").ID
	if a := h.app("box"); a.Kind != model.AppContainer || a.Project != "box" || keyOf(*a) != box.Key || a.Origin != model.OriginFound || len(a.Paths) != 0 {
		t.Errorf("the lone container became %+v", a)
	}
	if got := h.configurations[id]; len(got) != 1 || h.policy(got[0].PolicyID) != model.DefaultPolicyName {
		t.Errorf("configurations are %+v", got)
	}
	seen := h.app("web").Found.SeenAt
	h.expect(h.find(web, box), "")
	if !h.app("web").Found.SeenAt.Equal(seen) {
		t.Error("nothing changed, and yet something was written")
	}
	web = compose("web", "/srv/web")
	web.Found.Services[0].Health = "unhealthy"
	h.expect(h.find(web, box), "changed web")
	h.expect(h.find(box), "gone web")
	h.expect(h.find(box), "")
	h.expect(h.find(web), "changed web; gone box")
	if a := h.app("web"); a.ID != id || a.Gone {
		t.Errorf("the app that came back is %+v", a)
	}
	h.expect(h.find(), "gone web")
}

func TestDiscoveryKnowsARenamedProject(t *testing.T) {
	t.Parallel()
	h := newHomelab(t)
	h.find(compose("web", "/srv/web"), compose("blog", "/srv/blog"))
	web, blog := h.app("web").ID, h.app("blog").ID
	h.app("blog").Name = "My blog" // by a person
	h.expect(h.find(compose("shop", "/srv/web"), compose("journal", "/srv/blog")), "changed shop; changed My blog")
	if h.app("shop").ID != web || h.app("My blog").ID != blog || h.app("My blog").Project != "journal" {
		t.Errorf("apps are %+v", h.apps)
	}
	// A copy from the same files beside the original is another app.
	h.expect(h.find(compose("shop", "/srv/web"), compose("shop-test", "/srv/web"), compose("journal", "/srv/blog")), "new shop-test")
	// Two swap their names: each stays with its name, as compose itself sees it.
	h.expect(h.find(compose("journal", "/srv/web"), compose("shop", "/srv/blog"), compose("shop-test", "/srv/web")), "changed My blog; changed shop")
}

func TestDiscoveryNamesAreFree(t *testing.T) {
	t.Parallel()
	h := newHomelab(t)
	h.apps = append(h.apps, model.App{ID: model.NewID(), Kind: model.AppCompose, Name: "Web", Project: "something", Gone: true})
	h.expect(h.find(compose("web", "/a"), lone("web")), "new web 2; new web 3")
	h.expect(h.find(compose("site", "/a"), lone("web")), "changed site")
	for _, c := range []struct {
		name, project string
		want          bool
	}{
		{"web", "web", true}, {"web 2", "web", true}, {"web 2x", "web", false}, {"web ", "web", false}, {"Web", "web", false}, {"webs", "web", false},
	} {
		if follows(c.name, c.project) != c.want {
			t.Errorf("follows(%q, %q) is not %v", c.name, c.project, c.want)
		}
	}
}

func TestDiscoveryLeavesForgottenAppsForgotten(t *testing.T) {
	t.Parallel()
	h := newHomelab(t)
	web := compose("web", "/srv/web")
	h.find(web)
	now := h.now
	h.app("web").ForgottenAt = &now
	delete(h.configurations, h.app("web").ID)
	h.expect(h.find(web), "")
	h.expect(h.find(), "gone web")
	h.expect(h.find(web), "changed web") // found again, and still forgotten
	if h.app("web").ForgottenAt == nil || h.app("web").Name != "web" {
		t.Errorf("app is %+v", h.app("web"))
	}
	h.find(compose("shop", "/srv/web")) // renamed
	if len(h.apps) != 1 || h.apps[0].ForgottenAt == nil || h.apps[0].Project != "shop" {
		t.Errorf("apps are %+v", h.apps)
	}
	// A live app of the same name comes before a forgotten one.
	live := h.apps[0]
	live.ID, live.ForgottenAt, live.Name = model.NewID(), nil, "live"
	h.apps = append(h.apps, live)
	h.expect(h.find(compose("shop", "/srv/web")), "gone web")
	h.expect(h.find(compose("shop", "/srv/web")), "")
}

func TestDiscoveryTakesUpAnAdoptedApp(t *testing.T) {
	t.Parallel()
	h := newHomelab(t)
	adopted := model.App{ID: model.NewID(), Kind: model.AppCompose, Origin: model.OriginAdopted, Name: "web from nas", Project: "web"}
	h.apps = append(h.apps, adopted)
	h.expect(h.find(compose("web", "/srv/web")), "changed web from nas")
	if got := h.app("web from nas"); got.ID != adopted.ID || got.Found == nil || got.Origin != model.OriginAdopted {
		t.Errorf("app is %+v", got)
	}
}

func TestDiscoveryAsksFirst(t *testing.T) {
	t.Parallel()
	h := newHomelab(t)
	h.mode = model.DiscoverAsk
	h.expect(h.find(compose("web", "/srv/web"), labelled(compose("sure", "/srv/sure"), "enable", "true")), "new web (asks); new sure")
	if len(h.configurations) != 1 || len(h.configurations[h.app("sure").ID]) != 1 {
		t.Errorf("configurations are %+v", h.configurations)
	}
	h.mode = model.DiscoverProtect
	h.expect(h.find(compose("web", "/srv/web"), labelled(compose("sure", "/srv/sure"), "enable", "true")), "")
	if !h.app("web").Pending {
		t.Error("the app no longer waits")
	}
}

func TestDiscoveryFollowsLabels(t *testing.T) {
	t.Parallel()
	h := newHomelab(t)
	h.expect(h.find(labelled(compose("web", "/srv/web"), "policy", "hourly")), "new web")
	id := h.app("web").ID
	if got := h.policy(h.configurations[id][0].PolicyID); got != "Hourly" {
		t.Errorf("the policy is %s", got)
	}
	h.expect(h.find(labelled(compose("web", "/srv/web"), "policy", model.DefaultPolicyName)), "changed web; follow "+model.DefaultPolicyName)
	h.expect(h.find(labelled(compose("web", "/srv/web"), "policy", "Never")), "changed web")
	if p := h.app("web").Found.Problems; len(p) != 1 || !strings.Contains(p[0], "“Never”") {
		t.Errorf("problems are %q", p)
	}
	h.configurations[id][0].Automatic = false // a person took it over
	h.expect(h.find(labelled(compose("web", "/srv/web"), "policy", "hourly")), "changed web")

	h.expect(h.find(labelled(compose("web", "/srv/web"), "enable", "false")), "changed web")
	if !h.app("web").Disabled {
		t.Error("the label did not switch the app off")
	}
	h.expect(h.find(compose("web", "/srv/web")), "changed web")
	if h.app("web").Disabled {
		t.Error("the app stayed off without the label")
	}
	h.expect(h.find(compose("web", "/srv/web"), labelled(compose("off", "/off"), "enable", "false")), "new off")
	if !h.app("off").Disabled || len(h.configurations[h.app("off").ID]) != 1 {
		t.Errorf("app is %+v", h.app("off"))
	}
}

func TestDiscoveryShowsChoices(t *testing.T) {
	t.Parallel()
	h := newHomelab(t)
	h.find(compose("web", "/srv/web"))
	id := h.app("web").ID
	h.configurations[id] = append(h.configurations[id], model.Configuration{
		ID: model.NewID(), AppID: id, Capture: &model.Capture{Strategies: map[string]model.Strategy{"app": model.StrategyStop}},
	})
	h.expect(h.find(compose("web", "/srv/web")), "changed web")
	if s := h.app("web").Found.Services[0]; s.Strategy != model.StrategyStop || s.Origin != originPerson {
		t.Errorf("the service is %+v", s)
	}
}

func BenchmarkCompare(b *testing.B) {
	v := newHomelab(&testing.T{})
	var projects []docker.Project
	for i := range 200 {
		projects = append(projects, compose(fmt.Sprint("app", i), fmt.Sprint("/srv/", i)))
	}
	v.find(projects...)
	for b.Loop() {
		v.compare(projects)
	}
}

// While a restore makes a lone container anew, the old one waits under another name: it is no app, and the app stays.
func TestDiscoveryLeavesOutWhatARestoreSetAside(t *testing.T) {
	t.Parallel()
	h := newHomelab(t)
	with := func(p docker.Project, ids ...string) docker.Project {
		p.Containers, p.Found.IDs = nil, ids
		for _, id := range ids {
			p.Containers = append(p.Containers, docker.Container{ID: id, Name: p.Container, Service: p.Found.Services[0].Name})
		}
		return p
	}
	h.expect(h.find(with(lone("web"), "old"), with(compose("wiki", "/w"), "a")), "new web; new wiki")
	h.away = map[string]string{"old": "web", "a": "wiki-app-1"}
	h.expect(h.find(with(lone("web-before-1"), "old"), with(compose("wiki", "/w"), "a")), "")
	h.expect(h.find(with(lone("web-before-1"), "old"), with(lone("web"), "new"), with(compose("wiki", "/w"), "a", "b")), "changed web; changed wiki")
	if got := h.app("web").Found.IDs; !slices.Equal(got, []string{"new"}) {
		t.Errorf("web is now %v", got)
	}
	h.away = nil
	h.expect(h.find(with(lone("web"), "new"), with(compose("wiki", "/w"), "b")), "")
}
