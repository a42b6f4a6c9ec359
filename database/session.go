package database

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"keepstead/docker"
)

const (
	// readyWithin is how long a server may take to accept connections.
	readyWithin = 3 * time.Minute
	// newPassword is how long a server that was just made may refuse credentials, which it learns last.
	newPassword = 10 * time.Second
	// steadyFor is how long a server must stay that is not surely the one its image starts for good; longAgo is when there
	// is no doubt any more.
	steadyFor = 6 * time.Second
	longAgo   = 5 * time.Minute
	// keptStderr and keptAnswer bound what is kept of a tool's words and of an answer.
	keptStderr = 8 << 10
	keptAnswer = 16 << 20
)

// session runs tools in the container of one server.
type session struct {
	engine    *docker.Engine
	container docker.Container
	server    Server
	fresh     bool              // the container may have been started after it was described
	hide      *strings.Replacer // takes secrets out of what tools say
}

func newSession(e *docker.Engine, c docker.Container, s Server) *session {
	return &session{engine: e, container: c, server: s, hide: scrubber(c)}
}

// service is the name by which people know the server.
func (s *session) service() string {
	if s.container.Service != "" {
		return s.container.Service
	}
	return s.container.Name
}

// script is a piece of work for the container's own shell. Secrets reach it in the container's environment or in env,
// never in text or args, which every process there can read.
type script struct {
	text   string
	args   []string
	env    []string
	user   string // empty for the container's own
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer // gets what becomes part of an error too; nil where nobody reads it
}

// prelude begins every script. secret prints the variable $1 as servers' entrypoints read it: from itself or from the
// file that $1_FILE, or linuxserver's FILE__$1, names.
const prelude = `set -eu
export LC_ALL=C
secret() {
	eval "v=\${$1-} f=\${$1_FILE:-\${FILE__$1-}}"
	if [ -z "$v" ] && [ -n "$f" ]; then v=$(cat "$f"); fi
	printf %s "$v"
}
`

// run runs a script to its end. What it says on stderr becomes part of the error.
func (s *session) run(ctx context.Context, x script) error {
	var stderr tail
	words := io.Writer(&stderr)
	if x.stderr != nil {
		words = io.MultiWriter(&stderr, x.stderr)
	}
	err := s.engine.Exec(ctx, s.container.ID, docker.Exec{
		Cmd:  append([]string{"sh", "-c", prelude + x.text, "keepstead"}, x.args...),
		User: x.user, Env: x.env, Stdin: x.stdin, Stdout: x.stdout, Stderr: words,
	})
	var exit *docker.ExitError
	if err == nil || !errors.As(err, &exit) {
		return err
	}
	if exit.Code > 128 && s.ended(ctx) {
		return errors.Join(docker.ErrStopped, err)
	}
	said := s.hide.Replace(stderr.String())
	return &toolError{stderr: said, err: errors.Join(append([]error{err}, meaning(said)...)...)}
}

// ended says that the container is not as it was, or will not be in a moment: its processes are killed before the engine
// notes its end.
func (s *session) ended(ctx context.Context) bool {
	for range 20 {
		now, err := s.engine.State(ctx, s.container.ID)
		if err != nil || !now.Running || now.Restarting || !s.container.StartedAt.IsZero() && now.StartedAt.After(s.container.StartedAt) {
			return true
		}
		if wait(ctx, 150*time.Millisecond) != nil {
			return false
		}
	}
	return false
}

// ask runs a script for a short answer.
func (s *session) ask(ctx context.Context, x script) (string, error) {
	var out bounded
	x.stdout = &out
	err := s.run(ctx, x)
	return out.String(), err
}

// bounded keeps an answer and refuses one that has no end.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > keptAnswer {
		return 0, fmt.Errorf("the answer has more than %d MiB", keptAnswer>>20)
	}
	return b.Buffer.Write(p)
}

// tail keeps the end of what a tool says.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - keptStderr; extra > 0 {
		t.kept = append(t.kept[:0], t.kept[extra:]...)
	}
	return len(p), nil
}

func (t *tail) String() string { return strings.ToValidUTF8(strings.TrimSpace(string(t.kept)), "�") }

// scrubber hides the values of the container's environment that could be secret, and passwords on its command line.
func scrubber(c docker.Container) *strings.Replacer {
	hidden := map[string]bool{}
	for name, value := range c.Env {
		if len(value) >= 4 && isSecret(name) {
			hidden[value] = true
		}
	}
	for _, p := range commandPasswords(c) {
		hidden[p] = true
	}
	values := make([]string, 0, len(hidden))
	for v := range hidden {
		if v != "" {
			values = append(values, v)
		}
	}
	sort.Slice(values, func(i, j int) bool { return len(values[i]) > len(values[j]) })
	pairs := make([]string, 0, 2*len(values))
	for _, v := range values {
		pairs = append(pairs, v, "[hidden]")
	}
	return strings.NewReplacer(pairs...)
}

// isSecret says that a variable's name speaks of a secret.
func isSecret(name string) bool {
	name = strings.ToUpper(name)
	if strings.HasSuffix(name, "_FILE") {
		return false
	}
	for _, part := range []string{"PASS", "PWD", "SECRET", "TOKEN", "KEY", "AUTH", "CREDENTIAL", "URL", "URI", "DSN", "ARGS"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return false
}
