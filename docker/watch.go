package docker

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/events"
	"github.com/moby/moby/client"
)

const (
	settleTime  = 250 * time.Millisecond // in which one change draws others after it
	firstRetry  = 250 * time.Millisecond // of a lost engine
	longestWait = 15 * time.Second
	pulse       = 20 * time.Second // between two looks whether a silent engine is still there
)

// Watch returns a channel that gets a token when containers, volumes or networks have changed, or may have: also when it
// begins, when the engine is lost, and when it is there again. Many changes at once are one token, and a token that nobody has
// taken stands for all that follow. The channel is closed when the context ends.
func (e *Engine) Watch(ctx context.Context) <-chan struct{} {
	out := make(chan struct{}, 1)
	go func() {
		defer close(out)
		wait := firstRetry
		for ctx.Err() == nil {
			if e.listen(ctx, out) {
				wait = firstRetry
			}
			select {
			case <-ctx.Done():
			case <-time.After(wait):
			}
			wait = min(2*wait, longestWait)
		}
	}()
	return out
}

// listen passes changes on until the engine is lost. It is false when the engine was not there at all.
func (e *Engine) listen(ctx context.Context, out chan<- struct{}) bool {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The client returns only when the engine has answered, so that a silent one would hold it for ever.
	if !e.alive(ctx) {
		return false
	}
	stream := e.api.Events(ctx, client.EventsListOptions{Filters: make(client.Filters).Add("type", "container", "volume", "network")})
	if ended(stream.Err) {
		return false
	}
	tell(out)
	beat := time.NewTicker(pulse)
	defer beat.Stop()
	var settled <-chan time.Time
	for {
		select {
		case m := <-stream.Messages:
			if settled == nil && matters(m) {
				settled = time.After(settleTime)
			}
		case <-e.looks.fresh:
			tell(out)
		case <-settled:
			settled = nil
			tell(out)
		case <-beat.C:
			if !e.alive(ctx) {
				tell(out) // whoever looks now learns that the engine is away
				return true
			}
		case err := <-stream.Err:
			tell(out)
			return ctx.Err() == nil || err != nil
		}
	}
}

// ended says that a stream of events has come to its end already.
func ended(errs <-chan error) bool {
	select {
	case err, open := <-errs:
		return err != nil || !open
	default:
		return false
	}
}

// alive says that the engine answers.
func (e *Engine) alive(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	_, err := e.api.Ping(ctx, client.PingOptions{})
	return err == nil
}

// tell leaves a token where there is none.
func tell(out chan<- struct{}) {
	select {
	case out <- struct{}{}:
	default:
	}
}

// matters says that an event changes what discovery finds. Health checks and dumps run commands in containers all the
// time, and those do not.
func matters(m events.Message) bool {
	action, _, _ := strings.Cut(string(m.Action), ":")
	return !slices.Contains([]string{
		"exec_create", "exec_start", "exec_die", "exec_detach", "attach", "detach", "resize", "top", "copy", "archive-path", "extract-to-dir",
		"export", "commit", "kill", "mount", "unmount",
	}, action)
}
