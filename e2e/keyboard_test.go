package e2e

import (
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// skipToContent goes past the navigation, as whoever works by keyboard does on each page.
func (p *person) skipToContent() {
	p.t.Helper()
	p.visit("/apps")
	p.key(kb.Tab)
	if at := ask[string](p.tab, "document.activeElement.innerText"); at != "Skip to content" {
		p.t.Errorf("the first stop is %q", at)
	}
	p.key(kb.Enter)
	p.await("the keyboard is at the content", `document.activeElement.id === "main"`)
	p.key(kb.Tab)
	p.await("the next stop is in it", `document.querySelector("main").contains(document.activeElement) && document.activeElement.id !== "main"`)
}

// sameAgain opens the page that is open once more, by its link in the navigation.
func (p *person) sameAgain() {
	p.t.Helper()
	p.visit("/policies")
	p.send("Policies")
	p.await("the keyboard still is at the link", `document.activeElement.matches("nav a[href='/policies']")`)
}

// another opens a second tab of the same browser.
func (b *tab) another() *tab {
	b.t.Helper()
	ctx, end := chromedp.NewContext(b.ctx)
	return openTab(ctx, b.t, end, b.base)
}

// twoTabs edits one policy in two tabs: the second save is not made, it is told why, and nothing that was typed is lost.
func (p *person) twoTabs(h *house) {
	p.t.Helper()
	id := h.addPolicy("Shared", []string{h.disk.ID}, nil)
	second := hire(p.t, p.another(), keys)
	p.visit("/policies/" + id)
	second.visit("/policies/" + id)
	p.write("Note", "of the first tab")
	p.send("Save")
	p.says("Shared is saved.")

	second.write("Schedule", "15 4 * * *")
	second.write("Note", "of the second tab")
	second.allow("409 from /policies/" + id)
	second.send("Save")
	for _, text := range []string{"was changed meanwhile", "of the first tab", "of the second tab"} {
		second.says(text)
	}
	second.await("what was typed is there", `document.querySelector("main [name=schedule]").value === "15 4 * * *" && document.querySelector("main [name=description]").value === "of the second tab"`)
	if !ask[bool](second.tab, `document.activeElement.getAttribute("role") === "alert"`) {
		p.t.Error("the keyboard does not stand at the warning")
	}
	second.look("two tabs at one policy")
	var now struct{ Schedule, Description string }
	if h.call("GET", "/backup/policies/"+id, nil, &now); now.Description != "of the first tab" {
		p.t.Errorf("the second tab overwrote the first: %+v", now)
	}
	second.send("Save mine over it")
	second.says("Shared is saved.")
	if h.call("GET", "/backup/policies/"+id, nil, &now); now.Description != "of the second tab" || now.Schedule != "15 4 * * *" {
		p.t.Errorf("saving on purpose left %+v", now)
	}
}
