package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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
	if r.cmd.RunDir == "" {
		return errors.New("a run folder is needed for its output")
	}
	if err := os.MkdirAll(r.cmd.RunDir, 0o700); err != nil {
		return fmt.Errorf("make the run folder: %w", err)
	}
	made, err := os.CreateTemp(r.cmd.RunDir, name+"-*") // 0600
	if err != nil {
		return fmt.Errorf("make the file for %s: %w", name, err)
	}
	s := &sink{from: made, to: to, path: made.Name()}
	r.ours, r.sinks = append(r.ours, made), append(r.sinks, s)
	// A second opening: the child's place in the file is not ours, and it always writes at the end.
	theirs, err := os.OpenFile(made.Name(), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("open the file for %s: %w", name, err)
	}
	r.theirs = append(r.theirs, theirs)
	return nil
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
			if err := r.pump(s); err != nil {
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
func (r *run) pump(s *sink) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("the reader of an output panicked", "command", r.cmd.Path, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic while handing over output: %v", p)
		}
	}()
	if s.path == "" {
		return s.copy()
	}
	tick := time.NewTicker(tailPause)
	defer tick.Stop()
	for {
		over := false
		select {
		case <-r.child.exited:
			over = true // what is read from here on is all there will ever be
		default:
		}
		if err := s.copy(); err != nil || over {
			return err
		}
		select {
		case <-r.child.exited:
		case <-tick.C:
		}
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
