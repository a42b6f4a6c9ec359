package device

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// child is a started process that leads its own process group.
type child struct {
	process *os.Process
	exited  chan struct{} // closed when it was waited for
	state   *os.ProcessState
	err     error

	mu   sync.Mutex
	over bool // from then on its number may belong to somebody else
}

func newChild(process *os.Process) *child {
	c := &child{process: process, exited: make(chan struct{})}
	go c.wait()
	return c
}

// wait waits for the end, kills what the child left behind in its group, and buries it.
func (c *child) wait() {
	// WNOWAIT keeps the dead child's number taken until its group is gone as well.
	for errors.Is(unix.Waitid(unix.P_PID, c.process.Pid, nil, unix.WEXITED|unix.WNOWAIT, nil), unix.EINTR) {
	}
	c.mu.Lock()
	_ = unix.Kill(-c.process.Pid, unix.SIGKILL) // nothing left is the usual case, and an error
	c.over = true
	c.mu.Unlock()
	c.state, c.err = c.process.Wait()
	close(c.exited)
}

// interrupt sends SIGINT to the child alone: what it started is its own to stop.
func (c *child) interrupt() { c.signal(c.process.Pid, unix.SIGINT) }

// kill sends SIGKILL to the child's whole group.
func (c *child) kill() { c.signal(-c.process.Pid, unix.SIGKILL) }

func (c *child) signal(pid int, sig unix.Signal) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		_ = unix.Kill(pid, sig) // fails only for a child that is dead already; wait sees that
	}
}

// exit returns nil for exit code 0.
func (c *child) exit() error {
	if c.err != nil {
		return c.err
	}
	status, ok := c.state.Sys().(syscall.WaitStatus)
	switch {
	case ok && status.Signaled():
		return &ExitError{Code: -1, Signal: status.Signal().String()}
	case c.state.ExitCode() != 0:
		return &ExitError{Code: c.state.ExitCode()}
	}
	return nil
}
