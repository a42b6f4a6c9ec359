package views

import (
	"html"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"keepstead/model"
)

func previewPages(s sample, at func(string) Chrome) map[string]templ.Component {
	page := func(p model.Preview) PreviewProps {
		name := "/srv/paperless/<b>\u202e\"odd\" & long " + strings.Repeat("name", 40)
		p.Node = model.Node{Path: name, Name: "odd", Type: "file", Size: 3 << 20, ModTime: s.chrome.Now}
		return PreviewProps{
			Chrome: at(FilePreviewPath(id(402), name)), SnapshotID: id(402), AppID: id(32), AppName: "Paperless", TakenAt: s.chrome.Now,
			Path: name, Preview: p,
		}
	}
	failed := page(model.Preview{})
	failed.Error = "The destination cannot be read now. Test it on its page, then try again."
	return map[string]templ.Component{
		"preview-text":   show(s, PreviewPage, page(model.Preview{Kind: model.PreviewText, Text: "<script>alert(1)</script>\n", Encoding: "UTF-8", Media: "text/html", Shown: 26, Truncated: true})),
		"preview-empty":  show(s, PreviewPage, page(model.Preview{Kind: model.PreviewText, Encoding: "UTF-8", Media: "text/plain"})),
		"preview-image":  show(s, PreviewPage, page(model.Preview{Kind: model.PreviewImage, Media: "image/png", Shown: 3 << 20})),
		"preview-binary": show(s, PreviewPage, page(model.Preview{Kind: model.PreviewBinary, Media: "application/octet-stream", Head: []byte("\x00\xff<b>"), Shown: 5, Truncated: true})),
		"preview-failed": show(s, PreviewPage, failed),
	}
}

func TestHexRows(t *testing.T) {
	t.Parallel()
	rows := hexRows([]byte("0123456789abcdef\x00\xff<b>~\x7f"))
	want := []hexRow{
		{"00000000", "30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66", "0123456789abcdef"},
		{"00000010", "00 ff 3c 62 3e 7e 7f", "··<b>~·"},
	}
	if len(rows) != 2 || rows[0] != want[0] || rows[1] != want[1] {
		t.Errorf("rows %q", rows)
	}
	if len(hexRows(nil)) != 0 {
		t.Error("no bytes make a row")
	}
}

// TestWaysFromAFile leads from a file's page to its restore and its other states, and from each state to its content.
func TestWaysFromAFile(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	at := func(string) Chrome { return s.chrome }
	versions := versionsSample(s, at)
	v := versions.Versions[0]
	for name, c := range map[string]struct {
		page templ.Component
		want []string
	}{
		"preview":  {PreviewPage(PreviewProps{Chrome: s.chrome, SnapshotID: id(402), AppID: id(32), Path: "/srv/a.txt"}), []string{RestoreFilePath(id(402), "/srv/a.txt"), VersionsPath(id(32), "/srv/a.txt")}},
		"versions": {VersionsPage(versions), []string{FilePreviewPath(v.Snapshots[0], v.Path), DownloadFormPath(v.Snapshots[0], model.ArchiveNone), versions.App.Name, "Found in"}},
		"unknown":  {PreviewPage(PreviewProps{Chrome: s.chrome, SnapshotID: id(402), Path: "/srv/a.txt"}), []string{RestoreFilePath(id(402), "/srv/a.txt")}},
	} {
		page := html.UnescapeString(render(t, c.page))
		for _, want := range c.want {
			if !strings.Contains(page, want) {
				t.Errorf("%s lacks %s", name, want)
			}
		}
		if name == "unknown" && strings.Contains(page, "Other versions") {
			t.Error("versions are offered of an app that is no longer known")
		}
	}
}
