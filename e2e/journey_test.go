package e2e

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"keepstead/testbed"
)

// TestFirstEvening is a newcomer's first evening, on a desktop and on a phone: set-up with the one-time code, a
// destination, an app, a backup watched live without a reload, and the files back.
func TestFirstEvening(t *testing.T) {
	t.Parallel()
	for _, s := range screens {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			k := prepare(t)
			k.env = nil // nobody has set a password: the browser does
			k.start()
			photos := filepath.Join(t.TempDir(), "photos")
			testbed.NewFiles(t, photos)

			b := browse(t, k.url, s)
			b.setUp(k, photos)
			b.watchHome()
			b.watchBackup(k, photos)
			b.bringBack(photos)
			b.takeOut(photos)
			b.everyPage()
			b.rarePages()
			if s.phone {
				b.strangeNames()
			}
			b.outside()
		})
	}
}

var setupAddress = regexp.MustCompile(`http://[^\s]+/setup\?code=[^\s]+`)

// setupAddress is where the terminal sends a newcomer. It is printed a moment after the server answers.
func (k *keepstead) setupAddress() string {
	k.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if address := setupAddress.FindString(k.output.String()); address != "" {
			return address
		}
	}
	k.t.Fatalf("the start printed no set-up address: %s", k.output.String())
	return ""
}

// setUp creates the admin, takes the folder that is offered, and protects the photos.
func (b *tab) setUp(k *keepstead, photos string) {
	b.t.Helper()
	b.do("open the set-up", chromedp.Navigate(k.setupAddress()), chromedp.WaitReady("main"))
	b.allow("422 from /setup")
	b.accessible("set-up")
	b.fill("name", "nina")
	b.fill("password", "short")
	b.refused("set-up")
	b.fill("password", "ten-plus characters")
	b.submit()
	b.await("the second step comes", `location.pathname === "/setup/destination"`)
	b.accessible("set-up, destination")
	offered := ask[string](b, `document.querySelector("main [name=path]").value`)
	b.fill("path", "backups")
	b.refused("set-up, destination")
	b.fill("path", offered)
	b.press("Test first")
	b.says("It works")
	b.accessible("set-up, a destination that works")
	b.submit()
	b.await("the third step comes", `location.pathname === "/setup/apps"`)
	b.accessible("set-up, apps")
	b.fill("name", "Photos")
	b.fill("paths", "photos")
	b.refused("set-up, apps")
	b.fill("paths", photos)
	b.submit()
	b.await("home comes", `location.pathname === "/"`)
}

// watchHome waits, without a reload, for the sentence that everything is safe.
func (b *tab) watchHome() {
	b.t.Helper()
	b.mark()
	b.says("All 3 apps are protected.")
	b.unreloaded()
	b.accessible("home")
}

// watchBackup adds much data, backs up, and sees the bar move and the job end, without a reload.
func (b *tab) watchBackup(k *keepstead, photos string) {
	b.t.Helper()
	var there struct{ Destinations []destination }
	k.makeToken()
	k.call("GET", "/backup/destinations", nil, &there)
	at := "/backup/destinations/" + there.Destinations[0].ID
	k.call("PATCH", at, body{"bytes_per_second": 4 << 20}, nil) // it lasts, however busy the machine is
	defer k.call("PATCH", at, body{"bytes_per_second": 0}, nil)
	writeRandom(b.t, filepath.Join(photos, "film.mkv"), 64<<20)
	b.visit("/apps")
	b.script("open the app", `[...document.querySelectorAll("main a")].find(e => e.innerText.trim() === "Photos").click()`)
	b.says("How it is backed up")
	b.accessible("app")
	b.mark()
	b.press("Back up now")
	// The old page may show the job before the new one is there, and what watches it would go with it.
	b.await("the job runs on a new page", `window.stillHere === undefined &&
		document.querySelector("main progress, main [role=progressbar]") !== null && (() => {
			window.stillHere = true; // watched from here on, before the job is over
			window.seen = new Set();
			new MutationObserver(() => { const p = document.querySelector("main progress, main [role=progressbar]");
				if (p) window.seen.add(p.getAttribute("value") ?? p.getAttribute("aria-valuenow")) })
				.observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
			return true;
		})()`)
	b.await("the job ends", `document.querySelector("main progress, main [role=progressbar]") === null`)
	b.unreloaded()
	if steps := ask[int](b, `window.seen.size`); steps < 3 {
		b.t.Errorf("the bar moved %d times during a backup of 64 MiB", steps)
	}
}

// bringBack restores the newest snapshot of the photos into another folder and compares.
func (b *tab) bringBack(photos string) {
	b.t.Helper()
	b.visit("/snapshots")
	b.accessible("snapshots")
	b.script("restore the newest", `[...document.querySelectorAll("main a, main button")].find(e => e.innerText.trim().startsWith("Restore") && e.closest("table, li, article, main") && /\/restore$/.test(e.pathname ?? "")).click()`)
	b.await("the restore form comes", `location.pathname.endsWith("/restore")`)
	b.accessible("restore")
	target := filepath.Join(b.t.TempDir(), "back")
	b.do("choose another folder", chromedp.Click(`main [name="where"][value="folder"]`, chromedp.NodeReady))
	b.fill("target_path", target)
	b.submit()
	b.await("the job's page comes", `location.pathname.startsWith("/jobs/")`)
	b.mark()
	b.says("Done")
	b.unreloaded()
	b.accessible("restore job")
	testbed.Compare(b.t, photos, filepath.Join(target, photos))
}

// everyPage looks at the pages that the evening did not pass.
func (b *tab) everyPage() {
	b.t.Helper()
	b.allow("404 from /nowhere")
	for _, path := range []string{"/destinations", "/destinations/new", "/policies", "/policies/new", "/activity", "/settings", "/settings/recovery-kit", "/settings/keys", "/settings/audit", "/settings/two-factor", "/settings/notifications", "/settings/notifications/new", "/reference", "/apps/new", "/nowhere"} {
		b.visit(path)
		b.accessible(path)
	}
	for _, list := range []string{"/destinations", "/policies", "/snapshots", "/activity"} {
		b.visit(list)
		first := fmt.Sprintf(`[...document.querySelectorAll("main a")].find(e => new RegExp("^(/jobs|%s)/[0-9a-f-]{36}$").test(e.pathname)).click()`, list)
		b.script("open the first of "+list, first)
		b.await("it opens", `/[0-9a-f-]{36}$/.test(location.pathname) && document.readyState === "complete"`)
		b.accessible("the first of " + list)
	}
	b.findFilm()
}

// findFilm finds the film of the photos in their snapshots, looks at its versions, and compares two snapshots.
func (b *tab) findFilm() {
	b.t.Helper()
	b.visit("/apps")
	b.visit(b.link("Photos"))
	search := b.link("Find a file") + "?q=FILM"
	for end := time.Now().Add(time.Minute); ; time.Sleep(200 * time.Millisecond) { // it is indexed when nothing else waits
		b.visit(search)
		if ask[bool](b, `document.querySelector("main").innerText.includes("film.mkv")`) || time.Now().After(end) {
			break
		}
	}
	b.says("film.mkv")
	b.accessible("a search")
	b.visit(b.link("Versions"))
	b.says("1 version")
	b.accessible("versions")
	b.visit("/snapshots?app_id=" + strings.TrimPrefix(strings.TrimSuffix(search, "/files?q=FILM"), "/apps/"))
	b.visit(b.link("Photos"))
	b.visit(b.link("Compare"))
	b.accessible("the choice of a comparison")
	b.visit(b.link("Compare"))
	b.says("film.mkv")
	b.accessible("a comparison")
}

// link returns where the first link with that text leads.
func (b *tab) link(text string) string {
	b.t.Helper()
	find := fmt.Sprintf(`[...document.querySelectorAll("main a")].find(e => e.innerText.trim() === %s)`, quote(text))
	b.await("the link "+text+" is there", find+" !== undefined")
	return ask[string](b, find+`.pathname + `+find+`.search`)
}
