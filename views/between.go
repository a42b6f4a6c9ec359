package views

import (
	"context"
	"strings"

	"keepstead/views/lang"
	"keepstead/views/ui"
)

// The gaps of a sentence are filled with names, or with elements such as links, after it was put into the language.
const gap, gap2 = "\ufffc", "\ufffd"

// between puts a sentence with gaps into the language, and takes it apart at them.
func between(ctx context.Context, sentence string) []string {
	out := strings.Split(lang.T(ctx, sentence), gap)
	for range strings.Count(sentence, gap) + 1 - len(out) {
		out = append(out, "")
	}
	return out
}

// namesIn joins the first names and counts the rest, in the language.
func namesIn(ctx context.Context, names []string, n int) string {
	if len(names) <= n {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:n], ", ") + leftOut(ctx, len(names)-n)
}

// namesAnd joins names as a sentence does, the last by “and”; of many it names the first n and counts the rest.
func namesAnd(ctx context.Context, names []string, n int) string {
	if len(names) < 2 || len(names) > n {
		return namesIn(ctx, names, n)
	}
	last := len(names) - 1
	return naming(ctx, gap+" and "+gap2, strings.Join(names[:last], ", "), names[last])
}

// leftOut counts, in the language, what a list leaves out.
func leftOut(ctx context.Context, n int) string {
	return lang.T(ctx, " and "+ui.Count(n)+" more")
}

// naming puts a sentence into the language, and the names into its gaps: they stay as they are whatever words are in
// them, so that an app may be called “all”.
func naming(ctx context.Context, sentence string, names ...string) string {
	if len(names) == 1 { // in lists of a thousand files; a Replacer costs more than all else of a row
		return strings.ReplaceAll(lang.T(ctx, sentence), gap, names[0])
	}
	var fill []string
	for i, name := range names {
		fill = append(fill, []string{gap, gap2}[i], name)
	}
	return strings.NewReplacer(fill...).Replace(lang.T(ctx, sentence))
}

// wordFor is a word of ours that stands for different things, which other languages call differently; about tells them apart.
func wordFor(ctx context.Context, word, about string) string {
	if lang.In(ctx) != lang.English {
		if out, ok := lang.In(ctx).Text(word + " (" + about + ")"); ok {
			return out
		}
	}
	return lang.T(ctx, word)
}

// titleIn is the title of a job in the language, with the names as they are.
func titleIn(ctx context.Context, j JobItem) string {
	plain := j
	if j.AppName != "" {
		plain.AppName = gap
	}
	if j.DestinationName != "" {
		plain.DestinationName = gap2
	}
	return naming(ctx, jobTitle(plain), j.AppName, j.DestinationName)
}
