package e2e

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// kept is what of an app a configuration takes, and how long it is kept.
type kept struct {
	Include   []string `json:"include_paths"`
	Exclude   []string `json:"exclude_paths"`
	Policy    string   `json:"policy_id"`
	Retention *struct {
		Daily int `json:"keep_daily"`
	} `json:"retention"`
}

// kept returns the only configuration of an app.
func (h *house) kept(t testing.TB, app string) kept {
	t.Helper()
	var list struct{ Configurations []kept }
	if h.call("GET", "/backup/configurations?app_id="+app, nil, &list); len(list.Configurations) != 1 {
		t.Fatalf("the app follows %+v, want one policy", list.Configurations)
	}
	return list.Configurations[0]
}

// addFolders protects a folder, changes what of it is backed up and how long that is kept, has it follow another policy
// from the list, and forgets it again.
func (p *person) addFolders(h *house) {
	name, folder, more := "Notes "+string(p.way), newFolder(p.t, "notes"), newFolder(p.t, "more")
	writeFile(p.t, filepath.Join(folder, "list.md"), "- milk\n")
	writeFile(p.t, filepath.Join(more, "recipe.md"), "# Bread\n")
	p.nav("Apps")
	p.send("Add folders")
	p.write("Name", name)
	p.write("Folders or files", folder)
	p.send("Protect these folders")
	p.says(name + " is protected from now on.")
	at := slices.IndexFunc(h.apps(), func(a dockerApp) bool { return a.Name == name })
	if at < 0 {
		p.t.Fatalf("there is no app %s: %+v", name, h.apps())
	}
	app := h.apps()[at].ID

	p.write("Also include", more)
	p.write("Exclude", "*.tmp")
	p.pick("Its own numbers")
	p.write("Daily", "4")
	p.look("an app with numbers of its own")
	p.send("Save")
	p.says("Saved.")
	if got := h.kept(p.t, app); !slices.Equal(got.Include, []string{more}) || !slices.Equal(got.Exclude, []string{"*.tmp"}) || got.Retention == nil || got.Retention.Daily != 4 {
		p.t.Errorf("what was saved is %+v", got)
	}
	p.nav("Apps")
	p.tick("Choose " + name)
	p.choose("Policy", "Slow", "")
	p.send("Apply")
	p.says("1 app follows Slow now.")
	if got := h.kept(p.t, app).Policy; got != h.slowly {
		p.t.Errorf("the app follows %s, want %s", got, h.slowly)
	}

	p.send(name)
	p.send("Forget app…")
	p.says("Its files stay where they are.")
	p.send("Forget app")
	p.says("The app is forgotten.")
	if slices.ContainsFunc(h.apps(), func(a dockerApp) bool { return a.Name == name }) {
		p.t.Error("the app is still there")
	}
}

// findApps searches and filters the list of apps.
func (p *person) findApps(*house) {
	p.nav("Apps")
	p.write("Search apps", "cell")
	p.mark()
	p.key(kb.Enter)
	p.await("the search applies", `window.stillHere === undefined && document.querySelector("main") !== null`)
	p.listed("Cellar", "Failed")
	if ask[bool](p.tab, `document.querySelector("main tbody").innerText.includes("Photos")`) {
		p.t.Error("the search shows what is called otherwise")
	}
	p.nav("Apps")
	p.choose("Status", "Paused", "Search")
	p.says("No app matches")
	p.send("Show all")
	p.present("Photos")
}

// startFromHome tries again what failed, and then backs up everything.
func (p *person) startFromHome(h *house) {
	tries, newest := len(h.jobs("app_id="+h.cellar)), h.photosTaken()[0].ID
	p.nav("Home")
	p.send("Try again")
	p.says("Started one backup.")
	h.quiet()
	if now := len(h.jobs("app_id=" + h.cellar)); now != tries+1 {
		p.t.Errorf("the app that failed had %d jobs, and now %d", tries, now)
	}
	p.nav("Home")
	p.send("Back up everything")
	p.says("Started ")
	for _, j := range h.jobs("state=queued&state=running&app_id=" + h.attic) { // it would take a minute
		h.call("POST", "/jobs/"+j.ID+"/cancel", nil, nil)
	}
	h.quiet()
	if h.photosTaken()[0].ID == newest {
		p.t.Error("the photos were not backed up")
	}
}
