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
	b.visit("/apps/" + a.ID)
	b.saysHowItIsCaptured()
	for _, turn := range []struct {
		way      way
		strategy string
		do       func(*person)
	}{
		{keys, "Stop", func(someone *person) {
			someone.backUpAndLook()
			someone.copyBeside(p.Name + "copy")
		}},
		{mouse, "Pause", func(someone *person) {
			someone.openNewest()
			someone.copyBeside(p.Name + "second")
		}},
		{thumb, "Pause", func(someone *person) {
			someone.openNewest()
			someone.bringBackInPlace(e, p)
		}},
	} {
		t.Run(string(turn.way), func(t *testing.T) {
			someone := hire(t, b, turn.way)
			someone.changeCapture(p.Name, turn.strategy)
			turn.do(someone)
		})
	}
	b.t = t
	for _, path := range b.dockerPaths(a.ID) { // it is a phone still
		b.visit(path)
		b.accessible("on a phone, " + path)
	}
	b.visit("/apps/" + a.ID)
	b.gone(e, p)
	b.visit("/")
	b.says(p.Name + " is gone")
	b.accessible("on a phone, home")
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

// saysHowItIsCaptured looks at what of the app is captured, and how.
func (b *tab) saysHowItIsCaptured() {
	b.t.Helper()
	for _, text := range []string{"PostgreSQL", "Automatic: database dump", "Dumped instead", "Captured", "/etc/localtime", "Left out", "docker-compose.yml"} {
		b.await("the page says "+text, fmt.Sprintf(`document.querySelector("main").textContent.includes(%s)`, quote(text)))
	}
	b.accessible("an app of containers")
}

// changeCapture has the web service held still in another way.
func (p *person) changeCapture(app, strategy string) {
	p.t.Helper()
	p.nav("Apps")
	p.send(app)
	p.choose("Capture web by", strategy, "")
	p.send("Save")
	p.says("Saved.")
	p.says("You chose it.")
}

// backUpAndLook backs up, sees that without a reload, and opens the snapshot.
func (p *person) backUpAndLook() {
	p.t.Helper()
	before := ask[int](p.tab, `document.querySelectorAll("#app-snapshots tbody a.name").length`)
	p.send("Back up now")
	p.mark()
	p.await("there is a snapshot, and the app is protected", fmt.Sprintf(
		`document.querySelectorAll("#app-snapshots tbody a.name").length === %d && document.querySelector("main h1").innerText.includes("Protected")`, before+1))
	p.says("Downtime at the last backup")
	p.unreloaded()
	p.openNewest()
	p.says("What it holds")
	p.says("db: shop")
	p.look("a snapshot of an app")
}

// openNewest opens the newest snapshot of the app on the page.
func (p *person) openNewest() {
	p.t.Helper()
	p.send(ask[string](p.tab, `document.querySelector("#app-snapshots tbody a.name").innerText.replace(/\s+/g, " ").trim()`))
}

// copyBeside restores the snapshot on the page as a new project, after asking what would change.
func (p *person) copyBeside(project string) {
	p.t.Helper()
	p.send("Restore")
	p.pick("A new project")
	p.write("Name of the new project", project)
	p.write("Its folder", newFolder(p.t, "copy"))
	p.look("the form of a restore")
	p.act("What would change?")
	p.says("Nothing of what is there would change")
	p.look("the plan of a restore")
	p.restored()
	p.says(project)
}

// bringBackInPlace breaks the app, and restores the whole of it from the snapshot on the page.
func (p *person) bringBackInPlace(e *testbed.Engine, project *testbed.Project) {
	p.t.Helper()
	e.Docker(p.t, "exec", project.Container("db"), "psql", "-U", "shop", "-c", "DROP SCHEMA public CASCADE")
	p.send("Restore")
	p.pick("The whole app")
	p.says("What is there now is replaced")
	p.restored()
	p.says(project.Name + " is back")
	p.says("all verified.")
	p.says("The state from before is kept")
	e.AwaitHealthy(p.t, project.Dir)
	if n := strings.TrimSpace(e.Docker(p.t, "exec", project.Container("db"), "psql", "-U", "shop", "-Atc", "SELECT count(*) > 0 FROM pg_tables WHERE schemaname = 'public'")); n != "t" {
		p.t.Errorf("the tables are not back: %q", n)
	}
}

// restored starts the restore of the form and follows its steps to the end.
func (p *person) restored() {
	p.t.Helper()
	p.send("Restore")
	p.await("the job's page comes", `location.pathname.startsWith("/jobs/")`)
	p.mark()
	p.await("there are steps", `document.querySelectorAll("main .job-steps li").length > 2`)
	p.await("the job ends", `/Done|Failed|Partial|Interrupted/.test(document.querySelector("main h1").innerText)`)
	p.unreloaded()
	if states := ask[string](p.tab, `[...document.querySelectorAll("main .job-steps li")].map(e => e.innerText.replace(/\s+/g, " ")).join("; ")`); strings.Contains(states, "Failed") || strings.Contains(states, "Waiting") {
		p.fatal("restore", fmt.Errorf("the steps are %s", states))
	}
	p.look("the job of a restore")
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
