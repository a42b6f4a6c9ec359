package views

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Bounds of one question to the palette.
const (
	MaxGoals     = 20  // goals that are shown
	MaxGoalQuery = 100 // characters that are read
	maxGoalWords = 8
)

// Rank returns the goals that a query means, the best first and at most MaxGoals, and how many there are in all. Each
// word of the query has to be in the title of a goal or among its further words, in any order; a whole word counts more
// than the beginning of one, and that more than its middle. Among equals the order of the goals stays; a query without
// words means all of them.
func Rank(query string, goals []Goal) (best []Goal, total int) {
	words := queryWords(query)
	type ranked struct {
		goal  Goal
		score int
	}
	var found []ranked
	for _, g := range goals {
		if score, ok := scoreOf(words, fold(g.Title()), fold(g.Kind+" "+g.words)); ok {
			found = append(found, ranked{g, score})
		}
	}
	slices.SortStableFunc(found, func(a, b ranked) int { return b.score - a.score })
	for _, r := range found[:min(len(found), MaxGoals)] {
		best = append(best, r.goal)
	}
	return best, len(found)
}

func queryWords(query string) []string {
	words := strings.Fields(fold(query))
	return words[:min(len(words), maxGoalWords)]
}

// scoreOf adds up how well each word is met; false where one is not.
func scoreOf(words []string, title, more string) (score int, ok bool) {
	for _, w := range words {
		here := meets(title, w)
		if there := meets(more, w); here == 0 && there == 0 {
			return 0, false
		} else if here == 0 {
			score += there
			continue
		}
		score += 10 * here
		if strings.HasPrefix(title, w) {
			score += 5
		}
	}
	if len(words) > 0 && title == strings.Join(words, " ") {
		score += 100
	}
	return score, true
}

// meets says how a word stands in a text: 3 as a word of it, 2 at the beginning of one, 1 within one, 0 not at all.
func meets(text, word string) int {
	best := 0
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return best
		}
		start := from + at
		end := start + len(word)
		switch {
		case !insideWord(text, start):
			if !insideWord(text, end) {
				return 3
			}
			best = 2
		case best == 0:
			best = 1
		}
		from = end
	}
}

// insideWord says whether a word goes on over the place i of a text.
func insideWord(text string, i int) bool {
	if i == 0 || i >= len(text) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i:])
	return wordly(before) && wordly(after)
}

func wordly(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// fold writes a text such that upper and lower case, accents and runs of spaces make no difference.
func fold(text string) string {
	bare := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
	return strings.Join(strings.Fields(bare), " ")
}
