package views

import (
	"context"
	"strings"
	"time"

	"keepstead/model"
	"keepstead/views/lang"
	"keepstead/views/ui"
)

// stepsWords counts how far the steps are.
func stepsWords(steps []model.Step) string {
	ended := 0
	for _, s := range steps {
		if s.State == model.StepDone || s.State == model.StepSkipped {
			ended++
		}
	}
	return ui.Count(ended) + " of " + ui.Count(len(steps))
}

// stepState is how a step is shown: one that an ended job never came to was not done.
func stepState(job model.JobState, s model.Step) ui.State {
	state := ui.OfStep(s.State)
	if job.Final() && s.State == model.StepWaiting {
		state.Icon, state.Word = ui.IconSkipped, "Not done"
	}
	return state
}

// stepTook is how long a step ran, up to now where it still does.
func stepTook(c ui.Clock, s model.Step) string {
	switch {
	case s.StartedAt == nil:
		return ""
	case s.FinishedAt != nil:
		return ui.Duration(s.FinishedAt.Sub(*s.StartedAt))
	case s.State == model.StepRunning:
		return ui.Duration(c.Now.Sub(*s.StartedAt).Round(time.Second))
	}
	return ""
}

// stepsDone names what a job did and what it did not.
func stepsDone(steps []model.Step) (done, not []string) {
	for _, s := range steps {
		switch s.State {
		case model.StepDone:
			done = append(done, s.Title)
		case model.StepSkipped:
		default:
			not = append(not, s.Title)
		}
	}
	return done, not
}

// stepNames joins the titles of the first steps in the language. Semicolons stand between them where a translation has a
// comma of its own.
func stepNames(ctx context.Context, titles []string) string {
	const most = 8
	var names []string
	mark := ", "
	for _, title := range titles[:min(len(titles), most)] {
		name := lang.T(ctx, title)
		if name != title && strings.Contains(name, ",") {
			mark = "; "
		}
		names = append(names, name)
	}
	text := strings.Join(names, mark)
	if more := len(titles) - most; more > 0 {
		text += leftOut(ctx, more)
	}
	return text
}

func milliseconds(n int64) string { return ui.Duration(time.Duration(n) * time.Millisecond) }
