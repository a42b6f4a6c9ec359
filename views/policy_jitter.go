package views

import (
	"context"
	"time"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// spreadWords is the span that the starts of a policy's apps are spread over, empty where they start at once.
func spreadWords(ctx context.Context, p model.Policy) string {
	if p.JitterMinutes == 0 {
		return ""
	}
	return lang.T(ctx, ui.Duration(p.Jitter()))
}

// startWords says how long after each run of the schedule an app starts.
func startWords(delay time.Duration) string {
	if delay == 0 {
		return "starts on time"
	}
	return "starts " + ui.Duration(delay) + " later"
}
