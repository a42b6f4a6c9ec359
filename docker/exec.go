package docker

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"

	"keepstead/model"
)

// ErrStopped is returned by Exec when the container ended, or was restarted, while the command ran in it.
var ErrStopped = errors.New("the container stopped while a command ran in it")

// Exec is a command to run in a container.
type Exec struct {
	Cmd  []string
	User string   // empty is the container's own
	Env  []string // KEY=value, beside the container's own; it reaches the engine in the body of a request, never as arguments
	Dir  string
	// Stdin is read to its end, or until the command ends: a read that is under way then is not waited for. An error of it
	// other than io.EOF kills the command, so that half an input is never taken for a whole one.
	Stdin io.Reader
	// Stdout and Stderr get the output as it comes, from one goroutine; nil discards. An error they return kills the
	// command and is returned.
	Stdout, Stderr io.Writer
}

// ExitError says that a command ended with another code than 0.
type ExitError struct{ Code int }

// Error names the code.
func (e *ExitError) Error() string { return fmt.Sprintf("exit status %d", e.Code) }

// Exec runs a command in a running container and waits for its end: *ExitError when it fails, ErrStopped when the
// container goes away under it. When the context ends, the command is killed in the container, with what it started.
func (e *Engine) Exec(ctx context.Context, id string, x Exec) error {
	before, err := e.State(ctx, id)
	switch {
	case err != nil:
		return err
	case !before.Running || before.Restarting || before.Paused:
		return model.Conflict{Reason: fmt.Sprintf("No command can run in container %s: it is %s.", id, before.Status)}
	}
	p := &process{engine: e, container: id, user: x.User, mark: rand.Text()}
	if err := p.start(ctx, x); err != nil {
		return err
	}
	if err := p.copy(ctx, x); err != nil {
		return err
	}
	code, err := p.wait(ctx)
	if err != nil {
		return err
	}
	return e.verdict(ctx, id, before, code)
}

// process is one command in a container.
type process struct {
	engine    *Engine
	container string
	user      string
	mark      string // in the environment of the command and of what it starts
	id        string // the engine's, of the exec
	stream    client.HijackedResponse
}

func (p *process) start(ctx context.Context, x Exec) error {
	limited, cancel := context.WithTimeout(ctx, acting)
	defer cancel()
	made, err := p.engine.api.ExecCreate(limited, p.container, client.ExecCreateOptions{
		Cmd: x.Cmd, User: x.User, Env: append([]string{markName + "=" + p.mark}, x.Env...), WorkingDir: x.Dir,
		AttachStdin: x.Stdin != nil, AttachStdout: true, AttachStderr: true,
	})
	if err != nil {
		return p.engine.explain(ctx, "prepare a command in container "+p.container, err)
	}
	p.id = made.ID
	out, err := p.engine.api.ExecAttach(limited, p.id, client.ExecAttachOptions{})
	if err == nil {
		p.stream = out.HijackedResponse
		return nil
	}
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	now, running := p.look(context.WithoutCancel(ctx))
	switch {
	case running: // it was begun all the same
		return p.abort(ctx, err)
	case now.ExitCode != 0 && ctx.Err() == nil: // newer engines refuse to attach to what could not begin
		return &ExitError{Code: now.ExitCode}
	}
	return p.engine.explain(ctx, "run a command in container "+p.container, err)
}

// copy moves input and output until the output ends.
func (p *process) copy(ctx context.Context, x Exec) error {
	defer p.stream.Close()
	out, in := make(chan error, 1), make(chan error, 1)
	var reading sync.WaitGroup
	reading.Go(func() { out <- p.output(x) })
	if x.Stdin != nil {
		go func() { in <- p.input(x.Stdin) }()
	}
	for {
		var err error
		select {
		case err = <-out:
			if err == nil {
				return nil
			}
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return p.abort(ctx, err)
		case err = <-in:
			if err == nil {
				in = nil
				continue
			}
			err = fmt.Errorf("read the input of a command: %w", err)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		err = p.abort(ctx, err)
		p.stream.Close()
		reading.Wait() // nobody writes to the caller's writers after this
		return err
	}
}

func (p *process) output(x Exec) error {
	stdout, stderr := x.Stdout, x.Stderr
	if stdout == nil {
		stdout = io.Discard
	}
	if stderr == nil {
		stderr = io.Discard
	}
	_, err := stdcopy.StdCopy(stdout, stderr, p.stream.Reader)
	return err
}

// input returns an error of the reader alone: that the command ended without reading everything is its own affair.
func (p *process) input(r io.Reader) error {
	src := &source{r: r}
	_, err := io.Copy(p.stream.Conn, src)
	if src.err != nil {
		return src.err
	}
	if err == nil {
		_ = p.stream.CloseWrite() // it fails only where the command has ended
	}
	return nil
}

// source remembers what went wrong with a reader.
type source struct {
	r   io.Reader
	err error
}

// Read reads on.
func (s *source) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// wait returns the exit code. The output ends a moment before the engine has noted the end, or long before it when the
// command closed its output.
func (p *process) wait(ctx context.Context) (int, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, 500*time.Millisecond) {
		now, err := p.inspect(ctx)
		switch {
		case ctx.Err() != nil:
			return 0, p.abort(ctx, context.Cause(ctx))
		case err != nil:
			err = p.engine.explain(ctx, "ask how a command in container "+p.container+" ended", err)
			if errors.Is(err, model.ErrNotFound) {
				err = fmt.Errorf("container %s: %w", p.container, ErrStopped)
			}
			return 0, err
		case !now.Running:
			return now.ExitCode, nil
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// inspect is one look at the command, which an engine that hangs does not keep for ever.
func (p *process) inspect(ctx context.Context) (client.ExecInspectResult, error) {
	limited, cancel := context.WithTimeout(ctx, reading)
	defer cancel()
	return p.engine.api.ExecInspect(limited, p.id, client.ExecInspectOptions{})
}

// verdict says whether a command succeeded. The engine reports 0 for one whose end it never saw, so a container that did
// not live through it is a failure whatever the code.
func (e *Engine) verdict(ctx context.Context, id string, before State, code int) error {
	look := func() error {
		after, err := e.State(ctx, id)
		if errors.Is(err, model.ErrNotFound) {
			return fmt.Errorf("container %s: %w", id, ErrStopped)
		} else if err != nil {
			return err
		}
		if !after.Running || after.Restarting || !after.StartedAt.Equal(before.StartedAt) {
			return fmt.Errorf("container %s: %w", id, ErrStopped)
		}
		return nil
	}
	if err := look(); err != nil || code == 0 {
		return err
	}
	if code > 128 {
		// A signal ended it. Was it the end of the container? The engine notes that a little later.
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
		}
		if err := look(); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return &ExitError{Code: code}
}
