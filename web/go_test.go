package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var optionLinks = regexp.MustCompile(`(?:href|formaction)="([^"]+)"`)

// TestGo finds what has a name, offers what can be done with it, and leads where it says.
func TestGo(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	app := s.findApp("photos "+hostile, false)
	body := s.page("/go?q="+url.QueryEscape("PHOTOS back"), cookie, "Back up ", "&lt;script&gt;", `formaction="/apps/`+app.ID.String()+`/backup"`, "1 result")
	if strings.Contains(body, "Restore ") {
		t.Error("a restore is offered where there is no snapshot")
	}
	s.page("/go", cookie, "<bdi>Back up everything</bdi>", `formaction="/backup"`, `href="/snapshots"`, `id="keys-list"`)
	s.page("/go?q="+url.QueryEscape(hostile+"\xff"), cookie, "Nothing is called")
	s.page("/go?q="+strings.Repeat("x%20", 1500), cookie, "Nothing is called")

	snapshot := s.keepSnapshot(app, nil)
	s.page("/go?q=restore+photos", cookie, `href="/snapshots/`+snapshot.String()+`/restore"`)

	hx := map[string]string{"HX-Request": "true"}
	r := s.do(ask{path: "/go?q=photos", cookie: cookie, header: hx})
	if strings.Contains(r.body, "<html") || strings.Count(r.body, `role="option"`) != 3 || !strings.Contains(r.body, `id="palette-says"`) {
		t.Errorf("the palette gets %s", r.body)
	}
	for _, link := range optionLinks.FindAllStringSubmatch(r.body, -1) {
		if strings.HasSuffix(link[1], "/backup") {
			continue
		}
		if got := s.do(ask{path: link[1], cookie: cookie}); got.status != http.StatusOK {
			t.Errorf("%s leads to %d", link[1], got.status)
		}
	}
	if r := s.do(ask{path: "/go?q=x", header: hx}); r.status != http.StatusUnauthorized || r.header.Get("HX-Redirect") != "/signin" {
		t.Errorf("signed out: %d %q", r.status, r.header.Get("HX-Redirect"))
	}
}

// TestGoLeadsEverywhere opens every page that the palette knows of itself.
func TestGoLeadsEverywhere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	cookie := s.signIn()
	seen := map[string]bool{}
	for _, q := range []string{"", "settings", "add", "page", "policy", "device", "app"} {
		body := s.do(ask{path: "/go?q=" + q, cookie: cookie, header: map[string]string{"HX-Request": "true"}}).body
		for _, link := range optionLinks.FindAllStringSubmatch(body, -1) {
			seen[link[1]] = true
		}
	}
	if len(seen) < 20 {
		t.Errorf("only %d places", len(seen))
	}
	for path := range seen {
		if path == "/backup" || strings.HasSuffix(path, "/backup") {
			continue
		}
		path, anchor, _ := strings.Cut(path, "#")
		if body := s.page(path, cookie); anchor != "" && !strings.Contains(body, ` id="`+anchor+`"`) {
			t.Errorf("%s has no part %s", path, anchor)
		}
	}
}

func TestManifest(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	r := s.do(ask{path: "/manifest.webmanifest"})
	var m struct {
		Name  string
		Icons []struct{ Src, Type string }
	}
	if err := json.Unmarshal([]byte(r.body), &m); err != nil || m.Name != "Keepstead" || len(m.Icons) != 4 {
		t.Fatalf("%v: %s", err, r.body)
	}
	if got := r.header.Get("Content-Type"); got != "application/manifest+json" {
		t.Errorf("its type is %s", got)
	}
	for _, icon := range m.Icons {
		if got := s.do(ask{path: icon.Src}); got.status != http.StatusOK || got.header.Get("Content-Type") != icon.Type {
			t.Errorf("%s: %d %s, want %s", icon.Src, got.status, got.header.Get("Content-Type"), icon.Type)
		}
	}
	s.page("/signin", nil, `rel="manifest"`, `rel="apple-touch-icon"`, `name="theme-color"`)
}
