//go:build screenshots

package e2e

import (
	"os"
	"testing"
)

func TestTmpShots(t *testing.T) {
	k := serve(t)
	k.addFolder("Disk", newFolder(t, "repository"))
	h := &gallery{keepstead: k, t: t}
	c := &camera{dir: "/tmp/shots-notify"}
	if err := os.MkdirAll(c.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c.tab = browse(t, h.url, screens[0])
	c.allow("422 from /settings")
	c.signIn()
	h.channels(c)
	c.page("settings", "/settings")
	c.page("home", "/")
	c.newChannel()
}

func (c *camera) newChannel() {
	c.visit("/settings/notifications/new")
	c.script("email", `document.querySelector("[name=service][value=email]").click()`)
	c.submit()
	c.await("refused", `document.querySelector("[aria-invalid]") !== null`)
	c.shoot("notification-new-refused")
}
