package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"keepstead/model"
)

// act is one step of a longer job that is still to be done. What it returns is the step's detail, a sentence.
type act struct {
	title string
	do    func(ctx context.Context) (detail string, err error)
}

// walk does the acts in order, each as a visible step of the job. All of them are listed from the start. The first
// that fails ends it: those after it are marked as skipped.
func (r *run) walk(ctx context.Context, acts []act) error {
	steps := make([]model.Step, len(acts))
	for i, a := range acts {
		steps[i] = model.Step{Title: a.title, State: model.StepWaiting}
	}
	if err := r.showSteps(ctx, steps); err != nil {
		return err
	}
	for i, a := range acts {
		if err := r.step(ctx, steps, i, a); err != nil {
			return err
		}
	}
	return nil
}

// step does one act. Its outcome is recorded also when the job was cancelled meanwhile.
func (r *run) step(ctx context.Context, steps []model.Step, i int, a act) error {
	if ctx.Err() != nil {
		return r.endSteps(ctx, steps, i, context.Cause(ctx))
	}
	begun := r.now()
	steps[i].State, steps[i].StartedAt = model.StepRunning, &begun
	r.phase(stepPhase(r.job.Kind), a.title+".")
	if err := r.showSteps(ctx, steps); err != nil {
		return err
	}
	detail, err := a.do(ctx)
	ended := r.now()
	steps[i].FinishedAt = &ended
	if err != nil && !errors.Is(err, errLater) {
		steps[i].State, steps[i].Detail = model.StepFailed, outcomeOf(ctx, err).Message
		return r.endSteps(ctx, steps, i+1, err)
	}
	steps[i].State, steps[i].Detail = model.StepDone, detail
	if detail != "" {
		r.log.printf("%s", detail)
	}
	if err != nil {
		return r.endSteps(ctx, steps, i+1, err)
	}
	return r.showSteps(ctx, steps)
}

// errLater is what an act returns that is done, and after which the others are not due yet.
var errLater = errors.New("the rest is done later")

// stepPhase says what a job of a kind with steps is at.
func stepPhase(kind model.JobKind) string {
	if kind == model.JobRotate {
		return "rotating"
	}
	return "restoring"
}

// endSteps marks the steps from the first that was not begun as skipped, and passes the reason on.
func (r *run) endSteps(ctx context.Context, steps []model.Step, from int, why error) error {
	for i := range steps[from:] {
		steps[from+i].State = model.StepSkipped
	}
	if err := r.showSteps(ctx, steps); err != nil {
		r.logger.Error("record a job's steps", "job", r.job.ID, "error", err)
	}
	return why
}

// cutSteps closes the steps of a job that ended with an earlier Keepstead.
func (m *Manager) cutSteps(ctx context.Context, id uuid.UUID) error {
	job, err := m.Store.Job(ctx, id)
	if err != nil || len(job.Steps) == 0 {
		return err
	}
	for i, s := range job.Steps {
		switch s.State {
		case model.StepRunning:
			job.Steps[i].State, job.Steps[i].Detail = model.StepFailed, "Cut off."
		case model.StepWaiting:
			job.Steps[i].State = model.StepSkipped
		}
	}
	return m.Store.SetJobSteps(ctx, id, job.Steps)
}

// showSteps records the steps and tells the pages.
func (r *run) showSteps(ctx context.Context, steps []model.Step) error {
	if err := r.Store.SetJobSteps(context.WithoutCancel(ctx), r.job.ID, steps); err != nil {
		return fmt.Errorf("record the job's steps: %w", err)
	}
	r.publishJob(r.job)
	return nil
}

// took says how long something took, as people read it.
func took(d time.Duration) string {
	switch {
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Round(10*time.Millisecond).Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%d m %d s", int(d.Minutes()), int(d.Seconds())%60)
}
