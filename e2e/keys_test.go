package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/uuid"

	"keepstead/testbed"
)

const (
	paletteOpen = `document.querySelector("#palette").open`
	keysOpen    = `document.querySelector("#keys").open`
	focused     = `document.activeElement`
	chosenGoal  = `document.getElementById(document.querySelector("#palette-q").getAttribute("aria-activedescendant"))`
)

// TestByKeyboardAlone signs in, starts a backup, opens its restore, reads the keys and chooses how times are shown,
// without a click: what the palette, the keys and the forms are for.
func TestByKeyboardAlone(t *testing.T) {
	t.Parallel()
	k := serve(t)
	photos := filepath.Join(t.TempDir(), "photos")
	testbed.NewFiles(t, photos)
	disk := k.addFolder("Disk", filepath.Join(t.TempDir(), "repository"))
	k.addPolicy("Photos, hourly", []string{disk.ID}, nil)
	k.call("PUT", "/apps/"+uuid.NewString(), body{"name": "Photos", "device_id": k.localDevice(), "paths": []string{photos}}, nil)

	b := browse(t, k.url, screens[0])
	b.do("open the sign-in", chromedp.Navigate(k.url+"/signin"), chromedp.WaitReady("main"))
	b.keys("admin" + kb.Tab + adminPassword + kb.Enter)
	b.await("home comes", `location.pathname === "/" && `+focused+` !== null`)
	b.startAndRestore()
	b.chooseAndLeave()
	b.searchAndKeys()
	b.preferTimes()
	b.preferGerman()

	b.resize(screens[1])
	b.visit("/")
	b.script("press the magnifier", `document.querySelector("[data-palette]").click()`)
	b.await("the palette lists something", paletteOpen+` && document.querySelectorAll("#palette-list [role=option]").length > 8`)
	b.accessible("the palette on a phone")
}

// keys presses keys where the focus is, as a keyboard does: the sign comes with its key, so that a page that takes the
// key does not get the sign too. chromedp.KeyEvent sends the two apart.
func (b *tab) keys(keys string, held ...chromedp.Modifier) {
	b.t.Helper()
	for _, r := range keys {
		events := kb.Encode(r)
		down, up := events[0], events[len(events)-1]
		for _, m := range held {
			down.Modifiers |= int64(m)
			up.Modifiers |= int64(m)
		}
		if sign := events[1]; sign.Type == kb.KeyChar && len(held) == 0 {
			down.Text, down.UnmodifiedText = sign.Text, sign.UnmodifiedText
		}
		for _, event := range []*input.DispatchKeyEventParams{down, up} {
			if _, err := chromedp.Call(b.ctx, input.DispatchKeyEvent, *event); err != nil {
				b.fatal(fmt.Sprintf("press %q", r), err)
			}
		}
	}
	b.do("go on")
}

func (b *tab) openPalette() {
	b.t.Helper()
	b.keys("k", chromedp.ModifierCtrl)
	b.await("the palette has the focus", paletteOpen+` && `+focused+`.id === "palette-q"`)
}

// startAndRestore types faster than the answers come: Enter has to wait for the answer to what stands in the field.
func (b *tab) startAndRestore() {
	b.t.Helper()
	b.openPalette()
	b.keys("photos back" + kb.Enter)
	b.await("the app's page says so", `location.pathname.startsWith("/apps/") && document.querySelector("main").innerText.includes("Started one backup.")`)
	b.await("the snapshot is there", `document.querySelector("main h1").innerText.includes("Protected")`)
	b.openPalette()
	b.keys("rest phot" + kb.Enter)
	b.await("the restore form comes", `/^\/snapshots\/[0-9a-f-]{36}\/restore$/.test(location.pathname)`)
}

// chooseAndLeave moves through the results and leaves at Escape, back to where the focus was.
func (b *tab) chooseAndLeave() {
	b.t.Helper()
	b.visit("/policies")
	b.script("put the focus on a link", `document.querySelector(".side nav a[href='/activity']").focus()`)
	b.keys("/")
	b.await("the palette opens where a page has no search", paletteOpen)
	b.keys("photos")
	b.await("the results are those of the word", `document.querySelector("#palette-says").innerText === "4 results"`)
	b.await("the first is chosen", chosenGoal+`.innerText.startsWith("Photos") && `+chosenGoal+`.getAttribute("aria-selected") === "true"`)
	b.accessible("the palette")
	b.keys(kb.ArrowDown)
	b.await("the second is chosen", chosenGoal+`.innerText.startsWith("Photos, hourly") && document.querySelectorAll("#palette-list [aria-selected=true]").length === 1`)
	b.keys(kb.ArrowUp + kb.ArrowUp)
	b.await("the last is chosen", chosenGoal+`.innerText.startsWith("Restore")`)
	b.keys(kb.Escape)
	b.await("the focus is back", `!`+paletteOpen+` && `+focused+`.getAttribute("href") === "/activity"`)
	b.openPalette()
	b.keys("nothing of the kind")
	b.await("nothing is found, and said", `document.querySelector("#palette-says").innerText.startsWith("Nothing is called") && document.querySelector("#palette-q").getAttribute("aria-expanded") === "false"`)
	b.accessible("the palette without results")
	b.keys(kb.Enter + kb.Escape)
	b.await("Enter did nothing", `!`+paletteOpen+` && location.pathname === "/policies"`)
}

// searchAndKeys uses the keys of a page with a search field, and types them where they are only signs.
func (b *tab) searchAndKeys() {
	b.t.Helper()
	b.visit("/apps")
	b.keys("?")
	b.await("the keys are shown", keysOpen)
	b.accessible("the keys")
	b.keys("/")
	b.await("the search has the focus", `!`+keysOpen+` && `+focused+`.matches("main input[type=search]")`)
	b.keys("?/k")
	b.await("signs are signs in a field", focused+`.value === "?/k" && !`+keysOpen+` && !`+paletteOpen)
	b.openPalette()
	b.keys("?")
	b.await("also in the palette", `document.querySelector("#palette-q").value === "?" && !`+keysOpen)
	b.keys("k", chromedp.ModifierCtrl)
	b.await("the same keys close it", `!`+paletteOpen+` && `+focused+`.matches("main input[type=search]")`)
}

// preferTimes chooses a zone, mistyped at first, and the American way of writing times.
func (b *tab) preferTimes() {
	b.t.Helper()
	b.openPalette()
	b.keys("time zone" + kb.Enter)
	b.await("the settings come", `location.pathname + location.hash === "/settings#appearance"`)
	field := `document.querySelector("main [name=time_zone]")`
	b.await("every zone is offered", `document.querySelectorAll("#zones option").length > 300`)
	b.tabTo("time_zone")
	b.allow("422 from /settings/appearance")
	b.keys("Mars/Olympus" + kb.Enter)
	b.await("it is refused at its field", field+`.getAttribute("aria-invalid") === "true" && document.querySelector("#f-time-zone-reason").innerText.includes("Mars/Olympus")`)
	b.accessible("the settings with a refused zone")
	b.tabTo("time_zone")
	b.keys("a", chromedp.ModifierCtrl)
	b.keys("Asia/Tokyo" + kb.Tab + kb.Tab + kb.ArrowDown + kb.Tab + kb.ArrowDown + kb.Enter) // past the language
	b.says("Saved.")
	month := time.Now().UTC().Add(9 * time.Hour).Format("Jan 2, 2006")
	b.await("times are as chosen", fmt.Sprintf(`/%s, \d+:\d\d:\d\d [AP]M JST$/.test(document.querySelector("main time").title)`, month))
	b.openPalette()
	b.keys("activity" + kb.Enter)
	b.await("everywhere", `location.pathname === "/activity" && document.querySelector("main time").title.endsWith("JST")`)
	b.script("choose the dark theme", `document.querySelector(".theme-switch [value=dark]").click()`)
	b.await("it is on at once", `document.documentElement.dataset.theme === "dark" && document.querySelector("meta[name=theme-color][data-theme=dark]").media === "all"`)
	b.await("the server keeps it", `fetch("/settings").then(r => r.text()).then(t => t.includes('data-theme="dark"'))`)
}

// preferGerman chooses another language, and looks at what the server and the scripts say then.
func (b *tab) preferGerman() {
	b.t.Helper()
	b.openPalette()
	b.keys("language" + kb.Enter)
	b.await("the settings come", `location.pathname + location.hash === "/settings#appearance"`)
	b.tabTo("language")
	b.keys(kb.ArrowDown + kb.ArrowDown + kb.Enter)
	b.says("Gespeichert.")
	b.await("the page is in German", `document.documentElement.lang === "de" && document.querySelector("main h1").innerText === "Einstellungen"`)
	b.openPalette()
	b.keys("ziele" + kb.Enter)
	b.await("a page is found by its German name", `location.pathname === "/destinations" && document.title.startsWith("Ziele")`)
	b.accessible("destinations in German")
	b.script("have a time be long ago", `document.querySelector("main time[data-relative]").dateTime = new Date(Date.now() - 7200000).toISOString()`)
	b.await("the scripts speak it too", `document.querySelector("main time[data-relative]").textContent === "vor 2 h"`)
}

// tabTo presses Tab until the field of that name has the focus.
func (b *tab) tabTo(name string) {
	b.t.Helper()
	for range 60 {
		if ask[string](b, focused+`.name ?? ""`) == name {
			return
		}
		b.keys(kb.Tab)
	}
	b.t.Fatalf("Tab does not reach %s", strings.ReplaceAll(name, "_", " "))
}
