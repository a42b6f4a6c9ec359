package jobs

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"keepstead/docker"
	"keepstead/model"
	"keepstead/store"
)

// view is what was known when a discovery began.
type view struct {
	device         uuid.UUID
	apps           []model.App // made of containers, forgotten ones too
	names          map[string]bool
	configurations map[uuid.UUID][]model.Configuration // by app, oldest first
	policies       []model.Policy
	away           map[string]string // containers that a restore set aside: their names before, by id
	mode           string            // model.DiscoverProtect or model.DiscoverAsk
	now            time.Time
}

// changes are what a discovery has to write.
type changes struct {
	apps []store.FoundApp
	// configurations follow a label that names another policy now.
	configurations []model.Configuration
}

// compare sets what the engine has beside what is known. Only a whole list may be compared: an app that is not in it is
// gone.
func (v *view) compare(projects []docker.Project) changes {
	var out changes
	projects = leaveOut(projects, v.away)
	known := v.pair(projects)
	present := map[uuid.UUID]bool{}
	for i, p := range projects {
		app, ok := known[i]
		if !ok {
			out.apps = append(out.apps, v.add(p))
			continue
		}
		present[app.ID] = true
		if change, changed := v.update(app, p); changed {
			out.apps = append(out.apps, change)
		}
		out.configurations = append(out.configurations, v.follow(app, p.Found)...)
	}
	for _, app := range v.apps {
		if !present[app.ID] && !app.Gone && !v.setAside(app) {
			app.Gone = true
			out.apps = append(out.apps, store.FoundApp{App: app})
		}
	}
	return out
}

// setAside says that the app is a lone container which a restore has set aside: it is about to be made anew.
func (v *view) setAside(app model.App) bool {
	if app.Kind != model.AppContainer {
		return false
	}
	for _, name := range v.away {
		if name == app.Project {
			return true
		}
	}
	return false
}

// leaveOut drops containers that restores set aside. They wait under other names to be removed, or to get theirs back,
// and are no apps of their own.
func leaveOut(projects []docker.Project, away map[string]string) []docker.Project {
	if len(away) == 0 {
		return projects
	}
	var out []docker.Project
	for i, p := range projects {
		all := len(p.Containers)
		names := map[string]bool{}
		p.Containers = slices.DeleteFunc(slices.Clone(p.Containers), func(c docker.Container) bool {
			_, gone := away[c.ID]
			names[c.Name] = names[c.Name] || gone
			return gone
		})
		if all > 0 && len(p.Containers) == 0 && p.Project != "" {
			p.Containers = projects[i].Containers // a project keeps its name, whatever its containers are called
		} else if all > 0 && len(p.Containers) == 0 {
			continue
		}
		if len(p.Containers) < all {
			p.Found.IDs = slices.DeleteFunc(slices.Clone(p.Found.IDs), func(id string) bool { _, gone := away[id]; return gone })
			p.Found.Services = slices.Clone(p.Found.Services)
			for i := range p.Found.Services {
				s := &p.Found.Services[i]
				s.Containers = slices.DeleteFunc(slices.Clone(s.Containers), func(name string) bool { return names[name] })
			}
		}
		out = append(out, p)
	}
	return out
}

// away reads which containers restores have set aside.
func (m *Manager) away(ctx context.Context) (map[string]string, error) {
	rows, err := m.Store.Undos(ctx, uuid.Nil)
	out := map[string]string{}
	for _, u := range rows {
		// A container that a restore made is named by its name: its id is known only afterwards.
		if u.Action == model.UndoRename || u.Action == model.UndoRemoveContainer && u.Target != u.Name {
			out[u.Target] = u.Name
		}
	}
	return out, err
}

// pair finds the app of each project, by its index: the one of the same name, else one that lost its name and is the
// same by its files, volumes or containers. An app is never two projects, so a copy beside its original is new.
func (v *view) pair(projects []docker.Project) map[int]model.App {
	left := slices.Clone(v.apps)
	// Of two rows with one name, the app that people see comes before a forgotten one, a found one before an adopted one.
	slices.SortStableFunc(left, func(a, b model.App) int { return rank(a) - rank(b) })
	out := map[int]model.App{}
	take := func(i int, choose func(model.App) bool) {
		if n := slices.IndexFunc(left, choose); n >= 0 {
			out[i] = left[n]
			left = slices.Delete(left, n, n+1)
		}
	}
	for i, p := range projects {
		take(i, func(a model.App) bool { return keyOf(a) == p.Key })
	}
	for i, p := range projects {
		if _, done := out[i]; done {
			continue
		}
		if id, ok := docker.Match(left, p); ok {
			take(i, func(a model.App) bool { return a.ID == id })
		}
	}
	return out
}

func rank(a model.App) int {
	switch {
	case a.ForgottenAt != nil:
		return 2
	case a.Found == nil:
		return 1
	}
	return 0
}

// add makes an app of a project that nobody knows.
func (v *view) add(p docker.Project) store.FoundApp {
	found := v.judged(p, nil)
	a := model.App{
		ID: model.NewID(), DeviceID: v.device, Kind: kindOf(p.Key), Origin: model.OriginFound, Project: p.Key.String(),
		Paths: []string{}, Found: &found, Disabled: disabled(found),
	}
	a.Name = v.free(a.Project)
	out := store.FoundApp{App: a, New: true}
	if v.mode == model.DiscoverAsk && !insisted(found) {
		out.App.Pending = true
		return out
	}
	out.Automatic = automatic(a.ID, found, v.policies)
	return out
}

// update brings an app in line with its project, and says whether anything changed.
func (v *view) update(app model.App, p docker.Project) (store.FoundApp, bool) {
	next := app
	found := v.judged(p, v.configurations[app.ID])
	next.Found, next.Gone, next.Disabled = &found, false, disabled(found)
	next.Kind, next.Project = kindOf(p.Key), p.Key.String()
	out := store.FoundApp{App: next}
	if next.Project != app.Project && follows(app.Name, app.Project) && app.ForgottenAt == nil {
		delete(v.names, strings.ToLower(app.Name))
		out.OldName, out.App.Name = app.Name, v.free(next.Project)
	}
	same := app.Gone == next.Gone && app.Disabled == next.Disabled && app.Kind == next.Kind && app.Project == next.Project
	if same && alike(app.Found, next.Found) {
		return out, false
	}
	return out, true
}

// judged is what is found of a project, with the strategies that are in force.
func (v *view) judged(p docker.Project, configurations []model.Configuration) model.Found {
	found := p.Found
	judgeLabels(&found, v.policies)
	var conf *model.Configuration
	for i := range configurations {
		if conf == nil || conf.Capture == nil && configurations[i].Capture != nil {
			conf = &configurations[i]
		}
	}
	chooseStrategies(&found, p.Containers, conf, recognised(p.Containers))
	found.SeenAt = v.now
	return found
}

// follow returns the configuration that nobody touched with the policy that the app's label names, where that is another
// one than it has.
func (v *view) follow(app model.App, found model.Found) []model.Configuration {
	policy, ok := labelPolicy(found, v.policies)
	mine := v.configurations[app.ID]
	if !ok || slices.ContainsFunc(mine, func(c model.Configuration) bool { return c.PolicyID == policy.ID }) {
		return nil
	}
	for _, c := range mine {
		if c.Automatic {
			c.PolicyID = policy.ID
			return []model.Configuration{c}
		}
	}
	return nil
}

func kindOf(k docker.Key) model.AppKind {
	if k.Project == "" {
		return model.AppContainer
	}
	return model.AppCompose
}

// alike compares what was found without the time of the look.
func alike(a, b *model.Found) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	x.SeenAt, y.SeenAt = time.Time{}, time.Time{}
	first, err := json.Marshal(x)
	second, err2 := json.Marshal(y)
	return err == nil && err2 == nil && bytes.Equal(first, second)
}

// free returns the name, or the first of “name 2”, “name 3” … that no app of the device has, and takes it.
func (v *view) free(name string) string {
	out := name
	for n := 2; v.names[strings.ToLower(out)]; n++ {
		out = name + " " + strconv.Itoa(n)
	}
	v.names[strings.ToLower(out)] = true
	return out
}

// follows says whether an app still has the name that its project gave it.
func follows(name, project string) bool {
	number, ok := strings.CutPrefix(name, project+" ")
	return name == project || ok && number != "" && strings.Trim(number, "0123456789") == ""
}
