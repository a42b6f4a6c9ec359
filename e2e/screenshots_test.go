//go:build screenshots

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"keepstead/testbed"
)

// tallest is where a picture of a page is cut off, in pixels.
const tallest = 4000

// TestScreenshots draws every page into the folder KEEPSTEAD_SCREENSHOTS, on both screens and in both themes, from a real
// Keepstead with apps, backups and destinations. `make screenshots` runs it. It is a test for the helpers of the others,
// and stands behind a build tag: it proves nothing.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("KEEPSTEAD_SCREENSHOTS")
	if dir == "" {
		dir = filepath.Join(testbed.Root(t), "bin", "screenshots")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c := &camera{dir: dir}
	t.Run("homelab", func(t *testing.T) {
		h := newGallery(t)
		h.move()
		c.tab = browse(t, h.url, screens[0])
		c.allow("401 from /signin", "403 from /backup", "404 from /nowhere", "422 from /apps")
		h.lists(c)
		h.things(c)
		h.forms(c)
		h.atWork(c)
		h.without(c)
		c.publish(t)
	})
	t.Run("first start", c.firstStart)
	t.Logf("%d pictures are in %s", c.count, dir)
}

// camera draws what its tab shows.
type camera struct {
	*tab
	dir   string
	count int
}

// shoot draws the page that is open, once for each screen and theme.
func (c *camera) shoot(name string) {
	c.t.Helper()
	for _, s := range screens {
		c.resize(s)
		c.fits(name + " on a " + s.name)
		height := ask[int64](c.tab, `document.documentElement.scrollHeight`)
		c.resize(screen{s.name, s.width, min(max(height, s.height), tallest), s.phone})
		for _, theme := range []string{"light", "dark"} {
			c.theme(theme)
			c.save(fmt.Sprintf("%s-%s-%s.png", name, s.name, theme))
		}
	}
	c.resize(screens[0])
}

// theme has the browser ask for light or dark, and for no motion.
func (c *camera) theme(theme string) {
	c.t.Helper()
	_, err := chromedp.Call(c.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: theme}, {Name: "prefers-reduced-motion", Value: "reduce"}},
	})
	if err != nil {
		c.fatal("set the theme", err)
	}
}

func (c *camera) save(name string) {
	c.t.Helper()
	picture, err := chromedp.Call(c.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng})
	if err != nil {
		c.fatal("draw "+name, err)
	}
	if err := os.WriteFile(filepath.Join(c.dir, name), picture.Data, 0o644); err != nil {
		c.t.Fatal(err)
	}
	c.count++
}

// page opens a path and draws it.
func (c *camera) page(name, path string) {
	c.t.Helper()
	c.visit(path)
	c.shoot(name)
}

// firstStart draws the set-up, and pages with nothing on them yet, of another Keepstead.
func (c *camera) firstStart(t *testing.T) {
	k := prepare(t)
	k.env = []string{"KEEPSTEAD_DOCKER_SOCKET=off"}
	k.data = place(t, "first")
	k.start()
	c.tab = browse(t, k.url, screens[0])
	c.allow("422 from /setup")
	c.do("open the set-up", chromedp.Navigate(k.setupAddress()), chromedp.WaitReady("main"))
	c.shoot("set-up-1-you")
	c.fill("name", "nina")
	c.fill("password", "short")
	c.submit()
	c.says("characters")
	c.shoot("set-up-1-refused")
	c.fill("password", "ten-plus characters")
	c.submit()
	c.await("the second step comes", `location.pathname === "/setup/destination"`)
	c.shoot("set-up-2-destination")
	c.submit()
	c.await("the third step comes", `location.pathname === "/setup/apps"`)
	c.shoot("set-up-3-apps")
	c.page("empty-home", "/")
	c.page("empty-snapshots", "/snapshots?status=failed")
	c.page("empty-activity", "/activity?kind=drill")
}
