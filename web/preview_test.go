package web

import (
	"net/http"
	"net/url"
	"strings"
)

// previews looks at files of every kind.
func (s *shelf) previews() {
	s.t.Helper()
	for _, tt := range []struct {
		name   string
		status int
		has    []string
		hasNot string
	}{
		{"page.html", 200, []string{"&lt;script&gt;alert(1)", "UTF-8", `class="preview-text"`}, "<script>alert"},
		{"picture.svg", 200, []string{"&lt;svg", `class="preview-text"`}, "<img"},
		{"image.txt", 200, []string{"<img", "image/png"}, "preview-text"},
		{"below/data.bin", 200, []string{"00000000", "00 01 02 62", "···binary·"}, "<img"},
		{hostileName, 200, []string{"hostile", "&lt;b&gt;"}, "<b>\r"},
		{"below", 200, []string{"Only files can be shown"}, "preview-text"},
		{"nothing", 404, []string{"There is nothing here"}, "preview-text"},
	} {
		r := s.do(ask{path: s.at("/preview?path=" + url.QueryEscape(s.shown(tt.name))), cookie: s.cookie})
		if r.status != tt.status || strings.Contains(r.body, tt.hasNot) {
			s.t.Errorf("preview of %q: %d, it should not have %q", tt.name, r.status, tt.hasNot)
		}
		for _, text := range tt.has {
			if !strings.Contains(r.body, text) {
				s.t.Errorf("preview of %q has no %q", tt.name, text)
			}
		}
	}
	image := s.do(ask{path: s.at("/preview/image?path=" + url.QueryEscape(s.shown("image.txt"))), cookie: s.cookie})
	if image.body != string(s.files["image.txt"]) || image.header.Get("Content-Type") != "image/png" || image.header.Get("Content-Security-Policy") != "sandbox; default-src 'none'" {
		s.t.Errorf("the image: %d, %d bytes, %v", image.status, len(image.body), image.header)
	}
	if r := s.do(ask{path: s.at("/preview/image?path=" + url.QueryEscape(s.shown("picture.svg"))), cookie: s.cookie}); r.status != http.StatusNotFound {
		s.t.Errorf("an image with a script in it: %d", r.status)
	}
	if r := s.do(ask{path: s.at("?dir=" + url.QueryEscape(s.src)), cookie: s.cookie}); !strings.Contains(r.body, `formaction="`+s.at("/download")+`"`) || !strings.Contains(r.body, s.at("/preview?path=")) || !strings.Contains(r.body, "/download?format=zip") {
		s.t.Error("the list of files leads to no download or preview")
	}
}
