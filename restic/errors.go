package restic

import (
	"errors"
	"fmt"
	"strings"

	"keepstead/device"
	"keepstead/model"
)

// What can be wrong with a run, beside its own message. errors.Is finds them in an *Error, several at once where
// several are true.
var (
	ErrIncomplete    = errors.New("restic: incomplete")            // exit 3: files were left out, or snapshots not removed
	ErrNoRepo        = errors.New("restic: no repository there")   // exit 10
	ErrLocked        = errors.New("restic: repository is locked")  // exit 11
	ErrWrongPassword = errors.New("restic: wrong password")        // exit 12
	ErrInterrupted   = errors.New("restic: interrupted")           // exit 130, or ended by a signal
	ErrExists        = errors.New("restic: repository exists")     // init found one
	ErrDiskFull      = errors.New("restic: no space left")         // of the repository, the target or the cache
	ErrDamaged       = errors.New("restic: repository is damaged") // or its data was changed
	ErrUnreachable   = errors.New("restic: storage unreachable")   // network, name, certificate, credentials
	ErrDenied        = errors.New("restic: storage says no")       // permissions of the repository's own files
)

// Error is a run of restic that did not end with 0.
type Error struct {
	Command string // such as backup
	Code    int    // the exit code; -1 when a signal ended it
	Message string // restic's last word, without its prefixes; never empty
	Stderr  string // the end of what it wrote on stderr, without credentials
	kinds   []error
}

// Error says what restic said.
func (e *Error) Error() string { return "restic " + e.Command + ": " + e.Message }

// Unwrap returns what the error is, and its causes.
func (e *Error) Unwrap() []error { return e.kinds }

var exitKinds = map[int]error{3: ErrIncomplete, 10: ErrNoRepo, 11: ErrLocked, 12: ErrWrongPassword, 130: ErrInterrupted}

// said is the one table of restic's texts that mean more than its exit code. They are looked for in every line of
// stderr, in small letters.
var said = []struct {
	text string
	kind error
}{
	{": no space left on device", ErrDiskFull},
	{": disk quota exceeded", ErrDiskFull},
	{"storage backend has reached its minimum free", ErrDiskFull}, // MinIO
	{"config file already exists", ErrExists},
	{"config already initialized", ErrExists},
	{"ciphertext verification failed", ErrDamaged},
	{"repository contains errors", ErrDamaged},
	{"the repository could be damaged", ErrDamaged},
	{"the repository is damaged", ErrDamaged},
	{"invalid data returned", ErrDamaged},
	{"unexpected pack id", ErrDamaged},
	{"panic: runtime error: slice bounds out of range", ErrDamaged}, // a file of the repository that is too short
	{"returned error, retrying after", ErrUnreachable},
	{"dial tcp", ErrUnreachable},
	{"no such host", ErrUnreachable},
	{"x509: ", ErrUnreachable},
	{"unable to start the sftp session", ErrUnreachable},
	{"no matching id found for prefix", model.ErrNotFound},
	{"not found in snapshot", model.ErrNotFound},
	{"unable to create lock in backend: open ", ErrDenied},
	{"unable to open config file: open ", ErrDenied},
	{": access denied", ErrDenied},
}

// keptStderr bounds the text an Error carries.
const keptStderr = 8 << 10

// diagnosis collects what stderr says during a run.
type diagnosis struct {
	last  string // the message of exit_error, or of a panic
	plain string // the last line that was not JSON
	tail  []string
	size  int
	kinds []error
}

func (d *diagnosis) hear(line string) {
	switch {
	case strings.HasPrefix(line, "panic: "):
		d.last = line // what follows is a stack, and no exit_error
	case line[0] != '{':
		d.plain = line
	}
	small := strings.ToLower(line)
	for _, s := range said {
		if strings.Contains(small, s.text) && !d.has(s.kind) {
			d.kinds = append(d.kinds, s.kind)
		}
	}
	if len(line) > keptStderr {
		line = strings.ToValidUTF8(line[:keptStderr], "") + "…"
	}
	d.tail, d.size = append(d.tail, line), d.size+len(line)
	for d.size > keptStderr && len(d.tail) > 1 {
		d.size -= len(d.tail[0])
		d.tail = d.tail[1:]
	}
}

func (d *diagnosis) has(kind error) bool {
	for _, k := range d.kinds {
		if errors.Is(k, kind) {
			return true
		}
	}
	return false
}

// judge turns the end of a run into an *Error. Errors that are not restic's own, such as a refused start, pass through.
func (r Repo) judge(command string, err error, d *diagnosis) error {
	var exit *device.ExitError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &exit):
		return fmt.Errorf("run restic %s: %w", command, err)
	}
	e := &Error{Command: command, Code: exit.Code, Stderr: r.redact(strings.Join(d.tail, "\n"))}
	if kind := exitKinds[exit.Code]; kind != nil {
		e.kinds = append(e.kinds, kind)
	}
	if exit.Signal != "" {
		e.kinds = append(e.kinds, ErrInterrupted)
	}
	e.kinds = append(append(e.kinds, d.kinds...), err)
	for _, m := range []string{trimPrefixes(d.last), trimPrefixes(strings.TrimSpace(d.plain)), exit.Error()} {
		if m != "" {
			e.Message = r.redact(m)
			break
		}
	}
	return e
}

func trimPrefixes(message string) string {
	if strings.Contains(message, "\n\t") { // a stack follows; it stays in Stderr
		message, _, _ = strings.Cut(message, "\n")
	}
	for {
		short := strings.TrimPrefix(strings.TrimPrefix(message, "Fatal: "), "Warning: ")
		if short == message {
			return message
		}
		message = short
	}
}
