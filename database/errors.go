package database

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"keepstead/docker"
	"keepstead/model"
)

// Error says in a sentence why a database could not be dumped, imported or checked, and what mends it. It holds no
// credentials.
type Error struct {
	Service  string
	Database string // empty where the whole server is concerned
	Message  string
	Mend     string
	Err      error
}

// Error returns the sentence, with the database it is about.
func (e *Error) Error() string {
	who := e.Service
	if e.Database != "" {
		who += "/" + e.Database
	}
	return who + ": " + e.Message
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// What can be wrong, beside the sentence. errors.Is finds them in an *Error.
var (
	ErrStarting = errors.New("the database server is not ready yet")
	ErrDenied   = errors.New("the database server refuses the credentials")
	ErrReadOnly = errors.New("the database server is read-only")
	ErrCut      = errors.New("the dump is not whole")
	ErrChanged  = errors.New("the structure changed during the dump")
)

// toolError is a program in the container that did not do its work.
type toolError struct {
	stderr string // the end of what it said, without secrets
	err    error
}

func (e *toolError) Error() string {
	if e.stderr == "" {
		return e.err.Error()
	}
	return e.err.Error() + ": " + e.stderr
}

func (e *toolError) Unwrap() error { return e.err }

// said is the one table of the servers' and tools' texts that mean more than an exit code, looked for in small letters.
var said = []struct {
	text string
	kind error
}{
	{"the database system is starting up", ErrStarting},
	{"the database system is shutting down", ErrStarting},
	{"the database system is not yet accepting connections", ErrStarting},
	{"the database system is in recovery mode", ErrStarting},
	{"connection refused", ErrStarting},
	{"no such file or directory\n\tis the server running", ErrStarting},
	{"can't connect to local", ErrStarting},
	{"can't connect to mysql server", ErrStarting},
	{"can't connect to server", ErrStarting},
	{"loading the dataset in memory", ErrStarting},
	{"loading redis is loading", ErrStarting},
	{"server selection error", ErrStarting},
	{"password authentication failed", ErrDenied},
	{"no password supplied", ErrDenied},
	{"peer authentication failed", ErrDenied},
	{"no pg_hba.conf entry", ErrDenied},
	{"access denied for user", ErrDenied},
	{"wrongpass", ErrDenied},
	{"noauth", ErrDenied},
	{"noperm", ErrDenied},
	{"auth failed", ErrDenied},
	{"authentication failed", ErrDenied},
	{"permission denied for", ErrDenied},
	{"cannot execute create database in a read-only transaction", ErrReadOnly},
	{"in a read-only transaction", ErrReadOnly},
	{"--read-only option", ErrReadOnly},
	{"--super-read-only option", ErrReadOnly},
	{"can't write against a read only replica", ErrReadOnly},
	{"no space left on device", syscall.ENOSPC},
	{"errcode: 28", syscall.ENOSPC},
	{"table definition has changed", ErrChanged},
	{"canceling statement due to lock timeout", model.ErrBusy},
	{"lock wait timeout exceeded", model.ErrBusy},
}

// meaning returns the kinds of error that a tool's words tell of.
func meaning(text string) []error {
	text = strings.ToLower(text)
	var kinds []error
	for _, s := range said {
		if strings.Contains(text, s.text) && !slices.Contains(kinds, s.kind) {
			kinds = append(kinds, s.kind)
		}
	}
	return kinds
}

// explain makes an *Error of whatever stopped work on a database; what is the work, such as "dump".
func (s *session) explain(ctx context.Context, what, database string, err error) error {
	var done *Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s the database of %s: %w", what, s.service(), context.Cause(ctx))
	}
	e := &Error{Service: s.service(), Database: database, Err: err}
	title := s.server.Kind.Title()
	var tool *toolError
	var engine *docker.Error
	errors.As(err, &tool)
	switch {
	case errors.As(err, &engine):
		e.Message, e.Mend = engine.Message, engine.Mend
	case errors.Is(err, docker.ErrStopped), errors.Is(err, model.ErrNotFound):
		e.Message = fmt.Sprintf("The container stopped in the middle of the %s.", what)
		e.Mend = "Look at the container's log, then try again."
	case tool == nil && errors.Is(err, syscall.ENOSPC), tool == nil && errors.Is(err, syscall.EDQUOT):
		e.Message = fmt.Sprintf("The disk is full where Keepstead puts the %s for the backup.", what)
		e.Mend = "Free space in Keepstead's data folder, or choose “stop” for this service."
	case errors.Is(err, ErrCut):
		e.Message = fmt.Sprintf("The %s ended too early: %s.", what, clip(err.Error()))
		e.Mend = "Look at the log of the database, then try again."
	case errors.Is(err, syscall.ENOSPC):
		e.Message = title + " says that its own disk is full."
		e.Mend = "Free space where the database keeps its data."
	case errors.Is(err, ErrStarting):
		e.Message = title + " does not take connections: it is starting, or it does not run."
		e.Mend = "Wait until it is up, and look at the container's log."
	case errors.Is(err, ErrDenied):
		e.Message = title + " refuses the user or password from the container's environment."
		e.Mend = "Set the present password in the container's environment, or choose “stop” for this service."
	case errors.Is(err, ErrReadOnly):
		e.Message = title + " is read-only, so nothing can be brought back into it."
		e.Mend = "Let it accept writes; a replica is restored through its primary."
	case errors.Is(err, model.ErrBusy):
		e.Message = "A table stayed locked by somebody else."
		e.Mend = "See who changes the structure of the database at that time, or choose another time."
	case exitCode(err) == missingTool, exitCode(err) == missingTool-1:
		e.Message = "The container has no shell, or not the tools of " + title + "."
		e.Mend = "Use an image that has the database's own tools, or choose “stop” for this service."
	case tool != nil:
		e.Message = fmt.Sprintf("The %s failed: %s", what, sentence(tool.stderr, tool.err))
		e.Mend = "Look at the container's log, then try again."
	default:
		e.Message = fmt.Sprintf("The %s failed: %s", what, sentence(err.Error(), nil))
	}
	return e
}

// missingTool is how a shell says that it does not find a program.
const missingTool = 127

func exitCode(err error) int {
	var exit *docker.ExitError
	if errors.As(err, &exit) {
		return exit.Code
	}
	return 0
}

// sentence picks the line of a tool's words that says most: the first that speaks of an error, else the last.
func sentence(text string, err error) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	best := strings.TrimSpace(lines[len(lines)-1])
	for _, line := range lines {
		small := strings.ToLower(line)
		if strings.Contains(small, "error") || strings.Contains(small, "fatal") || strings.Contains(small, "failed: ") {
			best = strings.TrimSpace(line)
			break
		}
	}
	if best == "" && err != nil {
		best = err.Error()
	}
	best = clip(best)
	if !strings.HasSuffix(best, ".") && !strings.HasSuffix(best, "…") {
		best += "."
	}
	return best
}

// clip keeps a text short enough for a page.
func clip(text string) string {
	const limit = 300
	text = strings.ToValidUTF8(text, "�")
	if len(text) > limit {
		text = strings.ToValidUTF8(text[:limit], "") + "…"
	}
	return text
}
