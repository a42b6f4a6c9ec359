package device_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"keepstead/device"
)

func newLocal(t *testing.T) *device.Local {
	t.Helper()
	l := device.NewLocal(slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// shell is a command that runs script, with files for its output.
func shell(t *testing.T, script string, args ...string) device.Cmd {
	t.Helper()
	return device.Cmd{
		Path: "/bin/sh", Args: append([]string{"-c", script, "sh"}, args...), Env: []string{"PATH=/usr/bin:/bin"},
		RunDir: filepath.Join(t.TempDir(), "run"),
	}
}

// gated makes a command wait for a Started that agrees.
func gated(c device.Cmd) device.Cmd {
	c.Started = func(device.Process) error { return nil }
	return c
}

func streamed(c device.Cmd) device.Cmd {
	c.Stream = true
	return c
}

func runEnds(t *testing.T, b bed) {
	l := b.open(t)
	for _, c := range []struct {
		name, script, want string
	}{
		{"well", "exit 0", ""},
		{"badly", "exit 3", "exit status 3"},
		{"by a signal", "kill -KILL $$", "ended by signal: killed"},
	} {
		for how, bend := range map[string]func(device.Cmd) device.Cmd{
			"plain": func(c device.Cmd) device.Cmd { return c }, "gated": gated, "streamed": streamed,
		} {
			t.Run(c.name+" "+how, func(t *testing.T) {
				t.Parallel()
				err := l.Run(t.Context(), bend(shell(t, c.script)))
				var exit *device.ExitError
				if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &exit) || exit.Error() != c.want) {
					t.Errorf("got %v, want %q", err, c.want)
				}
			})
		}
	}
}

func runGivesTheChildOnlyItsOwn(t *testing.T, b bed) {
	l := b.open(t)
	for how, bend := range map[string]func(device.Cmd) device.Cmd{"gated": gated, "streamed": streamed} {
		var out, errs bytes.Buffer
		c := bend(device.Cmd{
			Path: "/usr/bin/env", Env: []string{"A=1", "B=two words"}, Dir: b.dir(t), RunDir: t.TempDir(), Stdout: &out, Stderr: &errs,
		})
		if err := l.Run(t.Context(), c); err != nil || out.String() != "A=1\nB=two words\n" || errs.Len() != 0 {
			t.Errorf("%s: environment %q, %q, %v", how, out.String(), errs.String(), err)
		}
		out.Reset()
		c = bend(shell(t, "ls /proc/$$/fd; pwd; cat; echo no >&2", "x"))
		c.Stdout, c.Stderr, c.Dir, c.Stdin = &out, &errs, "/", strings.NewReader("input\n")
		if err := l.Run(t.Context(), c); err != nil || out.String() != "0\n1\n2\n/\ninput\n" || errs.String() != "no\n" {
			t.Errorf("%s: %q, %q, %v", how, out.String(), errs.String(), err)
		}
		errs.Reset()
	}
}

func runRefuses(t *testing.T, b bed) {
	l := b.open(t)
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(io.ErrUnexpectedEOF)
	if err := l.Run(ended, shell(t, "exit 0")); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("an ended context: %v", err)
	}
	c := shell(t, "exit 0")
	c.Path = "/not/there"
	if err := l.Run(t.Context(), gated(c)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no program: %v", err)
	}
	c = shell(t, "exit 0")
	c.RunDir, c.Stdout = "", io.Discard
	if err := l.Run(t.Context(), c); err == nil {
		t.Error("a run without a run folder was taken")
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := l.Run(t.Context(), shell(t, "exit 0")); !errors.Is(err, device.ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func outputIsComplete(t *testing.T, b bed) {
	l := b.open(t)
	for how, bend := range map[string]func(device.Cmd) device.Cmd{"gated": gated, "streamed": streamed} {
		var out, errs bytes.Buffer
		// A line of 16 MiB, many short ones, and a last one without an end.
		c := bend(shell(t, "head -c 16777216 /dev/zero | tr '\\0' x; echo; seq 200000; printf end; seq 100000 >&2"))
		c.Stdout, c.Stderr = &out, &errs
		if err := l.Run(t.Context(), c); err != nil {
			t.Fatalf("%s: %v", how, err)
		}
		if out.Len() != 16<<20+1+1288895+3 || !bytes.HasSuffix(out.Bytes(), []byte("\n200000\nend")) {
			t.Errorf("%s: %d bytes of output", how, out.Len())
		}
		if errs.Len() != 588895 {
			t.Errorf("%s: %d bytes of errors", how, errs.Len())
		}
		if left, err := os.ReadDir(c.RunDir); !c.Stream && (err != nil || len(left) != 0) {
			t.Errorf("%s: left in the run folder: %v, %v", how, left, err)
		}
	}
}

// writerFunc is a writer that is a function.
type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func outputIsPrompt(t *testing.T, b bed) {
	l, seen := b.open(t), make(chan struct{}, 1)
	done := filepath.Join(b.dir(t), "done")
	c := gated(shell(t, `echo hello; while [ ! -e "$1" ]; do sleep 0.01; done`, done))
	c.Stdout = writerFunc(func(p []byte) (int, error) {
		seen <- struct{}{}
		return len(p), nil
	})
	go func() {
		select {
		case <-seen:
		case <-time.After(20 * time.Second):
			t.Error("nothing was seen while the command ran")
		}
		_ = os.WriteFile(done, nil, 0o600)
	}()
	if err := l.Run(t.Context(), c); err != nil {
		t.Error(err)
	}
}

func aSlowReaderDoesNotHoldTheChildBack(t *testing.T, b bed) {
	l, done := b.open(t), filepath.Join(b.dir(t), "done")
	c := gated(shell(t, `seq 300000; : >"$1"`, done))
	got := 0
	c.Stdout = writerFunc(func(p []byte) (int, error) {
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(done); err == nil {
				break
			}
			if time.Now().After(deadline) {
				return 0, errors.New("the child waits for its reader")
			}
		}
		got += len(p)
		return len(p), nil
	})
	if err := l.Run(t.Context(), c); err != nil || got != 1988895 {
		t.Errorf("%d bytes, %v", got, err)
	}
}

func aFailingReaderEndsTheChild(t *testing.T, b bed) {
	l, gone := b.open(t), errors.New("the browser left")
	for how, bend := range map[string]func(device.Cmd) device.Cmd{"gated": gated, "streamed": streamed} {
		c := bend(shell(t, "while echo x; do :; done"))
		c.Stdout = writerFunc(func([]byte) (int, error) { return 0, gone })
		if err := l.Run(t.Context(), c); !errors.Is(err, gone) {
			t.Errorf("%s: %v", how, err)
		}
	}
}

func secretsAreSeen(t *testing.T, b bed) {
	l := b.open(t)
	const secret = "very secret words"
	var process device.Process
	var out bytes.Buffer
	change := "(: >\"$1\") 2>/dev/null && echo changed"
	if b.root != "" {
		change = "" // a shell cannot seal; the program could only fool itself
	}
	c := shell(t, `cat "$1" "$FILE"; `+change+`
		sleep 0.3`, "{fd:a}", "name {fd:a}", "x={fd:a}")
	c.Env = append(c.Env, "FILE={fd:b}")
	c.Secrets = []device.Secret{{Name: "a", Content: []byte(secret + "\n")}, {Name: "b", Content: []byte("another\n")}}
	c.Started = func(p device.Process) error { process = p; return nil }
	visible := ""
	c.Stdout = writerFunc(func(p []byte) (int, error) {
		for _, file := range []string{"cmdline", "environ"} {
			text, err := os.ReadFile(fmt.Sprintf("%s/proc/%d/%s", b.root, process.PID, file))
			if err != nil {
				return 0, err
			}
			visible += string(text)
		}
		return out.Write(p)
	})
	if err := l.Run(t.Context(), c); err != nil || out.String() != secret+"\nanother\n" {
		t.Errorf("the child read %q, %v", out.String(), err)
	}
	if strings.Contains(visible, secret) || !strings.Contains(visible, "name {fd:a}\x00x={fd:a}") || !strings.Contains(visible, "/proc/self/fd/4") {
		t.Errorf("/proc shows %q", visible)
	}
	if text := fmt.Sprintf("%v %+v %#v", c.Secrets, c.Secrets, c.Secrets); strings.Contains(text, secret) {
		t.Errorf("printed as %s", text)
	}
}

// explosive is a writer that panics.
type explosive struct{}

func (explosive) Write([]byte) (int, error) { panic("boom") }

func panicOfAWriterEndsItsCommandAlone(t *testing.T, b bed) {
	l := b.open(t)
	for how, bend := range map[string]func(device.Cmd) device.Cmd{"gated": gated, "streamed": streamed} {
		c := bend(shell(t, `echo one; exec sleep 1000`))
		c.Stdout = explosive{}
		if err := l.Run(t.Context(), c); err == nil || !strings.Contains(err.Error(), "boom") {
			t.Errorf("%s: error is %v", how, err)
		}
	}
}

func traffic(t *testing.T, b bed) {
	l := b.open(t)
	var seen device.Process
	c := shell(t, `echo "$1"; while :; do sleep 0.01; done`, strings.Repeat("x", 100_000))
	c.Started = func(p device.Process) error { seen = p; return nil }
	out := &watcher{text: "xxx", act: func() {}}
	c.Stdout = out
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx, c) }()
	for deadline := time.Now().Add(20 * time.Second); len(out.String()) < 100_000; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the command wrote nothing")
		}
	}
	if n := device.TrafficOn(t.Context(), l, seen); n < 100_000 {
		t.Errorf("a process that wrote 100,000 bytes moved %d", n)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v", err)
	}
	if n := device.TrafficOn(t.Context(), l, seen); n != 0 {
		t.Errorf("a process that is gone moved %d bytes", n)
	}
}
