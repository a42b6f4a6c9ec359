package e2e

import (
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

	"keepstead/testbed"
)

// stray asks for what is not there, signed out and then signed in: each page leads on.
func (p *person) stray() {
	p.t.Helper()
	p.visit("/static/nothing")
	p.says("404")
	p.send("Go to Home")
	p.await("the sign-in comes", `location.pathname === "/signin"`)
	p.visit("/nowhere")
	p.await("the sign-in comes first", `location.pathname === "/signin"`)
	p.write("User name", "admin")
	p.write("Password", adminPassword)
	p.submitFrom("Sign in")
	p.says("404")
	p.send("Go to Home")
	p.await("home comes", `location.pathname === "/"`)
}

func (p *person) bringDevice(l *estate) {
	box := p.called("Box")
	p.nav("Devices")
	p.send("Add device")
	p.write("Name", box)
	p.write("Address", l.machine.Address)
	p.act("Show the fingerprint")
	p.says(fingerprint(p.t, l.machine))
	p.tick("I compared it")
	p.write("User", "root")
	p.write("Password", testbed.MachinePassword)
	p.submitFrom("Add device")
	p.says(box + " is added.")
	p.has("h1", "Ready")

	p.act("Test")
	p.says("It works")
	p.has(".probe li.is-good", "Sign in")
	p.look("a device after a test")
	p.send("Edit")
	p.write("Jobs at once", "3")
	p.submitFrom("Save")
	p.says("Saved.")
	p.has("dl", "Jobs at once 3")
	p.nav("Devices")
	p.listed(box, "Ready")
	p.send(box)
	p.send("Compare")
	p.says("Nothing has changed")
	p.send(box)

	p.asks("Remove device…", "Remove "+box+"?", "Keepstead’s key for it, its pinned host key and its settings here are deleted.")
	p.send("Remove device")
	p.says("The device is removed.")
}

// asks puts a question that names what is lost, keeps the thing, and puts the question again.
func (p *person) asks(button, title, lost string) {
	p.t.Helper()
	from := ask[string](p.tab, "location.pathname")
	p.send(button)
	p.has("h1", title)
	p.says(lost)
	p.send("Keep it")
	p.await("the page is back", "location.pathname === "+quote(from))
	p.send(button)
	p.says(lost)
}

// downloads has the browser save files in a folder of their own.
func (p *person) downloads() string {
	p.t.Helper()
	to := p.t.TempDir()
	if _, err := chromedp.Call(p.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: to}); err != nil {
		p.fatal("choose where downloads go", err)
	}
	return to
}

// takeKit goes from what Home asks for to the file, with which Home is content.
func (p *person) takeKit(l *estate) {
	need := "Keep the recovery kit somewhere else"
	p.nav("Home")
	p.says(need)
	p.send("Get the kit")
	p.write("Your password", "a guess")
	p.submitFrom("Download the kit")
	p.has(".field", "This is not your password.")
	p.look("the kit, refused")
	p.write("Your password", adminPassword)
	to := p.downloads()
	p.act("Download the kit") // the page stays
	name := filepath.Join(to, "keepstead-recovery-kit-"+time.Now().UTC().Format("2006-01-02")+".txt")
	kit := string(p.saved(name))
	for _, part := range []string{p.called("Shelf"), p.called("Cloud"), l.password(p.called("Shelf")), l.bucket.Name} {
		if !strings.Contains(kit, part) {
			p.t.Errorf("%q is not in the kit", part)
		}
	}
	p.nav("Home")
	if ask[bool](p.tab, `document.querySelector("main").innerText.includes(`+quote(need)+`)`) {
		p.t.Error("Home still asks to take the kit")
	}
}

// changeDefault has new apps follow another policy, and then the one from before again.
func (p *person) changeDefault(l *estate) {
	only := p.called("Only")
	l.addPolicy(only, []string{l.named(p.called("Old"))}, nil)
	choose := func(name string) {
		p.nav("Policies")
		p.send(name)
		p.tick("Use for new apps")
		p.send("Save")
		p.says(name + " is saved.")
		p.listed(name, "default")
	}
	choose(only)
	l.call("PUT", "/apps/"+uuid.NewString(), body{"name": p.called("Attic"), "device_id": l.localDevice(), "paths": []string{l.dir}}, nil)
	p.visit("/policies")
	p.send(only)
	p.says(p.called("Attic")) // the app that follows it
	choose("Default")
}

// named is the id of a destination.
func (l *estate) named(name string) string {
	l.t.Helper()
	var list struct{ Destinations []struct{ ID, Name string } }
	l.call("GET", "/backup/destinations", nil, &list)
	for _, d := range list.Destinations {
		if d.Name == name {
			return d.ID
		}
	}
	l.t.Fatalf("no destination is called %s: %+v", name, list)
	return ""
}

// partWithThings answers the question of everything that can go: no, and then yes.
func (p *person) partWithThings(l *estate) {
	only, attic, old := p.called("Only"), p.called("Attic"), p.called("Old")
	p.nav("Destinations")
	p.send(old)
	p.asks("Remove destination…", "Remove "+old+"?", "Its list of one snapshot is no longer shown here.")
	p.says(attic + " is then backed up nowhere.")
	p.says("The policy " + only + " no longer backs up to it.")
	p.look("the question before a destination is removed")
	p.send("Remove destination")
	p.says("The destination is removed.")

	p.nav("Apps")
	p.send(attic)
	p.asks("Forget app…", "Forget "+attic+"?", "Its backups stop, and its settings here are deleted.")
	p.send("Forget app")
	p.says("The app is forgotten.")

	before := len(l.snapshots(nil))
	p.nav("Snapshots")
	p.send("Photos")
	p.asks("Delete this snapshot…", "Delete this snapshot?", "The state of Photos at ")
	p.send("Delete snapshot")
	p.becomes("Done")
	if left := len(l.snapshots(nil)); left != before-1 {
		p.t.Errorf("of %d snapshots %d are left", before, left)
	}

	p.nav("Policies")
	p.send(only)
	p.asks("Delete…", "Delete the policy “"+only+"”?", "Its schedule, its destinations")
	p.send("Delete policy")
	p.says("The policy is deleted.")
	if ask[bool](p.tab, `document.querySelector("main").innerText.includes(`+quote(only)+`)`) {
		p.t.Errorf("%s is still listed", only)
	}
}

func (p *person) lookUp(*estate) {
	p.nav("Settings")
	p.send("API reference")
	p.act("POST /api/v1/backup/destinations/s3")
	p.has(".op-body", "Tests the storage, then creates the repository with a generated password.")
	p.use("S3DestinationCreate", kb.Enter)
	p.has("details[open]", "S3DestinationCreate")
	if p.way == keys { // which goes on from there
		p.key(kb.Tab)
		p.await("the keyboard is at what was opened", `(document.querySelector(location.hash).compareDocumentPosition(document.activeElement) & (Node.DOCUMENT_POSITION_FOLLOWING | Node.DOCUMENT_POSITION_CONTAINED_BY)) !== 0`)
	}
}

// guest is another browser, by its session alone.
type guest struct {
	*http.Client
	url string
}

// signInElsewhere signs the admin in with another browser.
func (l *estate) signInElsewhere() guest {
	l.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		l.t.Fatal(err)
	}
	g := guest{&http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, l.url}
	req, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.url+"/signin", strings.NewReader(url.Values{"name": {"admin"}, "password": {adminPassword}}.Encode()))
	if err != nil {
		l.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	res, err := g.Do(req)
	if err != nil {
		l.t.Fatal(err)
	}
	_ = res.Body.Close()
	if where := g.at(l.t); where != "" {
		l.t.Fatalf("the other browser is sent to %s", where)
	}
	return g
}

// at is where a page of somebody who is signed in sends the guest; empty when it is shown.
func (g guest) at(t testing.TB) string {
	t.Helper()
	res, err := g.Get(g.url + "/settings")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.Header.Get("Location")
}

func (p *person) changePassword(l *estate) {
	p.t.Helper()
	other := l.signInElsewhere()
	p.nav("Settings")
	p.send("Sign out Firefox on Linux")
	p.says("That browser is signed out.")
	p.isOut(other)

	other = l.signInElsewhere()
	change := func(from, to, answer string) {
		p.write("Present password", from)
		p.write("New password", to)
		p.submitFrom("Change password")
		p.says(answer)
	}
	change("a guess", "ten or more signs", "This is not your password.")
	change(adminPassword, "ten or more signs", "Your password is changed. Every other browser was signed out.")
	p.isOut(other)
	change("ten or more signs", adminPassword, "Your password is changed.")
}

func (p *person) isOut(g guest) {
	p.t.Helper()
	if where := g.at(p.t); !strings.HasPrefix(where, "/signin") {
		p.t.Errorf("the other browser is not signed out, but sent to %q", where)
	}
}
