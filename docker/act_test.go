package docker

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"keepstead/device"
	"keepstead/model"
	"keepstead/testbed"
)

// connect starts an engine and opens it.
func connect(t *testing.T) (*testbed.Engine, *Engine) {
	t.Helper()
	bed := testbed.NewEngine(t)
	return bed, reach(t, bed)
}

func reach(t testing.TB, bed *testbed.Engine) *Engine {
	t.Helper()
	host := device.NewLocal(slog.New(slog.DiscardHandler))
	e, err := Open(t.Context(), host, bed.Socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(e.Close(), host.Close()); err != nil {
			t.Error(err)
		}
	})
	return e
}

func wantState(t *testing.T, e *Engine, id, want string) {
	t.Helper()
	s, err := e.State(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if s.Status != want {
		t.Errorf("container %s is %s, not %s", id, s.Status, want)
	}
}

func TestActs(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	run := func(args ...string) string { return bed.Docker(t, append([]string{"run", "-d"}, args...)...) }
	ctx := t.Context()
	type act func(context.Context, string) error
	for _, c := range []struct {
		name string
		from string // how docker brings it into its first state
		act  act
		want string
	}{
		{"stop", "", e.Stop, "exited"},
		{"stop what is stopped", "stop", e.Stop, "exited"},
		{"stop what is paused", "pause", e.Stop, "exited"},
		{"start what runs", "", e.Start, "running"},
		{"start what is stopped", "stop", e.Start, "running"},
		{"start what is paused", "pause", e.Start, "running"},
		{"pause", "", e.Pause, "paused"},
		{"pause what is paused", "pause", e.Pause, "paused"},
		{"unpause", "pause", e.Unpause, "running"},
		{"unpause what runs", "", e.Unpause, "running"},
		{"unpause what is stopped", "stop", e.Unpause, "exited"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			id := run("webapp:1")
			if c.from != "" {
				bed.Docker(t, c.from, id)
			}
			if err := c.act(ctx, id); err != nil {
				t.Fatal(err)
			}
			wantState(t, e, id, c.want)
		})
	}
	t.Run("a stopped one cannot be paused", func(t *testing.T) {
		t.Parallel()
		id := run("webapp:1")
		bed.Docker(t, "stop", id)
		if err := e.Pause(ctx, id); !errors.Is(err, model.ErrConflict) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a stop takes as long as the container asked for", func(t *testing.T) {
		t.Parallel()
		id := run("--stop-timeout", "3", "--entrypoint", "sh", "postgres:15", "-c", "trap '' TERM INT; while :; do sleep 0.1; done")
		began := time.Now()
		if err := e.Stop(ctx, id); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took < 3*time.Second || took > 10*time.Second {
			t.Errorf("it took %s", took)
		}
		wantState(t, e, id, "exited")
	})
	t.Run("one that restarts and restarts", func(t *testing.T) {
		t.Parallel()
		id := run("--restart", "always", "--entrypoint", "false", "postgres:15")
		for s, _ := e.State(ctx, id); !s.Restarting && ctx.Err() == nil; s, _ = e.State(ctx, id) {
			time.Sleep(20 * time.Millisecond)
		}
		if err := e.Pause(ctx, id); err == nil {
			t.Error("it was paused")
		}
		if err := e.Stop(ctx, id); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		wantState(t, e, id, "exited")
	})
	t.Run("one that would vanish is left alone", func(t *testing.T) {
		t.Parallel()
		id := run("--rm", "webapp:1")
		if err := e.Stop(ctx, id); err == nil || !strings.Contains(err.Error(), "--rm") {
			t.Errorf("got %v", err)
		}
		wantState(t, e, id, "running")
	})
	t.Run("one that is gone", func(t *testing.T) {
		t.Parallel()
		for _, act := range []act{e.Stop, e.Start, e.Pause, e.Unpause} {
			if err := act(ctx, "nobody"); !errors.Is(err, model.ErrNotFound) {
				t.Errorf("got %v", err)
			}
		}
		for _, remove := range []act{e.RemoveContainer, e.RemoveVolume, e.RemoveNetwork} {
			if err := remove(ctx, "nobody"); err != nil {
				t.Errorf("got %v", err)
			}
		}
	})
	t.Run("a removed container leaves its volumes", func(t *testing.T) {
		t.Parallel()
		id := run("-v", "/anonymous", "-v", "named:/named", "webapp:1")
		volumes := strings.Fields(bed.Docker(t, "inspect", "-f", "{{range .Mounts}}{{.Name}} {{end}}", id))
		if err := e.RemoveContainer(ctx, id); err != nil {
			t.Fatal(err)
		}
		if _, err := e.State(ctx, id); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("got %v", err)
		}
		for _, v := range volumes {
			bed.Docker(t, "volume", "inspect", v)
			if err := e.RemoveVolume(ctx, v); err != nil {
				t.Error(err)
			}
		}
		if _, err := bed.Run(ctx, "volume", "inspect", "named"); err == nil || len(volumes) != 2 {
			t.Errorf("the volumes were %v, and named is still there", volumes)
		}
	})
}

func TestActsWithoutEngine(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	id := bed.Docker(t, "run", "-d", "--name", "web", "webapp:1")
	bed.Stop(t)
	var engine *Error
	for _, err := range []error{e.Stop(t.Context(), id), e.Start(t.Context(), id), e.Exec(t.Context(), id, Exec{Cmd: []string{"true"}})} {
		if !errors.As(err, &engine) || engine.Mend == "" {
			t.Errorf("got %v", err)
		}
	}
	bed.Start(t)
	if err := e.Start(t.Context(), id); err != nil {
		t.Error(err)
	}
	wantState(t, e, id, "running")
}

func TestExec(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	id := bed.Docker(t, "run", "-d", "--name", "box", "--entrypoint", "sleep", "postgres:15", "1000")
	sh := func(script string) []string { return []string{"sh", "-c", script} }
	var exit *ExitError

	t.Run("streams, environment, user, folder", func(t *testing.T) {
		t.Parallel()
		var out, errs bytes.Buffer
		err := e.Exec(t.Context(), id, Exec{
			Cmd: sh(`echo "$GREETING $(id -un) $(pwd)"; cat; echo oops >&2; exit 3`), User: "postgres", Dir: "/tmp",
			Env: []string{"GREETING=hello there"}, Stdin: strings.NewReader("from outside\n"), Stdout: &out, Stderr: &errs,
		})
		if !errors.As(err, &exit) || exit.Code != 3 {
			t.Errorf("got %v", err)
		}
		if out.String() != "hello there postgres /tmp\nfrom outside\n" || errs.String() != "oops\n" {
			t.Errorf("got %q and %q", out.String(), errs.String())
		}
	})
	t.Run("a command that is not there", func(t *testing.T) {
		t.Parallel()
		err := e.Exec(t.Context(), id, Exec{Cmd: []string{"no-such-program"}})
		if !errors.As(err, &exit) || exit.Code < 126 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("200 MB both ways", func(t *testing.T) {
		t.Parallel()
		const size = 200 << 20
		out := &counter{}
		if err := e.Exec(t.Context(), id, Exec{Cmd: []string{"cat"}, Stdin: &pattern{left: size}, Stdout: out}); err != nil {
			t.Fatal(err)
		}
		if out.n != size || out.wrong {
			t.Errorf("%d of %d bytes came back, wrong ones among them: %t", out.n, size, out.wrong)
		}
	})
	t.Run("input that nobody reads", func(t *testing.T) {
		t.Parallel()
		if err := e.Exec(t.Context(), id, Exec{Cmd: []string{"true"}, Stdin: &pattern{left: 50 << 20}}); err != nil {
			t.Error(err)
		}
	})
	t.Run("a command that closes its output goes on", func(t *testing.T) {
		t.Parallel()
		began := time.Now()
		err := e.Exec(t.Context(), id, Exec{Cmd: sh(`exec >&- 2>&- <&-; sleep 1; exit 7`)})
		if !errors.As(err, &exit) || exit.Code != 7 || time.Since(began) < time.Second {
			t.Errorf("got %v after %s", err, time.Since(began))
		}
	})
	t.Run("not in a stopped one, not in one that is gone", func(t *testing.T) {
		t.Parallel()
		stopped := bed.Docker(t, "create", "webapp:1")
		if err := e.Exec(t.Context(), stopped, Exec{Cmd: []string{"true"}}); !errors.Is(err, model.ErrConflict) {
			t.Errorf("got %v", err)
		}
		if err := e.Exec(t.Context(), "nobody", Exec{Cmd: []string{"true"}}); !errors.Is(err, model.ErrNotFound) {
			t.Errorf("got %v", err)
		}
	})
}

// pattern is an input of many bytes; counter the output that it must come back as.
type pattern struct {
	at, left int
	end      error
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.left == 0 {
		if p.end != nil {
			return 0, p.end
		}
		return 0, io.EOF
	}
	n := min(len(b), p.left)
	for i := range n {
		b[i] = byte((p.at + i) % 251)
	}
	p.at, p.left = p.at+n, p.left-n
	return n, nil
}

type counter struct {
	n     int
	wrong bool
	fail  error
}

func (c *counter) Write(b []byte) (int, error) {
	for i, got := range b {
		c.wrong = c.wrong || got != byte((c.n+i)%251)
	}
	c.n += len(b)
	if c.fail != nil && c.n > 1<<20 {
		return 0, c.fail
	}
	return len(b), nil
}
