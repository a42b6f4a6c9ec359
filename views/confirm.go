package views

import (
	"context"

	"keepstead/views/lang"
)

// lostTitle heads what an act takes away.
func lostTitle(p ConfirmProps) string {
	if p.Removes {
		return "This is removed"
	}
	return "This is lost"
}

// keepWords is the way out of a question, in words.
func keepWords(p ConfirmProps) string {
	if p.Keep != "" {
		return p.Keep
	}
	return "Keep it"
}

// confirmUp names where a question leads back to: a name stays as it is.
func confirmUp(ctx context.Context, p ConfirmProps) string {
	if p.BackName != "" {
		return p.BackName
	}
	return lang.T(ctx, "Settings")
}
