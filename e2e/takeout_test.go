package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// takeOut downloads a file and a folder of the newest snapshot with the browser, and looks at files of two kinds.
func (b *tab) takeOut(photos string) {
	b.t.Helper()
	to := b.downloads()
	b.visit("/snapshots")
	b.script("open the newest", `[...document.querySelectorAll("main a")].find(e => /^\/snapshots\/[0-9a-f-]{36}$/.test(e.pathname)).click()`)
	b.await("its files come", `document.querySelector('[aria-label="Download large"]') !== null`)
	b.accessible("a snapshot and its files")
	b.script("download a file", `document.querySelector('[aria-label="Download large"]').click()`)
	want, err := os.ReadFile(filepath.Join(photos, "large"))
	if err != nil {
		b.t.Fatal(err)
	}
	if got := b.saved(filepath.Join(to, "large")); !bytes.Equal(got, want) {
		b.t.Errorf("the download has %d bytes that are not the file's %d", len(got), len(want))
	}
	b.script("download a folder", `document.querySelector('[aria-label="Download the folder links as zip"]').click()`)
	if got := b.saved(filepath.Join(to, "links.zip")); !bytes.HasPrefix(got, []byte("PK")) {
		b.t.Errorf("the archive begins with %.10q", got)
	}
	b.script("look at a text", `document.querySelector('[aria-label="Look at large"]').click()`)
	b.says("These are the first 256 KiB of 4.0 MiB")
	b.accessible("the preview of a text")
	b.script("go back", `document.querySelector("main .crumb a").click()`)
	b.await("the files are there again", `document.querySelector('[aria-label="Look at film.mkv"]') !== null`)
	b.script("look at a film", `document.querySelector('[aria-label="Look at film.mkv"]').click()`)
	b.says("These are the first 2.0 KiB of 64 MiB")
	b.accessible("the preview of a film")
}

// downloads has the browser put what it downloads into a folder.
func (b *tab) downloads() string {
	b.t.Helper()
	to := b.t.TempDir()
	if _, err := chromedp.Call(b.ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{Behavior: "allow", DownloadPath: to}); err != nil {
		b.fatal("choose where downloads go", err)
	}
	return to
}

// saved waits until the browser has put the whole file at its place: until then it has another name.
func (b *tab) saved(name string) []byte {
	b.t.Helper()
	for deadline := time.Now().Add(90 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if content, err := os.ReadFile(name); err == nil {
			return content
		}
	}
	there, err := os.ReadDir(filepath.Dir(name))
	b.fatal("wait for the download", fmt.Errorf("%s was not saved; there are %v, %w", name, there, err))
	return nil
}
