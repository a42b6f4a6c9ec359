package e2e

import "fmt"

// strangeName is what an app may be called to do harm, or by chance, and longer than any page is wide.
const strangeName = `"><img src=x onerror=alert(1)><script>alert(2)</script>{{7*7}}` + "\u202eDnuora" + `WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW`

// strangeNames gives the app of the photos a strange name and looks at the pages that show it: the browser runs nothing
// of it, and no page becomes wider than the window.
func (b *tab) strangeNames() {
	b.t.Helper()
	b.visit("/apps")
	app := b.link("Photos")
	b.visit(app)
	b.fill("name", strangeName)
	b.script("save the name", `document.querySelector("main [name=name]").form.requestSubmit()`)
	b.await("the name is kept", fmt.Sprintf(`document.readyState === "complete" && document.querySelector("h1")?.innerText.includes(%s)`, quote(strangeName)))
	for _, path := range []string{"/", "/apps", app, app + "/files", "/snapshots", "/activity", "/devices"} {
		b.visit(path)
		b.fits(path)
	}
	for _, list := range []string{"/snapshots", "/activity"} {
		b.visit(list)
		b.visit(ask[string](b, `[...document.querySelectorAll("main a")].find(e => /^\/(jobs|snapshots)\/[0-9a-f-]{36}$/.test(e.pathname)).pathname`))
		b.fits("the first of " + list)
	}
}
