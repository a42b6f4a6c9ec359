package lang

import (
	"context"
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

// A text of any kind is answered soon, and never loses what it says.
func TestLongTexts(t *testing.T) {
	t.Parallel()
	c := sampleCatalogue(t)
	begin := time.Now()
	for _, text := range []string{
		strings.Repeat("Back up again. ", 3000), strings.Repeat("A. ", 3000), strings.Repeat("a · ", 3000), strings.Repeat("x is overdue.", 3000), strings.Repeat("{n}", 3000),
	} {
		got, _ := c.text(text)
		if len(got) < len(text)/2 {
			t.Errorf("a text of %d bytes became one of %d", len(text), len(got))
		}
	}
	t.Logf("took %s", time.Since(begin))
}

func TestMemoryOfLookupsIsBounded(t *testing.T) {
	t.Parallel()
	c := sampleCatalogue(t)
	for i := range 3 * maxKnown {
		c.text(strings.Repeat("x", i%7) + time.Duration(i).String())
	}
	if len(c.known) > maxKnown {
		t.Errorf("%d lookups are remembered", len(c.known))
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
	ctx := With(context.Background(), german)
	if got := T(ctx, "today"); got != "heute" || In(ctx) != german {
		t.Errorf("in German: %q, %v", got, In(ctx))
	}
	var missed []string
	T(Watch(ctx, german, func(text string) { missed = append(missed, text) }), "no such text at all")
	if len(missed) != 1 {
		t.Errorf("missed are %q", missed)
	}
}

// TestCatalogues checks what a hand may get wrong in a PO file.
func TestCatalogues(t *testing.T) {
	t.Parallel()
	for _, l := range All()[1:] {
		c := l.catalogue()
		for _, p := range c.patterns {
			if p.weight == 0 {
				t.Errorf("%s: an entry is nothing but places: %s", l.Name, p.re)
			}
			for _, n := range []int{1, 2} {
				for _, m := range place.FindAllStringSubmatch(p.out(n), -1) {
					if !slices.Contains(p.names, m[1]) {
						t.Errorf("%s: %q has a place that its English lacks", l.Name, p.out(n))
					}
				}
			}
		}
	}
}
