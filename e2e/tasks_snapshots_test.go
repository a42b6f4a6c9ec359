package e2e

import (
	"archive/zip"
	"bytes"
	"io"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp/kb"
)

// photosTaken lists the snapshots of the photos that hold all.
func (h *house) photosTaken() []snapshot {
	return h.snapshots(map[string][]string{"app_id": {h.app}, "status": {"success"}})
}

// day types a date into a field of a filter, from its first part on, and has the filter apply.
func (p *person) day(label, typed string) {
	p.t.Helper()
	p.present(label)
	p.mark()
	if p.way == keys {
		p.tabTo(label)
	} else {
		p.touch(label)
	}
	p.await("the keyboard is at “"+label+"”", seek(label, "return document.activeElement === e"))
	p.key(strings.Repeat(kb.ArrowLeft, 3) + typed)
	p.unreloaded() // half a date chooses nothing
	p.key(kb.Enter)
	p.await("the filter applies", `window.stillHere === undefined && document.querySelector("main") !== null`)
}

// filterSnapshots narrows the list of snapshots down by app, status and day.
func (p *person) filterSnapshots(h *house) {
	p.nav("Snapshots")
	p.choose("App", "Photos", "Filter")
	p.listed("Photos", "Complete")
	if ask[bool](p.tab, `[...document.querySelectorAll("main tbody tr")].some(r => !r.innerText.includes("Photos"))`) {
		p.t.Error("the filter shows another app")
	}
	p.choose("Status", "Failed", "Filter")
	p.says("No snapshot matches")
	p.send("Clear")
	p.listed("Photos", "Complete")
	p.day("From", "01012099")
	p.says("No snapshot matches")
	p.send("Clear")
	p.day("To", "01012099")
	p.listed("Photos", "Complete")
}

// restoreElsewhere restores a whole snapshot from the list into a folder of its own.
func (p *person) restoreElsewhere(h *house) {
	to := newFolder(p.t, "back")
	p.nav("Snapshots")
	p.send("Restore Photos of")
	p.pick("Another folder")
	p.write("Folder", to)
	p.send("Restore")
	p.await("the job's page comes", `location.pathname.startsWith("/jobs/")`)
	p.becomes("Done")
	for _, name := range []string{"holiday.txt", "album/beach.txt", "album/notes.md", "many/519.txt"} {
		p.sameFile(filepath.Join(to, h.photos, name), filepath.Join(h.photos, name))
	}
}

// downloadFolder downloads a folder of a snapshot and looks into the archive.
func (p *person) downloadFolder(h *house) {
	p.openSnapshot()
	to := p.downloads()
	p.act("Download the folder album as zip")
	raw := p.saved(filepath.Join(to, "album.zip"))
	archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		p.t.Fatalf("open the archive of %d bytes: %v", len(raw), err)
	}
	for _, f := range archive.File {
		if filepath.Base(f.Name) != "notes.md" {
			continue
		}
		in, err := f.Open()
		if err != nil {
			p.t.Fatal(err)
		}
		if text, err := io.ReadAll(in); err != nil || string(text) != "# What we saw\n" {
			p.t.Errorf("notes.md holds %q, %v", text, err)
		}
		return
	}
	p.t.Errorf("the archive has no notes.md among %d files", len(archive.File))
}
