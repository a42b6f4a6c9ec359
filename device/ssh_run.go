package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/ssh"
)

// Run runs the command on the machine, by the rules of Host. Its output is brought here into files of RunDir, so a
// reader that is slow does not hold the command back. A connection that is lost for good ends the command there, and is
// an *SSHError here.
func (s *SSH) Run(ctx context.Context, cmd Cmd) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !s.enter() {
		return ErrClosed
	}
	defer s.runs.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	r := &sshRun{s: s, cmd: cmd, cancel: cancel, exited: make(chan struct{})}
	defer r.cleanUp()
	starting, begun := r.s.within(ctx)
	defer begun()
	if err := r.start(starting); err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	if err := r.release(ctx); err != nil {
		return err
	}
	r.pumps()
	r.supervise(ctx)
	r.pumping.Wait()
	return r.result(ctx)
}

// sshRun is one command on its way.
type sshRun struct {
	s      *SSH
	cmd    Cmd
	cancel context.CancelCauseFunc

	talk    *talk
	sentry  *talk // watches in the talk's place where that carries the command's input
	process Process
	sinks   []*sink
	spools  []*os.File
	exited  chan struct{} // closed when the session is over and its output is here
	ended   error         // of the session; set before exited is closed
	killed  bool

	copying, pumping sync.WaitGroup
	mu               sync.Mutex
	sinkFail         error
}

// start begins the launcher, which waits at the gate.
func (r *sshRun) start(ctx context.Context) error {
	nonce := newNonce()
	script, err := launch(r.cmd, nonce, r.s.config.giveUp())
	if err != nil {
		return err
	}
	if err := r.openOutputs(); err != nil {
		return err
	}
	if r.talk, err = r.s.shell(ctx, script, r.s.config.Sudo); err != nil {
		return err
	}
	line, err := r.s.heading(ctx, r.talk, nonce, r.s.config.Sudo)
	if err != nil {
		return err
	}
	if problem, ok := strings.CutPrefix(line, "no "); ok {
		return r.s.problem(problem, r.cmd)
	}
	boot, raw, _ := strings.Cut(strings.TrimPrefix(line, "ok "), " ")
	p, err := parseStat(raw)
	if err != nil {
		return err
	}
	r.process = Process{PID: p.pid, Start: p.start, BootID: boot}
	if r.cmd.Stdin == nil {
		return nil
	}
	watch := fill(sentry, r.s.config.giveUp(), r.cmd.Grace, map[string]string{"pid": fmt.Sprint(p.pid)})
	r.sentry, err = r.s.shell(ctx, group(watch), r.s.config.Sudo)
	return err
}

// problem says what the launcher misses.
func (s *SSH) problem(word string, cmd Cmd) error {
	tool, isTool := strings.CutPrefix(word, "tool:")
	switch {
	case isTool:
		return &SSHError{
			State: StateNoTool, Message: fmt.Sprintf("%s has no %s, which running commands there needs", s.config.Address, tool),
			Mend: "Install it there (setsid is in util-linux; /proc and /dev/shm are mounted on every usual Linux).",
		}
	case word == "dir":
		return &fs.PathError{Op: "chdir", Path: cmd.Dir, Err: fs.ErrNotExist}
	case word == "exec":
		return &SSHError{
			State: StateNoExec, err: &fs.PathError{Op: "exec", Path: cmd.Path, Err: syscall.EACCES},
			Message: fmt.Sprintf("%s cannot be run on %s", cmd.Path, s.config.Address),
			Mend:    "Its file system may be mounted with noexec, or the file may not be executable.",
		}
	}
	return &fs.PathError{Op: "exec", Path: cmd.Path, Err: fs.ErrNotExist}
}

// release tells Started who the command is and, when it agrees, lets it begin.
func (r *sshRun) release(ctx context.Context) error {
	refuse := func(err error) error { return fmt.Errorf("%s was not run: %w", r.cmd.Path, err) }
	if r.cmd.Started != nil {
		if err := r.cmd.Started(r.process); err != nil {
			return refuse(err)
		}
	}
	switch {
	case ctx.Err() != nil:
		return refuse(context.Cause(ctx))
	case r.s.base.Err() != nil:
		return refuse(ErrClosed)
	}
	if _, err := io.WriteString(r.talk.in, "go\n"); err != nil {
		return refuse(r.s.unreachable(err))
	}
	go r.feed()
	return nil
}

// feed sends the command its input, and the signs that Keepstead is alive.
func (r *sshRun) feed() {
	in := r.control()
	if r.cmd.Stdin != nil {
		go func() { // not waited for: nobody can end a Read of a reader that is not ours
			_, _ = io.Copy(r.talk.in, r.cmd.Stdin) // an early end of the command breaks it: its exit code tells why
			_ = r.talk.in.Close()
		}()
	}
	tick := time.NewTicker(r.s.config.giveUp() / ticksToEnd)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if _, err := io.WriteString(in, "sign\n"); err != nil {
				return
			}
		case <-r.exited:
			_, _ = io.WriteString(in, "done\n")
			return
		}
	}
}

// pumps bring the output here and hand it over.
func (r *sshRun) pumps() {
	for i, from := range []io.Reader{r.talk.out, r.talk.errs} {
		r.copying.Go(func() { r.bring(r.spools[i], from, i) })
	}
	for _, s := range r.sinks {
		if s != nil && s.path != "" {
			r.pumping.Go(func() {
				if err := pump(r.s.log, r.cmd.Path, s, r.exited); err != nil {
					r.fail(err)
				}
			})
		}
	}
	go func() {
		r.copying.Wait()
		r.ended = r.talk.session.Wait()
		close(r.exited)
	}()
}

// bring copies one output to its file, or to its writer where there is none. It reads on when that fails, lest the
// command waits for ever for somebody to read.
func (r *sshRun) bring(spool *os.File, from io.Reader, i int) {
	to := io.Writer(io.Discard)
	switch {
	case spool != nil:
		to = spool
	case r.sinks[i] != nil:
		to = shielded{log: r.s.log, command: r.cmd.Path, to: r.sinks[i].to}
	}
	if _, err := io.Copy(to, from); err != nil && !errors.Is(err, io.EOF) {
		r.fail(err)
		_, _ = io.Copy(io.Discard, from)
	}
}

func (r *sshRun) fail(err error) {
	r.mu.Lock()
	if r.sinkFail == nil {
		r.sinkFail = err
	}
	r.mu.Unlock()
	r.cancel(err)
}

// supervise returns when the command has ended, which it brings about when the context ends or the device closes.
func (r *sshRun) supervise(ctx context.Context) {
	grace := r.cmd.Grace
	if grace <= 0 {
		grace = DefaultGrace
	}
	select {
	case <-r.exited:
		return
	case <-r.s.base.Done():
	case <-ctx.Done():
		r.interrupt()
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-r.exited:
			return
		case <-r.s.base.Done():
		case <-timer.C:
		}
	}
	r.killed = true
	r.kill()
	select {
	case <-r.exited:
	case <-time.After(killWait):
		r.talk.close() // the machine does not answer any more
		<-r.exited
	}
}

// interrupt has the guard send SIGINT to the program alone, once: a second one would cut off its cleaning up.
func (r *sshRun) interrupt() {
	go func() { _, _ = io.WriteString(r.control(), "int\n") }() // it may block at a link that is cut for a while
}

// control is where the guard is told things.
func (r *sshRun) control() io.Writer {
	if r.sentry != nil {
		return r.sentry.in
	}
	return r.talk.in
}

// kill kills the program's group from a session of its own: sshd drops signals to a session where the login is root's.
func (r *sshRun) kill() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.s.base), talkWait)
	defer cancel()
	go func() {
		select {
		case <-r.exited:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := r.s.signal(ctx, r.process, "KILL", true); err != nil && ctx.Err() == nil {
		r.s.log.Warn("kill a command on a machine", "machine", r.s.config.Address, "command", r.cmd.Path, "error", err)
	}
}

// result turns the end of the command into Run's error.
func (r *sshRun) result(ctx context.Context) error {
	var exit error
	var missing *ssh.ExitMissingError
	var status *ssh.ExitError
	switch {
	case r.ended == nil:
	case errors.As(r.ended, &status):
		exit = exitOf(status)
	case errors.As(r.ended, &missing) && r.killed:
		exit = &ExitError{Code: -1, Signal: syscall.SIGKILL.String()}
	default:
		exit = r.lost()
	}
	r.mu.Lock()
	failed := r.sinkFail
	r.mu.Unlock()
	return endOf(ctx, exit, failed, r.s.base.Err() != nil)
}

// lost is the error of a lost connection. What it left behind the guard ends, which interrupts it once.
func (r *sshRun) lost() error {
	return &SSHError{
		State: StateUnreachable, err: r.ended,
		Message: fmt.Sprintf("The connection to %s was lost while %s ran there", r.s.config.Address, r.cmd.Path),
		Mend:    "Check that the machine is on and its network steady. What was uploaded so far is used again by the next run.",
	}
}

func (r *sshRun) cleanUp() {
	for _, t := range []*talk{r.talk, r.sentry} {
		if t != nil {
			t.close()
		}
	}
	var err error
	for i, s := range r.sinks {
		if r.spools[i] != nil {
			err = errors.Join(err, r.spools[i].Close(), s.from.Close(), s.remove())
		}
	}
	if err != nil && !errors.Is(err, os.ErrClosed) {
		r.s.log.Warn("clean up after a command", "command", r.cmd.Path, "error", err)
	}
}

// openOutputs makes the files that hold the output here.
func (r *sshRun) openOutputs() error {
	for _, w := range []struct {
		name string
		to   io.Writer
	}{{"stdout", r.cmd.Stdout}, {"stderr", r.cmd.Stderr}} {
		var s *sink
		var spool *os.File
		var err error
		switch {
		case w.to == nil:
		case r.cmd.Stream:
			s = &sink{to: w.to}
		default:
			s, spool, err = spoolOutput(r.cmd.RunDir, w.name, w.to)
		}
		if err != nil {
			return err
		}
		r.sinks, r.spools = append(r.sinks, s), append(r.spools, spool)
	}
	return nil
}

// shielded turns a panic of a writer into an error of its command alone.
type shielded struct {
	log     *slog.Logger
	command string
	to      io.Writer
}

func (s shielded) Write(p []byte) (n int, err error) {
	defer shield(s.log, s.command, &err)
	return s.to.Write(p)
}

// exitOf is how a program ended: a shell tells a signal as 128 and its number. INT and QUIT are what programs catch and
// then exit with that very code, so those stay codes.
func exitOf(e *ssh.ExitError) error {
	if e.Signal() != "" {
		return &ExitError{Code: -1, Signal: strings.ToLower(e.Signal())}
	}
	switch sig := syscall.Signal(e.ExitStatus() - 128); sig {
	case syscall.SIGKILL, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGPIPE, syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGBUS,
		syscall.SIGILL, syscall.SIGFPE, syscall.SIGXCPU, syscall.SIGXFSZ, syscall.SIGSYS:
		return &ExitError{Code: -1, Signal: sig.String()}
	}
	return &ExitError{Code: e.ExitStatus()}
}
