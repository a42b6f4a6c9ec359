package e2e

import "testing"

// TestStaleFormOverwritesNothing edits a policy in a page that lay open while the policy was changed elsewhere, and that
// has read its state again since, as it does after a lost stream: what was typed over the old version is still refused.
func TestStaleFormOverwritesNothing(t *testing.T) {
	t.Parallel()
	k := serve(t)
	id := k.addPolicy("Overnight", []string{k.addFolder("Disk", newFolder(t, "disk")).ID}, nil)
	b := browse(t, k.url, screens[0])
	b.signIn()
	b.visit("/policies/" + id)
	b.fill("description", "typed in the evening")
	k.call("PATCH", "/backup/policies/"+id, body{"description": "of the other tab", "name": "Elsewhere"}, nil)
	b.script("the page comes back", `dispatchEvent(new PageTransitionEvent("pageshow", {persisted: true}))`)
	b.await("the page has read its state again", `document.querySelector("main h1").innerText === "Elsewhere"`)
	b.allow("409 from /policies/" + id)
	b.submit()
	b.says("was changed meanwhile")
	var now struct{ Description string }
	if k.call("GET", "/backup/policies/"+id, nil, &now); now.Description != "of the other tab" {
		t.Errorf("the stale page overwrote it: %+v", now)
	}
}
