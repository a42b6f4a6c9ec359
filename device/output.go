package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"runtime/debug"
	"time"
)

// tailPause is how often a file of a running command is looked at: prompt for a person, nothing for the machine.
const tailPause = 50 * time.Millisecond

// pipeWait is how long a cancelled command's pipe may be kept open by a process that left its group.
const pipeWait = 2 * time.Second

// sink brings one output of the child to its writer.
type sink struct {
	from *os.File // our reading end
	to   io.Writer
	path string // the file to remove, empty for a pipe
}

// openOutput gives the child the next descriptor, and us the way to read what it writes there.
func (r *run) openOutput(name string, to io.Writer) error {
	if to == nil {
		f, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
		if err == nil {
			r.theirs = append(r.theirs, f)
		}
		return err
	}
	if r.cmd.Stream {
		ours, theirs, err := os.Pipe()
		if err != nil {
			return fmt.Errorf("make the pipe for %s: %w", name, err)
		}
		r.theirs, r.ours = append(r.theirs, theirs), append(r.ours, ours)
		r.sinks = append(r.sinks, &sink{from: ours, to: to})
		return nil
	}
	s, theirs, err := spoolOutput(r.cmd.RunDir, name, to)
	if err != nil {
		return err
	}
	r.ours, r.sinks, r.theirs = append(r.ours, s.from), append(r.sinks, s), append(r.theirs, theirs)
	return nil
}

// spoolOutput makes the file of an output. It returns our end, and the other, which always writes at the end.
func spoolOutput(dir, name string, to io.Writer) (*sink, *os.File, error) {
	if dir == "" {
		return nil, nil, errors.New("a run folder is needed for its output")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, nil, fmt.Errorf("make the run folder: %w", err)
	}
	made, err := os.CreateTemp(dir, name+"-*") // 0600
	if err != nil {
		return nil, nil, fmt.Errorf("make the file for %s: %w", name, err)
	}
	// A second opening: the child's place in the file is not ours.
	theirs, err := os.OpenFile(made.Name(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("open the file for %s: %w", name, err), made.Close(), os.Remove(made.Name()))
	}
	return &sink{from: made, to: to, path: made.Name()}, theirs, nil
}

func (s *sink) remove() error {
	if s.path == "" {
		return nil
	}
	if err := os.Remove(s.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// pumps starts handing over output, and input where there is any.
func (r *run) pumps() {
	for _, s := range r.sinks {
		r.pumping.Go(func() {
			if err := pump(r.log, r.cmd.Path, s, r.child.exited); err != nil {
				r.fail(err)
			}
		})
	}
	if r.stdin != nil {
		// Not waited for: nobody can end a Read of a reader that is not ours. Closing the pipe ends the rest.
		go func() {
			_, _ = io.Copy(r.stdin, r.cmd.Stdin) // an early end of the child breaks the pipe: its exit code tells why
			_ = r.stdin.Close()
		}()
	}
}

// pump hands over one output until it is complete. A panic of the writer, which runs here and not in the goroutine of
// Run's caller, is an error of this command alone.
func pump(log *slog.Logger, command string, s *sink, exited <-chan struct{}) (err error) {
	defer shield(log, command, &err)
	if s.path == "" {
		return s.copy()
	}
	tick := time.NewTicker(tailPause)
	defer tick.Stop()
	for {
		over := false
		select {
		case <-exited:
			over = true // what is read from here on is all there will ever be
		default:
		}
		if err := s.copy(); err != nil || over {
			return err
		}
		select {
		case <-exited:
		case <-tick.C:
		}
	}
}

// shield, deferred, turns a panic into an error.
func shield(log *slog.Logger, command string, err *error) {
	if p := recover(); p != nil {
		log.Error("the reader of an output panicked", "command", command, "panic", p, "stack", string(debug.Stack()))
		*err = fmt.Errorf("panic while handing over output: %v", p)
	}
}

// copy hands over what can be read until the end of file. A pipe whose reader fails is closed, so that the child does
// not wait for ever for somebody to read on.
func (s *sink) copy() error {
	buf := make([]byte, 64<<10)
	for {
		n, err := s.from.Read(buf)
		if n > 0 {
			if _, writing := s.to.Write(buf[:n]); writing != nil {
				if s.path == "" {
					_ = s.from.Close()
				}
				return writing
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, os.ErrClosed):
			return nil
		case err != nil:
			return fmt.Errorf("read output: %w", err)
		}
	}
}

// fail keeps the first error of a writer and ends the command.
func (r *run) fail(err error) {
	r.mu.Lock()
	if r.sinkFail == nil {
		r.sinkFail = err
	}
	r.mu.Unlock()
	r.cancel(err)
}

// finish waits until all output was handed over.
func (r *run) finish(ctx context.Context) {
	done := make(chan struct{})
	go func() { r.pumping.Wait(); close(done) }()
	select {
	case <-done:
		return
	case <-ctx.Done():
	case <-r.closing:
	}
	if !r.cmd.Stream {
		<-done
		return
	}
	// After a cancel nobody needs the rest, and a process that left the group may hold the pipe open.
	select {
	case <-done:
	case <-time.After(pipeWait):
		for _, s := range r.sinks {
			_ = s.from.Close()
		}
		<-done
	}
}
