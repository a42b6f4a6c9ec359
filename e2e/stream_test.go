package e2e

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/google/uuid"
)

// TestALostStream kills Keepstead under an open page and starts it again: the page says that it waits, then it is right
// again without a reload, and hears what changes. Then very much changes at once, and the page can still be used.
func TestALostStream(t *testing.T) {
	t.Parallel()
	k := serve(t)
	b := browse(t, k.url, screens[0])
	b.signIn()
	b.visit("/apps")
	b.allow("Failed to load resource: net::ERR_") // the stream's and its page's, while nobody answers
	b.mark()
	for _, name := range []string{"First", "Second"} {
		k.kill()
		b.await("the page says that it waits", `document.querySelector("#connection").checkVisibility() && document.querySelector("#connection").innerText.includes("Reconnecting")`)
		k.again()
		k.newApp(name + " while away")
		b.says(name + " while away")
		b.await("the page no longer says that it waits", `!document.querySelector("#connection").checkVisibility()`)
		k.newApp(name + " afterwards")
		b.says(name + " afterwards")
	}
	b.unreloaded()
	b.burst(k)
	b.allow("401 from /live/policies")
	k.signOutOthers()
	b.await("a page whose session ended leads to the sign-in", `location.pathname === "/signin"`)
}

// newApp declares an app with a folder that holds something.
func (k *keepstead) newApp(name string) {
	k.t.Helper()
	folder := newFolder(k.t, "app")
	writeFile(k.t, filepath.Join(folder, "file"), name)
	k.call("PUT", "/apps/"+uuid.NewString(), body{"name": name, "device_id": k.localDevice(), "paths": []string{folder}}, nil)
}

// signOutOthers signs in elsewhere and ends every other session there.
func (k *keepstead) signOutOthers() {
	k.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		k.t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	for _, form := range []struct {
		path   string
		values url.Values
	}{{"/signin", url.Values{"name": {"admin"}, "password": {adminPassword}}}, {"/settings/sessions/others/revoke", nil}} {
		req, err := http.NewRequestWithContext(k.t.Context(), http.MethodPost, k.url+form.path, strings.NewReader(form.values.Encode()))
		if err != nil {
			k.t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("Sec-Fetch-Site", "same-origin")
		res, err := client.Do(req)
		if err != nil {
			k.t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusOK {
			k.t.Fatalf("%s: %d", form.path, res.StatusCode)
		}
	}
}

// burst changes a policy a thousand times in a few seconds while the list of policies is open.
func (b *tab) burst(k *keepstead) {
	b.t.Helper()
	const edits = 1000
	disk := k.addFolder("Disk", newFolder(b.t, "disk"))
	id := k.addPolicy("Edited", []string{disk.ID}, nil)
	b.visit("/policies")
	b.says("Edited")
	b.mark()
	b.script("watch", `
		window.frames = 0; window.longest = 0; window.order = [];
		let last = performance.now();
		const frame = now => { frames++; longest = Math.max(longest, now - last); last = now; requestAnimationFrame(frame) };
		requestAnimationFrame(frame);
		window.messages = 0; window.swaps = 0;
		document.querySelector("[sse-connect]")["htmx-internal-data"].sseEventSource.addEventListener("policies-list", () => messages++);
		document.addEventListener("htmx:sseMessage", ({target}) => { if (target.id === "policies-list") swaps++ });
		const read = () => { const n = /edit (\d+)/.exec(document.querySelector("main").innerText); if (n && order.at(-1) !== Number(n[1])) order.push(Number(n[1])) };
		new MutationObserver(read).observe(document.querySelector("main"), {subtree: true, childList: true, characterData: true})`)
	for i := range edits {
		k.call("PATCH", "/backup/policies/"+id, body{"description": fmt.Sprintf("edit %d", i)}, nil)
		if i == edits/2 { // somebody opens the menu of a phone's bar and closes it, in the middle
			b.resize(screens[1])
			for _, open := range []bool{true, false} {
				b.do("press More", chromedp.Click("nav.tabs summary"))
				b.await("the menu follows", fmt.Sprintf(`document.querySelector("nav.tabs details").open === %v`, open))
			}
		}
	}
	b.says(fmt.Sprintf("edit %d", edits-1))
	b.unreloaded()
	if order := ask[[]int](b, "order"); len(order) < 3 {
		b.t.Errorf("the page showed %d of the edits", len(order))
	} else {
		for i := range order[1:] {
			if order[i+1] < order[i] {
				b.t.Errorf("edit %d was shown after edit %d", order[i+1], order[i])
			}
		}
	}
	if n := ask[[]int](b, "[messages, swaps]"); n[0] == 0 || n[1] != n[0] {
		b.t.Errorf("%d messages were swapped in %d times", n[0], n[1])
	}
	frames, longest := ask[int](b, "frames"), ask[float64](b, "longest")
	b.t.Logf("%d edits: %d frames, the longest took %.0f ms, %d states were shown", edits, frames, longest, ask[int](b, "order.length"))
}
