package views

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"keepstead/views/ui"
)

// hostileTexts are what somebody who names a container, a file or a machine may try.
var hostileTexts = map[string]string{
	"markup": `"><script>alert(1)</script><img src=x onerror=alert(1)></textarea></title></select></style>--><svg onload=alert(1)>` +
		`' onmouseover='alert(1)` + "`" + `{{7*7}}${7*7}<%= 7*7 %>&lt;b&gt;&#60;b&#62;`,
	"address": `javascript:alert(1)`,
	"bytes": "\x01\x1b[31m\x7f\x00<b\x00>\ta\r\nb\u2028c\xff\xfe\xc3\x28<\xc0\xbcb>\xf0\x28\x8c\xbc\n\nevent: nav-running\ndata: <b>7</b>\n\n" +
		"\u202eevil\u2066\u200b\u200d\ufeff👩‍👩‍👧‍👦 שלום\u0301\u0301\u0301" + strings.Repeat("W", 200) + strings.Repeat("long words ", 20),
}

const begins, ends = "⟦", "⟧"

// harmless is a text of the same shape in which nothing can mean anything.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("<>\"'`&{}$#%=;:()-!", r) {
			return 'x'
		}
		return r
	}, text)
}

// TestHostileTexts writes each hostile text into all that others can choose, on every page: the page has to have the
// elements and attributes that a harmless text gives it and no other, and each text has to stand there whole.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	for kind, text := range hostileTexts {
		for _, empty := range []bool{false, true} {
			if empty && kind != "markup" {
				continue // it shows the same pieces
			}
			t.Run(kind+map[bool]string{true: " everywhere"}[empty], func(t *testing.T) {
				t.Parallel()
				full := text
				if kind != "address" { // this does harm at the beginning alone
					full = begins + text + ends
				}
				bad, good := spoiled(t, full, empty), spoiled(t, harmless(full), empty)
				for name, page := range bad {
					page := parse(t, page)
					for _, wrong := range page.wrong {
						t.Errorf("%s: %s", name, wrong)
					}
					if want := parse(t, good[name]); page.skeleton != want.skeleton {
						t.Errorf("%s: the text became part of the page: %s", name, departure(page.skeleton, want.skeleton))
					}
					for _, got := range page.texts {
						if strings.HasPrefix(got, "{") && json.Valid([]byte(got)) {
							continue // a key's rights, which write names as JSON and its policies want them: the model's test reads them back
						}
						if !whole(got, seen(full)) && !whole(got, ui.Plain(seen(full))) {
							t.Errorf("%s: %q does not hold the text whole", name, got)
						}
					}
				}
			})
		}
	}
}

// whole says that each text which begins in got is there to its end, or up to the end of a word or a folder's name:
// pages show those alone too.
func whole(got, text string) bool {
	for at := strings.Index(got, begins); at >= 0; at = strings.Index(got, begins) {
		got = got[at:]
		n := 0
		for n < min(len(got), len(text)) && got[n] == text[n] {
			n++
		}
		if n < len(text) && !strings.ContainsAny(text[n-1:n+1], " /\n") {
			return false
		}
		got = got[n:]
	}
	return true
}

func spoiled(t *testing.T, text string, empty bool) map[string]templ.Component {
	t.Helper()
	s := newSample(t)
	s.spoil = &spoiler{text: text, empty: empty}
	return pages(t, s)
}

// seen is a text as a parser of HTML hands it on.
func seen(text string) string {
	text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
}

// parsed is a page as a browser understands it.
type parsed struct {
	skeleton string   // its elements with their attributes' names, in order
	texts    []string // its texts and the values of its attributes
	wrong    []string
}

func parse(t *testing.T, page templ.Component) parsed {
	t.Helper()
	root, err := html.Parse(strings.NewReader(render(t, page)))
	if err != nil {
		t.Fatal(err)
	}
	var p parsed
	var skeleton strings.Builder
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			skeleton.WriteString("<" + n.Data)
			p.element(n)
			for _, a := range n.Attr {
				skeleton.WriteString(" " + a.Key)
				p.texts = append(p.texts, seen(strings.ReplaceAll(a.Val, "\ufffd", "")))
			}
			skeleton.WriteString(">\n")
		case html.TextNode:
			p.texts = append(p.texts, seen(strings.ReplaceAll(n.Data, "\ufffd", "")))
		case html.CommentNode:
			p.wrong = append(p.wrong, "a comment: "+n.Data)
		}
	}
	p.skeleton = skeleton.String()
	return p
}

var ownScript = regexp.MustCompile(`^/static/(vendor/)?[a-z]+\.js$`)

// element says what an element could do that it must not.
func (p *parsed) element(n *html.Node) {
	add := func(what string) { p.wrong = append(p.wrong, "<"+n.Data+"> with "+what) }
	switch n.Data {
	case "iframe", "object", "embed", "base", "style", "frame", "math", "applet":
		add("its very being")
	case "script":
		if n.FirstChild != nil || len(n.Attr) == 0 || n.Attr[0].Key != "src" || !ownScript.MatchString(n.Attr[0].Val) {
			add("a script that is not ours")
		}
	}
	for _, a := range n.Attr {
		switch key := strings.ToLower(a.Key); {
		case strings.HasPrefix(key, "on"), strings.HasPrefix(key, "hx-on"), key == "style", key == "srcdoc", key == "http-equiv":
			add(key + "=" + a.Val)
		case (key == "hx-vals" || key == "hx-headers") && !strings.HasPrefix(a.Val, "{"), key == "hx-vars":
			add(key + "=" + a.Val)
		case key == "href" || key == "src" || key == "action" || key == "formaction" || key == "sse-connect" || strings.HasPrefix(key, "hx-get") || key == "hx-post":
			if !local(a.Val) {
				add("the address " + a.Val)
			}
		}
	}
}

// local says that an address leads to a page of ours.
func local(address string) bool {
	return strings.HasPrefix(address, "#") || strings.HasPrefix(address, "/") && !strings.HasPrefix(address, "//") && !strings.ContainsAny(address, "\\\t\r\n")
}

// departure is the first line in which two skeletons differ.
func departure(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return a[i] + " where a harmless one makes " + b[i]
		}
	}
	return "it is longer or shorter"
}

// TestEveryPageIsShown fails for a page that no sample shows, which the tests of all pages would pass over.
func TestEveryPageIsShown(t *testing.T) {
	t.Parallel()
	is := map[string]bool{"DesignPage": true} // it has no words but its own
	for name, page := range pages(t, newSample(t)) {
		if page, ok := page.(shown); ok {
			is[page.name] = true
		} else if name != "design" {
			t.Errorf("%s is not made by show", name)
		}
	}
	files, err := filepath.Glob("*.templ")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^templ (\w+Page)\(`).FindAllSubmatch(text, -1) {
			if !is[string(m[1])] {
				t.Errorf("%s has %s, which no sample shows", file, m[1])
			}
		}
	}
}

// TestNothing shows every page with nothing in it.
func TestNothing(t *testing.T) {
	t.Parallel()
	s := newSample(t)
	s.empty = true
	for name, page := range pages(t, s) {
		if n := strings.Count(render(t, page), "<h1"); n != 1 {
			t.Errorf("%s has %d main headings", name, n)
		}
	}
}
