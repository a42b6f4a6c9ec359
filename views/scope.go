package views

import (
	"context"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// ScopeProps is the part of an app's form that says what is included and left out, with what that comes to.
type ScopeProps struct {
	ui.Clock
	Configuration model.Configuration
	Form          ConfigurationForm
	Errors        model.Invalids
	Preview       *model.ScopePreview // nil until somebody types or asks
}

// scopeOf is that part of one configuration's form.
func scopeOf(p AppProps, c model.ConfigurationOverview) ScopeProps {
	out := ScopeProps{Clock: p.Clock, Configuration: c.Configuration, Form: formOf(p, c), Errors: errorsOf(p, c)}
	if p.ConfigurationID == c.Configuration.ID {
		out.Preview = p.Scope
	}
	return out
}

// leavesOut sums up what all patterns leave out.
func leavesOut(p model.ScopePreview) string {
	switch {
	case p.Left.Files == 0:
		return "The next backup leaves out none of these " + ui.Plural(p.Total.Files, "file", "files") + "."
	case p.Total.Bytes == 0:
		return "The next backup leaves out " + ui.Plural(p.Left.Files, "file", "files") + "."
	}
	return "The next backup leaves out " + ui.Plural(p.Left.Files, "file", "files") + ", " + ui.Bytes(p.Left.Bytes) + " of " + ui.Bytes(p.Total.Bytes) + "."
}

// tallyWords says a number of files with their size.
func tallyWords(t model.Tally) string {
	return ui.Plural(t.Files, "file", "files") + ", " + ui.Bytes(t.Bytes)
}

// matchWords says what a pattern matches, with an example.
func matchWords(ctx context.Context, m model.ExcludeMatch) string {
	switch {
	case m.InForce:
		return lang.T(ctx, "nothing in it: backups leave these out already")
	case m.Example == "":
		return lang.T(ctx, "matches nothing")
	}
	return lang.T(ctx, tallyWords(m.Tally)) + naming(ctx, ", such as "+gap, m.Example)
}

// fateWords says what becomes of a path to include.
func fateWords(ctx context.Context, f model.IncludeFate) string {
	switch {
	case f.LeftOutBy != "":
		return naming(ctx, "left out by "+gap, f.LeftOutBy)
	case f.By != "":
		return naming(ctx, "captured already by "+gap, f.By)
	case f.Held.Files > 0:
		return lang.T(ctx, "in this snapshot already: "+tallyWords(f.Held))
	}
	return lang.T(ctx, "new: looked at with the next backup")
}
