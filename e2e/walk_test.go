package e2e

import (
	"fmt"

	"github.com/chromedp/chromedp"
)

// refused submits a form with something wrong in it, and looks at what it says of that.
func (b *tab) refused(where string) {
	b.t.Helper()
	b.submit()
	b.await("a field of "+where+" is refused", `document.querySelector("main [aria-invalid=true]") !== null`)
	b.accessible(where + ", refused")
}

// first returns the path of the first thing that a list leads to.
func (b *tab) first(list string) string {
	b.t.Helper()
	b.visit(list)
	find := fmt.Sprintf(`[...document.querySelectorAll("main a")].find(e => new RegExp("^%s/[0-9a-f-]{36}$").test(e.pathname))`, list)
	b.await("there is one of "+list, find+" !== undefined")
	return ask[string](b, find+".pathname")
}

// rarePages looks at the pages that people come by when something changes or goes: questions before that, forms of what
// is there already, and tests of destinations.
func (b *tab) rarePages() {
	b.t.Helper()
	b.visit("/apps")
	app, snapshot, destination := b.link("Photos"), b.first("/snapshots"), b.first("/destinations")
	for _, path := range []string{"/go", "/go?q=photos", app + "/forget", snapshot + "/forget", destination + "/remove", destination + "/edit"} {
		b.visit(path)
		b.accessible(path)
	}
	b.press("Test first")
	b.says("It works")
	b.accessible("a destination that works")
	b.newDestination("s3", "Nowhere")
	for name, value := range map[string]string{"endpoint": "http://127.0.0.1:1", "bucket": "nowhere", "access_key": "key", "secret_key": "secret"} {
		b.fill(name, value)
	}
	b.press("Test first")
	b.says("The test failed at")
	b.accessible("a destination that does not work")

	if !ask[bool](b, `fetch("/settings/users", {method: "POST", body: new URLSearchParams({name: "otto", password: "ten-plus characters", current_password: "ten-plus characters"})}).then(r => r.ok)`) {
		b.t.Fatal("no user could be made")
	}
	b.visit("/settings")
	b.visit(ask[string](b, `document.querySelector("main a[href$='/remove']").pathname`))
	b.says("This is removed")
	b.accessible("the question before a user is removed")
}

// outside looks at the pages of somebody who is not signed in: the sign-in in each of its states, and errors.
func (b *tab) outside() {
	b.t.Helper()
	b.allow("401 from /signin", "429 from /signin", "403 from /backup", "404 from /static/nothing")
	b.script("sign out", `document.querySelector("form[action='/signout']").requestSubmit()`)
	b.await("the sign-in comes", `location.pathname === "/signin"`)
	b.accessible("the sign-in")
	enter := func(says string) {
		b.t.Helper()
		b.fill("name", "nina")
		b.fill("password", "not this one")
		b.submit()
		b.says(says)
		b.accessible("the sign-in, " + says)
	}
	enter("The name or the password is not right.")
	ask[bool](b, `(async () => { for (let i = 0; i < 9; i++) await fetch("/signin", {method: "POST", body: new URLSearchParams({name: "nina", password: "guess"})}) })()`)
	enter("Too many attempts.")
	b.visit("/static/nothing")
	b.says("404")
	b.accessible("an error, signed out")
	b.foreign("/backup")
	b.says("403")
	b.accessible("what another site sent")
}

// foreign posts a form as another site would.
func (b *tab) foreign(path string) {
	b.t.Helper()
	b.do("leave the site", chromedp.Navigate("about:blank"))
	b.script("post from another site", fmt.Sprintf(`(() => { const f = document.createElement("form"); f.method = "post"; f.action = %s;
		document.documentElement.append(f); f.submit() })()`, quote(b.base+path)))
	b.await("the answer comes", `document.querySelector("main h1") !== null`)
}

// onBoth opens each path and looks at it on both screens.
func (b *tab) onBoth(paths ...string) {
	b.t.Helper()
	for _, path := range paths {
		b.visit(path)
		for _, s := range screens {
			b.resize(s)
			b.accessible(path + " on a " + s.name)
		}
		b.resize(screens[0])
	}
}
