package restic

import (
	"fmt"
	"path"
	"strings"
)

// Pattern is one pattern of --exclude, read as restic reads it. Each part stands for one name of a path, by the rules of
// path.Match; ** stands for any number of names. A pattern that begins with a slash begins at the root, any other one at
// any name. What is inside a folder that matches matches too. TestPatternsAsRestic holds it to the program.
type Pattern struct {
	parts  []patternPart
	rooted bool
}

type patternPart struct {
	text  string
	plain bool // every character means itself
}

// anyNames is the part that stands for any number of names.
const anyNames = "**"

// ReadPattern reads a pattern. One that restic refuses is an error, and so is one that includes again what others left out.
func ReadPattern(text string) (Pattern, error) {
	if text == "" || text[0] == '!' {
		return Pattern{}, fmt.Errorf("read the pattern %q: it excludes nothing", text)
	}
	clean := path.Clean(text)
	p := Pattern{rooted: clean[0] == '/'}
	for part := range strings.SplitSeq(strings.TrimPrefix(clean, "/"), "/") {
		if part == "" { // the root itself
			part = anyNames
		}
		if _, err := path.Match(part, part); err != nil {
			return Pattern{}, fmt.Errorf("read the pattern %q: %w", text, err)
		}
		p.parts = append(p.parts, patternPart{text: part, plain: !strings.ContainsAny(part, `\[]*?`)})
	}
	return p, nil
}

// Names takes a path apart into the names that Match wants.
func Names(p string) []string {
	return strings.Split(strings.Trim(path.Clean(p), "/"), "/")
}

// Match says whether restic leaves out the path with these names, or a folder above it.
func (p Pattern) Match(names []string) bool {
	last := len(names) - 1
	if p.rooted {
		last = 0
	}
	for from := range last + 1 {
		if p.matchFrom(names, from) {
			return true
		}
	}
	return false
}

// matchFrom says whether the parts stand for the names from one of them on. It follows all that the parts so far may stand
// for at once, so that many ** cost no more than their product with the names.
func (p Pattern) matchFrom(names []string, from int) bool {
	ends, solid, stars := []int{from}, 0, 0
	for _, part := range p.parts {
		if part.text == anyNames {
			stars++
			ends = upTo(ends[0], min(len(names), from+solid+p.room(names)+stars))
		} else {
			solid++
			ends = part.step(ends, names)
		}
		if len(ends) == 0 {
			return false
		}
	}
	return true
}

// room is how many names are left for ** where each part has one. restic makes as many * of a ** as there is room for
// with a name for each part that follows, so of two ** the first one may stand for less than it could.
func (p Pattern) room(names []string) int {
	if p.rooted {
		return len(names) - len(p.parts)
	}
	return len(names) + 1 - len(p.parts) // the root counts as a name that no part needs
}

func upTo(from, to int) []int {
	var out []int
	for n := from; n <= to; n++ {
		out = append(out, n)
	}
	return out
}

// step moves each end over the name behind it, where the part stands for that.
func (part patternPart) step(ends []int, names []string) []int {
	out := ends[:0]
	for _, end := range ends {
		if end < len(names) && part.match(names[end]) {
			out = append(out, end+1)
		}
	}
	return out
}

func (part patternPart) match(name string) bool {
	if part.plain {
		return part.text == name
	}
	ok, err := path.Match(part.text, name)
	return ok && err == nil
}
