package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// way is how somebody gives a page their orders.
type way string

const (
	keys  way = "by keyboard" // Tab, Shift-Tab, Enter, Space, arrows and letters
	thumb way = "by touch"    // a finger on a phone
	mouse way = "by mouse"    // moved to a thing and pressed on it
	plain way = "by mouse, without scripts"
)

// person is somebody at a tab who knows one way.
type person struct {
	*tab
	way    way
	faults map[string]bool // what was already said of where the keyboard stood
}

// hire has a person work at the tab in that way.
func hire(t testing.TB, b *tab, w way) *person {
	t.Helper()
	b.t = t
	s := screens[0]
	if w == thumb {
		s = screens[1]
	}
	b.resize(s)
	for _, set := range []func() error{
		func() error {
			_, err := chromedp.Call(b.ctx, emulation.SetFocusEmulationEnabled, emulation.SetFocusEmulationEnabledParams{Enabled: true})
			return err
		},
		func() error {
			_, err := chromedp.Call(b.ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: w == plain})
			return err
		},
		func() error {
			_, err := chromedp.Call(b.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
				Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
			})
			return err
		},
	} {
		if err := set(); err != nil {
			t.Fatalf("work %s: %v", w, err)
		}
	}
	return &person{tab: b, way: w, faults: map[string]bool{}}
}

// lookup finds what a label names among what can be used, as assistive technology would name it.
const lookup = `
	const nameOf = e => (e.getAttribute("aria-label") || [...(e.labels ?? [])].map(l => l.innerText).join(" ") || e.innerText || e.title || "").replace(/\s+/g, " ").trim();
	const usable = [...document.querySelectorAll("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")]
		.filter(e => e.checkVisibility({visibilityProperty: true}) && e.tabIndex >= 0 && !e.disabled);
	const called = label => usable.find(e => nameOf(e) === label) ?? usable.find(e => nameOf(e).startsWith(label)) ?? usable.find(e => nameOf(e).includes(label));
	const surface = e => e.type === "checkbox" || e.type === "radio" ? e.closest("label") ?? e : e;
`

// seek is a script in which e is what the label names.
func seek(label, body string) string {
	return fmt.Sprintf(`(() => { %s const e = called(%s); %s })()`, lookup, quote(label), body)
}

func (p *person) present(label string) {
	p.t.Helper()
	p.await("“"+label+"” can be used", seek(label, "return e !== undefined"))
}

// act uses what the label names, on a page that stays.
func (p *person) act(label string) {
	p.t.Helper()
	p.use(label, kb.Enter)
	p.keepsPlace("after “" + label + "”")
}

// tick ticks or unticks a box, or chooses a tile.
func (p *person) tick(label string) {
	p.t.Helper()
	p.use(label, " ")
}

// pick chooses one of several exclusive choices. By keyboard the group is one stop, and arrows go on in it.
func (p *person) pick(label string) {
	p.t.Helper()
	p.present(label)
	if p.way != keys {
		p.touch(label)
		return
	}
	p.tabTo(ask[string](p.tab, seek(label, `return nameOf([...e.form.elements].find(o => o.name === e.name && o.checked) ?? e)`)))
	for range 10 {
		if p.standsOn(label).There {
			return
		}
		p.key(kb.ArrowDown)
	}
	p.fatal("choose “"+label+"”", fmt.Errorf("no arrow leads there"))
}

// send uses what the label names and waits for the page it leads to.
func (p *person) send(label string) {
	p.t.Helper()
	p.present(label)
	p.mark()
	before, form := ask[string](p.tab, "location.pathname"), ask[bool](p.tab, seek(label, `return e.tagName !== "A"`)) // a link leads to the beginning
	p.use(label, kb.Enter)
	p.await("another page comes after “"+label+"”", `window.stillHere === undefined && document.querySelector("main") !== null`)
	if form && before == ask[string](p.tab, "location.pathname") {
		p.keepsPlace("back on the page after “" + label + "”")
	}
}

func (p *person) use(label, key string) {
	p.t.Helper()
	p.present(label)
	if p.way == keys {
		p.tabTo(label)
		p.key(key)
		return
	}
	p.touch(label)
}

func (p *person) key(keys string, with ...chromedp.Modifier) {
	p.t.Helper()
	p.do("press keys", chromedp.KeyEvent(keys, chromedp.KeyModifiers(with...)))
}

// stop is where the keyboard stands.
type stop struct {
	There  bool   `json:"there"` // on what was looked for
	Behind bool   `json:"behind"`
	Far    int    `json:"far"` // about how many stops it is away
	Name   string `json:"name"`
	Fault  string `json:"fault"`
}

// where is a script for a stop on the way to e.
const where = `
	const at = document.activeElement;
	if (!at || at === document.body) return {far: usable.indexOf(e) + 1};
	const ringed = [at, at.closest("label"), at.parentElement].some(n => { const s = n && getComputedStyle(n); return s && s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0; });
	const face = surface(at), box = face.getBoundingClientRect();
	const inside = (low, high, size) => Math.min(Math.max((low + high) / 2, 1), size - 2);
	const hit = document.elementFromPoint(inside(Math.max(box.left, 0), Math.min(box.right, innerWidth), innerWidth), inside(Math.max(box.top, 0), Math.min(box.bottom, innerHeight), innerHeight));
	const seen = box.bottom > 0 && box.top < innerHeight && (face.contains(hit) || hit?.contains(face) || at.contains(hit));
	return {
		there: at === e, far: e && usable.includes(at) ? Math.abs(usable.indexOf(e) - usable.indexOf(at)) : 0, behind: Boolean(e && at.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_PRECEDING), name: nameOf(at),
		fault: at.id === "main" ? "" : [ringed ? "" : "is not marked", seen ? "" : "cannot be seen"].filter(Boolean).join(" and "),
	};
`

// tabTo goes to what the label names, by the shorter way. It looks where it is now and then, since some stops are of
// several controls, and some controls of several stops.
func (p *person) tabTo(label string) {
	p.t.Helper()
	for range 100 {
		s := p.standsOn(label)
		if s.There {
			return
		}
		var with []chromedp.Modifier
		if s.Behind {
			with = append(with, chromedp.ModifierShift)
		}
		p.key(strings.Repeat(kb.Tab, max(1, s.Far/2)), with...)
	}
	p.fatal("go to “"+label+"”", fmt.Errorf("no way leads there"))
}

// standsOn looks where the keyboard stands, and whether that can be seen, at once or when the page has moved there.
func (p *person) standsOn(label string) stop {
	p.t.Helper()
	s := ask[stop](p.tab, seek(label, where))
	for end := time.Now().Add(3 * time.Second); s.Fault != "" && !p.faults[s.Name+s.Fault] && time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		s = ask[stop](p.tab, seek(label, where))
	}
	if s.Fault != "" && !p.faults[s.Name+s.Fault] {
		p.faults[s.Name+s.Fault] = true
		p.t.Errorf("%s: the keyboard stands on “%s”, which %s", ask[string](p.tab, "location.pathname"), s.Name, s.Fault)
	}
	return s
}

// everyStop goes through a page from its beginning to its end, or as far as a person would.
func (p *person) everyStop(path string) {
	p.t.Helper()
	p.visit(path)
	for i := range 120 {
		p.key(kb.Tab)
		if s := p.standsOn("Skip to content"); i > 0 && (s.There || s.Name == "") {
			return
		}
	}
}

// keepsPlace says when the keyboard stands nowhere: whoever works by it would begin anew at the top of the page. Where
// the address names a part of the page, the browser goes on from there.
func (p *person) keepsPlace(when string) {
	p.t.Helper()
	if p.way != keys {
		return
	}
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ask[bool](p.tab, `document.activeElement !== null && document.activeElement !== document.body || document.querySelector(":target") !== null`) {
			return
		}
	}
	p.t.Errorf("%s, %s: the keyboard stands nowhere", ask[string](p.tab, "location.pathname"), when)
}

// spot is the middle of something on the screen.
type spot struct {
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	Over string  `json:"over"` // what lies over it
}

// place returns where on the screen a finger or a mouse reaches what the label names; something else there is a fault.
func (p *person) place(label string) spot {
	p.t.Helper()
	var s spot
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) { // a page may still be sliding in
		if s = ask[spot](p.tab, seek(label, reach)); s.Over == "" {
			return s
		}
	}
	p.fatal("press “"+label+"”", fmt.Errorf("at its place is %s", s.Over))
	return s
}

// reach is a script for the spot of e.
const reach = `
	if (!e) return {over: "no such thing"};
	const face = surface(e);
	face.scrollIntoView({block: "center", behavior: "instant"});
	const box = face.getClientRects()[0], x = box.left + box.width / 2, y = box.top + box.height / 2, hit = document.elementFromPoint(x, y);
	return {x, y, over: face.contains(hit) ? "" : hit?.outerHTML.slice(0, 200) ?? "nothing"};
`

// touch presses what the label names.
func (p *person) touch(label string) {
	p.t.Helper()
	p.pressAt(label, p.place(label))
}

// pressAt taps or clicks a spot.
func (p *person) pressAt(label string, s spot) {
	p.t.Helper()
	if p.way == thumb {
		p.do("tap “"+label+"”", chromedp.TapXY(s.X, s.Y))
		return
	}
	p.do("click “"+label+"”", chromedp.MouseEvent(chromedp.MouseMoved, s.X, s.Y), chromedp.MouseClickXY(s.X, s.Y))
}

// write types text into a field, in place of what is there.
func (p *person) write(label, text string) {
	p.t.Helper()
	p.present(label)
	if p.way == keys {
		p.tabTo(label)
	} else {
		p.touch(label)
	}
	p.await("the keyboard is at “"+label+"”", seek(label, "return document.activeElement === e"))
	p.key("a", chromedp.ModifierCtrl)
	p.key(text)
}

// choose chooses the first entry of a list that begins with the text; in a filter it applies at once, or by the button.
func (p *person) choose(label, option, button string) {
	p.t.Helper()
	p.present(label)
	p.mark()
	if p.way == keys {
		p.tabTo(label)
		here := func() bool {
			return strings.HasPrefix(ask[string](p.tab, seek(label, "return e.selectedOptions[0].text")), option)
		}
		if !here() {
			p.key(kb.Home)
		}
		for range 40 {
			if here() {
				break
			}
			p.key(kb.ArrowDown)
		}
		if !here() {
			p.fatal("choose “"+option+"” in “"+label+"”", fmt.Errorf("no key leads there"))
		}
		p.unreloaded() // passing by chooses nothing
		if button != "" {
			p.key(kb.Enter)
		}
	} else { // the list itself is drawn by the browser, outside of the page
		p.place(label)
		p.script("choose "+option, seek(label, fmt.Sprintf(`e.value = [...e.options].find(o => o.text.startsWith(%s)).value; e.dispatchEvent(new Event("change", {bubbles: true}))`, quote(option))))
		if p.way == plain && button != "" {
			p.touch(button)
		}
	}
	if button == "" {
		return
	}
	p.await("the filter applies", `window.stillHere === undefined && document.querySelector("main") !== null`)
	p.keepsPlace("after choosing " + option)
}

// nav goes to a section by the navigation of the screen.
func (p *person) nav(section string) {
	p.t.Helper()
	if p.way == keys { // a page begins with its navigation
		p.visit(ask[string](p.tab, "location.pathname + location.search"))
	}
	if p.way == thumb && !slices.Contains([]string{"Home", "Apps", "Snapshots", "Activity"}, section) {
		p.act("More")
	}
	p.send(section)
	p.await(section+" is open", fmt.Sprintf(`document.querySelector("main h1").innerText.trim().startsWith(%s) || location.pathname === "/"`, quote(section)))
}

// becomes waits until the page says so: by itself, or where no script runs when it is asked for again.
func (p *person) becomes(text string) {
	p.t.Helper()
	p.until("it says “"+text+"”", fmt.Sprintf(`document.querySelector("main").innerText.includes(%s)`, quote(text)))
}

// listed waits until a row of the page's table has both texts.
func (p *person) listed(name, text string) {
	p.t.Helper()
	p.until(name+" is "+text, fmt.Sprintf(`[...document.querySelectorAll("main tbody tr")].some(r => r.innerText.includes(%s) && r.innerText.includes(%s))`, quote(name), quote(text)))
}

func (p *person) until(what, script string) {
	p.t.Helper()
	for end := time.Now().Add(90 * time.Second); p.way == plain && time.Now().Before(end) && !ask[bool](p.tab, script); time.Sleep(200 * time.Millisecond) {
		p.visit(ask[string](p.tab, "location.pathname + location.search"))
	}
	p.await(what, script)
}

// look has axe look at the page, where scripts run. By mouse the page is that which was looked at by keyboard.
func (p *person) look(what string) {
	p.t.Helper()
	if p.way == plain || p.way == mouse {
		return
	}
	p.accessible(what + ", " + string(p.way))
	// Everything that is pressed is 24 px large or stands alone (WCAG 2.2, 2.5.8), which axe asks only on demand.
	for _, small := range ask[[]string](p.tab, `axe.run(document, {resultTypes: ["violations"], runOnly: {type: "rule", values: ["target-size"]}})
		.then(r => r.violations.flatMap(v => v.nodes.map(n => n.target.join(" "))))`) {
		p.t.Errorf("%s, %s: %s is too small to press", what, p.way, small)
	}
}

// enter signs in as the admin.
func (p *person) enter() {
	p.t.Helper()
	p.visit("/signin")
	p.write("User name", "admin")
	p.write("Password", adminPassword)
	p.send("Sign in")
	p.await("home comes", `location.pathname === "/"`)
}
