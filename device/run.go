package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// gate waits on descriptor 3 for a line, then becomes the program. When Keepstead dies or refuses first, the line never
// comes and the program never runs. The shell's own variables are removed: the environment is the caller's alone.
const gate = `IFS= read -r go <&3 || exit 125; exec 3<&-; unset go PWD OLDPWD SHLVL; exec "$@"`

// run is one command on its way.
type run struct {
	cmd     Cmd
	log     *slog.Logger
	closing <-chan struct{}
	cancel  context.CancelCauseFunc

	path   string
	argv   []string
	env    []string
	ours   []*os.File // ends that are closed in cleanUp
	theirs []*os.File // the child's descriptors, from 0
	gate   *os.File   // our end of the gate, nil without one
	sinks  []*sink
	stdin  *os.File // our end of a pipe to the child, or nil

	child    *child
	pumping  sync.WaitGroup
	mu       sync.Mutex
	sinkFail error // the first error of a writer
}

// prepare makes everything the child needs, so that starting it is all that is left.
func (r *run) prepare() error {
	path, err := exec.LookPath(r.cmd.Path)
	if err != nil {
		return err
	}
	if err := r.openInput(); err != nil {
		return err
	}
	for _, w := range []struct {
		name string
		to   io.Writer
	}{{"stdout", r.cmd.Stdout}, {"stderr", r.cmd.Stderr}} {
		if err := r.openOutput(w.name, w.to); err != nil {
			return err
		}
	}
	r.path, r.argv = path, []string{path}
	if r.cmd.Started != nil {
		if err := r.openGate(); err != nil {
			return err
		}
		r.path, r.argv = "/bin/sh", []string{"sh", "-c", gate, "sh", path}
	}
	files, names, err := sealAll(r.cmd.Secrets, len(r.theirs))
	if err != nil {
		return err
	}
	r.theirs = append(r.theirs, files...)
	for _, a := range r.cmd.Args {
		r.argv = append(r.argv, names.inArg(a))
	}
	r.env = names.inEnv(r.cmd.Env)
	return nil
}

func (r *run) openInput() error {
	if f, ok := r.cmd.Stdin.(*os.File); ok {
		dup, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("pass on the input: %w", err)
		}
		r.theirs = append(r.theirs, os.NewFile(uintptr(dup), f.Name()))
		return nil
	}
	if r.cmd.Stdin == nil {
		f, err := os.Open(os.DevNull)
		r.theirs = append(r.theirs, f)
		return err
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make the input's pipe: %w", err)
	}
	r.theirs, r.ours, r.stdin = append(r.theirs, theirs), append(r.ours, ours), ours
	return nil
}

func (r *run) openGate() error {
	theirs, ours, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make the gate: %w", err)
	}
	r.theirs, r.ours, r.gate = append(r.theirs, theirs), append(r.ours, ours), ours
	return nil
}

func (r *run) start(s *starter) error {
	process, err := s.start(r.path, r.argv, &os.ProcAttr{
		Dir: r.cmd.Dir, Env: r.env, Files: r.theirs,
		Sys: &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM},
	})
	if err != nil {
		return err
	}
	r.child = newChild(process)
	err = closeAll(r.theirs) // the child has its own copies; ours would keep pipes open
	r.theirs = nil
	return err
}

// release tells Started who the child is and, when it agrees, lets the program begin.
func (r *run) release(ctx context.Context) error {
	if r.gate == nil {
		return nil
	}
	pid := r.child.process.Pid
	s, err := stat(pid)
	if err != nil {
		return fmt.Errorf("identify process %d: %w", pid, err)
	}
	if err := r.cmd.Started(Process{PID: pid, Start: s.start, BootID: BootID()}); err != nil {
		return fmt.Errorf("%s was not run: %w", r.cmd.Path, err)
	}
	select {
	case <-ctx.Done():
		return fmt.Errorf("%s was not run: %w", r.cmd.Path, context.Cause(ctx))
	case <-r.closing:
		return fmt.Errorf("%s was not run: %w", r.cmd.Path, ErrClosed)
	default:
	}
	if _, err := r.gate.WriteString("go\n"); err != nil {
		return fmt.Errorf("let %s begin: %w", r.cmd.Path, err)
	}
	return nil
}

// supervise returns when the child has ended, which it brings about when the context ends or the device closes.
func (r *run) supervise(ctx context.Context) {
	grace := r.cmd.Grace
	if grace <= 0 {
		grace = DefaultGrace
	}
	select {
	case <-r.child.exited:
		return
	case <-r.closing:
	case <-ctx.Done():
		r.child.interrupt()
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-r.child.exited:
			return
		case <-r.closing:
		case <-timer.C:
		}
	}
	r.child.kill()
	<-r.child.exited
}

// result turns the end of the child into Run's error.
func (r *run) result(ctx context.Context) error {
	r.mu.Lock()
	failed := r.sinkFail
	r.mu.Unlock()
	closed := false
	select {
	case <-r.closing:
		closed = true
	default:
	}
	return endOf(ctx, r.child.exit(), failed, closed)
}

// endOf is what Run returns of a command that ended so: a writer's error first, then why it was ended.
func endOf(ctx context.Context, exit, failed error, closed bool) error {
	switch {
	case failed != nil:
		return failed
	case exit == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %w", context.Cause(ctx), exit)
	case closed:
		return fmt.Errorf("%w: %w", ErrClosed, exit)
	}
	return exit
}

// cleanUp closes and removes what is left of a run, however far it came.
func (r *run) cleanUp() {
	err := errors.Join(closeAll(r.theirs), closeAll(r.ours))
	for _, s := range r.sinks {
		err = errors.Join(err, s.remove())
	}
	if err != nil && !errors.Is(err, os.ErrClosed) {
		r.log.Warn("clean up after a command", "command", r.cmd.Path, "error", err)
	}
}
