package docker

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// token waits for a token and returns how long that took.
func token(t *testing.T, from <-chan struct{}, limit time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	select {
	case _, open := <-from:
		if !open {
			t.Fatal("the channel is closed")
		}
	case <-time.After(limit):
		t.Fatalf("no token came within %s", limit)
	}
	return time.Since(began)
}

// silence fails the test when a token comes.
func silence(t *testing.T, from <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-from:
		t.Errorf("a token came after %s", what)
	case <-time.After(3 * settleTime):
	}
}

func TestChangesAreWatched(t *testing.T) {
	t.Parallel()
	bed, e := connect(t)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes := e.Watch(ctx)
	token(t, changes, 10*time.Second) // it listens
	silence(t, changes, "nothing")

	began := time.Now()
	bed.Docker(t, "create", "--name", "one", "webapp:1")
	token(t, changes, 5*time.Second)
	if took := time.Since(began); took > busy*time.Second {
		t.Errorf("a new container shows after %s", took)
	} else {
		t.Logf("a new container shows after %s", took)
	}
	id := bed.Docker(t, "run", "-d", "webapp:1")
	for quiet := false; !quiet; { // its health and the rest of its beginning
		select {
		case <-changes:
		case <-time.After(3 * time.Second):
			quiet = true
		}
	}
	bed.Docker(t, "cp", id+":/etc/hostname", "-")
	bed.Docker(t, "top", id)
	silence(t, changes, "a look into a container")
	bed.Docker(t, "pause", id)
	token(t, changes, 5*time.Second)
	bed.Docker(t, "volume", "create", "vol")
	token(t, changes, 5*time.Second)
	bed.Docker(t, "network", "create", "net")
	token(t, changes, 5*time.Second)

	// Many changes at once are few tokens.
	for range 5 {
		bed.Docker(t, "volume", "create")
	}
	token(t, changes, 5*time.Second)

	for name, restart := range map[string]func(){
		"stopped": func() { bed.Stop(t); bed.Start(t) },
		"killed":  func() { bed.Kill(t); bed.Start(t) },
	} {
		for drained := false; !drained; {
			select {
			case <-changes:
			case <-time.After(3 * settleTime):
				drained = true
			}
		}
		restart()
		t.Logf("after the engine was %s: %s", name, token(t, changes, 20*time.Second))
		// Not only what happened meanwhile is told, but also what happens from now on.
		for told := false; !told; {
			select {
			case <-changes:
			case <-time.After(2 * time.Second):
				told = true
			}
		}
		bed.Docker(t, "volume", "create", "after-"+name)
		token(t, changes, 5*time.Second)
		if _, err := e.Projects(t.Context(), localFiles(t, e)); err != nil {
			t.Errorf("after the engine was %s: %v", name, err)
		}
	}

	cancel()
	select {
	case _, open := <-changes:
		for open {
			_, open = <-changes
		}
	case <-time.After(5 * time.Second):
		t.Error("the channel is open after the end")
	}
}

func TestASizeThatComesLateIsTold(t *testing.T) {
	t.Parallel()
	_, e := connect(t)
	changes := e.Watch(t.Context())
	token(t, changes, 10*time.Second)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range counters {
		e.looks.slots <- struct{}{} // all are busy
	}
	k := e.looks.size(localFiles(t, e), dir)
	time.Sleep(countWait)
	if c := e.looks.result(k); c.done {
		t.Errorf("it is counted already: %+v", c)
	}
	for range counters {
		<-e.looks.slots
	}
	token(t, changes, 5*time.Second)
	if c := e.looks.result(k); !c.done || c.bytes != 1 {
		t.Errorf("the size is %+v", c)
	}
}
