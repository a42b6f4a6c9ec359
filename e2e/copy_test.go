package e2e

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// TestCopyWithoutTheClipboard copies a new token as a browser does that reaches Keepstead over plain HTTP: it lends no
// clipboard, and may refuse to copy at all.
func TestCopyWithoutTheClipboard(t *testing.T) {
	t.Parallel()
	k := serve(t)
	p := hire(t, browse(t, k.url, screens[0]), "by mouse")
	p.enter()
	p.visit("/settings")
	p.write("New token for", "Robot")
	p.write("Your password", adminPassword)
	p.send("Make token")
	p.says("It is shown this once")
	p.script("take the clipboard away, and watch what is copied", `
		Object.defineProperty(Navigator.prototype, "clipboard", { get: () => undefined });
		document.addEventListener("copy", () => { window.taken = getSelection().toString(); });`)
	copyIt := chromedp.Click(`[data-copy="#new-token"]`)
	p.do("copy the token", copyIt)
	p.says("Copied")
	token := ask[string](p.tab, `document.querySelector("#new-token").textContent`)
	if taken := ask[string](p.tab, `window.taken`); taken != token || len(token) < 20 {
		t.Errorf("%q was copied of the token %q", taken, token)
	}

	p.script("select nothing, and refuse the next copy", `getSelection().removeAllRanges(); document.execCommand = () => false`)
	p.do("copy the token again", copyIt)
	p.says("Press Ctrl-C to copy")
	if chosen := ask[string](p.tab, `getSelection().toString()`); chosen != token {
		t.Errorf("%q is selected of the token %q", chosen, token)
	}
}
