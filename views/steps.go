package views

import (
	"time"

	"keepstead/model"
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

func milliseconds(n int64) string { return ui.Duration(time.Duration(n) * time.Millisecond) }
