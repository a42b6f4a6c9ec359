package e2e

import (
	"fmt"
	"strings"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// goByPalette opens the palette, types a word, and takes what it finds.
func (p *person) goByPalette(*house) {
	p.nav("Home")
	if p.way == keys {
		p.key("k", chromedp.ModifierCtrl)
	} else {
		p.touch("Go to …")
	}
	p.await("the palette is open", paletteOpen+` && `+focused+`.id === "palette-q"`)
	p.key("yearly")
	const goal = `document.querySelector("#palette-list [role=option]")`
	p.await("the policy is found", goal+`?.innerText.startsWith("Yearly") && `+chosenGoal+` === `+goal)
	if p.way == keys {
		p.key(kb.Enter)
	} else {
		s := ask[spot](p.tab, fmt.Sprintf(`(() => { %s const e = %s; %s })()`, lookup, goal, reach))
		if s.Over != "" {
			p.fatal("press what was found", fmt.Errorf("at its place is %s", s.Over))
		}
		p.pressAt("Yearly", s)
	}
	p.await("the policy's page comes", `/^\/policies\/[0-9a-f-]{36}$/.test(location.pathname) && document.querySelector("main h1").innerText.includes("Yearly")`)
}

// changeAppearance chooses how times are shown and in which language, and takes the language back.
func (p *person) changeAppearance(*house) {
	zone := map[way]string{keys: "Asia/Tokyo", mouse: "Asia/Kolkata", thumb: "Africa/Lagos"}[p.way]
	sign := map[way]string{keys: "JST", mouse: "IST", thumb: "WAT"}[p.way]
	p.nav("Settings")
	p.write("Time zone", zone)
	hours := ask[string](p.tab, `document.querySelector("main [name=hours]:not(:checked)").closest("label").innerText.trim()`)
	p.pick(hours)
	p.pick("Deutsch")
	p.send("Save")
	p.says("Gespeichert.")
	p.pick("English")
	p.send("Speichern")
	p.says("Saved.")
	p.await("the page is in English", `document.documentElement.lang === "en" && document.querySelector("main h1").innerText === "Settings"`)
	p.await("times are as chosen", fmt.Sprintf(`document.querySelector("main time").title.endsWith(%s) && document.querySelector("main time").title.includes("M ") === %v`,
		quote(sign), strings.HasSuffix(hours, "M")))
}
