// Package device runs commands, connects, listens and touches files on a machine. Local is the machine Keepstead runs on,
// SSH one that is reached over the network, with nothing installed there.
//
// A command survives what happens around it in exactly one way: its output goes to files, so that no pipe of ours can
// kill it; when Keepstead dies it gets SIGTERM; when Keepstead is told to stop it gets one SIGINT and time to clean up.
package device

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// ErrClosed is returned by Run after Close, and by a run that Close ended.
var ErrClosed = errors.New("the device is closed")

// DefaultGrace is the time from SIGINT to SIGKILL where a Cmd names none.
const DefaultGrace = 90 * time.Second

// Secret is content that the child reads from a file in memory that has no name: never on a disk, in argv or in the environment.
// Where {fd:NAME} is an argument, the value of an option (--file={fd:NAME}) or the value of a variable in Env, the child
// gets a path that opens it.
type Secret struct {
	Name    string
	Content []byte
}

// Format hides the content from every verb of fmt.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(s.Name + " [sealed]")) }

// Cmd is one command to run.
type Cmd struct {
	// Path is absolute, or a name looked up in Keepstead's own PATH; on a machine over SSH, where programs usually are.
	Path string
	Args []string
	Env  []string // the whole environment; nothing of Keepstead's own is added
	Dir  string
	// Stdin is read to its end, or until the command ends; nil is an empty input.
	Stdin io.Reader
	// Stdout and Stderr get the output in pieces, not whole lines, each from one goroutine. An error they return cancels
	// the command and is what Run returns. Nil discards.
	Stdout, Stderr io.Writer
	Secrets        []Secret
	// RunDir is where the files that hold stdout and stderr are made, 0600 in a folder that is made 0700: here, also
	// where the command runs on another machine. They are removed when the command ends. Required unless Stream is set.
	RunDir string
	// Stream uses pipes instead of files. Only for reads that hold no lock: such a command dies with its reader.
	Stream bool
	// Started is told the process before the program begins. When it returns an error the program never runs.
	Started func(Process) error
	// Grace is the time from SIGINT, sent when the context ends, to SIGKILL of the process group; 0 is DefaultGrace.
	Grace time.Duration
}

// Process names a process beyond doubt, even after a restart of Keepstead or of the machine.
type Process struct {
	PID    int
	Start  int64  // field 22 of /proc/PID/stat: clock ticks from boot to its start
	BootID string // the kernel's boot id
}

// ExitError says how a command ended when it did not exit with 0.
type ExitError struct {
	Code   int    // -1 when a signal ended it
	Signal string // such as "killed"; empty when it exited by itself
}

// Error says the exit code or the signal.
func (e *ExitError) Error() string {
	if e.Signal != "" {
		return "ended by signal: " + e.Signal
	}
	return fmt.Sprintf("exit status %d", e.Code)
}

// Host is a machine that can run commands. A non-zero end is an *ExitError; when the context ended the command, the
// error also wraps the context's cause. A command that exits with 0 in spite of that is a success.
type Host interface {
	Run(ctx context.Context, cmd Cmd) error
	Files() (Files, error)
	// Dial connects to a socket or a port as the machine itself would, such as its container engine's.
	Dial(ctx context.Context, network, address string) (net.Conn, error)
	// Listen listens on the machine and accepts here: "unix" at a path, mode 0600, or where the address is empty at one
	// of its own choice, or "tcp" at an address that the machine alone reaches.
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	Close() error
}
