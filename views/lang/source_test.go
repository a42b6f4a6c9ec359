package lang

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// A text of the source: what is fixed in it, and the places of values.
type (
	piece struct {
		fixed       string
		place       string // n, t or x; empty for fixed text
		one, many   string // of a count with its noun
		countedNoun bool
	}
	sourceText struct {
		at     string // file:line
		pieces []piece
	}
)

// entries are the ids under which a catalogue must have the text: two for a count with its noun.
func (s sourceText) entries() []string {
	counts := 0
	for _, p := range s.pieces {
		if p.countedNoun {
			counts++
		}
	}
	write := func(many bool) string {
		var out strings.Builder
		used := map[string]int{}
		name := func(kind string) string {
			used[kind]++
			if used[kind] == 1 {
				return "{" + kind + "}"
			}
			return "{" + kind + strconv.Itoa(used[kind]) + "}"
		}
		for _, p := range s.pieces {
			switch {
			case p.countedNoun && counts > 1:
				out.WriteString(name("t"))
			case p.countedNoun && many:
				out.WriteString(name("n") + " " + p.many)
			case p.countedNoun:
				out.WriteString(name("n") + " " + p.one)
			case p.place != "":
				out.WriteString(name(p.place))
			default:
				out.WriteString(p.fixed)
			}
		}
		return strings.Trim(out.String(), edges)
	}
	var out []string
	if counts == 1 {
		return []string{write(false), write(true)}
	}
	if counts > 1 {
		for _, p := range s.pieces {
			if p.countedNoun {
				out = append(out, "{n} "+p.one, "{n} "+p.many)
			}
		}
	}
	return append(out, write(false))
}

// fixed is what is fixed in the text.
func (s sourceText) fixed() string {
	var out strings.Builder
	for _, p := range s.pieces {
		out.WriteString(p.fixed + p.one)
		if p.place != "" {
			out.WriteString("\x00")
		}
	}
	return out.String()
}

var verb = regexp.MustCompile(`%(\[\d+\])?[-+# 0]*[\d.]*[a-zA-Z%]`)

// pieces takes a string expression apart.
func pieces(e ast.Expr) []piece {
	switch x := e.(type) {
	case *ast.ParenExpr:
		return pieces(x.X)
	case *ast.BasicLit:
		if x.Kind == token.STRING {
			s, _ := strconv.Unquote(x.Value)
			return []piece{{fixed: s}}
		}
		return []piece{{place: "n"}}
	case *ast.BinaryExpr:
		return append(pieces(x.X), pieces(x.Y)...)
	case *ast.CallExpr:
		return piecesOfCall(x)
	}
	return []piece{{place: "x"}}
}

func called(x *ast.CallExpr) string {
	switch f := x.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		return f.Sel.Name
	}
	return ""
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func piecesOfCall(x *ast.CallExpr) []piece {
	switch called(x) {
	case "Count", "Itoa", "FormatInt", "Comma":
		return []piece{{place: "n"}}
	case "Bytes", "Size", "Duration", "Percent", "IBytes", "span", "roughly":
		return []piece{{place: "t"}}
	case "Plural", "plural":
		if len(x.Args) < 3 {
			break
		}
		one, ok1 := literal(x.Args[1])
		many, ok2 := literal(x.Args[2])
		if ok1 && ok2 {
			return []piece{{countedNoun: true, one: one, many: many}}
		}
	case "T":
		if len(x.Args) == 2 {
			return pieces(x.Args[1])
		}
	}
	for i, a := range x.Args {
		format, ok := literal(a)
		if !ok || !strings.Contains(format, "%") || !verb.MatchString(format) {
			continue
		}
		return piecesOfFormat(format, x.Args[i+1:])
	}
	return []piece{{place: "x"}}
}

func piecesOfFormat(format string, args []ast.Expr) []piece {
	var out []piece
	at, next := 0, 0
	for _, m := range verb.FindAllStringIndex(format, -1) {
		out = append(out, piece{fixed: format[at:m[0]]})
		at = m[1]
		v := format[m[0]:m[1]]
		if v == "%%" {
			out = append(out, piece{fixed: "%"})
			continue
		}
		var arg []piece
		if next < len(args) && !strings.Contains(v, "[") {
			arg = pieces(args[next])
		}
		next++
		switch {
		case v[len(v)-1] == 'd' || v[len(v)-1] == 'f':
			out = append(out, piece{place: "n"})
		case v[len(v)-1] == 'q':
			out = append(out, piece{fixed: `"`}, piece{place: "x"}, piece{fixed: `"`})
		case len(arg) > 0:
			if n := len(out); arg[0].countedNoun && n >= 2 && out[n-2].place == "n" && out[n-1].fixed == " " {
				out = out[:n-2] // its count was written on its own
			}
			out = append(out, arg...)
		default:
			out = append(out, piece{place: "x"})
		}
	}
	return append(out, piece{fixed: format[at:]})
}

func letters(s string) bool { return strings.IndexFunc(s, unicode.IsLetter) >= 0 }

// noPages are packages whose texts programs and logs get, and no page.
var noPages = []string{"config", "gateway", "handlers/api"}

// statement is the beginning of a statement of SQL.
var statement = regexp.MustCompile(`^(SELECT|INSERT|UPDATE|DELETE|VACUUM|PRAGMA|WITH|CREATE|DROP|ALTER) [A-Za-z(*]`)

// sourceTexts reads the texts out of the program's source: in the views whatever reads like a text, elsewhere sentences.
func sourceTexts(t *testing.T, root string) []sourceText {
	t.Helper()
	var out []sourceText
	seen := map[string]bool{}
	fset := token.NewFileSet()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, path)
		if d.IsDir() {
			if slices.Contains([]string{"tools", "testbed", "e2e", "bin", "node_modules", "views/lang", ".git", "data"}, rel) || slices.Contains(noPages, rel) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.HasPrefix(rel, "views/design") || strings.HasSuffix(rel, "icons_data.go") || strings.HasSuffix(rel, ".gen.go") {
			return nil
		}
		file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		add := func(e ast.Expr, sure bool) {
			s := sourceText{at: rel + ":" + strconv.Itoa(fset.Position(e.Pos()).Line), pieces: pieces(e)}
			if !letters(s.fixed()) || !sure && !readsLikeText(rel, s.fixed()) {
				return
			}
			key := strings.Join(s.entries(), "\x01")
			if !seen[key] {
				seen[key] = true
				out = append(out, s)
			}
		}
		collect(file, add)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// collect hands on each string expression that is whole; sure says that it is looked up as it stands.
func collect(file *ast.File, add func(e ast.Expr, sure bool)) {
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch x := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.Field:
			return false // its tag
		case *ast.CallExpr:
			switch called(x) {
			case "WriteString", "SafeURL", "Contains", "HasPrefix", "HasSuffix", "Cut", "CutPrefix", "TrimPrefix", "TrimSuffix", "MustCompile", "NewRaw", "Where", "Errorf", "New", "Debug", "Info", "Warn", "Error", "JoinStringErrs", "Get", "Set", "Query", "Exec", "FormValue", "Cookies", "KV", "Format", "Parse", "Join", "Getenv", "Command":
				if called(x) == "Errorf" || called(x) == "New" {
					for _, a := range x.Args {
						if s, ok := literal(a); ok && readsLikeSentence(s) {
							add(x, false)
						}
					}
				}
				for _, a := range x.Args {
					if _, ok := literal(a); !ok {
						ast.Inspect(a, visit)
					}
				}
				return false
			case "T":
				if len(x.Args) == 2 {
					add(x.Args[1], true)
					return false
				}
			case "Plural", "plural":
				add(x, true)
				return false
			}
			for _, a := range x.Args {
				if s, ok := literal(a); ok && strings.Contains(s, "%") && verb.MatchString(s) {
					add(x, false)
					return true
				}
			}
		case *ast.BinaryExpr:
			if x.Op == token.ADD && len(pieces(x)) > 0 && letters((sourceText{pieces: pieces(x)}).fixed()) {
				add(x, false)
				inner(x, visit)
				return false
			}
			if x.Op != token.ADD && x.Op != token.LAND && x.Op != token.LOR {
				return false // a comparison
			}
		case *ast.CaseClause:
			for _, s := range x.Body {
				ast.Inspect(s, visit)
			}
			return false
		case *ast.BasicLit:
			if x.Kind == token.STRING {
				if s, _ := strconv.Unquote(x.Value); !verb.MatchString(s) {
					add(x, false)
				}
			}
		}
		return true
	}
	ast.Inspect(file, visit)
}

// inner looks for texts in the calls of a sum.
func inner(x *ast.BinaryExpr, visit func(ast.Node) bool) {
	for _, side := range []ast.Expr{x.X, x.Y} {
		switch s := side.(type) {
		case *ast.BinaryExpr:
			inner(s, visit)
		case *ast.CallExpr:
			if n := called(s); n != "Plural" && n != "T" && n != "Sprintf" {
				ast.Inspect(s, visit)
			}
		}
	}
}

// readsLikeText tells texts from names of classes, fields, paths and the like.
func readsLikeText(path, s string) bool {
	if readsLikeSentence(s) {
		return true
	}
	if !strings.HasPrefix(path, "views/") && !strings.HasPrefix(path, "handlers/") {
		return false
	}
	s = strings.Trim(strings.ReplaceAll(s, "\x00", "X"), edges)
	if s == "" || strings.ContainsAny(s, "/=<>{}[]\\_#") || strings.HasPrefix(s, "is-") || strings.HasPrefix(s, "btn") {
		return false
	}
	first := []rune(s)[0]
	return unicode.IsUpper(first) && strings.IndexFunc(s, unicode.IsLower) >= 0 || strings.Contains(s, " ") && !strings.Contains(s, "-")
}

func readsLikeSentence(s string) bool {
	s = strings.TrimSpace(s)
	if s == "" || !strings.Contains(s, " ") || statement.MatchString(s) || strings.Contains(s, "\n\t") {
		return false
	}
	first, last := []rune(s)[0], []rune(s)[len([]rune(s))-1]
	return (unicode.IsUpper(first) || first == 0 || first == '%' || first == '“') && strings.ContainsRune(".!?:…”", last)
}

// TestEveryTextIsInEachLanguage looks each text of the source up, with values in its places.
func TestEveryTextIsInEachLanguage(t *testing.T) {
	t.Parallel()
	texts := sourceTexts(t, "../..")
	if len(texts) < 1500 {
		t.Fatalf("only %d texts were found in the source", len(texts))
	}
	for _, l := range All()[1:] {
		for _, s := range texts {
			for i, id := range s.entries() {
				if slices.Contains(notShown, id) {
					continue
				}
				text := place.ReplaceAllStringFunc(id, func(found string) string {
					switch kind(found[1 : len(found)-1]) {
					case "n":
						return []string{"1", "7"}[min(i, 1)] // the second entry of a count is that of many
					case "t":
						return "1.2 GiB"
					}
					return "Xyz7"
				})
				if _, ok := l.Text(text); !ok {
					t.Errorf("%s: the catalogue of %s lacks %q", s.at, l.Name, id)
				}
			}
		}
	}
}
