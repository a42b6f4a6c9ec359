package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"keepstead/testbed"
)

// TestDockerEvening is somebody's first evening with their compose projects: one that starts is on the open page by
// itself, its capture is looked at and changed, it is backed up, brought back beside itself and in place with the steps
// live, and is gone. Nothing of it is typed but passwords. Afterwards the same pages on a phone.
func TestDockerEvening(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.Postgres)
	k, _ := serveDocker(t, e, never)

	b := browse(t, k.url, screens[0])
	b.signIn()
	b.foundWhileWatching(e, p)
	a := k.awaitApp(p.Name, 10*time.Second, protected)
	b.changeCapture("/apps/" + a.ID)
	b.backUpAndLook("/apps/" + a.ID)
	b.copyBeside(p)
	b.bringBackInPlace(e, p)
	paths := b.dockerPaths(a.ID)

	phone := browse(t, k.url, screens[1])
	phone.signIn()
	for _, path := range paths {
		phone.visit(path)
		phone.accessible("on a phone, " + path)
	}
	b.gone(e, p)
	phone.visit("/")
	phone.says(p.Name + " is gone")
	phone.accessible("on a phone, home")
}

// TestAskFirst protects nothing by itself: what is found waits on the page for a decision.
func TestAskFirst(t *testing.T) {
	t.Parallel()
	e := testbed.NewEngine(t)
	p := testbed.NewProject(t, testbed.Postgres)
	k, _ := serveDocker(t, e, never)
	b := browse(t, k.url, screens[1])
	b.signIn()
	b.visit("/settings")
	b.script("ask first", `document.querySelector('main [name="mode"][value="ask"]').click()`)
	b.script("save", `document.querySelector('#discovery button').click()`)
	b.says("Saved.")

	b.visit("/apps")
	b.mark()
	e.Up(t, p.Dir)
	b.says("1 app was found. Protect it?")
	b.unreloaded()
	b.accessible("an app that waits")
	if a := k.awaitApp(p.Name, 10*time.Second, func(a dockerApp) bool { return a.Pending }); len(a.Configurations) != 0 {
		t.Errorf("an app that waits follows %d policies", len(a.Configurations))
	}
	b.visit("/")
	b.says("1 app was found and is not protected")
	b.press("Protect")
	b.says("Protected one app.")
	k.awaitApp(p.Name, 10*time.Second, protected)
}

// signIn signs in as the admin.
func (b *tab) signIn() {
	b.t.Helper()
	b.visit("/signin")
	b.fill("name", "admin")
	b.fill("password", adminPassword)
	b.submit()
	b.await("home comes", `location.pathname === "/"`)
}

// foundWhileWatching starts the project while the list of apps is open.
func (b *tab) foundWhileWatching(e *testbed.Engine, p *testbed.Project) {
	b.t.Helper()
	b.visit("/apps")
	b.says("Docker")
	b.mark()
	e.Up(b.t, p.Dir)
	b.says(p.Name)
	b.says("Compose project")
	b.unreloaded()
	b.accessible("apps with a project")
}

// changeCapture looks at what is captured and how, and has one service stopped.
func (b *tab) changeCapture(path string) {
	b.t.Helper()
	b.visit(path)
	for _, text := range []string{"PostgreSQL", "Automatic: database dump", "Dumped instead", "Captured", "/etc/localtime", "Left out", "docker-compose.yml"} {
		b.await("the page says "+text, fmt.Sprintf(`document.querySelector("main").textContent.includes(%s)`, quote(text)))
	}
	b.accessible("an app of containers")
	b.script("have the web service stopped", `[...document.querySelectorAll("main .services tbody tr")].find(r => r.querySelector(".name").innerText === "web").querySelector("select").value = "stop"`)
	b.script("save", `document.querySelector('main form[action$="/capture"] .card-foot button').click()`)
	b.says("Saved.")
	b.says("You chose it.")
}

// backUpAndLook backs up, sees the app protected without a reload, and opens the snapshot.
func (b *tab) backUpAndLook(path string) {
	b.t.Helper()
	b.visit(path)
	b.press("Back up now")
	b.await("the page is back", fmt.Sprintf("location.pathname === %s", quote(path)))
	b.mark()
	b.await("the app is protected", `document.querySelector("main h1").innerText.includes("Protected")`)
	b.says("Downtime at the last backup")
	b.unreloaded()
	b.script("open the snapshot", `document.querySelector('#app-snapshots tbody a.name').click()`)
	b.says("What it holds")
	b.says("db: shop")
	b.accessible("a snapshot of an app")
}

// restoreBy opens the restore form of the snapshot on the page and chooses the way.
func (b *tab) restoreBy(mode string) {
	b.t.Helper()
	b.press("Restore")
	b.await("the form comes", `location.pathname.endsWith("/restore")`)
	b.script("choose the way", fmt.Sprintf(`document.querySelector('main [name="mode"][value=%q]').click()`, mode))
}

// finish starts the restore and follows its steps to the end.
func (b *tab) finish() {
	b.t.Helper()
	b.submit()
	b.await("the job's page comes", `location.pathname.startsWith("/jobs/")`)
	b.mark()
	b.await("there are steps", `document.querySelectorAll("main .job-steps li").length > 2`)
	b.await("the job ends", `/Done|Failed|Partial|Interrupted/.test(document.querySelector("main h1").innerText)`)
	b.unreloaded()
	if states := ask[string](b, `[...document.querySelectorAll("main .job-steps li")].map(e => e.innerText.replace(/\s+/g, " ")).join("; ")`); strings.Contains(states, "Failed") || strings.Contains(states, "Waiting") {
		b.fatal("restore", fmt.Errorf("the steps are %s", states))
	}
	b.accessible("the job of a restore")
}

// copyBeside restores the snapshot as a new project, after asking what would change.
func (b *tab) copyBeside(p *testbed.Project) {
	b.t.Helper()
	snapshot := ask[string](b, "location.pathname")
	b.restoreBy("new_project")
	b.fill("project", p.Name+"copy")
	b.fill("folder", newFolder(b.t, "copy"))
	b.accessible("the form of a restore")
	b.press("What would change?")
	b.says("Nothing of what is there would change")
	b.accessible("the plan of a restore")
	b.finish()
	b.says(p.Name + "copy")
	b.visit(snapshot)
}

// bringBackInPlace breaks the app, and restores the whole of it.
func (b *tab) bringBackInPlace(e *testbed.Engine, p *testbed.Project) {
	b.t.Helper()
	e.Docker(b.t, "exec", p.Container("db"), "psql", "-U", "shop", "-c", "DROP SCHEMA public CASCADE")
	b.restoreBy("in_place")
	b.says("What is there now is replaced")
	b.finish()
	b.says(p.Name + " is back")
	b.says("all verified.")
	b.says("The state from before is kept")
	e.AwaitHealthy(b.t, p.Dir)
	if n := strings.TrimSpace(e.Docker(b.t, "exec", p.Container("db"), "psql", "-U", "shop", "-Atc", "SELECT count(*) > 0 FROM pg_tables WHERE schemaname = 'public'")); n != "t" {
		b.t.Errorf("the tables are not back: %q", n)
	}
}

// dockerPaths are the pages that the evening came by.
func (b *tab) dockerPaths(app string) []string {
	b.t.Helper()
	job := ask[string](b, "location.pathname")
	b.visit("/apps/" + app)
	snapshot := ask[string](b, `document.querySelector('#app-snapshots tbody a.name').pathname`)
	return []string{"/", "/apps", "/apps/" + app, snapshot, snapshot + "/restore", job, "/settings"}
}

// gone takes the project away while its page is open.
func (b *tab) gone(e *testbed.Engine, p *testbed.Project) {
	b.t.Helper()
	b.mark()
	e.Compose(b.t, p.Dir, "down")
	b.says("Gone, last seen")
	b.says("Bring it back")
	b.unreloaded()
	b.accessible("an app that is gone")
}
