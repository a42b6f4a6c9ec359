package static

import (
	"bytes"
	"compress/gzip"
	"io"
	"regexp"
	"strings"
	"testing"
)

func load(t *testing.T) *Files {
	t.Helper()
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestURLs(t *testing.T) {
	t.Parallel()
	set := load(t)
	hashed := regexp.MustCompile(`^/static/((vendor|icons)/)?[a-z-]+\.[0-9a-f]{10}\.[a-z0-9]+$`)
	for name := range set.byName {
		url := set.URL(name)
		if !hashed.MatchString(url) {
			t.Errorf("URL(%q) = %q", name, url)
		}
		f, ok := set.File(url)
		if !ok || f.Name != name || len(f.Data) == 0 || f.ContentType == "" {
			t.Errorf("File(%q) = %q, %v", url, f.Name, ok)
		}
	}
	if _, ok := set.File("/static/app.css"); ok {
		t.Error("a file is served without its hash")
	}
	if got := set.URL("none.css"); got != "/static/none.css" {
		t.Errorf("URL of an unknown file = %q", got)
	}
}

func TestGzip(t *testing.T) {
	t.Parallel()
	for name, f := range load(t).byName {
		if strings.HasSuffix(name, ".woff2") || strings.HasSuffix(name, ".png") {
			if f.Gzip != nil {
				t.Errorf("%s is compressed twice", name)
			}
			continue
		}
		r, err := gzip.NewReader(bytes.NewReader(f.Gzip))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil || !bytes.Equal(data, f.Data) {
			t.Errorf("%s does not survive compression: %v", name, err)
		}
	}
}

// TestStyleSheet holds the style sheet to the fonts that are there, to no other machine, and to its size.
func TestStyleSheet(t *testing.T) {
	t.Parallel()
	set := load(t)
	css, _ := set.File(set.URL("app.css"))
	for _, m := range regexp.MustCompile(`url\(["']?([^)"']+)`).FindAllStringSubmatch(string(css.Data), -1) {
		if _, ok := set.File(m[1]); !ok {
			t.Errorf("the style sheet wants %q, which is not there; run npm run build in tools/css", m[1])
		}
	}
	if n := len(css.Gzip); n > 25<<10 {
		t.Errorf("the style sheet is %d bytes compressed; keep it below 25 KiB", n)
	}
	scripts := 0
	for name, f := range set.byName {
		if strings.HasSuffix(name, ".js") {
			scripts += len(f.Gzip)
		}
	}
	if scripts > 60<<10 {
		t.Errorf("the scripts are %d bytes compressed; keep them below 60 KiB", scripts)
	}
}
