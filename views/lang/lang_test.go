package lang

import (
	"context"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"keepstead/model"
)

const header = `msgid ""
msgstr ""
"Language: de\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\n"

`

func sampleCatalogue(t *testing.T) *catalogue {
	t.Helper()
	return read(fstest.MapFS{"de/a.po": {Data: []byte(header + `msgid "1,234.5"
msgstr "1.234,5"

msgid "2 Jan"
msgstr "2. Jan"

msgid "Sat"
msgstr "Sa"

msgid "Mar"
msgstr "März"

msgid "Home"
msgstr "Startseite"

msgid "{app} is overdue."
msgstr "{app} ist überfällig."

msgid "{app} of {device} is overdue."
msgstr "{app} von {device} ist überfällig."

msgid "{n} file"
msgid_plural "{n} files"
msgstr[0] "{n} Datei"
msgstr[1] "{n} Dateien"

msgid "Saved {t} in {name}"
msgstr "In {name} gesichert: {t}"

msgid "Back up again."
msgstr "Sichere noch einmal."

msgid "The message is: {text}"
msgstr "Die Meldung ist: {text}"
`)}, "de/b.po": {Data: []byte(header + "msgid \"next\"\nmsgstr \"danach\"\n")}}, "de")
}

func TestTextsAreFoundByWhatTheySay(t *testing.T) {
	t.Parallel()
	c := sampleCatalogue(t)
	for _, test := range []struct{ text, want string }{
		{"Home", "Startseite"},
		{"Home is overdue.", "Home ist überfällig."}, // the app is called so
		{"1 file", "1 Datei"},
		{"2,310 files", "2.310 Dateien"},
		{"0 files", "0 Dateien"},
		{"1.2 GiB", "1,2 GiB"},
		{"99 %", "99 %"},
		{"Saved 1 file in Home", "In Home gesichert: 1 Datei"},
		{"Saved 1.2 GiB in a {n} b", "In a {n} b gesichert: 1,2 GiB"},
		{"a of b is overdue.", "a von b ist überfällig."},
		{" · next ", " · danach "},
		{"next · 7 files", "danach · 7 Dateien"},
		{"immich is overdue. Back up again.", "immich ist überfällig. Sichere noch einmal."},
		{"Back up again. immich is overdue.", "Sichere noch einmal. immich ist überfällig."},
		{"The message is: Fatal. Nothing works.\nNot at all.", "Die Meldung ist: Fatal. Nothing works.\nNot at all."},
		{"", ""},
		{" · ", " · "},
		{"→", "→"},
	} {
		for range 2 { // the second time it is known
			if got, ok := c.text(test.text); got != test.want || !ok {
				t.Errorf("%q is %q (%t), want %q", test.text, got, ok, test.want)
			}
		}
	}
}

func TestWhatIsMissingStaysEnglish(t *testing.T) {
	t.Parallel()
	c := sampleCatalogue(t)
	for _, test := range []struct{ text, want string }{
		{"Nobody wrote this.", "Nobody wrote this."},
		{"Back up again. Nobody wrote this.", "Sichere noch einmal. Nobody wrote this."},
		{"Nobody wrote this. Back up again.", "Nobody wrote this. Sichere noch einmal."},
		{"next · nobody", "danach · nobody"},
	} {
		if got, ok := c.text(test.text); got != test.want || ok {
			t.Errorf("%q is %q (%t), want %q and not found", test.text, got, ok, test.want)
		}
	}
}

// A text of any kind is answered, and never loses what it says, however it is made: without the bounds these would take hours.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	for _, c := range []*catalogue{sampleCatalogue(t), Of(model.German, "").catalogue()} {
		for _, text := range []string{
			strings.Repeat("Back up again. ", 3000), strings.Repeat("A. ", 3000), strings.Repeat("A. ", 15), strings.Repeat("a · ", 3000), strings.Repeat("a · B. ", 15), strings.Repeat("x is overdue.", 3000),
			strings.Repeat("{n}", 3000), strings.Repeat("Restore ", 240), strings.Repeat("Restore ", 8000), strings.Repeat("Without x: ", 180), strings.Repeat("x", 1<<21),
		} {
			got, _ := c.text(text)
			if len(got) < len(text)/2 {
				t.Errorf("a text of %d bytes became one of %d", len(text), len(got))
			}
		}
	}
}

func TestMemoryOfLookupsIsBounded(t *testing.T) {
	t.Parallel()
	c := sampleCatalogue(t)
	for i := range 3 * maxKnown {
		c.text(strings.Repeat("x", i%7) + time.Duration(i).String())
	}
	c.text(strings.Repeat("x", maxKnownText+1))
	if len(c.known) > maxKnown {
		t.Errorf("%d lookups are remembered", len(c.known))
	}
	for text := range c.known {
		if len(text) > maxKnownText {
			t.Errorf("a text of %d bytes is remembered", len(text))
		}
	}
}

func TestDates(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 28, 14, 30, 5, 0, time.UTC)
	c := sampleCatalogue(t)
	for layout, want := range map[string]string{
		"Mon 2 Jan 2006, 15:04:05 MST": "Sa 28. März 2026, 14:30:05 UTC",
		"Jan 2, 2006":                  "März 28, 2026",
		"2006-01-02":                   "2026-03-28",
	} {
		if got := c.format(at, layout); got != want {
			t.Errorf("%s is %q, want %q", layout, got, want)
		}
	}
	var none *Language
	if got := none.Format(at, "Mon 2 Jan"); got != "Sat 28 Mar" {
		t.Errorf("without a language: %q", got)
	}
}

func TestLanguageThatFits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		chosen   model.Language
		accepted string
		want     model.Language
	}{
		{"", "", model.English},
		{"", "de-AT,de;q=0.9,en;q=0.8", model.German},
		{"", "fr-FR,de;q=0.5", model.German},
		{"", "ja", model.English},
		{"", "en-US,de;q=0.9", model.English},
		{"", "]]];;q=", model.English},
		{"", strings.Repeat("de-", 4000), model.English},
		{model.English, "de", model.English},
		{model.German, "en", model.German},
		{"tlh", "de", model.German}, // of a later version of Keepstead
	} {
		if got := Of(test.chosen, test.accepted); got.Code != test.want {
			t.Errorf("Of(%q, %.20q) is %s, want %s", test.chosen, test.accepted, got.Code, test.want)
		}
	}
}

func TestContextSaysTheLanguage(t *testing.T) {
	t.Parallel()
	if got := T(context.Background(), "today"); got != "today" {
		t.Errorf("without a language: %q", got)
	}
	ctx := With(context.Background(), Of(model.German, ""))
	if got := T(ctx, "today"); got != "heute" || In(ctx) != Of(model.German, "") {
		t.Errorf("in German: %q, %v", got, In(ctx))
	}
	var missed []string
	T(Watch(ctx, Of(model.German, ""), func(text string) { missed = append(missed, text) }), "no such text at all")
	if len(missed) != 1 {
		t.Errorf("missed are %q", missed)
	}
}

// TestCatalogues checks what a hand may get wrong in a PO file: places that are not those of the English, an entry without
// anything fixed, and two entries for one text.
func TestCatalogues(t *testing.T) {
	t.Parallel()
	for _, l := range All()[1:] {
		c := l.catalogue()
		known := map[string]bool{}
		for _, p := range c.patterns {
			if p.weight == 0 {
				t.Errorf("%s: an entry is nothing but places: %s", l.Name, p.re)
			}
			if known[p.re.String()] {
				t.Errorf("%s: two entries are for the same text: %s", l.Name, p.re)
			}
			known[p.re.String()] = true
			for _, n := range []int{1, 2} {
				var have []string
				for _, m := range place.FindAllStringSubmatch(p.out(n), -1) {
					have = append(have, m[1])
					if !slices.Contains(p.names, m[1]) {
						t.Errorf("%s: %q has a place that its English lacks", l.Name, p.out(n))
					}
				}
				for _, name := range p.names {
					if !slices.Contains(have, name) && !slices.Contains(grammar, name) && (name != "n" || n != 1) {
						t.Errorf("%s: %q lacks the place %s of its English, %s", l.Name, p.out(n), name, p.re)
					}
				}
			}
		}
	}
}

// grammar are places of English words that follow a number, which another language may do without.
var grammar = []string{"is", "it", "has", "was", "them", "have"}

// TestEntriesStandOnce wants each text in one file only.
func TestEntriesStandOnce(t *testing.T) {
	t.Parallel()
	id := regexp.MustCompile(`(?m)^msgid "(.+)"$`)
	for _, l := range All()[1:] {
		in := map[string]string{}
		names, err := fs.Glob(files, string(l.Code)+"/*.po")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := files.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range id.FindAllStringSubmatch(string(text), -1) {
				if other, there := in[m[1]]; there {
					t.Errorf("%q stands in %s and in %s", m[1], other, name)
				}
				in[m[1]] = name
			}
		}
	}
}

// TestChoicesAreTheLanguages holds what a person may choose against what there is.
func TestChoicesAreTheLanguages(t *testing.T) {
	t.Parallel()
	var codes []model.Language
	for _, l := range All() {
		codes = append(codes, l.Code)
	}
	if !slices.Equal(codes, model.Languages()) {
		t.Errorf("there are texts in %q, and %q to choose from", codes, model.Languages())
	}
}
