package views

import (
	"bytes"
	"io"
	"testing"

	"keepstead/model"
	"keepstead/views/lang"
)

// TestPagesInGerman draws every page in German: no text that is looked up may be missing.
func TestPagesInGerman(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	german := lang.Of(model.German, "")
	s.chrome.Language = german
	for name, page := range pages(t, s) {
		if name == "design" {
			continue // for developers
		}
		ctx := lang.Watch(t.Context(), german, func(text string) { t.Errorf("%s: the catalogue lacks %q", name, text) })
		if err := page.Render(ctx, io.Discard); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := page.Render(lang.With(t.Context(), german), &out); err != nil || !bytes.Contains(out.Bytes(), []byte(`lang="de"`)) {
			t.Errorf("%s does not say that it is German: %v", name, err)
		}
	}
}
