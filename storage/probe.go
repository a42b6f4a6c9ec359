package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"keepstead/model"
)

// stepLimit is the longest one step of a probe may take.
const stepLimit = 10 * time.Second

// probe runs the steps of a test in order: after the first failure the others are marked as skipped.
type probe struct {
	limit  time.Duration
	report func(model.ProbeStep)
	result model.Probe
	failed bool
}

func newProbe(limit time.Duration, report func(model.ProbeStep)) *probe {
	return &probe{limit: limit, report: report, result: model.Probe{Repository: model.RepositoryUnknown, FreeBytes: -1}}
}

// errSkip ends a step that the storage does not have; what it wraps is the detail.
type errSkip string

// Error returns why the step does not apply.
func (e errSkip) Error() string { return string(e) }

// step runs one step and records how it ended. explain turns an error into words.
func (p *probe) step(ctx context.Context, name string, explain func(error) *Error, run func(context.Context) (string, error)) {
	out := model.ProbeStep{Name: name, State: model.ProbeSkipped}
	if !p.failed {
		started := time.Now()
		detail, err := p.run(ctx, run)
		out.State, out.Detail, out.Duration = model.ProbeOK, detail, time.Since(started)
		var skip errSkip
		switch {
		case errors.As(err, &skip):
			out.State, out.Detail = model.ProbeSkipped, skip.Error()
		case err != nil:
			why := explain(err)
			out.State, out.Detail, out.Mend, out.Field = model.ProbeFailed, why.Reason, why.Mend, why.Field
			p.failed = true
		}
	}
	p.result.Steps = append(p.result.Steps, out)
	if p.report != nil {
		p.report(out)
	}
}

// run gives a step its time.
func (p *probe) run(ctx context.Context, run func(context.Context) (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, p.limit)
	defer cancel()
	return run(ctx)
}

// within waits for work only as long as ctx lasts. Work that does not end by then (nothing interrupts a dead network
// mount) is left behind, so that the person who waits gets an answer.
func within[T any](ctx context.Context, work func() (T, error)) (T, error) {
	if ctx.Err() != nil { // nothing is begun that nobody waits for
		var none T
		return none, ctx.Err()
	}
	type outcome struct {
		value T
		err   error
	}
	done := make(chan outcome, 1)
	go func() {
		value, err := work()
		done <- outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
		var none T
		return none, ctx.Err()
	}
}

// sample makes the name and the content of a test object: random, so that nothing old is mistaken for it.
func sample() (name string, content []byte) {
	content = make([]byte, 1024)
	_, _ = rand.Read(content) // crypto/rand never fails
	return fmt.Sprintf("%s%x", testPrefix, content[:12]), content
}
