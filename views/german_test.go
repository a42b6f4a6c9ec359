package views

import (
	"bytes"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"keepstead/model"
	"keepstead/views/lang"
)

func germanSample(t *testing.T) (sample, *lang.Language) {
	t.Helper()
	s := newSample(t)
	german := lang.Of(model.German, "")
	s.chrome.Language = german
	return s, german
}

// TestPagesInGerman draws every page in German: no text that is looked up may be missing, but for what the sample has
// somebody else say.
func TestPagesInGerman(t *testing.T) {
	t.Parallel()
	s, german := germanSample(t)
	for name, page := range pages(t, s) {
		if name == "design" {
			continue // for developers
		}
		var out bytes.Buffer
		ctx := lang.Watch(t.Context(), german, func(text string) {
			if !strings.Contains(text, "<img src=x") && !strings.Contains(text, "a-very-long-name") {
				t.Errorf("%s: the catalogue lacks %q", name, text)
			}
		})
		if err := page.Render(ctx, &out); err != nil || !bytes.Contains(out.Bytes(), []byte(`lang="de"`)) {
			t.Errorf("%s does not say that it is German: %v", name, err)
		}
	}
}

// TestNamesStayAsTheyAre gives everything the name of a word that the catalogue has: the German pages must have the
// German word no more often than where the names are others.
func TestNamesStayAsTheyAre(t *testing.T) {
	t.Parallel()
	const word, other, translated = "Protected", "Zzzzzzzzz", "Geschützt"
	named := func(text string) map[string]templ.Component {
		s, _ := germanSample(t)
		s.spoil = &spoiler{text: text, only: func(where string) bool {
			of, field, _ := strings.Cut(where, ".")
			return of != "Goal" && (strings.HasSuffix(field, "Name") || strings.HasSuffix(field, "name") || field == "Path" || field == "Project" || field == "Image" || field == "User")
		}}
		return pages(t, s)
	}
	draw := func(page templ.Component) string {
		var out bytes.Buffer
		if err := page.Render(lang.With(t.Context(), lang.Of(model.German, "")), &out); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	theirs, plain := named(word), named(other)
	for name, page := range theirs {
		got, want := draw(page), draw(plain[name])
		if n, m := strings.Count(got, translated), strings.Count(want, translated); n > m {
			at := strings.Index(got, translated)
			t.Errorf("%s: a name was put into German %d times, near %q", name, n-m, got[max(0, at-150):min(len(got), at+40)])
		}
	}
}
