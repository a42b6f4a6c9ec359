package views

import (
	"context"
	"strings"

	"keepstead/views/lang"
)

// gap stands in a sentence for an element, such as a link, that is written in its place.
const gap = "\ufffc"

// between puts a sentence with gaps into the language, and takes it apart at them.
func between(ctx context.Context, sentence string) []string {
	out := strings.Split(lang.T(ctx, sentence), gap)
	for range strings.Count(sentence, gap) + 1 - len(out) {
		out = append(out, "")
	}
	return out
}

// namesIn joins the first names and counts the rest, in the language. The names stay as they are.
func namesIn(ctx context.Context, names []string, n int) string {
	if len(names) <= n {
		return someOf(names, n)
	}
	return lang.T(ctx, someOf(names, n))
}

// naming puts a sentence with one gap into the language, and a name into the gap: it stays as it is whatever words are
// in it.
func naming(ctx context.Context, sentence, name string) string {
	return strings.Replace(lang.T(ctx, sentence), gap, name, 1)
}

// wordFor is a word of ours that stands for different things, which other languages call differently; about tells them apart.
func wordFor(ctx context.Context, word, about string) string {
	if lang.In(ctx) == lang.English {
		return word
	}
	return lang.T(ctx, word+" ("+about+")")
}

// titleIn is the title of a job in the language, with the names as they are.
func titleIn(ctx context.Context, j JobItem) string {
	const place = "\ufffd"
	plain := j
	if j.AppName != "" {
		plain.AppName = gap
	}
	if j.DestinationName != "" {
		plain.DestinationName = place
	}
	return strings.NewReplacer(gap, j.AppName, place, j.DestinationName).Replace(lang.T(ctx, jobTitle(plain)))
}
