package docker

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestWaitHealthy(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	run := func(args ...string) string { return bed.Docker(t, append([]string{"run", "-d"}, args...)...) }
	sh := func(args ...string) string {
		return run(append(append([]string{"--entrypoint", "sh"}, args[:len(args)-1]...), "postgres:15", "-c", args[len(args)-1])...)
	}
	t.Run("all come up", func(t *testing.T) {
		t.Parallel()
		var mu sync.Mutex
		said := map[string]int{}
		ids := []string{
			run("--name", "web", "webapp:1"), run("--name", "cache", "redis:7"), sh("--name", "job", "exit 0"),
			sh("--name", "late", "--health-cmd", "test -e /tmp/up", "--health-interval", "300ms", "--health-start-period", "30s", "sleep 2; touch /tmp/up; sleep 1000"),
			sh("--name", "needy", "--restart", "always", "test -e /tmp/a || { touch /tmp/a; exit 1; }; sleep 1000"),
		}
		if err := e.WaitHealthy(t.Context(), ids, func(name, health string) {
			mu.Lock()
			defer mu.Unlock()
			said[name+" "+health]++
		}); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		for _, want := range []string{"web healthy", "cache running", "job exited", "late starting", "late healthy", "needy running"} {
			if said[want] == 0 {
				t.Errorf("nothing said of %s: %v", want, said)
			}
		}
	})
	t.Run("one that was paused", func(t *testing.T) {
		t.Parallel()
		id := run("--health-interval", "3s", "webapp:1")
		if err := e.WaitHealthy(t.Context(), []string{id}, nil); err != nil {
			t.Fatal(err)
		}
		bed.Docker(t, "pause", id)
		bed.Docker(t, "unpause", id) // the engine calls it unhealthy until its next check
		if err := e.WaitHealthy(t.Context(), []string{id}, nil); err != nil {
			t.Error(err)
		}
	})
	for _, c := range []struct {
		name   string
		args   []string
		health string
		log    string
		check  string
	}{
		{"unhealthy", []string{"--health-cmd", "echo no tables; exit 1", "--health-interval", "200ms", "--health-retries", "2", "for i in 1 2 3 4 5 6 7 8 9; do echo line $i; done; sleep 1000"}, "unhealthy", "line 5|line 6|line 7|line 8|line 9", "no tables"},
		{"ended", []string{"echo 'cannot \x1b[31mopen\x1b[0m data' >&2; exit 3"}, "exited", "cannot [31mopen[0m data", ""},
		{"ended well but should run", []string{"--restart", "unless-stopped", "sleep 0.2"}, "restarting", "", ""},
		{"ends and ends", []string{"--restart", "always", "echo bad; exit 1"}, "restarting", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			id := sh(c.args...)
			ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
			defer cancel()
			err := e.WaitHealthy(ctx, []string{id}, nil)
			var un *UnhealthyError
			if !errors.As(err, &un) {
				t.Fatalf("got %v", err)
			}
			if un.Err != nil || un.Container == "" || c.name == "unhealthy" && un.Health != c.health || c.name == "ended" && (un.Health != c.health || un.ExitCode != 3) {
				t.Errorf("got %+v", un)
			}
			if c.log != "" && strings.Join(un.LogTail, "|") != c.log {
				t.Errorf("the log is %q", un.LogTail)
			}
			if un.Check != c.check {
				t.Errorf("the check said %q", un.Check)
			}
			if len(un.LogTail) > tailLines || strings.Contains(err.Error(), "line 9") {
				t.Errorf("too much of the log: %q, %v", un.LogTail, err)
			}
		})
	}
	t.Run("time runs out", func(t *testing.T) {
		t.Parallel()
		id := sh("--health-cmd", "exit 1", "--health-interval", "10s", "--health-start-period", "100s", "echo still thinking; sleep 1000")
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		err := e.WaitHealthy(ctx, []string{id}, nil)
		var un *UnhealthyError
		if !errors.As(err, &un) || !errors.Is(err, context.DeadlineExceeded) || un.Health != "starting" || strings.Join(un.LogTail, "") != "still thinking" {
			t.Errorf("got %v %+v", err, un)
		}
	})
}
