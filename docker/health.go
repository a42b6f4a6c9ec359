package docker

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"golang.org/x/sync/errgroup"
)

const (
	// healthPause is the time between two looks at a container.
	healthPause = 250 * time.Millisecond
	// settled is how long a container without a health check must run before it counts as up.
	settled = 2 * time.Second
	// maxRestarts is how often a container may be restarted by its engine while it is waited for: apps that wait for their
	// database in this way need a few.
	maxRestarts = 8
	// tailLines and tailWidth bound what is quoted of a container's log: it may hold anything.
	tailLines, tailWidth = 5, 300
)

// UnhealthyError says that a container did not come up. Its log lines are the container's own words, a few at most.
type UnhealthyError struct {
	Container string // its name
	Health    string // the health or, where it has none or does not run, the engine's word for its state
	ExitCode  int    // where it ended
	// Check is what the last health check printed, LogTail the container's last lines.
	Check   string
	LogTail []string
	Err     error // the context's cause when time ran out
}

// Error is a sentence without the container's own words.
func (e *UnhealthyError) Error() string {
	switch {
	case e.Err != nil:
		return fmt.Sprintf("container %s did not come up in time: it is %s: %v", e.Container, e.Health, e.Err)
	case e.Health == "exited" || e.Health == "restarting" || e.Health == "dead":
		return fmt.Sprintf("container %s did not come up: it ended with exit code %d", e.Container, e.ExitCode)
	}
	return fmt.Sprintf("container %s did not come up: it is %s", e.Container, e.Health)
}

// Unwrap returns why the waiting ended, if by itself.
func (e *UnhealthyError) Unwrap() error { return e.Err }

// WaitHealthy waits until each container runs and, where it has a health check, is healthy. Each is told every change,
// from several goroutines; nil is allowed. A container that is unhealthy, ended or keeps restarting ends the waiting at
// once with *UnhealthyError, as does the end of the context. One whose work is to end, and ended with 0, is fine.
func (e *Engine) WaitHealthy(ctx context.Context, ids []string, each func(name, health string)) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(workers)
	for _, id := range ids {
		group.Go(func() error { return e.waitHealthy(ctx, id, each) })
	}
	return group.Wait()
}

func (e *Engine) waitHealthy(ctx context.Context, id string, each func(name, health string)) error {
	w := &watch{restarts: -1}
	for {
		in, err := e.details(ctx, id)
		if ctx.Err() != nil && w.last.State != nil {
			return e.unhealthy(ctx, w.last, context.Cause(ctx))
		}
		if err != nil {
			return err
		}
		done, failed := w.look(in, time.Now())
		if each != nil && w.changed {
			each(strings.TrimPrefix(in.Name, "/"), w.said)
		}
		switch {
		case failed:
			return e.unhealthy(ctx, in, nil)
		case done:
			return nil
		}
		select {
		case <-time.After(healthPause):
		case <-ctx.Done():
		}
	}
}

// watch remembers what was seen of one container.
type watch struct {
	last     container.InspectResponse
	since    time.Time // when it was first seen to run
	started  string
	restarts int // of the first look
	said     string
	changed  bool
}

// healthOf is what a container's own check says of it; empty where it has none. The engine calls one unhealthy as soon as
// it is paused, and until the first check after it was resumed: where no check failed, nothing is known yet.
func healthOf(s *container.State) string {
	switch h := s.Health; {
	case h == nil || h.Status == container.NoHealthcheck:
		return ""
	case h.Status == container.Unhealthy && h.FailingStreak == 0:
		return string(container.Starting)
	default:
		return string(h.Status)
	}
}

// look says whether the container is up, or will not be.
func (w *watch) look(in container.InspectResponse, now time.Time) (done, failed bool) {
	s := stateOf(in)
	word := s.Health
	if word == "" || !s.Running {
		word = s.Status
	}
	w.changed, w.said, w.last = word != w.said, word, in
	if w.restarts < 0 {
		w.restarts = in.RestartCount
	}
	if in.State.StartedAt != w.started {
		w.started, w.since = in.State.StartedAt, now
	}
	switch {
	case s.Restarting:
		return false, in.RestartCount-w.restarts >= maxRestarts
	case s.Paused:
		return false, true
	case s.Running && s.Health == string(container.Unhealthy):
		return false, true
	case s.Running && s.Health == string(container.Healthy):
		return true, false
	case s.Running && s.Health == "":
		return now.Sub(w.since) >= settled, in.RestartCount-w.restarts >= maxRestarts
	case s.Running:
		return false, false
	}
	ended := s.Status == string(container.StateExited) && s.ExitCode == 0 && endsByItself(in.HostConfig.RestartPolicy)
	return ended, !ended
}

// endsByItself says that a container that ended with 0 stays so.
func endsByItself(p container.RestartPolicy) bool { return p.IsNone() || p.IsOnFailure() }

func (e *Engine) unhealthy(ctx context.Context, in container.InspectResponse, why error) error {
	s := stateOf(in)
	out := &UnhealthyError{Container: strings.TrimPrefix(in.Name, "/"), Health: s.Health, ExitCode: s.ExitCode, Err: why}
	if out.Health == "" || !s.Running || s.Paused || s.Restarting {
		out.Health = s.Status
	}
	if h := in.State.Health; h != nil && len(h.Log) > 0 {
		if last := h.Log[len(h.Log)-1]; last != nil && last.ExitCode != 0 {
			out.Check = strings.Join(lastLines(last.Output), "\n")
		}
	}
	out.LogTail = e.logTail(context.WithoutCancel(ctx), in)
	return out
}

// logTail returns the last lines of a container's log; none where its log driver cannot be read.
func (e *Engine) logTail(ctx context.Context, in container.InspectResponse) []string {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	logs, err := e.api.ContainerLogs(ctx, in.ID, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: strconv.Itoa(tailLines)})
	if err != nil {
		return nil
	}
	defer func() { _ = logs.Close() }() // only read
	var text bytes.Buffer
	short := io.LimitReader(logs, 256<<10)
	if in.Config.Tty {
		_, _ = io.Copy(&text, short) // what came before an error is worth as much
	} else {
		_, _ = stdcopy.StdCopy(&text, &text, short)
	}
	return lastLines(text.String())
}

// lastLines returns the last few lines that say something, each cut to a readable length and without control characters.
func lastLines(text string) []string {
	var out []string
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(strings.Map(printable, strings.ToValidUTF8(line, "�")))
		if r := []rune(line); len(r) > tailWidth {
			line = string(r[:tailWidth]) + "…"
		}
		if line != "" {
			out = append(out, line)
		}
	}
	return out[max(0, len(out)-tailLines):]
}

func printable(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0:
		return -1
	}
	return r
}
