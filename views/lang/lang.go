// Package lang puts the pages' texts into the language of whoever reads them. The texts of the code are English; a
// catalogue has what they are in another language. See docs/adr/0014-languages.md.
package lang

import (
	"context"
	"embed"
	"sync"
	"time"

	"golang.org/x/text/language"

	"keepstead/model"
)

// Language is one that the pages speak. The nil Language is English.
type Language struct {
	Code      model.Language
	Name      string // in itself
	catalogue func() *catalogue
}

//go:embed */*.po
var files embed.FS

// English is what the texts of the code are in: it needs no catalogue.
var English = &Language{Code: model.English, Name: "English"}

// others are the languages that the program has a catalogue of, in a folder of its tag.
var others = []*Language{catalogued(model.German, "Deutsch")}

func catalogued(code model.Language, name string) *Language {
	return &Language{Code: code, Name: name, catalogue: sync.OnceValue(func() *catalogue { return read(files, string(code)) })}
}

// All are the languages to choose from, the first where none is known.
func All() []*Language { return append([]*Language{English}, others...) }

var matcher = language.NewMatcher(tags())

func tags() []language.Tag {
	var out []language.Tag
	for _, l := range All() {
		out = append(out, language.Make(string(l.Code)))
	}
	return out
}

// Of finds the language that was chosen, or else the one of a browser's Accept-Language header that fits best.
func Of(chosen model.Language, accepted string) *Language {
	all := All()
	for _, l := range all {
		if l.Code == chosen {
			return l
		}
	}
	wanted, _, err := language.ParseAcceptLanguage(accepted)
	if err != nil {
		return English
	}
	_, i, _ := matcher.Match(wanted...)
	return all[i]
}

// reader is who reads the pages that are drawn with a context.
type reader struct {
	language *Language
	missed   func(text string)
}

type readerKey struct{}

// With has what is drawn with the context be in a language.
func With(ctx context.Context, l *Language) context.Context {
	return context.WithValue(ctx, readerKey{}, reader{language: l})
}

// Watch is With, and hands each text on that the catalogue lacks.
func Watch(ctx context.Context, l *Language, missed func(text string)) context.Context {
	return context.WithValue(ctx, readerKey{}, reader{l, missed})
}

// In is the language of what is drawn with the context.
func In(ctx context.Context) *Language {
	if r, ok := ctx.Value(readerKey{}).(reader); ok && r.language != nil {
		return r.language
	}
	return English
}

// T is an English text of ours in the reader's language. It may hold values, such as names and sizes, where the catalogue
// has places for them. A text that the catalogue lacks stays English. What people or other programs named must never be
// given alone: an app may be called “Home”.
func T(ctx context.Context, text string) string {
	r, ok := ctx.Value(readerKey{}).(reader)
	if !ok {
		return text
	}
	out, found := r.language.Text(text)
	if !found && r.missed != nil {
		r.missed(text)
	}
	return out
}

// Text is T without a context, and whether the catalogue has the text.
func (l *Language) Text(text string) (string, bool) {
	if l == nil || l.catalogue == nil {
		return text, true
	}
	return l.catalogue().text(text)
}

// Format writes a time by a layout of time.Format, with the names of days and months, and the order of a date, as the
// language has them.
func (l *Language) Format(t time.Time, layout string) string {
	if l == nil || l.catalogue == nil {
		return t.Format(layout)
	}
	return l.catalogue().format(t, layout)
}
