package lang

import (
	"cmp"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/leonelquinteros/gotext"
)

// catalogue holds the texts of one language, read from PO files. A text may have places for values:
//
//	{n}, {n2}, …   a number, which is written as the language writes numbers
//	{t}, {t2}, …   another text of ours, which is put into the language in turn
//	{name}, …      anything else; it stays as it is
//
// With msgid_plural the number {n} decides on the form. Texts are found by what they say, with the values in them: so
// sentences that were stored yesterday, in English, are read today in any language.
type catalogue struct {
	exact    map[string]string
	patterns []*pattern // those with the longest fixed part first
	numbers  *strings.Replacer

	mu    sync.RWMutex
	known map[string]result // of earlier lookups
}

type result struct {
	text  string
	found bool
}

// What was looked up is remembered up to a few megabytes.
const (
	maxKnown     = 10_000
	maxKnownText = 500 // bytes
)

// pattern is a text with places.
type pattern struct {
	re     *regexp.Regexp
	names  []string
	fixed  string // its longest fixed part
	weight int    // the length of all fixed parts
	open   bool   // it ends with a place
	out    func(n int) string
}

var place = regexp.MustCompile(`\{([a-z]+[0-9]*)\}`)

func read(files fs.FS, dir string) *catalogue {
	c := &catalogue{exact: map[string]string{}, known: map[string]result{}}
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		panic(err) // it is part of the program
	}
	for _, e := range entries {
		text, err := fs.ReadFile(files, path.Join(dir, e.Name()))
		if err != nil {
			panic(err)
		}
		po := gotext.NewPo()
		po.Parse(text)
		for id, t := range po.GetDomain().GetTranslations() {
			if id != "" && t.Trs[0] != "" {
				c.add(po, id, t)
			}
		}
	}
	slices.SortFunc(c.patterns, func(a, b *pattern) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.re.String(), b.re.String()))
	})
	// How numbers are written is in the catalogue too.
	c.numbers = strings.NewReplacer()
	if n := c.exact["1,234.5"]; len(n) == len("1,234.5") {
		c.numbers = strings.NewReplacer(",", n[1:2], ".", n[5:6])
	}
	return c
}

func (c *catalogue) add(po *gotext.Po, id string, t *gotext.Translation) {
	if t.PluralID != "" {
		out := func(n int) string { return po.GetN(id, t.PluralID, n) }
		c.patterns = append(c.patterns, newPattern(id, out))
		if t.PluralID != id {
			c.patterns = append(c.patterns, newPattern(t.PluralID, out))
		}
		return
	}
	if !place.MatchString(id) {
		c.exact[id] = t.Trs[0]
		return
	}
	c.patterns = append(c.patterns, newPattern(id, func(int) string { return t.Trs[0] }))
}

func newPattern(id string, out func(int) string) *pattern {
	p := &pattern{out: out}
	var re strings.Builder
	re.WriteString(`(?s)^`)
	fixed := func(s string) {
		re.WriteString(regexp.QuoteMeta(s))
		p.weight += len(s)
		if len(s) > len(p.fixed) {
			p.fixed = s
		}
	}
	at := 0
	for _, m := range place.FindAllStringSubmatchIndex(id, -1) {
		fixed(id[at:m[0]])
		name := id[m[2]:m[3]]
		p.names = append(p.names, name)
		if kind(name) == "n" {
			re.WriteString(`(-?\d[\d,]*(?:\.\d+)?)`)
		} else {
			re.WriteString(`(.+?)`)
		}
		at = m[1]
	}
	fixed(id[at:])
	p.open = at == len(id)
	re.WriteString(`$`)
	p.re = regexp.MustCompile(re.String())
	return p
}

func kind(name string) string { return strings.TrimRight(name, "0123456789") }

// text looks a text up, and remembers what it found.
func (c *catalogue) text(s string) (string, bool) {
	if len(s) > maxKnownText {
		return c.look(s)
	}
	c.mu.RLock()
	r, ok := c.known[s]
	c.mu.RUnlock()
	if ok {
		return r.text, r.found
	}
	r.text, r.found = c.look(s)
	c.mu.Lock()
	if len(c.known) >= maxKnown {
		clear(c.known)
	}
	c.known[s] = r
	c.mu.Unlock()
	return r.text, r.found
}

// Bounds of what is looked up and taken apart: somebody may name an app like a book.
const (
	maxText  = 2000 // bytes; a longer text is one entry or none
	maxWhole = 64 << 10
	maxParts = 16
)

// edges are what may stand around a part of a line.
const edges = " \n\t·,;:()→—"

func (c *catalogue) look(s string) (string, bool) {
	core := strings.Trim(s, edges)
	if core == "" {
		return s, true
	}
	if out, ok := c.exact[s]; ok {
		return out, true
	}
	if out, ok := c.exact[core]; ok {
		return around(s, core, out), true
	}
	switch {
	case len(s) > maxWhole:
		return s, false
	case len(s) > maxText, len(breaks(s)) > maxParts, strings.Count(s, " · ") > maxParts:
		out, ok := c.whole(core, false)
		if !ok {
			return s, false
		}
		return around(s, core, out), true
	}
	if out, ok := c.whole(s, true); ok {
		return out, true
	}
	if core != s {
		if out, ok := c.whole(core, true); ok {
			return around(s, core, out), true
		}
	}
	if out, ok := c.sentences(s); ok {
		return out, true
	}
	if first, rest, ok := strings.Cut(s, " · "); ok {
		first, found := c.text(first)
		rest, found2 := c.text(rest)
		return first + " · " + rest, found && found2
	}
	if out, ok := c.whole(s, false); ok {
		return out, true
	}
	return c.partly(s), false
}

func around(s, core, out string) string {
	before, after, _ := strings.Cut(s, core)
	return before + out + after
}

// whole looks up a text that is one entry. A strict lookup puts no more than a part of a sentence into a place.
func (c *catalogue) whole(s string, strict bool) (string, bool) {
	if out, ok := c.exact[s]; ok {
		return out, true
	}
	if quantity.MatchString(s) {
		return c.numbers.Replace(s), true
	}
	for _, p := range c.patterns {
		if !strings.Contains(s, p.fixed) {
			continue
		}
		m := p.re.FindStringSubmatch(s)
		if m == nil || strict && slices.ContainsFunc(m[1:], func(v string) bool { return len(breaks(v)) > 0 }) {
			continue
		}
		if strict && p.open && strings.HasSuffix(s, ".") {
			continue // a sentence, and the entry is none
		}
		return c.fill(p, m[1:]), true
	}
	return "", false
}

// quantity is a number alone, a share, or a size: “2,310”, “43 %”, “1.2 GiB”.
var quantity = regexp.MustCompile(`^[-+<≈~≤≥]?\d[\d,]*(\.\d+)?( ?(%|×|[KMGTPE]?i?B|ms|s|h))?$`)

// fill puts the values into the places of the translation.
func (c *catalogue) fill(p *pattern, values []string) string {
	n := 2
	for i, name := range p.names {
		if name == "n" {
			if v, err := strconv.Atoi(strings.ReplaceAll(values[i], ",", "")); err == nil {
				n = v
			}
		}
	}
	return place.ReplaceAllStringFunc(p.out(n), func(found string) string {
		name := found[1 : len(found)-1]
		i := slices.Index(p.names, name)
		switch {
		case i < 0:
			return found
		case kind(name) == "n":
			return c.numbers.Replace(values[i])
		case kind(name) == "t" && len(values[i]) <= maxText:
			out, _ := c.text(values[i])
			return out
		}
		return values[i]
	})
}

// breaks are the places of the spaces between sentences.
func breaks(s string) []int {
	var out []int
	for i, r := range s {
		if r != ' ' || i == 0 {
			continue
		}
		before, _ := utf8.DecodeLastRuneInString(s[:i])
		after, _ := utf8.DecodeRuneInString(s[i+1:])
		if strings.ContainsRune(".!?", before) || strings.ContainsRune(":;…”", before) && (unicode.IsUpper(after) || unicode.IsDigit(after) || after == '“') {
			out = append(out, i)
		}
	}
	return out
}

// sentences takes a text apart into entries, each as long as can be.
func (c *catalogue) sentences(s string) (string, bool) {
	at := breaks(s)
	for _, i := range slices.Backward(at) {
		first, ok := c.whole(s[:i], true)
		if !ok {
			continue
		}
		if rest, ok := c.text(s[i+1:]); ok {
			return first + " " + rest, true
		}
	}
	return "", false
}

// partly puts into the language what it can, sentence by sentence, and leaves the rest.
func (c *catalogue) partly(s string) string {
	at := breaks(s)
	if len(at) == 0 {
		return s
	}
	first, ok := c.whole(s[:at[0]], true)
	if !ok {
		first = s[:at[0]]
	}
	rest, _ := c.text(s[at[0]+1:])
	return first + " " + rest
}

// format writes a time. Names of days and months, and the order of a date, are entries.
func (c *catalogue) format(t time.Time, layout string) string {
	if day, ok := c.exact["2 Jan"]; ok {
		layout = strings.Replace(layout, "2 Jan", day, 1)
	}
	return c.named(t, layout)
}

func (c *catalogue) named(t time.Time, layout string) string {
	for _, token := range []string{"Jan", "Mon"} {
		if before, after, ok := strings.Cut(layout, token); ok {
			name := t.Format(token)
			if other, ok := c.exact[name]; ok {
				name = other
			}
			return c.named(t, before) + name + c.named(t, after)
		}
	}
	return t.Format(layout)
}
