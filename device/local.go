package device

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"sync"

	"golang.org/x/sys/unix"
)

// Local is the machine Keepstead runs on.
type Local struct {
	log     *slog.Logger
	starter *starter
	closing chan struct{} // closed by Close

	mu     sync.Mutex
	closed bool
	runs   sync.WaitGroup
}

// NewLocal returns the local machine. Close must be called when it is no longer needed.
func NewLocal(log *slog.Logger) *Local {
	// What Keepstead was started with may include open descriptors; a child gets its own and nothing else. Kernels
	// before 5.11 refuse, which leaves things as they were.
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	return &Local{log: log, starter: newStarter(), closing: make(chan struct{})}
}

// Files returns the local files.
func (l *Local) Files() (Files, error) { return localFiles{}, nil }

// Dial connects from this machine.
func (l *Local) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, network, address)
}

// Close kills every command that still runs, with all it started, waits for their Runs to return and refuses new ones.
func (l *Local) Close() error {
	l.mu.Lock()
	if !l.closed {
		l.closed = true
		close(l.closing)
	}
	l.mu.Unlock()
	l.runs.Wait()
	l.starter.stop()
	return nil
}

func (l *Local) enter() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.closed {
		l.runs.Add(1)
	}
	return !l.closed
}

// Run runs the command to its end and until all its output was handed over. When the context ends, the command gets
// one SIGINT, and its process group SIGKILL after cmd.Grace.
func (l *Local) Run(ctx context.Context, cmd Cmd) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if !l.enter() {
		return ErrClosed
	}
	defer l.runs.Done()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)

	r := &run{cmd: cmd, log: l.log, closing: l.closing, cancel: cancel}
	defer r.cleanUp()
	if err := r.prepare(); err != nil {
		return fmt.Errorf("prepare %s: %w", cmd.Path, err)
	}
	if err := r.start(l.starter); err != nil {
		return fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	r.pumps()
	if err := r.release(ctx); err != nil {
		r.child.kill()
		<-r.child.exited
		r.finish(ctx)
		return err
	}
	r.supervise(ctx)
	r.finish(ctx)
	return r.result(ctx)
}
