package docker

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"keepstead/testbed"
)

// sleepers counts the processes of a container whose command line holds the word.
func sleepers(t *testing.T, bed *testbed.Engine, id, word string) int {
	t.Helper()
	return strings.Count(bed.Docker(t, "top", id, "-eo", "pid,args"), word)
}

func TestExecEndsTheCommand(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	const forever = `sleep 4711 & sleep 4711 | cat; wait`
	oops := errors.New("oops")
	for _, c := range []struct {
		name string
		x    Exec
		want error
		why  error // ends the context with it
	}{
		{"when the context ends", Exec{Cmd: []string{"sh", "-c", forever}}, oops, oops},
		{"though it does not listen", Exec{Cmd: []string{"sh", "-c", "trap '' TERM; " + forever}}, oops, oops},
		{"of another user", Exec{Cmd: []string{"sh", "-c", forever}, User: "postgres"}, oops, oops},
		{"while it writes and writes", Exec{Cmd: []string{"sh", "-c", "yes 4711"}, Stdout: io.Discard}, oops, oops},
		{"when its output cannot be written", Exec{Cmd: []string{"sh", "-c", "yes 4711"}, Stdout: &counter{fail: syscall.ENOSPC}}, syscall.ENOSPC, nil},
		{"when its input breaks off", Exec{Cmd: []string{"sh", "-c", "cat; echo whole; " + forever}, Stdin: &pattern{left: 1 << 20, end: oops}}, oops, nil},
		{"while it waits for its input", Exec{Cmd: []string{"sh", "-c", "cat; " + forever}, Stdin: &blocked{}}, oops, oops},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			id := bed.Docker(t, "run", "-d", "--entrypoint", "sleep", "postgres:15", "1000")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			if c.why != nil {
				time.AfterFunc(1500*time.Millisecond, func() { cancel(c.why) })
			}
			began := time.Now()
			err := e.Exec(ctx, id, c.x)
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if took := time.Since(began); took > 15*time.Second {
				t.Errorf("it took %s", took)
			}
			if n := sleepers(t, bed, id, "4711"); n > 0 {
				t.Errorf("%d processes are left:\n%s", n, bed.Docker(t, "top", id))
			}
			wantState(t, e, id, "running")
		})
	}
}

// blocked never answers.
type blocked struct{}

func (*blocked) Read([]byte) (int, error) { select {} }

func TestExecInAContainerThatDies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		die  func(*testing.T, *testbed.Engine, string)
	}{
		{"killed", func(t *testing.T, b *testbed.Engine, id string) { b.Docker(t, "kill", id) }},
		{"restarted", func(t *testing.T, b *testbed.Engine, id string) { b.Docker(t, "restart", "-t", "0", id) }},
		{"removed", func(t *testing.T, b *testbed.Engine, id string) { b.Docker(t, "rm", "-f", id) }},
		{"with its engine", func(t *testing.T, b *testbed.Engine, _ string) { b.Kill(t) }},
		{"with a restart of its engine", func(t *testing.T, b *testbed.Engine, _ string) { b.Stop(t); b.Start(t) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			bed, e := connect(t)
			id := bed.Docker(t, "run", "-d", "--entrypoint", "sleep", "postgres:15", "1000")
			done := make(chan error, 1)
			go func() {
				done <- e.Exec(t.Context(), id, Exec{Cmd: []string{"sh", "-c", "echo ready; exec sleep 1000"}})
			}()
			time.Sleep(time.Second)
			c.die(t, bed, id)
			select {
			case err := <-done:
				var engine *Error
				if !errors.Is(err, ErrStopped) && !errors.As(err, &engine) {
					t.Errorf("got %v", err)
				}
				t.Log(err)
			case <-time.After(30 * time.Second):
				t.Error("nobody noticed")
			}
		})
	}
}

func TestKillTree(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, container string
		dies            bool
	}{
		{"of the container", ":", true}, // in every line of /proc/PID/cgroup
		{"of another world of processes", strings.Repeat("f", 64), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), "sh", "-c", "sh -c 'sleep 60; true' & sleep 60; true")
			cmd.Stdout = w // open until the last of them has ended
			if err := errors.Join(cmd.Start(), w.Close()); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond)
			_ = exec.CommandContext(t.Context(), "/bin/sh", "-c", killTree, "sh", strconv.Itoa(cmd.Process.Pid), c.container).Run()
			err = r.SetReadDeadline(time.Now().Add(time.Second))
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Read(make([]byte, 1))
			if dead := errors.Is(err, io.EOF); dead != c.dies {
				t.Errorf("all are dead: %t (%v)", dead, err)
			}
			_ = exec.CommandContext(t.Context(), "/bin/sh", "-c", killTree, "sh", strconv.Itoa(cmd.Process.Pid), ":").Run()
			_ = cmd.Wait() // killed
		})
	}
}
